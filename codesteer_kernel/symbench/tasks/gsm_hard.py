"""GSM-Hard: grade-school word problems with numbers too large for the head."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from codesteer_kernel.symbench.exact import read_answer
from codesteer_kernel.symbench.knobs import whole
from codesteer_kernel.symbench.problem import Refused
from codesteer_kernel.symbench.reading import number
from codesteer_kernel.symbench.templates.grade_school import TEMPLATES
from codesteer_kernel.symbench.templates.worded import Worded, knobs_for

__all__ = ["TASK"]

_ASKED_BEHIND = re.compile(r"\s*Output final answer with the format.*", re.DOTALL)
_PLAIN = re.compile(r"[-+]?[0-9][0-9 ,_'.]*(?:[eE][-+]?[0-9]{1,2})?")
_DECIMALS = re.compile(r"\.([0-9]+)")
_EXACT_WHOLE = 2**53


class GsmHard(Worded):
    """Word problems; the solver uses equations, replays or searches."""

    name = "gsm_hard"
    paper_name = "GSM-Hard"
    split = "seen"
    version = "1"
    about = "Solve a grade-school word problem with large numbers."
    rule = "The answer is the right number exactly, or, where it is not whole, rounded to two or more decimals."
    longest = 1000
    templates = TEMPLATES
    form = (
        "Write only the number between <<< and >>>, for example <<<1250>>>, <<<-17.25>>> or <<<7/3>>>: exactly, or, if it is "
        "not a whole number, rounded correctly to two or more decimals."
    )
    room = 1e4
    knobs = knobs_for([*TEMPLATES.values()], whole(7, 2, 15, "digits of the large numbers"))
    levels = {
        "1": {"steps": 1, "size": 4},
        "2": {"steps": 2, "size": 5},
        "3": {"steps": 3, "size": 7},
        "4": {"steps": 4, "size": 8},
        "5": {"steps": 5, "size": 11},
        "small": {"steps": 0, "size": 2},
        "paper-test": {"steps": 0, "size": 7},
    }

    def judge(self, text: str, right: Any, payload: Mapping[str, Any]) -> str:
        """Whole numbers exactly; others also rounded. A stored answer is a float and is read as one."""
        wanted = Fraction(right)
        found = _read(text)
        off = abs(found - wanted)
        # What floating-point arithmetic may leave behind, far below any slip.
        slack = min(abs(wanted) / 10**9, Fraction(1, 200))
        if "story" in payload and abs(wanted) > _EXACT_WHOLE:
            slack = max(slack, abs(wanted) / 2**52)
        if off > slack and not (wanted.denominator > 1 and _rounded(text, off, wanted)):
            if found == -wanted:
                raise Refused("not_goal", "The sign is wrong.")
            raise Refused("not_goal", "This is not the answer.")
        return self.written(wanted)

    def stored(self, payload: Mapping[str, Any]) -> Fraction:
        """The published target, with what floating-point arithmetic left behind taken off."""
        target = Fraction(payload["target"])
        plain = round(target, 6)
        return plain if abs(target - plain) <= abs(target) / 10**12 else target

    def written(self, result: Any) -> str:
        """A whole number, a finite decimal, or a fraction."""
        value = Fraction(result) if isinstance(result, int | Fraction) else result.fraction
        if value is None:
            return super().written(result)
        rest = value.denominator
        for prime in (2, 5):
            while rest % prime == 0:
                rest //= prime
        if value.denominator == 1 or rest > 1:
            return str(value)
        places = next(places for places in range(1, 400) if 10**places % value.denominator == 0)
        digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
        return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """The story from the question, the target from the data (a number, written exactly)."""
        story = _ASKED_BEHIND.sub("", question).strip()
        if not story:
            raise ValueError("There is no question.")
        return {"story": story, "target": str(Fraction(str(published["target"])))}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The target as it stands."""
        return str(published["target"])


def _read(text: str) -> Fraction:
    if _PLAIN.fullmatch(text):
        return number(text)
    found = read_answer(text, words=False)
    value = found.values[0].fraction if found.kind == "value" else None
    if value is None:
        raise Refused("wrong_shape", "One plain number was expected.")
    return value


def _rounded(text: str, off: Fraction, wanted: Fraction) -> bool:
    """Whether a decimal with two or more places is the nearest one to the right answer, and near it at all."""
    decimals = _DECIMALS.search(text)
    places = len(decimals[1]) if decimals is not None else 0
    return places >= 2 and off * 2 * 10**places <= 1 and off * 1000 <= abs(wanted)


TASK = GsmHard()
