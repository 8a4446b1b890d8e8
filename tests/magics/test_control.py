"""What the front end asks beside the cells: ratings, kept with the run; anything else is refused, politely."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from codesteer.control import TARGET, answer, register, unregister

from codesteer_kernel.errors import UnknownName
from codesteer_kernel.history import rate
from codesteer_kernel.store import Store


@pytest.fixture
def run(home: Path) -> str:
    """The name of a kept run."""
    folder = Store().folder
    folder.mkdir(parents=True)
    (folder / "r-1.json").write_text('{"id": "r-1", "status": "done"}', encoding="utf-8")
    return "r-1"


def test_ratings_are_kept_one_by_one_and_taken_back(run: str) -> None:
    assert rate(run, 1, "good") == {1: "good"}
    Store().mark(run, pinned=True)
    assert rate(run, 2, "bad") == {1: "good", 2: "bad"}
    assert rate(run, 1, None) == {2: "bad"}
    assert Store().marks(run).pinned is True
    with pytest.raises(UnknownName):
        rate("r-2", 1, "good")


def test_a_question_is_answered_with_what_is_kept(run: str) -> None:
    assert answer({"ask": 1, "event": "marks", "run": run}) == {"ask": 1, "kept": True, "ratings": {}}
    asked = {"ask": 2, "event": "rate", "run": run, "round": 2, "rating": "good"}
    assert answer(asked) == {"ask": 2, "kept": True, "ratings": {"2": "good"}}
    assert answer({"ask": 3, "event": "marks", "run": run})["ratings"] == {"2": "good"}
    assert answer({**asked, "rating": None})["ratings"] == {}


def test_a_run_that_is_not_here_is_not_kept(run: str) -> None:
    told = answer({"ask": 4, "event": "marks", "run": "elsewhere"})
    assert told["kept"] is False
    assert "elsewhere" in told["error"]
    assert told["error"].endswith("[unknown_name]")


@pytest.mark.parametrize(
    "asked",
    [
        *(None, 7, "rate", [], {}, {"event": "forget", "run": "r-1"}, {"event": "marks", "run": 3}),
        *({"event": "rate", "run": "r-1", "round": 0, "rating": "good"}, {"event": "marks", "run": "../../etc"}),
        *({"event": "rate", "run": "r-1", "round": 1, "rating": "best"}, {"event": "rate", "run": "r-1", "round": 1}),
        {"event": "rate", "run": "r-1", "round": 10**12, "rating": "good"},
    ],
)
def test_anything_else_changes_nothing(run: str, asked: Any) -> None:
    told = answer(asked)
    assert told["kept"] is False
    assert told["error"]
    assert not list(Store().folder.glob("*.marks"))


def test_the_target_comes_and_goes_with_the_extension() -> None:
    targets: dict[str, Any] = {}

    def take(name: str, opened: Any) -> None:
        targets[name] = opened

    def drop(name: str, _opened: Any) -> None:
        del targets[name]

    kernel = SimpleNamespace(
        comm_manager=SimpleNamespace(targets=targets, register_target=take, unregister_target=drop)
    )
    register(kernel)
    heard: list[Any] = []
    sent: list[Any] = []
    comm = SimpleNamespace(on_msg=heard.append, send=sent.append)
    targets[TARGET](comm, {})
    heard[0]({"content": {"data": {"ask": 9}}})
    assert sent[0]["ask"] == 9
    unregister(kernel)
    unregister(kernel)
    assert targets == {}
