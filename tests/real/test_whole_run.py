"""The main job on real weights (Qwen2.5-Coder-0.5B): nothing scripted between the question and the answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from codesteer_kernel.record import MIME_TYPE, Record, decode_record
from codesteer_kernel.record import events as ev
from codesteer_kernel.run import engine
from codesteer_kernel.store import Store

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
SMALL = "local/qwen2.5-coder-0.5b"


@pytest.fixture(scope="module")
def solved() -> tuple[Record, list[ev.Event]]:
    """One run, whole: its record and its events."""
    from codesteer import solve

    events: list[ev.Event] = []
    run = solve(
        "What is 48271 * 99371?",
        target=SMALL,
        rounds=2,
        max_tokens=256,
        on_event=lambda event, _: events.append(event),
    )
    engine().close()
    return run.record, events


def test_the_small_model_steers_itself_to_a_computed_answer(solved: tuple[Record, list[ev.Event]]) -> None:
    record, _ = solved
    assert record.answer is not None
    assert record.answer.result == "4796737541"
    first = record.rounds[0]
    assert first.decision.kind == "code"
    assert first.decision.source == "model"
    assert first.decision.confidence is not None
    assert 0.5 < first.decision.confidence <= 1
    assert first.execution is not None
    assert first.execution.status == "ok"
    assert first.symbolic is not None
    assert first.self_answer is not None
    assert record.support is not None
    assert record.support.decision is not None
    assert record.support.decision.source == "model", "the last decision was scored by the model"


def test_tokens_stream_and_are_counted(solved: tuple[Record, list[ev.Event]]) -> None:
    record, events = solved
    streamed = "".join(event.text for event in events if isinstance(event, ev.AnswerDelta) and event.round == 1)
    assert streamed.startswith("```python\n")
    assert sum(isinstance(event, ev.AnswerDelta) for event in events) > 3
    calls = [event for event in events if isinstance(event, ev.CallMade)]
    assert record.usage.calls == len(calls)
    assert record.usage.input_tokens == sum(call.usage.input_tokens for call in calls) > 0
    assert record.usage.cached_tokens > 0, "the review reuses the choice's prefix"
    assert record.usage.cost == 0.0


def test_the_run_is_in_the_journal(solved: tuple[Record, list[ev.Event]]) -> None:
    record, _ = solved
    assert Store().load(record.id).answer == record.answer


def test_the_quickstart_runs_headless(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "demo.py", "--model", "qwen2.5-coder-0.5b", "--out", tmp_path],
        capture_output=True,
        text=True,
        timeout=800,
        cwd=tmp_path,
        env={**os.environ, "CODESTEER_HOME": str(tmp_path / "home")},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stdout.count("ANSWER:") == 3
    notebook = nbformat.read(tmp_path / "quickstart.ipynb", as_version=4)
    records = [decode_record(dict(bundle[MIME_TYPE])) for bundle in _bundles(notebook) if MIME_TYPE in bundle]
    assert len(records) == 3
    assert {record.status for record in records} <= {"done", "exhausted"}
    for record in records:
        scored = [one.decision for one in record.rounds] + [record.support.decision if record.support else None]
        later = [one for one in scored[1:] if one is not None]
        assert record.rounds[0].decision.source == "model"
        assert any(one.source == "model" for one in later), "no later decision was the model's"
    page = (tmp_path / "quickstart.html").read_text(encoding="utf-8")
    assert "76127" in page
    assert "model not found" not in page


def test_the_command_line_prints_the_answer_alone_on_stdout(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "codesteer_kernel.cli",
        "solve",
        "--target",
        SMALL,
        "--rounds",
        "1",
        "--max-tokens",
    ]
    done = subprocess.run(
        [*command, "128", "--json", "What is 7 * 191?"], capture_output=True, text=True, timeout=300, cwd=tmp_path
    )
    record = json.loads(done.stdout)
    assert record["answer"]["result"] == "1337"
    assert "Round 1" in done.stderr


def _bundles(notebook: Any) -> list[Any]:
    return [output["data"] for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]
