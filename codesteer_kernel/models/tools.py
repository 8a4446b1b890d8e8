"""Put the pieces of tool calls together, as they come in a stream."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .protocol import Tool, ToolCall, ToolCallDelta

__all__ = ["CallAssembler", "arguments_of"]


@dataclass
class _Open:
    index: int | None
    id: str
    name: str
    raw: str = ""
    seal: str = ""


class CallAssembler:
    """Collects the calls of one answer. ``tools`` are the ones that were offered."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._names = {tool.name for tool in tools}
        self._open: list[_Open] = []

    def add(
        self,
        index: int | None,
        *,
        id: str = "",  # noqa: A002 - the wire's word
        name: str = "",
        arguments: str = "",
        seal: str = "",
    ) -> ToolCallDelta:
        """Take in a piece: of the call with this id, else with this index, else of the last one, else of a new one.

        Servers differ: some number every call 0, some do not number, some give no ids.
        """
        call = self._find(index, id, name)
        if call is None:
            call = _Open(index, id or f"call_{len(self._open) + 1}", name)
            self._open.append(call)
        call.name = call.name or name
        call.raw += arguments
        call.seal = call.seal or seal
        return ToolCallDelta(id=call.id, name=call.name, arguments=arguments)

    def finish(self) -> list[ToolCall]:
        """The calls, in their order."""
        calls = [self._finished(call) for call in self._open]
        self._open.clear()
        return calls

    def _find(self, index: int | None, id: str, name: str) -> _Open | None:  # noqa: A002 - the wire's word
        if id:
            return next((call for call in self._open if call.id == id), None)
        if index is not None:
            return next((call for call in reversed(self._open) if call.index == index), None)
        return self._open[-1] if self._open and not name else None

    def _finished(self, call: _Open) -> ToolCall:
        arguments, fault = _read(call.raw)
        if call.name not in self._names:
            arguments, fault = None, f"There is no tool called {call.name!r}."
        return ToolCall(id=call.id, name=call.name, arguments=arguments, raw=call.raw, fault=fault, seal=call.seal)


def _read(raw: str) -> tuple[dict[str, Any] | None, str]:
    try:
        arguments = json.loads(raw or "{}")
    except (ValueError, RecursionError) as fault:
        return None, f"The arguments are not JSON: {fault}"
    if not isinstance(arguments, dict):
        return None, "The arguments are not a JSON object."
    return arguments, ""


def arguments_of(call: ToolCall) -> dict[str, Any]:
    """The arguments to send back with the conversation: servers read them again, so they have to be an object."""
    return {"malformed": call.raw} if call.arguments is None else call.arguments
