"""Readers: any sensible layout, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.symbench import Refused, reading
from codesteer_kernel.symbench.arithmetic import calculate, plain


def code_of(read: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as refusal:
        read()
    return str(refusal.value.code)


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Answer: 4*6*1*1", "4*6*1*1"),
        ("**Answer:** 12", "12"),
        ("The final answer is 12.", "12"),
        ("So the answer is: [1, 2]", "[1, 2]"),
        ("$12$", "12"),
        ("$\\boxed{\\frac{1}{2}}$", "\\frac{1}{2}"),
        ("`[1]`", "[1]"),
        ("4\u00d76\u00d71\u00d71", "4*6*1*1"),
        ("\u22125", "-5"),
        ("\u201cabc\u201d", '"abc"'),
        ("\uff11\uff12", "12"),
        ("*,0,*", "*,0,*"),
        ("Answer: *,0,*", "*,0,*"),
        ("answers", "answers"),
        ("1...", "1..."),
        ("4\u00b2", "4\u00b2"),
    ],
)
def test_tidying_removes_what_says_nothing(text: str, bare: str) -> None:
    assert reading.tidy(text) == bare


@pytest.mark.parametrize(
    "text", ["1234567", "1,234,567", "1 234 567", "1_234_567", "+1234567", "1234567.0", "[1234567]", "3*4 = 1234567"]
)
def test_one_whole_number(text: str) -> None:
    assert reading.integer(text) == 1234567


@pytest.mark.parametrize(
    "text", ["", "-", "1,23", "1 2", "4.5", "1e6", "12 or 13", "0x10", "\u0663", "nan", "1,234 567", "--5", "twelve"]
)
def test_no_whole_number(text: str) -> None:
    assert code_of(lambda: reading.integer(text)) == "unreadable"


def test_numbers_beyond_all_use_are_refused() -> None:
    assert code_of(lambda: reading.integer("9" * 5000)) == "too_long"
    assert code_of(lambda: reading.integers("9" * 5000)) == "too_long"
    assert code_of(lambda: reading.number("9" * 5000)) == "too_long"


@pytest.mark.parametrize(
    "text", ["1, 2, 3", "[1,2,3]", "1 2 3", "1\n2\n3", '["1", "2", "3"]', "(1; 2; 3)", "1.0, 2.0, 3.0"]
)
def test_a_list_of_whole_numbers(text: str) -> None:
    assert reading.integers(text, 3) == [1, 2, 3]
    assert code_of(lambda: reading.integers(text, 4)) == "wrong_shape"


def test_a_list_is_read_whole_or_not_at_all() -> None:
    assert code_of(lambda: reading.integers("1, 2, 3 or maybe 4")) == "unreadable"
    assert code_of(lambda: reading.integers("[]")) == "unreadable"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.50", Fraction(3, 2)),
        ("3/2", Fraction(3, 2)),
        (".5", Fraction(1, 2)),
        ("-1e-2", Fraction(-1, 100)),
        ("1,234.5", Fraction(2469, 2)),
    ],
)
def test_numbers_are_exact(text: str, value: Fraction) -> None:
    assert reading.number(text) == value


@pytest.mark.parametrize("text", ["1/0", "1/2/3", "1e9999", "inf", "", "1.2.3"])
def test_no_number(text: str) -> None:
    assert code_of(lambda: reading.number(text)) == "unreadable"


@pytest.mark.parametrize(
    "text",
    [
        "a,b\nc,d",
        "[[a,b],[c,d]]",
        '[["a","b"],["c","d"]]',
        "a b\nc d",
        "ab\ncd",
        "a,b,c,d",
        "[a, b, c, d]",
        "[a,b]\n[c,d]",
        "| a | b |\n| c | d |",
        "| a | b |\n|---|---|\n| c | d |",
        "a b\n---+---\nc d",
        "a\nb\nc\nd",
        "abcd",
    ],
)
def test_a_grid(text: str) -> None:
    assert reading.grid(text, 2, 2) == [["a", "b"], ["c", "d"]]


@pytest.mark.parametrize("text", ["a,b\nc", "a,b\nc,d\ne,f", "a,b,c,d,e", "[[a,b],[c,d],[e,f]]", "a,b,c\nd,e,f"])
def test_a_grid_of_another_shape(text: str) -> None:
    assert code_of(lambda: reading.grid(text, 2, 2)) == "wrong_shape"


@pytest.mark.parametrize("text", ["0 1, 2 3", "(0, 1), (2, 3)", "[[0,1],[2,3]]", "0 1\n2 3", "(0 1) (2 3)"])
def test_pairs(text: str) -> None:
    assert reading.pairs(text) == [(0, 1), (2, 3)]
    assert reading.points(text) == [(0, 1), (2, 3)]


def test_what_is_not_pairs() -> None:
    assert code_of(lambda: reading.pairs("0 1, 2")) == "wrong_shape"
    assert code_of(lambda: reading.pairs("(0, 1, 2), (3)")) == "wrong_shape"


@pytest.mark.parametrize("text", ["B", "(B)", "b", "(B) 05/01/2021", "B. some text", "B) text", '"B"'])
def test_a_choice(text: str) -> None:
    assert reading.choice(text, ["A", "B", "C"]) == "B"


@pytest.mark.parametrize("text", ["D", "A or B", "", "Banana", "(A)(B)"])
def test_no_choice(text: str) -> None:
    assert code_of(lambda: reading.choice(text, ["A", "B", "C"])) == "unreadable"


def test_lines_without_numbering() -> None:
    assert reading.lines("1. Move A\n\n- Move B.\n* Move C\n(4) Move D") == ["Move A", "Move B", "Move C", "Move D"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("8/(3-8/3)", 24), ("1+2*3", 7), ("2-3-4", -5), ("8/4/2", 1), ("((7))", 7), ("6 * [2+2]", 24), ("4 x 6", 24)],
)
def test_arithmetic_is_exact(text: str, value: int) -> None:
    assert calculate(plain(text)).value == value


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1**2", "rule:operator"),
        ("7//2", "rule:operator"),
        ("1/(2-2)", "rule:division"),
        ("1.2*2", "unreadable"),
        ("(1", "unreadable"),
        ("1)", "unreadable"),
        ("", "unreadable"),
        ("1 2", "unreadable"),
        ("-1", "unreadable"),
        ("4*6 # 1", "unreadable"),
        ("9" * 100, "too_long"),
    ],
)
def test_what_is_not_arithmetic(text: str, code: str) -> None:
    assert code_of(lambda: calculate(text)) == code


def test_signs_where_they_are_allowed() -> None:
    assert calculate("-2*-(3)", signs=True).value == 6


@given(st.text(st.sampled_from("0123456789+-*/() "), max_size=30))
def test_arithmetic_agrees_with_the_language_or_refuses(text: str) -> None:
    try:
        found = calculate(text).value
    except Refused:
        return
    assert found == eval(re_fraction(text))


def re_fraction(text: str) -> str:
    import re

    return re.sub(r"[0-9]+", lambda run: f"Fraction({int(run[0])})", text)


@given(st.text(max_size=200))
def test_readers_read_or_refuse(text: str) -> None:
    for read in (
        reading.integer,
        reading.integers,
        reading.number,
        reading.numbers,
        reading.word,
        reading.words,
        reading.pairs,
        reading.points,
        reading.lines,
        lambda text: reading.grid(text, 2, 2),
        lambda text: reading.choice(text, ["yes", "no"]),
    ):
        assert refusal_of(lambda read=read: read(reading.tidy(text))) in ("", "unreadable", "wrong_shape", "too_long")


def refusal_of(read: Callable[[], Any]) -> str:
    try:
        read()
    except Refused as refusal:
        return str(refusal.code)
    return ""
