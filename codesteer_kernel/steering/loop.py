"""The life of a run: it starts, goes on inside every budget, can be stopped at any moment, and always ends with an event.

What happens between is a loop of its own: :mod:`.steered`, or :mod:`.faithful` for comparisons. Whatever fails, hangs or is cancelled on the way, the record
is closed with what there is, and the best-supported answer so far is kept.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from codesteer_kernel.errors import CodeSteerError
from codesteer_kernel.executor import ProgramRunner
from codesteer_kernel.record import (
    Answer,
    Budget,
    Decision,
    Failure,
    FinalAnswer,
    Models,
    Question,
    Record,
    RunConfig,
    Support,
)
from codesteer_kernel.record import events as ev
from codesteer_kernel.record.document import Status
from codesteer_kernel.steering.acts import Acts, Ending, Roles
from codesteer_kernel.steering.budget import BudgetHit, Meter
from codesteer_kernel.steering.calls import Calls
from codesteer_kernel.steering.dialects import default_dialect, head_of
from codesteer_kernel.steering.emitter import Emitter, Outlet
from codesteer_kernel.steering.faithful import faithful
from codesteer_kernel.steering.forms import Form, asked_form, shaped
from codesteer_kernel.steering.procedure import Procedure
from codesteer_kernel.steering.prompts import load_prompts
from codesteer_kernel.steering.steered import checked, steered
from codesteer_kernel.steering.support import best, last

__all__ = ["Roles", "Steering", "new_run_id", "steer"]

_PROGRESS_SECONDS = 0.3
GRACE_S = 3.0
"""What was cancelled gets this long to close its streams and processes; then the run ends without waiting for it."""
_OVERTIME_S = 1.0
"""Calls and programs keep the time budget themselves; what does not is cut off this long after it."""


def new_run_id() -> str:
    """Return a run identifier that sorts by time: ``20261123-041502-1f9ac3e4``.

    Five digits are the microseconds: runs of one second sort as well.
    """
    now = dt.datetime.now(dt.UTC)
    return f"{now:%Y%m%d-%H%M%S}-{now.microsecond:05x}{secrets.randbits(12):03x}"


@dataclass
class Steering:
    """One run in the making. Iterate over :meth:`events` once; ``record`` is the fold so far, ``values`` what ``--out`` found.

    ``given`` is an answer to check instead of steering to one; ``procedure`` answers in the place of our loop. ``notice`` is shown while local models load. ``stop`` set at any moment (from the loop's thread) ends the run: open
    streams are closed, the running program is interrupted, and the partial record stays.
    """

    question: Question
    roles: Roles
    executor: ProgramRunner
    config: RunConfig = field(default_factory=RunConfig)
    budget: Budget = field(default_factory=Budget)
    run_id: str = field(default_factory=new_run_id)
    versions: dict[str, str] = field(default_factory=dict)
    given: Answer | None = None
    procedure: Procedure | None = None
    notice: str = ""
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    values: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        dialect = self.config.dialect or default_dialect(self.roles.steerer)
        if self.config.faithful:
            dialect = "codesteer-v1"
        names = [dialect.replace("-", "_"), "target", *(["methods"] if self.procedure else [])]
        head = (
            head_of(self.roles.steerer, self.roles.target, self.config)
            if dialect == "mini" and not self.procedure
            else None
        )
        prompts = "+".join([*(load_prompts(name).stamp for name in names), *([head.stamp] if head else [])])
        method = self.procedure.name if self.procedure else ""
        checked_only = self.given is not None
        self.config = replace(self.config, dialect=dialect, prompts=prompts, method=method, check_only=checked_only)
        meter = Meter(self.budget)
        self._outlet = Outlet()
        emitter = Emitter(self._outlet, lambda: meter.elapsed)
        self._acts = Acts(self.question, self.roles, self.executor, self.config, meter, emitter, Calls(meter, emitter))
        self._told = 0.0

    @property
    def record(self) -> Record:
        """The fold of all events so far."""
        return self._acts.record

    async def events(self) -> AsyncGenerator[ev.Event, None]:
        """Yield the run's events; the last one is always ``RunEnded``."""
        life = asyncio.create_task(self._live())
        guard = asyncio.create_task(self._guard(life))
        life.add_done_callback(self._seal)
        try:
            async for event in self._outlet:
                yield event
        finally:
            guard.cancel()
            life.cancel()
            await asyncio.wait({guard, life}, timeout=GRACE_S)

    # -- the end, whatever happens -------------------------------------------------------------------------------

    async def _live(self) -> None:
        """Run to the end, the stop, the last second or the first failure."""
        work = asyncio.create_task(self._work())
        stopped = asyncio.create_task(self.stop.wait())
        left = self._acts.meter.seconds_left
        try:
            await asyncio.wait(
                {work, stopped},
                timeout=None if left is None else max(0.0, left) + _OVERTIME_S,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if work.done():
                ending = work.result()
                hit = "rounds" if ending.status == "exhausted" else None
                self._end(ending.status, hit=hit, decision=ending.decision)
            else:
                await self._abandon(work)
                if self.stop.is_set():
                    self._end("stopped")
                else:
                    self._end("exhausted", hit="seconds")
        except BudgetHit as hit:
            self._end("exhausted", hit=hit.limit)
        except CodeSteerError as fault:
            self._end("failed", error=Failure(code=fault.code, message=fault.message, cure=fault.cure))
        finally:
            stopped.cancel()
            if not work.done():
                await self._abandon(work)

    async def _guard(self, life: asyncio.Task[None]) -> None:
        """See that a stop is a stop, even where the run's own life hangs."""
        await self.stop.wait()
        await asyncio.wait({life}, timeout=2 * GRACE_S)
        if not life.done():
            life.cancel()
            await asyncio.wait({life}, timeout=GRACE_S)
            self._end("stopped")
            self._outlet.close()

    async def _abandon(self, work: asyncio.Task[Ending]) -> None:
        """Cancel what goes on, and stop the program that runs; neither may keep the run from ending."""
        work.cancel()
        ends = {asyncio.create_task(_quietly(end)) for end in (work, self.executor.interrupt())}
        await asyncio.wait(ends, timeout=GRACE_S)

    def _seal(self, life: asyncio.Task[None]) -> None:
        """Close the record, should nothing else have done so, and let the reader end."""
        if life.cancelled():
            self._end("stopped")
        elif (fault := life.exception()) is not None:
            # Our own mistake must not take the user's record with it.
            message = f"Internal error: {type(fault).__name__}: {fault}"[:500]
            cure = "This is a defect of codesteer; please report it with the run's record."
            self._end("failed", error=Failure(code="internal", message=message, cure=cure))
        self._outlet.close()

    def _end(
        self,
        status: Status,
        *,
        hit: str | None = None,
        decision: Decision | None = None,
        error: Failure | None = None,
    ) -> None:
        """Close the record with the best answer so far; the first end counts."""
        if self.record.status not in ("queued", "running"):
            return
        answer, support = self._answer()
        if self.record.seq:
            self.values.update(self._acts.bind(answer))
        if status == "done" and answer is None and self.given is None:
            status = "failed"
            error = Failure(
                code="no_answer",
                message="The run ended without an answer that could be used.",
                cure="Ask again with more rounds, a larger target model, or a narrower question.",
            )
        support = replace(support, decision=decision) if decision else support
        self._acts.emitter.emit(ev.RunEnded, status=status, answer=answer, support=support, hit=hit, error=error)

    def _answer(self) -> tuple[FinalAnswer | None, Support]:
        """The answer of the rounds so far, in the form that the question asks for."""
        if self.procedure is not None:
            return self.procedure.choose(self.record.rounds)
        if self.config.faithful:
            return last(self.record.rounds)
        answer, support = best(self.record.rounds)
        form = asked_form(self.question.prompt)
        if answer is not None and form != Form():
            answer = replace(answer, text=shaped(answer.result or answer.text, form))
        return answer, support

    # -- from the start to the loop ------------------------------------------------------------------------------

    async def _work(self) -> Ending:
        self._acts.emitter.emit(
            ev.RunStarted,
            id=self.run_id,
            started=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            question=self.question,
            models=Models(
                target=self.roles.target.name, steerer=self.roles.steerer.name, checker=self.roles.checker.name
            ),
            config=self.config,
            budget=self.budget,
            versions=self.versions,
        )
        await self._load()
        if self.given is not None:
            return await checked(self._acts, self.given)
        if self.procedure is not None:
            return await self.procedure.run(self._acts, self.budget.rounds)
        if self.config.faithful:
            return await faithful(self._acts, self.budget.rounds)
        return await steered(self._acts, self.budget.rounds)

    async def _load(self) -> None:
        """Make local models ready before the clock of the first answer starts, telling what is going on."""
        for model in {id(one): one for one in (self.roles.steerer, self.roles.target, self.roles.checker)}.values():
            ready = getattr(model, "ready", None)
            if ready is not None:
                self._acts.enter("loading", self.notice or f"Loading {model.name}")
                await ready(self._tell_loading)

    def _tell_loading(self, progress: Any) -> None:
        """Pass on a download's or a load's progress, a few times a second at most."""
        now = time.monotonic()
        if now - self._told < _PROGRESS_SECONDS and progress.done < progress.total:
            return
        self._told = now
        share = f" {progress.done / progress.total:.0%}" if progress.total and progress.done else ""
        self._acts.enter("loading", f"{progress.note or progress.source}{share}")


async def steer(question: Question, roles: Roles, executor: ProgramRunner, **settings: Any) -> AsyncIterator[ev.Event]:
    """Steer ``question`` to an answer; yields the run's events. ``settings`` are the fields of :class:`Steering`."""
    async for event in Steering(question, roles, executor, **settings).events():
        yield event


async def _quietly(act: Awaitable[object]) -> None:
    """Wait for it; that it failed is nobody's concern any more."""
    await asyncio.gather(act, return_exceptions=True)
