"""A head from folders of runs: read, ask the steerer, fit, measure; the weights and what is to be told of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from codesteer_kernel.errors import BadInput
from codesteer_kernel.record import Question
from codesteer_kernel.steering.conversation import told
from codesteer_kernel.steering.dialects.mini import log_odds, weighed
from codesteer_kernel.steering.evidence import assess
from codesteer_kernel.steering.head import Head, Likeness, question_facts, readout_facts, readout_of, situation_facts
from codesteer_kernel.steering.head.likeness import mixed, sigmoid
from codesteer_kernel.steering.prompts import load_prompts
from codesteer_kernel.training.mini.examples import Asked, Examples, Reached, read_examples
from codesteer_kernel.training.mini.learning import Learned, Rows, learn_choice, learn_right
from codesteer_kernel.training.mini.measuring import Measured, measured
from codesteer_kernel.training.mini.readings import Reader, Reading, Readings
from codesteer_kernel.training.runs import check_for_training

__all__ = ["BEST", "FACTS", "Made", "Measurement", "make"]

FACTS = {"both": ("q.", "r."), "rules": ("q.",), "readout": ("r.",), "odds": ("r.odds",)}
"""Which facts a head may weigh: those whose names begin so. ``odds`` is the model's own choice with its bias mended."""
BEST = "best"
"""Of :data:`FACTS` those that do best on what was held out: the fewer the tasks, the fewer facts can be weighed."""

_TITLES = {
    "both": "head, both kinds of facts",
    "rules": "head, rules alone",
    "readout": "head, read-out alone",
    "odds": "head, the scored choice alone",
}

_MEASURED = {
    "measured": ("seen", "unseen"),
    "measured, seen tasks": ("seen",),
    "measured, unseen tasks": ("unseen",),
}

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Measurement:
    """Deciders on one set of problems.

    Attributes:
        title: which set.
        problems, decisive: how many problems; of how many exactly one way is right (oftener).
        choice: of the first decision, yes for code.
        situations: how many points at which a run may return.
        review: of later decisions, yes for return.
    """

    title: str
    problems: int
    decisive: int
    choice: list[Measured]
    situations: int
    review: list[Measured]


@dataclass(frozen=True)
class Made:
    """A head, and how well it does on what it was trained on (held out by task) and on what it never saw."""

    head: Head
    measurements: list[Measurement]


@dataclass(frozen=True)
class _Set:
    asked: Sequence[Asked]
    choice: Sequence[Mapping[str, float]]
    reached: Sequence[Reached]
    review: Sequence[Mapping[str, float]]
    untuned: Sequence[float]
    """What the untuned choice gives to returning, at each point."""

    @property
    def untuned_choice(self) -> list[float]:
        """What the untuned choice gives to code, of each problem."""
        return [sigmoid(one["r.odds"]) for one in self.choice]

    def part(self, splits: Collection[str]) -> _Set:
        """The problems of seen tasks, of unseen ones, or of both."""
        asked = [place for place, one in enumerate(self.asked) if one.place.split in splits]
        reached = [place for place, one in enumerate(self.reached) if one.place.split in splits]
        return _Set(
            [self.asked[place] for place in asked],
            [self.choice[place] for place in asked],
            [self.reached[place] for place in reached],
            [self.review[place] for place in reached],
            [self.untuned[place] for place in reached],
        )


def make(
    model: Reader,
    folders: Sequence[Path],
    *,
    cache: Path,
    measure: Sequence[Path] = (),
    facts: str = BEST,
    seed: int = 0,
    made: Mapping[str, object] | None = None,
    tell: Tell | None = None,
) -> Made:
    """Train a head for ``model`` and measure it; blocks, and asks the model only what was never asked before.

    Args:
        model: the steerer.
        folders: of jobs for training; see :func:`~.examples.read_examples`.
        cache: folder in which the model's readings are kept.
        measure: folders to measure on; no problem of theirs may be among those for training.
        facts: which facts the first choice weighs, a name of :data:`FACTS`, or :data:`BEST`.
        seed: of folds and bootstraps.
        made: what else the file is to say of how it was made.
        tell: told (what, how many, of how many) while the model is asked.

    Raises:
        BadInput: nothing may be trained on a problem, it is to be measured on too, or there are too few.
        ModelError: the steerer cannot be asked.
    """
    if facts not in (BEST, *FACTS):
        raise BadInput(f"There are no facts {facts!r}.", f"Give {', '.join((BEST, *FACTS))}.")
    training, held = read_examples(folders), read_examples(measure)
    check_for_training([one.place for one in training.asked] + [one.place for one in training.reached])
    _apart(training, held)
    probes, (known, fresh) = asyncio.run(_read(model, cache, [training, held], tell))
    rows = Rows(
        facts=known.choice,
        tasks=[one.place.task for one in known.asked],
        problems=[repr(one.place) for one in known.asked],
        code=[sum(one.code) / len(one.code) for one in known.asked],
        text=[sum(one.text) / len(one.text) for one in known.asked],
    )
    choices = {name: learn_choice(rows, _names(rows.facts[0], begin), seed) for name, begin in FACTS.items()}
    if facts == BEST:
        facts = min(choices, key=lambda name: choices[name].loss)
    review = _learn_review(known, seed)
    head = Head(
        model=model.name,
        weights=model.weights,
        prompts=load_prompts("mini").stamp,
        probes=probes,
        choice=choices[facts].likeness,
        review=review.likeness if review else None,
        made={
            **(made or {}),
            "seed": seed,
            "facts": facts,
            "targets": dict(sorted(training.targets.items())),
            "left_out": {reason: count for reason, count in sorted(training.left_out.items()) if count},
            "tasks": sorted(set(rows.tasks)),
            "choice": choices[facts].told,
            "review": review.told if review else {},
        },
    )
    measurements = _held_out(known, choices, review, facts, seed)
    for title, splits in _MEASURED.items():
        part = fresh.part(splits)
        if part.asked or part.reached:
            heads = {name: one.likeness for name, one in choices.items()}
            measurements.append(_measurement(title, part, *_applied(part, heads, head.review), facts, seed))
    return Made(head, measurements)


async def _read(
    model: Reader, cache: Path, sets: Sequence[Examples], tell: Tell | None
) -> tuple[dict[str, int], list[_Set]]:
    """Ask the model what it reads out of all examples; returns its probes and the facts."""
    readings, found = Readings(model, cache), []
    for one in sets:
        questions = {asked.place: asked.question for asked in one.asked}
        questions |= {reached.place: reached.question for reached in one.reached}
        first = await readings.first([*questions.values()], (lambda n, of: tell("questions", n, of)) if tell else None)
        later = await readings.later(one.reached, (lambda n, of: tell("situations", n, of)) if tell else None)
        choice = {
            place: _choice_facts(question, read)
            for (place, question), read in zip(questions.items(), first, strict=True)
        }
        found.append(
            _Set(
                one.asked,
                [choice[asked.place] for asked in one.asked],
                one.reached,
                [
                    readout_of(choice[reached.place]) | _review_facts(reached, read)
                    for reached, read in zip(one.reached, later, strict=True)
                ],
                [_untuned(reached, read) for reached, read in zip(one.reached, later, strict=True)],
            )
        )
    return readings.probes, found


def _choice_facts(question: Question, read: Reading) -> dict[str, float]:
    shown = told(question, with_outputs=False)
    return question_facts(shown) | readout_facts(read.choices["code"], read.probes)


def _review_facts(reached: Reached, read: Reading) -> dict[str, float]:
    situation = assess(reached.rounds)
    return situation_facts(reached.question, reached.rounds, situation, log_odds(read.choices["return"]))


def _untuned(reached: Reached, read: Reading) -> float:
    allowed = assess(reached.rounds).allowed
    return weighed({kind: read.choices[kind] for kind in allowed}, allowed)["return"]


def _learn_review(known: _Set, seed: int) -> Learned | None:
    """The head for later rounds; None where there are too few examples for one."""
    rows = Rows(
        facts=known.review,
        tasks=[one.place.task for one in known.reached],
        problems=[repr(one.place) for one in known.reached],
        code=[float(one.right) for one in known.reached],
    )
    try:
        return learn_right(rows, list(rows.facts[0]) if rows.facts else [], seed)
    except BadInput:
        return None


def _names(facts: Mapping[str, float], begin: tuple[str, ...]) -> list[str]:
    return [name for name in facts if name.startswith(begin)]


def _applied(
    part: _Set, heads: Mapping[str, Likeness], review: Likeness | None
) -> tuple[dict[str, list[float]], list[float] | None]:
    """What finished heads decide: probabilities of code, and of returning."""

    def decided(head: Likeness, facts: Sequence[Mapping[str, float]], untuned: Sequence[float]) -> list[float]:
        return [head.decided(one, other) for one, other in zip(facts, untuned, strict=True)]

    choice = {name: decided(head, part.choice, part.untuned_choice) for name, head in heads.items()}
    return choice, decided(review, part.review, part.untuned) if review else None


def _held_out(
    known: _Set, choices: Mapping[str, Learned], review: Learned | None, facts: str, seed: int
) -> list[Measurement]:
    """What was trained on, judged by heads that had not seen it: the problem, or its whole task."""
    found = []
    for what in ("problem", "task"):

        def decided(learned: Learned, untuned: Sequence[float], what: str = what) -> list[float]:
            scores, near = getattr(learned, f"by_{what}"), getattr(learned, f"near_by_{what}")
            return [mixed(sigmoid(one), *rest) for one, *rest in zip(scores, near, untuned, strict=True)]

        found.append(
            _measurement(
                f"training, each {what} by a head that had not seen it",
                known,
                {name: decided(one, known.untuned_choice) for name, one in choices.items()},
                decided(review, known.untuned) if review else None,
                facts,
                seed,
            )
        )
    return found


def _measurement(
    title: str,
    part: _Set,
    choice: Mapping[str, Sequence[float]],
    review: Sequence[float] | None,
    facts: str,
    seed: int,
) -> Measurement:
    """All deciders on one set; the head comes first."""
    chances: dict[str, tuple[list[float], bool]] = {
        ("codesteer-mini: " if name == facts else "") + _TITLES[name]: (list(choice[name]), True)
        for name in sorted(choice, key=lambda name: name != facts)
    }
    chances["untuned choice"] = (part.untuned_choice, True)
    chances["always code"] = ([1.0] * len(part.asked), False)
    chances["always text"] = ([0.0] * len(part.asked), False)
    decisive = [place for place, one in enumerate(part.asked) if one.margin]
    first = [
        measured(
            name,
            [values[place] for place in decisive],
            [part.asked[place].margin > 0 for place in decisive],
            forecasts=forecasts,
            # Of several tries the majority counts.
            reached=[_got(one, code=value >= 0.5) for one, value in zip(part.asked, values, strict=True)],
            seed=seed,
        )
        for name, (values, forecasts) in chances.items()
    ]
    right = [one.right for one in part.reached]
    later: dict[str, tuple[list[float], bool]] = {}
    if review is not None:
        later["codesteer-mini"] = (list(review), True)
    later["untuned choice"] = (list(part.untuned), True)
    later["always return"] = ([1.0] * len(right), False)
    later["never return"] = ([0.0] * len(right), False)
    return Measurement(
        title=title,
        problems=len(part.asked),
        decisive=len(decisive),
        choice=[one for one in first if one],
        situations=len(right),
        review=[
            one
            for name, (values, forecasts) in later.items()
            if (one := measured(name, values, right, forecasts=forecasts, seed=seed))
        ],
    )


def _got(asked: Asked, *, code: bool) -> bool:
    tries = asked.code if code else asked.text
    return 2 * sum(tries) > len(tries)


def _apart(training: Examples, held: Examples) -> None:
    """Refuse to measure on what was trained on."""
    places = {one.place for one in training.asked} | {one.place for one in training.reached}
    for place in [one.place for one in held.asked] + [one.place for one in held.reached]:
        if place in places:
            raise BadInput(
                f"The problem {place.seed} of {place.task} is both for training and for measuring.",
                "Measure on other problems: codesteer train outcomes --purpose evaluation.",
            )
