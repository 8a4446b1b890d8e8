"""Two jobs compared: only over common problems, and no word without enough of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from codesteer_kernel.errors import BadInput
from codesteer_kernel.evaluation.comparing import compare, compared
from tests.evaluation.jobs import Right, attempts_of, write_job


def job(
    folder: Path, right: float | Right, *, n: int = 20, method: str = "codesteer", seed: int = 0, **facts: object
) -> Path:
    chance = right if callable(right) else lambda *_: right
    tasks = [("game24", "2"), ("letters", "1")]
    return write_job(folder, attempts_of([method], tasks, n=n, right=chance, seed=seed), **facts)


def test_a_change_that_helps(tmp_path: Path) -> None:
    before, after = job(tmp_path / "a", 0.0), job(tmp_path / "b", 0.8)
    (found,) = compared(before, after)
    assert (found.word, found.before.right, found.difference.n) == ("helps", 0, 40)
    assert found.after.right == len(found.won) > 20
    assert found.lost == []
    assert "The change helps." in compare(before, after)
    assert compared(after, before)[0].word == "hurts"
    assert "The change hurts." in compare(after, before)


def test_the_same_again_cannot_be_told(tmp_path: Path) -> None:
    before = job(tmp_path / "a", 0.5)
    assert compared(before, before)[0].word == "cannot tell"
    assert "Cannot tell with n=40: 0 problems changed" in compare(before, before)


def test_few_problems_can_never_tell(tmp_path: Path) -> None:
    before, after = job(tmp_path / "a", 0.0, n=2), job(tmp_path / "b", 1.0, n=2)
    (found,) = compared(before, after)
    assert (found.difference.difference, found.word) == (1.0, "cannot tell")
    assert "Cannot tell with n=4: it takes at least 6 problems" in compare(before, after)


def test_only_common_problems_count(tmp_path: Path) -> None:
    # The second job tried three more of each task, all right.
    before = job(tmp_path / "a", 0.0, n=4)
    after = job(tmp_path / "b", lambda _method, _target, _task, index: index >= 4, n=7)
    (found,) = compared(before, after)
    assert (found.difference.n, found.after.right) == (8, 0)


def test_what_changed_is_told(tmp_path: Path) -> None:
    before = job(tmp_path / "a", 0.5, settings={"rounds": 3}, commit="aaaa", sessions=[{"started": "1"}])
    after = job(tmp_path / "b", 0.5, settings={"rounds": 5}, commit="bbbb", sessions=[{"started": "2"}])
    told = compare(before, after)
    assert "settings.rounds: 3 -> 5" in told
    assert "commit: aaaa -> bbbb" in told
    assert "sessions" not in told


def test_the_problems_that_changed_are_named(tmp_path: Path) -> None:
    before = job(tmp_path / "a", 0.0, n=3)
    after = job(tmp_path / "b", lambda _method, _target, task, index: task == "letters" and index == 1, n=3)
    assert "won: letters (level 1, seed 1)" in compare(before, after)


def test_one_row_against_another(tmp_path: Path) -> None:
    before, after = job(tmp_path / "a", 0.1, method="only-question"), job(tmp_path / "b", 0.9)
    (found,) = compared(before, after)
    assert found.name == ("Only Question with local/qwen2.5-coder-0.5b, then CodeSteer with local/qwen2.5-coder-0.5b")
    assert found.word == "helps"


def test_nothing_in_common_is_said(tmp_path: Path) -> None:
    before = job(tmp_path / "a", 0.5)
    with pytest.raises(BadInput, match="no problem in common"):
        compare(before, job(tmp_path / "b", 0.5, seed=7))
    two = write_job(tmp_path / "c", attempts_of(["only-question", "other"], [("game24", "2")]))
    with pytest.raises(BadInput, match="nothing in common"):
        compare(before, two)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="No attempt has finished"):
        compare(before, tmp_path / "empty")
