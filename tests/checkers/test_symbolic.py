"""The symbolic checker reads what a program does, not what it is spelled with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.checkers import rate
from codesteer_kernel.checkers.symbolic import TOO_SIMPLE


def methods(program: str) -> set[str]:
    return set(rate(program).methods)


# Each of these misleads the published checker (codesteer.md, section 6.3).


def test_words_inside_strings_and_names_are_no_loops() -> None:
    found = rate('information = "before the platform performs"\nprint(information)')
    assert found.score == 0
    assert found.methods == []
    assert found.suspicious


def test_comments_count_for_nothing() -> None:
    found = rate('# a specific, modified and different try: format each entry\nprint("<<<5>>>")')
    assert found.score == 0
    assert found.suspicious


def test_importing_from_a_search_library_and_using_it_is_search() -> None:
    found = rate("from itertools import permutations\nprint(sorted(permutations('abc'))[3])")
    assert "search" in found.methods
    assert not found.suspicious


def test_an_import_that_nobody_uses_is_nothing() -> None:
    found = rate("import itertools\nprint(1)")
    assert "search" not in found.methods
    assert found.suspicious


def test_a_comprehension_is_iteration() -> None:
    found = rate("print(sum([n * n for n in range(10) if n % 3]))")
    assert "comprehension" in found.methods
    assert found.score > TOO_SIMPLE


def test_recursion_is_found() -> None:
    found = rate("def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\nprint(fib(20))")
    assert "recursion" in found.methods
    assert found.score > TOO_SIMPLE


def test_solvers_are_worth_more_than_their_length() -> None:
    found = rate("import z3\nx = z3.Int('x')\ns = z3.Solver()\ns.add(x > 3)\nprint(s.check(), s.model())")
    assert "solver" in found.methods
    assert found.score > TOO_SIMPLE


def test_characters_of_a_string_are_no_methods() -> None:
    assert rate('x="elf"').methods == []


# What else the score must tell apart.


@pytest.mark.parametrize(
    ("program", "method"),
    [
        ("from z3 import Int\nprint(Int('x'))", "solver"),
        ("from ortools.sat.python import cp_model\nprint(cp_model.CpModel())", "solver"),
        ("import sympy as sp\nprint(sp.solve(sp.Symbol('x') - 1))", "algebra"),
        ("import numpy as np\nprint(np.linalg.det([[1, 2], [3, 4]]))", "numeric library"),
        ("import pandas as pd\nprint(pd.Series([1]).sum())", "data handling"),
        ("n = 0\nwhile n < 5:\n    n += 1\nprint(n)", "iteration"),
        (
            "for a in range(9):\n    for b in range(9):\n        if a * b == 12:\n            print(a, b)",
            "nested search",
        ),
        ("print(any(a * b == 12 for a in range(9) for b in range(9) if a))", "nested search"),
        ("def half(n):\n    return n / 2\nprint(half(4))", "functions"),
        ("print(4827 * 9351)", "arithmetic"),
        ("async def f():\n    async for x in y:\n        print(x)", "iteration"),
    ],
)
def test_a_method_is_named(program: str, method: str) -> None:
    found = rate(program)
    assert method in found.methods
    assert not found.suspicious
    assert found.score > 0


def test_a_loop_in_a_helper_called_from_a_loop_is_not_nested() -> None:
    program = "def f(n):\n    for i in range(n):\n        if i: print(i)\nfor k in range(3):\n    f(k)"
    assert "nested search" not in methods(program)


@pytest.mark.parametrize(
    "program",
    [
        "print(42)",
        "print(-42)",
        "print('Sunday')",
        "print('<<<(1+2)*8>>>')",
        "answer = 42\nprint(answer)",
        "answer: int = 42\nprint(answer)",
        "a = 'x'\nb = a\nprint(b)",
        "x = 5\nprint(f'The answer is {x}')",
        "grid = [[1, 2], [3, 4]]\nprint(grid)",
        "print({'a': 1}, (2, 3))",
        "import math\nprint(3.14159)",
        '"""Works it out."""\nprint("done")',
        "x = 7; print('Answer:', x, sep=' ')",
        "print('a', end='')",
    ],
)
def test_a_hard_coded_answer_is_flagged_and_worth_nothing(program: str) -> None:
    found = rate(program)
    assert found.suspicious
    assert found.score == 0
    assert "nothing is computed" in found.note


@pytest.mark.parametrize(
    "program",
    [
        "print(len('strawberry'))",
        "print('strawberry'.count('r'))",
        "import datetime\nprint(datetime.date(2024, 1, 1).strftime('%A'))",
        "x = input()\nprint(x)",
        "print(data)",
        "x = compute()\nprint(x)",
        "print(sum([1, 2, 3]))",
    ],
)
def test_a_short_program_that_works_something_out_is_not_flagged(program: str) -> None:
    assert not rate(program).suspicious


@pytest.mark.parametrize("program", ["", "# nothing\n", "pass", "x = 1"])
def test_a_program_that_prints_nothing_is_not_called_hard_coded(program: str) -> None:
    found = rate(program)
    assert not found.suspicious
    assert found.score <= TOO_SIMPLE


@pytest.mark.parametrize(
    ("program", "place"),
    [
        ("print(", "line 1"),
        ("x = 1\nfor i in range(3)\n    print(i)", "line 2"),
        ("\0", ""),
        ("def f():\nreturn 1", "line 2"),
        ("if True:\n\tx = 1\n        y = 2", "line 3"),
    ],
)
def test_a_program_that_does_not_parse_says_where(program: str, place: str) -> None:
    found = rate(program)
    assert found.score == 0
    assert not found.suspicious
    assert "does not parse" in found.note
    assert place in found.note


@pytest.mark.parametrize(
    "program",
    ["x = 1\n" * 170_000, "(" * 500_000, "print('" + "a" * 1_000_000 + "')", "-" * 200_000 + "1", "[" * 90 + "]" * 90],
    ids=["lines", "brackets", "one string", "signs", "nested"],
)
def test_a_huge_program_is_rated_in_bounded_words(program: str) -> None:
    found = rate(program)
    assert 0 <= found.score <= 10
    assert len(found.note) < 500
    assert len(found.methods) <= 20


@pytest.mark.parametrize("depth", [400, 900, 2_500, 5_000])
@pytest.mark.parametrize("program", ["x = {}1\nprint(x)", "print([{}1])"])
def test_deep_nesting_is_survived(program: str, depth: int) -> None:
    assert not rate(program.format("1+" * depth)).suspicious


def test_the_note_is_short_however_much_there_is() -> None:
    assert len(rate("\n".join(f"x{n} = {n} + {n}" for n in range(2_000))).note) < 300


@given(st.text())
def test_any_text_is_rated_without_an_exception(program: str) -> None:
    found = rate(program)
    assert 0 <= found.score <= 10
    assert not (found.suspicious and found.score)


@given(st.text(alphabet="print()='\"x1 \n:for in[]+#lambda,{}def", max_size=120))
def test_any_python_like_text_is_rated_without_an_exception(program: str) -> None:
    assert 0 <= rate(program).score <= 10
