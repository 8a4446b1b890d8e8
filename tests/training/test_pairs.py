"""The published drawing's numbers, and what holds for every tree."""

from __future__ import annotations

from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.errors import BadInput
from codesteer_kernel.training.pairs import Branch, Node, coded_pairs, leaf_score, preferences


def leaf(said: str, *, correct: bool, guidances: int) -> Node:
    return Node(said, score=leaf_score(correct=correct, guidances=guidances))


def told(tree: list[Node], **settings: float) -> set[tuple[float, float]]:
    return {(one.score_chosen, one.score_rejected) for one in preferences(tree, **settings)}


def test_a_finished_path_scores_fifteen_less_its_guidances_or_minus_them() -> None:
    assert leaf_score(correct=True, guidances=2) == 13
    assert leaf_score(correct=True, guidances=5) == 10
    assert [leaf_score(correct=False, guidances=count) for count in (2, 3, 4)] == [-2, -3, -4]


def test_the_drawn_tree_gives_the_drawn_scores_and_pairs() -> None:
    """The numbers of the paper's figure; 7 is a node whose children the figure does not show."""
    three = Node("d", [leaf("e", correct=True, guidances=5), leaf("f", correct=False, guidances=4)])
    zero = Node("c", [leaf("g", correct=False, guidances=3), three])
    middle = Node("b", [zero, leaf("h", correct=True, guidances=2)])
    assert [node.value() for node in (three, zero, middle)] == [3, 0, 6.5]
    tree = [Node("a", score=7.0), middle, Node("i", score=-2.0)]
    assert told(tree) == {(7, 6.5), (7, -2), (6.5, -2), (13, 0), (3, -3), (10, -4)}


def test_the_node_that_the_drawing_gets_wrong_follows_the_rule() -> None:
    drawn_as_minus_two = Node("x", [leaf("y", correct=False, guidances=2), leaf("z", correct=True, guidances=2)])
    assert drawn_as_minus_two.value() == 5.5
    assert told([drawn_as_minus_two]) == {(13, -2)}


def test_ties_and_equal_words_are_no_pairs() -> None:
    same = [leaf("a", correct=True, guidances=2), leaf("b", correct=True, guidances=2)]
    assert told(same) == set()
    assert told([leaf("a", correct=True, guidances=2), leaf("a", correct=False, guidances=2)]) == set()


def test_a_margin_drops_pairs_that_are_close() -> None:
    tree = [leaf("a", correct=True, guidances=2), leaf("b", correct=True, guidances=3)]
    assert told(tree) == {(13, 12)}
    assert told(tree, margin=1.0) == set()


def test_a_pair_knows_the_words_before_it() -> None:
    inner = Node("first", [leaf("good", correct=True, guidances=2), leaf("bad", correct=False, guidances=2)])
    (pair,) = preferences([inner])
    assert (pair.path, pair.chosen, pair.rejected) == (("first",), "good", "bad")


def test_an_unfinished_path_is_refused() -> None:
    with pytest.raises(BadInput, match="no score"):
        Node("unfinished").value()


trees = st.recursive(
    st.builds(Node, st.text("abc", min_size=1), score=st.integers(-6, 15).map(float)),
    lambda inner: st.builds(Node, st.text("abc", min_size=1), st.lists(inner, min_size=1, max_size=3)),
    max_leaves=12,
)


@given(st.lists(trees, max_size=3))
def test_in_every_tree_the_chosen_leads_and_values_stay_between_the_leaves(tree: list[Node]) -> None:
    for pair in preferences(tree):
        assert pair.score_chosen > pair.score_rejected
        assert pair.chosen != pair.rejected

    def leaves(node: Node) -> list[float]:
        return [score for child in node.children for score in leaves(child)] if node.children else [node.value()]

    for node in tree:
        assert min(leaves(node)) - 1e-9 <= node.value() <= max(leaves(node)) + 1e-9
        if node.children:
            assert node.value() == fmean(child.value() for child in node.children)


def test_the_published_code_pairs_only_wrong_runs_and_ignores_their_length() -> None:
    branches = [Branch(0, "A", False), Branch(1, "B", True), Branch(1, "C", True), Branch(2, "D", True)]
    assert coded_pairs(["a", "b", "c"], correct=True, branches=branches) == []
    pairs = coded_pairs(["a", "b", "c"], correct=False, branches=branches)
    assert [(one.path, one.chosen, one.rejected) for one in pairs] == [(("a",), "B", "b"), (("a", "b"), "D", "c")]
    assert {(one.score_chosen, one.score_rejected) for one in pairs} == {(12, -3)}
