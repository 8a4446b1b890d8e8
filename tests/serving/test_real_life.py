"""The life of ``codesteer serve`` with real (small) weights: what it refuses, how it stops, what it leaves."""

from __future__ import annotations

import contextlib
import signal
import socket
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from codesteer_kernel.cli import main
from codesteer_kernel.models import hosts
from codesteer_kernel.models.catalogue import Entry, weights_path
from codesteer_kernel.models.discovery import running_hosts
from tests.models.conftest import wait_until
from tests.serving.process import HostProcess

pytestmark = pytest.mark.real

MODEL = "local/smollm2-135m"
LONG: Any = [{"role": "user", "content": "Count from one to a thousand, in words."}]


def test_nothing_that_was_said_is_kept(runtime: Path, smollm: Entry) -> None:
    with HostProcess("--steerer", MODEL) as process:
        token = process.host.token()
        with openai.OpenAI(base_url=process.host.url, api_key=token, max_retries=0) as client:
            asked: Any = [{"role": "user", "content": "xyzzy-plugh is my secret word"}]
            client.chat.completions.create(model="smollm2-135m", messages=asked, max_tokens=3)
            with contextlib.suppress(openai.BadRequestError):
                asked[0]["content"] *= 2000
                client.chat.completions.create(model="smollm2-135m", messages=asked)
        command = Path(f"/proc/{process.process.pid}/cmdline").read_bytes().decode()
        kept = "".join(path.read_text() for path in runtime.rglob("*.json"))
        kept += hosts.log_path(weights_path(smollm)).read_text() + process.output
        assert process.stop() == 0
    assert "xyzzy" not in kept + process.output
    assert token not in kept + command


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_while_streaming_finishes_the_answer(runtime: Path, smollm: Entry, number: int) -> None:
    with HostProcess("--steerer", MODEL, "--slots", "1") as process:
        host = process.host
        with openai.OpenAI(base_url=host.url, api_key=host.token(), max_retries=0) as client:
            stream = client.chat.completions.create(
                model=host.name, messages=LONG, max_tokens=60, stream=True, temperature=0
            )
            first = next(iter(stream))
            process.signal(number)
            wait_until(lambda: not running_hosts())
            rest = list(stream)
            assert rest[-1].choices[0].finish_reason == "length"
            assert first.id == rest[-1].id
            with pytest.raises((openai.APIConnectionError, openai.InternalServerError)):
                client.chat.completions.create(model=host.name, messages=LONG)
        assert process.wait() == 0


def test_stop_by_the_command_cuts_what_takes_too_long(runtime: Path, smollm: Entry) -> None:
    with HostProcess("--steerer", MODEL, "--grace", "0.2") as process:
        host = process.host
        with openai.OpenAI(base_url=host.url, api_key=host.token(), max_retries=0) as client:
            stream = client.chat.completions.create(
                model=host.name, messages=LONG, max_tokens=3000, stream=True, temperature=0
            )
            next(iter(stream))
            assert main(["serve", "stop", host.name]) == 0
            with pytest.raises(openai.APIError, match="being stopped"):
                list(stream)
        assert process.wait() == 3


def test_a_second_signal_cuts_at_once(runtime: Path, smollm: Entry) -> None:
    with HostProcess("--steerer", MODEL, "--grace", "600") as process:
        host = process.host
        with openai.OpenAI(base_url=host.url, api_key=host.token(), max_retries=0) as client:
            stream = client.chat.completions.create(
                model=host.name, messages=LONG, max_tokens=3000, stream=True, temperature=0
            )
            next(iter(stream))
            process.signal()
            wait_until(lambda: "Stopping" in process.output)
            process.signal()
            assert process.wait(20) == 3
            with pytest.raises((openai.APIError, httpx2.TransportError)):
                list(stream)


def test_two_hosts_and_what_they_may_not_share(runtime: Path, smollm: Entry, tmp_path: Path) -> None:
    path = runtime / "s.sock"
    with HostProcess("--steerer", MODEL, "--socket", str(path)) as one:
        same = HostProcess("--steerer", MODEL)
        assert same.wait() == 2
        assert "runs already" in same.output
        taken = HostProcess("--steerer", MODEL, "--name", "b", "--socket", str(path))
        assert taken.wait() == 2
        assert "listens on" in taken.output
        with HostProcess("--steerer", MODEL, "--name", "b") as other:
            assert {host.name for host in running_hosts()} == {"smollm2-135m", "b"}
            assert main(["serve", "stop"]) == 2, "which one?"
            assert other.stop() == 0
        assert path.is_socket()
        assert one.stop() == 0


def test_ports_and_tokens_that_cannot_be(runtime: Path, smollm: Entry, tmp_path: Path) -> None:
    open_file, short, kept = tmp_path / "open", tmp_path / "short", tmp_path / "kept"
    open_file.write_text("a-token-that-others-can-read")
    open_file.chmod(0o644)
    short.write_text("short")
    short.chmod(0o600)
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        for words, said in (
            (["--port", str(busy.getsockname()[1])], "cannot be listened on"),
            (["--token-file", str(open_file)], "chmod 600"),
            (["--token-file", str(short)], "holds no token"),
            (["--token-file", "/nowhere/token"], "cannot be used"),
            (["--socket", "/" + "x" * 120], "longer than"),
        ):
            process = HostProcess("--steerer", MODEL, *words)
            assert process.wait() == 2, process.output
            assert said in process.output
    with HostProcess("--steerer", MODEL, "--token-file", str(kept), "--host", "0.0.0.0") as process:
        assert kept.stat().st_mode & 0o777 == 0o600
        wait_until(lambda: "Warning: other machines" in process.output)
        assert process.host.url.startswith("http://127.0.0.1:")
        with openai.OpenAI(base_url=process.host.url, api_key=kept.read_text().strip()) as client:
            assert client.models.list().data[0].id == "smollm2-135m"
    assert kept.exists(), "the user's own file stays"


def test_only_what_runs_here_can_be_hosted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "-s", "ollama/x"]) == 2
    assert "does not run on this machine" in capsys.readouterr().err
