"""Model text is read as far as it can be: fenced, from notebooks, cut off, broken."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.checkers import rate
from codesteer_kernel.checkers.symbolic import TOO_SIMPLE
from codesteer_kernel.checkers.symbolic.source import read

PRODUCT = "print(48271 * 99371)"


@pytest.mark.parametrize(
    "text",
    [
        f"```python\n{PRODUCT}\n```",
        f"Here is the program:\n```python\n{PRODUCT}\n```\nIt prints 4.",
        f"~~~\n{PRODUCT}\n~~~",
        f"```python\n{PRODUCT}",
        f">>> {PRODUCT}",
        f">>> {PRODUCT}\n>>> for n in range(3):\n...     pass\n...\n>>> {PRODUCT}",
        f"In [1]: {PRODUCT}\n4796737541",
        f"    {PRODUCT}",
        f"%matplotlib inline\n{PRODUCT}",
        f"%%time\n{PRODUCT}",
        f"!pip install x\nlines = !ls -l\nbest = %timeit -o f(3)\n{PRODUCT}",
        f"print?\nstr.join??\n?len\n{PRODUCT}",
        f"import asyncio\nawait asyncio.sleep(0)\n{PRODUCT}",
        "48271 * 99371",
        "for n in range(3):\n    %time x = n\nx = 48271 * 99371\nx",
    ],
)
def test_what_surrounds_a_program_does_not_matter(text: str) -> None:
    found = rate(text)
    assert found.methods[-1] == "arithmetic"
    assert not found.partial
    assert "does not parse" not in found.note


def test_a_magic_inside_a_string_stays() -> None:
    assert ast.literal_eval(read('"""\n%time\n"""').tree.body[0].value) == "\n%time\n"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("def f(n):\n    return n * 7\nprint(f(6)\n", 3),
        ("x = [i * i for i in range(9)]\nprint('total', sum(", 2),
        ("total = 0\nfor i in range(9):\n    total += i * i\nprint(f'{total", 4),
        ("def f(n):\n    s = 0\n    for i in range(n):\n        s += i * i\n        if s > 9:", 5),
        ("def f(n):\n    return n * 7\nx = f(6\nprint(x * 2)", 3),
        ("x = 007 * 12\nprint(x)", 1),
        ("for i in range(9)\n    print(i * 7)", 1),
        ("print 3\nprint(6 * 7)", 1),
        ('text = """abc\nprint(1)\nx = 6 * 7', 1),
    ],
)
def test_the_rest_of_a_broken_program_is_read(text: str, line: int) -> None:
    found = rate(text)
    assert found.partial
    assert not found.suspicious
    assert f"does not parse in line {line}" in found.note
    assert read(text).tree.body


@pytest.mark.parametrize(
    "text",
    [
        "def f(n):\n    s = 0\n    for i in range(n):\n        s += i * i\n    return s\nprint(f(",
        "from itertools import permutations\nfor p in permutations('abc'):\n    if p[0] == 'b':\n        print('",
        "x = 6\ny = x * 7\nprint('The answer is', y",
    ],
)
def test_work_counts_though_its_output_is_cut_off(text: str) -> None:
    assert rate(text).score > TOO_SIMPLE


@pytest.mark.parametrize(
    "text", ["answer = 42\nprint('The answer is', answer", "# Reasoning: 6 * 7\nprint('It is 42", "("]
)
def test_a_literal_that_is_cut_off_is_no_work(text: str) -> None:
    found = rate(text)
    assert found.score <= TOO_SIMPLE
    assert not found.suspicious


def test_a_line_that_cannot_be_read_costs_itself_only() -> None:
    text = "a = 6 * 7\nb = = 3\nc = a * 2\n$$$\nprint(c)"
    assert len(read(text).tree.body) == 5
    assert read(text).line == 2
    assert "arithmetic" in rate(text).methods


def test_a_bracket_that_was_forgotten_costs_nothing() -> None:
    text = "a = 3\nb = abs((a * 7 + 5) / 2\n\n# Shown\nprint(b)"
    found = rate(text)
    assert found.partial
    assert "arithmetic" in found.methods


def test_line_numbers_are_those_of_the_text() -> None:
    text = "```python\nb = = 3\n\nn = 1\nwhile True:\n    n *= 2\n```"
    assert rate(text).endless == [5]


@given(st.text(alphabet="`~%!?>#'\"\\ \n\t()[]{}abc=:.", max_size=200))
def test_any_text_is_read(text: str) -> None:
    source = read(text)
    assert isinstance(source.tree, ast.Module)
    assert bool(source.fault) or source.line == 0
