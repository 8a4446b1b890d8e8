"""Rows keep what they are given, and bad ones are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.errors import BadInput
from codesteer_kernel.training.rows import (
    Conversation,
    Origin,
    Pair,
    Turn,
    checked,
    checked_pair,
    read_conversations,
    read_pairs,
    write_rows,
)
from codesteer_kernel.training.weights import Weights, weighted


def talk(*contents: str, system: bool = False) -> list[Turn]:
    turns = [Turn(role="system", content="You steer.")] if system else []
    return turns + [
        Turn(role="assistant" if index % 2 else "user", content=content) for index, content in enumerate(contents)
    ]


def row(*contents: str) -> Conversation:
    return Conversation(
        messages=weighted(talk(*contents)), dialect="codesteer-v1", origin=Origin(task="game24", seed=1)
    )


PAIR = Pair(
    prompt=talk("Code or Text?"),
    chosen="<<<Code>>>",
    rejected="<<<Text>>>",
    score_chosen=13,
    score_rejected=-2,
    dialect="codesteer-v1",
)


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    rows = [row("Q", "<<<Code>>>"), row("Q2", "<<<Text>>>", "It said 3.", "<<<Return Answer>>>")]
    assert write_rows(tmp_path / "new" / "rows.jsonl", rows) == 2
    assert list(read_conversations(tmp_path / "new" / "rows.jsonl")) == rows
    assert write_rows(tmp_path / "pairs.jsonl", [PAIR]) == 1
    assert list(read_pairs(tmp_path / "pairs.jsonl")) == [PAIR]
    assert [path.name for path in tmp_path.rglob("*.part")] == []


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    write_rows(path, [row("Q", "A")])

    def failing() -> object:
        yield row("Q", "B")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_rows(path, failing())  # type: ignore[arg-type]
    assert list(read_conversations(path)) == [row("Q", "A")]


BAD = {
    "no turns": ([], "has no turns"),
    "wrong order": ([*talk("Q"), *talk("Q")], "turn 2 is the user's"),
    "ends asking": (talk("Q", "A", "Q"), "does not end with a turn of the steerer"),
    "empty turn": (talk("Q", "  "), "turn 2 is empty"),
    "begins with the steerer": (talk("Q", "A")[1:], "turn 1 is the assistant's"),
}


@pytest.mark.parametrize(("turns", "fault"), BAD.values(), ids=BAD)
def test_a_bad_conversation_is_named(turns: list[Turn], fault: str) -> None:
    with pytest.raises(BadInput, match=fault) as raised:
        checked(Conversation(messages=weighted(turns), dialect="mini"), "Row 7 of rows.jsonl")
    assert raised.value.message.startswith("Row 7 of rows.jsonl")


def test_weights_belong_to_the_steerer_alone() -> None:
    turns = [Turn(role="user", content="Q", weight=1.0), Turn(role="assistant", content="A", weight=1.0)]
    with pytest.raises(BadInput, match="read, not learned"):
        checked(Conversation(messages=turns, dialect="mini"), "Row 1")
    with pytest.raises(BadInput, match="no turn with a weight"):
        checked(Conversation(messages=talk("Q", "A"), dialect="mini"), "Row 1")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"chosen": " "}, "empty reply"),
        ({"rejected": "<<<Code>>>"}, "prefers a reply to itself"),
        ({"score_chosen": -3.0}, "score -3 to one of -2"),
        ({"score_chosen": float("nan")}, "score nan"),
        ({"prompt": talk("Q", "A")}, "does not ask anything last"),
        ({"prompt": []}, "has no turns"),
    ],
)
def test_a_bad_pair_is_named(change: dict[str, object], fault: str) -> None:
    import msgspec

    with pytest.raises(BadInput, match=fault):
        checked_pair(msgspec.structs.replace(PAIR, **change), "Row 3")


def test_a_line_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    write_rows(path, [row("Q", "A")])
    with path.open("ab") as file:
        file.write(b'{"messages": [{"role": "robot", "content": "x"}], "dialect": "mini"}\n')
    with pytest.raises(BadInput, match=r"Row 2 of rows.jsonl cannot be read: .*robot"):
        list(read_conversations(path))
    with pytest.raises(BadInput, match="cannot be read"):
        list(read_pairs(tmp_path / "missing.jsonl"))


def test_a_line_is_plain_chat_with_weights(tmp_path: Path) -> None:
    """What any trainer that knows messages can read."""
    path = tmp_path / "rows.jsonl"
    write_rows(path, [row("Q", "<<<Code>>>")])
    line = json.loads(path.read_text())
    assert line["messages"] == [
        {"role": "user", "content": "Q"},
        {"role": "assistant", "content": "<<<Code>>>", "weight": 1.0},
    ]


def weights_of(weights: Weights, count: int) -> list[float]:
    return [turn.weight for turn in weighted(talk(*["x"] * 2 * count), weights) if turn.role == "assistant"]


def test_early_and_final_turns_can_be_weighted() -> None:
    assert weights_of(Weights(), 4) == [1, 1, 1, 1]
    assert weights_of(Weights(first=0.5, last=2.0), 4) == [0.5, 1, 1, 2]
    assert weights_of(Weights(last=2.0, last_turns=2), 4) == [1, 1, 2, 2]
    assert weights_of(Weights(first=0.5, last=2.0), 1) == [2]
    with pytest.raises(BadInput, match="below zero"):
        weighted(talk("Q", "A"), Weights(first=-1))


@given(st.integers(1, 8), st.integers(0, 9), st.floats(0, 4), st.floats(0, 4), st.floats(0, 4))
def test_every_turn_of_the_steerer_has_one_of_the_weights(
    count: int, last_turns: int, first: float, between: float, last: float
) -> None:
    weights = Weights(first=first, between=between, last=last, last_turns=last_turns)
    found = weights_of(weights, count)
    assert len(found) == count
    assert set(found) <= {first, between, last}
