"""Tools: offered, called, answered, on both wire formats."""

from __future__ import annotations

import json
from typing import Any

import pytest

from codesteer_kernel.errors import BadInput, ModelError
from codesteer_kernel.models import Finish, Message, Tool, ToolCall, ToolCallDelta, open_model
from tests.models.endpoints import WIRES, ask, choice, openai_chunk, request, serving, sse, text, turn
from tests.scripted import Reply

SUM = Tool(
    name="add",
    description="Add two numbers.",
    parameters={"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}},
)
NOW = Tool(name="now", description="The time.", parameters={"type": "object", "properties": {}})
QUESTION = Message("user", "How much is 2 and 3?")
CALL = [("call_7", "add", '{"a": 2, "b": 3}')]


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_a_call_streams_in_pieces_and_comes_whole(wire: str) -> None:
    async with serving([Reply("Let me add.", calls=CALL)], wire) as (server, model):
        assert model.abilities.tools
        deltas = await ask(model, QUESTION, tools=(SUM, NOW))
    pieces = [delta for delta in deltas if isinstance(delta, ToolCallDelta)]
    assert "".join(piece.arguments for piece in pieces) == CALL[0][2]
    assert len(pieces) > 2
    assert {(piece.id, piece.name) for piece in pieces} == {("call_7", "add")}
    assert text(deltas) == "Let me add."
    call, finish = deltas[-2:]
    assert call == ToolCall(id="call_7", name="add", arguments={"a": 2, "b": 3}, raw=CALL[0][2])
    assert isinstance(finish, Finish)
    assert finish.reason == "tool_calls"
    offered = server.requests[0].body["tools"]
    if wire == "openai":
        function = {"name": "add", "description": "Add two numbers.", "parameters": SUM.parameters}
        assert offered[0] == {"type": "function", "function": function}
    else:
        assert offered[0] == {"name": "add", "description": "Add two numbers.", "input_schema": SUM.parameters}


async def test_results_go_back_with_the_calls_they_belong_to(wire: str) -> None:
    calls = [*CALL, ("call_8", "now", "")]
    async with serving([Reply("", calls=calls), "It is 5."], wire) as (server, model):
        first = await turn(model, QUESTION, tools=(SUM, NOW))
        results = [Message("tool", said, tool_call_id=call.id) for call, said in zip(first.calls, "5x", strict=True)]
        conversation = [QUESTION, first.message, *results, Message("user", "So?")]
        second = await turn(model, *conversation, tools=(SUM, NOW))
    assert [call.arguments for call in first.calls] == [{"a": 2, "b": 3}, {}]
    assert second.text == "It is 5."
    sent = server.requests[1].body["messages"]
    if wire == "openai":
        asked = sent[1]
        assert asked["content"] is None
        assert [call["id"] for call in asked["tool_calls"]] == ["call_7", "call_8"]
        assert [json.loads(call["function"]["arguments"]) for call in asked["tool_calls"]] == [{"a": 2, "b": 3}, {}]
        assert sent[2:4] == [
            {"role": "tool", "tool_call_id": "call_7", "content": "5"},
            {"role": "tool", "tool_call_id": "call_8", "content": "x"},
        ]
    else:
        assert [turn["role"] for turn in sent] == ["user", "assistant", "user"]
        assert sent[1]["content"][0] == {"type": "tool_use", "id": "call_7", "name": "add", "input": {"a": 2, "b": 3}}
        blocks = [
            {key: block.get(key) for key in ("type", "tool_use_id", "content", "text")} for block in sent[2]["content"]
        ]
        assert [block["type"] for block in blocks] == ["tool_result", "tool_result", "text"]
        assert [block["tool_use_id"] for block in blocks] == ["call_7", "call_8", None]


MALFORMED = [
    ("add", '{"a": 2,', "The arguments are not JSON"),
    ("add", "[1, 2]", "The arguments are not a JSON object."),
    ("add", "nonsense", "The arguments are not JSON"),
    ("add", "[" * 5000, "The arguments are not JSON"),
    ("subtract", '{"a": 2}', "There is no tool called 'subtract'."),
]


@pytest.mark.parametrize(("name", "arguments", "fault"), MALFORMED, ids=["cut", "list", "words", "deep", "unknown"])
async def test_a_call_that_cannot_be_made_is_an_outcome_not_an_error(
    wire: str, name: str, arguments: str, fault: str
) -> None:
    async with serving([Reply("", calls=[("c", name, arguments)]), "sorry"], wire) as (server, model):
        first = await turn(model, QUESTION, tools=(SUM,))
        call = first.calls[0]
        back = Message("tool", call.fault, tool_call_id=call.id)
        assert (await turn(model, QUESTION, first.message, back, tools=(SUM,))).text == "sorry"
    assert call.arguments is None
    assert call.raw == arguments
    assert call.fault.startswith(fault)
    # Servers read the arguments again: what goes back is an object whatever was written.
    asked = server.requests[1].body["messages"][1]
    block = next((block for block in asked["content"] or [] if block["type"] == "tool_use"), None)
    sent = block["input"] if block else json.loads(asked["tool_calls"][0]["function"]["arguments"])
    assert sent == {"malformed": arguments}


async def test_a_call_cut_by_the_token_limit_says_so(wire: str) -> None:
    reply = Reply("", calls=[("c", "add", '{"a": 2')], finish="length")
    async with serving([reply], wire) as (_, model):
        told = await turn(model, QUESTION, tools=(SUM,))
    assert told.finish is not None
    assert told.finish.reason == "length"
    assert told.calls[0].arguments is None


def piece(index: Any = 0, id: str | None = None, name: str | None = None, arguments: Any = None, **more: Any) -> str:  # noqa: A002
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    call = {"index": index, "id": id, "type": "function", "function": function, **more}
    return openai_chunk(**choice({"tool_calls": [{key: value for key, value in call.items() if value is not None}]}))


HABITS = {
    "by the book": [piece(0, "x", "add", ""), piece(0, None, None, '{"a":'), piece(0, None, None, " 1}"), piece(1, "y", "now", "{}")],
    "every call is number 0": [piece(0, "x", "add", '{"a": 1}'), piece(0, "y", "now", "{}")],
    "no numbers": [piece(None, "x", "add", '{"a": 1}'), piece(None, "y", "now", "{}")],
    "the id in every piece": [piece(0, "x", "add", '{"a":'), piece(0, "x", None, " 1}"), piece(1, "y", "now", "{}")],
    "no numbers, pieces": [piece(None, "x", "add", '{"a":'), piece(None, None, None, " 1}"), piece(None, "y", "now", "{}")],
}  # fmt: skip


@pytest.mark.parametrize("habit", HABITS)
async def test_servers_number_their_calls_as_they_like(habit: str) -> None:
    async with serving([sse(*HABITS[habit], openai_chunk(**choice({}, "stop")))], "openai") as (_, model):
        told = await turn(model, QUESTION, tools=(SUM, NOW))
    assert [(call.id, call.name, call.arguments) for call in told.calls] == [("x", "add", {"a": 1}), ("y", "now", {})]
    assert told.finish is not None
    assert told.finish.reason == "tool_calls"


async def test_calls_without_ids_get_some() -> None:
    events = [piece(0, None, "add", '{"a": 1}'), piece(1, None, "now", "{}"), openai_chunk(**choice({}, "tool_calls"))]
    async with serving([sse(*events)], "openai") as (_, model):
        told = await turn(model, QUESTION, tools=(SUM, NOW))
    assert len({call.id for call in told.calls} - {""}) == 2


async def test_geminis_signature_goes_back_with_the_call() -> None:
    seal = {"google": {"thought_signature": "EjQK"}}
    events = [piece(None, "x", "now", "{}", extra_content=seal), openai_chunk(**choice({}, "stop"))]
    async with serving([sse(*events), "noon"], "openai", provider="gemini") as (server, model):
        told = await turn(model, QUESTION, tools=(NOW,))
        await turn(model, QUESTION, told.message, Message("tool", "12", tool_call_id="x"), tools=(NOW,))
    assert told.calls[0].seal == "EjQK"
    assert server.requests[1].body["messages"][1]["tool_calls"][0]["extra_content"] == seal


@pytest.mark.parametrize("name", ["local/smollm2-135m", "hf/Some/Model"])
async def test_tools_are_refused_where_there_are_none(name: str) -> None:
    model = open_model(name)
    assert not model.abilities.tools
    with pytest.raises(BadInput, match="cannot call tools"):
        await anext(aiter(model.stream(request(tools=(SUM,)))))


async def test_a_server_that_knows_no_tools_says_so(wire: str) -> None:
    said = "registry.example/library/tiny does not support tools"
    async with serving([Reply(status=400, error=said)], wire) as (server, model):
        with pytest.raises(ModelError, match="does not support tools"):
            await ask(model, tools=(SUM,))
    assert len(server.requests) == 1
