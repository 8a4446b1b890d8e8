"""The shared local runtime with real (small) weights."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest

from codesteer_kernel.errors import BadInput, ContextOverflow, ModelError, OutOfMemory, WeightsMissing
from codesteer_kernel.models import (
    ChatModel,
    ChatRequest,
    Delta,
    Finish,
    Message,
    TextDelta,
    hosts,
    open_model,
)
from codesteer_kernel.models.catalogue import Entry, weights_path
from codesteer_kernel.models.local import LocalModel
from codesteer_kernel.models.pull import ProgressEvent
from tests.models import gguf_file
from tests.models.conftest import wait_until
from tests.terminal import interruptible

pytestmark = pytest.mark.real

CODE = (
    Message("user", "Write a Python program that prints the first five square numbers."),
    Message("assistant", "```python\n"),
)


async def answer(model: ChatModel, messages: tuple[Message, ...] = CODE, **options: object) -> tuple[str, Finish]:
    request = ChatRequest(messages=messages, **options)  # type: ignore[arg-type]
    deltas: list[Delta] = [delta async for delta in model.stream(request)]
    assert isinstance(deltas[-1], Finish)
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)), deltas[-1]


async def test_a_cold_start_tells_its_progress_and_answers(runtime: Path, smollm: Entry) -> None:
    model = LocalModel(smollm)
    events: list[ProgressEvent] = []
    await model.ready(events.append)
    assert [event.source for event in events] == ["load"]
    assert "loading 0.1 GB model: needs 0.4 GB of memory, " in events[0].note
    assert events[0].note.endswith(" GB free")
    text, finish = await answer(model, max_tokens=24)
    assert text
    assert not text.startswith("```")  # the prefill is not repeated
    assert finish.reason == "length"
    assert finish.usage.output_tokens == 24
    assert finish.usage.input_tokens > 20
    await model.aclose()
    await model.aclose()


async def test_stop_strings_end_the_answer_and_are_not_part_of_it(runtime: Path, smollm: Entry) -> None:
    model = LocalModel(smollm)
    whole, _ = await answer(model, max_tokens=30)
    stop = whole.split()[2]
    text, finish = await answer(model, max_tokens=30, stop=(stop,))
    assert text == whole[: whole.index(stop)]
    assert finish.reason == "stop_string"
    await model.aclose()


async def test_a_seed_repeats_a_sampled_answer(runtime: Path, smollm: Entry) -> None:
    model = LocalModel(smollm, prefix_cache=False)
    one, two, other = [(await answer(model, max_tokens=30, temperature=1.5, seed=seed))[0] for seed in (1, 1, 2)]
    assert one == two != other
    await model.aclose()


async def test_structured_output_satisfies_its_schema(runtime: Path, smollm: Entry) -> None:
    schema = {
        "type": "object",
        "properties": {"decision": {"enum": ["refine", "return"]}, "again": {"type": "boolean"}},
        "required": ["decision", "again"],
        "additionalProperties": False,
    }
    model = LocalModel(smollm)
    text, finish = await answer(model, CODE[:1], max_tokens=200, json_schema=schema)
    if finish.reason == "end":  # the grammar allows blanks without end
        found = json.loads(text)
        assert found["decision"] in ("refine", "return")
        assert isinstance(found["again"], bool)
    await model.aclose()


async def test_choices_are_scored_as_the_full_distribution_says(runtime: Path, smollm: Entry) -> None:
    """The boosted two-token softmax equals the ratio in the whole vocabulary's log-probabilities."""
    model = LocalModel(smollm)
    turns = (Message("user", "How many r are in strawberry? Code or Text?"), Message("assistant", "<<<"))
    choice = await model.score(turns, ["Code", "Text"], slot="steerer")
    assert sum(choice.probabilities.values()) == pytest.approx(1)
    url, key = await model.endpoint()
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
        turns_ = [{"role": turn.role, "content": turn.content} for turn in turns]
        prompt = (await client.post("/apply-template", json={"messages": turns_})).json()["prompt"]
        body = {"prompt": prompt, "n_predict": 1, "n_probs": 50_000, "temperature": 0.0, "cache_prompt": False}
        listed = (await client.post("/completion", json=body)).json()["completion_probabilities"][0]["top_logprobs"]
    logs = {top["token"]: top["logprob"] for top in listed}
    expected = 1 / (1 + 2.718281828 ** (logs["Text"] - logs["Code"]))
    assert choice.probabilities["Code"] == pytest.approx(expected, abs=0.01)
    biased = await model.score(turns, ["Code", "Text"], bias={"Text": 50.0})
    assert biased.best == "Text"
    await model.aclose()


async def test_choices_of_many_tokens_with_common_beginnings(runtime: Path, smollm: Entry) -> None:
    model = LocalModel(smollm)
    turns = (Message("user", "Decide."), Message("assistant", "Decision: "))
    choices = ["return the answer", "return to code", "refine", "terminate"]
    found = (await model.score(turns, choices)).probabilities
    assert list(found) == choices
    assert sum(found.values()) == pytest.approx(1)
    with pytest.raises(BadInput, match="begins another"):
        await model.score(turns, ["return", "return now"])
    with pytest.raises(BadInput, match="assistant"):
        await model.score(turns[:1], ["a", "b"])
    await model.aclose()


async def test_roles_that_take_turns_keep_their_cached_prefixes(runtime: Path, smollm: Entry) -> None:
    model = LocalModel(smollm)
    histories = {
        "steerer": [Message("system", "You guide another model, round by round, with short advice.")],
        "target": [Message("system", "You answer questions. Think, then answer in one line.")],
        "checker": [Message("system", "You write a program that tests an answer, and print pass or fail.")],
    }
    shares = []
    for number in range(4):
        for slot, history in histories.items():
            history.append(Message("user", f"Round {number}: what is {number} plus {number}? Say it in few words."))
            text, finish = await answer(model, tuple(history), max_tokens=5, slot=slot)
            history.append(Message("assistant", text))
            shares.append(finish.usage.cached_tokens / finish.usage.input_tokens)
    assert all(share > 0.4 for share in shares[3:])
    uncached = LocalModel(smollm, prefix_cache=False)
    _, finish = await answer(uncached, tuple(histories["target"][:-1]), max_tokens=5, slot="target")
    assert finish.usage.cached_tokens == 0
    await model.aclose()
    await uncached.aclose()


async def test_a_prompt_over_the_window_is_counted(runtime: Path, smollm: Entry) -> None:
    model = LocalModel(smollm)
    turns = (Message("user", "word " * 5000),)
    count = await model.count_tokens(turns)
    with pytest.raises(ContextOverflow, match=rf"{count} tokens .* 4096"):
        await answer(model, turns)
    await model.aclose()


async def slots(model: LocalModel) -> list[bool]:
    url, key = await model.endpoint()
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"}) as client:
        return [slot["is_processing"] for slot in (await client.get("/slots")).json()]


@pytest.mark.parametrize("phase", ["reading the prompt", "writing"])
async def test_closing_a_stream_frees_its_lane(runtime: Path, smollm: Entry, phase: str) -> None:
    model = LocalModel(smollm)
    await model.ready()
    words = 3500 if phase == "reading the prompt" else 5
    request = ChatRequest(messages=(Message("user", "tell " * words),), max_tokens=4000, slot="target")
    if phase == "writing":
        async with aclosing(model.stream(request)) as stream:
            await anext(stream)
    else:
        task = asyncio.create_task(anext(model.stream(request)))
        async with asyncio.timeout(20):
            while not any(await slots(model)):
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with asyncio.timeout(20):
        while any(await slots(model)):
            await asyncio.sleep(0.02)
        await answer(model, max_tokens=2, slot="target")
    await model.aclose()


async def test_a_call_does_not_touch_a_lane_that_is_at_work(runtime: Path, smollm: Entry) -> None:
    """A prompt that was read before is put back into a lane; never into one where another is being read.

    (Calls pinned to their role's lane were: the lane then knew more words than its own call had, and spun for ever.)
    """
    model = LocalModel(smollm)
    await model.ready()

    def told(word: str, count: int) -> tuple[Message, ...]:
        return (Message("user", f"{word} " * count),)

    known, other, new = told("red", 900), told("blue", 40), told("green", 350)
    for messages in (known, other):
        await answer(model, messages, max_tokens=2, slot="target")
    async with asyncio.timeout(200):
        first = asyncio.create_task(answer(model, new, max_tokens=2, slot="target"))
        while not any(await slots(model)):
            await asyncio.sleep(0.01)
        await answer(model, known, max_tokens=2, slot="target")
        _, finish = await first
    assert 350 < finish.usage.input_tokens < 900
    await model.aclose()


async def test_the_server_is_on_loopback_and_wants_the_key(runtime: Path, smollm: Entry) -> None:
    model = LocalModel(smollm)
    url, key = await model.endpoint()
    assert url.startswith("http://127.0.0.1:")
    async with httpx.AsyncClient(base_url=url) as client:
        for path in ("/slots", "/props", "/v1/models"):
            assert (await client.get(path)).status_code == 401
        assert (await client.post("/completion", json={"prompt": "x"})).status_code == 401
    secrets = [path for path in runtime.rglob("*") if path.is_file() and key in path.read_text()]
    assert secrets == []
    assert key not in hosts.log_path(weights_path(smollm)).read_text()
    assert key not in repr(model)
    await model.aclose()


async def test_prompts_are_not_logged(runtime: Path, smollm: Entry) -> None:
    model = LocalModel(smollm)
    await answer(model, (Message("user", "xyzzy-plugh is my secret word"),), max_tokens=3)
    with pytest.raises(ContextOverflow):
        await answer(model, (Message("user", "xyzzy-plugh " * 3000),))
    assert "xyzzy" not in hosts.log_path(weights_path(smollm)).read_text()
    await model.aclose()


async def test_the_sdk_backends_drive_the_local_endpoints(
    runtime: Path, smollm: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = LocalModel(smollm)
    url, key = await local.endpoint()
    monkeypatch.setenv("CODESTEER_ENDPOINT_KEY", key)
    for name in (f"llamacpp/smollm@{url}/v1", f"anthropic/smollm@{url}"):
        model = open_model(name)
        text, finish = await answer(model, CODE[:1], max_tokens=12, stop=("zzz",))
        assert text
        assert finish.reason == "length"
        assert finish.usage.output_tokens == 12
        assert finish.usage.input_tokens > 10
        with pytest.raises(ContextOverflow):
            await answer(model, (Message("user", "word " * 5000),))
        await model.aclose()
    served = open_model(f"llamacpp/smollm@{url}/v1")
    text, _ = await answer(served, max_tokens=8)
    assert text == (await answer(local, max_tokens=8))[0]
    turns = (Message("user", "Yes or No?"), Message("assistant", "Answer:"))
    theirs = await served.score(turns, [" Yes", " No"])
    ours = await local.score(turns, [" Yes", " No"])
    assert theirs.best == ours.best
    await served.aclose()
    await local.aclose()


# --------------------------------------------------------------------------------------------- one load a machine


async def test_everybody_shares_one_worker(runtime: Path, smollm: Entry) -> None:
    models = [LocalModel(smollm) for _ in range(4)]
    await asyncio.gather(*(model.ready() for model in models))
    assert len(hosts.running()) == 1
    assert hosts.running()[0].model == str(weights_path(smollm).resolve())
    texts = await asyncio.gather(*(answer(model, max_tokens=5) for model in models))
    assert all(text for text, _ in texts)
    for model in models:
        await model.aclose()


CLIENT = """
import asyncio, sys
from pathlib import Path
from codesteer_kernel.models import hosts
async def main():
    lease = await hosts.lease(Path(sys.argv[1]))
    print(lease.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def client(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CLIENT, str(path)]
    return interruptible(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, process_group=0)


def pid_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_processes_that_start_together_share_one_worker_and_killed_ones_free_it(runtime: Path, smollm: Entry) -> None:
    clients = [client(weights_path(smollm)) for _ in range(3)]
    try:
        pids = {pid_of(process) for process in clients}
        assert len(pids) == 1
        worker = pids.pop()
        assert [host.pid for host in hosts.running()] == [worker]
    finally:
        for process in clients:
            end(process)
    wait_until(lambda: not exists(worker))
    assert not list(runtime.rglob("*.sock"))
    assert not list(runtime.rglob("*.json"))


def test_a_ctrl_c_in_the_terminal_passes_the_worker_by(runtime: Path, smollm: Entry) -> None:
    first, second = client(weights_path(smollm)), client(weights_path(smollm))
    try:
        worker = pid_of(first)
        assert pid_of(second) == worker
        os.killpg(first.pid, signal.SIGINT)
        os.killpg(first.pid, signal.SIGHUP)
        first.wait(10)
        time.sleep(0.5)
        assert exists(worker)
    finally:
        end(first)
        end(second)


async def read_and_kill(model: LocalModel, number: signal.Signals) -> int:
    """Read a long answer and kill its worker after the first word; returns the worker."""
    await model.ready()
    assert model._lease is not None
    worker = model._lease.pid
    with pytest.raises(ModelError, match=r"died during the call.*next call starts it again"):
        await read_all(model, lambda: exists(worker) and os.kill(worker, number))
    return worker


async def read_all(model: LocalModel, each: Callable[[], object]) -> None:
    async for _ in model.stream(ChatRequest(messages=CODE[:1], max_tokens=3000)):
        each()


async def test_a_worker_that_dies_during_a_call_is_said_and_started_again(runtime: Path, smollm: Entry) -> None:
    model = LocalModel(smollm)
    worker = await read_and_kill(model, signal.SIGKILL)
    text, _ = await answer(model, max_tokens=3)
    assert text
    assert hosts.running()[0].pid != worker
    await model.aclose()


async def test_a_crash_of_native_code_takes_only_its_own_call_along(
    runtime: Path, smollm: Entry, tmp_path: Path
) -> None:
    """A segmentation fault in one worker, mid-stream: the other model's stream goes on, the next call loads again."""
    other = tmp_path / "other.gguf"
    other.write_bytes(weights_path(smollm).read_bytes())
    crashing, steady = LocalModel(smollm), LocalModel(other)
    await steady.ready()
    before = {host.pid for host in hosts.running()}
    writing = asyncio.create_task(answer(steady, CODE[:1], max_tokens=60))
    worker = await read_and_kill(crashing, signal.SIGSEGV)
    assert (await writing)[1].usage.output_tokens > 1
    assert (await answer(crashing, max_tokens=3))[0]
    after = {host.pid for host in hosts.running()}
    assert len(after) == 2
    assert before < after
    assert worker not in after
    await crashing.aclose()
    await steady.aclose()


async def test_what_a_killed_worker_left_is_swept(runtime: Path, smollm: Entry) -> None:
    model = LocalModel(smollm)
    await model.ready()
    worker = hosts.running()[0].pid
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: hosts.running() == [])
    assert list(runtime.rglob("*.sock"))
    assert (await answer(model, max_tokens=2))[0]
    await model.aclose()


async def test_the_worker_gets_no_secrets(runtime: Path, smollm: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-hush")
    model = LocalModel(smollm)
    await model.ready()
    worker = hosts.running()[0].pid
    for what in ("environ", "cmdline"):
        assert b"sk-hush" not in Path(f"/proc/{worker}/{what}").read_bytes()
    await model.aclose()


# ------------------------------------------------------------------------------------------------------ bad input


async def test_too_little_memory_is_said_before_loading(runtime: Path, tmp_path: Path) -> None:
    """The header is a model's, the file a terabyte of nothing."""
    huge = gguf_file.write(tmp_path / "huge.gguf", 10**12)
    events: list[ProgressEvent] = []
    with pytest.raises(OutOfMemory, match=r"huge\.gguf needs 1000\.2 GB of memory and .* GB is free.*such as local/"):
        await LocalModel(huge).ready(events.append)
    assert "needs 1000.2 GB of memory" in events[0].note


async def test_a_missing_file_is_named(runtime: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"none\.gguf"):
        await LocalModel(tmp_path / "none.gguf").ready()


async def test_a_file_that_is_no_model_is_named(runtime: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"not a model" * 1000)
    for _ in range(2):
        with pytest.raises(ModelError, match=r"bad\.gguf could not be loaded"):
            await LocalModel(bad).ready()


async def test_cancelling_the_start_gives_the_lease_back(runtime: Path, smollm: Entry) -> None:
    model = LocalModel(smollm)
    loading = asyncio.Event()
    task = asyncio.create_task(model.ready(lambda _: loading.set()))
    await asyncio.wait_for(loading.wait(), 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(20):
        while hosts.running():
            await asyncio.sleep(0.05)
