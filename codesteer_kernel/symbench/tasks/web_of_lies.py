"""Web of Lies: people who always tell the truth or always lie speak about each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from codesteer_kernel.symbench.knobs import flag, whole
from codesteer_kernel.symbench.options import yes_or_no
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_NAMES = [
    "Ada",
    "Ben",
    "Cleo",
    "Dan",
    "Elsa",
    "Finn",
    "Gina",
    "Hugo",
    "Iris",
    "Jan",
    "Kira",
    "Leo",
    "Mona",
    "Nils",
    "Olga",
    "Paul",
    "Quinn",
    "Rosa",
    "Sven",
    "Tara",
    "Uwe",
    "Vera",
    "Wim",
    "Xenia",
    "Yves",
    "Zoe",
    "Abel",
    "Bela",
    "Cora",
    "Dora",
    "Emil",
    "Fay",
    "Gus",
    "Hana",
    "Ines",
    "Jon",
    "Kurt",
    "Lena",
    "Milo",
    "Nora",
    "Oscar",
    "Petra",
    "Rhea",
    "Stan",
    "Thea",
    "Udo",
    "Viola",
    "Walt",
    "Yara",
    "Zeno",
]
_FIRST = re.compile(r"(\w+) (tells the truth|lies)")
_SAYS = re.compile(r"(\w+) says (\w+) (tells the truth|lies)")
_QUESTION = re.compile(r"Does (\w+) tell the truth\?")


class WebOfLies(Task):
    """A chain of statements about who lies, with side branches and statements about two people at once."""

    name = "web_of_lies"
    paper_name = "Web of Lies"
    split = "seen"
    version = "1"
    about = "Find out whether a person tells the truth from what people say about each other."
    rule = "The answer is what follows from the statements: each person always tells the truth or always lies."
    longest = 300
    knobs = {
        "people": whole(5, 2, 50, "people on the chain from the known one to the one asked about"),
        "side": whole(0, 0, 20, "people beside the chain, whose statements do not help"),
        "pairs": whole(0, 0, 20, "statements that two people are of the same kind or not, in place of simple ones"),
        "shuffled": flag(False, "statements in any order"),
    }
    levels = {
        "1": {"people": 3},
        "2": {"people": 5},
        "3": {"people": 8, "side": 3, "shuffled": True},
        "4": {"people": 14, "side": 6, "pairs": 4, "shuffled": True},
        "5": {"people": 30, "side": 15, "pairs": 14, "shuffled": True},
        "paper-1": {"people": 5},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """Who lies first, then what each says."""
        count = level["people"]
        people = rng.sample(_NAMES, min(len(_NAMES), count + level["side"]))
        honest = [rng.random() < 0.5 for _ in people]
        paired = set(rng.sample(range(2, count), min(level["pairs"], max(0, count - 2))))
        said: list[list[Any]] = []
        for speaker in range(1, len(people)):
            # On the chain one speaks of the one before, beside it of anybody before.
            subjects = [speaker - 1] if speaker < count else [rng.randrange(speaker)]
            if speaker in paired:
                subjects.append(rng.randrange(speaker - 1))
            claim = sum(not honest[one] for one in subjects) % 2 == 0
            said.append([speaker, subjects, claim == honest[speaker]])
        if level["shuffled"]:
            rng.shuffle(said)
        payload = {"people": people, "known": [0, honest[0]], "said": said, "asked": count - 1}
        return Draft(payload, "Yes" if honest[count - 1] else "No", {"unique": True})

    def ask(self, payload: Mapping[str, Any]) -> str:
        """The rule, the statements, the question."""
        people = payload["people"]
        known, honest = payload["known"]
        lines = [f"{people[known]} {'tells the truth' if honest else 'lies'}."]
        lines += [
            f"{people[speaker]} says that {_claimed(people, subjects, claim)}."
            for speaker, subjects, claim in payload["said"]
        ]
        return (
            "Each person named here either always tells the truth or always lies; what a liar says is false.\n"
            f"{' '.join(lines)}\n"
            f"Does {people[payload['asked']]} tell the truth? Write Yes or No between <<< and >>>, for example <<<Yes>>>."
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """Yes or no, compared with what follows from person to person."""
        name = payload["people"][payload["asked"]]
        truthful = yes_or_no(
            text,
            (f"{name} tells the truth", f"{name} does tell the truth", f"{name} does not lie"),
            (f"{name} lies", f"{name} does not tell the truth", f"{name} is lying"),
        )
        if truthful != _follow(payload):
            raise Refused("not_goal", f"This is not what the statements say of {name}.")
        return "Yes" if truthful else "No"

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """As equations of parity: people in one class with the known one, and whether they differ from him."""
        payload = problem.payload
        known, honest = payload["known"]
        # Each equation: the liars among these people are odd or even in number.
        equations = [(1 << known, not honest)]
        for speaker, subjects, claim in payload["said"]:
            mask = 1 << speaker
            for subject in subjects:
                mask ^= 1 << subject
            equations.append((mask, not claim))
        goal, odd = 1 << payload["asked"], False
        rows: dict[int, tuple[int, bool]] = {}
        for mask, parity in equations:
            mask, parity = _reduced(rows, mask, parity)
            if mask:
                rows[mask.bit_length()] = (mask, parity)
        goal, odd = _reduced(rows, goal, odd)
        return ["No" if odd else "Yes"][:limit] if goal == 0 else []

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """The other answer, both, none, somebody else."""
        other = "No" if answer == "Yes" else "Yes"
        yield "other answer", other
        yield "hedge", "Yes or No"
        yield "unknown", "Unknown"
        yield "both", f"{other}, {answer}"
        yield "a name", str(rng.choice(problem.payload["people"]))

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """Sentence by sentence; the question's wording is always the same."""
        text = question.removeprefix("Question: ")
        asked = _QUESTION.search(text)
        if asked is None:
            raise ValueError("The question asks about nobody.")
        first, *rest = [one.strip() for one in text[: asked.start()].split(".") if one.strip()]
        known = _FIRST.fullmatch(first)
        if known is None:
            raise ValueError(f"{first!r} does not tell of whom we know.")
        people = [known[1]]
        said = []
        for sentence in rest:
            match = _SAYS.fullmatch(sentence)
            if match is None:
                raise ValueError(f"{sentence!r} is no statement.")
            for name in (match[2], match[1]):
                if name not in people:
                    people.append(name)
            said.append([people.index(match[1]), [people.index(match[2])], match[3] != "lies"])
        payload = {"people": people, "known": [0, known[2] != "lies"], "said": said}
        if asked[1] not in people:
            raise ValueError(f"Nothing is said of {asked[1]}.")
        return {**payload, "asked": people.index(asked[1])}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's target."""
        return str(published["target"]) if "target" in published else None

    def effort(self, problem: Problem) -> float:
        """People spoken of."""
        return float(sum(len(subjects) for _, subjects, _ in problem.payload["said"]))

    def space(self, level: Level) -> float:
        """Names and statements."""
        people = int(level["people"]) + int(level["side"])
        return float(min(50.0 ** min(people, 20), 1e30)) * 2.0**people


def _claimed(people: Sequence[str], subjects: Sequence[int], claim: bool) -> str:
    if len(subjects) == 1:
        return f"{people[subjects[0]]} {'tells the truth' if claim else 'lies'}"
    one, other = (people[subject] for subject in subjects)
    if claim:
        return f"{one} and {other} are of the same kind (both tell the truth or both lie)"
    return f"{one} and {other} are of different kinds (one tells the truth, one lies)"


def _follow(payload: Mapping[str, Any]) -> bool | None:
    """Whether the person asked about tells the truth, person after person from the known one; None where it is open."""
    people = len(payload["people"])
    about: list[list[int]] = [[] for _ in range(people)]
    names: list[list[int]] = []
    lies: list[bool] = []
    for at, (speaker, subjects, claim) in enumerate(payload["said"]):
        named = [speaker, *subjects]
        for person in named:
            about[person].append(at)
        names.append(named)
        lies.append(not claim)
    known, first = payload["known"]
    honest: list[bool | None] = [None] * people
    honest[known] = first
    reached = [known]
    for person in reached:
        lying = not honest[person]
        for at in about[person]:
            # What is left of a statement: the people not known yet, and whether the liars among them are odd.
            names[at].remove(person)
            lies[at] ^= lying
            if len(names[at]) == 1 and honest[names[at][0]] is None:
                honest[names[at][0]] = not lies[at]
                reached.append(names[at][0])
    asked: int = payload["asked"]
    return honest[asked]


def _reduced(rows: Mapping[int, tuple[int, bool]], mask: int, parity: bool) -> tuple[int, bool]:
    """An equation with the known rows taken out of it, highest person first."""
    bit = mask.bit_length()
    while bit:
        if mask >> (bit - 1) & 1 and bit in rows:
            mask ^= rows[bit][0]
            parity ^= rows[bit][1]
        bit -= 1
    return mask, parity


TASK = WebOfLies()
