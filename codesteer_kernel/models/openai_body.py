"""Requests in the OpenAI chat-completions format, by each provider's ways, and what to leave out of a refused one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .protocol import ChatRequest, Message
from .providers import Preset
from .refusals import Adaptation, without
from .thinking import effort
from .tools import arguments_of

__all__ = ["ADAPTATIONS", "body", "choice_body"]

TOP_LOGPROBS = 20
"""What the protocol allows at most."""


def body(preset: Preset, model: str, request: ChatRequest) -> dict[str, Any]:
    """The SDK's arguments for a streamed ``request``."""
    arguments = _head(preset, model, request.messages, request.max_tokens + (request.thinking or 0))
    arguments |= {"stream": True, "stream_options": {"include_usage": True}}
    if request.temperature is not None:
        arguments["temperature"] = request.temperature
    if request.top_p is not None:
        arguments["top_p"] = request.top_p
    if request.top_k is not None and preset.constraint:
        # Not the protocol's: of the servers that also constrain what is said.
        arguments["extra_body"]["top_k"] = request.top_k
    if request.seed is not None and preset.seed == "seed":
        arguments["seed"] = request.seed
    elif request.seed is not None and preset.seed:
        arguments["extra_body"][preset.seed] = request.seed
    if request.stop:
        arguments["stop"] = list(request.stop)
    if request.json_schema is not None and preset.structured:
        form = {"name": "answer", "schema": request.json_schema, "strict": _strict(request.json_schema)}
        arguments["response_format"] = {"type": "json_schema", "json_schema": form}
    if request.tools:
        arguments["tools"] = [
            {
                "type": "function",
                "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
            }
            for tool in request.tools
        ]
    if request.thinking is not None:
        _think(arguments, preset, request.thinking)
    return arguments


def choice_body(preset: Preset, model: str, messages: Sequence[Message], choices: Sequence[str]) -> dict[str, Any]:
    """The SDK's arguments that ask for the likely next tokens, where one of ``choices`` follows.

    The constraint leaves the probabilities as they are. Without it a model that would rather end here, or begin a
    character of several tokens, gives no token to tell of.
    """
    arguments = _head(preset, model, messages, 1)
    arguments |= {"logprobs": True, "top_logprobs": TOP_LOGPROBS, "temperature": 0.0}
    if preset.constraint == "grammar":
        words = " | ".join(json.dumps(choice, ensure_ascii=False) for choice in choices)
        arguments["extra_body"]["grammar"] = f"root ::= {words}"
    elif preset.constraint:
        arguments["extra_body"][preset.constraint] = {"choice": list(choices)}
    return arguments


def _think(arguments: dict[str, Any], preset: Preset, thinking: int) -> None:
    level = effort(thinking)
    match preset.thinking:
        case "effort":
            arguments["reasoning_effort"] = level
        case "switch":
            arguments["extra_body"]["thinking"] = {"type": "enabled" if thinking else "disabled"}
            if thinking:
                arguments["reasoning_effort"] = level
        case "template":
            # Templates take what they know: Qwen's the switch, gpt-oss' the level.
            arguments["extra_body"]["chat_template_kwargs"] = {
                "enable_thinking": bool(thinking),
                **({"reasoning_effort": level} if thinking else {}),
            }


def _head(preset: Preset, model: str, messages: Sequence[Message], max_tokens: int) -> dict[str, Any]:
    """The SDK's arguments that every request has."""
    arguments: dict[str, Any] = {
        "model": model,
        "messages": [_turn(message, preset) for message in messages],
        preset.limit: max_tokens,
        "extra_body": {},
    }
    if messages[-1].role == "assistant" and preset.says_continue:
        arguments["extra_body"] = {"continue_final_message": True, "add_generation_prompt": False}
    return arguments


def _turn(message: Message, preset: Preset) -> dict[str, Any]:
    turn: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.role == "tool":
        turn["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        turn["content"] = message.content or None
        turn["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(arguments_of(call))},
                **({"extra_content": {"google": {"thought_signature": call.seal}}} if call.seal else {}),
            }
            for call in message.tool_calls
        ]
        if preset.echo and (thought := "".join(thought.text for thought in message.thoughts)):
            turn["reasoning_content"] = thought
    return turn


def _strict(schema: Any) -> bool:
    """Whether ``schema`` is of the kind that strict mode takes: objects closed, with all their properties required."""
    if isinstance(schema, list):
        return all(map(_strict, schema))
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object":
        named = schema.get("properties", {})
        if schema.get("additionalProperties") is not False or set(schema.get("required", ())) != set(named):
            return False
    return all(map(_strict, schema.values()))


# ------------------------------------------------------------------------------------------------------------ refusals


def _other_limit(arguments: dict[str, Any]) -> None:
    """Name the token limit the other way: newer models refuse the old name, older servers the new one."""
    for one, other in (("max_tokens", "max_completion_tokens"), ("max_completion_tokens", "max_tokens")):
        if one in arguments:
            arguments[other] = arguments.pop(one)
            return


def _without_system(arguments: dict[str, Any]) -> None:
    """Say the system's text at the head of the first user turn."""
    system = "\n\n".join(turn["content"] for turn in arguments["messages"] if turn["role"] == "system")
    turns = [dict(turn) for turn in arguments["messages"] if turn["role"] != "system"]
    if system:
        for turn in turns:
            if turn["role"] == "user":
                turn["content"] = f"{system}\n\n{turn['content']}"
                break
        else:
            turns.insert(0, {"role": "user", "content": system})
    arguments["messages"] = turns


ADAPTATIONS: dict[str, Adaptation] = {
    "max_tokens": _other_limit,
    "max_completion_tokens": _other_limit,
    "temperature": without("temperature"),
    "top_p": without("top_p"),
    "reasoning_effort": without("reasoning_effort"),
    "chat_template_kwargs": without("chat_template_kwargs"),
    "stream_options": without("stream_options"),
    "response_format": without("response_format"),
    "json_schema": without("response_format"),
    "structured_outputs": without("structured_outputs"),
    "grammar": without("grammar"),
    "random_seed": without("random_seed"),
    "seed": without("seed"),
    "stop": without("stop"),
    "system": _without_system,
}
