"""Model calls of a run: streamed, counted, priced, inside the budget, each one an event."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from msgspec.structs import replace

from codesteer_kernel.errors import ContextOverflow
from codesteer_kernel.models.prices import cost
from codesteer_kernel.models.protocol import (
    ChatModel,
    ChatRequest,
    Choice,
    Finish,
    Message,
    ReadOut,
    ReadsOut,
    ReasoningDelta,
    Restarted,
    TextDelta,
    Thought,
    TokenUsage,
    ToolCall,
    UsageDelta,
)
from codesteer_kernel.record import Usage
from codesteer_kernel.record import events as ev
from codesteer_kernel.steering.budget import BudgetHit, Meter
from codesteer_kernel.steering.emitter import Emitter, sound
from codesteer_kernel.steering.fitting import condensed
from codesteer_kernel.steering.repetition import EVERY_CHARS, circle

__all__ = ["Calls", "Reply"]

_Scored = TypeVar("_Scored", bound=Choice)

# Deltas hold a token or more, so that so many hold all that is looked at for circles.
_TAIL_DELTAS = 2_600
_CHARS_PER_TOKEN = 4


class Reply:
    """What one call gave: text, the tool calls that it asks for; ``first_token`` is in seconds from the request.

    ``thoughts`` belong in its turn of the conversation. ``stop`` is the model's reason to end, or ``repetition`` where it went
    round in circles and was cut off.
    """

    def __init__(self) -> None:
        self.text = ""
        self.tool_calls: list[ToolCall] = []
        self.thoughts: tuple[Thought, ...] = ()
        self.reasoning_chars = 0
        self.stop = ""
        self.first_token: float | None = None
        self.usage = TokenUsage()


class Calls:
    """Makes the model calls of one run.

    Every call counts, also one that was cut: it leaves a ``CallMade`` event and is booked on the meter. A conversation that
    outgrew its model's window is made smaller until it fits.
    """

    def __init__(self, meter: Meter, emitter: Emitter) -> None:
        self.meter = meter
        self._emitter = emitter

    async def stream(
        self,
        model: ChatModel,
        request: ChatRequest,
        *,
        role: str,
        purpose: str,
        round: int = 0,  # noqa: A002  # the record's word
        on_text: Callable[[str], None] | None = None,
    ) -> Reply:
        """Generate; ``on_text`` sees the text as it comes. Raises :class:`BudgetHit` when time runs out on the way."""
        request = replace(request, max_tokens=self.meter.grant(request.max_tokens))
        reply = Reply()
        parts: list[str] = []
        started = time.monotonic()
        try:
            async with asyncio.timeout(self.meter.seconds_left):
                while True:
                    try:
                        await self._read(model, request, reply, parts, started, on_text)
                        break
                    except ContextOverflow:
                        smaller = None if parts else condensed(request.messages)
                        if smaller is None:
                            raise
                        request = replace(request, messages=smaller)
        except TimeoutError:
            # Only our own clock ends here: backends raise typed errors for theirs.
            raise BudgetHit("seconds", f"The run used its {self.meter.budget.seconds:g} seconds.") from None
        finally:
            reply.text = "".join(parts)
            self._book(model.name, role, purpose, round, reply.usage, time.monotonic() - started, reply.first_token)
        return reply

    async def _read(
        self,
        model: ChatModel,
        request: ChatRequest,
        reply: Reply,
        parts: list[str],
        started: float,
        on_text: Callable[[str], None] | None,
    ) -> None:
        """Read one stream to its end, or to what ends it."""
        deltas = model.stream(request)
        unseen = 0
        try:
            async for delta in deltas:
                match delta:
                    case TextDelta(text=text):
                        text = sound(text)
                        if reply.first_token is None:
                            reply.first_token = time.monotonic() - started
                        parts.append(text)
                        self.meter.wrote(len(text))
                        if on_text is not None:
                            on_text(text)
                        unseen += len(text)
                        if unseen >= EVERY_CHARS:
                            unseen = 0
                            if circle("".join(parts[-_TAIL_DELTAS:])) is not None:
                                reply.stop = "repetition"
                                reply.usage = _used_so_far(reply.usage, request, len(parts))
                                return
                    case ReasoningDelta(text=text):
                        reply.reasoning_chars += len(text)
                    case UsageDelta(usage=usage):
                        reply.usage = usage
                    case ToolCall():
                        self.meter.wrote(len(delta.raw))
                        reply.tool_calls.append(delta)
                    case Restarted():
                        parts.clear()
                        reply.tool_calls.clear()
                    case Finish(reason=reason, usage=usage, thoughts=thoughts):
                        reply.stop, reply.usage, reply.thoughts = reason, usage, thoughts
                await self._emitter.room()
        finally:
            await _close(deltas)

    async def score(
        self,
        model: ChatModel,
        messages: Sequence[Message],
        choices: Sequence[str],
        *,
        role: str,
        purpose: str,
        round: int = 0,  # noqa: A002  # the record's word
    ) -> Choice:
        """Score a closed set of continuations."""

        async def ask(given: Sequence[Message]) -> Choice:
            return await model.score(given, choices, slot=role)

        return await self._scored(model.name, messages, ask, role, purpose, round)

    async def read_out(
        self,
        model: ChatModel,
        messages: Sequence[Message],
        choices: Sequence[str],
        probes: Sequence[int],
        *,
        role: str,
        purpose: str,
        round: int = 0,  # noqa: A002  # the record's word
    ) -> ReadOut:
        """Score a closed set of continuations, and read tokens at the same place; ``model`` can do so."""

        async def ask(given: Sequence[Message]) -> ReadOut:
            assert isinstance(model, ReadsOut)
            return await model.read_out(given, choices, probes)

        return await self._scored(model.name, messages, ask, role, purpose, round)

    async def _scored(
        self,
        name: str,
        messages: Sequence[Message],
        ask: Callable[[Sequence[Message]], Awaitable[_Scored]],
        role: str,
        purpose: str,
        round_: int,
    ) -> _Scored:
        self.meter.check()
        started = time.monotonic()
        usage = TokenUsage()
        try:
            async with asyncio.timeout(self.meter.seconds_left):
                while True:
                    try:
                        choice = await ask(messages)
                        break
                    except ContextOverflow:
                        smaller = condensed(messages)
                        if smaller is None:
                            raise
                        messages = smaller
            usage = choice.usage
        except TimeoutError:
            raise BudgetHit("seconds", f"The run used its {self.meter.budget.seconds:g} seconds.") from None
        finally:
            self._book(name, role, purpose, round_, usage, time.monotonic() - started, None)
        return choice

    def _book(
        self,
        name: str,
        role: str,
        purpose: str,
        round_: int,
        tokens: TokenUsage,
        seconds: float,
        first_token: float | None,
    ) -> None:
        usage = Usage(
            calls=1,
            input_tokens=tokens.input_tokens,
            cached_tokens=tokens.cached_tokens,
            output_tokens=tokens.output_tokens,
            cost=cost(name, tokens),
        )
        self.meter.add(usage)
        self._emitter.emit(
            ev.CallMade,
            role=role,
            model=name,
            purpose=purpose,
            usage=usage,
            seconds=round(seconds, 4),
            first_token=None if first_token is None else round(first_token, 4),
            round=round_,
        )


def _used_so_far(told: TokenUsage, request: ChatRequest, deltas: int) -> TokenUsage:
    """What a stream that we end ourselves has used, as its model tells that at the end only.

    A delta holds a token, for most backends; where not even the input was counted yet, four characters are one.
    """
    read = told.input_tokens or sum(len(message.content) for message in request.messages) // _CHARS_PER_TOKEN
    return replace(told, input_tokens=read, output_tokens=max(told.output_tokens, deltas))


async def _close(stream: object) -> None:
    close = getattr(stream, "aclose", None)
    if close is not None:
        await close()
