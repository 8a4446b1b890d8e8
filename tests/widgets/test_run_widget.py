"""The widget's Python side: what goes over the wire for a record, for a token, for a click on Stop."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from codesteer_widgets import STATIC, RunWidget, is_built
from codesteer_widgets import run_widget as module

from codesteer_kernel.record import decode_record, encode_record

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "tests" / "widgets" / "samples").glob("*.json"))
SCHEMA = json.loads((ROOT / "codesteer_kernel" / "record" / "run.v1.schema.json").read_text(encoding="utf-8"))


def record(seq: int = 5, text: str = "") -> dict[str, Any]:
    return {"id": "r-1", "seq": seq, "status": "running", "rounds": [{"index": 1, "answer": {"text": text}}]}


def shown(widget: Any) -> str:
    """The text of round 1 as a view puts it together."""
    text: str = widget.record["rounds"][0]["answer"]["text"]
    tail = widget.tail
    return text + tail["text"] if tail and tail["seq"] == widget.record["seq"] else text


def click(widget: Any) -> None:
    """Hand the widget the message that a view sends when Stop is clicked."""
    widget._handle_custom_msg({"event": "stop"}, [])


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The widget's clock, moved by hand."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_show_replaces_the_record_and_drops_the_tail(clock: list[float]) -> None:
    widget = RunWidget()
    widget.show(record())
    widget.append(1, "four")
    assert widget.tail == {"round": 1, "seq": 5, "text": "four"}
    widget.show(record(7, "four"))
    assert widget.record["seq"] == 7
    assert widget.tail == {}
    assert shown(widget) == "four"


def test_tokens_leave_the_record_alone(clock: list[float]) -> None:
    widget = RunWidget(record())
    sent: list[str] = []
    widget.observe(lambda change: sent.append(change["name"]), names=["record", "tail"])
    for _ in range(10):
        clock[0] += 0.05
        widget.append(1, "ab ")
    assert sent == ["tail"] * 10
    assert shown(widget) == "ab " * 10


def test_a_burst_of_tokens_is_sent_in_few_messages(clock: list[float]) -> None:
    widget = RunWidget(record())
    sent: list[str] = []
    widget.observe(lambda change: sent.append(change["new"]["text"]), names="tail")
    for _ in range(100):
        clock[0] += 0.001
        widget.append(1, "x")
    assert 3 <= len(sent) <= 5
    clock[0] += 1
    widget.append(1, "y")
    assert sent[-1] == "x" * 100 + "y"


def test_a_long_tail_is_folded_into_the_record(clock: list[float]) -> None:
    widget = RunWidget(record())
    for _ in range(30):
        clock[0] += 0.05
        widget.append(1, "z" * 1000)
    assert shown(widget) == "z" * 30_000
    assert len(widget.tail.get("text", "")) <= module.TAIL_CHARS


def test_the_shown_record_is_never_changed_in_place(clock: list[float]) -> None:
    mine = record()
    widget = RunWidget(mine)
    widget.append(1, "z" * 9_000)
    assert mine == record()
    assert shown(widget) == "z" * 9_000


def test_text_of_a_round_that_the_record_lacks_is_harmless(clock: list[float]) -> None:
    widget = RunWidget(record())
    widget.append(3, "z" * 9_000)
    widget.append(1, "a")
    assert shown(widget) in ("", "a")


def test_show_and_append_from_a_worker_while_the_kernel_reads() -> None:
    widget = RunWidget(record())
    done = threading.Event()

    def work() -> None:
        for number in range(300):
            widget.append(1, "t")
            if number % 50 == 49:
                widget.show(record(6 + number, "t" * (number + 1)))
        done.set()

    worker = threading.Thread(target=work)
    worker.start()
    while not done.is_set():
        assert set(shown(widget)) <= {"t"}
    worker.join(timeout=10)
    assert shown(widget) == "t" * 300


def test_stop_calls_back_once_even_those_who_come_late() -> None:
    widget = RunWidget(record())
    calls: list[str] = []
    widget.on_stop(lambda: calls.append("first"))
    click(widget)
    click(widget)
    widget.on_stop(lambda: calls.append("late"))
    assert calls == ["first", "late"]
    assert widget.stop_requested is True


def test_a_stop_from_elsewhere_calls_back_and_is_told_every_view() -> None:
    widget = RunWidget(record())
    calls: list[str] = []
    widget.on_stop(lambda: calls.append("stopped"))
    widget.stop()
    click(widget)
    assert calls == ["stopped"]
    assert widget.get_state()["stop_requested"] is True


@pytest.mark.parametrize(
    "content",
    [
        *({}, {"event": "go"}, {"event": ["stop"]}, "stop", None, {"event": "insert", "code": 7}),
        *({"event": "feedback", "text": "  "}, {"event": "feedback"}, {"event": "rate", "round": 0, "rating": "good"}),
        *({"event": "rate", "round": "1", "rating": "good"}, {"event": "rate", "round": 1, "rating": "best"}),
        *({"event": "rate", "round": 10**9, "rating": "good"}, {"event": "rate", "round": 1}),
    ],
)
def test_other_messages_do_nothing(content: Any) -> None:
    widget = RunWidget(record())
    calls: list[Any] = []
    widget.on_insert(calls.append)
    widget.on_feedback(calls.append)
    widget.on_rate(lambda *given: calls.append(given))
    widget._handle_custom_msg(content, [])
    assert widget.stop_requested is False
    assert calls == []
    assert widget.ratings == {}


def test_every_button_is_served_as_long_as_somebody_listens() -> None:
    widget = RunWidget(record())
    assert widget.actions == []
    calls: list[Any] = []
    widget.on_stop(lambda: None)
    widget.on_insert(lambda code: calls.append(("insert", code)))
    widget.on_feedback(lambda text: calls.append(("feedback", text)))
    widget.on_rerun(lambda: calls.append(("rerun",)))
    widget.on_rerun(lambda: calls.append(("rerun too",)))
    assert widget.actions == ["stop", "insert", "feedback", "rerun"]
    for content in ({"event": "insert", "code": "x = 1"}, {"event": "feedback", "text": "more"}, {"event": "rerun"}):
        widget._handle_custom_msg(content, [])
    assert calls == [("insert", "x = 1"), ("feedback", "more"), ("rerun",), ("rerun too",)]


def test_a_rating_is_handed_on_and_known_to_all_views() -> None:
    widget = RunWidget(record())
    calls: list[Any] = []
    widget.on_rate(lambda index, rating: calls.append((index, rating)))
    for index, rating in ((1, "good"), (2, "bad"), (1, None)):
        widget._handle_custom_msg({"event": "rate", "round": index, "rating": rating}, [])
    assert calls == [(1, "good"), (2, "bad"), (1, None)]
    assert widget.ratings == {2: "bad"}


def test_a_record_of_the_engine_is_drawn_as_its_json_is() -> None:
    record = decode_record(json.loads(SAMPLES[0].read_text(encoding="utf-8")))
    plain = json.loads(encode_record(record))
    widget = RunWidget(record)
    assert widget.record == plain
    widget.show(record)
    assert widget.record == plain


def test_seen_becomes_true_when_a_view_says_so() -> None:
    widget = RunWidget()
    assert widget.seen is False
    widget.set_state({"seen": True})
    assert widget.seen is True


def test_repr_is_short() -> None:
    assert repr(RunWidget(record(text="x" * 100_000))) == "RunWidget(id='r-1', status='running')"


def test_importing_the_package_loads_no_widget_library() -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]; import codesteer_widgets as cw; cw.is_built(); "
        "print(sorted({'anywidget', 'ipywidgets', 'traitlets'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, str(ROOT), str(ROOT / "widgets")]
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout == "[]\n"


def test_without_the_built_files_the_error_says_what_to_do() -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]; import codesteer_widgets as cw, pathlib\n"
        "cw.STATIC = pathlib.Path('nowhere')\n"
        "try: cw.RunWidget\n"
        "except Exception as fault: print(cw.is_built(), type(fault).__name__, fault.cure)"
    )
    command = [sys.executable, "-c", code, str(ROOT), str(ROOT / "widgets")]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert output.startswith("False MissingDependency Install the codesteer wheel, or run `npm ci`")


def test_the_bundle_is_built_and_small() -> None:
    assert is_built(), "Build the front end first: npm ci && npm run build:widget"
    sizes = {name: len(gzip.compress((STATIC / name).read_bytes(), 9)) for name in ("widget.js", "style.css")}
    print(sizes)
    assert sum(sizes.values()) < 100_000


def test_the_bundle_needs_no_eval_and_no_inline_handler() -> None:
    bundle = (STATIC / "widget.js").read_text(encoding="utf-8")
    assert "eval(" not in bundle
    assert "new Function" not in bundle
    assert "https://cdn" not in bundle


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_samples_are_valid_records(path: Path) -> None:
    sample = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.validate(sample, SCHEMA)
    assert decode_record(sample).schema == 1


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    resolved = {package.get("resolved", "") for package in lock["packages"].values()}
    assert resolved <= {"", "widgets", "extension/lab", "extension/vscode"}
