"""``codesteer train``: data in a folder, from runs and from published files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codesteer_kernel.cli import main
from codesteer_kernel.evaluation.ledger import read_attempts
from codesteer_kernel.training.rows import read_conversations, read_pairs
from tests.training.test_published import FIRST, PAIR, SECOND, written

Output = pytest.CaptureFixture[str]
MADE_UP = ["--tasks", "pooling", "--levels", "1", "--target", "simulated/coder", "-j", "2", "--code-timeout", "5"]


@pytest.mark.parametrize("words", [["train"], ["train", "--help"], ["train", "pairs", "-h"]])
def test_help(words: list[str], capsys: Output) -> None:
    assert main(words) == 0
    text = capsys.readouterr().out
    assert all(word in text for word in ("trajectories", "pairs", "import", "Exit codes"))


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["trajectory"], "trajectories"),
        (["trajectories", "--tasks", "letters", "-o", "x"], "kept for evaluation"),
        (["trajectories", "-o", "x"], "--tasks, or --runs"),
        (["outcomes", "-o", "x"], "--tasks"),
        (["outcomes", "-o", "x", "--tasks", "pooling", "--runs", "y"], "--runs"),
        (["pairs", "-o", "x", "--runs", "nowhere"], "nowhere holds no attempts"),
        (["pairs", "--tasks", "pooling", "-o", "x", "--branch", "1"], "two branches"),
        (["trajectories", "--tasks", "pooling", "-o", "x", "--policies", "push-code"], "policy-push-code"),
        (["import", "nowhere.json", "-o", "x"], "nowhere.json cannot be read"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(
    words: list[str], fault: str, capsys: Output, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", *words]) == 2
    told = capsys.readouterr().err
    assert fault in told
    assert "Traceback" not in told
    assert not (tmp_path / "x" / "conversations.jsonl").exists()


def test_published_files_become_ours(tmp_path: Path, capsys: Output) -> None:
    import datasets

    path = written(tmp_path, [FIRST, SECOND])
    assert main(["train", "import", str(path), "-o", str(tmp_path / "out"), "--weights", "1,1,2"]) == 0
    assert "1 rows." in capsys.readouterr().out
    (row,) = read_conversations(tmp_path / "out" / "conversations.jsonl")
    assert [turn.weight for turn in row.messages] == [0, 1, 0, 2]
    loaded = datasets.load_from_disk(str(tmp_path / "out" / "dataset"))
    assert loaded[0]["messages"][3]["weight"] == 2
    assert loaded[0]["origin"]["source"] == "published.json"

    path.write_text(json.dumps([PAIR]))
    assert main(["train", "import", "--pairs", str(path), "-o", str(tmp_path / "pairs"), "--no-dataset"]) == 0
    (pair,) = read_pairs(tmp_path / "pairs" / "pairs.jsonl")
    assert pair.margin == 16
    assert not (tmp_path / "pairs" / "dataset").exists()


@pytest.mark.kernel
def test_trajectories_by_one_command(tmp_path: Path, capsys: Output) -> None:
    words = ["train", "trajectories", "-o", str(tmp_path), "-n", "2", "--plain", *MADE_UP]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "8 runs with targets that are no models (simulated) gave" in told
    assert "12,000, as the paper had, would take" in told
    rows = list(read_conversations(tmp_path / "conversations.jsonl"))
    assert rows
    page = (tmp_path / "DATA.md").read_text()
    assert f"## {len(rows)} with targets that are no models (simulated)" in page
    assert "real targets" not in page
    # Again: nothing is made anew.
    before = (tmp_path / "attempts.jsonl").read_bytes()
    assert main(words) == 0
    assert (tmp_path / "attempts.jsonl").read_bytes() == before


@pytest.mark.kernel
def test_pairs_by_one_command(tmp_path: Path, capsys: Output) -> None:
    assert main(["train", "pairs", "-o", str(tmp_path), "-n", "2", "--as", "mini", *MADE_UP]) == 0
    told = capsys.readouterr()
    assert "2 of 2: pooling" in told.err
    assert "2 trees of" in told.out
    pairs = list(read_pairs(tmp_path / "pairs.jsonl"))
    assert {pair.dialect for pair in pairs} == {"mini"}
    assert all(pair.chosen.startswith("<<<") for pair in pairs)


@pytest.mark.kernel
def test_one_set_of_runs_gives_outcomes_trajectories_and_pairs(tmp_path: Path, capsys: Output) -> None:
    made = tmp_path / "outcomes"
    assert main(["train", "outcomes", "-o", str(made), "-n", "6", "--plain", *MADE_UP]) == 0
    before = (made / "attempts.jsonl").read_bytes()
    capsys.readouterr()
    for what in ("trajectories", "pairs"):
        words = ["train", what, "--runs", str(made), "-o", str(tmp_path / what), "--no-dataset"]
        assert main(words) == 0
        told = capsys.readouterr().out
        page = (tmp_path / what / "DATA.md").read_text()
        assert told.splitlines()[0].startswith("12 runs with targets that are no models (simulated) gave")
        assert told.splitlines()[0] in page
        assert "real targets" not in page
    words = ["train", "pairs", "--runs", str(made), "-o", str(tmp_path / "published"), "--as-published", "--no-dataset"]
    assert main(words) == 0
    all_pairs = {(one.chosen, one.rejected, one.origin.seed) for one in read_pairs(tmp_path / "pairs" / "pairs.jsonl")}
    some = {(one.chosen, one.rejected, one.origin.seed) for one in read_pairs(tmp_path / "published" / "pairs.jsonl")}
    assert some < all_pairs, "of the pairs of a choice those whose first way was wrong"
    capsys.readouterr()
    # Each kind has a folder of its own: the other's page and dataset are not lost, and nothing is made first.
    for what, other in (("trajectories", "pairs"), ("pairs", "trajectories")):
        page = (tmp_path / other / "DATA.md").read_bytes()
        assert main(["train", what, "-o", str(tmp_path / other), "-n", "1", "--plain", *MADE_UP]) == 2
        assert "Name another folder" in capsys.readouterr().err
        assert (tmp_path / other / "DATA.md").read_bytes() == page
        assert not (tmp_path / other / "attempts.jsonl").exists()
    assert (made / "attempts.jsonl").read_bytes() == before
    rows = list(read_conversations(tmp_path / "trajectories" / "conversations.jsonl"))
    right = [one for one in read_attempts(made) if one.correct]
    assert {row.origin.run for row in rows} <= {one.run for one in right}
    assert rows
    ways: dict[int, list[bool]] = {}
    for one in read_attempts(made):
        ways.setdefault(one.seed, []).append(one.correct)
    decisive = {seed for seed, both in ways.items() if both in ([True, False], [False, True])}
    assert {pair.origin.seed for pair in read_pairs(tmp_path / "pairs" / "pairs.jsonl")} == decisive != set()
    # New runs and those that are there go together.
    words = ["train", "trajectories", "--runs", str(made), "-o", str(tmp_path / "more"), "-n", "1", "--plain"]
    assert main([*words, "--no-dataset", "--policies", "policy-push-code", *MADE_UP]) == 0
    assert "13 runs with targets that are no models" in capsys.readouterr().out
