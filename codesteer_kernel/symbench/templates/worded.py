"""What tasks made of word problems share: choose a template, ask, check, solve by the other method, mutate."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from random import Random
from typing import Any, ClassVar

from codesteer_kernel.symbench.exact import exact
from codesteer_kernel.symbench.knobs import Knob, option, whole
from codesteer_kernel.symbench.problem import Draft, Level, Problem
from codesteer_kernel.symbench.task import Task
from codesteer_kernel.symbench.templates.template import Numbers, Result, Template

__all__ = ["Worded", "knobs_for"]


def knobs_for(templates: Sequence[Template], size: Knob) -> Mapping[str, Knob]:
    """The knobs of a task of word problems: steps, size, and a single template."""
    return {
        "steps": whole(0, 0, 5, "steps to the answer; 0 for any"),
        "size": size,
        "template": option("any", ("any", *(template.name for template in templates)), "one kind of problem, or any"),
    }


@lru_cache(maxsize=4096)
def _result(template: Template, numbers: tuple[tuple[str, int], ...]) -> Result:
    """A template's answer; kept, as a problem is often asked for it when it is made and when it is verified."""
    return template.answer(dict(numbers))


class Worded(Task):
    """A task whose problems come from templates, and from published stories with a stored answer.

    A subclass brings ``templates``, ``form`` (how the answer is to be written), :meth:`judge`, :meth:`stored` and
    :meth:`parse`. A loaded payload holds ``story`` instead of ``template`` and ``numbers``.
    """

    templates: ClassVar[Mapping[str, Template]]
    form: ClassVar[str]
    room: ClassVar[float]
    """About how many different problems a template has at size 1; they grow with the size's second power."""

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """A template that fits the level, then its numbers."""
        name = level["template"]
        if name == "any":
            fitting = [one.name for one in self.templates.values() if level["steps"] in (0, one.steps)]
            name = rng.choice(fitting)
        template = self.templates[name]
        numbers = dict(template.draw(rng, level["size"]))
        right = _result(template, tuple(numbers.items()))
        return Draft({"template": name, "numbers": numbers}, self.written(right), {"unique": True})

    def ask(self, payload: Mapping[str, Any]) -> str:
        """The story and the answer form."""
        if "story" in payload:
            return f"{payload['story']}\n{self.form}"
        return f"{self.templates[payload['template']].words(payload['numbers'])}\n{self.form}"

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """Compared with the template's answer, or with the stored one of a published story."""
        if "story" in payload:
            return self.judge(text, self.stored(payload), payload)
        right = _result(self.templates[payload["template"]], tuple(payload["numbers"].items()))
        return self.judge(text, right, payload)

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """By the template's other method; of a published story only the stored answer is known."""
        payload = problem.payload
        if "story" in payload:
            return [self.written(self.stored(payload))][:limit]
        return [self.written(self.templates[payload["template"]].again(payload["numbers"]))][:limit]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Off by a little, by a factor, by the sign, and upside down."""
        payload = problem.payload
        right = self.templates[payload["template"]].answer(payload["numbers"])
        parts = [exact(part) for part in (right if isinstance(right, tuple) else (right,))]
        at = rng.randrange(len(parts))
        value = parts[at]
        changed = [
            ("off by one", value + 1),
            ("one less", value - 1),
            ("double", value * 2),
            ("half", value / 2),
            ("sign", -value),
            ("ten times", value * 10),
        ]
        if value.terms:
            changed.append(
                ("upside down", exact(1) / value) if len(value.terms) == 1 else ("and a half", value * 3 / 2)
            )
        for kind, wrong in changed:
            if wrong != value:
                others = [*parts[:at], wrong, *parts[at + 1 :]]
                yield kind, self.written(tuple(others) if isinstance(right, tuple) else wrong)
        yield "no number", "It cannot be determined"

    def effort(self, problem: Problem) -> float:
        """Steps first, then the digits of the numbers."""
        payload = problem.payload
        if "story" in payload:
            return float(len(payload["story"]))
        numbers: Numbers = payload["numbers"]
        return 100.0 * self.templates[payload["template"]].steps + sum(len(str(number)) for number in numbers.values())

    def space(self, level: Level) -> float:
        """Templates times the numbers that each may have."""
        fitting = [one for one in self.templates.values() if level["steps"] in (0, one.steps)]
        count = len(fitting) if level["template"] == "any" else 1
        return count * self.room * float(level["size"]) ** 2

    def written(self, result: Result | Any) -> str:
        """An answer as one would write it between the markers."""
        if isinstance(result, tuple):
            return f"({', '.join(str(exact(part)) for part in result)})"
        return str(exact(result)) if not isinstance(result, str) else result

    @abstractmethod
    def judge(self, text: str, right: Any, payload: Mapping[str, Any]) -> str:
        """Compare an answer with the right one; returns its one spelling.

        Raises:
            Refused: it cannot be read or is another.
        """

    @abstractmethod
    def stored(self, payload: Mapping[str, Any]) -> Any:
        """The stored answer of a published story."""
