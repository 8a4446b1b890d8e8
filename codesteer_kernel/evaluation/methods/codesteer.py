"""Our loop, with whatever steerer the job names."""

from codesteer_kernel.evaluation.method import Method

__all__ = ["CODESTEER"]

CODESTEER = Method(
    name="codesteer",
    title="CodeSteer",
    about="the steerer guides the target over rounds of text and code; programs run, checkers look at them",
    needs="steerer",
    published="CS",
)
