"""The published loop as it was (codesteer.md, section 1), with whatever steerer the job names."""

from codesteer_kernel.evaluation.method import Method

__all__ = ["CODESTEER_FAITHFUL"]

CODESTEER_FAITHFUL = Method(
    name="codesteer-faithful",
    title="CodeSteer (published loop)",
    about="the published loop: its order, its limits, free-text tests, stop words anywhere, the last answer taken",
    changes=(("faithful", True), ("without", ())),
    needs="steerer",
    published="CS",
)
