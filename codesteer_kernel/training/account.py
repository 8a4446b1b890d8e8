"""What became of runs: how many there are, how long they took, why they were left out, and what the paper's amount costs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["PREFERENCES", "TRAJECTORIES", "Account", "Kept"]


@dataclass(frozen=True)
class Kept:
    """A kind of rows: what one is called, and how many the paper trained on, about."""

    one: str
    many: str
    paper: int


TRAJECTORIES = Kept("trajectory", "trajectories", 12_000)
"""codesteer.md, section 4.1."""
PREFERENCES = Kept("pair", "pairs", 5_500)
"""codesteer.md, section 4.2."""


@dataclass(kw_only=True)
class Account:
    """The runs of real targets, or of simulated ones, that rows were made from.

    Attributes:
        simulated: whether the targets were no models.
        runs: how many runs.
        left_out: of these, how many gave no row, by reason.
    """

    simulated: bool = False
    runs: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    _spans: list[tuple[float, float]] = field(default_factory=list, init=False)
    _work: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float), init=False)

    def add(self, started: str, seconds: float, *, runs: int = 1, job: str = "", at_once: int | None = None) -> None:
        """Count what was begun at ``started`` (ISO 8601) and took so many seconds.

        Args:
            started: unreadable: not known.
            seconds: of wall time.
            runs: how many runs that was.
            job: which job it was a part of, if ``at_once`` is given.
            at_once: how many the job made at once; None: not known.
        """
        self.runs += runs
        seconds = max(0.0, seconds)
        try:
            began = datetime.fromisoformat(started).timestamp()
            self._spans.append((began, began + seconds))
        except (ValueError, OverflowError, OSError):
            pass
        if at_once:
            self._work[job] += seconds / at_once

    @property
    def seconds(self) -> float:
        """The wall time in which at least one run went on; 0: not known.

        Runs begin on whole seconds as far as is written down, so that of many short ones too little would be counted: it is
        never less than what the runs of a job took, spread evenly over as many as it made at once.
        """
        return max(_covered(self._spans), *self._work.values(), 0.0)

    def told(self, rows: int, kept: Kept) -> str:
        """One sentence or two: the runs, the rows made of them, the time that each took, and that of the paper's amount."""
        of = "targets that are no models (simulated)" if self.simulated else "real targets"
        said = f"{self.runs:,} {'run' if self.runs == 1 else 'runs'} with {of} gave {rows:,} {kept.one if rows == 1 else kept.many}"
        if not self.seconds:
            return f"{said}; how long they took is not known."
        said += f" in {_duration(self.seconds)}: {_duration(self.seconds / self.runs)} a run"
        if not rows:
            return f"{said}."
        each = self.seconds / rows
        hours = each * kept.paper / 3600
        return (
            f"{said}, {_duration(each)} a {kept.one}. "
            f"At this pace {kept.paper:,}, as the paper had, would take {hours:,.1f} h."
        )

    def reasons(self) -> Iterator[tuple[str, int]]:
        """Why runs were left out, the commonest first."""
        yield from (+self.left_out).most_common()


def _covered(spans: Iterable[tuple[float, float]]) -> float:
    """How long the spans are together, what they share counted once."""
    total, reached = 0.0, float("-inf")
    for began, ended in sorted(spans):
        total += max(0.0, ended - max(began, reached))
        reached = max(reached, ended)
    return total


def _duration(seconds: float) -> str:
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:,.1f} {unit}"
    return f"{seconds:,.1f} s"
