"""The loop: choose, answer, run, check, decide; up to n rounds, inside every budget; the best-supported answer wins.

Against the published loop (codesteer.md, section 6): execution results reach both models, decisions are a closed set,
verdicts are parsed, the last answer is reviewed too, and a run that ends early keeps what it has.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from codesteer_kernel.checkers import CheckProgram, rate, run_check, write_check
from codesteer_kernel.errors import CodeSteerError
from codesteer_kernel.executor import Executor, OutputEvent, Result
from codesteer_kernel.models.protocol import ChatModel
from codesteer_kernel.record import (
    Answer,
    Bound,
    Budget,
    Decision,
    Execution,
    Failure,
    FinalAnswer,
    Models,
    Output,
    Question,
    Record,
    RunConfig,
    SelfAnswer,
)
from codesteer_kernel.record import events as ev
from codesteer_kernel.record.document import Status
from codesteer_kernel.steering.budget import BudgetHit, Meter
from codesteer_kernel.steering.calls import Calls
from codesteer_kernel.steering.conversation import STOP, Conversation, check_request
from codesteer_kernel.steering.dialects import Dialect, default_dialect, open_dialect
from codesteer_kernel.steering.dialects.base import safe_decision
from codesteer_kernel.steering.emitter import Emitter
from codesteer_kernel.steering.evidence import assess
from codesteer_kernel.steering.extraction import code_block, result_of_output, result_of_text
from codesteer_kernel.steering.prompts import load_prompts
from codesteer_kernel.steering.support import best

__all__ = ["Roles", "Steering", "new_run_id", "steer"]

# Tokens travel to front ends in lumps, at most this often (seconds): faster than anybody reads.
_LUMP_SECONDS = 0.05
_PROGRESS_SECONDS = 0.3


@dataclass(frozen=True)
class Roles:
    """The models of a run; one model may play all three parts."""

    target: ChatModel
    steerer: ChatModel
    checker: ChatModel


def new_run_id() -> str:
    """Return a run identifier that sorts by time: ``20261123-041502-1f9ac3``."""
    return f"{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


@dataclass
class Steering:
    """One run in the making. Iterate over :meth:`events` once; ``record`` is the fold so far, ``values`` what ``--out`` found.

    ``notice`` is shown while local models load. ``stop`` set at any moment (from the loop's thread) ends the run: open
    streams are closed, the running program is interrupted, and the partial record stays.
    """

    question: Question
    roles: Roles
    executor: Executor
    config: RunConfig = field(default_factory=RunConfig)
    budget: Budget = field(default_factory=Budget)
    run_id: str = field(default_factory=new_run_id)
    versions: dict[str, str] = field(default_factory=dict)
    check: bool = True
    notice: str = ""
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    values: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._queue: asyncio.Queue[ev.Event | None] = asyncio.Queue()
        self._meter = Meter(self.budget)
        self._emitter = Emitter(self._queue.put_nowait, lambda: self._meter.elapsed)
        self._calls = Calls(self._meter, self._emitter)
        self._checker: CheckProgram | None = None
        self._checker_task: asyncio.Task[CheckProgram] | None = None
        self._told = 0.0
        self._found: dict[int, tuple[dict[str, Any], list[Bound]]] = {}

    @property
    def record(self) -> Record:
        """The fold of all events so far."""
        return self._emitter.record

    async def events(self) -> AsyncGenerator[ev.Event, None]:
        """Yield the run's events; the last one is always ``RunEnded``."""
        task = asyncio.create_task(self._supervise())
        try:
            while (event := await self._queue.get()) is not None:
                yield event
        finally:
            if not task.done():
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    # -- the life of a run ---------------------------------------------------------------------------------------

    async def _supervise(self) -> None:
        """Run to the end, the stop or the first failure, and close the record in each case."""
        work = asyncio.create_task(self._work())
        stopped = asyncio.create_task(self.stop.wait())
        try:
            await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                await self._abandon(work)
                await self._end("stopped")
                return
            work.result()
        except BudgetHit as hit:
            await self._end("exhausted", hit=hit.limit)
        except CodeSteerError as fault:
            await self._end("failed", error=Failure(code=fault.code, message=fault.message, cure=fault.cure))
        except asyncio.CancelledError:
            await self._abandon(work)
            raise
        except Exception as fault:  # noqa: BLE001  # our own mistake must not take the user's record with it
            message = f"Internal error: {type(fault).__name__}: {fault}"[:500]
            cure = "This is a defect of codesteer; please report it with the run's record."
            await self._end("failed", error=Failure(code="internal", message=message, cure=cure))
        finally:
            stopped.cancel()
            await self._drop_checker()
            self._queue.put_nowait(None)

    async def _abandon(self, work: asyncio.Task[None]) -> None:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await self.executor.interrupt()

    async def _drop_checker(self) -> None:
        """End the call that writes the checking program, if it goes on, before the record is closed."""
        if self._checker_task is not None:
            self._checker_task.cancel()
            await asyncio.gather(self._checker_task, return_exceptions=True)

    async def _work(self) -> None:
        self._start()
        dialect = open_dialect(self.config.dialect, self.roles.steerer, self._calls, self.question, self.config)
        conversation = Conversation(self.question, self.roles.target, self.config)
        await self._load()
        self._enter("choosing")
        decision = await dialect.choose()
        code = decision.kind == "code"
        for index in range(1, self.budget.rounds + 1):
            self._emitter.emit(ev.RoundStarted, round=index, decision=decision)
            if decision.kind in ("code", "text"):
                code = decision.kind == "code"
            await self._answer(conversation, decision, index, code=code)
            await self._run_and_check(index)
            decision = await self._decide(dialect)
            if decision.kind in ("return", "terminate"):
                await self._end("done", decision=decision)
                return
        await self._end("exhausted", hit="rounds", decision=decision)

    def _start(self) -> None:
        dialect = self.config.dialect or default_dialect(self.roles.steerer)
        prompts = "+".join(load_prompts(name).stamp for name in (dialect.replace("-", "_"), "target"))
        self.config = replace(self.config, dialect=dialect, prompts=prompts)
        self._emitter.emit(
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

    async def _load(self) -> None:
        """Make local models ready before the clock of the first answer starts, telling what is going on."""
        for model in {id(one): one for one in (self.roles.steerer, self.roles.target, self.roles.checker)}.values():
            ready = getattr(model, "ready", None)
            if ready is not None:
                self._enter("loading", self.notice or f"Loading {model.name}")
                await ready(self._tell_loading)

    def _tell_loading(self, progress: Any) -> None:
        """Pass on a download's or a load's progress, a few times a second at most."""
        now = time.monotonic()
        if now - self._told < _PROGRESS_SECONDS and progress.done < progress.total:
            return
        self._told = now
        share = f" {progress.done / progress.total:.0%}" if progress.total and progress.done else ""
        self._enter("loading", f"{progress.note or progress.source}{share}")

    async def _end(
        self,
        status: Status,
        *,
        hit: str | None = None,
        decision: Decision | None = None,
        error: Failure | None = None,
    ) -> None:
        await self._drop_checker()
        answer, support = best(self.record.rounds)
        self._bind(answer)
        if status == "done" and answer is None:
            status = "failed"
            error = Failure(
                code="no_answer",
                message="The run ended without an answer that could be used.",
                cure="Ask again with more rounds, a larger target model, or a narrower question.",
            )
        support = replace(support, decision=decision) if decision else support
        self._emitter.emit(ev.RunEnded, status=status, answer=answer, support=support, hit=hit, error=error)

    # -- one round -----------------------------------------------------------------------------------------------

    async def _answer(self, conversation: Conversation, decision: Decision, index: int, *, code: bool) -> None:
        """Stream the target's answer and read the program in it."""
        self._enter("answering")
        request = conversation.request(decision, code=code)
        lumps = _Lumps(lambda text: self._emitter.emit(ev.AnswerDelta, round=index, text=text))
        lumps.add(conversation.prefix)
        if code and self.check and self._checker_task is None and not self.roles.checker.abilities.local:
            # A hosted model writes the checking program meanwhile; a local one has no core to spare.
            self._checker_task = asyncio.create_task(self._write_checker(index))
        try:
            reply = await self._calls.stream(
                self.roles.target, request, role="target", purpose="answer", round=index, on_text=lumps.add
            )
        finally:
            lumps.flush()
        text = conversation.prefix + reply.text
        if conversation.prefix and reply.stop != "length":
            text = text.rstrip("\n") + STOP
        conversation.answered(text or "(nothing)")
        answer = Answer(
            text=text, code=code_block(text), complete=True, reasoning_chars=reply.reasoning_chars, stop=reply.stop
        )
        self._emitter.emit(ev.Answered, round=index, answer=answer, first_token=reply.first_token)

    async def _run_and_check(self, index: int) -> None:
        """Run the round's program, if any, and let both checkers look at it."""
        answer = self.record.rounds[index - 1].answer
        if answer.code is None:
            result = result_of_text(answer.text)
            self._emitter.emit(ev.RoundEnded, round=index, result=result)
            return
        symbolic = rate(answer.code, self.question.prompt, cut=answer.stop == "length")
        self._emitter.emit(ev.CheckedSymbolic, round=index, symbolic=symbolic)
        if answer.stop == "length" and not _parses(answer.code):
            self._emitter.emit(ev.RoundEnded, round=index)
            return
        self._enter("executing")
        execution = await self._execute(answer.code, index)
        result = result_of_output(execution.stdout) if execution.status == "ok" else ""
        if not result and execution.status == "ok":
            result = _shown_value(execution)
        self._emitter.emit(ev.Executed, round=index, execution=execution, result=result)
        if execution.status == "ok" and result and self.check:
            self._enter("checking")
            verdict = await self._self_answer(result, index)
            self._emitter.emit(ev.CheckedSelfAnswer, round=index, self_answer=verdict)
        self._emitter.emit(ev.RoundEnded, round=index, result=result)

    async def _decide(self, dialect: Dialect) -> Decision:
        self._enter("steering")
        rounds = self.record.rounds
        situation = assess(rounds)
        decision = await dialect.review(rounds, situation)
        if decision.kind == "return" and best(rounds)[0] is None:
            reason = "The steerer returned an answer, but there is none yet; the rules decide."
            return safe_decision(situation, rounds[-1], decision.raw, reason)
        return decision

    async def _execute(self, code: str, index: int) -> Execution:
        """Run a program of the target's, passing on what it prints as it prints it."""
        timeout = self._program_seconds()
        result: Result | None = None
        async for event in self.executor.stream(code, timeout=timeout, export=tuple(self.question.outputs)):
            match event:
                case Result():
                    result = event
                case OutputEvent(kind="rich", output=rich) if rich is not None:
                    self._emitter.emit(ev.OutputAdded, round=index, output=Output(kind=rich.kind, data=rich.data))
                case OutputEvent(kind=name, text=text):
                    self._emitter.emit(ev.StreamAdded, round=index, name=name, text=text)
        assert result is not None  # the executor's stream always ends with its result
        if self.question.outputs and result.status == "ok":
            self._found[index] = await self._fetch()
        return _execution(result)

    async def _self_answer(self, result: str, index: int) -> SelfAnswer:
        """Test the answer with the question's checking program, written at the first answer that needs it."""
        if self._checker is None:
            if self._checker_task is None:
                self._checker_task = asyncio.create_task(self._write_checker(index))
            try:
                self._checker = await self._checker_task
            except BudgetHit:
                raise
            except CodeSteerError as fault:
                # An answer that cannot be tested is still an answer.
                self._checker = CheckProgram(fault=f"no checking program could be written: {fault.message}")
        return await run_check(self._checker, result, self._execute_check)

    async def _write_checker(self, index: int) -> CheckProgram:
        request, head = check_request(self.question, self.roles.checker, self.config)

        async def ask() -> str:
            reply = await self._calls.stream(
                self.roles.checker, request, role="checker", purpose="checking program", round=index
            )
            return head + reply.text if head else code_block(reply.text) or ""

        return await write_check(ask)

    async def _execute_check(self, code: str) -> Execution:
        return _execution(await self.executor.run(code, timeout=self._program_seconds()))

    def _program_seconds(self) -> float:
        # A program uses no tokens and no money: only time can run out for it.
        left = self._meter.seconds_left
        if left is None:
            return self.config.code_seconds
        if left <= 0:
            self._meter.check()
        return max(0.5, min(self.config.code_seconds, left))

    # -- results for the user's namespace ------------------------------------------------------------------------

    async def _fetch(self) -> tuple[dict[str, Any], list[Bound]]:
        values: dict[str, Any] = {}
        bound: list[Bound] = []
        for name in self.question.outputs:
            try:
                values[name] = await self.executor.get(name)
                bound.append(Bound(name=name, type=type(values[name]).__name__))
            except CodeSteerError as fault:
                bound.append(Bound(name=name, error=str(fault)))
        return values, bound

    def _bind(self, answer: FinalAnswer | None) -> None:
        """Hand over the values that the winning round's program bound; say of each name that was asked for why not."""
        if not self.question.outputs or not self.record.seq:
            return
        values, bound = self._found.get(answer.round if answer else 0, ({}, []))
        if not bound:
            why = "The winning round ran no program." if answer else "The run has no answer."
            bound = [Bound(name=name, error=why) for name in self.question.outputs]
        self.values.update(values)
        self._emitter.emit(ev.ResultsBound, bound=bound)

    def _enter(self, phase: str, note: str = "") -> None:
        self._emitter.emit(ev.PhaseEntered, phase=phase, note=note)


async def steer(question: Question, roles: Roles, executor: Executor, **settings: Any) -> AsyncIterator[ev.Event]:
    """Steer ``question`` to an answer; yields the run's events. ``settings`` are the fields of :class:`Steering`."""
    async for event in Steering(question, roles, executor, **settings).events():
        yield event


class _Lumps:
    """Gathers tokens and passes them on in lumps."""

    def __init__(self, sink: Callable[[str], None]) -> None:
        self._sink = sink
        self._parts: list[str] = []
        self._last = 0.0

    def add(self, text: str) -> None:
        if text:
            self._parts.append(text)
        if time.monotonic() - self._last >= _LUMP_SECONDS:
            self.flush()

    def flush(self) -> None:
        if self._parts:
            self._sink("".join(self._parts))
            self._parts.clear()
            self._last = time.monotonic()


def _execution(result: Result) -> Execution:
    """The executor's result as the record keeps it."""
    return Execution(
        status=result.status,
        tier=result.tier,
        stdout=result.stdout,
        stderr=result.stderr,
        outputs=[Output(kind=one.kind, data=dict(one.data)) for one in result.outputs],
        error=": ".join(part for part in (result.error_name, result.error_text) if part),
        traceback=result.traceback,
        seconds=result.seconds,
        cpu_seconds=result.cpu_seconds,
        peak_mb=result.peak_mb,
        limit=result.limit or "",
        cut=dict(result.cut),
    )


def _shown_value(execution: Execution) -> str:
    """The text of the last value a program displayed, for programs that end in an expression instead of a print."""
    for output in reversed(execution.outputs):
        text = output.data.get("text/plain", "").strip()
        if text:
            return result_of_output(text)
    return ""


def _parses(code: str) -> bool:
    try:
        compile(code, "<answer>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
