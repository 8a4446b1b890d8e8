r"""Exact values: arithmetic, and every notation in which an answer may come."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.symbench.exact import PI, exact, read_answer, read_value, root, same
from codesteer_kernel.symbench.problem import Refused

small = st.integers(-30, 30)
fractions = st.builds(Fraction, small, st.integers(1, 12))
values = st.builds(
    lambda a, b, n, c: exact(a) + root(n) * b + PI * c, fractions, fractions, st.integers(0, 40), fractions
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3/4", exact(Fraction(3, 4))),
        (r"\frac{3}{4}", exact(Fraction(3, 4))),
        (r"\dfrac34", exact(Fraction(3, 4))),
        (r"\frac{98}5", exact(Fraction(98, 5))),
        ("0.75", exact(Fraction(3, 4))),
        (".75", exact(Fraction(3, 4))),
        ("1 1/2", exact(Fraction(3, 2))),
        (r"1\frac{1}{2}", exact(Fraction(3, 2))),
        (r"-2 1/2", exact(Fraction(-5, 2))),
        (r"2\sqrt{3}", root(12)),
        ("2*sqrt(3)", root(12)),
        ("2\u221a3", root(12)),
        ("sqrt(12)", root(12)),
        ("12^(1/2)", root(12)),
        (r"\frac{3\sqrt{2}}{2}", root(Fraction(9, 2))),
        (r"\frac{3}{\sqrt{2}}", root(Fraction(9, 2))),
        (r"12\pi", PI * 12),
        ("12 \u03c0", PI * 12),
        ("12*pi", PI * 12),
        ("pi*12", PI * 12),
        (r"64-16\pi", exact(64) - PI * 16),
        (r"\frac{1}{3}\pi\cdot 36", PI * 12),
        ("1,000,000", exact(10**6)),
        (r"10{,}000", exact(10**4)),
        ("2^{10}", exact(1024)),
        ("5!", exact(120)),
        (r"\binom{5}{2}", exact(10)),
        (r"\sqrt[3]{27}", exact(3)),
        (r"\left(\frac{2}{3}\right)^2", exact(Fraction(4, 9))),
        (r"\frac{1}{1+\sqrt{2}}", root(2) - 1),
        ("-(3-5)", exact(2)),
    ],
)
def test_notations(text: str, value: object) -> None:
    assert read_value(text) == value


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("17.5 cm", "17.5"),
        ("17.5 square units", "17.5"),
        (r"17.5\text{ cm}^2", "17.5"),
        ("61 degrees", r"61^\circ"),
        ("61\u00b0", "61"),
        ("125%", r"125\%"),
        ("125", r"125\%"),
        ("25%", r"\frac{1}{4}"),
        ("(18,-18)", "(18, -18)"),
        ("18, -18", "(18, -18)"),
        (r"\left(\frac12, 3\right)", "(0.5, 3)"),
        ("3, 1, 2", "1,2,3"),
        ("1 and 2", "1, 2"),
        ("AX = 98/5", r"\frac{98}5"),
        (r"\$5.50", "5.5"),
        ("(C)", r"\text{(C)}"),
        ("True", r"\text{true}"),
        ("2 cubic feet", "2"),
        ("32760", r"32,\!760"),
        ("1,000,000", r"1,\!000,\!000"),
        ("3 : 1", "3:1"),
        (r"2\sqrt{41}\text{ in}", r"\sqrt{164}"),
        (r"(\frac{3}{2}, -\frac{13}{2})", "(1.5, -6.5)"),
        (r"\frac{25\pi}{2}", "12.5pi"),
        ("{3, 1}", r"\{1, 3\}"),
    ],
)
def test_the_same_answers(text: str, right: str) -> None:
    assert same(read_answer(text), read_answer(right))


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("33/7", r"\frac{7}{33}"),
        ("0.3333", r"\frac{1}{3}"),
        ("37.699", r"12\pi"),
        ("18", "(18, -18)"),
        ("(-18, 18)", "(18, -18)"),
        ("18.5", "17.5"),
        ("17.5 or 18", "17.5"),
        ("17.5 million", "17.5"),
        ("1,2", "12"),
        ("1, 2, 3", "1, 2"),
        ("7", r"\text{seven}"),
        ("0.25%", r"\frac{1}{4}"),
        ("no answer found", "5"),
    ],
)
def test_other_answers(text: str, right: str) -> None:
    assert not same(read_answer(text), read_answer(right))


def test_the_brackets_of_an_interval_count() -> None:
    assert not same(read_answer("(2, 5]"), read_answer("[2, 5)"), interval=True)
    assert same(read_answer("[2, 5)"), read_answer("[2,5)"), interval=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1/0",
        "sqrt(-1)",
        "1+",
        "(1",
        "1)",
        "2^(1/3)",
        "__import__",
        "1 2",
        "9^9^9^9",
        "sqrt(1+sqrt(2))",
        "(" * 99,
        "1" * 2000,
    ],
)
def test_what_is_no_value_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        read_value(text)


@given(values)
def test_the_spelling_is_read_back(value: object) -> None:
    assert read_value(str(value)) == value


@given(values, values)
def test_arithmetic_undoes_itself(one: object, other: object) -> None:
    assert one + other - other == one  # type: ignore[operator]
    assert one * other == other * one  # type: ignore[operator]


@given(fractions, fractions, st.integers(2, 40), values)
def test_division_by_a_sum_of_roots(a: Fraction, b: Fraction, n: int, value: object) -> None:
    under = exact(a) + root(n) * b
    if under.terms:
        assert value / under * under == value  # type: ignore[operator]
