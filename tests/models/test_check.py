"""``check`` asks a real back end one thing, and names the cause of every kind of failure: over loopback, official SDKs."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from codesteer_kernel.errors import BadConfig, BadInput, UnknownModel
from codesteer_kernel.models import card as card_module
from codesteer_kernel.models import diagnosis
from codesteer_kernel.models.catalogue import Entry
from codesteer_kernel.models.check import Checkup, check
from tests.models import gguf_file
from tests.scripted import Reply, ScriptedServer

WIRES = ("openai", "anthropic")
HOST = "models.test"
Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "LIST_SECONDS", 2.0)


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> str:
    """A name that leads to this machine without saying so: what holds for it holds for a server elsewhere."""
    real = socket.getaddrinfo

    def lead(host: Any, *rest: Any, **more: Any) -> Any:
        return real("127.0.0.1" if host in (HOST, HOST.encode()) else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", lead)
    return HOST


def at(url: str, wire: str, model: str = "scripted") -> str:
    return f"{wire}/{model}@{url}{'/v1' if wire == 'openai' else ''}"


@contextmanager
def web(
    answer: Callable[[str], Answer], certificate: Path | None = None
) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """An HTTP(S) server whose every request gets ``answer(path)``; yields its port and ``(path, headers)`` of requests."""
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            asked.append((self.path, str(self.headers)))
            status, headers, body = answer(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_CONNECT = _answer

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        # The handshake belongs to the request's thread, so that one that fails ends nobody else's.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def certificate(folder: Path, *, days: int = 1, name: str = HOST) -> Path:
    """A self-signed certificate with its key, good (or expired) for so many days around now."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=9))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(built.public_bytes(serialization.Encoding.PEM) + private)
    return path


def said(found: Checkup, cause: str) -> str:
    """What is said of a fault whose cause must be ``cause``."""
    assert found.fault is not None
    assert found.fault.cause == cause, found.fault
    return f"{found.fault.message} {found.fault.cure}"


# -- it answers


async def test_success_shows_times_tokens_cost_and_what_was_seen(wire: str) -> None:
    reply = Reply("ok it is, and gladly", reasoning="Hm.", cached_tokens=2, delay=0.005)
    async with ScriptedServer([reply]) as server:
        found = await check(at(server.url, wire))
    assert found.fault is None
    assert found.text == "ok it is, and gladly"
    assert found.first_token is not None
    assert found.seconds is not None
    assert 0 < found.first_token < found.seconds
    assert found.usage is not None
    assert (found.usage.input_tokens, found.usage.output_tokens, found.usage.cached_tokens) == (5, 5, 2)
    assert found.tokens_per_second is not None
    assert found.tokens_per_second > 0
    assert found.seen == ("streaming", "reasoning", "usage", "prefix cache")
    assert found.abilities is not None
    assert found.abilities.structured
    assert found.cost is None, "nobody knows what a server elsewhere costs"
    assert len(server.requests) == 1
    limit = server.requests[0].body.get("max_tokens") or server.requests[0].body.get("max_completion_tokens")
    assert limit <= 16


async def test_it_costs_what_the_table_says(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ScriptedServer(["ok"]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        found = await check("openai/gpt-4.1")
    assert found.cost == pytest.approx((5 * 2 + 1 * 8) / 1e6)


async def test_an_alias_is_checked_as_what_it_stands_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with ScriptedServer(["ok"]) as server:
        (tmp_path / "own.toml").write_text(f'[models.box]\nmodel = "vllm/scripted"\nbase_url = "{server.url}/v1"')
        monkeypatch.setenv("CODESTEER_CONFIG", str(tmp_path / "own.toml"))
        found = await check("box")
    assert (found.fault, found.name) == (None, f"vllm/scripted@{server.url}/v1")


# -- on the way


async def test_a_name_that_does_not_resolve(wire: str) -> None:
    found = await check(at("https://no-such-host.invalid", wire))
    assert "no-such-host.invalid cannot be resolved" in said(found, "dns")


async def test_nobody_listens(wire: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
        found = await check(at(f"http://{place}", wire))
    assert f"Nothing listens at {place}" in said(found, "refused")


async def test_somebody_listens_and_says_nothing(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "LIST_SECONDS", 0.3)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        place = f"127.0.0.1:{mute.getsockname()[1]}"
        found = await check(at(f"http://{place}", wire), seconds=0.3)
    assert f"{place} does not answer" in said(found, "timeout")


async def test_the_server_is_there_and_the_model_takes_too_long(wire: str) -> None:
    async with ScriptedServer([Reply("ok", first_delay=60)]) as server:
        found = await check(at(server.url, wire), seconds=0.3)
        assert "did not answer in 0.3 seconds" in said(found, "timeout")
        await server.settled()
        assert server.requests[0].disconnected


async def test_a_proxy_that_is_not_there(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:hush@127.0.0.1:9")
    text = said(await check(at("https://models.invalid", wire)), "proxy")
    assert "The proxy 127.0.0.1:9 does not answer" in text
    assert "NO_PROXY" in text
    assert "hush" not in text


async def test_a_proxy_that_refuses(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with web(lambda _: (407, {}, b"")) as (port, asked):
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        text = said(await check(at("https://models.invalid", wire)), "proxy")
    assert f"The proxy 127.0.0.1:{port} does not connect to models.invalid (407" in text
    assert asked[0][0] == "models.invalid:443"


async def test_a_proxy_that_needs_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:9")
    assert "socksio" in said(await check(at("https://models.invalid", "openai")), "proxy")


async def test_no_proxy_has_a_say_on_this_machine(monkeypatch: pytest.MonkeyPatch, wire: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with ScriptedServer(["ok"]) as server:
        assert (await check(at(server.url, wire))).fault is None


async def test_a_certificate_that_nobody_vouches_for(wire: str, tmp_path: Path, named: str) -> None:
    with web(lambda _: (200, {}, b"{}"), certificate(tmp_path)) as (port, _):
        text = said(await check(at(f"https://{named}:{port}", wire)), "certificate")
    assert "self-signed certificate" in text
    assert "SSL_CERT_FILE" in text


async def test_the_cure_for_a_certificate_of_ones_own_works(
    tmp_path: Path, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    listed = b'{"object": "list", "data": [{"id": "other", "object": "model"}]}'
    no_model = b'{"error": {"message": "no such model"}}'

    def answer(asked: str) -> Answer:
        kind = {"Content-Type": "application/json"}
        return (200, kind, listed) if asked == "/v1/models" else (404, kind, no_model)

    with web(answer, path) as (port, _):
        found = await check(at(f"https://{named}:{port}", "openai", "othr"))
    assert "Did you mean 'other'?" in said(found, "model_name")


async def test_a_certificate_that_has_expired_or_is_somebody_elses(
    tmp_path: Path, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for how, word in (({"days": -1}, "expired"), ({"name": "other.test"}, "mismatch")):
        path = certificate(tmp_path, **how)  # type: ignore[arg-type]
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        with web(lambda _: (200, {}, b"{}"), path) as (port, _):
            assert word in said(await check(at(f"https://{named}:{port}", "openai")), "certificate")


async def test_https_to_a_plain_server_and_the_other_way_round(tmp_path: Path, wire: str) -> None:
    with web(lambda _: (200, {}, b"{}")) as (port, _):
        assert "Write http://" in said(await check(at(f"https://127.0.0.1:{port}", wire)), "base_url")
    with web(lambda _: (200, {}, b"{}"), certificate(tmp_path)) as (port, _):
        assert "Write https://" in said(await check(at(f"http://127.0.0.1:{port}", wire)), "base_url")


# -- the address


async def test_an_address_without_its_v1_or_with_one_too_many() -> None:
    async with ScriptedServer(["ok"]) as server:
        assert f"Write {server.url}/v1" in said(await check(f"openai/scripted@{server.url}"), "base_url")
        found = await check(f"anthropic/scripted@{server.url}/v1")
        assert said(found, "base_url").endswith(f"Write {server.url}")


@pytest.mark.parametrize("status", [200, 404, 502])
async def test_a_web_page_in_place_of_an_api(wire: str, status: int) -> None:
    page = (status, {"Content-Type": "text/html; charset=utf-8"}, b"<!doctype html><h1>Welcome</h1>")
    with web(lambda _: page) as (port, _):
        text = said(await check(at(f"http://127.0.0.1:{port}", wire)), "base_url")
    assert "web page" in text
    assert "<h1>" not in text


async def test_an_address_that_sends_on_to_another(wire: str) -> None:
    moved = (301, {"Location": "https://models.example/v1"}, b"")
    with web(lambda _: moved) as (port, _):
        assert "https://models.example/v1" in said(await check(at(f"http://127.0.0.1:{port}", wire)), "base_url")


async def test_an_api_of_another_kind(wire: str) -> None:
    other = (404, {"Content-Type": "application/json"}, b'{"detail": "Not Found"}')
    with web(lambda _: other) as (port, _):
        assert "nor a list of models" in said(await check(at(f"http://127.0.0.1:{port}", wire)), "base_url")


# -- what the endpoint says


async def test_a_model_that_is_not_there_gets_the_nearest_that_is(wire: str) -> None:
    gone = Reply(status=404, error="model not found", times=None)
    async with ScriptedServer([gone]) as server:
        assert "Did you mean 'scripted'?" in said(await check(at(server.url, wire, "scriptd")), "model_name")
        assert "It has: scripted." in said(await check(at(server.url, wire, "zzzzzz")), "model_name")


async def test_a_key_that_is_missing_names_its_variable() -> None:
    for name, variable in (("anthropic/x", "ANTHROPIC_API_KEY"), ("openai/x", "OPENAI_API_KEY")):
        assert variable in said(await check(name), "key_missing")


async def test_a_key_that_is_refused_is_never_repeated(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODESTEER_ENDPOINT_KEY", "sk-canary-0123456789")
    async with ScriptedServer([], key="right") as server:
        found = await check(at(server.url, wire))
    assert "CODESTEER_ENDPOINT_KEY" in said(found, "key_refused")
    assert "canary" not in repr(found)


@pytest.mark.parametrize(
    ("error", "cause", "part"),
    [
        ("You exceeded your current quota (insufficient_quota).", "quota", "current quota"),
        ("Your credit balance is too low.", "quota", "credit balance"),
        ("Too many requests in a minute.", "rate", "Too many requests"),
    ],
)
async def test_quota_is_told_from_rate_and_neither_is_waited_for(wire: str, error: str, cause: str, part: str) -> None:
    async with ScriptedServer([Reply(status=429, error=error, headers={"Retry-After": "1"}, times=None)]) as server:
        assert part in said(await check(at(server.url, wire)), cause)
        assert len(server.requests) == 1


async def test_what_is_not_known_is_said_in_the_servers_words(wire: str) -> None:
    async with ScriptedServer([Reply(status=400, error="the model is on holiday")]) as server:
        assert "on holiday" in said(await check(at(server.url, wire)), "model")


async def test_a_providers_key_is_sent_to_nobody_else(wire: str, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "canary")
    gone = (404, {"Content-Type": "application/json"}, b"{}")
    with web(lambda _: gone) as (port, asked):
        await check(at(f"http://{named}:{port}", wire))
    assert len(asked) > 1
    assert "canary" not in repr(asked)


# -- what should run here


async def test_weights_that_are_not_here_are_named_and_not_fetched(cache: Path) -> None:
    text = said(await check("local/135m"), "not_downloaded")
    assert "codesteer models pull local/smollm2-135m" in text
    assert "98 MB" in text
    assert not cache.exists()
    assert "/nowhere/x.gguf" in said(await check("local//nowhere/x.gguf"), "not_downloaded")


async def test_a_model_that_does_not_fit_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gguf_file.write(tmp_path / "big.gguf", 10_000)
    monkeypatch.setattr(card_module, "available_memory", lambda: 50_000_000)
    assert "0.1 GB is free" in said(await check(f"local/{tmp_path / 'big.gguf'}"), "memory")


@pytest.mark.real
async def test_a_file_that_is_no_model_does_not_load(tmp_path: Path, runtime: Path) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF, but not really")
    assert "broken.gguf" in said(await check(f"local/{tmp_path / 'broken.gguf'}"), "load")


@pytest.mark.real
async def test_a_local_model_tells_its_speed(smollm: Entry, runtime: Path) -> None:
    found = await check(f"local/{smollm.name}")
    assert found.fault is None
    assert found.load_seconds is not None
    assert found.tokens_per_second is not None
    assert found.tokens_per_second > 0
    assert found.cost == 0
    assert found.abilities is not None
    assert found.abilities.local


async def test_names_that_mean_nothing_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownModel, match="'openai'"):
        await check("opneai/x")
    with pytest.raises(BadInput, match="time-out"):
        await check("openai/x", seconds=0)
    (tmp_path / "own.toml").write_text("nonsense")
    monkeypatch.setenv("CODESTEER_CONFIG", str(tmp_path / "own.toml"))
    with pytest.raises(BadConfig):
        await check("mine")
