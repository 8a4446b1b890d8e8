"""What every model backend offers: a stream of typed deltas, and optional abilities announced by flag."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

__all__ = [
    "Abilities",
    "ChatModel",
    "ChatRequest",
    "Choice",
    "Delta",
    "Finish",
    "Message",
    "ReasoningDelta",
    "TextDelta",
    "TokenUsage",
]

Role = Literal["system", "user", "assistant"]
StopReason = Literal["end", "length", "stop_string", "filtered"]


class Message(msgspec.Struct, frozen=True):
    """One turn of a conversation."""

    role: Role
    content: str


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to generate.

    ``messages`` ends with a user turn, or, on a model with ``abilities.prefill``, with an assistant turn that the
    model continues (the continuation alone is streamed). ``max_tokens`` bounds new tokens, reasoning included.
    ``temperature`` is None for the provider's default. ``json_schema`` asks for JSON that satisfies it, where
    ``abilities.structured`` holds. ``slot`` names the cache lane (one per role) on backends that keep prefix caches.
    """

    messages: tuple[Message, ...]
    max_tokens: int = 2000
    temperature: float | None = 0.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    json_schema: dict[str, Any] | None = None
    slot: str = ""


class TextDelta(msgspec.Struct, frozen=True, tag="text"):
    """Newly generated answer text."""

    text: str


class ReasoningDelta(msgspec.Struct, frozen=True, tag="reasoning"):
    """Newly generated hidden reasoning; never part of the answer."""

    text: str


class TokenUsage(msgspec.Struct, frozen=True, kw_only=True):
    """Token counts of one call as the backend reports them; ``cached_tokens`` is the part of ``input_tokens`` reused."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0


class Finish(msgspec.Struct, frozen=True, kw_only=True, tag="finish"):
    """The last delta of every stream that was not cancelled."""

    reason: StopReason
    usage: TokenUsage


Delta = TextDelta | ReasoningDelta | Finish


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of scoring a closed set of continuations: probabilities over the choices, which sum to one."""

    probabilities: dict[str, float]
    usage: TokenUsage

    @property
    def best(self) -> str:
        """The most probable choice (first in the given order on a tie)."""
        return max(self.probabilities, key=self.probabilities.__getitem__)


class Abilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a backend can do beyond streaming chat."""

    prefill: bool = False
    score: bool = False
    structured: bool = False
    seed: bool = False
    local: bool = False


@runtime_checkable
class ChatModel(Protocol):
    """One model behind one endpoint. Safe to use from one event loop; calls may overlap.

    Closing the iterator that ``stream`` returned (or cancelling the task that reads it) ends the request at the
    backend. Failures are :class:`codesteer_kernel.errors.ModelError` or one of its kin.
    """

    name: str
    abilities: Abilities
    context_window: int | None

    def stream(self, request: ChatRequest) -> AsyncIterator[Delta]:
        """Generate; yields text as it comes and ends with exactly one :class:`Finish`."""
        ...

    async def score(self, messages: Sequence[Message], choices: Sequence[str], *, slot: str = "") -> Choice:
        """Probabilities of ``choices`` as the continuation of the last (assistant) message, in one forward pass.

        Only where ``abilities.score`` holds. The last message must be an assistant turn; its text is the prefix that
        each choice continues.
        """
        ...

    async def aclose(self) -> None:
        """Release connections and leases. Idempotent."""
        ...
