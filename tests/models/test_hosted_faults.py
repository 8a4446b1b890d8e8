"""What goes wrong at endpoints and on the way to them: each a typed error with a cure, and never the key in it."""

from __future__ import annotations

import asyncio
import importlib
import json
import re
import socket
import ssl
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from codesteer_kernel.errors import (
    AuthenticationFailed,
    BrokenAnswer,
    CodeSteerError,
    EndpointUnreachable,
    ModelError,
    OutOfCredit,
    Overloaded,
    RateLimited,
    UnknownModel,
)
from codesteer_kernel.models import Finish, Tool, ToolCall
from codesteer_kernel.models.faults import explain, scrub
from codesteer_kernel.models.limits import Limits
from codesteer_kernel.models.prices import cost
from codesteer_kernel.models.providers import resolve
from tests.models.endpoints import WIRES, ask, choice, model_at, openai_chunk, serving, sse, text
from tests.scripted import Reply, ScriptedServer, recorded

ONCE = Limits(connect=2.0, first_token=5.0, silence=5.0, total=10.0, retries=0, wait=1.0)
SECRET = "sk-very-secret-0123456789abcdefghij"


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    """The key of given addresses."""
    monkeypatch.setenv("CODESTEER_ENDPOINT_KEY", SECRET)
    return SECRET


async def failing(reply: Reply, wire: str, **options: Any) -> CodeSteerError:
    """The error that this reply ends in, at once."""
    async with serving([reply], wire, options.pop("limits", ONCE), **options) as (_, model):
        with pytest.raises(CodeSteerError) as caught:
            await ask(model)
    assert_clean(caught.value)
    assert caught.value.cure
    return caught.value


def assert_clean(error: BaseException) -> None:
    """No exception of an SDK's behind it: those hold the request, and with it the key."""
    assert error.__cause__ is None
    assert error.__context__ is None
    shown = "".join(traceback.format_exception(error)) + repr(error)
    assert SECRET not in shown
    assert SECRET[:12] not in shown


# -- cut everywhere

TOOLS = (Tool(name="look", description="Look.", parameters={"type": "object"}),)
REPLY = Reply("four words of text", reasoning="hm", calls=[("c1", "look", '{"at": 1}')])


def cuts() -> list[Any]:
    """Every place where a recorded stream is cut: before and within each event, abruptly or as if it were the end."""
    found = []
    for wire in WIRES:
        body = {"messages": [{"role": "user", "content": "x"}], "stream_options": {"include_usage": True}}
        events = asyncio.run(recorded(wire, REPLY, body))  # type: ignore[arg-type]
        ends = [0, *accumulate(map(len, events))]
        told = next(number for number, event in enumerate(events) if re.search('(finish|stop)_reason": "', event))
        for number, event in enumerate(events):
            for place, where in ((ends[number], "before"), (ends[number] + len(event) // 2, "within")):
                for chunked, kind in ((True, "abrupt"), (False, "clean")):
                    name = f"{wire}-{number}-{where}-{kind}"
                    found.append(pytest.param(wire, place, chunked, number > told, id=name))
    return found


@pytest.mark.parametrize(("wire", "place", "chunked", "whole"), cuts())
async def test_a_stream_that_is_cut_is_an_error_unless_its_end_was_told(
    wire: str, place: int, chunked: bool, whole: bool
) -> None:
    reply = replace(REPLY, cut_bytes=place, chunked=chunked)
    async with serving([reply], wire, ONCE) as (server, model):
        if whole:
            deltas = await ask(model, tools=TOOLS)
            assert text(deltas) == REPLY.text
            assert [delta.arguments for delta in deltas if isinstance(delta, ToolCall)] == [{"at": 1}]
            assert isinstance(deltas[-1], Finish)
            assert deltas[-1].reason == "tool_calls"
        else:
            with pytest.raises(BrokenAnswer, match="broke off") as caught:
                await ask(model, tools=TOOLS)
            assert_clean(caught.value)
        await server.settled()


# -- answers that say no

STATUSES = [
    (401, "no such key", AuthenticationFailed, "CODESTEER_ENDPOINT_KEY"),
    (403, "not your model", AuthenticationFailed, "not your model"),
    (402, "pay first", OutOfCredit, "billing"),
    (404, "no model of that name", UnknownModel, "Check the model's id"),
    (413, "prompt is too long", ModelError, "Shorten"),
    (429, "slow down", RateLimited, "slow down"),
    (500, "oh no", ModelError, "Try again"),
    (503, "busy", Overloaded, "another model"),
    (529, "overloaded", Overloaded, "another model"),
    (418, "short and stout", ModelError, "418: short and stout"),
]


@pytest.mark.parametrize(("status", "said", "kind", "word"), STATUSES)
async def test_an_error_status_is_a_typed_error_with_a_cure(
    wire: str, status: int, said: str, kind: type[CodeSteerError], word: str, secret: str
) -> None:
    error = await failing(Reply(status=status, error=said), wire)
    assert type(error) is kind or isinstance(error, kind)
    assert isinstance(error, ModelError)
    assert word in str(error)


ODD_BODIES = [
    (
        400,
        '[{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key."}}]',
        AuthenticationFailed,
    ),
    (400, '{"type": "error", "error": {"message": "Your credit balance is too low to go on."}}', OutOfCredit),
    (429, '{"error": {"message": "You exceeded it", "code": "insufficient_quota"}}', OutOfCredit),
    (422, '{"detail": "temperature of the sea"}', ModelError),
    (500, '"a bare string"', ModelError),
    (500, "[]", ModelError),
    (500, "", ModelError),
    (400, '{"error": null}', ModelError),
    (400, '{"error": {"message": {"deep": 1}}}', ModelError),
]


@pytest.mark.parametrize(("status", "body", "kind"), ODD_BODIES)
async def test_error_bodies_of_any_shape_are_read(wire: str, status: int, body: str, kind: type[Exception]) -> None:
    error = await failing(Reply(status=status, raw=body or "\n", content_type="application/json"), wire)
    assert isinstance(error, kind)


async def test_a_page_in_place_of_an_error_is_told_by_its_title(wire: str) -> None:
    page = "<!DOCTYPE html><html><head><title>502 Bad\nGateway</title></head><body>" + "long " * 5000
    error = await failing(Reply(status=502, raw=page, content_type="text/html"), wire)
    assert "a web page: 502 Bad Gateway" in error.message
    assert len(error.message) < 200


async def test_a_page_in_place_of_a_stream_is_told_by_its_kind(wire: str) -> None:
    error = await failing(Reply(raw="<html>Sign in to the wifi</html>", content_type="text/html; charset=utf-8"), wire)
    assert "answered with text/html, not with a stream" in error.message
    assert "proxy" in error.cure


async def test_json_in_place_of_a_stream_is_told_by_its_kind(wire: str) -> None:
    error = await failing(Reply(raw='{"hello": 1}', content_type="application/json"), wire)
    assert "application/json" in error.message


@pytest.mark.parametrize("kind", ["overloaded_error", "rate_limit_error", "authentication_error", "api_error", "odd"])
async def test_an_error_event_is_typed_by_what_it_is_called(wire: str, kind: str) -> None:
    body = json.dumps({"type": "error", "error": {"type": kind, "message": "sorry"}})
    reply = sse(f"event: error\ndata: {body}" if wire == "anthropic" else f"data: {body}")
    kinds = {
        "overloaded_error": Overloaded,
        "rate_limit_error": RateLimited,
        "authentication_error": AuthenticationFailed,
        "api_error": ModelError,
        "odd": BrokenAnswer,
    }
    error = await failing(reply, wire)
    assert type(error) is kinds[kind]
    assert "sorry" in error.message or kind == "authentication_error"


async def test_an_error_event_in_the_middle_says_what_it_is(wire: str) -> None:
    async with serving([Reply("one", error="overloaded, sorry")], wire) as (server, model):
        with pytest.raises(ModelError, match="overloaded, sorry"):
            await ask(model)
    assert len(server.requests) == 1


# -- streams that make no sense


def claude(kind: str, **content: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **content})}"


def claude_text(said: str, *between: str, usage: Any = None, end: str = "end_turn") -> list[str]:
    told = usage or {"input_tokens": 3, "output_tokens": 1}
    return [
        claude(
            "message_start", message={"id": "m", "type": "message", "role": "assistant", "content": [], "usage": told}
        ),
        claude("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        *between,
        claude("content_block_delta", index=0, delta={"type": "text_delta", "text": said}),
        claude("content_block_stop", index=0),
        claude("message_delta", delta={"stop_reason": end}, usage=usage or {"output_tokens": 1}),
        claude("message_stop"),
    ]


ODDITIES = {
    "openai": [
        ": keep-alive",
        openai_chunk(choices=[]),
        openai_chunk(choices=None),
        openai_chunk(**choice(None)),
        openai_chunk(**choice({"content": None})),
        openai_chunk(choices=[], prompt_filter_results=[{"x": 1}]),
        'event: news\ndata: {"choices": [], "object": "something.new"}',
    ],
    "anthropic": [
        ": keep-alive",
        claude("ping"),
        claude("something_new", text="x"),
        claude("content_block_start", index=5, content_block={"type": "new_block", "text": "no"}),
        claude("content_block_delta", index=5, delta={"type": "new_delta", "text": "no"}),
        "event: unheard\ndata: {}",
    ],
}


async def test_events_of_unknown_kinds_and_empty_ones_are_passed_over(wire: str) -> None:
    if wire == "openai":
        events = [
            openai_chunk(**choice({"content": "hel"})),
            *ODDITIES[wire],
            openai_chunk(**choice({"content": "lo"}, "stop")),
        ]
    else:
        events = claude_text("hello", *ODDITIES[wire])
    async with serving([sse(*events)], wire, ONCE) as (_, model):
        deltas = await ask(model)
    assert text(deltas) == "hello"


@pytest.mark.parametrize("broken", ["data: {not json", 'data: {"choices": 7}', "data: [1, 2]", 'data: "x"'])
async def test_events_that_cannot_be_read_are_an_error(wire: str, broken: str) -> None:
    prefix = "event: message_start\n" if wire == "anthropic" else ""
    error = await failing(sse(prefix + broken), wire)
    assert isinstance(error, BrokenAnswer)
    assert error.cure


HUGE = [10**30, -5, "many", None, 1.5, []]


@pytest.mark.parametrize("number", HUGE, ids=str)
async def test_counts_that_cannot_be_are_not_counted(wire: str, number: Any) -> None:
    if wire == "openai":
        details = {"cached_tokens": number}
        told = {"prompt_tokens": number, "completion_tokens": number, "prompt_tokens_details": details}
        events = [openai_chunk(**choice({"content": "hi"}, "stop")), openai_chunk(choices=[], usage=told)]
    else:
        told = {"input_tokens": number, "output_tokens": number, "cache_read_input_tokens": number}
        events = claude_text("hi", usage=told)
    async with serving([sse(*events)], wire, ONCE) as (_, model):
        deltas = await ask(model)
    assert text(deltas) == "hi"
    finish = deltas[-1]
    assert isinstance(finish, Finish)
    assert cost("openai/gpt-4o", finish.usage) == 0


async def test_more_cached_than_sent_is_not_believed() -> None:
    told = {"prompt_tokens": 10, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 10**6}}
    events = [openai_chunk(**choice({"content": "hi"}, "stop")), openai_chunk(choices=[], usage=told)]
    async with serving([sse(*events)], "openai", ONCE) as (_, model):
        finish = (await ask(model))[-1]
    assert isinstance(finish, Finish)
    assert finish.usage.cached_tokens == finish.usage.input_tokens == 10


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("end_turn", "end"),
        ("pause_turn", "end"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "filtered"),
        ("tool_use", "tool_calls"),
        ("something_new", "end"),
    ],
)
async def test_every_stop_reason_of_anthropic_has_a_meaning(end: str, reason: str) -> None:
    async with serving([sse(*claude_text("hi", end=end))], "anthropic", ONCE) as (_, model):
        finish = (await ask(model))[-1]
    assert isinstance(finish, Finish)
    assert finish.reason == reason


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("stop", "end"),
        ("length", "length"),
        ("model_length", "length"),
        ("content_filter", "filtered"),
        ("SAFETY", "filtered"),
        ("tool_calls", "tool_calls"),
        ("something_new", "end"),
    ],
)
async def test_every_finish_reason_of_openai_servers_has_a_meaning(end: str, reason: str) -> None:
    async with serving([sse(openai_chunk(**choice({"content": "hi"}, end)))], "openai", ONCE) as (_, model):
        finish = (await ask(model))[-1]
    assert isinstance(finish, Finish)
    assert finish.reason == reason


@pytest.mark.parametrize("end", ["abort", "error", "insufficient_system_resource"])
async def test_a_server_that_gives_up_in_the_middle_is_no_answer(end: str) -> None:
    error = await failing(sse(openai_chunk(**choice({"content": "hi"})), openai_chunk(**choice({}, end))), "openai")
    assert isinstance(error, Overloaded)


async def test_a_refusal_is_told_as_one() -> None:
    events = [openai_chunk(**choice({"refusal": "I will not."})), openai_chunk(**choice({}, "stop"))]
    async with serving([sse(*events)], "openai", ONCE) as (_, model):
        deltas = await ask(model)
    assert text(deltas) == "I will not."
    assert isinstance(deltas[-1], Finish)
    assert deltas[-1].reason == "filtered"


# -- the way there


async def test_nobody_there_is_said_with_the_address(wire: str) -> None:
    error = await unreached("http://127.0.0.1:9", wire)
    assert "http://127.0.0.1:9" in error.message
    assert "the server runs" in error.cure


async def test_a_name_that_does_not_exist_is_said(wire: str, secret: str) -> None:
    error = await unreached("http://no-such-host.invalid", wire)
    assert "The name of no-such-host.invalid could not be looked up (DNS)" in error.message


@pytest.mark.parametrize(("number", "passing"), [(socket.EAI_NONAME, False), (socket.EAI_AGAIN, True)])
def test_a_name_is_looked_up_again_only_where_that_may_help(wire: str, number: int, passing: bool) -> None:
    sdk = importlib.import_module(wire)
    raised = sdk.APIConnectionError(request=None)
    raised.__cause__ = socket.gaierror(number, "no")
    assert explain(raised, resolve(wire, "m@http://a.example")).passing is passing


async def test_a_connection_closed_without_an_answer_is_said(wire: str) -> None:
    async with listening(b"") as port:
        error = await unreached(f"http://127.0.0.1:{port}", wire)
    assert "closed the connection without an answer" in error.message


async def test_a_certificate_that_nobody_vouches_for_is_said(wire: str, tmp_path: Path, secret: str) -> None:
    async with listening(b"", tls=certificate(tmp_path)) as port:
        error = await unreached(f"https://127.0.0.1:{port}", wire)
    assert "certificate of 127.0.0.1 is not trusted (self-signed certificate" in error.message
    assert "SSL_CERT_FILE" in error.cure


async def test_https_to_a_server_that_speaks_http_is_said(wire: str) -> None:
    async with listening(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        error = await unreached(f"https://127.0.0.1:{port}", wire)
    assert "TLS with 127.0.0.1 failed" in error.message
    assert "https, not http" in error.cure


async def test_a_proxy_that_does_not_run_is_named_without_its_password(
    wire: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:{SECRET}@127.0.0.1:9")
    error = await unreached("https://api.example.com", wire)
    assert "by way of the proxy 127.0.0.1:9" in error.message
    assert "HTTPS_PROXY" in error.cure


async def test_a_proxy_that_refuses_is_told_with_its_words(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening(b"HTTP/1.1 403 Not On My Watch\r\nContent-Length: 0\r\n\r\n") as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        error = await unreached("https://api.example.com", wire)
    assert f"The proxy 127.0.0.1:{port} did not let the request to api.example.com through" in error.message
    assert "403 Not On My Watch" in error.message
    assert "NO_PROXY" in error.cure


async def test_no_proxy_has_a_say_on_loopback(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with serving(["fine"], wire) as (_, model):
        assert text(await ask(model)) == "fine"


async def test_a_redirect_is_not_followed_and_the_key_stays(wire: str, secret: str) -> None:
    async with ScriptedServer(["stolen"]) as other:
        away = Reply(status=307, headers={"Location": f"{other.url}/v1/elsewhere?key={SECRET}"})
        error = await failing(away, wire)
        assert not other.requests
    assert isinstance(error, EndpointUnreachable)
    assert f"sends on to {other.url}/v1/elsewhere;" in error.message
    assert error.cure


async def unreached(url: str, wire: str) -> EndpointUnreachable:
    model = model_at(url, wire, ONCE)
    with pytest.raises(EndpointUnreachable) as caught:
        await ask(model)
    await model.aclose()
    assert_clean(caught.value)
    return caught.value


@asynccontextmanager
async def listening(answer: bytes, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A port where every connection gets ``answer`` to its first bytes and is closed."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate of its own making."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "own.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


# -- the key


@pytest.mark.parametrize("status", [307, 400, 401, 403, 404, 413, 418, 429, 500, 529])
async def test_no_error_shows_a_key_that_the_endpoint_quotes(wire: str, status: int, secret: str) -> None:
    for quoted in (f"broken for {SECRET}", f"prompt is too long, {SECRET[:-4]}", f"{SECRET[3:20]}\n{SECRET}"):
        reply = Reply(status=status, error=quoted, headers={"Location": f"http://{SECRET}.example/"})
        await failing(reply, wire)


async def test_no_error_event_shows_a_key(wire: str, secret: str) -> None:
    for said in (f"broken for {SECRET}", f"overloaded {SECRET}"):
        await failing(Reply("one", error=said), wire)


async def test_the_key_is_sent_and_only_as_a_key(wire: str, secret: str) -> None:
    async with ScriptedServer(["fine"], key=SECRET) as server:
        model = model_at(server.url, wire)
        assert text(await ask(model)) == "fine"
        assert SECRET not in repr(model)
        await model.aclose()
    sent = server.requests[0]
    carriers = [name for name, value in sent.headers.items() if SECRET in value]
    assert carriers in (["authorization"], ["x-api-key"])
    assert SECRET not in json.dumps(sent.body)


def test_larger_parts_of_a_key_are_taken_out_too() -> None:
    assert scrub("key sk-abcdefghijkl and sk-abcdefgh", "sk-abcdefghijkl") == "key ... and ..."
    assert scrub("nothing of it", "sk-abcdefghijkl") == "nothing of it"
    assert scrub("short keys are whole words", "") == "short keys are whole words"
