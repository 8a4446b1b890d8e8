"""How notebooks find hosts, and what they do when one is gone. No weights: hosts here are fronts of scripted models."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import msgspec
import pytest

from codesteer_kernel.errors import BadInput, EndpointUnreachable, UnknownModel, UnknownName
from codesteer_kernel.models import Abilities, ChatModel, ChatRequest, Message, TextDelta, open_model
from codesteer_kernel.models.discovery import HOST_KEY, HOST_URL, NO_HOST, Directory, Host, Notice, running_hosts
from codesteer_kernel.models.openai import OpenAIModel
from codesteer_kernel.models.providers import resolve
from codesteer_kernel.models.pull import ProgressEvent
from codesteer_kernel.models.served import ServedModel, served_or_opened
from codesteer_kernel.serving.overview import look, status_text, stop_host
from codesteer_kernel.steering.dialects import default_dialect
from tests.scripted import Reply, serving_in_thread
from tests.serving.conftest import TOKEN, fronted

V1 = "hf/yongchao98/CodeSteer-v1"
ASK = ChatRequest(messages=(Message("user", "Say it."),))


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="cs-") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield


def host(name: str, model: str = V1, **more: Any) -> Host:
    return Host(**{"name": name, "model": model, "url": "http://127.0.0.1:9/v1", "pid": os.getpid()} | more)


@contextmanager
def noticed(one: Host) -> Iterator[Notice]:
    """A note of a living host."""
    notice = Notice(one.name)
    assert notice.claim()
    notice.publish(one)
    try:
        yield notice
    finally:
        notice.release()


# -- notes


def test_a_note_is_private_and_lives_as_long_as_its_host() -> None:
    with noticed(host("a", since=1)) as notice, noticed(host("b", "local/x", since=2)):
        assert [one.name for one in running_hosts()] == ["b", "a"], "newest first"
        assert notice.path.stat().st_mode & 0o777 == 0o600
        assert notice.path.parent.stat().st_mode & 0o777 == 0o700
        notice.withdraw()
        assert [one.name for one in running_hosts()] == ["b"]
        assert not Notice("a").claim(), "the name is taken while the process lives"
    assert running_hosts() == []
    with noticed(host("a")):
        pass  # it is free again


def test_what_a_killed_host_left_is_swept() -> None:
    code = (
        "import os\nfrom codesteer_kernel.models.discovery import Host, Notice\n"
        "notice = Notice('dead')\nassert notice.claim()\nnotice.token_path.write_text('secret')\n"
        f"notice.publish(Host(name='dead', model='{V1}', url='http://127.0.0.1:9/v1', pid=os.getpid()))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    notice = Notice("dead")
    assert notice.path.exists()
    assert Directory().find({V1}) is None
    assert not notice.path.exists()
    assert not notice.token_path.exists()


def test_a_note_that_cannot_be_read_is_no_host() -> None:
    with noticed(host("a")) as notice:
        notice.path.write_text("{")
        assert running_hosts() == []


@pytest.mark.parametrize("name", [V1, "a", "hosted", "hosted/a", "mine", "hosted/mine"])
def test_a_host_is_found_by_its_names(name: str) -> None:
    with noticed(host("a", adapters=("mine",))):
        found = Directory().find({name})
        assert found is not None
        assert found.adapter == ("mine" if name.endswith("mine") else "")
        assert Directory().find({"hf/other", "other"}) is None
        assert Directory(NO_HOST).find({name}) is None


@pytest.mark.parametrize(("options", "same"), [("quantize=4bit", True), ("adapter=/x", False)])
def test_how_it_was_loaded_does_not_matter_what_it_is_does(options: str, same: bool) -> None:
    with noticed(host("a", f"{V1}?{options}")):
        assert bool(Directory().find({V1})) is same
        assert Directory().find({f"{V1}?{options}"})


def test_the_order_of_those_who_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting, then the variable, then this machine."""
    served = [{"id": "a", "object": "model", "owned_by": "vllm", "root": "yongchao98/CodeSteer-v1"}]
    with noticed(host("a")) as _, listing(served) as one, listing(served) as other:
        assert where() == "http://127.0.0.1:9/v1"
        monkeypatch.setenv(HOST_URL, one)
        assert where() == one
        assert where(other) == other
        assert where(NO_HOST) is None
        monkeypatch.setenv(HOST_URL, NO_HOST)
        assert where() is None
        assert where(other) == other


def where(setting: str = "") -> str | None:
    found = Directory(setting).find({V1})
    return found.url if found else None


@contextmanager
def listing(models: list[dict[str, Any]], key: str = "") -> Iterator[str]:
    """The address of a server that lists ``models``, to whoever shows ``key``."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            allowed = not key or self.headers.get("Authorization") == f"Bearer {key}"
            body = json.dumps({"object": "list", "data": models}).encode()
            self.send_response(200 if allowed else 401)
            self.send_header("Content-Length", str(len(body) if allowed else 0))
            self.end_headers()
            self.wfile.write(body if allowed else b"")

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()
        thread.join()


def test_a_host_elsewhere_tells_what_it_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    models = [
        {"id": "steerer", "owned_by": "vllm", "root": "yongchao98/CodeSteer-v1", "max_model_len": 8192, "parent": None},
        {"id": "mine", "owned_by": "vllm", "root": "/x/mine", "parent": "steerer"},
    ]
    with listing(models, key="canary-key") as url:
        hosts = Directory(url)
        assert hosts.find({V1}) is None
        assert "Models are loaded here instead" in hosts.note
        assert HOST_KEY in str(hosts.fault)
        monkeypatch.setenv(HOST_KEY, "canary-key")
        found, adapter = Directory(url).find({V1}), Directory(url).find({"hosted/mine"})
    assert found is not None
    assert (found.name, found.engine, found.context, found.token()) == ("steerer", "vllm", 8192, "canary-key")
    assert adapter is not None
    assert (adapter.name, adapter.model) == ("mine", f"{V1}+mine")
    assert default_dialect(ServedModel(adapter)) == "codesteer-v1"
    assert "canary-key" not in repr(found) + repr(msgspec.to_builtins(found))


@pytest.mark.parametrize("address", ["http://127.0.0.1:11/v1", "unix:/nowhere.sock"])
def test_a_host_that_does_not_answer_is_told_and_done_without(address: str) -> None:
    with noticed(host("a")):
        hosts = Directory(address)
        found = hosts.find({V1})
        assert found is not None
        assert found.url == "http://127.0.0.1:9/v1"
        assert address in hosts.note


@pytest.mark.parametrize("address", ["gpu:8000", "ftp://gpu/v1", "http://user:word@gpu/v1", "http://"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(BadInput, match="address"):
        Directory(address).find({V1})


def test_a_host_of_this_machine_may_be_named_by_its_address() -> None:
    with noticed(host("a")), noticed(host("b", url="http://127.0.0.1:10/v1", token_file="/its/token")):
        hosts = Directory("http://127.0.0.1:10/v1")
        found = hosts.find({V1})
        assert found is not None
        assert (found.name, found.token_file, hosts.note) == ("b", "/its/token", "")


def test_another_server_is_no_host() -> None:
    with serving_in_thread([]) as server:
        hosts = Directory(f"{server.url}/nothing")
        assert hosts.find({V1}) is None
        assert "is not the address of a host" in hosts.note


# -- whom a run gets


def opened(name: str) -> ChatModel:
    """Opens as a run does, but a model's own weights are a scripted server's."""
    return open_model(name)


def test_hosted_without_a_host_says_how_to_start_one() -> None:
    with pytest.raises(EndpointUnreachable, match="codesteer serve"):
        served_or_opened("hosted", opened, Directory())
    with pytest.raises(UnknownModel):
        served_or_opened("nobody", opened, Directory())


def test_a_host_is_taken_for_what_would_be_loaded_here_and_for_nothing_else() -> None:
    with noticed(host("smol", "local/smollm2-135m")):
        for name in ("local/smollm2-135m", "local/135m", "smol", "hosted", "hosted/smol"):
            assert isinstance(served_or_opened(name, opened, Directory()), ServedModel), name
        for name in ("local/0.5b", "ollama/smol", "openai/smol@http://127.0.0.1:9/v1"):
            assert not isinstance(served_or_opened(name, opened, Directory()), ServedModel), name


def test_a_model_that_cannot_be_opened_here_can_be_had_from_a_host() -> None:
    def without_torch(name: str) -> ChatModel:
        raise UnknownModel("no torch")

    with noticed(host("a", context=8192, abilities=Abilities(prefill=True, score=True, local=True))):
        model = served_or_opened(V1, without_torch, Directory())
        assert model.name == V1
        assert model.context_window == 8192
        assert model.abilities.local
        assert default_dialect(model) == "codesteer-v1"


def scripted(url: str) -> ChatModel:
    return OpenAIModel(resolve("llamacpp", "here", base_url=f"{url}/v1"))


async def said(model: ChatModel) -> str:
    return "".join([delta.text async for delta in model.stream(ASK) if isinstance(delta, TextDelta)])


async def test_when_a_host_ends_the_model_here_takes_its_place() -> None:
    events: list[ProgressEvent] = []
    with serving_in_thread(["here", "again"]) as local:
        async with fronted([Reply("there")]) as (front, _):
            notice = Notice("front")
            assert notice.claim()
            served = msgspec.structs.replace(front.host, pid=os.getpid(), token_file=str(notice.token_path))
            notice.token_path.write_text(TOKEN)
            notice.publish(served)
            model = ServedModel(served, lambda: scripted(local.url))
            await model.ready(events.append)
            assert await said(model) == "there"
            assert model.note == f"hf/some/front is served by the host at {front.host.url}."
            assert events == []
            notice.withdraw()  # what a host does first when it is stopped
            assert await said(model) == "here"
            assert model.moved
            assert [event.note for event in events] == [model.moved] == [model.note]
            assert "is gone" in model.moved
            assert await said(model) == "again", "it does not go back"
        notice.release()


async def test_a_host_that_vanishes_between_two_words_is_not_repeated() -> None:
    with serving_in_thread(["here"]) as local:
        async with fronted([Reply("one two three", hang_after=2)], token="") as (front, _):
            model = ServedModel(front.host, lambda: scripted(local.url))
            stream = model.stream(ASK)
            assert await anext(stream) == TextDelta("one")
            await front.drain(0)
            with pytest.raises(EndpointUnreachable, match="being stopped"):
                [delta async for delta in stream]
        assert not local.requests
        assert await said(model) == "here", "the next call finds it gone"


async def test_a_host_that_is_gone_before_the_run_is_noticed_at_once() -> None:
    events: list[ProgressEvent] = []
    gone = host("gone", pid=0)
    with serving_in_thread(["here"]) as local:
        model = ServedModel(gone, lambda: scripted(local.url))
        await model.ready(events.append)
        assert len(events) == 1
        assert await said(model) == "here"
    alone = ServedModel(gone)
    with pytest.raises(EndpointUnreachable, match="codesteer serve --steerer"):
        await alone.ready()
    with pytest.raises(EndpointUnreachable):
        await said(alone)


# -- status and stop


async def test_status_of_one_that_answers_and_one_that_does_not() -> None:
    async with fronted([Reply("a b c")], token="") as (front, _):
        async with httpx.AsyncClient(trust_env=False) as client:
            body = {"model": "front", "messages": [{"role": "user", "content": "x"}]}
            await client.post(f"{front.host.url}/chat/completions", json=body)
        state = await asyncio.to_thread(look, front.host)
        assert (state.health, state.running, state.waiting, state.served, state.written) == ("ok", 0, 0, 1, 3)
        assert state.rate is not None
        assert state.rate > 0
        mute = look(host("mute"))
        assert mute.health.startswith("does not answer")
        table = status_text([state, mute])
        for word in ("front", "hf/some/front", front.host.url, "ok", "mute", "?"):
            assert word in table
    assert "codesteer serve" in status_text([])


def test_stop_wants_to_know_which() -> None:
    with pytest.raises(UnknownName, match="None is running"):
        stop_host()
    with noticed(host("a")), noticed(host("b")):
        with pytest.raises(UnknownName, match="Which host"):
            stop_host()
        with pytest.raises(UnknownName, match="'ab'"):
            stop_host("ab")
