"""Models by their hub names, from a hub on loopback that speaks the real one's protocol."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from codesteer_kernel.errors import WeightsMissing
from codesteer_kernel.models import ChatRequest, Finish, Message, open_model
from codesteer_kernel.models.hf import HfModel
from codesteer_kernel.models.pull import ProgressEvent
from tests.models import tiny_llama

COMMITS = {"main": "a" * 40, "v1": "b" * 40}


class Hub(ThreadingHTTPServer):
    """Serves the folder ``files`` as every revision of ``lab/tiny``; ``asked`` are the paths of all requests."""

    daemon_threads = True

    def __init__(self, files: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = files
        self.asked: list[str] = []
        self.gate = threading.Event()
        self.gate.set()


class _Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.asked.append(path)
        if found := re.fullmatch(r"/api/models/lab/tiny/revision/(\w+)", path):
            if found[1] not in COMMITS:
                self._answer(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
                return
            self._json({"id": "lab/tiny", "sha": COMMITS[found[1]], "siblings": []})
        elif re.fullmatch(r"/api/models/lab/tiny/tree/\w{40}", path):
            files = [
                {"type": "file", "path": file.name, "size": file.stat().st_size, "oid": _etag(file)}
                for file in sorted(self.server.files.iterdir())
            ]
            self._json([*files, {"type": "file", "path": "original/weights.pth", "size": 1 << 40, "oid": "0" * 40}])
        elif found := re.fullmatch(r"/lab/tiny/resolve/(\w{40})/([\w.-]+)", path):
            file = self.server.files / found[2]
            self.server.gate.wait(20)
            self._answer(200, file.read_bytes(), {"ETag": f'"{_etag(file)}"', "X-Repo-Commit": found[1]})
        else:
            self._answer(404, b"{}", {"X-Error-Code": "RepoNotFound"})

    def _json(self, body: Any) -> None:
        self._answer(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


def _etag(file: Path) -> str:
    return hashlib.sha1(file.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama.build(tmp_path_factory.mktemp("hub"))


@pytest.fixture
def hub(files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The hub, and an empty cache."""
    server = Hub(files)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    yield server
    server.gate.set()
    server.shutdown()
    server.server_close()
    thread.join(10)


async def said(model: HfModel) -> int:
    finish = [delta async for delta in model.stream(ChatRequest(messages=(Message("user", "Hi"),), max_tokens=2))][-1]
    assert isinstance(finish, Finish)
    await model.aclose()
    return finish.usage.output_tokens


async def test_a_repository_is_fetched_once_with_its_progress(hub: Hub, files: Path, capfd: Any) -> None:
    model = open_model("hf/lab/tiny")
    assert isinstance(model, HfModel)
    events: list[ProgressEvent] = []
    await model.ready(events.append)
    await asyncio.sleep(0)
    told = [event for event in events if event.source == "hub"]
    assert told[-1].done == told[-1].total >= (files / "model.safetensors").stat().st_size
    assert {event.note for event in told} == {"downloading lab/tiny"}
    assert events[-1].source == "load"
    assert not any("original" in path for path in hub.asked), "weights in other formats are left alone"
    assert await said(model) == 2
    assert capfd.readouterr().err == "", "bars belong to nobody's cell"
    hub.asked.clear()
    again = HfModel("lab/tiny")
    assert await said(again) == 2
    assert not any("/resolve/" in path for path in hub.asked)


async def test_a_revision_is_pinned_and_then_needs_no_hub(hub: Hub) -> None:
    await HfModel("lab/tiny?revision=v1").ready()
    assert {path.split("/")[4] for path in hub.asked if "/resolve/" in path} == {COMMITS["v1"]}
    hub.asked.clear()
    pinned = HfModel(f"lab/tiny?revision={COMMITS['v1']}")
    assert await said(pinned) == 2
    assert hub.asked == []


async def test_what_the_hub_has_not_is_said(hub: Hub) -> None:
    with pytest.raises(WeightsMissing, match=r"hf/lab/tiny could not be fetched.*the revision"):
        await HfModel("lab/tiny?revision=v9").ready()
    with pytest.raises(WeightsMissing, match="hf/lab/other could not be fetched"):
        await HfModel("lab/other").ready()


async def test_cancelling_ends_the_download(hub: Hub) -> None:
    hub.gate.clear()
    model = HfModel("lab/tiny")
    task = asyncio.create_task(model.ready())
    async with asyncio.timeout(60):
        while not any("/resolve/" in path for path in hub.asked):
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    hub.gate.set()
    async with asyncio.timeout(60):
        while model._loading.locked():
            await asyncio.sleep(0.01)
    assert model._network is None
