"""What a method is: a way to answer a problem that can be measured beside others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

from msgspec.structs import replace

from codesteer_kernel.executor import ProgramRunner
from codesteer_kernel.record import Budget, Question
from codesteer_kernel.record import events as ev
from codesteer_kernel.run import RunSettings, config_of
from codesteer_kernel.steering.acts import Roles
from codesteer_kernel.steering.loop import Steering
from codesteer_kernel.steering.procedure import Procedure
from codesteer_kernel.symbench import Problem

__all__ = ["Method"]

Needs = Literal["target", "steerer"]
Published = Literal["OQ", "SA", "TC", "CC", "AG", "S1", "S2", "Ch", "CI", "CS"]


@dataclass(frozen=True)
class Method:
    """One way to answer, with what a reader of a table must know of it.

    Attributes:
        name: on the command line and in rows.
        title: in tables.
        about: one line: what it does.
        procedure: what it does; None for our loop.
        changes: fields of :class:`RunSettings` that it sets, whatever the job says.
        needs: whether it has a steerer beside the target.
        published: the column of the published table (codesteer.md, section 2.3) that it restates; None where there is
            none, or where the published one is not described well enough to be restated, or was trained: such a row is
            ours and stands beside no published column.
    """

    name: str
    title: str
    about: str
    procedure: Procedure | None = None
    changes: tuple[tuple[str, object], ...] = ()
    needs: Needs = "target"
    published: Published | None = None

    def settings(self, base: RunSettings) -> RunSettings:
        """The settings of this method's runs in a job with ``base``."""
        return replace(base, **dict(self.changes)) if self.changes else base

    async def answer(
        self,
        problem: Problem,
        roles: Roles,
        executor: ProgramRunner,
        budget: Budget,
        base: RunSettings | None = None,
    ) -> AsyncIterator[ev.Event]:
        """Answer one problem; yields the run's events, whose fold is its record.

        Jobs go through :class:`codesteer_kernel.run.Engine`, which opens models and kernels; this is the same without.
        ``base`` are the job's settings; of them models and budgets do not count here.
        """
        config = config_of(self.settings(base or RunSettings()), roles)
        question = Question(prompt=problem.question)
        steering = Steering(question, roles, executor, config=config, budget=budget, procedure=self.procedure)
        async for event in steering.events():
            yield event
