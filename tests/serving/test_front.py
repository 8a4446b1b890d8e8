"""The front in front of a scripted model: its protocol, its rules, its queue. Real SDK, real sockets, no weights."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import openai
import pytest
from prometheus_client.parser import text_string_to_metric_families

from codesteer_kernel.models import ChatRequest, Finish, Message, TextDelta, TokenUsage, open_model
from codesteer_kernel.models.discovery import Host
from codesteer_kernel.models.served import HostClient
from codesteer_kernel.serving.front import BODY_BYTES, Front, allowed_host
from codesteer_kernel.serving.metrics import total
from tests.scripted import Reply, ScriptedServer
from tests.serving.conftest import TOKEN, fronted

ASK: Any = [{"role": "user", "content": "Say it."}]


@asynccontextmanager
async def asking(front: Front, token: str = TOKEN, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    base = front.host.url.removesuffix("/v1")
    async with httpx.AsyncClient(base_url=base, headers=headers, trust_env=False, timeout=30, **options) as client:
        yield client


def sdk(front: Front, token: str = TOKEN) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=front.host.url, api_key=token, max_retries=0)


async def until(condition: Any, seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def counted(front: Front, **outcomes: int) -> None:
    """Wait until so many requests ended so; they are counted just after their answers."""
    await until(lambda: front.metrics.requests == outcomes)


# -- the protocol


async def test_the_sdk_gets_whole_and_streamed_answers() -> None:
    reply = Reply("Two words, then more.", reasoning="hm", cached_tokens=1, times=None)
    async with fronted([reply]) as (front, behind), sdk(front) as client:
        listed = [model.id async for model in client.models.list()]
        assert listed == ["front"]
        whole = await client.chat.completions.create(model="front", messages=ASK, max_tokens=50)
        assert whole.choices[0].message.content == "Two words, then more."
        assert whole.choices[0].message.reasoning_content == "hm"  # type: ignore[attr-defined]
        assert whole.choices[0].finish_reason == "stop"
        assert whole.usage is not None
        stream = await client.chat.completions.create(
            model="hf/some/front", messages=ASK, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
        assert len({chunk.id for chunk in chunks}) == 1
        assert chunks[0].choices[0].delta.role == "assistant"
        pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
        assert "".join(pieces) == "Two words, then more."
        assert sum(map(bool, pieces)) > 2, "it came piece by piece"
        assert chunks[-1].choices == []
        assert chunks[-1].usage == whole.usage
        assert whole.usage.prompt_tokens_details is not None
        assert whole.usage.prompt_tokens_details.cached_tokens == 1
        assert [request.finished for request in behind.requests] == [True, True]
        await counted(front, ok=2)


async def test_what_a_request_asks_for_arrives_behind() -> None:
    schema = {"type": "object", "properties": {"x": {"type": "integer"}}}
    asked = {
        "messages": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "One "}, {"type": "text", "text": "text."}]},
        ],
        "max_completion_tokens": 7,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 7,
        "seed": 3,
        "stop": "END",
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema, "strict": True}},
        # Parameters that change nothing, and neutral values.
        "metadata": {"a": "b"},
        "n": 1,
        "tools": [],
    }
    async with fronted([Reply("{}")]) as (front, behind), asking(front) as client:
        answer = await client.post("/v1/chat/completions", json={"model": "front", **asked})
        assert answer.status_code == 200, answer.text
        request = behind.requests[0]
        assert request.turns == [("system", "Be brief."), ("user", "One text.")]
        body = request.body
        assert (body["max_tokens"], body["temperature"], body["seed"], body["stop"]) == (7, 0.5, 3, ["END"])
        assert (body["top_p"], body["top_k"]) == (0.9, 7)
        assert body["response_format"]["json_schema"]["schema"] == schema


@pytest.mark.parametrize(
    ("change", "status", "word"),
    [
        ({"model": "other"}, 404, "other"),
        ({"messages": []}, 400, "messages"),
        ({"messages": "hi"}, 400, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, 400, "tool"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 400, "image_url"),
        ({"messages": [{"role": "assistant", "tool_calls": []}]}, 400, "tool_calls"),
        ({"n": 2}, 400, "n is"),
        ({"top_p": 0}, 400, "top_p"),
        ({"top_k": -1}, 400, "top_k"),
        ({"tools": [{"type": "function"}]}, 400, "tools"),
        ({"frobnicate": 1}, 400, "frobnicate"),
        ({"max_tokens": 0}, 400, "max_tokens"),
        ({"temperature": 3}, 400, "temperature"),
        ({"top_logprobs": 3}, 400, "logprobs"),
        ({"logprobs": True, "top_logprobs": 21, "max_tokens": 1}, 400, "20"),
        ({"logprobs": True, "max_tokens": 5}, 400, "max_tokens"),
        ({"response_format": {"type": "grammar"}}, 400, "grammar"),
    ],
)
async def test_what_cannot_be_had_is_refused_by_name(change: dict[str, Any], status: int, word: str) -> None:
    async with fronted([]) as (front, behind), asking(front) as client:
        answer = await client.post("/v1/chat/completions", json={"model": "front", "messages": ASK, **change})
        assert answer.status_code == status
        error = answer.json()["error"]
        assert word in error["message"]
        assert error["type"] == "invalid_request_error"
        assert behind.requests == []
        await counted(front, refused=1)


@pytest.mark.parametrize("client", ["ours", "vllm", "llamacpp"])
async def test_choices_are_scored_for_every_client_of_ours(client: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODESTEER_ENDPOINT_KEY", TOKEN)
    odds = {"Code": -0.2, "Text": -2.0}
    turns = (Message("user", "Code or text?"), Message("assistant", "<<<"))
    async with fronted([Reply("Code", logprobs=odds, times=None)]) as (front, _):
        model: Any = HostClient(known(front)) if client == "ours" else open_model(f"{client}/front@{front.host.url}")
        if client == "llamacpp":  # asks by a grammar, which is refused by name, and then without
            monkeypatch.setattr(type(front.model), "next_tokens", likely(odds), raising=False)
        choice = await model.score(turns, ["Text", "Code"])
        assert list(choice.probabilities) == ["Text", "Code"]
        assert choice.probabilities["Code"] == pytest.approx(0.858, abs=0.01)
        await model.aclose()


def likely(odds: dict[str, float]) -> Any:
    async def next_tokens(self: Any, messages: Any, count: int) -> Any:
        return list(odds.items())[:count], TokenUsage(input_tokens=1, output_tokens=1)

    return next_tokens


async def test_the_answer_can_be_one_of_a_few() -> None:
    script = [Reply("Text", logprobs={"Text": -0.1, "Code": -3.0}, times=None)]
    async with fronted(script) as (front, _), sdk(front) as client:
        more = {"structured_outputs": {"choice": ["Code", "Text"]}}
        answer = await client.chat.completions.create(model="front", messages=ASK, extra_body=more)
        assert answer.choices[0].message.content == "Text"
        assert answer.choices[0].logprobs is None
        for wrong in ({"choice": "Code"}, {"regex": "a"}, {"choice": ["Code", "Code2"]}):
            with pytest.raises(openai.BadRequestError):
                await client.chat.completions.create(
                    model="front", messages=ASK, extra_body={"structured_outputs": wrong}
                )


async def test_a_failure_behind_is_an_error_of_the_protocol() -> None:
    script = [Reply(status=400, error="no such thing"), Reply("Half an ans", cut_after=2)]
    async with fronted(script) as (front, _), sdk(front) as client:
        with pytest.raises(openai.InternalServerError, match="no such thing"):
            await client.chat.completions.create(model="front", messages=ASK)
        stream = await client.chat.completions.create(model="front", messages=ASK, stream=True)
        with pytest.raises(openai.APIError, match="broke off"):
            [chunk async for chunk in stream]
        await counted(front, failed=2)


# -- the rules


async def test_only_the_token_opens_and_nothing_tells_it() -> None:
    async with fronted([]) as (front, _):
        for token in ("", "wrong", TOKEN[:-1], TOKEN + "x", "ünïcode"):
            headers = {"Authorization": f"Bearer {token}".encode()} if token else {}
            async with asking(front, "") as client:
                for method, path in (
                    ("GET", "/metrics"),
                    ("GET", "/v1/models"),
                    ("GET", "/nowhere"),
                    ("POST", "/v1/chat/completions"),
                ):
                    answer = await client.request(method, path, headers=headers)
                    assert answer.status_code == 401
                    assert answer.json()["error"]["code"] == "invalid_api_key"
                    assert TOKEN not in answer.text + str(answer.headers)
                assert (await client.get("/health")).json() == {"status": "ok"}
        assert front.metrics.requests.total() == 0


@pytest.mark.parametrize(
    ("header", "allowed"),
    [
        ("localhost", True),
        ("localhost:8033", True),
        ("LOCALHOST:1", True),
        ("127.0.0.1:8033", True),
        ("[::1]:8033", True),
        ("[::1]", True),
        ("10.1.2.3", True),
        ("gpu:8033", True),
        ("evil.example", False),
        ("evil.example:8033", False),
        ("localhost.evil.example:8033", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
    ],
)
def test_a_rebound_name_is_not_ours(header: str, allowed: bool) -> None:
    assert allowed_host(header, frozenset({"localhost", "gpu"})) is allowed


async def test_web_pages_get_nothing() -> None:
    body = json.dumps({"model": "front", "messages": ASK})
    async with fronted([]) as (front, behind), asking(front) as client:
        rebound = await client.get("/v1/models", headers={"Host": "evil.example"})
        assert rebound.status_code == 403
        form = await client.post("/v1/chat/completions", content=body, headers={"Content-Type": "text/plain"})
        assert form.status_code == 400
        asked = await client.options("/v1/chat/completions", headers={"Origin": "http://evil.example"})
        assert asked.status_code == 405
        for answer in (rebound, form, asked):
            assert not [name for name in answer.headers if name.startswith("access-control")]
        assert behind.requests == []


async def test_requests_are_bounded() -> None:
    async with fronted([]) as (front, _), asking(front) as client:
        big = {"model": "front", "messages": [{"role": "user", "content": "x" * BODY_BYTES}]}
        # It answers 400 and hangs up, where the client is not still sending.
        for asked in (
            client.build_request("POST", "/v1/chat/completions", json=big),
            client.build_request("GET", "/health", headers={"X-Big": "x" * 20_000}),
        ):
            with contextlib.suppress(httpx.TransportError):
                assert (await client.send(asked)).status_code == 400
        for raw in (b"{", b"[]", b"\xff", b'{"model": 1}', b"[" * 100_000):
            answer = await client.post(
                "/v1/chat/completions", content=raw, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code == 400
        assert (await client.get("/v1/chat/completions")).status_code == 405
        assert (await client.get("/v1/nothing")).status_code == 404


# -- the queue


async def test_a_client_that_leaves_frees_its_slot() -> None:
    async with fronted([Reply("word " * 9, delay=0.02, hang_after=3), "next"]) as (front, behind):
        async with sdk(front) as client:
            stream = await client.chat.completions.create(model="front", messages=ASK, stream=True)
            await anext(aiter(stream))
            assert front.queue.running == 1
            await stream.close()
            await until(lambda: front.queue.running == 0)
            assert behind.requests[0].disconnected, "the model was stopped, too"
            answer = await client.chat.completions.create(model="front", messages=ASK)
            assert answer.choices[0].message.content == "next"
        await counted(front, left=1, ok=1)


async def test_one_that_waits_and_leaves_frees_its_place() -> None:
    async with fronted([Reply("a", hang_after=0), "b"], queue=1) as (front, behind), asking(front) as client:
        body = {"model": "front", "messages": ASK}
        first = asyncio.create_task(client.post("/v1/chat/completions", json=body))
        await until(lambda: front.queue.running == 1)
        second = asyncio.create_task(client.post("/v1/chat/completions", json=body))
        await until(lambda: front.queue.waiting == 1)
        second.cancel()
        await until(lambda: front.queue.waiting == 0)
        assert len(behind.requests) == 1, "it never reached the model"
        first.cancel()
        await until(lambda: front.queue.running == 0)


async def test_a_client_that_reads_no_more_loses_its_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codesteer_kernel.serving.front.WRITE_SECONDS", 0.2)
    async with fronted([Reply("word " * 5_000, times=None)], buffer=4096) as (front, _):
        body = json.dumps({"model": "front", "messages": ASK, "stream": True}).encode()
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.socket() as mute:
            mute.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            mute.connect(("127.0.0.1", int(front.host.url.rpartition(":")[2].removesuffix("/v1"))))
            mute.sendall(head.encode() + body)
            await counted(front, left=1)
            assert front.queue.running == 0


async def test_waiting_streams_hear_their_position(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codesteer_kernel.serving.front.PATIENCE", 0.05)
    async with fronted([Reply("slow", first_delay=0.4), "b", "c"]) as (front, _), asking(front) as client:
        body = {"model": "front", "messages": ASK, "stream": True}
        tasks = []
        for place in range(3):
            tasks.append(asyncio.create_task(client.post("/v1/chat/completions", json=body)))
            await until(lambda place=place: front.queue.running + front.queue.waiting == place + 1)
        texts = [(await task).text for task in tasks]
        assert ": waiting" not in texts[0]
        assert ": waiting, position 1\n" in texts[1]
        assert ": waiting, position 2\n" in texts[2]
        assert all(text.endswith("data: [DONE]\n\n") for text in texts)


def say(place: int) -> dict[str, Any]:
    return {"model": "front", "messages": [{"role": "user", "content": f"{place}"}]}


async def test_clients_take_turns() -> None:
    """One notebook asks much, another asks once: the one question comes second, not last."""
    order: list[str] = []

    def reply(request: Any) -> Reply:
        order.append(request.last_user)
        return Reply("ok", first_delay=1.0 if request.last_user == "1" else 0)

    async with fronted(reply) as (front, _), asking(front) as client:
        tasks = []
        for user, text in [("a", 1), ("a", 2), ("a", 3), ("b", 4)]:
            tasks.append(asyncio.create_task(client.post("/v1/chat/completions", json=say(text) | {"user": user})))
            await until(lambda: front.queue.running + front.queue.waiting == len(tasks))
        for task in tasks:
            assert (await task).status_code == 200
    assert order == ["1", "2", "4", "3"]


async def test_a_full_queue_says_when_to_come_again() -> None:
    async with fronted([Reply("a", hang_after=0)], queue=0) as (front, _), sdk(front) as client:
        busy = asyncio.create_task(client.chat.completions.create(model="front", messages=ASK))
        await until(lambda: front.queue.running == 1)
        with pytest.raises(openai.RateLimitError, match="queue is full") as refused:
            await client.chat.completions.create(model="front", messages=ASK)
        assert 1 <= int(refused.value.response.headers["Retry-After"]) <= 60
        await counted(front, full=1)
        busy.cancel()
        await until(lambda: front.queue.running == 0)


@pytest.mark.parametrize("client", ["ours", "the SDK's"])
async def test_our_clients_come_again_when_the_host_says(client: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODESTEER_ENDPOINT_KEY", TOKEN)
    async with fronted([Reply("first", first_delay=0.6), "second"], queue=0) as (front, _):
        front.queue._seconds = 0.1  # what turns took, so that the hint is short
        model: Any = HostClient(known(front)) if client == "ours" else open_model(f"llamacpp/front@{front.host.url}")
        async with asking(front) as other:
            busy = asyncio.create_task(other.post("/v1/chat/completions", json=say(1)))
            await until(lambda: front.queue.running == 1)
            begin = time.monotonic()
            deltas = [d async for d in model.stream(ChatRequest(messages=(Message("user", "again"),)))]
            assert time.monotonic() - begin >= 1, "it waited for as long as Retry-After said"
            assert "".join(d.text for d in deltas if isinstance(d, TextDelta)) == "second"
            assert isinstance(deltas[-1], Finish)
            await busy
        assert front.metrics.requests["full"] >= 1
        await model.aclose()


class Given(Host, frozen=True, kw_only=True):
    """A host whose token the test knows."""

    def token(self) -> str:
        return TOKEN


def known(front: Front) -> Given:
    """The front's host, its token known."""
    return Given(**{name: getattr(front.host, name) for name in Host.__struct_fields__})


# -- the end


async def test_stopping_finishes_what_runs_and_sends_the_rest_away() -> None:
    async with fronted([Reply("one two three", delay=0.1), "never"]) as (front, behind), asking(front) as client:
        running = asyncio.create_task(client.post("/v1/chat/completions", json=say(1) | {"stream": True}))
        await until(lambda: front.queue.running == 1)
        waiting = asyncio.create_task(client.post("/v1/chat/completions", json=say(2)))
        await until(lambda: front.queue.waiting == 1)
        drained = asyncio.create_task(front.drain(10))
        refused = await waiting
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "stopping")
        assert "Retry-After" in refused.headers
        assert (await running).text.endswith("data: [DONE]\n\n")
        assert await drained
        assert len(behind.requests) == 1
        with pytest.raises(httpx.ConnectError):
            await client.get("/health")


async def test_what_takes_too_long_is_cut_and_told_so() -> None:
    async with fronted([Reply("one two three", hang_after=2)]) as (front, behind), sdk(front) as client:
        stream = await client.chat.completions.create(model="front", messages=ASK, stream=True)
        await anext(aiter(stream))
        assert not await front.drain(0.1)
        with pytest.raises(openai.APIError, match="being stopped"):
            [chunk async for chunk in stream]
        await behind.settled()
        assert behind.requests[0].disconnected
        await counted(front, cut=1)


# -- what is counted


async def test_metrics_are_prometheus_text_without_what_was_said() -> None:
    async with fronted([Reply("xyzzy-answer", cached_tokens=1)]) as (front, _), asking(front) as client:
        assert (await client.post("/v1/chat/completions", json=say(1))).status_code == 200
        await client.post("/v1/chat/completions", json={})
        answer = await client.get("/metrics")
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        families = {family.name: family for family in text_string_to_metric_families(answer.text)}
        outcomes = {sample.labels["outcome"]: sample.value for sample in families["codesteer_requests"].samples}
        assert outcomes == {"ok": 1, "refused": 1}
        assert total(answer.text, "codesteer_output_tokens_total") == 2
        assert total(answer.text, "codesteer_cached_tokens_total") == 1
        buckets = [one.value for one in families["codesteer_first_token_seconds"].samples if "le" in one.labels]
        assert buckets == sorted(buckets)
        assert buckets[-1] == 1
        assert "xyzzy" not in answer.text


async def test_nothing_is_logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(0)

    def broken(request: Any) -> Reply:
        raise ZeroDivisionError

    async with ScriptedServer([]) as _, fronted([Reply("xyzzy")]) as (front, _), asking(front) as client:
        await client.post("/v1/chat/completions", json=say(1))
        front.model.stream = broken  # type: ignore[method-assign, assignment]  # a defect of ours
        answer = await client.post("/v1/chat/completions", json=say(1) | {"messages": ASK})
        assert answer.status_code == 500
        assert answer.json()["error"]["message"] == "Internal error: ZeroDivisionError."
    ours = [record for record in caplog.records if record.name.startswith("tornado")]
    assert ours == []
    assert capfd.readouterr() == ("", "")
