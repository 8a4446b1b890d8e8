"""Code Interpreter: the target runs programs as it likes and sees what they print, turn by turn, until it answers in words.

Each reply is a round. Models that can call tools call one; for others a fenced block is the call. Every program is a fresh
script in the child kernel (nothing is kept from one to the next but the files of no program). After the last round that
the budget allows, what its program printed is the answer. The published column (CI) is a hosted interpreter's multi-turn
use, restated here on our kernel.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from codesteer_kernel.evaluation.method import Method
from codesteer_kernel.evaluation.methods.asking import answered, begin, by_program, outcome, request, turn
from codesteer_kernel.models.protocol import Message, Tool, ToolCall
from codesteer_kernel.record import Decision
from codesteer_kernel.record import events as ev
from codesteer_kernel.steering.acts import Acts, Ending
from codesteer_kernel.steering.extraction import result_of_text
from codesteer_kernel.steering.procedure import Procedure
from codesteer_kernel.steering.prompts import load_prompts
from codesteer_kernel.steering.support import last

__all__ = ["CODE_INTERPRETER"]

_FIRST = Decision(kind="code", source="rule", reason="The target has an interpreter.")
_GOES_ON = Decision(kind="code", source="rule", reason="The target has seen what its program did and goes on.")
_TOOL = Tool(
    name="python",
    description="Run a complete Python program, afresh each time, and get what it prints.",
    parameters={
        "type": "object",
        "properties": {"code": {"type": "string", "description": "The program."}},
        "required": ["code"],
    },
)

_Turn = Callable[[Acts, list[Message], Decision], Awaitable[bool]]


async def _interpreter(acts: Acts, rounds: int) -> Ending:
    with_tools = acts.roles.target.abilities.tools
    one_turn: _Turn = _by_tool if with_tools else _by_fence
    messages = [turn(acts, "tools", tool=_TOOL.name) if with_tools else turn(acts, "fences")]
    for number in range(rounds):
        if not await one_turn(acts, messages, _GOES_ON if number else _FIRST):
            return Ending("done")
    return Ending("exhausted")


async def _by_fence(acts: Acts, messages: list[Message], decision: Decision) -> bool:
    """One reply, whose last block is run; tells whether there was one, and appends what was said of it."""
    answer = await by_program(acts, messages, decision)
    run = acts.record.rounds[-1].execution
    if run is None:
        return False
    messages += [answered(answer), Message("user", outcome(run))]
    return True


async def _by_tool(acts: Acts, messages: list[Message], decision: Decision) -> bool:
    """One reply, whose first sound call is run; every call is answered. Tells whether there was any."""
    index = begin(acts, decision)
    reply = await acts.reply(request(acts, messages, tools=(_TOOL,)), index)
    chosen = next((call for call in reply.tool_calls if not _fault(call)), None)
    code = str((chosen.arguments or {})["code"]) if chosen else None
    text = reply.text if code is None else f"{reply.text}\n```python\n{code}\n```".lstrip("\n")
    acts.take(reply, text, code, index)
    said, result = "", result_of_text(reply.text)
    if code is not None:
        execution, result = await acts.execute(code, index)
        said = outcome(execution)
    acts.emitter.emit(ev.RoundEnded, round=index, result=result)
    messages.append(Message("assistant", reply.text, tool_calls=tuple(reply.tool_calls), thoughts=reply.thoughts))
    for call in reply.tool_calls:
        told = said if call is chosen else _fault(call) or load_prompts("methods").text("one_at_a_time")
        messages.append(Message("tool", told, tool_call_id=call.id))
    return bool(reply.tool_calls)


def _fault(call: ToolCall) -> str:
    """Why a call cannot be run; empty where it can."""
    if call.fault or call.arguments is None:
        return call.fault or "The call has no arguments."
    code = call.arguments.get("code")
    return "" if isinstance(code, str) and code.strip() else "Give the program as the argument code."


CODE_INTERPRETER = Method(
    name="code-interpreter",
    title="Code Interpreter",
    about="the target runs programs and sees what they print, turn by turn, until it answers or the rounds are used up",
    procedure=Procedure("code-interpreter", _interpreter, last),
    published="CI",
)
