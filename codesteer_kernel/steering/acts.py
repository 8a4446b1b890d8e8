"""What a run can do: ask the target, run a program, fetch results. Each act tells what happened as events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from codesteer_kernel.checkers import rate
from codesteer_kernel.checkers.symbolic import TOO_SIMPLE
from codesteer_kernel.errors import CodeSteerError
from codesteer_kernel.executor import OutputEvent, ProgramRunner, Result
from codesteer_kernel.models.protocol import ChatModel, ChatRequest
from codesteer_kernel.record import (
    Answer,
    Bound,
    Decision,
    Execution,
    FinalAnswer,
    Output,
    Question,
    Record,
    RunConfig,
    Symbolic,
)
from codesteer_kernel.record import events as ev
from codesteer_kernel.record.document import Phase
from codesteer_kernel.steering.budget import Meter
from codesteer_kernel.steering.calls import Calls, Reply
from codesteer_kernel.steering.dialects import Dialect, open_dialect
from codesteer_kernel.steering.emitter import Emitter
from codesteer_kernel.steering.extraction import code_block, result_of_output, with_call
from codesteer_kernel.steering.repetition import UNFINISHED

__all__ = ["Acts", "Ending", "Roles"]

# Tokens travel to front ends in lumps, at most this often (seconds): faster than anybody reads.
_LUMP_SECONDS = 0.05
_LEAST_PROGRAM_SECONDS = 0.5
_RATING_SECONDS = 5.0


@dataclass(frozen=True)
class Roles:
    """The models of a run; one model may play all three parts."""

    target: ChatModel
    steerer: ChatModel
    checker: ChatModel


@dataclass(frozen=True)
class Ending:
    """How a loop came to its end: the steerer decided so, or the rounds were used up."""

    status: Literal["done", "exhausted"]
    decision: Decision | None = None


@dataclass
class Acts:
    """The means of one run. ``values`` are what ``--out`` found, by round."""

    question: Question
    roles: Roles
    executor: ProgramRunner
    config: RunConfig
    meter: Meter
    emitter: Emitter
    calls: Calls
    found: dict[int, tuple[dict[str, Any], list[Bound]]] = field(default_factory=dict)

    @property
    def record(self) -> Record:
        """The fold of all events so far."""
        return self.emitter.record

    def dialect(self) -> Dialect:
        """Who decides: the steerer, in the dialect of the run's configuration.

        Raises:
            UnknownName: there is no such dialect.
        """
        roles, config = self.roles, self.config
        return open_dialect(config.dialect, roles.steerer, self.calls, self.question, config, target=roles.target)

    def enter(self, phase: Phase, note: str = "") -> None:
        """Say what the run turns to."""
        self.emitter.emit(ev.PhaseEntered, phase=phase, note=note)

    async def answer(
        self,
        request: ChatRequest,
        index: int,
        *,
        prefix: str = "",
        close: str = "",
        read_code: Callable[[str], str | None] = code_block,
    ) -> Answer:
        """Stream the target's answer to ``request`` into round ``index`` and read the program in it.

        Args:
            request: what the target is asked.
            index: the round.
            prefix: text that the request has put into the target's mouth; it begins the answer.
            close: what a stop string has swallowed; it ends an answer that was not cut.
            read_code: finds the program in the answer. By default a call that it forgets is put behind it
                (:func:`.extraction.with_call`).
        """
        reply = await self.reply(request, index, prefix=prefix)
        text = prefix + reply.text
        if close and reply.stop not in UNFINISHED:
            text = text.rstrip("\n") + close
        code = read_code(text)
        if code is not None and read_code is code_block and reply.stop not in UNFINISHED:
            code = with_call(code)
        return self.take(reply, text, code, index)

    async def reply(self, request: ChatRequest, index: int, *, prefix: str = "") -> Reply:
        """Stream the target's reply into round ``index``; what it comes to is for :meth:`take`."""
        lumps = _Lumps(lambda text: self.emitter.emit(ev.AnswerDelta, round=index, text=text))
        lumps.add(prefix)
        try:
            return await self.calls.stream(
                self.roles.target, request, role="target", purpose="answer", round=index, on_text=lumps.add
            )
        finally:
            lumps.flush()

    def take(self, reply: Reply, text: str, code: str | None, index: int) -> Answer:
        """Take ``text`` and the program ``code`` for the answer that ``reply`` gave in round ``index``."""
        answer = Answer(text=text, code=code, complete=True, reasoning_chars=reply.reasoning_chars, stop=reply.stop)
        self.emitter.emit(ev.Answered, round=index, answer=answer, first_token=reply.first_token)
        return answer

    async def execute(self, code: str, index: int, *, seconds: float | None = None) -> tuple[Execution, str]:
        """Run a program of the target's, passing on what it prints as it prints it; with its short result.

        ``seconds`` is its time limit; None for the configured one.
        """
        self.enter("executing")
        result: Result | None = None
        outputs = tuple(self.question.outputs)
        async for event in self.executor.stream(code, timeout=self._program_seconds(seconds), export=outputs):
            match event:
                case Result():
                    result = event
                case OutputEvent(kind="rich", output=rich) if rich is not None:
                    self.meter.wrote(sum(map(len, rich.data.values())))
                    self.emitter.emit(ev.OutputAdded, round=index, output=Output(kind=rich.kind, data=rich.data))
                case OutputEvent(kind=name, text=text):
                    self.meter.wrote(len(text))
                    self.emitter.emit(ev.StreamAdded, round=index, name=name, text=text)
            await self.emitter.room()
        assert result is not None  # the executor's stream always ends with its result
        if outputs and result.status == "ok":
            self.found[index] = await self._fetch()
        execution = _execution(result)
        answer = ""
        if execution.status == "ok":
            answer = result_of_output(execution.stdout) or _shown_value(execution)
        self.emitter.emit(ev.Executed, round=index, execution=execution, result=answer)
        return execution, answer

    async def rate(self, code: str, index: int, *, cut: bool = False) -> None:
        """Have the symbolic checker rate a program of the target's; ``cut``: the reply ended at the token limit.

        In a thread, with an end: a program that is made to be slow to read must not hold up other runs.
        """
        reading = asyncio.to_thread(rate, code, self.question.prompt, cut=cut)
        try:
            symbolic = await asyncio.wait_for(reading, _RATING_SECONDS)
        except TimeoutError:
            symbolic = Symbolic(score=TOO_SIMPLE + 0.5, note="The program took too long to be rated.", partial=True)
        self.emitter.emit(ev.CheckedSymbolic, round=index, symbolic=symbolic)

    async def run_apart(self, code: str, *, seconds: float | None = None) -> Execution:
        """Run a program that is none of the target's answers, such as a test."""
        return _execution(await self.executor.run(code, timeout=self._program_seconds(seconds)))

    def bind(self, answer: FinalAnswer | None) -> dict[str, Any]:
        """Say of each name asked for what the winning round bound to it, or why nothing; returns the values."""
        if not self.question.outputs:
            return {}
        values, bound = self.found.get(answer.round if answer else 0, ({}, []))
        if not bound:
            why = "The winning round ran no program." if answer else "The run has no answer."
            bound = [Bound(name=name, error=why) for name in self.question.outputs]
        self.emitter.emit(ev.ResultsBound, bound=bound)
        return values

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

    def _program_seconds(self, wanted: float | None) -> float:
        wanted = self.config.code_seconds if wanted is None else wanted
        # A program uses no tokens and no money: only time can run out for it.
        left = self.meter.seconds_left
        if left is None:
            return wanted
        if left <= 0:
            self.meter.check()
        return max(_LEAST_PROGRAM_SECONDS, min(wanted, left))


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
