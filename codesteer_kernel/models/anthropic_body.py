"""Requests in the Anthropic Messages format, and what to leave out of one that a model refuses."""

from __future__ import annotations

from typing import Any

from .protocol import ChatRequest, Message
from .refusals import Adaptation, without
from .thinking import effort
from .tools import arguments_of

__all__ = ["ADAPTATIONS", "body"]

LEAST_THINKING = 1024
"""Tokens; the API takes no smaller budget."""
MARK = {"type": "ephemeral"}


def body(model: str, request: ChatRequest) -> dict[str, Any]:
    """The SDK's arguments for a streamed ``request``.

    All content is in blocks, whatever it is, so that a turn looks the same in every later request: prompt caches know
    the conversation by its beginning.
    """
    arguments: dict[str, Any] = {
        "model": model,
        "max_tokens": request.max_tokens,
        "messages": _turns(request.messages),
        "stream": True,
        "extra_body": {},
    }
    system = "\n\n".join(message.content for message in request.messages if message.role == "system")
    if system:
        arguments["system"] = [{"type": "text", "text": system}]
    if request.tools:
        arguments["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
            for tool in request.tools
        ]
    if request.stop:
        arguments["stop_sequences"] = list(request.stop)
    if request.json_schema is not None:
        arguments["output_config"] = {"format": {"type": "json_schema", "schema": _closed(request.json_schema)}}
    if request.thinking:
        budget = max(LEAST_THINKING, request.thinking)
        arguments["thinking"] = {"type": "enabled", "budget_tokens": budget}
        arguments["max_tokens"] += budget
    elif request.thinking == 0:
        arguments["thinking"] = {"type": "disabled"}
    if not request.thinking:
        # Not arguments of the SDK any more, still of the models that take them. None takes them while it thinks.
        drawn = {"temperature": request.temperature, "top_p": request.top_p, "top_k": request.top_k}
        arguments["extra_body"] |= {name: value for name, value in drawn.items() if value is not None}
    _mark(arguments)
    return arguments


def _turns(messages: tuple[Message, ...]) -> list[dict[str, Any]]:
    """The turns but the system's; results of calls stand in the user turn that follows them."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "system":
            continue
        role = "assistant" if message.role == "assistant" else "user"
        results = bool(turns) and turns[-1]["content"][-1]["type"] == "tool_result"
        if role == "user" and results:
            turns[-1]["content"] += _blocks(message)
        else:
            turns.append({"role": role, "content": _blocks(message)})
    return turns


def _blocks(message: Message) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    for thought in message.thoughts:
        if thought.sealed:
            blocks.append({"type": "redacted_thinking", "data": thought.sealed})
        elif thought.signature:
            blocks.append({"type": "thinking", "thinking": thought.text, "signature": thought.signature})
    if message.role == "tool":
        blocks.append({"type": "tool_result", "tool_use_id": message.tool_call_id, "content": message.content})
    elif message.content.strip():
        blocks.append({"type": "text", "text": message.content})
    elif not message.tool_calls:
        blocks.append({"type": "text", "text": "(nothing)"})  # the API takes no empty turn
    blocks += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": arguments_of(call)}
        for call in message.tool_calls
    ]
    return blocks


def _mark(arguments: dict[str, Any]) -> None:
    """Mark where caches may end (the API takes four marks at most).

    After the fixed part (tools and system text, shared by all runs), and after the last two user turns: the older of
    them is where the round before ended, the newer where the next one will find its cache.
    """
    fixed = arguments.get("system") or arguments.get("tools")
    if fixed:
        fixed[-1] |= {"cache_control": MARK}
    for turn in [turn for turn in arguments["messages"] if turn["role"] == "user"][-2:]:
        turn["content"][-1] |= {"cache_control": MARK}


# ------------------------------------------------------------------------------------------------------------ refusals


def _by_effort(arguments: dict[str, Any]) -> None:
    """Ask by effort: newer models know no budget, and some can not be kept from thinking."""
    asked = arguments.pop("thinking", {})
    if asked.get("type") == "enabled":
        # Their thoughts are left out unless asked for, and a long silence is hard to tell from a fault.
        arguments["thinking"] = {"type": "adaptive", "display": "summarized"}
        level = {"effort": effort(asked["budget_tokens"])}
        arguments["output_config"] = arguments.get("output_config", {}) | level


def _without_effort(arguments: dict[str, Any]) -> None:
    arguments.get("output_config", {}).pop("effort", None)
    if not arguments.get("output_config", True):
        del arguments["output_config"]


def _without_thoughts(arguments: dict[str, Any]) -> None:
    """Leave out earlier thoughts: another model's, or another conversation's, whose signature does not fit."""
    for turn in arguments["messages"]:
        kept = [block for block in turn["content"] if block["type"] not in ("thinking", "redacted_thinking")]
        turn["content"] = kept or [{"type": "text", "text": "(nothing)"}]


def _without_marks(arguments: dict[str, Any]) -> None:
    blocks = [*arguments.get("tools", ()), *arguments.get("system", ())]
    for block in [*blocks, *(block for turn in arguments["messages"] for block in turn["content"])]:
        block.pop("cache_control", None)


# In this order: what a model says of budgets names the effort, and what it says of temperatures the thinking.
ADAPTATIONS: dict[str, Adaptation] = {
    "temperature": without("temperature"),
    "top_p": without("top_p"),
    "top_k": without("top_k"),
    "signature": _without_thoughts,
    "thinking.type": _by_effort,
    "effort": _without_effort,
    "output_config": without("output_config"),
    "output format": without("output_config"),
    "cache_control": _without_marks,
    "thinking": without("thinking"),
}


def _closed(schema: Any) -> Any:
    """``schema`` with every object closed to unnamed properties, which the API asks for."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(part) for name, part in schema.items()}
    if closed.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed
