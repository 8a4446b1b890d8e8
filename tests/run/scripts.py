"""Scripts for the model server that make it play all parts of a run: steerer, target and writer of the check."""

from __future__ import annotations

import json
from collections.abc import Iterable

from tests.scripted import Reply, ScriptedServer

__all__ = ["CHECK", "WIRES", "model", "program", "say", "script", "two_rounds"]

WIRES = ("openai", "anthropic")

CHECK = """```python
def check(answer):
    right = sum(n * n for n in range(1, 11))
    return int(answer) == right, f"the sum is {right}"
```"""


def model(server: ScriptedServer, wire: str = "openai") -> str:
    """The name under which a run finds the server."""
    return f"{wire}/scripted@{server.url}{'/v1' if wire == 'openai' else ''}"


def say(decision: str, guidance: str = "", reason: str = "because") -> str:
    """A steerer's decision."""
    return json.dumps({"decision": decision, "guidance": guidance, "reason": reason})


def program(source: str) -> str:
    """A target's reply that holds a program."""
    return f"Here it is:\n\n```python\n{source}\n```\n"


def script(
    steerer: Iterable[Reply | str], target: Iterable[Reply | str], check: Reply | str = CHECK
) -> list[Reply | str]:
    """Replies by role, each role's in order; the check may be asked for as often as anybody likes."""
    replies: list[Reply | str] = []
    for reply in steerer:
        reply = Reply(reply) if isinstance(reply, str) else reply
        reply.system = reply.system or "You steer another model"
        replies.append(reply)
    check = Reply(check, times=None) if isinstance(check, str) else check
    check.match = r"function check\(answer|That program failed"
    return [*replies, check, *target]


def two_rounds() -> list[Reply | str]:
    """The sum of the first ten squares: wrong at first, which the check finds, then right."""
    return script(
        [say("code", reason="sums are for programs"), say("refine", "Square each number."), say("return")],
        [program("print(sum(n for n in range(1, 11)))"), program("print(sum(n * n for n in range(1, 11)))")],
    )
