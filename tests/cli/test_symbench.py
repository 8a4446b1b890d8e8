"""``codesteer symbench``: lines in, lines out, exit codes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.cli import main

Output = pytest.CaptureFixture[str]


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("words", [["symbench"], ["symbench", "--help"], ["symbench", "verify", "-h"]])
def test_help(words: list[str], capsys: Output) -> None:
    assert main(words) == 0
    text = capsys.readouterr().out
    assert all(word in text for word in ("list", "show", "generate", "verify", "prove", "load", "Exit codes"))


def test_list_names_every_task(capsys: Output) -> None:
    assert main(["symbench", "list"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in symbench.tasks())
    assert main(["symbench", "list", "--json"]) == 0
    cards = json.loads(capsys.readouterr().out)
    assert [card["name"] for card in cards] == [*symbench.tasks()]
    assert cards[0]["knobs"]


def test_show_a_task_and_a_problem(capsys: Output) -> None:
    assert main(["symbench", "show", "letters"]) == 0
    card = capsys.readouterr().out
    assert "KNOB" in card
    assert "paper-5-10" in card
    assert main(["symbench", "show", "letters", "--level", "2", "--seed", "7", "--answer"]) == 0
    problem = symbench.get("letters").generate(7, 2)
    assert capsys.readouterr().out == f"{problem.question}\n\nA right answer:\n<<<{problem.reference}>>>\n"
    assert main(["symbench", "show", "letters", "--set", "hits=0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["level"] == {"length": 15, "hits": 0}


def test_generate_then_verify(tmp_path: Path, capsys: Output) -> None:
    made, judged = tmp_path / "problems.jsonl", tmp_path / "verdicts.jsonl"
    assert main(["symbench", "generate", "letters", "game24", "-n", "3", "--seed", "5", "-o", str(made)]) == 0
    problems = lines(made.read_text())
    assert [(one["task"], one["seed"]) for one in problems] == [
        (t, s) for t in ("letters", "game24") for s in (5, 6, 7)
    ]
    made.write_text("\n".join(json.dumps({**one, "answer": f"<<<{one['reference']}>>>"}) for one in problems) + "\n\n")
    assert main(["symbench", "verify", str(made), "-o", str(judged)]) == 0
    assert "letters: 3 of 3 right (ok 3)" in capsys.readouterr().err
    assert all(one["correct"] and one["code"] == "ok" and one["marked"] for one in lines(judged.read_text()))


def test_a_wrong_answer_is_an_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    problem = symbench.get("letters").generate(1)
    row = {**json.loads(problem.to_json()), "answer": "none", "version": "0"}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(row) + "\n"))
    assert main(["symbench", "verify", "-"]) == 1
    shown = capsys.readouterr()
    assert lines(shown.out)[0]["code"] == "unreadable"
    assert "another version" in shown.err


def test_all_tasks_are_generated_where_none_is_named(capsys: Output) -> None:
    assert main(["symbench", "generate"]) == 0
    assert [one["task"] for one in lines(capsys.readouterr().out)] == [*symbench.tasks()]


def test_prove(capsys: Output) -> None:
    assert main(["symbench", "prove", "letters", "number_multiply", "--n", "2", "--seeds", "50"]) == 0
    text = capsys.readouterr().out
    assert text.count("proven") == 2
    assert main(["symbench", "prove", "letters", "--n", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["faults"] == []


def test_a_broken_promise_is_an_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    monkeypatch.setattr(type(symbench.get("letters")), "effort", lambda self, problem: 1.0)
    assert main(["symbench", "prove", "letters", "--n", "1"]) == 1
    assert "letters: The effort does not rise with the levels" in capsys.readouterr().out


def test_load(tmp_path: Path, capsys: Output) -> None:
    word = tmp_path / "dataset_gather" / "Letters" / "short" / "a_1_0" / "test_words.json"
    word.parent.mkdir(parents=True)
    word.write_text('"abc"')
    assert main(["symbench", "load", str(tmp_path), "--flavour", "compat"]) == 0
    shown = capsys.readouterr()
    assert "letters: 1" in shown.err
    (problem,) = lines(shown.out)
    assert problem["sample_id"] == "Letters/short/a_1_0"


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["prov"], "prove"),
        (["show"], "required"),
        (["show", "leters"], "letters"),
        (["show", "letters", "--level", "99"], "has no level"),
        (["show", "letters", "--set", "hits"], "KNOB=VALUE"),
        (["show", "letters", "--set", "hits=many"], "Allowed: 0 to 40"),
        (["show", "letters", "--set", "hits=99"], "Allowed: 0 to 40"),
        (["show", "letters", "--set", "hit=1"], "hits"),
        (["generate", "-n", "0"], "at least 1"),
        (["verify", "/no/such/file"], "cannot be read"),
        (["load", "/no/such/folder"], "no folder"),
        (["load", ".", "--task", "leters"], "letters"),
        (["generate", "letters", "-o", "/no/such/folder/file"], "cannot be written"),
    ],
)
def test_bad_words_are_told(words: list[str], part: str, capsys: Output) -> None:
    assert main(["symbench", *words]) == 2
    assert part in capsys.readouterr().err


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"answer": "x"}',
        '{"task": "letters", "question": "", "payload": {}, "answer": 5}',
        '{"task": "no", "question": "", "payload": {}, "answer": ""}',
        '{"task": "letters", "question": "", "payload": {"word": "abc"}, "answer": "Count: 0, Positions: []"}',
    ],
)
def test_a_line_that_is_no_answered_problem_is_told(line: str, tmp_path: Path, capsys: Output) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text(line + "\n")
    assert main(["symbench", "verify", str(file)]) == 2
    assert capsys.readouterr().err.startswith("codesteer: ")


def test_progress_is_shown_on_a_terminal_and_taken_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Output
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert main(["symbench", "generate", "letters", "-n", "4", "-o", str(tmp_path / "out.jsonl")]) == 0
    shown = capsys.readouterr().err
    assert "[" + "#" * 15 + "." * 15 + "] 50 % letters" in shown
    assert shown.endswith("\r\x1b[K")
