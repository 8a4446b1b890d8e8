"""A column of questions: in order, some at once, nothing asked twice, nothing lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import codesteer
import pandas as pd
import pytest

from codesteer_kernel.batch import BatchProgress, run_batch
from codesteer_kernel.errors import BadInput, MissingKey, UnknownName
from codesteer_kernel.record import events as ev
from codesteer_kernel.record import fold
from codesteer_kernel.run import RunSettings
from tests.run.scripts import model, say
from tests.scripted import Reply, Request, ScriptedServer, serving_in_thread

pytestmark = pytest.mark.kernel


def answer(request: Request) -> Reply:
    """Double the number in the question, in words; say nothing good of thirteen."""
    number = int(re.findall(r"Twice (\d+)", " ".join(text for _, text in request.turns))[0])
    if number == 13:
        return Reply(status=400, error="not that number")
    if "You steer another model" in request.system:
        told = [text for role, text in request.turns if role == "assistant"]
        return Reply(say("return") if told else say("text"))
    return Reply(f"Answer: {2 * number}", first_delay=0.05)


def asked(server: ScriptedServer) -> list[str]:
    return [request.last_user for request in server.requests if "You steer" not in request.system]


def test_a_column_of_questions_is_a_frame_of_answers(tmp_path: Path) -> None:
    column = pd.Series([f"Twice {n}?" for n in range(6)], index=list("abcdef"), name="q")
    told: list[BatchProgress] = []
    with serving_in_thread(answer) as server:
        frame = codesteer.map(column, target=model(server), concurrency=3, progress=told.append)
    assert list(frame.index) == list("abcdef")
    assert list(frame["question"]) == list(column)
    assert [text.splitlines()[-1] for text in frame["answer"]] == [f"Answer: {2 * n}" for n in range(6)]
    assert set(frame["status"]) == {"done"}
    assert set(frame["support"]) == {"unchecked"}
    assert set(frame["verdict"]) == {""}
    assert (frame["tokens"] > 0).all()
    assert frame["run"].is_unique
    assert [one.done for one in told] == list(range(7))
    assert max(one.running for one in told) <= 3
    assert told[0].left is None
    assert told[-1].left == 0


def test_a_failure_is_a_row_and_resuming_asks_only_what_is_missing(tmp_path: Path) -> None:
    ledger = tmp_path / "answers.jsonl"
    questions = [f"Twice {n}?" for n in (1, 13, 2, 1)]
    with serving_in_thread(answer) as server:
        first = codesteer.map(questions, target=model(server), resume=ledger, progress=False)
        assert list(first["status"]) == ["done", "failed", "done", "done"]
        assert "not that number" in first["error"][1]
        before = len(asked(server))
        assert before == 3, "the same question twice is asked twice; thirteen is refused at the first decision"
        with ledger.open("ab") as file:
            file.write(b'{"key":"cut off in the mid')
        again = codesteer.map([*questions, "Twice 5?"], target=model(server), resume=ledger, progress=False)
        # Which one came first is anybody's guess.
        assert asked(server)[before:] == [re.sub(r"Twice \d+", "Twice 5", asked(server)[0])]
        other = codesteer.map(["Twice 1?"], target=model(server), resume=ledger, progress=False, temperature=0.5)
    assert list(again["run"])[:1] == list(first["run"])[:1]
    assert list(again["status"]) == ["done", "failed", "done", "done", "done"]
    assert other["run"][0] not in set(again["run"]), "other settings are another question"


def test_a_killed_process_loses_at_most_what_was_in_flight(tmp_path: Path) -> None:
    ledger = tmp_path / "answers.jsonl"
    code = (
        "import sys, codesteer\n"
        "codesteer.map([f'Twice {n}?' for n in range(20, 60)], target=sys.argv[1], resume=sys.argv[2], concurrency=2)"
    )
    with serving_in_thread(answer) as server:
        command = [sys.executable, "-c", code, model(server), str(ledger)]
        process = subprocess.Popen(
            command, stderr=subprocess.DEVNULL, env={**os.environ, "CODESTEER_HOME": str(tmp_path)}
        )
        while not ledger.exists() or ledger.read_bytes().count(b"\n") < 5:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kept = ledger.read_bytes().count(b"\n")
        before = len(asked(server))
        frame = codesteer.map(
            [f"Twice {n}?" for n in range(20, 60)], target=model(server), resume=ledger, concurrency=8, progress=False
        )
        assert len(asked(server)) - before == 40 - kept
    assert set(frame["status"]) == {"done"}


def test_a_stop_ends_what_runs_and_keeps_what_there_is() -> None:
    stop = threading.Event()

    def slow(request: Request) -> Reply:
        reply = answer(request)
        reply.first_delay = 0.0 if "Twice 0?" in str(request.turns) else 3600.0
        return reply

    with serving_in_thread(slow) as server:
        settings = RunSettings(target=model(server))
        watch = lambda told: stop.set() if told.done else None  # noqa: E731
        rows = run_batch(["Twice 0?", "Twice 1?", "Twice 2?"], settings, concurrency=2, stop=stop, on_progress=watch)
    assert rows[0] is not None
    assert rows[1:] == [None, None]


async def test_amap_leaves_the_loop_free_and_cancelling_ends_it() -> None:
    with serving_in_thread(answer) as server:
        frame = await codesteer.amap(["Twice 4?"], target=model(server), progress=False)
        assert frame["answer"][0].endswith("8")
    with serving_in_thread(lambda _: Reply("x", first_delay=30)) as server:
        task = asyncio.create_task(codesteer.amap(["Twice 4?"] * 3, target=model(server), progress=False))
        await asyncio.sleep(0.5)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_steer_yields_events_and_leaving_stops_the_run() -> None:
    with serving_in_thread(answer) as server:
        events: list[Any] = [event async for event in codesteer.steer("Twice 4?", target=model(server))]
    assert isinstance(events[-1], ev.RunEnded)
    assert fold(events) == codesteer.last.record
    with serving_in_thread(lambda _: Reply("word " * 100, delay=0.1)) as server:
        async with contextlib.aclosing(
            codesteer.steer("Twice 4?", target=model(server), dialect="codesteer-v1")
        ) as stream:
            async for event in stream:
                if isinstance(event, ev.PhaseEntered):
                    break
        async with asyncio.timeout(30):
            while not all(request.disconnected or request.finished for request in server.requests):
                await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("questions", "settings", "error", "words"),
    [
        ([], {}, BadInput, "no question"),
        (["ok", ""], {}, BadInput, "Question 1 is ''"),
        (["ok", None], {}, BadInput, "no text"),
        (["ok"], {"concurrency": 0}, BadInput, "concurrency is 0"),
        (["ok"], {"targt": "x"}, UnknownName, "targt"),
        (["ok"], {"target": "openai/gpt-4o"}, MissingKey, "OPENAI_API_KEY"),
    ],
)
def test_what_cannot_be_asked_is_told_before_anything_is(
    questions: list[Any], settings: dict[str, Any], error: type[Exception], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(error, match=words):
        codesteer.map(questions, progress=False, **settings)


def test_a_file_that_is_no_ledger_is_refused_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    for text in ("dear diary\nmore\n", "one line without an end"):
        file.write_text(text)
        with pytest.raises(BadInput, match="Line 1 of"):
            codesteer.map(["Twice 1?"], resume=file, progress=False)
        assert file.read_text() == text
