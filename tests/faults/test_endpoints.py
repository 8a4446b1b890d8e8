"""A model's endpoint fails in the second round: the first round is kept, here and on disk, and the message says what to do."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import codesteer
import pytest

from codesteer_kernel.models.providers import ENDPOINT_KEY
from tests.models.test_check import certificate
from tests.run.scripts import WIRES, model, program, say, script
from tests.scripted import Reply, serving_in_thread

pytestmark = pytest.mark.kernel

SOON = {"retry-after-ms": "1"}
PAGE = "<html><title>Sign in</title></html>"
# What the endpoint does, the code of the error that the run ends with, and a word of the cure.
FAULTS: dict[str, tuple[Reply, str, str]] = {
    "cut in the middle": (Reply("one two three four", cut_after=2), "broken_answer", "again"),
    "cut before the first word": (Reply("one", cut_after=0, times=None), "broken_answer", "again"),
    "429 for ever": (Reply(status=429, error="slow down", headers=SOON, times=None), "rate_limited", "Wait"),
    "429 for an hour": (Reply(status=429, headers={"retry-after": "3600"}), "rate_limited", "3600 seconds"),
    "500 for ever": (Reply(status=500, error="oops", headers=SOON, times=None), "model_error", "again"),
    "503 for ever": (Reply(status=503, error="busy", headers=SOON, times=None), "overloaded", "later"),
    "malformed JSON": (Reply(raw='event: message_start\ndata: {"choices": [{"del\n\n'), "broken_answer", "again"),
    "a page": (Reply(raw=PAGE, content_type="text/html"), "model_error", "address"),
    "JSON and no stream": (Reply(raw='{"ok": 1}', content_type="application/json"), "model_error", "address"),
    "the key has expired": (Reply(status=401, error="expired"), "authentication_failed", ENDPOINT_KEY),
    "no credit": (Reply(status=402, error="no credit"), "out_of_credit", "billing"),
    "a redirect": (Reply(status=307, headers={"location": "http://evil.test/"}), "endpoint_unreachable", "address"),
    "the model is gone": (Reply(status=404, error="no such model"), "unknown_model", "id"),
}


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_lost_and_the_message_says_what_to_do(
    fault: str, wire: str, kept: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    reply, code, cure = FAULTS[fault]
    monkeypatch.setenv(ENDPOINT_KEY, "sk-test-0123456789abcdefghij")
    replies = script([say("code"), say("refine", "Again.")], [program("print(5)"), reply])
    with serving_in_thread(replies) as server:
        run = codesteer.solve("How many?", target=model(server, wire), checker="none", raise_on_failure=False)
    assert run.record.error is not None
    assert (run.status, run.record.error.code) == ("failed", code), run.record.error
    assert cure in run.record.error.cure
    assert "sk-test" not in run.to_json()
    assert (run.rounds[0].result, run.answer) == ("5", "5"), "what the first round found is the answer"
    found = kept()
    assert (found.id, found.status, found.error) == (run.id, "failed", run.record.error)
    assert [one.result for one in found.rounds][:1] == ["5"]


@pytest.mark.parametrize("wire", WIRES)
def test_an_endpoint_that_is_too_slow_ends_the_run_within_its_time(wire: str, kept: Callable[[], Any]) -> None:
    replies = script(
        [say("code"), say("refine", "Again.")], [program("print(5)"), Reply("one two three", hang_after=1)]
    )
    with serving_in_thread(replies) as server:
        run = codesteer.solve("How many?", target=model(server, wire), checker="none", seconds=15.0)
    assert (run.status, run.answer) == ("exhausted", "5")
    assert run.record.budget.hit == "seconds"
    assert kept().status == "exhausted"


@pytest.mark.parametrize("wire", WIRES)
def test_a_fault_that_passes_costs_the_run_nothing(wire: str) -> None:
    for reply in (Reply(status=500, headers=SOON, times=3), Reply(status=429, headers=SOON, times=2)):
        replies = script([say("text"), say("return")], [reply, "Answer: 42"])
        with serving_in_thread(replies) as server:
            run = codesteer.solve("How many?", target=model(server, wire), checker="none")
        assert (run.status, run.answer) == ("done", "Answer: 42")


@contextmanager
def answering(context: ssl.SSLContext | None, reply: bytes) -> Iterator[int]:
    """A port on this machine at which whoever connects gets ``reply``, under TLS where there is a context."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                plain, _ = listener.accept()
                plain.settimeout(5)
                with context.wrap_socket(plain, server_side=True) if context else plain as connection:
                    connection.recv(65536)
                    connection.sendall(reply)
            except OSError:
                continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        ended.set()
        thread.join(10)
        listener.close()


@pytest.mark.parametrize("wire", WIRES)
def test_a_certificate_that_nobody_vouches_for_ends_the_run_at_once(
    wire: str, tmp_path: Path, kept: Callable[[], Any]
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path))
    with answering(context, b"") as port:
        name = f"{wire}/x@https://localhost:{port}/v1"
        run = codesteer.solve("How many?", target=name, raise_on_failure=False)
    assert run.record.error is not None
    assert (run.status, run.record.error.code) == ("failed", "endpoint_unreachable")
    assert "certificate" in run.record.error.message
    assert "SSL_CERT_FILE" in run.record.error.cure
    assert kept().status == "failed"


@pytest.mark.parametrize("wire", WIRES)
def test_a_proxy_that_refuses_and_one_that_is_not_there_are_named(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(None, b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n") as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:pass-word-1@127.0.0.1:{port}")
        run = codesteer.solve("How many?", target=f"{wire}/x@https://models.test/v1", raise_on_failure=False)
    assert run.record.error is not None
    assert run.record.error.code == "endpoint_unreachable"
    assert f"127.0.0.1:{port}" in run.record.error.message
    assert "HTTPS_PROXY" in run.record.error.cure
    assert "pass-word-1" not in run.to_json()


@pytest.mark.parametrize("wire", WIRES)
def test_no_network_is_said_and_the_next_run_is_a_run_again(wire: str) -> None:
    with serving_in_thread(script([say("text"), say("return")], ["Answer: 42"])) as server:
        name = model(server, wire)
        spelled = name.replace("127.0.0.1", "localhost")
        run = codesteer.solve("How many?", target=f"{wire}/x@http://127.0.0.1:9/v1", raise_on_failure=False)
        assert run.record.error is not None
        assert run.record.error.code == "endpoint_unreachable"
        assert "Check the address" in run.record.error.cure
        assert codesteer.solve("How many?", target=spelled, checker="none").answer == "Answer: 42"
