"""What the panel asks of the runs on disk: pages of the list, one record, one file, one run less."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from codesteer.control import answer

from codesteer_kernel.record import FinalAnswer, Models, Question, Record, decode_record, encode_record
from codesteer_kernel.store import Store
from tests.widgets.page import read_sample


def write(folder: Path, record: Record) -> None:
    (folder / f"{record.id}.json").write_bytes(encode_record(record))


@pytest.fixture
def folder(home: Path) -> Path:
    """Seven kept runs; the newest is r-6."""
    folder = Store().folder
    folder.mkdir(parents=True)
    for number in range(7):
        record = Record(
            id=f"r-{number}",
            status="failed" if number == 3 else "done",
            question=Question(prompt=f"Question {number}: how many apples?"),
            models=Models(target="local/b" if number % 2 else "local/a", steerer="", checker=""),
            answer=FinalAnswer(text=f"{number} apples"),
        )
        write(folder, record)
    return folder


def listed(**wish: Any) -> dict[str, Any]:
    return answer({"ask": 1, "event": "list", "text": "", "status": "", "model": "", "after": "", "limit": 3, **wish})


def names(told: dict[str, Any]) -> list[str]:
    return [row["id"] for row in told["runs"]]


def test_pages_follow_one_another_whatever_comes_and_goes(folder: Path) -> None:
    first = listed()
    assert names(first) == ["r-6", "r-5", "r-4"]
    assert (first["fit"], first["all"], first["models"]) == (7, 7, ["local/a", "local/b"])
    write(folder, Record(id="r-7", status="done"))
    Store().forget("r-4")
    second = listed(after="r-4")
    assert names(second) == ["r-3", "r-2", "r-1"]
    assert second["all"] == 7
    assert names(listed(after="r-1")) == ["r-0"]
    assert names(listed(after="r-0")) == []


def test_a_row_says_what_a_list_shows_and_nothing_of_the_file(folder: Path) -> None:
    (row,) = listed(text="Question 3")["runs"]
    assert row == {
        "id": "r-3",
        "status": "failed",
        "started": "",
        "target": "local/b",
        "rounds": 0,
        "seconds": 0.0,
        "prompt": "Question 3: how many apples?",
        "answer": "3 apples",
        "kept": False,
        "error": "",
    }


def test_every_word_must_be_found_and_status_and_model_must_fit(folder: Path) -> None:
    assert names(listed(text="APPLES  5")) == ["r-5"]
    assert names(listed(text="apples pears")) == []
    assert names(listed(status="failed")) == ["r-3"]
    told = listed(model="local/a", limit=10)
    assert names(told) == ["r-6", "r-4", "r-2", "r-0"]
    assert (told["fit"], told["all"]) == (4, 7)


@pytest.mark.parametrize(("limit", "least"), [(-5, 1), (0, 1), (10**9, 7)])
def test_a_page_is_neither_empty_nor_endless(folder: Path, limit: int, least: int) -> None:
    assert len(names(listed(limit=limit))) == least


def test_a_record_comes_whole_and_as_files(home: Path) -> None:
    folder = Store().folder
    folder.mkdir(parents=True)
    record = {**read_sample("refined"), "id": "refined"}
    (folder / "refined.json").write_text(json.dumps(record), encoding="utf-8")
    told = answer({"ask": 2, "event": "load", "run": "refined"})
    assert decode_record(told["record"]) == decode_record(record)
    forms = {
        form: answer({"ask": 3, "event": "export", "run": "refined", "format": form})["text"]
        for form in ("json", "md", "html", "py")
    }
    assert decode_record(json.loads(forms["json"])) == decode_record(record)
    assert record["question"]["prompt"].split()[0] in forms["md"]
    assert forms["html"].lower().startswith("<!doctype html>")
    compile(forms["py"], "run.py", "exec")


def test_deleting_takes_exactly_the_named_run(folder: Path) -> None:
    assert answer({"ask": 4, "event": "delete", "run": "r-2"}) == {"ask": 4}
    assert not (folder / "r-2.json").exists()
    Store().forget("r-1", "r-3", "r-4", "r-5", "r-6")
    # A beginning of a name, and "last", would be taken for the only run there is.
    for name in ("r-", "last", "r-2", "../r-0"):
        told = answer({"ask": 5, "event": "delete", "run": name})
        assert "There is no run" in told["error"] or "is not a run id" in told["error"]
        assert "There is no run" in answer({"ask": 6, "event": "load", "run": "last"})["error"]
    assert names(listed()) == ["r-0"]


def test_what_cannot_be_done_is_said(folder: Path) -> None:
    (folder / "r-8.json").write_text("no record", encoding="utf-8")
    assert answer({"ask": 7, "event": "load", "run": "r-8"})["error"]
    assert "format" in answer({"ask": 8, "event": "export", "run": "r-1", "format": "docx"})["error"]
    assert answer({"ask": 9, "event": "export", "run": "r-1", "format": "py"})["error"]
    assert answer({"ask": 10, "event": "list", "text": None})["error"]


def test_no_run_is_kept_yet(home: Path) -> None:
    assert listed() == {"ask": 1, "loaded": False, "runs": [], "fit": 0, "all": 0, "models": []}
