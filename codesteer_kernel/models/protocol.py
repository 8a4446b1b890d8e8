"""What every model backend offers: a stream of typed deltas, and optional abilities announced by flag."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from ..errors import BadInput

__all__ = [
    "Abilities",
    "ChatModel",
    "ChatRequest",
    "Choice",
    "Delta",
    "Finish",
    "Message",
    "ReadOut",
    "ReadsOut",
    "ReasoningDelta",
    "Restarted",
    "TextDelta",
    "Thought",
    "TokenUsage",
    "Tool",
    "ToolCall",
    "ToolCallDelta",
    "UsageDelta",
]

Role = Literal["system", "user", "assistant", "tool"]
StopReason = Literal["end", "length", "stop_string", "filtered", "tool_calls"]


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """Something the model may call. ``parameters`` is the JSON schema of an object: the arguments by name."""

    name: str
    description: str
    parameters: dict[str, Any]


class ToolCall(msgspec.Struct, frozen=True, kw_only=True, tag="tool_call"):
    """A call that the model asks for; as a delta it follows the last piece of its arguments.

    ``raw`` is the arguments' text as written. Where that is no JSON object, or no tool of that name was offered,
    ``arguments`` is None and ``fault`` says why: answer the call with the fault, and the model can mend it. ``seal`` is
    the provider's, to be sent back with the call.
    """

    id: str
    name: str
    arguments: dict[str, Any] | None
    raw: str = ""
    fault: str = ""
    seal: str = ""


class Thought(msgspec.Struct, frozen=True, kw_only=True):
    """Finished hidden reasoning, in the form in which its provider wants it back with the turn it belongs to.

    ``signature`` vouches for ``text``; ``sealed`` is encrypted and stands in place of text.
    """

    text: str = ""
    signature: str = ""
    sealed: str = ""


class Message(msgspec.Struct, frozen=True):
    """One turn of a conversation.

    An assistant's turn keeps the ``tool_calls`` it made and the ``thoughts`` that came with them. A turn of role
    ``tool`` is the result of the call ``tool_call_id``.
    """

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    thoughts: tuple[Thought, ...] = ()


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to generate.

    ``messages`` ends with a user (or tool) turn, or, on a model with ``abilities.prefill``, with an assistant turn that
    the model continues (the continuation alone is streamed). ``max_tokens`` bounds new tokens; what a model reasons
    unasked counts among them. ``thinking`` asks for hidden reasoning of about so many tokens on top (0: for none; None:
    the model's own way), where ``abilities.thinking`` holds. ``temperature`` is None for the provider's default;
    ``top_p`` and ``top_k`` narrow what is drawn from, where the backend can (None: as it usually does).
    ``json_schema`` asks for JSON that satisfies it, where ``abilities.structured`` holds. ``tools`` may be called, where
    ``abilities.tools`` holds. ``slot`` names the cache lane (one per role) on backends that keep prefix caches.
    ``repeat_partial`` lets a hosted backend ask again after a fault in the middle of an answer; see :class:`Restarted`.
    """

    messages: tuple[Message, ...]
    max_tokens: int = 2000
    temperature: float | None = 0.0
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    json_schema: dict[str, Any] | None = None
    tools: tuple[Tool, ...] = ()
    thinking: int | None = None
    slot: str = ""
    repeat_partial: bool = False

    def check(self, model: ChatModel) -> None:
        """Refuse what ``model`` could only ignore.

        Raises:
            BadInput: no messages, or tools where there are none.
        """
        if not any(message.role != "system" for message in self.messages):
            raise BadInput("A request needs at least one message that is not the system's.")
        if self.tools and not model.abilities.tools:
            raise BadInput(f"{model.name} cannot call tools.", "Use a hosted model that can.")
        if self.thinking is not None and self.thinking < 0:
            raise BadInput(f"thinking is a number of tokens, not {self.thinking}.")


class TextDelta(msgspec.Struct, frozen=True, tag="text"):
    """Newly generated answer text."""

    text: str


class ReasoningDelta(msgspec.Struct, frozen=True, tag="reasoning"):
    """Newly generated hidden reasoning; never part of the answer."""

    text: str


class ToolCallDelta(msgspec.Struct, frozen=True, kw_only=True, tag="tool_call_delta"):
    """A newly generated piece of a call's arguments (of their JSON text), for those who show calls as they grow."""

    id: str
    name: str
    arguments: str


class TokenUsage(msgspec.Struct, frozen=True, kw_only=True):
    """Token counts of one call as the backend reports them; zero where it does not.

    ``cached_tokens`` is the part of ``input_tokens`` read from a cache, ``cache_write_tokens`` the part written to one.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0

    def __add__(self, other: TokenUsage) -> TokenUsage:
        return TokenUsage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
        )


class UsageDelta(msgspec.Struct, frozen=True, tag="usage"):
    """What the call has used so far, all attempts together; a later one, or Finish, takes its place.

    It is what there is to book for a call that is cut.
    """

    usage: TokenUsage


class Restarted(msgspec.Struct, frozen=True, tag="restarted"):
    """What this stream has said so far (text, reasoning, calls) is void: the answer begins anew after this delta.

    Comes after a fault in the middle of an answer (only on a request with ``repeat_partial``), and where what looked
    like an answer turns out to have been reasoning. Usage stays counted.
    """

    why: str


class Finish(msgspec.Struct, frozen=True, kw_only=True, tag="finish"):
    """The last delta of every stream that was not cancelled. ``thoughts`` belong in the turn's message."""

    reason: StopReason
    usage: TokenUsage
    thoughts: tuple[Thought, ...] = ()


Delta = TextDelta | ReasoningDelta | ToolCallDelta | ToolCall | UsageDelta | Restarted | Finish


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of scoring a closed set of continuations: probabilities over the choices, which sum to one."""

    probabilities: dict[str, float]
    usage: TokenUsage

    @property
    def best(self) -> str:
        """The most probable choice (first in the given order on a tie)."""
        return max(self.probabilities, key=self.probabilities.__getitem__)


class ReadOut(Choice, frozen=True, kw_only=True):
    """A scored choice, and log-probabilities of further tokens at its place (of all tokens read there, among themselves)."""

    probes: dict[int, float] = {}


class Abilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a backend can do beyond streaming chat.

    ``prefix_cache`` says that a conversation which only grows is cheaper from its second call on; ``thinking`` that the
    request's word on hidden reasoning is passed on (models that cannot reason still do not). ``opening`` is how a program
    is best begun for a model that continues text: "" where an open fence is enough. ``mends`` says that a program which is
    to be mended does not come back as it was.
    """

    prefill: bool = False
    score: bool = False
    structured: bool = False
    seed: bool = False
    local: bool = False
    tools: bool = False
    thinking: bool = False
    prefix_cache: bool = False
    opening: str = ""
    mends: bool = True


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


@runtime_checkable
class ReadsOut(Protocol):
    """A chat model whose probabilities at one place can be read out, as a trained head needs them.

    ``weights`` is the SHA-256 of its file, "" where that is not known: numbers of tokens and probabilities mean the same
    only for the same file.
    """

    @property
    def weights(self) -> str:
        """The SHA-256 of its file."""
        ...

    async def read_out(self, messages: Sequence[Message], choices: Sequence[str], probes: Sequence[int]) -> ReadOut:
        """As :meth:`ChatModel.score`; at the same place and in the same pass the tokens ``probes`` are read as well."""
        ...

    async def single_tokens(self, words: Sequence[str]) -> dict[str, int]:
        """Those of ``words`` that are one token each, with its number."""
        ...
