"""Hidden reasoning, and prompt caches: what is asked for, what comes back, what goes back with the next turn."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from codesteer_kernel.errors import BadInput
from codesteer_kernel.models import Delta, Message, Restarted, Thought, Tool, ToolCall, Turn, open_model
from tests.models.endpoints import WIRES, ask, choice, openai_chunk, serving, sse, text, turn
from tests.scripted import Reply, Request, ScriptedServer

SYSTEM = Message("system", "You steer.")
TOOL = Tool(name="look", description="Look.", parameters={"type": "object", "properties": {}})
FORBIDDEN_BUDGET = (
    '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort"'
    " to control thinking behavior."
)


# -- the growing conversation, cached


def marks(body: dict[str, Any]) -> list[str]:
    """Where a request marks its cache to end."""
    found = [f"tools[{n}]" for n, tool in enumerate(body.get("tools", ())) if "cache_control" in tool]
    found += [f"system[{n}]" for n, block in enumerate(body.get("system", ())) if "cache_control" in block]
    for n, said in enumerate(body["messages"]):
        found += [f"turn[{n}]" for block in said["content"] if "cache_control" in block]
    return found


def bare(value: Any) -> Any:
    """``value`` without marks: they are no part of what is cached."""
    if isinstance(value, list):
        return [bare(part) for part in value]
    if isinstance(value, dict):
        return {name: bare(part) for name, part in value.items() if name != "cache_control"}
    return value


@pytest.mark.parametrize("tools", [(), (TOOL,)], ids=["", "tools"])
async def test_anthropic_finds_the_last_round_in_its_cache(tools: tuple[Tool, ...]) -> None:
    """Round by round: the same bytes first, marked where the round before ended and where the next will look."""
    said = [Reply(f"answer {number}", reasoning="hm", times=1) for number in range(5)]
    conversation = [SYSTEM]
    async with serving(said, "anthropic") as (server, model):
        assert model.abilities.prefix_cache
        for number in range(5):
            conversation.append(Message("user", f"round {number}"))
            answer = await turn(model, *conversation, tools=tools)
            conversation.append(answer.message)
    bodies = [one.body for one in server.requests]
    assert [marks(body) for body in bodies] == [
        ["system[0]", "turn[0]"],
        ["system[0]", "turn[0]", "turn[2]"],
        ["system[0]", "turn[2]", "turn[4]"],
        ["system[0]", "turn[4]", "turn[6]"],
        ["system[0]", "turn[6]", "turn[8]"],
    ]
    for before, after in pairwise(bodies):
        for part in ("tools", "system"):
            assert json.dumps(bare(after.get(part))) == json.dumps(bare(before.get(part)))
        length = len(before["messages"])
        assert json.dumps(bare(after["messages"][:length])) == json.dumps(bare(before["messages"]))
        assert after["messages"][length]["role"] == "assistant"


async def test_without_a_system_text_the_tools_are_marked() -> None:
    async with serving(["x"], "anthropic") as (server, model):
        await ask(model, Message("user", "hi"), tools=(TOOL, TOOL))
    assert marks(server.requests[0].body) == ["tools[1]", "turn[0]"]


async def test_an_endpoint_that_knows_no_marks_gets_none() -> None:
    def script(asked: Request) -> Reply:
        return (
            Reply(status=400, error="cache_control: Extra inputs are not permitted")
            if marks(asked.body)
            else Reply("x")
        )

    async with serving(script, "anthropic") as (server, model):
        for _ in range(2):
            assert text(await ask(model, SYSTEM, Message("user", "hi"), tools=(TOOL,))) == "x"
    assert len(server.requests) == 3


async def test_openai_conversations_only_grow_too() -> None:
    conversation = [SYSTEM]
    async with serving([Reply(f"answer {n}") for n in range(3)], "openai") as (server, model):
        for number in range(3):
            conversation.append(Message("user", f"round {number}"))
            conversation.append((await turn(model, *conversation)).message)
    sent = [json.dumps(one.body["messages"])[:-1] for one in server.requests]
    assert sent[1].startswith(sent[0])
    assert sent[2].startswith(sent[1])


async def test_empty_turns_are_filled_for_anthropic() -> None:
    turns = [Message("user", "hi"), Message("assistant", " \n"), Message("user", "")]
    async with serving(["x"], "anthropic") as (server, model):
        await ask(model, *turns)
    assert [said["content"][0]["text"] for said in server.requests[0].body["messages"]] == [
        "hi",
        "(nothing)",
        "(nothing)",
    ]


# -- extended thinking


async def test_a_budget_of_thought_is_asked_for_by_anthropics_rules() -> None:
    async with serving([Reply("x", times=None)], "anthropic") as (server, model):
        assert model.abilities.thinking
        for thinking in (5000, 10, 0, None):
            await ask(model, max_tokens=300, temperature=0.0, thinking=thinking)
    some, little, none, silent = (one.body for one in server.requests)
    assert some["thinking"] == {"type": "enabled", "budget_tokens": 5000}
    assert some["max_tokens"] == 5300, "the budget comes on top, and has to be below"
    assert "temperature" not in some
    assert little["thinking"]["budget_tokens"] == 1024
    assert little["max_tokens"] == 1324
    assert none["thinking"] == {"type": "disabled"}
    assert (none["temperature"], none["max_tokens"]) == (0.0, 300)
    assert "thinking" not in silent


@pytest.mark.parametrize(("thinking", "effort"), [(1024, "low"), (5000, "medium"), (20_000, "high")])
async def test_models_that_know_no_budget_are_asked_by_effort(thinking: int, effort: str) -> None:
    def script(asked: Request) -> Reply:
        if asked.body.get("thinking", {}).get("type") == "enabled":
            return Reply(status=400, error=FORBIDDEN_BUDGET)
        return Reply("{}", reasoning="hm")

    schema = {"type": "object", "properties": {}}
    async with serving(script, "anthropic") as (server, model):
        for _ in range(2):
            assert text(await ask(model, thinking=thinking, json_schema=schema)) == "{}"
    assert len(server.requests) == 3
    body = server.requests[-1].body
    assert body["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert body["output_config"]["effort"] == effort
    assert body["output_config"]["format"]["type"] == "json_schema"


async def test_models_that_cannot_be_kept_from_thinking_are_not() -> None:
    def script(asked: Request) -> Reply:
        if "thinking" in asked.body:
            return Reply(status=400, error='"thinking.type.disabled" is not supported for this model.')
        return Reply("x")

    async with serving(script, "anthropic") as (server, model):
        assert text(await ask(model, thinking=0)) == "x"
    assert len(server.requests) == 2


async def test_thoughts_go_back_signed_with_the_turn_they_belong_to() -> None:
    signed = Reply("", reasoning="let me look", signature="sig-1", calls=[("c1", "look", "{}")])
    sealed = Reply("fine", reasoning="ENCRYPTED", signature="")
    async with serving([signed, sealed, "end"], "anthropic") as (server, model):
        user = Message("user", "look")
        first = await turn(model, user, tools=(TOOL,), thinking=2000)
        result = Message("tool", "a cat", tool_call_id="c1")
        second = await turn(model, user, first.message, result, tools=(TOOL,), thinking=2000)
        more = Message("user", "and?")
        await turn(model, user, first.message, result, second.message, more, tools=(TOOL,), thinking=2000)
    assert first.reasoning == "let me look"
    assert first.message.thoughts == (Thought(text="let me look", signature="sig-1"),)
    assert second.message.thoughts == (Thought(sealed="ENCRYPTED"),)
    assert second.text == "fine"
    assert second.reasoning == ""
    turns = server.requests[2].body["messages"]
    assert [block["type"] for block in turns[1]["content"]] == ["thinking", "tool_use"]
    assert turns[1]["content"][0] == {"type": "thinking", "thinking": "let me look", "signature": "sig-1"}
    assert turns[3]["content"][0] == {"type": "redacted_thinking", "data": "ENCRYPTED"}


async def test_thoughts_that_another_model_signed_are_left_out() -> None:
    def script(asked: Request) -> Reply:
        if "thinking" in json.dumps(asked.body["messages"]):
            return Reply(status=400, error="messages.1.content.0: Invalid `signature` in `thinking` block")
        return Reply("fine")

    other = Message("assistant", "", thoughts=(Thought(text="hm", signature="theirs"),))
    async with serving(script, "anthropic") as (server, model):
        assert text(await ask(model, Message("user", "a"), other, Message("user", "b"))) == "fine"
    assert server.requests[-1].body["messages"][1]["content"] == [{"type": "text", "text": "(nothing)"}]


@pytest.mark.parametrize("wire", WIRES)
async def test_unsigned_thoughts_stay_at_home(wire: str) -> None:
    call = ToolCall(id="c", name="look", arguments={})
    unsigned = Message("assistant", "yes", tool_calls=(call,), thoughts=(Thought(text="from elsewhere"),))
    async with serving(["fine"], wire) as (server, model):
        await ask(model, Message("user", "a"), unsigned, Message("tool", "b", tool_call_id="c"), tools=(TOOL,))
    assert "elsewhere" not in json.dumps(server.requests[0].body)


# -- reasoning of OpenAI-style servers


@pytest.mark.parametrize(
    ("provider", "thinking", "asked"),
    [
        ("openai", 500, {"reasoning_effort": "low"}),
        ("openai", 0, {"reasoning_effort": "none"}),
        ("gemini", 4000, {"reasoning_effort": "medium"}),
        ("ollama", 20_000, {"reasoning_effort": "high"}),
        ("deepseek", 9000, {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
        ("deepseek", 0, {"thinking": {"type": "disabled"}}),
        ("vllm", 500, {"chat_template_kwargs": {"enable_thinking": True, "reasoning_effort": "low"}}),
        ("llamacpp", 0, {"chat_template_kwargs": {"enable_thinking": False}}),
        ("mistral", 500, {}),
        ("openai", None, {}),
    ],
)
async def test_thinking_is_asked_for_as_the_provider_wants_it(
    provider: str, thinking: int | None, asked: dict[str, Any]
) -> None:
    async with serving(["x"], "openai", provider=provider) as (server, model):
        await ask(model, thinking=thinking, max_tokens=100)
    body = server.requests[0].body
    names = ("reasoning_effort", "thinking", "chat_template_kwargs")
    assert {name: body[name] for name in names if name in body} == asked
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    assert limit == 100 + (thinking or 0)


async def test_a_model_that_cannot_reason_is_not_asked_again() -> None:
    def script(asked: Request) -> Reply:
        if "reasoning_effort" in asked.body:
            return Reply(status=400, error="Unrecognized request argument supplied: reasoning_effort")
        return Reply("x")

    async with serving(script, "openai") as (server, model):
        for _ in range(2):
            assert text(await ask(model, thinking=100)) == "x"
    assert len(server.requests) == 3


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
async def test_reasoning_in_a_field_of_its_own_is_no_answer(field: str) -> None:
    events = [openai_chunk(**choice({field: "hm, ", "content": ""})), openai_chunk(**choice({field: "yes"}))]
    events += [openai_chunk(**choice({"content": "Yes</think>"})), openai_chunk(**choice({}, "stop"))]
    async with serving([sse(*events)], "openai", provider="vllm") as (_, model):
        told = await turn(model)
    assert (told.reasoning, told.text) == ("hm, yes", "Yes</think>")


async def test_mistrals_content_in_parts_is_sorted() -> None:
    thought = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm, "}, {"type": "text", "text": "yes"}]}]
    parts = [{"type": "text", "text": "Yes"}, {"type": "text", "text": "."}]
    events = [openai_chunk(**choice({"content": said})) for said in (thought, parts, "!")]
    async with serving([sse(*events, openai_chunk(**choice({}, "stop")))], "openai", provider="mistral") as (_, model):
        told = await turn(model)
    assert (told.reasoning, told.text) == ("hm, yes", "Yes.!")


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("tag", ["think", "thinking", "thought"])
async def test_inline_thinking_is_reasoning(wire: str, tag: str) -> None:
    async with serving([f"<{tag}>hm, hm</{tag}>\n\nForty."], wire) as (_, model):
        told = await turn(model)
    assert (told.reasoning, told.text) == ("hm, hm", "Forty.")


BARE = "hm, let me\nthink\n</think>\n\nForty two."


@pytest.mark.parametrize("provider", ["vllm", "ollama", "llamacpp", "lmstudio", "openai", "anthropic"])
async def test_a_block_that_the_template_opened_is_taken_back_once_it_is_closed(provider: str) -> None:
    """The first time it shows only at the end of the thought; from then on the model is known for it."""
    wire = "anthropic" if provider == "anthropic" else "openai"
    async with serving([BARE, BARE, "No thought at all."], wire, provider=provider) as (_, model):
        first, second, third = [await ask(model) for _ in range(3)]
    for deltas in (first, second):
        told = fold(deltas)
        assert (told.reasoning, told.text) == ("hm, let me\nthink\n", "Forty two.")
    assert sum(isinstance(delta, Restarted) for delta in first) == 1
    assert not any(isinstance(delta, Restarted) for delta in second)
    assert fold(third).text == "No thought at all."


async def test_what_an_answer_says_of_such_tags_stays() -> None:
    program = 'Split at "</think>":\n```python\nx.split("</think>")\n```\nThat is </think> then.'
    async with serving([program], "openai", provider="vllm") as (_, model):
        told = await turn(model)
    assert (told.reasoning, told.text) == ("", program)


@pytest.mark.parametrize("wire", WIRES)
async def test_a_service_with_models_of_its_own_is_not_suspected(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with ScriptedServer([BARE]) as server:
        monkeypatch.setenv(f"{wire.upper()}_BASE_URL", server.url + ("/v1" if wire == "openai" else ""))
        model = open_model(f"{wire}/m")
        told = fold(await ask(model))
        await model.aclose()
    assert told.text == BARE


async def test_a_turn_that_is_only_continued_opens_no_block() -> None:
    async with serving([BARE], "openai", provider="vllm") as (server, model):
        told = await turn(model, Message("user", "a"), Message("assistant", "hm"))
    assert told.text == BARE
    assert server.requests[0].body["continue_final_message"] is True


async def test_deepseeks_reasoning_goes_back_with_its_calls_and_only_with_them() -> None:
    said = [Reply("", reasoning="look first", calls=[("c", "look", "{}")]), Reply("a cat", reasoning="so"), "end"]
    async with serving(said, "openai", provider="deepseek") as (server, model):
        user, result = Message("user", "what?"), Message("tool", "cat", tool_call_id="c")
        first = await turn(model, user, tools=(TOOL,))
        second = await turn(model, user, first.message, result, tools=(TOOL,))
        await turn(model, user, first.message, result, second.message, Message("user", "ok"), tools=(TOOL,))
    turns = server.requests[2].body["messages"]
    assert turns[1]["reasoning_content"] == "look first"
    assert "reasoning_content" not in turns[3]


@pytest.mark.parametrize("wire", WIRES)
async def test_thinking_cannot_be_negative(wire: str) -> None:
    async with serving([], wire) as (_, model):
        with pytest.raises(BadInput, match="thinking"):
            await ask(model, thinking=-1)


def fold(deltas: list[Delta]) -> Turn:
    folded = Turn()
    for delta in deltas:
        folded.feed(delta)
    return folded
