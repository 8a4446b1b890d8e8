"""Streams cut into any pieces give the same result as the whole text."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.errors import BadInput
from codesteer_kernel.models import ReasoningDelta, TextDelta
from codesteer_kernel.models.scoring import Branching
from codesteer_kernel.models.stopping import StopCutter
from codesteer_kernel.models.thinking import ThinkSplitter

TEXT = st.text(alphabet="ab<>/thinkd \n", max_size=40)
CUTS = st.lists(st.integers(min_value=0, max_value=60), max_size=10)


def pieces(text: str, cuts: list[int]) -> list[str]:
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    return [text[a:b] for a, b in pairwise(places)]


@given(TEXT, st.lists(st.text(alphabet="ab<>", min_size=1, max_size=4), max_size=3), CUTS)
def test_text_ends_at_the_first_stop_string_however_it_arrives(text: str, stops: list[str], cuts: list[int]) -> None:
    cutter = StopCutter(tuple(stops))
    got = "".join(cutter.feed(piece) for piece in pieces(text, cuts))
    got += "" if cutter.hit else cutter.finish()
    place = min((text.find(stop) for stop in stops if stop in text), default=-1)
    if place < 0:
        assert (got, cutter.hit) == (text, False)
    else:
        # A stop string may be complete in the stream before a longer one that begins earlier is.
        assert cutter.hit
        assert text.startswith(got)
        assert any(text[len(got) :].startswith(stop) for stop in stops)


def split(parts: list[str], *, inside: bool = False) -> tuple[str, str]:
    splitter = ThinkSplitter(inside=inside)
    deltas = [delta for part in parts for delta in splitter.feed(part)] + splitter.finish()
    return (
        "".join(delta.text for delta in deltas if isinstance(delta, ReasoningDelta)),
        "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)),
    )


@given(TEXT, TEXT, CUTS)
def test_a_leading_think_block_is_reasoning_however_it_arrives(thought: str, answer: str, cuts: list[int]) -> None:
    thought = thought.replace("</think>", "")
    whole = f"<think>{thought}</think>{answer}"
    assert split(pieces(whole, cuts)) == (thought, answer.lstrip())
    assert split(pieces(f"{thought}</think>{answer}", cuts), inside=True) == (thought, answer.lstrip())


@given(TEXT, CUTS)
def test_text_without_a_leading_block_stays_as_it_is(text: str, cuts: list[int]) -> None:
    text = "x" + text
    assert split(pieces(text, cuts)) == ("", text)


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
