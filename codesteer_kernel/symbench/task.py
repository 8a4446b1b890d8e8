"""What a task is: the surface that every task shares, and the little that each has to bring."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any, ClassVar, Literal

from codesteer_kernel.errors import UnknownName, nearest
from codesteer_kernel.symbench.extraction import extract
from codesteer_kernel.symbench.knobs import Knob, checked
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused, Value, Verdict
from codesteer_kernel.symbench.reading import tidy
from codesteer_kernel.symbench.seeds import random_for

__all__ = ["Task"]

_LONGEST_TEXT = 4_000_000


class Task(ABC):
    """One family of problems.

    Public: :meth:`generate`, :meth:`verify`, :meth:`solve`, :meth:`mutate`, :meth:`load`, :meth:`draw`, :meth:`effort`.
    A task brings the class attributes, :meth:`make` (chance to facts), :meth:`ask` (facts to words), :meth:`check`
    (facts and answer to verdict), :meth:`solve`, :meth:`mutate`, :meth:`parse` (a published question to facts) and
    :meth:`effort`.
    """

    name: ClassVar[str]
    """As in the conformance rows and on the command line."""
    paper_name: ClassVar[str]
    """As in the published table of results."""
    split: ClassVar[Literal["seen", "unseen"]]
    version: ClassVar[str]
    """Changes with everything that changes a problem or a verdict."""
    about: ClassVar[str]
    """One line: what is asked."""
    rule: ClassVar[str]
    """What makes an answer right, in one or two sentences."""
    knobs: ClassVar[Mapping[str, Knob]]
    levels: ClassVar[Mapping[str, Level]]
    """Presets by name: "1", "2", ... rising in difficulty; the paper's settings as "paper-...". Unnamed knobs keep
    their defaults."""
    longest: ClassVar[int] = 20_000
    """The most characters that an answer may have once it is extracted; what is longer is ``too_long``."""

    def resolve(self, level: int | str | Level | None = None) -> dict[str, Value]:
        """Every knob with its value: of a preset (``3``, ``"paper-1"``), of single knobs, or the defaults.

        Raises:
            UnknownName: no such preset or knob.
            BadInput: a value outside a knob's bounds.
        """
        if level is None:
            level = {}
        elif not isinstance(level, Mapping):
            if str(level) not in self.levels:
                cure = nearest(str(level), self.levels) or f"It has {', '.join(self.levels)}."
                raise UnknownName(f"{self.name} has no level {str(level)!r}.", cure)
            level = self.levels[str(level)]
        return checked(self.name, self.knobs, level)

    def generate(self, seed: int, level: int | str | Level | None = None) -> Problem:
        """The problem of a seed and a level; the same on every machine as long as the version stays.

        Raises:
            UnknownName: no such level or knob.
            BadInput: a value outside a knob's bounds, or values that do not go together.
        """
        settings = self.resolve(level)
        draft = self.make(random_for(self.name, self.version, settings, seed), settings)
        return Problem(
            task=self.name,
            version=self.version,
            seed=seed,
            level=settings,
            question=self.ask(draft.payload),
            payload=draft.payload,
            reference=draft.reference,
            facts=draft.facts,
        )

    def verify(self, problem: Problem, answer: str) -> Verdict:
        """Judge what a model wrote. Never raises, never evaluates the text, bounded in work whatever the text."""
        if len(answer) > _LONGEST_TEXT:
            return Verdict(False, "too_long", "The answer is too long to be read.")
        found = extract(answer)
        marked = found.found == "markers"
        if len(found.text) > self.longest:
            reason = f"The answer has {len(found.text):,} characters; {self.longest:,} are read."
            return Verdict(False, "too_long", reason, None, marked)
        text = tidy(found.text)
        if not text:
            return Verdict(False, "empty", "There is no answer.", None, marked)
        try:
            extracted = self.check(problem.payload, text)
        except Refused as refusal:
            return Verdict(False, refusal.code, refusal.reason, text, marked)
        return Verdict(True, "ok", "The answer is right.", extracted, marked)

    def load(self, record: Mapping[str, Any]) -> Problem:
        """A published sample as a problem.

        Its reference is the published answer where that is right, else one of the solver's, else "".

        Args:
            record: ``task``, ``question``, ``payload`` (the sample's published data) and ``sample_id``. Samples that
                were published without a question are asked in our words.

        Raises:
            ValueError: the question or the data is not of this task's published form.
        """
        published, question = record.get("payload") or {}, record.get("question") or ""
        payload = self.parse(question, published)
        problem = Problem(
            task=self.name,
            version=self.version,
            seed=None,
            level={},
            question=question or self.ask(payload),
            payload=payload,
            reference="",
            facts={},
            sample_id=record.get("sample_id", ""),
        )
        gold = self.published(published)
        if gold is None or not self.verify(problem, f"<<<{gold}>>>").correct:
            gold = next(iter(self.solve(problem, 1)), "")
        return replace(problem, reference=gold)

    @abstractmethod
    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """A problem's facts and a right answer, from chance alone. ``level`` holds every knob."""

    @abstractmethod
    def ask(self, payload: Mapping[str, Any]) -> str:
        """The question in words: complete, one meaning, the answer form at its end between ``<<<`` and ``>>>``."""

    @abstractmethod
    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """Check a tidied answer against the rules; returns it in one spelling for equal answers.

        Pure and total: whatever the text, it returns or raises ``Refused``.

        Raises:
            Refused: the answer cannot be read or is wrong.
        """

    @abstractmethod
    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """Up to ``limit`` different right answers from the payload alone, by another way than :meth:`make` takes.

        Fewer than ``limit`` mean that there are no more; an empty list, that there is none.
        """

    @abstractmethod
    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Wrong answers near a right one, as (kind, answer): at least three kinds that people and models slip into."""

    @abstractmethod
    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """The payload of a published sample: from its data, and from its question where the data does not say it.

        Raises:
            ValueError: they are not of the published form.
        """

    @abstractmethod
    def effort(self, problem: Problem) -> float:
        """How hard the problem is, measured on its payload (steps, search nodes, length); its mean rises with the levels."""

    def restate(self, problem: Problem) -> str:
        """A published sample's question in our complete words.

        Tasks whose payload does not hold the whole question (loaded word problems) return the published words with the
        answer form behind them.
        """
        return self.ask(problem.payload)

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The published answer as one would write it, right or not; None where the sample brings none."""
        return None

    def draw(self, problem: Problem, answer: str | None = None) -> str | None:
        """The problem, solved where an answer is given, as an SVG picture; None where words say it as well."""
        return None

    def space(self, level: Level) -> float:
        """About how many different problems a level has; few mean that seeds must repeat themselves."""
        return float("inf")
