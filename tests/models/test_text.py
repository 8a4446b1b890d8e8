"""Streams cut into any pieces give the same result as the whole text."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from codesteer_kernel.errors import BadInput
from codesteer_kernel.models import Turn
from codesteer_kernel.models.scoring import Branching
from codesteer_kernel.models.stopping import StopCutter
from codesteer_kernel.models.thinking import ThinkSplitter

TEXT = st.text(alphabet="ab<>/thinkd \n", max_size=40)
CUTS = st.lists(st.integers(min_value=0, max_value=60), max_size=10)


def pieces(text: str, cuts: list[int]) -> list[str]:
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    return [text[a:b] for a, b in pairwise(places)]


def cut(parts: list[str], stops: list[str]) -> tuple[str, bool]:
    cutter = StopCutter(tuple(stops))
    got = "".join(cutter.feed(piece) for piece in parts)
    return got + cutter.finish(), cutter.hit


@given(TEXT, st.lists(st.text(alphabet="ab<>", max_size=4), max_size=3), CUTS)
@example("abba", ["abba", "bb"], [])
def test_text_ends_at_the_first_stop_string_to_be_complete_however_it_arrives(
    text: str, stops: list[str], cuts: list[int]
) -> None:
    ends = [(text.find(stop) + len(stop), text.find(stop)) for stop in stops if stop and stop in text]
    wanted = (text[: min(ends)[1]], True) if ends else (text, False)
    assert cut(pieces(text, cuts), stops) == wanted
    assert cut(list(text), stops) == wanted


def split(parts: list[str], **how: bool) -> tuple[str, str]:
    """``(reasoning, answer)`` of what arrives in these parts."""
    splitter = ThinkSplitter(**how)
    turn = Turn()
    for delta in [delta for part in parts for delta in splitter.feed(part)] + splitter.finish():
        turn.feed(delta)
    return turn.reasoning, turn.text


WAYS = st.sampled_from([{}, {"inside": True}, {"bare": True}, {"hold": True}, {"bare": True, "hold": True}])
TAGS = ["<think>", "</think>", "<thinking>", "</thinking>", "[THINK]", "[/THINK]", "<thought>", "</thought>", '"', "`"]
TALK = st.lists(st.one_of(st.text(alphabet="ab</> \n", max_size=6), st.sampled_from(TAGS)), max_size=10).map("".join)


@given(TALK, CUTS, WAYS)
@example('"</think>a</think>b', [], {"bare": True})
@example('"</think>a</think>b', [], {"hold": True})
def test_pieces_make_no_difference_to_what_is_reasoning(text: str, cuts: list[int], how: dict[str, bool]) -> None:
    whole = split([text], **how)
    assert split(pieces(text, cuts), **how) == whole
    assert split(list(text), **how) == whole


@given(TALK, CUTS)
def test_holding_back_comes_to_the_same_as_taking_back(text: str, cuts: list[int]) -> None:
    assert split(pieces(text, cuts), hold=True) == split(pieces(text, cuts), bare=True)


@given(TEXT, TEXT, CUTS)
def test_a_leading_think_block_is_reasoning_however_it_arrives(thought: str, answer: str, cuts: list[int]) -> None:
    thought = thought.replace("</think>", "")
    whole = f"<think>{thought}</think>{answer}"
    assert split(pieces(whole, cuts)) == (thought, answer.lstrip())
    assert split(pieces(f"{thought}</think>{answer}", cuts), inside=True) == (thought, answer.lstrip())


@given(TEXT, TEXT, CUTS)
def test_a_block_that_is_only_closed_is_reasoning_too(thought: str, answer: str, cuts: list[int]) -> None:
    thought = "x" + thought.replace("</think>", "").replace("<think>", "")
    assert split(pieces(f"{thought}</think>{answer}", cuts), bare=True) == (thought, answer.lstrip())


@given(TEXT, CUTS)
def test_text_without_a_leading_block_stays_as_it_is(text: str, cuts: list[int]) -> None:
    text = "x" + text
    assert split(pieces(text, cuts)) == ("", text)


@given(TEXT, CUTS)
def test_text_about_such_blocks_stays_as_it_is(text: str, cuts: list[int]) -> None:
    text = f"Between <think> and </think>: {text}"
    assert split(pieces(text, cuts), bare=True) == ("", text)


def test_an_unfinished_block_is_all_reasoning() -> None:
    assert split(["<think>still at it </thi"]) == ("still at it </thi", "")


@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=5), min_size=1, max_size=6, unique_by=tuple))
def test_choices_get_the_product_of_their_branches(sequences: list[list[int]]) -> None:
    begun = any(a != b and b[: len(a)] == a for a in sequences for b in sequences)
    branching = Branching({str(tokens): [9, *tokens] for tokens in sequences})

    def run() -> dict[str, float]:
        for shared, candidates in branching.places():
            assert shared[0] == 9
            assert len(candidates) > 1
            branching.settle({token: math.log((token + 1) / sum(c + 1 for c in candidates)) for token in candidates})
        return branching.probabilities()

    if begun:
        with pytest.raises(BadInput, match="begins another"):
            run()
    else:
        found = run()
        assert list(found) == [str(tokens) for tokens in sequences]
        assert sum(found.values()) == pytest.approx(1)


def test_a_bias_moves_the_odds() -> None:
    branching = Branching({"a": [1], "b": [2]})
    for _, candidates in branching.places():
        branching.settle(dict.fromkeys(candidates, math.log(0.5)))
    assert branching.probabilities() == {"a": 0.5, "b": 0.5}
    assert branching.probabilities({"a": math.log(3)})["a"] == pytest.approx(0.75)


def test_choices_must_be_something() -> None:
    with pytest.raises(BadInput):
        Branching({})
    with pytest.raises(BadInput):
        Branching({"": [1], "b": [2]})
