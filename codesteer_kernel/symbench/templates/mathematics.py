"""What the two subjects of school mathematics share: exact answers in any notation, published stories with a boxed one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from codesteer_kernel.symbench.exact import Answer, exact, read_answer, same
from codesteer_kernel.symbench.problem import Refused
from codesteer_kernel.symbench.templates.worded import Worded

__all__ = ["Mathematics"]

_ASKED_BEHIND = re.compile(r"\s*Output final answer with the format.*", re.DOTALL)
_FORM = (
    "Write the exact answer between <<< and >>> - no rounding; fractions, roots and pi as they are - for example <<<7>>>, "
    "<<<3/4>>>, <<<2*sqrt(3)>>> or <<<12*pi>>>."
)


class Mathematics(Worded):
    """Exact answers; published ones are the last boxed expression of the solution."""

    longest = 2000
    form = _FORM

    def judge(self, text: str, right: Any, payload: Mapping[str, Any]) -> str:
        """Equal as exact values, whatever the notation."""
        wanted = right if isinstance(right, Answer) else _answer(right)
        found = read_answer(text, words=wanted.kind == "text")
        if not same(found, wanted, interval="interval" in payload.get("story", "").casefold()):
            if len(found.values) != len(wanted.values):
                raise Refused("wrong_shape", "The answer has not the form that is asked for.")
            raise Refused("not_goal", "This is not the answer.")
        return str(wanted)

    def stored(self, payload: Mapping[str, Any]) -> Answer:
        """The boxed answer, read as any other."""
        return read_answer(payload["boxed"])

    def written(self, result: Any) -> str:
        """An answer as one would write it."""
        return str(result) if isinstance(result, Answer) else super().written(result)

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """The story from the question, the answer from ``boxed`` or the solution's last box."""
        boxed = published.get("boxed") or last_box(published.get("solution", ""))
        story = _ASKED_BEHIND.sub("", question).strip()
        if not story:
            raise ValueError("There is no question.")
        try:
            read_answer(boxed)
        except Refused as refusal:
            raise ValueError(f"The boxed answer {boxed!r} cannot be read.") from refusal
        return {"story": story, "boxed": boxed}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The boxed answer as it stands."""
        return str(published.get("boxed") or last_box(published.get("solution", "")))


def last_box(solution: str) -> str:
    r"""What stands in the last ``\boxed{...}``, braces balanced, or behind a bare ``\boxed``.

    Raises:
        ValueError: there is none.
    """
    _, mark, rest = solution.rpartition("\\boxed")
    if not mark:
        raise ValueError("The solution has no boxed answer.")
    if not rest.startswith("{"):
        return re.split(r"[\s$.]", rest.strip(), maxsplit=1)[0]
    depth = 0
    for at, sign in enumerate(rest):
        depth += (sign == "{") - (sign == "}")
        if depth == 0:
            return rest[1:at]
    raise ValueError("The solution's box is not closed.")


def _answer(right: Any) -> Answer:
    if isinstance(right, tuple):
        return Answer("tuple", tuple(exact(part) for part in right), "()")
    return Answer("value", (exact(right),))
