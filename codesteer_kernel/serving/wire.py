"""The OpenAI chat-completions wire format, as a server reads and writes it.

What a request asks for is done or refused by name, never ignored: the one exception are parameters that cannot change
the answer (``metadata``, ``store``, ...).
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Sequence
from typing import Any

import msgspec

from codesteer_kernel.errors import (
    BadInput,
    CodeSteerError,
    ContextOverflow,
    EndpointUnreachable,
    OutOfMemory,
    UnknownModel,
)
from codesteer_kernel.models.protocol import (
    ChatRequest,
    Finish,
    Message,
    StopReason,
    TokenUsage,
)
from codesteer_kernel.serving.queueing import QueueFull

__all__ = ["DONE", "Chat", "Completion", "error_body", "event", "read_chat", "status_of"]

HARMLESS = {
    *("metadata", "store", "service_tier", "safety_identifier", "prompt_cache_retention", "parallel_tool_calls"),
    "verbosity",
}
"""Parameters that are accepted and mean nothing here."""

NEUTRAL: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logit_bias": ({},),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "functions": ([],),
    "modalities": (["text"],),
}
"""Parameters that are refused unless they have the value that changes nothing (or null)."""

STOPS: dict[StopReason, str] = {"length": "length", "filtered": "content_filter"}
MOST_TOP_LOGPROBS = 20
USUAL_TOKENS = 2000
ROLES = {"developer": "system"}


class _Part(msgspec.Struct):
    type: str
    text: str = ""


class _Turn(msgspec.Struct, forbid_unknown_fields=True):
    role: str
    content: str | list[_Part] | None = None
    # What clients send back of earlier answers, and what has no place in a prompt.
    name: str | None = None
    refusal: None = None
    reasoning_content: str | None = None


class _StreamOptions(msgspec.Struct):
    include_usage: bool = False


class _JsonSchema(msgspec.Struct):
    schema: dict[str, Any] = {}


class _StructuredOutputs(msgspec.Struct, forbid_unknown_fields=True):
    """vLLM's: the answer is one of these."""

    choice: list[str]


class _ResponseFormat(msgspec.Struct):
    type: str
    json_schema: _JsonSchema | None = None


class _Body(msgspec.Struct, kw_only=True):
    """A chat request as it comes; what is not named here is looked at by name."""

    model: str
    messages: list[_Turn]
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    response_format: _ResponseFormat | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    structured_outputs: _StructuredOutputs | None = None
    continue_final_message: bool | None = None
    add_generation_prompt: bool | None = None
    user: str | None = None
    prompt_cache_key: str | None = None


class Chat(msgspec.Struct, frozen=True, kw_only=True):
    """A chat request, read.

    ``top_logprobs`` is None where no log-probabilities are wanted. ``choices``, where there are any, are the only answers
    that count. ``client`` is who asks (``user``), ``conversation``
    what its prompts have in common (``prompt_cache_key``); both may be empty.
    """

    model: str
    request: ChatRequest
    stream: bool
    include_usage: bool
    top_logprobs: int | None
    choices: tuple[str, ...]
    client: str
    conversation: str


def read_chat(raw: bytes) -> Chat:
    """Read the body of ``POST /v1/chat/completions``.

    Raises:
        BadInput: it is no such body, or asks for what cannot be had; the parameter is named.
    """
    fields, body = _decode(raw, _Body)
    for name in fields.keys() - set(_Body.__struct_fields__) - HARMLESS:
        if name not in NEUTRAL:
            raise BadInput(f"Unknown parameter: {name}.")
        if fields[name] is not None and fields[name] not in NEUTRAL[name]:
            raise BadInput(f"{name} is not supported.")
    messages = _messages(body.messages)
    if body.continue_final_message is False and messages[-1].role == "assistant":
        raise BadInput("continue_final_message=false is not supported: a trailing assistant turn is continued.")
    limit = body.max_completion_tokens if body.max_completion_tokens is not None else body.max_tokens
    limit = USUAL_TOKENS if limit is None else limit
    if limit < 1:
        raise BadInput("max_tokens must be at least 1.")
    if body.temperature is not None and not 0 <= body.temperature <= 2:
        raise BadInput("temperature must be between 0 and 2.")
    if body.top_p is not None and not 0 < body.top_p <= 1:
        raise BadInput("top_p must be above 0 and at most 1.")
    if body.top_k is not None and body.top_k < 0:
        raise BadInput("top_k must be 0 (all) or more.")
    top = None
    if body.logprobs:
        top = body.top_logprobs or 0
        if not 0 <= top <= MOST_TOP_LOGPROBS:
            raise BadInput(f"top_logprobs must be between 0 and {MOST_TOP_LOGPROBS}.")
        if body.stream or body.temperature or (limit != 1 and not body.structured_outputs):
            raise BadInput("logprobs are given for one greedy token: max_tokens=1, temperature=0, no stream.")
    elif body.top_logprobs:
        raise BadInput("top_logprobs needs logprobs.")
    if body.structured_outputs is not None and body.stream:
        raise BadInput("structured_outputs are answered whole: no stream.")
    stop = (body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ())
    return Chat(
        model=body.model,
        request=ChatRequest(
            messages=messages,
            max_tokens=limit,
            temperature=body.temperature,
            top_p=body.top_p,
            top_k=body.top_k,
            seed=body.seed,
            stop=tuple(filter(None, stop)),
            json_schema=_schema(body.response_format),
        ),
        stream=bool(body.stream),
        include_usage=body.stream_options is not None and body.stream_options.include_usage,
        top_logprobs=top,
        choices=tuple(body.structured_outputs.choice) if body.structured_outputs else (),
        client=_short(body.user),
        conversation=_short(body.prompt_cache_key),
    )


def _short(word: str | None) -> str:
    return (word or "")[:100]


def _decode(raw: bytes, kind: type[Any]) -> tuple[dict[str, Any], Any]:
    try:
        fields = msgspec.json.decode(raw, type=dict[str, Any])
        return fields, msgspec.convert(fields, kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise BadInput(f"The body cannot be read: {fault}") from None


def _messages(turns: list[_Turn]) -> tuple[Message, ...]:
    if not turns:
        raise BadInput("messages is empty.")
    read = []
    for place, turn in enumerate(turns):
        role = ROLES.get(turn.role, turn.role)
        if role not in ("system", "user", "assistant"):
            raise BadInput(f"messages[{place}] has the role {turn.role!r}, which is not supported.")
        content = turn.content or ""
        if not isinstance(content, str):
            if other := [part.type for part in content if part.type != "text"]:
                raise BadInput(f"messages[{place}] holds {other[0]}: this model reads text alone.")
            content = "".join(part.text for part in content)
        read.append(Message(role, content))  # type: ignore[arg-type]
    return tuple(read)


def _schema(form: _ResponseFormat | None) -> dict[str, Any] | None:
    if form is None or form.type == "text":
        return None
    if form.type == "json_object":
        return {"type": "object"}
    if form.type == "json_schema" and form.json_schema is not None:
        return form.json_schema.schema
    raise BadInput(f"response_format of type {form.type!r} is not supported.")


class Completion:
    """One answer on its way out: the same fields for the pieces of a stream and for the whole."""

    def __init__(self, model: str) -> None:
        self._head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": model}

    def whole(
        self,
        text: str,
        reasoning: str,
        finish: Finish,
        tops: Sequence[tuple[str, float]] | None = None,
    ) -> dict[str, Any]:
        """The body of an answer that is not streamed; ``tops`` are the likeliest tokens, the written one first."""
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if reasoning:
            message["reasoning_content"] = reasoning
        choice: dict[str, Any] = {"index": 0, "message": message, "logprobs": None, "finish_reason": _stop(finish)}
        if tops is not None:
            listed = [{"token": token, "logprob": log, "bytes": list(token.encode())} for token, log in tops]
            choice["logprobs"] = {"content": [{**one, "top_logprobs": listed} for one in listed[:1]], "refusal": None}
        return {**self._head, "object": "chat.completion", "choices": [choice], "usage": usage(finish.usage)}

    def piece(self, delta: dict[str, Any], finish: Finish | None = None) -> bytes:
        """One event of a stream."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish and _stop(finish)}
        return event({**self._head, "object": "chat.completion.chunk", "choices": [choice]})

    def bill(self, finish: Finish) -> bytes:
        """The event with the usage, which comes after the last piece where it was asked for."""
        return event({**self._head, "object": "chat.completion.chunk", "choices": [], "usage": usage(finish.usage)})


def usage(tokens: TokenUsage) -> dict[str, Any]:
    """The usage object."""
    return {
        "prompt_tokens": tokens.input_tokens,
        "completion_tokens": tokens.output_tokens,
        "total_tokens": tokens.input_tokens + tokens.output_tokens,
        "prompt_tokens_details": {"cached_tokens": tokens.cached_tokens},
    }


def event(body: Any) -> bytes:
    """One server-sent event."""
    return b"data: " + json.dumps(body, separators=(",", ":")).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def _stop(finish: Finish) -> str:
    return STOPS.get(finish.reason, "stop")


def status_of(fault: CodeSteerError) -> int:
    """The HTTP status that says what kind of fault it is."""
    match fault:
        case UnknownModel():
            return 404
        case QueueFull():
            return 429
        case BadInput() | ContextOverflow():
            return 400
        case OutOfMemory() | EndpointUnreachable():
            return 503
    return 500


def error_body(status: int, message: str, code: str) -> dict[str, Any]:
    """The body of an error, in the protocol's own shape."""
    kinds = {401: "authentication_error", 429: "rate_limit_error"}
    kind = kinds.get(status, "invalid_request_error" if status < 500 else "server_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}
