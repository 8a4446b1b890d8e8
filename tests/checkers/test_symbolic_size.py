"""The symbolic checker goes through a megabyte of any shape in steps that grow with the length, and survives depth."""

from __future__ import annotations

import pytest

from codesteer_kernel.checkers import rate
from codesteer_kernel.checkers.symbolic import TOO_SIMPLE
from codesteer_kernel.checkers.symbolic.judging import judge
from codesteer_kernel.checkers.symbolic.question import Question
from codesteer_kernel.checkers.symbolic.source import MOST_READ, read
from codesteer_kernel.checkers.symbolic.statements import flow_of


def many(piece: str, size: int, *, before: str = "", after: str = "") -> str:
    """``piece`` again and again, ``{n}`` counted up in it, until ``size`` characters are full."""
    parts = [before]
    length = len(before) + len(after)
    for n in range(size):
        if length >= size:
            break
        parts.append(piece.replace("{n}", str(n)))
        length += len(parts[-1])
    return "".join((*parts, after))


SHAPES = {
    "assignments": lambda size: many("x{n} = x{n} + 7\n", size, after="print(x1)"),
    "one variable": lambda size: many("x = x * 3 + 7\n", size, before="x = 1\n", after="print(x)"),
    "prints": lambda size: many("print({n} * 7)\n", size),
    "one list": lambda size: many("{n}, ", size, before="print([", after="])"),
    "one dictionary": lambda size: many("{n}: 'a{n}', ", size, before="d = {", after="}\nprint(d[3])"),
    "one string": lambda size: f"print('{'a' * size}')",
    "a table": lambda size: many("[{n}, 7, 8], ", size, before="t = [", after="]\nprint(sum(r[0] for r in t))"),
    "loops": lambda size: many("for i in range(9):\n    x += i\n", size, before="x = 0\n", after="print(x)"),
    # As deep as Python itself allows.
    "loops in loops": lambda size: many(
        "".join(f"{' ' * depth}for i{depth} in range(x):\n" for depth in range(19)) + " " * 19 + "x += i3 * i7\n",
        size,
        before="x = 0\n",
        after="print(x)",
    ),
    "branches": lambda size: many(
        "if x > {n}:\n    x -= y\nelse:\n    y += x\n", size, before="x = y = 9\n", after="print(x)"
    ),
    "same constant": lambda size: many("if x > {n}:\n    y = 42\n", size, before="x = 9\ny = 0\n", after="print(y)"),
    "breaks": lambda size: many(
        "    if x > {n}:\n        y = {n}\n        break\n",
        size,
        before="x = y = 9\nwhile x:\n    x -= 1\n",
        after="print(y)",
    ),
    "functions": lambda size: many("def f{n}(a, b=3):\n    return a * b\ny = f{n}({n})\n", size, after="print(y)"),
    "one function": lambda size: many(
        "f({n}, x)\n", size, before="def f(a, b):\n    b.append(a * 7)\nx = []\n", after="print(x)"
    ),
    "starred": lambda size: many(
        "f(*a)\n", size, before=f"def f({', '.join(f'p{n}' for n in range(500))}):\n    print(p3)\na = [3]\n"
    ),
    "table of functions": lambda size: many("lambda a: a * {n}, ", size, before="t = [", after="]\nprint(t[3](7))"),
    "handed functions": lambda size: many("lambda a: a * {n}, ", size, before="print(max(9, 7, ", after="))"),
    "methods": lambda size: many(
        "    def m{n}(self):\n        self.x += self.m{n}()\n", size, before="class A:\n", after="print(A().m1())"
    ),
    "global counter": lambda size: many(
        "    n += 1\n", size, before="n = 0\ndef f():\n    global n\n", after="f()\nprint(n)"
    ),
    "chained comparison": lambda size: many("{n} < ", size // 20, before="i = 3\nprint(", after="i)"),
    "many operands": lambda size: many("x == {n} or ", size, before="for x in range(9):\n    print(", after="x)"),
    "comprehensions": lambda size: many(
        "x = [i * y for i in x for y in x if i]\n", size, before="x = [3]\n", after="print(x)"
    ),
    "tests of a guess": lambda size: many("if x * {n} == 7:\n    print(x)\n", size, before="x = 'a1'\n"),
    "lists of finds": lambda size: many(
        "p{n} = ['b{n}', 'a']\nfor q in p{n}:\n    x += q * 3\n    print(q, x, max(p{n}))\n", size, before="x = ''\n"
    ),
    "places of places": lambda size: many(
        "x = t[x + {n}]\nprint(t[x], 'a{n}')\n", size, before="t = ['b', 'a', 'c']\nx = 0\n"
    ),
    "tries": lambda size: many(
        "try:\n    x += int(y)\nexcept E{n}:\n    y = x\n", size, before="x = y = 3\n", after="print(y)"
    ),
    "broken lines": lambda size: many("x = = {n}\ny = {n} * 7\n", size, after="print(y)"),
    "comments": lambda size: many("# for i in range(9): x += 1\n", size, after="print(6 * 7)"),
    "open brackets": lambda size: "(" * size,
    "signs": lambda size: f"print({'-' * (size // 5)}1)",
}


def steps(program: str) -> int:
    """What it takes: parts visited, values made, marks spread and looked at."""
    source = read(program)
    flow = flow_of(source.tree)
    return (
        flow.steps
        + judge(
            flow, Question("In which order do they stand, 7 or 42 first?"), broken=bool(source.fault), cut=source.cut
        ).steps
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_steps_grow_with_the_length(shape: str) -> None:
    small, large = (steps(SHAPES[shape](size)) for size in (25_000, 100_000))
    # Four times the length; the shape's fixed part, and the numbers' own length, leave some room.
    assert large <= 6 * small + 2_000
    assert large <= 40 * 100_000


@pytest.mark.parametrize("shape", SHAPES)
def test_a_megabyte_takes_no_more_steps_than_what_is_read_of_it(shape: str) -> None:
    assert steps(SHAPES[shape](1_000_000)) <= 40 * MOST_READ


# Longer than what is read, and nothing in it.
PADDING = "pass\n" * MOST_READ


def test_a_program_is_read_whole_up_to_the_limit() -> None:
    program = f"{PADDING[: MOST_READ - 9]}\nprint(42)"
    assert len(program) <= MOST_READ + 1
    found = rate(program[1:])
    assert found.suspicious
    assert not found.partial


def test_of_a_long_program_the_beginning_and_the_end_are_judged() -> None:
    found = rate(f"n = 7\nt = 0\n{PADDING}while n < 500:\n    n *= 3\nprint(n)")
    assert "iteration" in found.methods
    assert found.partial
    assert "characters in its middle were not judged" in found.note


def test_a_long_program_is_not_accused_of_what_was_not_read() -> None:
    for program in (
        f"print(42)\n{PADDING}print(42)",
        f"x = 3\n{PADDING}x = x * 7\n{PADDING}print(x)",
        "print(1)" + PADDING,
    ):
        found = rate(program)
        assert found.score > TOO_SIMPLE
        assert not found.suspicious
        assert "not judged" in found.note
        assert "does not parse" not in found.note
        assert "computes its answer" not in found.note


@pytest.mark.parametrize("lead", ["", "x = [\n", '"""', "def f():\n    if x:\n", "("])
def test_lines_of_a_long_program_are_those_of_the_text(lead: str) -> None:
    program = f"{lead}{PADDING}n = 1\nwhile True:\n    n *= 2\n"
    assert rate(program).endless == [program.count("\n") - 1]


def test_a_megabyte_is_rated_in_bounded_words() -> None:
    found = rate(SHAPES["loops"](1_000_000))
    assert found.score > TOO_SIMPLE
    assert len(found.note) < 500


@pytest.mark.parametrize("depth", [90, 400, 900, 2_500, 5_000, 50_000])
@pytest.mark.parametrize(
    "program",
    [
        "x = {sum}7\nprint(x)",
        "print([{sum}7])",
        "print({minus}7)",
        "print({open}7{close})",
        "print({not_}7)",
        "if x:\n    pass\n{elifs}print(7 * x)",
        "print({call}7{close_call})",
        "print(x{dots})",
    ],
)
def test_deep_nesting_is_survived(program: str, depth: int) -> None:
    text = program.format(
        sum="7+" * depth,
        minus="-" * depth,
        open="[" * depth,
        close="]" * depth,
        not_="not " * depth,
        elifs="elif x:\n    x = 7\n" * depth,
        call="f(" * depth,
        close_call=")" * depth,
        dots=".a" * depth,
    )
    found = rate(text)
    assert not (found.suspicious and found.partial)
    assert 0 <= found.score <= 10


def test_deep_blocks_are_survived() -> None:
    text = "".join(f"{' ' * depth}if x > {depth}:\n" for depth in range(99)) + " " * 99 + "print(x * 7)\n"
    assert rate(f"x = 500\n{text}").methods
    assert rate(text.replace("if", "while")).partial is False
