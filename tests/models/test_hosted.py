"""The official SDKs against scripted servers that speak the real wire formats."""

from __future__ import annotations

import asyncio
import traceback
from contextlib import aclosing

import pytest

from codesteer_kernel.errors import (
    AuthenticationFailed,
    BadInput,
    ContextOverflow,
    EndpointUnreachable,
    ModelError,
    RateLimited,
    UnknownModel,
)
from codesteer_kernel.models import (
    ChatModel,
    ChatRequest,
    Delta,
    Finish,
    Message,
    ReasoningDelta,
    TextDelta,
    TokenUsage,
    open_model,
)
from codesteer_kernel.models.anthropic import AnthropicModel
from codesteer_kernel.models.hosted import Limits
from codesteer_kernel.models.openai import OpenAIModel
from codesteer_kernel.models.providers import resolve
from tests.scripted import Reply, Request, ScriptedServer

WIRES = ["openai", "anthropic"]
QUICK = Limits(connect=2.0, first_token=5.0, silence=5.0, total=10.0, retries=2, wait=1.0)
ASK = (Message("system", "Be brief."), Message("user", "Say something."))


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def model_at(url: str, wire: str, limits: Limits = QUICK, provider: str = "") -> OpenAIModel | AnthropicModel:
    if wire == "anthropic":
        return AnthropicModel(resolve("anthropic", "claude-test", base_url=url), limits)
    return OpenAIModel(resolve(provider or "openai", "gpt-test", base_url=f"{url}/v1"), limits)


async def ask(model: ChatModel, **options: object) -> list[Delta]:
    request = ChatRequest(messages=ASK, **options)  # type: ignore[arg-type]
    return [delta async for delta in model.stream(request)]


def text(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


async def test_text_reasoning_and_usage_stream_in_pieces(wire: str) -> None:
    reply = Reply("The answer is forty-two.", reasoning="Let me think.", cached_tokens=3)
    async with ScriptedServer([reply]) as server:
        model = model_at(server.url, wire)
        deltas = await ask(model)
        await model.aclose()
    assert deltas[0] == ReasoningDelta("Let me think.")
    assert text(deltas) == "The answer is forty-two."
    assert len([delta for delta in deltas if isinstance(delta, TextDelta)]) > 2
    assert deltas[-1] == Finish(reason="end", usage=TokenUsage(input_tokens=4, output_tokens=5, cached_tokens=3))
    assert server.requests[0].turns == [("system", "Be brief."), ("user", "Say something.")]


async def test_what_was_asked_for_reaches_the_wire(wire: str) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "object", "properties": {}}}}
    async with ScriptedServer(["{}"]) as server:
        model = model_at(server.url, wire)
        await ask(model, max_tokens=77, temperature=0.5, seed=3, stop=("###",), json_schema=schema)
        await model.aclose()
    body = server.requests[0].body
    assert body["temperature"] == 0.5
    if wire == "openai":
        assert body["max_completion_tokens"] == 77
        assert body["seed"] == 3
        assert body["stop"] == ["###"]
        assert body["response_format"]["json_schema"]["schema"] == schema
        assert body["stream_options"] == {"include_usage": True}
    else:
        assert body["max_tokens"] == 77
        assert body["stop_sequences"] == ["###"]
        assert body["system"] == "Be brief."
        assert body["cache_control"] == {"type": "ephemeral"}
        sent = body["output_config"]["format"]["schema"]
        assert sent["additionalProperties"] is False
        assert sent["properties"]["a"]["additionalProperties"] is False


@pytest.mark.parametrize("finish", ["length", "filtered"])
async def test_the_reason_of_the_end_is_told(wire: str, finish: str) -> None:
    async with ScriptedServer([Reply("half an ans", finish=finish)]) as server:  # type: ignore[arg-type]
        model = model_at(server.url, wire)
        deltas = await ask(model)
        await model.aclose()
    assert isinstance(deltas[-1], Finish)
    assert deltas[-1].reason == finish


async def test_closing_the_stream_ends_the_request_at_the_server(wire: str) -> None:
    async with ScriptedServer([Reply("one two three four", hang_after=2), "fine"]) as server:
        model = model_at(server.url, wire)
        async with aclosing(model.stream(ChatRequest(messages=ASK))) as stream:
            assert await anext(stream) == TextDelta("one")
        await server.settled()
        assert server.requests[0].disconnected
        assert text(await ask(model)) == "fine"
        await model.aclose()


async def test_cancelling_the_reading_task_ends_the_request_at_the_server(wire: str) -> None:
    async with ScriptedServer([Reply("one two", hang_after=1)]) as server:
        model = model_at(server.url, wire)
        task = asyncio.create_task(ask(model))
        async with asyncio.timeout(5):
            while not (server.requests and server.requests[0].pieces_sent):
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.settled()
        assert server.requests[0].disconnected
        await model.aclose()


@pytest.mark.parametrize("status", [429, 500, 503, 529])
async def test_faults_that_pass_are_retried(wire: str, status: int) -> None:
    busy = Reply(status=status, headers={"Retry-After": "0.05"}, times=2)
    async with ScriptedServer([busy, "at last"]) as server:
        model = model_at(server.url, wire)
        assert text(await ask(model)) == "at last"
        await model.aclose()
    assert len(server.requests) == 3


async def test_retry_after_is_obeyed_up_to_a_limit(wire: str) -> None:
    async with ScriptedServer([Reply(status=429, headers={"Retry-After": "3600"}), "never"]) as server:
        model = model_at(server.url, wire)
        with pytest.raises(RateLimited, match="3600 seconds"):
            await ask(model)
        await model.aclose()
    assert len(server.requests) == 1


async def test_retries_end(wire: str) -> None:
    async with ScriptedServer([Reply(status=500, headers={"Retry-After": "0.01"}, times=None)]) as server:
        model = model_at(server.url, wire)
        with pytest.raises(ModelError, match="500"):
            await ask(model)
        await model.aclose()
    assert len(server.requests) == 3


async def test_nothing_is_retried_once_output_came(wire: str) -> None:
    async with ScriptedServer([Reply("one two three", cut_after=1), "again"]) as server:
        model = model_at(server.url, wire)
        got: list[Delta] = []

        async def read() -> None:
            async for delta in model.stream(ChatRequest(messages=ASK)):
                got.append(delta)

        with pytest.raises(ModelError, match="broke off"):
            await read()
        await model.aclose()
    assert text(got) == "one"
    assert len(server.requests) == 1


async def test_an_error_event_in_the_stream_is_an_error(wire: str) -> None:
    async with ScriptedServer([Reply("one", error="overloaded, sorry")]) as server:
        model = model_at(server.url, wire)
        with pytest.raises(ModelError, match="overloaded, sorry"):
            await ask(model)
        await model.aclose()


async def test_a_silent_endpoint_times_out(wire: str) -> None:
    limits = Limits(first_token=0.2, silence=0.2, retries=0)
    async with ScriptedServer([Reply("x", first_delay=60), Reply("one two", hang_after=1)]) as server:
        model = model_at(server.url, wire, limits)
        with pytest.raises(ModelError, match=r"sent nothing for 0\.2 seconds"):
            await ask(model)
        with pytest.raises(ModelError, match=r"nothing more for 0\.2 seconds"):
            await ask(model)
        await server.settled()
        assert all(request.disconnected for request in server.requests)
        await model.aclose()


async def test_the_whole_call_is_bounded(wire: str) -> None:
    async with ScriptedServer([Reply("x " * 1000, delay=0.05)]) as server:
        model = model_at(server.url, wire, Limits(total=0.3))
        with pytest.raises(ModelError, match=r"not done after 0\.3 seconds"):
            await ask(model)
        await model.aclose()


async def test_nobody_there_is_said_with_the_address(wire: str) -> None:
    model = model_at("http://127.0.0.1:9", wire, Limits(retries=0))
    with pytest.raises(EndpointUnreachable, match=r"http://127\.0\.0\.1:9"):
        await ask(model)
    await model.aclose()


async def test_a_refused_key_names_the_variable_and_shows_no_key(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "sk-very-secret"
    monkeypatch.setenv("CODESTEER_ENDPOINT_KEY", secret)
    echo = Reply(status=500, error=f"broken for {secret}", times=None, headers={"Retry-After": "0.01"})
    async with ScriptedServer([Reply(status=401, error=f"Incorrect API key: {secret}"), echo]) as server:
        model = model_at(server.url, wire)
        for kind in (AuthenticationFailed, ModelError):
            with pytest.raises(kind) as caught:
                await ask(model)
            shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(model)
            assert secret not in shown
            assert caught.value.__cause__ is None
            if kind is AuthenticationFailed:
                assert "CODESTEER_ENDPOINT_KEY" in str(caught.value)
        await model.aclose()
    sent = server.requests[0].headers
    assert secret in (sent.get("authorization", "") + sent.get("x-api-key", ""))


async def test_an_unknown_model_is_both_a_wrong_name_and_a_model_error(wire: str) -> None:
    async with ScriptedServer([Reply(status=404, error="model not found", times=2)]) as server:
        model = model_at(server.url, wire)
        for kind in (UnknownModel, ModelError):
            with pytest.raises(kind, match="-test"):
                await ask(model)
        await model.aclose()


@pytest.mark.parametrize(
    "said",
    [
        "prompt is too long: 210000 tokens > 200000 maximum",
        "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
    ],
)
async def test_a_prompt_over_the_window_is_told_with_the_counts(wire: str, said: str) -> None:
    async with ScriptedServer([Reply(status=400, error=said)]) as server:
        model = model_at(server.url, wire)
        with pytest.raises(ContextOverflow, match=said[:30]):
            await ask(model)
        await model.aclose()
    assert len(server.requests) == 1


async def test_what_a_model_refuses_is_left_out_from_then_on(wire: str) -> None:
    def script(request: Request) -> Reply:
        if "temperature" in request.body:
            return Reply(status=400, error="Unsupported value: 'temperature' does not support 0 with this model.")
        return Reply("fine")

    async with ScriptedServer(script) as server:
        model = model_at(server.url, wire)
        assert text(await ask(model)) == "fine"
        assert text(await ask(model)) == "fine"
        await model.aclose()
    assert ["temperature" in request.body for request in server.requests] == [True, False, False]


async def test_older_and_newer_habits_of_openai_servers_are_met() -> None:
    def script(request: Request) -> Reply:
        body = request.body
        if "max_completion_tokens" in body:
            return Reply(status=422, error="Extra inputs are not permitted: max_completion_tokens")
        if any(turn["role"] == "system" for turn in body["messages"]):
            return Reply(status=400, error="messages[0].role 'system' is not supported")
        if "stop" in body:
            return Reply(status=400, error="Unsupported parameter: 'stop'")
        return Reply("before ### after")

    async with ScriptedServer(script) as server:
        model = model_at(server.url, "openai")
        for _ in range(2):
            deltas = await ask(model, stop=("###",), max_tokens=9)
            assert text(deltas) == "before "
            assert isinstance(deltas[-1], Finish)
            assert deltas[-1].reason == "stop_string"
        await model.aclose()
    assert len(server.requests) == 5
    assert server.requests[-1].body["max_tokens"] == 9
    assert server.requests[-1].turns == [("user", "Be brief.\n\nSay something.")]


async def test_inline_thinking_is_reasoning() -> None:
    async with ScriptedServer(["<think>hm, hm</think>\n\nForty."]) as server:
        model = model_at(server.url, "openai")
        deltas = await ask(model)
        await model.aclose()
    assert text(deltas) == "Forty."
    assert "".join(delta.text for delta in deltas if isinstance(delta, ReasoningDelta)) == "hm, hm"


async def test_choices_are_scored_where_the_endpoint_gives_log_probabilities() -> None:
    turns = [*ASK, Message("assistant", "<<<")]
    tops = {"Code": -0.2231435513, "Te": -1.6094379124, "x": -9.0}
    async with ScriptedServer([Reply("Code", logprobs=tops), Reply("Code"), Reply("x", logprobs={"x": 0})]) as server:
        model = model_at(server.url, "openai", provider="vllm")
        assert model.abilities.score
        choice = await model.score(turns, ["Code", "Text"])
        assert choice.probabilities["Code"] == pytest.approx(0.8)
        assert choice.best == "Code"
        assert server.requests[0].body["continue_final_message"] is True
        with pytest.raises(ModelError, match="no log-probabilities"):
            await model.score(turns, ["Code", "Text"])
        with pytest.raises(ModelError, match="None of the choices"):
            await model.score(turns, ["Code", "Text"])
        await model.aclose()


async def test_score_is_announced_and_refused_elsewhere(wire: str) -> None:
    model = model_at("http://127.0.0.1:9", wire)
    assert not model.abilities.score
    with pytest.raises(BadInput):
        await model.score([Message("assistant", "x")], ["a", "b"])
    await model.aclose()


def test_one_object_serves_one_loop_after_another(wire: str) -> None:
    from tests.scripted import serving_in_thread

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
