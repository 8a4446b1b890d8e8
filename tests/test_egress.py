"""The one door: every connection of ours passes it, and offline nothing leaves, by whatever way it is tried."""

from __future__ import annotations

import ast
import asyncio
import importlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from codesteer_kernel.cli import main
from codesteer_kernel.cluster import Cluster, ClusterFailed
from codesteer_kernel.configuring import CodeSteer
from codesteer_kernel.egress import OFFLINE_VARIABLE, admit, client, is_loopback, offline
from codesteer_kernel.errors import ExecutorError, NotAllowed, Offline, WeightsMissing
from codesteer_kernel.executor import GatewayExecutor
from codesteer_kernel.executor.tiers import choose
from codesteer_kernel.models import open_model
from codesteer_kernel.models.catalogue import entry
from codesteer_kernel.models.discovery import HOST_URL
from codesteer_kernel.models.hf_load import fetch
from codesteer_kernel.models.protocol import ChatRequest, Message
from codesteer_kernel.models.pull import pull_sync
from codesteer_kernel.run import RunSettings, engine
from codesteer_kernel.serving.vllm import Vllm
from tests.run.scripts import model, say, script
from tests.scripted import serving_in_thread

ROOT = Path(__file__).parents[1]
rules = importlib.import_module("codesteer_kernel.policy")

# What opens a connection. The child's side of the executor is left out, which has no network, and so is the seatbelt's own probe.
OPENERS = {
    *("Client", "AsyncClient", "HTTPTransport", "AsyncHTTPTransport", "DefaultAsyncHttpxClient", "urlopen"),
    *("websocket_connect", "create_connection", "open_connection", "snapshot_download", "hf_hub_download"),
    *("load_dataset", "HTTPConnection", "HTTPSConnection", "AsyncHTTPClient"),
}
LISTENERS = {"executor/seatbelt.py", "egress.py"}


def openings() -> Iterator[tuple[str, ast.AST, str]]:
    """Every place in our sources where a connection is opened: the file, the function around it, what is called."""
    for folder in ("codesteer_kernel", "magics/codesteer", "widgets/codesteer_widgets"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT / folder).as_posix()
            if name in LISTENERS or name.startswith("executor/child/"):
                continue
            text = path.read_text(encoding="utf-8")
            if not any(word in text for word in (*OPENERS, "ray.init")):
                continue
            for outer in ast.walk(ast.parse(text)):
                if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef):
                    for node in ast.walk(outer):
                        if isinstance(node, ast.Call):
                            called = node.func
                            word = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                            if word in OPENERS or (word == "init" and ast.unparse(called) == "ray.init"):
                                yield name, outer, word


def asks_the_door(function: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("admit", "client")
        for node in ast.walk(function)
    )


def test_nothing_connects_without_asking_at_the_door() -> None:
    found = list(openings())
    assert {"snapshot_download", "init", "websocket_connect"} <= {word for _, _, word in found}
    around = [f"{name}: {word} in {function.name}" for name, function, word in found if not asks_the_door(function)]  # type: ignore[attr-defined]
    assert around == []


# -- what is watched: every look-up, every connection, every pip, of this process

_watched: list[str] | None = None


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if _watched is None:
        return
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = args[0].decode() if isinstance(args[0], bytes) else args[0]
        if host not in (None, "", "127.0.0.1", "::1", "localhost"):
            _watched.append(f"look-up of {host}")
    elif event in ("socket.connect", "socket.sendto"):
        address = args[1]
        if isinstance(address, tuple) and not str(address[0]).startswith(("127.", "::1")):
            _watched.append(f"connection to {address}")
    elif event == "subprocess.Popen" and "pip" in (args[1] or ()):
        _watched.append("a pip was started")


sys.addaudithook(_watch)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Offline mode; afterwards nothing has been looked up, connected to or started but on this machine."""
    global _watched
    monkeypatch.setenv(OFFLINE_VARIABLE, "1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")
    monkeypatch.setenv("HTTPS_PROXY", "http://192.0.2.1:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:3128")
    _watched = left = []
    try:
        yield left
        assert left == []
    finally:
        _watched = None


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """A hub on this machine that sends everything on to another one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", f"http://evil.test{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("value", ["1", "true", "yes", "on", "TRUE", " 1 ", "2", "please"])
def test_whatever_is_not_a_plain_no_means_offline(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(OFFLINE_VARIABLE, value)
    assert offline()
    with pytest.raises(Offline, match=r"evil\.test"):
        admit("https://evil.test/v1")


@pytest.mark.parametrize("value", ["", "0", "false", "No", "off"])
def test_a_plain_no_means_online(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(OFFLINE_VARIABLE, value)
    admit("https://evil.test/v1")


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8000/v1", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:8000", True),
        ("http://LOCALHOST./v1", True),
        ("unix:/run/x.sock", True),
        ("http://x.localhost/v1", False),
        ("http://127.0.0.1.evil.test/v1", False),
        ("http://localhost@evil.test/v1", False),
        ("http://evil.test#@localhost", False),
        ("http://0.0.0.0/", False),
        ("http://127.1/", False),
        ("http://2130706433/", False),
        ("http://[::ffff:192.0.2.1]/", False),
        ("http://10.0.0.1/", False),
        ("", False),
    ],
)
def test_only_what_leads_to_this_machine_for_certain_counts_as_here(url: str, here: bool) -> None:
    assert is_loopback(url) is here


@pytest.mark.parametrize(
    "name",
    [
        "openai/gpt-5",
        "openai/x@http://evil.test/v1",
        "openai/x@http://127.0.0.1.evil.test/v1",
        "openai/x@http://x.localhost:8000/v1",
        "openai/x@https://192.0.2.1/v1",
        "vllm/x@http://10.0.0.1:8000/v1",
        "mine",
        "mine-too",
    ],
)
@pytest.mark.parametrize("role", ["target", "steerer", "checker"])
def test_no_name_option_or_alias_leads_out(
    watched: list[str], name: str, role: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[models.mine]\nmodel = "openai/x"\nbase_url = "http://evil.test/v1"\n[models.mine-too]\nmodel = "mine"\n'
    )
    monkeypatch.setenv("CODESTEER_CONFIG", str(own))
    with pytest.raises(Offline):
        open_model(name)
    settings = RunSettings(**{"target": "local/smollm2-135m"} | {role: name})
    for act in (engine().submit, engine().rehearse):
        with pytest.raises(Offline):
            act("6 * 7?", settings)


def test_no_variable_leads_out(watched: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_BASE_URL", "http://evil.test/v1")
    with pytest.raises(Offline):
        open_model("vllm/x")
    monkeypatch.setenv(HOST_URL, "http://evil.test:8000/v1")
    for settings in (RunSettings(target="hosted"), RunSettings(target="hosted", host="http://evil.test/v1")):
        with pytest.raises(Offline):
            engine().submit("6 * 7?", settings)


def test_a_model_that_was_opened_before_is_asked_no_more(monkeypatch: pytest.MonkeyPatch, watched: list[str]) -> None:
    monkeypatch.setenv(OFFLINE_VARIABLE, "0")
    opened = open_model("openai/x@http://evil.test/v1")
    monkeypatch.setenv(OFFLINE_VARIABLE, "1")

    async def ask() -> None:
        async for _ in opened.stream(ChatRequest(messages=(Message("user", "hello"),))):
            pass

    with pytest.raises(Offline, match=r"evil\.test"):
        asyncio.run(ask())


@pytest.mark.kernel
def test_a_model_on_this_machine_answers_offline(watched: list[str]) -> None:
    with serving_in_thread(script([say("text"), say("return")], ["Answer: 42"])) as server:
        run = engine().submit("6 * 7?", RunSettings(target=model(server), checker="none", journal=False)).wait(120)
    assert (run.status, run.answer) == ("done", "Answer: 42")


def test_a_redirect_leads_nowhere(
    watched: list[str], elsewhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", elsewhere)
    monkeypatch.setenv("CODESTEER_CACHE", str(tmp_path / "cache"))
    with pytest.raises(WeightsMissing, match=r"evil\.test is not this machine") as caught:
        pull_sync(entry("smollm2-135m"))
    assert "the package index is not asked" in str(caught.value)


def test_a_redirect_does_not_leave_the_hosts_that_are_allowed(
    elsewhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[hosts]\nallow = ["localhost"]\n')
    monkeypatch.setattr(rules, "FILES", (policy,))
    monkeypatch.setenv("HF_ENDPOINT", elsewhere)
    monkeypatch.setenv("CODESTEER_CACHE", str(tmp_path / "cache"))
    known = msgspec.structs.replace(entry("smollm2-135m"), mirror=None)
    with pytest.raises(WeightsMissing, match=r"evil\.test is not allowed"):
        pull_sync(known)


def test_weights_are_taken_from_the_cache_alone(
    watched: list[str], elsewhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    for endpoint in ("https://huggingface.co", elsewhere):
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        with pytest.raises(WeightsMissing, match=OFFLINE_VARIABLE):
            fetch("org/name", "", lambda event: None, threading.Event())


def test_programs_are_neither_sent_away_nor_given_a_network(watched: list[str]) -> None:
    for url in ("http://evil.test:8888", "http://127.0.0.1:8888"):
        with pytest.raises(Offline):
            GatewayExecutor(url)
    assert "seccomp" in choose(None, None, sys.executable).demanded
    assert "seccomp" in choose(None, None, sys.executable, spawned=True).demanded
    with pytest.raises(ExecutorError, match="weaker"):
        choose("limits", None, sys.executable)


def test_a_system_without_such_a_wall_runs_no_program(watched: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(Offline, match="network"):
        choose(None, None, sys.executable)


@pytest.mark.parametrize("address", ["auto", "evil.test:6379", "ray://evil.test:10001"])
def test_no_cluster_is_joined(watched: list[str], address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "evil.test:6379")
    with pytest.raises(Offline):
        Cluster(address, lambda: str, at_once=1, actors=1)


def test_rays_own_reports_are_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_USAGE_STATS_ENABLED", raising=False)
    found: list[str | None] = []

    def init(**how: Any) -> None:
        found.append(os.environ.get("RAY_USAGE_STATS_ENABLED"))
        raise ConnectionError("nobody there")

    # Ray itself waits for a cluster for minutes.
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: False, init=init))
    with pytest.raises(ClusterFailed):
        Cluster("127.0.0.1:1", lambda: str, at_once=1, actors=1)
    assert found == ["0"]


def test_vllm_is_told_to_report_nothing_and_to_stay_offline(
    watched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Vllm(Path("/bin/true"), [], name="x", key="k")._environment
    assert (told["VLLM_NO_USAGE_STATS"], told["DO_NOT_TRACK"], told["HF_HUB_OFFLINE"]) == ("1", "1", "1")
    monkeypatch.setenv(OFFLINE_VARIABLE, "0")
    assert "HF_HUB_OFFLINE" not in Vllm(Path("/bin/true"), [], name="x", key="k")._environment


def test_no_command_leads_out(watched: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    assert main(["models", "check", "openai/gpt-5"]) == 2
    assert "Offline mode is on" in capsys.readouterr().err
    assert main(["models", "--endpoints"]) == 0
    assert "Offline mode is on" in capsys.readouterr().out
    assert main(["solve", "--target", "openai/gpt-5", "6 * 7?"]) == 2
    assert "Offline mode is on" in capsys.readouterr().err


def test_the_setting_holds_for_the_process_and_a_file_does_not_undo_the_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from traitlets.config import Config

    monkeypatch.setenv(OFFLINE_VARIABLE, "0")
    defaults = CodeSteer(config=Config({"CodeSteer": {"offline": True}}))
    assert (defaults.offline, offline()) == (True, True)
    defaults.offline = False
    assert not offline()
    monkeypatch.setenv(OFFLINE_VARIABLE, "1")
    CodeSteer(config=Config({"CodeSteer": {"offline": False}}))
    assert offline()
    typed = CodeSteer()
    assert typed.offline, "it shows what holds"
    typed.offline = False
    assert not offline()


def test_a_configuration_file_holds_for_every_command(tmp_path: Path) -> None:
    (tmp_path / "codesteer_config.json").write_text(json.dumps({"CodeSteer": {"offline": True}}))
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(tmp_path), "OPENAI_API_KEY": "sk-test-0123456789abcdef"}
    environment.pop("JUPYTER_NO_CONFIG", None)
    for words in (["models", "check", "openai/gpt-5"], ["solve", "--target", "openai/gpt-5", "6 * 7?"]):
        command = [sys.executable, "-m", "codesteer_kernel.cli", *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
        assert "Offline mode is on" in done.stderr, done.stderr


def test_a_plug_in_is_not_asked(watched: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    registry = importlib.import_module("codesteer_kernel.models.registry")
    monkeypatch.setattr(registry, "installed", lambda: {"theirs": [object()]})
    with pytest.raises(Offline, match="plug-in"):
        open_model("theirs/model")


def test_a_client_takes_no_proxy_on_this_machine_and_asks_at_every_request(monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx

    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:3128")
    monkeypatch.setenv(OFFLINE_VARIABLE, "0")
    with serving_in_thread([]) as server, client(httpx.Client, server.url) as asking:
        assert asking.get(f"{server.url}/health").status_code == 200
        monkeypatch.setenv(OFFLINE_VARIABLE, "1")
        with pytest.raises(NotAllowed):
            asking.get("http://evil.test/")
