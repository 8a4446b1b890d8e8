"""Models and executors that do exactly what a test says, in this process, by their protocols.

Only for what cannot be steered from outside: whole runs through real SDKs and child kernels are in ``tests/run``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from codesteer_kernel.executor import OutputEvent, Result
from codesteer_kernel.models.protocol import (
    Abilities,
    ChatRequest,
    Choice,
    Delta,
    Finish,
    Message,
    StopReason,
    TextDelta,
    TokenUsage,
)
from codesteer_kernel.record import Budget, Decision
from codesteer_kernel.record import events as ev
from codesteer_kernel.steering.budget import Meter
from codesteer_kernel.steering.calls import Calls
from codesteer_kernel.steering.emitter import Emitter, Outlet

__all__ = ["Hang", "Programs", "Speaker", "calls_of"]


class Hang:
    """A reply that says ``text`` and then nothing more, for ever; ``reached`` is set when it hangs."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.reached = asyncio.Event()
        self.closed = False


class Speaker:
    """A chat model that says its ``replies`` in order: texts, (text, stop reason), errors to raise, or :class:`Hang`.

    ``scores`` are the probabilities that ``score`` gives, in order.
    """

    def __init__(
        self,
        replies: Iterable[str | tuple[str, StopReason] | Exception | Hang],
        *,
        name: str = "openai/speaker",
        usage: TokenUsage | None = None,
        scores: Iterable[dict[str, float]] = (),
        local: bool = False,
        score: bool | None = None,
        prefill: bool = False,
    ) -> None:
        self.name = name
        self._replies = list(replies)
        self._scores = list(scores)
        self.abilities = Abilities(score=bool(self._scores) if score is None else score, local=local, prefill=prefill)
        self.context_window: int | None = None
        self.usage = usage or TokenUsage(input_tokens=10, output_tokens=5)
        self.requests: list[ChatRequest] = []
        self.scored: list[list[Message]] = []

    async def stream(self, request: ChatRequest) -> AsyncIterator[Delta]:
        self.requests.append(request)
        assert self._replies, f"nothing left to say to {request.messages[-1].content!r}"
        reply = self._replies.pop(0)
        await asyncio.sleep(0)
        stop: StopReason = "end"
        match reply:
            case Exception():
                raise reply
            case Hang():
                try:
                    if reply.text:
                        yield TextDelta(reply.text)
                    reply.reached.set()
                    await asyncio.Event().wait()
                finally:
                    reply.closed = True
            case (text, given):
                reply, stop = text, given
        assert isinstance(reply, str)
        for place in range(0, len(reply), 7):
            await asyncio.sleep(0)
            yield TextDelta(reply[place : place + 7])
        yield Finish(reason=stop, usage=self.usage)

    async def score(self, messages: Sequence[Message], choices: Sequence[str], *, slot: str = "") -> Choice:
        self.scored.append(list(messages))
        await asyncio.sleep(0)
        return Choice(probabilities=self._scores.pop(0), usage=self.usage)

    async def aclose(self) -> None:
        """Nothing is held."""


class Programs:
    """An executor whose programs print what ``outcomes`` say, in order, and nothing is really run.

    An outcome is a printed text, a whole :class:`Result`, or :class:`Hang`. Checking programs (told by their
    harness) print the next of ``verdicts`` as the harness would.
    """

    def __init__(self, outcomes: Iterable[str | Result | Hang], verdicts: Iterable[Any] = ()) -> None:
        self._outcomes = list(outcomes)
        self._verdicts = list(verdicts)
        self.ran: list[str] = []
        self.interrupted = 0
        self.values: dict[str, Any] = {}

    async def stream(
        self, code: str, *, timeout: float | None = None, export: Iterable[str] = (), limits: Any = None
    ) -> AsyncIterator[OutputEvent | Result]:
        self.ran.append(code)
        await asyncio.sleep(0)
        if "def _verdict" in code:
            yield await self._check(code)
            return
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, Hang):
            if outcome.text:
                yield OutputEvent(kind="stdout", text=outcome.text)
            outcome.reached.set()
            await asyncio.Event().wait()
        if isinstance(outcome, str):
            yield OutputEvent(kind="stdout", text=outcome)
            await asyncio.sleep(0)
            outcome = Result(status="ok", stdout=outcome, tier="double")
        assert isinstance(outcome, Result)
        yield outcome

    async def run(self, code: str, *, timeout: float | None = None, **more: Any) -> Result:
        result: Any = None
        async for event in self.stream(code, timeout=timeout):
            result = event
        assert isinstance(result, Result)
        return result

    async def _check(self, code: str) -> Result:
        verdict = self._verdicts.pop(0)
        if isinstance(verdict, Result):
            return verdict
        if isinstance(verdict, Hang):
            verdict.reached.set()
            await asyncio.Event().wait()
        marker = code.split("verdict-")[1][:16]
        right, why = verdict
        told = "true" if right else "false"
        return Result(status="ok", stdout=f'\nverdict-{marker} [{told}, "{why}", ""]\n')

    async def get(self, name: str) -> Any:
        await asyncio.sleep(0)
        from codesteer_kernel.errors import UnknownName

        if name not in self.values:
            raise UnknownName(f"The last program exported no {name!r}.")
        return self.values[name]

    async def interrupt(self) -> None:
        await asyncio.sleep(0)
        self.interrupted += 1


def calls_of(budget: Budget | None = None, *, rounds: int = 0) -> Calls:
    """Counted calls outside a run, in which so many rounds have begun."""
    meter = Meter(budget or Budget())
    emitter = Emitter(Outlet(full=10**9), lambda: meter.elapsed)
    for index in range(1, rounds + 1):
        emitter.emit(ev.RoundStarted, round=index, decision=Decision(kind="code", source="model"))
    return Calls(meter, emitter)
