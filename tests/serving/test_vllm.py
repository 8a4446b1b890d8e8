"""vLLM's command line, and the supervision of a program that stands in for it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from codesteer_kernel.cli import main
from codesteer_kernel.config import cache_dir
from codesteer_kernel.errors import BadInput, MissingDependency
from codesteer_kernel.models import ChatRequest, Message, TextDelta
from codesteer_kernel.models.discovery import Directory, running_hosts
from codesteer_kernel.models.served import ServedModel
from codesteer_kernel.models.templates import LLAMA3
from codesteer_kernel.serving.overview import look
from codesteer_kernel.serving.settings import parse_serving
from codesteer_kernel.serving.vllm import find_vllm, vllm_arguments
from tests.models.conftest import wait_until
from tests.serving.process import HostProcess

V1 = "hf/yongchao98/CodeSteer-v1"
ALWAYS = "--max-log-len 0 --disable-fastapi-docs --allowed-origins [] --shutdown-timeout 30"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            f"-s {V1}",
            (
                "serve yongchao98/CodeSteer-v1 --served-model-name codesteer-v1 --host H --port 1 --dtype bfloat16"
                " --enable-prefix-caching --enable-prompt-tokens-details --max-model-len 8192 --chat-template T"
            ),
        ),
        (
            f"-s {V1} --max-model-len 4096 --tensor-parallel 2 --quantization fp8 --dtype auto --slots 32 --name mine",
            (
                "serve yongchao98/CodeSteer-v1 --served-model-name mine --host H --port 1 --dtype auto"
                " --enable-prefix-caching --enable-prompt-tokens-details --max-model-len 4096 --max-num-seqs 32"
                " --chat-template T --quantization fp8 --tensor-parallel-size 2"
            ),
        ),
        (
            "-s hf//models/Tuned/ --adapter a=/x/a --adapter b=/x/b",
            (
                "serve /models/Tuned/ --served-model-name tuned --host H --port 1 --dtype bfloat16"
                " --enable-prefix-caching --enable-prompt-tokens-details --enable-lora --lora-modules a=/x/a b=/x/b"
            ),
        ),
    ],
)
def test_the_command_line(options: str, expected: str) -> None:
    words = vllm_arguments(parse_serving(options.split()), host="H", port=1)
    words = ["T" if word == LLAMA3 else word for word in words]
    assert " ".join(words) == f"{expected} {ALWAYS}"


def test_words_after_the_dashes_are_vllms() -> None:
    settings = parse_serving(["-s", V1, "--grace", "5", "--", "--max-lora-rank", "64"])
    assert vllm_arguments(settings, host="H", port=1)[-4:] == ["--shutdown-timeout", "5", "--max-lora-rank", "64"]


# -- where it is found


@pytest.fixture
def standin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An executable ``vllm`` on the PATH; returns the file in which it tells how it was started."""
    program = tmp_path / "bin" / "vllm"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nfrom tests.serving.standin import main\nmain()\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    told = tmp_path / "told.json"
    monkeypatch.setenv("STANDIN_TOLD", str(told))
    monkeypatch.setenv("SOME_API_KEY", "canary-of-somebody")
    return told


def test_it_is_taken_where_it_is_installed(standin: Path, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "vllm"
    assert find_vllm(parse_serving(["-s", V1])) == program
    assert find_vllm(parse_serving(["-s", V1, "--vllm", str(program)])) == program
    assert find_vllm(parse_serving(["-s", V1, "--engine", "local"])) is None
    assert find_vllm(parse_serving(["-s", "local/smollm2-135m"])) is None
    assert find_vllm(parse_serving(["-s", f"{V1}?quantize=4bit"])) is None


def test_what_does_not_go_together_is_said(standin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases: list[tuple[str, type[Exception], str]] = [
        ("-s local/smollm2-135m --engine vllm", BadInput, "cannot host"),
        (f"-s {V1} --vllm /nowhere/vllm", MissingDependency, "/nowhere/vllm"),
        (f"-s {V1} --engine local --quantization fp8", BadInput, "--quantization is for vLLM"),
        ("-s local/smollm2-135m --adapter a=/x", BadInput, "--adapter is for vLLM"),
        ("-s local/smollm2-135m -- --more", BadInput, "-- is for vLLM"),
        (f"-s {V1} --socket /tmp/x", BadInput, "TCP"),
        (f"-s {V1}?quantize=4bit --engine vllm", BadInput, "as they are"),
    ]
    for words, kind, said in cases:
        with pytest.raises(kind, match=said):
            find_vllm(parse_serving(words.split()))
    monkeypatch.setenv("PATH", "/nowhere")
    assert find_vllm(parse_serving(["-s", V1])) is None
    with pytest.raises(MissingDependency, match="--vllm"):
        find_vllm(parse_serving(["-s", V1, "--engine", "vllm"]))


# -- its life


def gone(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        # A zombie whose parent has not looked yet has ended.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def tree(told: Path) -> tuple[dict[str, Any], list[int]]:
    found = json.loads(told.read_text())
    return found, [found["pid"], *found["workers"]]


async def test_a_host_of_vllm_from_start_to_stop(runtime: Path, standin: Path) -> None:
    with HostProcess("--steerer", V1, "--adapter", "mine=/x/mine") as process:
        told, pids = tree(standin)
        host = process.host
        token = host.token()
        # The key goes by the environment, and no other key goes with it.
        assert told["environment"]["VLLM_API_KEY"] == token
        assert "SOME_API_KEY" not in told["environment"]
        assert token not in " ".join(told["argv"])
        assert token not in process.output
        assert (host.engine, host.context, host.adapters) == ("vllm", 8192, ("mine",))
        assert Path(host.token_file).stat().st_mode & 0o777 == 0o600
        # Notebooks find it by the model's name and by the adapter's.
        for name, asked in ((V1, "codesteer-v1"), ("hosted/mine", "mine")):
            found = Directory().find({name})
            assert found is not None
            model = ServedModel(found)
            assert "codesteer-v1" in model.name.lower(), "the dialect is chosen by the name"
            await model.ready()
            deltas = [d async for d in model.stream(ChatRequest(messages=(Message("user", "Code or text?"),)))]
            assert "".join(d.text for d in deltas if isinstance(d, TextDelta)) == "<<<Code>>>"
            assert (found.adapter or found.name) == asked
            await model.aclose()
        assert look(host).health == "ok"
        assert process.stop() == 0
    assert all(gone(pid) for pid in pids)
    assert running_hosts() == []
    log = (cache_dir() / "logs" / "vllm-codesteer-v1.log").read_text()
    assert "startup complete, key ..." in log
    assert token not in log


def test_a_start_that_fails_shows_the_end_of_its_log(runtime: Path, standin: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("STANDIN_MODE", "fail")
    process = HostProcess("--steerer", V1)
    assert process.wait() == 1
    assert process.announced == []
    assert "ERROR no such model" in process.output
    assert "vllm-codesteer-v1.log" in process.output
    assert all(gone(pid) for pid in tree(standin)[1])


def test_a_death_is_told_and_its_workers_end(runtime: Path, standin: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("STANDIN_MODE", "die")
    process = HostProcess("--steerer", V1).ready()
    assert process.wait() == 1
    assert "exit code 7" in process.output
    assert "CUDA out of memory" in process.output
    assert running_hosts() == []
    wait_until(lambda: gone(tree(standin)[1][1]))


def test_one_that_does_not_hear_is_killed_with_its_tree(runtime: Path, standin: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("STANDIN_MODE", "stubborn")
    with HostProcess("--steerer", V1, "--grace", "0.5") as process:
        _, pids = tree(standin)
        assert process.stop() == 3
    wait_until(lambda: all(gone(pid) for pid in pids))


def test_a_second_signal_stops_at_once(runtime: Path, standin: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("STANDIN_MODE", "stubborn")
    with HostProcess("--steerer", V1, "--grace", "600") as process:
        process.signal(signal.SIGINT)
        wait_until(lambda: "Stopping vLLM" in process.output)
        process.signal(signal.SIGINT)
        assert process.wait(20) == 3


def test_it_does_not_outlive_its_supervisor(runtime: Path, standin: Path) -> None:
    process = HostProcess("--steerer", V1).ready()
    _, pids = tree(standin)
    process.signal(signal.SIGKILL)
    process.wait()
    wait_until(lambda: gone(pids[0]))
    assert running_hosts() == []
    for pid in pids[1:]:  # a real vLLM ends its own workers when it is told to stop
        os.kill(pid, signal.SIGKILL)


def test_a_stop_while_it_starts(runtime: Path, standin: Path) -> None:
    process = HostProcess("--steerer", V1)
    wait_until(lambda: standin.exists() and standin.read_text().endswith("}"))
    assert process.stop() == 0
    assert process.announced == []
    assert all(gone(pid) for pid in tree(standin)[1])


def test_serve_needs_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--port", "1"]) == 2
    assert "--steerer" in capsys.readouterr().err
