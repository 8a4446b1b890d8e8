"""The authors' file formats, in files of our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codesteer_kernel.errors import BadInput
from codesteer_kernel.training.published import import_conversations, import_pairs
from codesteer_kernel.training.rows import Turn
from codesteer_kernel.training.weights import Weights


def written(tmp_path: Path, items: Any) -> Path:
    path = tmp_path / "published.json"
    path.write_text(json.dumps(items), encoding="utf-8")
    return path


FIRST = {"instruction": "Code or text?", "output": "<<<Code>>>"}
SECOND = {
    "instruction": "It printed 3.",
    "output": "<<<Check the sign.>>>",
    "history": [["Code or text?", "<<<Code>>>"]],
}
PAIR = {
    "conversations": [
        {"from": "human", "value": "Code or text?"},
        {"from": "gpt", "value": "<<<Code>>>"},
        {"from": "human", "value": "It printed 3."},
    ],
    "chosen": {"from": "gpt", "value": "<<<Return Answer>>>"},
    "rejected": {"from": "gpt", "value": "<<<Try again.>>>"},
    "score_chosen": 13,
    "score_rejected": -3,
}


def test_a_conversation_that_was_cut_is_read_once(tmp_path: Path) -> None:
    path = written(tmp_path, [FIRST, SECOND, SECOND])
    (row,) = import_conversations(path, weights=Weights(last=2))
    assert row.messages == [
        Turn(role="user", content="Code or text?"),
        Turn(role="assistant", content="<<<Code>>>", weight=1),
        Turn(role="user", content="It printed 3."),
        Turn(role="assistant", content="<<<Check the sign.>>>", weight=2),
    ]
    assert row.origin.rounds == 2
    assert len(import_conversations(path, as_published=True)) == 3


def test_pairs_are_read_with_their_scores(tmp_path: Path) -> None:
    (row,) = import_pairs(written(tmp_path, [PAIR]))
    assert [turn.role for turn in row.prompt] == ["user", "assistant", "user"]
    assert (row.chosen, row.rejected, row.margin) == ("<<<Return Answer>>>", "<<<Try again.>>>", 16)


@pytest.mark.parametrize(
    ("items", "fault"),
    [
        ({"no": "list"}, "is no JSON list"),
        ([FIRST, {"instruction": "x"}], "Item 2 of published.json is not of the published form"),
        ([FIRST, {**FIRST, "output": ""}], "Item 2 of published.json: turn 2 is empty"),
        ([{**FIRST, "history": [["only one"]]}], "Item 1"),
    ],
)
def test_a_bad_item_is_named(tmp_path: Path, items: Any, fault: str) -> None:
    with pytest.raises(BadInput, match=fault):
        import_conversations(written(tmp_path, items))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"conversations": [{"from": "tool", "value": "x"}]}, "Item 1 of published.json has a turn from 'tool'"),
        ({"score_chosen": -9}, "Item 1 of published.json prefers a reply of score -9"),
        ({"conversations": []}, "Item 1 of published.json has no turns"),
    ],
)
def test_a_bad_pair_is_named(tmp_path: Path, change: dict[str, Any], fault: str) -> None:
    with pytest.raises(BadInput, match=fault):
        import_pairs(written(tmp_path, [{**PAIR, **change}]))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        import_pairs(tmp_path / "nowhere.json")
