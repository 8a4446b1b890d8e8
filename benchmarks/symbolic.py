"""How well the symbolic checker tells programs that compute from programs that only print.

    python -m benchmarks.symbolic [--development] [--misses]

Reads the labelled set in ``tests/checkers/programs`` (its README has the rule of the labels) and prints, for each half,
precision and recall of both classes for our checker with and without the question's text and for the published
checker's rules, and on the held-out half of its three readers against the label that most of them gave.
``--development`` leaves the held-out half alone: whoever tunes the checker uses it. ``--misses`` lists the misjudged
programs of the development half; those of the held-out half are counted, never shown.

Then the time: seconds of CPU for programs of 6 kB to 1 MB, made of the development half's programs one after the other,
and the ratio of 1 MB to 100 kB.
"""

from __future__ import annotations

import argparse
import ast
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Literal

import msgspec

from codesteer_kernel.checkers import rate
from codesteer_kernel.checkers.published import rate_published
from codesteer_kernel.checkers.symbolic import TOO_SIMPLE
from codesteer_kernel.checkers.symbolic.source import MOST_READ

PROGRAMS = Path(__file__).parents[1] / "tests" / "checkers" / "programs" / "programs.jsonl"
HELD_OUT = PROGRAMS.with_name("held-out.jsonl")
READERS = PROGRAMS.with_name("readers.jsonl")
Half = Literal["development", "held out"]
HALVES: tuple[Half, ...] = ("development", "held out")


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """One labelled program. ``id`` is the SHA-256 of its text; ``why`` gives the reason for the label."""

    id: str
    origin: str
    question: str
    label: Literal["trivial", "real"]
    why: str
    program: str

    @property
    def by_model(self) -> bool:
        """Whether a model wrote it, in a real run."""
        return self.origin != "written"


def programs(half: Half | None = None) -> list[Program]:
    """The labelled programs, of one half or all."""
    files = {"development": [PROGRAMS], "held out": [HELD_OUT], None: [PROGRAMS, HELD_OUT]}[half]
    return [msgspec.json.decode(line, type=Program) for file in files for line in file.read_bytes().splitlines()]


class Reread(msgspec.Struct, frozen=True, kw_only=True):
    """What three readers called a held-out program, each by the rule alone; of a written one the first is its writer."""

    id: str
    readers: tuple[Literal["trivial", "real"], Literal["trivial", "real"], Literal["trivial", "real"]]


def reread() -> dict[str, Reread]:
    """The readings of the held-out programs, by id."""
    rows = [msgspec.json.decode(line, type=Reread) for line in READERS.read_bytes().splitlines()]
    return {row.id: row for row in rows}


def reader(place: Literal[0, 1, 2]) -> Callable[[Program], bool]:
    """Whether a reader of the held-out half takes a program for trivial."""
    readings = reread()
    return lambda row: readings[row.id].readers[place] == "trivial"


# Each says whether it takes a program for trivial. The published threshold is a score of at most 2, as ours is.
CHECKERS: dict[str, Callable[[Program], bool]] = {
    "ours": lambda row: rate(row.program, row.question).score <= TOO_SIMPLE,
    "ours, question unknown": lambda row: rate(row.program).score <= TOO_SIMPLE,
    "published rules": lambda row: rate_published(row.program).too_simple,
}


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """Precision and recall of one class, by counts: found rightly, found wrongly, missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """The share of what was found that is right."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 0.0

    @property
    def recall(self) -> float:
        """The share of the class that was found."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 0.0


def measure(
    rows: Sequence[Program], finds_trivial: Callable[[Program], bool], label: Literal["trivial", "real"] = "trivial"
) -> Measured:
    """Count how a checker finds the programs of ``label`` among ``rows``."""
    found = [finds_trivial(row) == (label == "trivial") for row in rows]
    member = [row.label == label for row in rows]
    pairs = list(zip(found, member, strict=True))
    return Measured(
        right=pairs.count((True, True)), wrong=pairs.count((True, False)), missed=pairs.count((False, True))
    )


SIZES = (6_000, 60_000, 100_000, 1_000_000)
# The quickest of so many.
_RUNS = 3


def program_of(size: int) -> str:
    """A program of nearly ``size`` characters: those of the development half that parse, again and again."""
    whole = []
    for row in programs("development"):
        with suppress(SyntaxError):
            ast.parse(row.program)
            whole.append(row.program.rstrip() + "\n")
    parts: list[str] = []
    length = 0
    for part in cycle(whole):
        length += len(part)
        if length > size:
            break
        parts.append(part)
    return "".join(parts)


def seconds_for(program: str) -> float:
    """Seconds of CPU that rating ``program`` takes."""
    taken = []
    for _ in range(_RUNS):
        start = time.process_time()
        rate(program, "Is it 7 or 42?")
        taken.append(time.process_time() - start)
    return min(taken)


def _times() -> Iterator[str]:
    seconds = {size: seconds_for(program_of(size)) for size in SIZES}
    yield f"seconds of CPU (the quickest of {_RUNS}; of more than {MOST_READ:,} characters the beginning and the end are judged)"
    for size, one in seconds.items():
        yield f"  {size:>9,} characters {one:8.3f} s"
    yield f"  1 MB to 100 kB: {seconds[1_000_000] / seconds[100_000]:.2f}; 60 kB to 6 kB: {seconds[60_000] / seconds[6_000]:.1f}"


def _lines(halves: Sequence[Half]) -> Iterator[str]:
    for half in halves:
        rows = programs(half)
        trivial = sum(row.label == "trivial" for row in rows)
        models = sum(row.by_model for row in rows)
        yield f"{half}: {len(rows)} programs, {trivial} trivial, {models} written by models"
        checkers = dict(CHECKERS)
        if half == "held out":
            checkers |= {"a first reader": reader(0), "a second reader": reader(1), "a third reader": reader(2)}
        for name, checker in checkers.items():
            parts = []
            for label in ("trivial", "real"):
                one = measure(rows, checker, label)
                parts.append(
                    f"{label}: precision {one.precision:.3f} recall {one.recall:.3f} "
                    f"({one.right} right, {one.wrong} wrong, {one.missed} missed)"
                )
            yield f"  {name:24}{'   '.join(parts)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--misses", action="store_true", help="list misjudged programs of the development half")
    parser.add_argument("--development", action="store_true", help="leave the held-out half alone")
    options = parser.parse_args()
    for line in _lines(HALVES[:1] if options.development else HALVES):
        print(line)
    for line in _times():
        print(line)
    if options.misses:
        for row in programs("development"):
            if CHECKERS["ours"](row) != (row.label == "trivial"):
                rated = rate(row.program, row.question)
                print(f"\n{'=' * 100}\n{row.id[:12]} is {row.label} ({row.why}); {row.origin}\n{row.question}\n")
                print(f"{row.program}\n\n-> {json.dumps(msgspec.to_builtins(rated))}")


if __name__ == "__main__":
    main()
