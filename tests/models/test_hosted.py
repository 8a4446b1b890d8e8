"""The official SDKs against scripted servers that speak the real wire formats: what is asked, and what comes back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import aclosing
from email.utils import formatdate
from typing import Any

import pytest

from codesteer_kernel.errors import BadInput, BrokenAnswer, ContextOverflow, ModelError, ModelTimeout, RateLimited
from codesteer_kernel.models import (
    ChatRequest,
    Delta,
    Finish,
    Message,
    ReasoningDelta,
    Restarted,
    TextDelta,
    TokenUsage,
    UsageDelta,
    open_model,
)
from codesteer_kernel.models.limits import Limits
from codesteer_kernel.models.prices import cost
from codesteer_kernel.models.providers import PROVIDERS, resolve
from tests.models.endpoints import ASK, QUICK, SOON, WIRES, ask, model_at, request, serving, text, turn
from tests.scripted import Reply, Request, serving_in_thread


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# -- what streams


async def test_text_reasoning_and_usage_stream_in_pieces(wire: str) -> None:
    reply = Reply("The answer is forty-two.", reasoning="Let me think.", cached_tokens=3)
    async with serving([reply], wire) as (server, model):
        deltas = await ask(model)
    usage = TokenUsage(input_tokens=4, output_tokens=5, cached_tokens=3)
    spoken = [delta for delta in deltas if not isinstance(delta, UsageDelta)]
    assert spoken[0] == ReasoningDelta("Let me think.")
    assert text(deltas) == "The answer is forty-two."
    assert len([delta for delta in deltas if isinstance(delta, TextDelta)]) > 2
    assert isinstance(deltas[-1], Finish)
    assert (deltas[-1].reason, deltas[-1].usage) == ("end", usage)
    assert server.requests[0].turns == [("system", "Be brief."), ("user", "Say something.")]


async def test_usage_is_told_before_the_end_where_the_endpoint_does() -> None:
    """A call that is cut has something to book."""
    async with (
        serving([Reply("one two", hang_after=1, cached_tokens=1)], "anthropic") as (_, model),
        aclosing(model.stream(request())) as stream,
    ):
        first = await anext(stream)
    assert first == UsageDelta(TokenUsage(input_tokens=4, output_tokens=1, cached_tokens=1))


async def test_tokens_written_to_a_cache_are_counted_and_cost_more() -> None:
    words = Message("user", " ".join(["word"] * 100))
    async with serving([Reply("ok", cached_tokens=20, cache_write_tokens=70)], "anthropic") as (_, model):
        usage = (await turn(model, words)).usage
    assert usage == TokenUsage(input_tokens=100, output_tokens=1, cached_tokens=20, cache_write_tokens=70)
    paid = cost("anthropic/claude-sonnet-5", usage)
    assert paid == pytest.approx((10 * 2.0 + 20 * 0.2 + 70 * 2.5 + 1 * 10.0) / 1e6)


async def test_what_was_asked_for_reaches_the_wire(wire: str) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "object", "properties": {}}}}
    async with serving(["{}"], wire) as (server, model):
        await ask(model, max_tokens=77, temperature=0.5, top_p=0.9, top_k=7, seed=3, stop=("###",), json_schema=schema)
    body = server.requests[0].body
    assert (body["temperature"], body["top_p"]) == (0.5, 0.9)
    # OpenAI knows no top_k.
    assert body.get("top_k") == (None if wire == "openai" else 7)
    if wire == "openai":
        assert body["max_completion_tokens"] == 77
        assert body["seed"] == 3
        assert body["stop"] == ["###"]
        assert body["response_format"]["json_schema"] == {"name": "answer", "schema": schema, "strict": False}
        assert body["stream_options"] == {"include_usage": True}
    else:
        assert body["max_tokens"] == 77
        assert body["stop_sequences"] == ["###"]
        assert body["system"][0]["text"] == "Be brief."
        sent = body["output_config"]["format"]["schema"]
        assert sent["additionalProperties"] is False
        assert sent["properties"]["a"]["additionalProperties"] is False


async def test_a_schema_is_strict_where_it_may_be() -> None:
    inner = {"type": "object", "properties": {"b": {"type": "string"}}, "required": ["b"]}
    closed = {**inner, "additionalProperties": False}
    strict = {"type": "object", "properties": {"a": closed}, "required": ["a"], "additionalProperties": False}
    async with serving(["{}"] * 2, "openai") as (server, model):
        await ask(model, json_schema=strict)
        await ask(model, json_schema={**strict, "properties": {"a": inner}})
    forms = [one.body["response_format"]["json_schema"]["strict"] for one in server.requests]
    assert forms == [True, False]


@pytest.mark.parametrize("finish", ["length", "filtered"])
async def test_the_reason_of_the_end_is_told(wire: str, finish: Any) -> None:
    async with serving([Reply("half an ans", finish=finish)], wire) as (_, model):
        deltas = await ask(model)
    assert isinstance(deltas[-1], Finish)
    assert deltas[-1].reason == finish


async def test_a_request_without_a_turn_to_answer_is_refused(wire: str) -> None:
    async with serving([], wire) as (server, model):
        for messages in ((), (Message("system", "Be brief."),)):
            with pytest.raises(BadInput, match="at least one message"):
                await anext(model.stream(ChatRequest(messages=messages)))
    assert not server.requests


# -- cancel


async def test_closing_the_stream_ends_the_request_at_the_server(wire: str) -> None:
    async with serving([Reply("one two three four", hang_after=2), "fine"], wire) as (server, model):
        async with aclosing(model.stream(request())) as stream:
            assert [delta async for delta in first_text(stream)] == [TextDelta("one")]
        await server.settled(1.0)
        assert server.requests[0].disconnected
        assert text(await ask(model)) == "fine"


async def first_text(stream: Any) -> Any:
    """The deltas up to the first of text, which is passed on."""
    async for delta in stream:
        if isinstance(delta, TextDelta):
            yield delta
            return


@pytest.mark.parametrize("when", ["before the answer", "in the answer"])
async def test_cancelling_the_reading_task_ends_the_request_at_the_server(wire: str, when: str) -> None:
    reply = Reply("one two", hang_after=1) if when == "in the answer" else Reply("late", first_delay=60)
    async with serving([reply], wire) as (server, model):
        task = asyncio.create_task(ask(model))
        async with asyncio.timeout(5):
            while not (server.requests and server.requests[0].pieces_sent >= (when == "in the answer")):
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.settled(1.0)
        assert server.requests[0].disconnected


# -- repetitions


@pytest.mark.parametrize("status", [429, 500, 503, 529])
async def test_faults_that_pass_are_retried(wire: str, status: int) -> None:
    async with serving([Reply(status=status, headers={"Retry-After": "0.05"}, times=2), "at last"], wire) as (
        server,
        model,
    ):
        assert text(await ask(model)) == "at last"
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "0.4"},
        {"retry-after-ms": "400", "Retry-After": "60"},
        {"Retry-After": "soon"},
        {"Retry-After": "-1"},
    ],
)
async def test_the_pause_that_is_asked_for_is_kept(wire: str, headers: dict[str, str]) -> None:
    async with serving([Reply(status=429, headers=headers), "later"], wire) as (server, model):
        assert text(await ask(model)) == "later"
    first, second = server.requests
    # What cannot be read is a pause of ours: half a second, less a quarter at most.
    assert second.at - first.at >= 0.37


async def test_a_date_to_retry_after_is_understood(wire: str) -> None:
    import time

    date = formatdate(time.time() + 3600, usegmt=True)
    async with serving([Reply(status=429, headers={"Retry-After": date}), "never"], wire) as (server, model):
        with pytest.raises(RateLimited, match=r"wait 3(600|59\d) seconds"):
            await ask(model)
    assert len(server.requests) == 1


async def test_retry_after_is_obeyed_up_to_a_limit(wire: str) -> None:
    async with serving([Reply(status=429, headers={"Retry-After": "3600"}), "never"], wire) as (server, model):
        with pytest.raises(RateLimited, match="3600 seconds"):
            await ask(model)
    assert len(server.requests) == 1


async def test_an_endpoint_can_forbid_and_demand_a_repetition(wire: str) -> None:
    never = Reply(status=500, headers={"x-should-retry": "false"})
    please = Reply(status=400, error="odd", headers={"x-should-retry": "true", **SOON})
    async with serving([never, please, "fine"], wire) as (server, model):
        with pytest.raises(ModelError, match="500"):
            await ask(model)
        assert text(await ask(model)) == "fine"
    assert len(server.requests) == 3


async def test_retries_end(wire: str) -> None:
    async with serving([Reply(status=500, headers=SOON, times=None)], wire) as (server, model):
        with pytest.raises(ModelError, match="500"):
            await ask(model)
    assert len(server.requests) == 3


async def test_a_stream_that_breaks_before_it_said_anything_is_asked_again(wire: str) -> None:
    broken = [Reply("one", cut_after=0), Reply("", error="overloaded, sorry"), "whole"]
    async with serving(broken, wire) as (server, model):
        assert text(await ask(model)) == "whole"
    assert len(server.requests) == 3


async def test_nothing_is_repeated_once_output_came(wire: str) -> None:
    async with serving([Reply("one two three", cut_after=1), "again"], wire) as (server, model):
        got: list[Delta] = []

        async def read() -> None:
            async for delta in model.stream(request()):
                got.append(delta)

        with pytest.raises(BrokenAnswer, match="broke off"):
            await read()
    assert text(got) == "one"
    assert len(server.requests) == 1


async def test_a_request_can_ask_for_repetition_in_the_middle_of_an_answer(wire: str) -> None:
    """What was said is taken back by a delta of its own, and what it cost stays counted."""
    script = [Reply("one two three", cut_after=2), Reply("one two three", cached_tokens=2)]
    async with serving(script, wire) as (server, model):
        deltas = await ask(model, repeat_partial=True)
        async with serving([Reply("one two three", cut_after=2), "one two three"], wire) as (_, other):
            folded = await turn(other, repeat_partial=True)
    kinds = [type(delta) for delta in deltas if not isinstance(delta, UsageDelta)]
    assert kinds == [*[TextDelta] * 2, Restarted, *[TextDelta] * 3, Finish]
    assert text(deltas) == "one twoone two three"
    assert folded.text == "one two three"
    assert folded.message == Message("assistant", "one two three")
    assert len(server.requests) == 2
    finish = deltas[-1]
    assert isinstance(finish, Finish)
    first = 4 if wire == "anthropic" else 0  # OpenAI's protocol tells usage at the end alone
    assert finish.usage.input_tokens == first + 4
    assert finish.usage.cached_tokens == 2


async def test_repetition_in_the_middle_ends_too(wire: str) -> None:
    async with serving([Reply("one two", cut_after=1, times=None)], wire) as (server, model):
        with pytest.raises(BrokenAnswer):
            await ask(model, repeat_partial=True)
    assert len(server.requests) == 1 + QUICK.retries


# -- what models refuse


@pytest.mark.parametrize(
    "said",
    [
        "prompt is too long: 210000 tokens > 200000 maximum",
        "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
    ],
)
async def test_a_prompt_over_the_window_is_told_with_the_counts(wire: str, said: str) -> None:
    async with serving([Reply(status=400, error=said)], wire) as (server, model):
        with pytest.raises(ContextOverflow, match=said[:30]):
            await ask(model)
    assert len(server.requests) == 1


async def test_what_a_model_refuses_is_left_out_from_then_on(wire: str) -> None:
    def script(asked: Request) -> Reply:
        if "temperature" in asked.body:
            return Reply(status=400, error="Unsupported value: 'temperature' does not support 0 with this model.")
        return Reply("fine")

    async with serving(script, wire) as (server, model):
        assert text(await ask(model)) == "fine"
        assert text(await ask(model)) == "fine"
    assert ["temperature" in one.body for one in server.requests] == [True, False, False]


async def test_older_and_newer_habits_of_openai_servers_are_met() -> None:
    def script(asked: Request) -> Reply:
        body = asked.body
        if "max_completion_tokens" in body:
            return Reply(status=422, error="Extra inputs are not permitted: max_completion_tokens")
        if any(turn["role"] == "system" for turn in body["messages"]):
            return Reply(status=400, error="messages[0].role 'system' is not supported")
        if "stop" in body:
            return Reply(status=400, error="Unsupported parameter: 'stop'")
        return Reply("before ### after")

    async with serving(script, "openai") as (server, model):
        for _ in range(2):
            deltas = await ask(model, stop=("###",), max_tokens=9)
            assert text(deltas) == "before "
            assert isinstance(deltas[-1], Finish)
            assert deltas[-1].reason == "stop_string"
    assert len(server.requests) == 5
    assert server.requests[-1].body["max_tokens"] == 9
    assert server.requests[-1].turns == [("user", "Be brief.\n\nSay something.")]


async def test_seeds_are_called_as_the_provider_calls_them() -> None:
    bodies = {}
    for provider in ("openai", "mistral", "gemini"):
        async with serving(["x"], "openai", provider=provider) as (server, model):
            assert model.abilities.seed == (provider != "gemini")
            await ask(model, seed=5)
            bodies[provider] = server.requests[0].body
    assert bodies["openai"]["seed"] == 5
    assert bodies["mistral"]["random_seed"] == 5
    assert "seed" not in bodies["mistral"]
    assert "seed" not in bodies["gemini"]


# -- scores


async def test_choices_are_scored_where_the_endpoint_gives_log_probabilities() -> None:
    turns = [*ASK, Message("assistant", "<<<")]
    tops = {"Code": -0.2231435513, "Te": -1.6094379124, "x": -9.0}
    script = [
        Reply(status=429, headers=SOON),
        Reply("Code", logprobs=tops),
        Reply("Code"),
        Reply("x", logprobs={"x": 0}),
        Reply(raw="<html>hello</html>", content_type="text/html"),
    ]
    async with serving(script, "openai", provider="vllm") as (server, model):
        assert model.abilities.score
        choice = await model.score(turns, ["Code", "Text"])
        assert choice.probabilities["Code"] == pytest.approx(0.8)
        assert choice.best == "Code"
        assert server.requests[1].body["continue_final_message"] is True
        assert server.requests[1].body["structured_outputs"] == {"choice": ["Code", "Text"]}
        with pytest.raises(ModelError, match="no log-probabilities"):
            await model.score(turns, ["Code", "Text"])
        with pytest.raises(ModelError, match="None of the choices"):
            await model.score(turns, ["Code", "Text"])
        with pytest.raises(BrokenAnswer, match="cannot be read"):
            await model.score(turns, ["Code", "Text"])


async def test_score_is_announced_and_refused_elsewhere(wire: str) -> None:
    model = model_at("http://127.0.0.1:9", wire)
    assert not model.abilities.score
    with pytest.raises(BadInput):
        await model.score([Message("assistant", "x")], ["a", "b"])
    await model.aclose()


# -- whose loop, whose key


def test_one_object_serves_one_loop_after_another(wire: str) -> None:
    with serving_in_thread([Reply("fine", times=None)]) as server:
        model = model_at(server.url, wire)

        async def once() -> str:
            try:
                return text(await ask(model))
            finally:
                await model.aclose()

        assert [asyncio.run(once()) for _ in range(3)] == ["fine"] * 3


def test_the_key_of_a_provider_goes_to_its_own_address_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("CODESTEER_ENDPOINT_KEY", raising=False)
    assert resolve("openai", "gpt-5").key == "sk-mine"
    assert resolve("openai", "x@http://elsewhere.example/v1").key == ""
    assert resolve("openai", "x", base_url="http://127.0.0.1:1/v1").key == ""
    assert resolve("openai", "x@http://e.example/v1", key_variable="OPENAI_API_KEY").key == "sk-mine"
    assert "sk-mine" not in repr(resolve("openai", "gpt-5"))
    assert "sk-mine" not in repr(open_model("openai/gpt-5"))


async def test_what_the_sdks_read_from_the_environment_stays_off_given_addresses(
    wire: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = "X-Gateway-Key: sk-private\nAuthorization: Bearer sk-private"
    settings = {
        **{f"{name}_CUSTOM_HEADERS": headers for name in ("OPENAI", "ANTHROPIC")},
        **{f"{name}_API_KEY": "sk-private" for name in ("OPENAI", "ANTHROPIC")},
        "OPENAI_ORG_ID": "org-private",
        "OPENAI_PROJECT_ID": "p-private",
        "OPENAI_ADMIN_KEY": "sk-private",
        "ANTHROPIC_AUTH_TOKEN": "sk-private",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    async with serving(["fine"], wire) as (server, model):
        assert text(await ask(model)) == "fine"
    assert "private" not in str(server.requests[0].headers)


def test_every_provider_of_the_table_is_an_address_with_known_ways() -> None:
    for name, preset in PROVIDERS.items():
        endpoint = resolve(name, "m", base_url=preset.base_url)
        assert endpoint.base_url == preset.base_url.rstrip("/")
        assert (preset.key_variable == "") == endpoint.loopback, "services want a key, servers on this machine do not"
        model = open_model(f"{name}/m@{preset.base_url}")
        assert model.abilities.tools
        assert model.abilities.thinking == bool(preset.thinking)


@pytest.mark.parametrize("wire", WIRES)
def test_opening_a_model_of_one_sdk_leaves_the_other_alone(wire: str) -> None:
    code = (
        "import sys, codesteer_kernel.models as models\n"
        "assert not {'openai', 'anthropic', 'httpx2'} & set(sys.modules)\n"
        f"models.open_model('{wire}/m@http://127.0.0.1:9')\n"
        f"assert '{wire}' in sys.modules and not {set(WIRES) - {wire}} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# -- limits of time


async def test_a_silent_endpoint_times_out(wire: str) -> None:
    limits = Limits(first_token=0.2, silence=0.2, retries=0)
    async with serving([Reply("x", first_delay=60), Reply("one two", hang_after=1)], wire, limits) as (server, model):
        with pytest.raises(ModelTimeout, match=r"sent nothing for 0\.2 seconds"):
            await ask(model)
        with pytest.raises(ModelTimeout, match=r"nothing more for 0\.2 seconds"):
            await ask(model)
        await server.settled(1.0)
        assert all(one.disconnected for one in server.requests)


async def test_a_stream_that_falls_silent_can_be_repeated_too(wire: str) -> None:
    limits = Limits(first_token=5.0, silence=0.2, retries=1)
    async with serving([Reply("one two", hang_after=1), Reply("one two", first_delay=0.5)], wire, limits) as (_, model):
        assert (await turn(model, repeat_partial=True)).text == "one two"


async def test_the_whole_call_is_bounded(wire: str) -> None:
    async with serving([Reply("x " * 1000, delay=0.05)], wire, Limits(total=0.3)) as (_, model):
        with pytest.raises(ModelTimeout, match=r"not done after 0\.3 seconds"):
            await ask(model)


async def test_a_slow_first_token_is_waited_for(wire: str) -> None:
    async with serving([Reply("at last", first_delay=0.5)], wire, Limits(first_token=5.0, silence=0.1)) as (_, model):
        assert text(await ask(model)) == "at last"
