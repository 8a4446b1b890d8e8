"""The symbolic checker reads what a program does, not what it is spelled with."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.symbolic import programs
from codesteer_kernel.checkers import rate
from codesteer_kernel.checkers.symbolic import TOO_SIMPLE
from codesteer_kernel.checkers.symbolic.question import Question
from codesteer_kernel.checkers.symbolic.rating import COMPUTES, GIVEN, METHOD_POINTS, MOST, PER_COMPLEXITY, UNREAD
from codesteer_kernel.checkers.symbolic.source import read
from codesteer_kernel.checkers.symbolic.spelling import mend_names

DOCS = Path(__file__).parents[2] / "docs" / "symbolic.md"


def methods(program: str, question: str = "") -> set[str]:
    return set(rate(program, question).methods)


def computes(program: str, question: str = "") -> bool:
    found = rate(program, question)
    assert not (found.suspicious and found.score)
    return found.score > TOO_SIMPLE


# Each of these misleads the published checker.


def test_words_inside_strings_and_names_are_no_loops() -> None:
    found = rate('information = "before the platform performs"\nprint(information)')
    assert found.score == 0
    assert found.methods == []
    assert found.suspicious


def test_comments_count_for_nothing() -> None:
    found = rate('# a specific, modified and different try: format each entry\nprint("<<<5>>>")')
    assert found.score == 0
    assert found.suspicious


@pytest.mark.parametrize(
    "program",
    [
        "from itertools import permutations\nprint(sorted(permutations('abc'))[3])",
        "import itertools as it\nprint(len(list(it.combinations(range(5), 2))))",
        "from itertools import product as pairs\nprint(*pairs('ab', repeat=2))",
        "import itertools\ndef all_orders(x):\n    return list(itertools.permutations(x))\nprint(all_orders('abc'))",
    ],
)
def test_search_is_found_however_it_is_imported(program: str) -> None:
    assert "search" in methods(program)


def test_an_import_that_nobody_uses_is_nothing() -> None:
    found = rate("import itertools\nprint(1)")
    assert found.methods == []
    assert found.suspicious


def test_solvers_are_worth_more_than_their_length() -> None:
    found = rate("import z3\nx = z3.Int('x')\ns = z3.Solver()\ns.add(x > 3)\nprint(s.check(), s.model())")
    assert found.methods[0] == "constraint solver"
    assert found.score > TOO_SIMPLE


def test_characters_of_a_string_are_no_methods() -> None:
    assert rate('x="elf"').methods == []


# Methods.


@pytest.mark.parametrize(
    ("program", "method"),
    [
        ("from z3 import Int\nprint(Int('x'))", "constraint solver"),
        ("from ortools.sat.python import cp_model\nprint(cp_model.CpModel())", "constraint solver"),
        ("import sympy as sp\nprint(sp.solve(sp.Symbol('x') - 1))", "symbolic algebra"),
        ("import numpy as np\nprint(np.linalg.det([[1, 2], [3, 4]]))", "numeric"),
        ("import pandas as pd\nprint(pd.Series([3, 4]).sum())", "data frames"),
        ("from datetime import date\nprint(date(2024, 5, 3).strftime('%A'))", "dates"),
        ("import random\nprint(sum(random.randint(1, 6) for _ in range(99)) / 99)", "simulation"),
        ("a, b, n = 9, 0, 0\nwhile a > b:\n    if a % 2: b += 2\n    a -= 1\n    n += a\nprint(n)", "simulation"),
        ("def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\nprint(fib(20))", "recursion"),
        ("def e(n): return n == 0 or o(n - 1)\ndef o(n): return n > 0 and e(n - 1)\nprint(e(10) * 3)", "recursion"),
        ("w = [1] + [0] * 50\nfor i in range(5, 51):\n    w[i] += w[i - 5]\nprint(w[50])", "dynamic programming"),
        (
            "from functools import cache\n@cache\ndef f(n):\n    return 1 if n < 2 else f(n - 1) + f(n - 2)\nprint(f(90))",
            "dynamic programming",
        ),
        (
            """
from collections import deque
q = deque([3])
while q:
    n = q.popleft()
    if n > 50:
        print(n)
        break
    q.append(n * 2)
    q.append(n + 7)
""",
            "search",
        ),
        ("n = 7\nwhile n < 500:\n    n *= 3\nprint(n)", "iteration"),
        ("async def f():\n    async for x in y:\n        print(x * 2)\nf()", "iteration"),
        ("print(sum([n * n for n in range(10) if n % 3]))", "comprehension"),
        (
            "for a in range(9):\n    for b in range(9):\n        if a * b == 12:\n            print(a, b)",
            "nested loops",
        ),
        ("print(any(a * b == 12 for a in range(9) for b in range(9) if a))", "nested loops"),
        ("print('strawberry'.count('r'))", "text"),
        ("def half(n):\n    return n / 2\nprint(half(4))", "functions"),
        ("n = 7919\nprint('odd' if n % 2 else 'even')", "branching"),
        ("print(4827 * 9351)", "arithmetic"),
        ("print(sorted([5, 2, 9]))", "aggregation"),
    ],
)
def test_a_method_is_named(program: str, method: str) -> None:
    found = rate(program)
    assert method in found.methods
    assert not found.suspicious
    assert found.score > TOO_SIMPLE


def test_a_loop_in_a_helper_called_from_a_loop_is_not_nested() -> None:
    program = "def f(n):\n    for i in range(n):\n        if i % 2: print(i * n)\nfor k in range(3):\n    f(k)"
    assert "nested loops" not in methods(program)
    assert rate(program).loops == [1]


def test_loops_are_counted_by_depth() -> None:
    program = """
total = 0
for a in range(5):
    for b in range(5):
        while b > a * a:
            b -= 2
        total += a * b
    total += sum(c * c for c in range(a))
print(total)
"""
    assert rate(program).loops == [1, 2, 1]


def test_names_may_hide_modules() -> None:
    assert not computes("def permutations(x):\n    return 'abc'\nprint(permutations('xyz'))")


# Answers that were written down.

HARD_CODED = [
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
    "answer = 42\nanswer",
    "if True:\n    print(42)",
    "if 3 == 3:\n    print(42)\nelse:\n    print(43)",
    "try:\n    print(42)\nexcept Exception as error:\n    print(error)",
    "try:\n    raise ValueError\nexcept ValueError:\n    print(42)",
    "for _ in range(3):\n    answer = 42\nprint(answer)",
    "while True:\n    answer = 42\n    break\nprint(answer)",
    "answer = None\nfor i in range(9):\n    if i * i == 25:\n        answer = 42\nprint(answer)",
    "n = 0\nfor _ in range(42):\n    n += 1\nprint(n)",
    "def f(n):\n    return 42 if n == 0 else f(n - 1)\nprint(f(9))",
    "def solve():\n    total = 0\n    for i in range(9):\n        total += i * i\n    return 42\nprint(solve())",
    "total = sum(i * i for i in range(9))\ntotal = 42\nprint(total)",
    "def compute():\n    return 6 * 7\nprint(42)",
    "class A:\n    def __init__(self):\n        self.x = 42\n    @property\n    def y(self):\n        return self.x\nprint(A().y)",
    "answers = {'q': 42}\nprint(answers.get('q', 0))",
    "def moves():\n    yield 'A to B'\n    yield 'A to C'\nfor n, move in enumerate(moves()):\n    print(n + 1, move)",
    "rows = ['ab', 'cd']\ni = 0\nwhile i < len(rows):\n    print(rows[i])\n    i += 1",
    "found = []\nfound.append(2)\nfound.append(3)\nprint(found)",
    "import json\nprint(json.dumps({'A': 6}))",
    "import numpy as np\nprint(np.array([2, 3]))",
    "print(', '.join(str(n) for n in [2, 3, 5]))",
    "print(list(map(str, [2, 3, 5])))",
    "from functools import lru_cache\n@lru_cache\ndef f():\n    return 42\nprint(f())",
    "queens = [1, 3, 5, 0, 2, 4]\nfor i in range(6):\n    for j in range(i):\n        assert queens[i] != queens[j]\nprint(queens)",
    "e = '(8 - 2) * 4'\nif eval(e) == 24:\n    print(e)\nelse:\n    print('No solution')",
    "a = [6, 7]\nok = all(a[i] < a[i + 1] for i in range(1))\nprint(a, ok)",
]


@pytest.mark.parametrize("program", HARD_CODED)
def test_a_hard_coded_answer_is_flagged_and_worth_nothing(program: str) -> None:
    found = rate(program)
    assert found.suspicious
    assert found.score == 0
    assert found.methods == []
    assert "nothing is computed" in found.note


@pytest.mark.parametrize(
    "program",
    [
        "print(len('strawberry'))",
        "x = input()\nprint(x)",
        "print(data)",
        "x = compute()\nprint(x)",
        "print(sum([1, 2, 3]))",
        "print(17 > 12)",
        "n = 91\nanswer = 'Yes'\nfor d in range(2, n):\n    if n % d == 0:\n        answer = 'No'\n        break\nprint(answer)",
        "for d in range(2, 91):\n    if 91 % d == 0:\n        print('No')\n        break\nelse:\n    print('Yes')",
        "def prime(n):\n    for d in range(2, n):\n        if n % d == 0:\n            return False\n    return True\nprint(prime(91))",
        "a, b = 1, 1\nfor _ in range(20):\n    a, b = b, a + b\nprint(a)",
        "s = ''\nfor c in 'stressed':\n    s = c + s\nprint(s)",
        "print('stressed'[::-1])",
        "d = {}\nfor c in 'banana':\n    d[c] = d.get(c, 0) + 1\nprint(d)",
        "def fill(out):\n    for i in range(9):\n        out.append(i * i)\nout = []\nfill(out)\nprint(out)",
        "rows = [[3, 4], [5, 6]]\nfor row in rows:\n    row.reverse()\nprint(rows)",
        "def go():\n    global best\n    for i in range(50):\n        if i * i % 7 == 2:\n            best = i\nbest = None\ngo()\nprint(best)",
        "class C:\n    def __init__(self, n):\n        self.n = n\n    def twice(self):\n        self.n *= 2\nc = C(21)\nc.twice()\nprint(c.n)",
        "ops = {'*': lambda a, b: a * b}\nprint(ops['*'](12, 12))",
        "def h(n, a, b, c):\n    if n:\n        h(n - 1, a, c, b)\n        print(a, c)\n        h(n - 1, b, a, c)\nh(3, 'A', 'B', 'C')",
        "import functools\ndef d(f):\n    @functools.wraps(f)\n    def w(*a):\n        return f(*a)\n    return w\n@d\ndef sq(n):\n    return n * n\nprint(sq(12))",
        "m = [[5, 6], [7, 8]]\nprint([[row[j] for row in m] for j in range(2)])",
        "n = 12\nif n * n > 100:\n    print('big')\n    raise SystemExit\nprint('small')",
    ],
)
def test_a_short_program_that_works_something_out_is_not_flagged(program: str) -> None:
    assert not rate(program).suspicious


@pytest.mark.parametrize("program", ["", "# nothing\n", "pass", "x = 1", "def f():\n    return 6 * 7"])
def test_a_program_that_shows_nothing_is_not_called_hard_coded(program: str) -> None:
    found = rate(program)
    assert not found.suspicious
    assert found.score <= TOO_SIMPLE


def test_what_is_bound_at_the_end_counts_where_nothing_is_shown() -> None:
    assert computes("a = 48271\nb = 99371\nresult = a * b")


# The question tells facts from values that come from nowhere.


@pytest.mark.parametrize(
    ("question", "program", "real"),
    [
        ("How many apples are 17 and 25 apples?", "print(17 + 25)", True),
        ("How many primes are there below 50?", "print(10 + 5)", False),
        ("What is 12 * 12?", "print(12 * 12)", True),
        ("What is 918273 * 5647 - 12?", "print(5185487631 - 12)", False),
        ("How many primes are there below 20?", "print(len([2, 3, 5, 7, 11, 13, 17, 19]))", False),
        ("How many of 4, 9, 16 and 7 are there?", "print(len([4, 9, 16, 7]))", True),
        ("A shirt of 40 euros is reduced by 15 percent. New price?", "print(40 * 0.85)", True),
        ("How many eggs are a dozen and a half?", "print(12 + 12 * 0.5)", True),
        ("What is twenty-five times 8?", "print(25 * 8)", True),
        ("What is 1,850 divided by 2?", "print(1850 / 2)", True),
        ("Add (1,2) and (3,4).", "print((1 + 3, 2 + 4))", True),
        ("What day is 14 July 2030?", "import datetime\nprint(datetime.date(2030, 7, 14).weekday())", True),
        ("Turn the grid 12 / 34 on its side.", "g = [[1, 2], [3, 4]]\nprint([list(r) for r in zip(*g)])", True),
        ("Use 3, 3, 8, 8 with + - * / to make 24.", "print(8 / (3 - 8 / 3))", False),
        ("How often is b in 'abba'?", "print(1 + 1)", False),
        ("How often is b in 'abba'?", "print('abba'.count('b'))", True),
        ("Anagram of 'listen'?", "w = 'silent'\nif sorted(w) == sorted('listen'):\n    print(w)", False),
        ("Turn 4, 8, 15, 16 to the left by 2.", "a = [4, 8, 15, 16]\nprint(a[2:] + a[:2])", True),
        (
            "Row 5 of Pascal's triangle?",
            "r = [1]\nfor _ in '12345':\n    r = [1, *map(sum, zip(r, r[1:])), 1]\nprint(r)",
            True,
        ),
        (
            "Row 5 of Pascal's triangle?",
            "r = [1]\nfor _ in range(5):\n    r = [a + b for a, b in zip([0] + r, r + [0])]\nprint(r)",
            True,
        ),
        ("Row 5 of Pascal's triangle?", "for r in ([1, 4, 6, 4, 1], [1, 5, 10, 10, 5, 1]):\n    pass\nprint(r)", False),
        (
            "Who of 9 is left if every 2nd leaves?",
            "c = list(range(1, 10))\ni = 0\nwhile len(c) > 1:\n    i = (i + 1) % len(c)\n    c.pop(i)\nprint(c[0])",
            True,
        ),
        (
            "Which of 40 numbers have a square ending in 6?",
            "import numpy as np\nn = np.arange(41)\nprint(n[n * n % 10 == 6])",
            True,
        ),
        ("Find a with a or not b.", "import pycosat\nprint(pycosat.solve([[1, -2]]))", True),
        ("Find a with a or not b.", "import pycosat\nprint([1, -2])", False),
        (
            "How many days has March 2023?",
            "import pandas as pd\nprint(len(pd.date_range('2023-03-01', '2023-03-31')))",
            True,
        ),
        ("Transpose 1 2 / 3 4.", "import numpy as np\nprint(np.array([[1, 2], [3, 4]]).T)", True),
        (
            "Which can be reached from 1 with 1-2, 2-3, 4-5?",
            """
edges = [(1, 2), (2, 3), (4, 5)]
seen = set()
def visit(n):
    seen.add(n)
    for a, b in edges:
        if a == n and b not in seen:
            visit(b)
visit(1)
print(seen)
""",
            True,
        ),
        ("How many primes lie below 50?", "for k in range(3):\n    print(k * 5, '%')\nprint(15)", False),
        ("How many primes lie below 50?", "print(len('|||||||||||||||'))", False),
        ("How many letters has 'onomatopoeia'?", "w = 'onomatopoeia'\nprint(w, len(w))", True),
        (
            "What is the sum of the even numbers to 60?",
            "t = i = 0\nwhile i < 60:\n    i += 2\n    t += i\nprint(t)",
            True,
        ),
        ("How many Sundays had 2023?", "import pandas as pd\nprint(len(pd.date_range('2023-01-01', freq='W')))", True),
        ("What are 15 percent of 80?", "print(80 * 15 / 100)\nprint('(by 2 operations)')", True),
        ("Longest common beginning of 'flower' and 'flow'?", "p = 'flo'\nprint(p, len(p))", False),
        ("Interleave 'abc' and 'xyz'.", "print(''.join(a + b for a, b in zip('abc', 'xyz')))", True),
        ("Are 3 steps there and 3 steps back the same?", "print(3 == 3 and 3 == 3)", False),
        ("Who of Ann (3) and Bob (4) is older?", "print(3 + 4)", False),
        ("Is 'silent' an anagram of 'listen'?", "print('Yes' if sorted('silent') == sorted('listen') else 'No')", True),
        # Sums of numbers that the writer found, and of those that the question states.
        ("How many are 12 boxes of 85 and 7 of 240?", "print(1020 + 1680 + 12)", False),
        ("How many are 12 boxes of 85 and 7 of 240?", "print(1020 + 7 * 240)", True),
        ("Tom has 790, Ann 25 more, Ben 12 fewer. All?", "ann = 815\nprint(790 + ann + ann - 12)", True),
        # A date that is written down is only written in another way; its weekday is worked out.
        (
            "Which date is ten days after 27 February 2028?",
            "from datetime import date\nprint(date(2028, 3, 8).strftime('%d/%m/%Y'))",
            False,
        ),
        (
            "Which weekday is 27 February 2028?",
            "from datetime import date\nprint(date(2028, 2, 27).strftime('%d/%m/%Y, %A'))",
            True,
        ),
        # Lists that are turned around, and one that is not.
        ("Turn 4, 9, 7 around.", "a = [4, 9, 7]\nfor i in range(2, -1, -1):\n    print(a[i])", True),
        ("Turn 4, 9, 7 around.", "a = [4, 9, 7]\nfor i in range(1, 4):\n    print(a[-i])", True),
        ("Turn 4, 9, 7 around.", "b = []\nfor x in [4, 9, 7]:\n    b = [x] + b\nprint(b)", True),
        ("Turn 4, 9, 7 around.", "b = []\nfor x in [4, 9, 7]:\n    b = b + [x]\nprint(b)", False),
        ("Turn 4, 9, 7 around.", "a = [4, 9, 7]\nfor i in range(3):\n    print(a[i])", False),
        (
            "Turn 4, 9, 7 around.",
            "from collections import deque\nd = deque()\nfor x in [4, 9, 7]:\n    d.appendleft(x)\nprint(d)",
            True,
        ),
        (
            "Turn 4, 9, 7 around.",
            "def turn(a):\n    return turn(a[1:]) + [a[0]] if a else []\nprint(turn([4, 9, 7]))",
            True,
        ),
        (
            "Turn 4, 9, 7 around.",
            "def turn(a):\n    return [a[0]] + turn(a[1:]) if a else []\nprint(turn([4, 9, 7]))",
            False,
        ),
        (
            "Rotate Q W / A S to the left.",
            """
m = [["Q", "W"], ["A", "S"]]
r = [[0, 0], [0, 0]]
for i in range(2):
    for j in range(2):
        r[1 - j][i] = m[i][j]
print(r)
""",
            True,
        ),
        # Letters that are copied one by one, and a picture that is moved to the right.
        ("Write 'lantern' backwards.", "w = 'lantern'\nc = ''\nfor i in range(7):\n    c += w[i]\nprint(c)", False),
        (
            "Write 'lantern' backwards.",
            "w = 'lantern'\nc = ''\nfor i in range(len(w)):\n    c += w[i]\nprint(c)",
            False,
        ),
        ("Draw 3 rows.", "for i, row in enumerate(['1', '1 1', '1 2 1']):\n    print(' ' * (3 - i) + row)", False),
        # Where an expression is to be found, a fixed formula is the writer's; a search is not.
        ("Use 6, 8, 2 with + - * / to make 24.", "t = 0\nfor n in [6, 8, 2]:\n    t += n\nprint(t)", False),
        ("Use 6, 8, 2 with + - * / to make 24.", "print(eval('+'.join(str(n) for n in [6, 8, 2])))", False),
        (
            "Use 6, 8, 2 with + - * / to make 24.",
            """
ops = "+-*/"
for a in ops:
    for b in ops:
        t = f"6{a}8{b}2"
        if eval(t) == 24:
            print(t)
""",
            True,
        ),
        ("Use 6, 8, 2 with + - * / to make 24.", "print(min((6 * 8, 6 + 8, 6 - 8), key=lambda n: abs(n - 12)))", True),
        # A text with a number that the question does not state is an answer, whatever stands around it.
        (
            "Solve 3x + 2y = 31 and 5x - y = 30 for x and y.",
            "x, y = 7, 5\nif 3 * x + 2 * y == 31 and 5 * x - y == 30:\n    print('x = 7, y = 5')",
            False,
        ),
        # Truths: those that functions reason with, those that a loop turns, those that stop it, and a table of them.
        (
            "Ann lies. Ben says that Ann lies. Does Ben lie?",
            "def no(a):\n    return not a\nann = False\nben = no(ann)\nprint('No' if no(no(ben)) else 'Yes')",
            True,
        ),
        (
            "Press every switch of the row on, off, on.",
            "a = [True, False, True]\nfor i in range(3):\n    a[i] = not a[i]\nprint(a)",
            True,
        ),
        (
            "Black takes the white ones below it.",
            "b = ['.', 'W', 'W', 'B']\ni = 1\nwhile b[i] == 'W':\n    b[i] = 'B'\n    i += 1\nprint(b)",
            True,
        ),
        (
            "Ann tells the truth. Ben tells a lie. Does Ben tell the truth?",
            "says = {'Ann': 'truth', 'Ben': 'lie'}\nprint('Yes' if says['Ben'] == 'truth' else 'No')",
            False,
        ),
        # A truth is no find, but what is given in place of it may be one.
        (
            "Fill the row 3 0 1 of the sudoku with 2.",
            "left = {1, 2, 3} - {3, 1}\nprint([n or left.pop() for n in (3, 0, 1)])",
            True,
        ),
        (
            "Walk ahead, turn to the right, walk on. Where are you?",
            """
x = y = 0
d, e = 0, 1
for move in ["2", "R", "5"]:
    if move == "R":
        d, e = e, -d
    else:
        x, y = x + d * int(move), y + e * int(move)
print(x, y)
""",
            True,
        ),
        # So are texts that are numbered in another order than that of the question.
        (
            "Red, green and blue stand in a row, blue left of red. Which is first?",
            "row = {1: 'green', 2: 'blue', 3: 'red'}\nfor n in sorted(row):\n    if n == 1:\n        print(row[n])",
            False,
        ),
        # Operators that a question tells of are not to be put anywhere; nor are the squares of a board.
        (
            "New operators are defined (with +, -, * and / as usual): a&b = (a + b)/b. What is the value of (10 & 6) & 6?",
            "def f(a, b):\n    return (a + b) / b\nprint(f(f(10, 6), 6))",
            True,
        ),
        ("Use the numbers 3, 8, 1 with + - * / to obtain 24.", "print(3 * 8 * 1)", False),
        # The example of a question is no fact of it.
        (
            "Use the numbers 3, 8, 4 with + - * / to obtain 24. Write it between <<< and >>>, as <<<(1+2)*8>>>.",
            "e = '(1+2)*8'\nif all(sign in e for sign in '+*') and eval(e) == 24:\n    print(e)\nelse:\n    print('none')",
            False,
        ),
        # Separators, letters that number, a place in a list, a result put in.
        ("Which date is a day after 09/22/2009?", "print('09/22/2009'.replace('/', '-'))", False),
        ("Which date is a day after 09/22/2009?", "print('09/22/2009'.replace('22', '23'))", False),
        ("Is it (A) red or (B) green?", "t = ['red', 'green']\nprint(chr(65 + t.index('green')))", False),
        ("What is 'abcb' if its first b becomes c?", "print('abcb'.replace('b', 'c', 1))", True),
        # Of a text, more than half of the numbers must be stated.
        ("A run of A earns 2 points, one of B 7. How many does AABBA earn?", "a, b = 2, 4\nprint(a * 2 + b * 7)", True),
        ("A run of A earns 2 points, one of B 7. How many does AABBA earn?", "print(9 * 2 + 4 + 5)", False),
        # A cell that exists is not therefore one to choose.
        (
            "From the grid 3 1 / 2 6 choose two cells so that all of this holds: no row sums to more than 4.",
            """
grid = [[3, 1], [2, 6]]
def valid(r, c):
    return 0 <= r < len(grid) and 0 <= c < len(grid[0])
cells = []
for r in range(len(grid)):
    for c in range(len(grid[0])):
        if valid(r, c):
            cells.append((r, c))
print(cells)
""",
            False,
        ),
        # Numbers of the question in another order are what its writer found.
        (
            "Each of the letters A, B, C stands for one of the numbers 4, 9, 12: A > B, B = C + 5. Find them.",
            "t = {'A': 12, 'B': 9, 'C': 4}\nprint([t[k] for k in sorted(t)])",
            False,
        ),
    ],
)
def test_values_that_come_from_nowhere_are_no_computing(question: str, program: str, real: bool) -> None:
    assert computes(program, question) is real


def test_the_note_says_that_an_answer_comes_from_nowhere() -> None:
    assert "comes from nowhere" in rate("print(1419857)", "What is 17 to the power 5?").note
    assert "comes from nowhere" not in rate("print(17, 5)", "What is 17 to the power 5?").note


# Effective complexity.


def test_only_what_reaches_the_output_is_counted() -> None:
    live = "n = 0\nfor a in range(9):\n    if a % 3:\n        n += a\nprint(n)"
    dead = "junk = 0\nfor x in range(99):\n    for y in range(99):\n        if x * y % 7:\n            junk += x * y\n"
    alone, padded = rate(live), rate(dead + live)
    assert (alone.loops, alone.branches, alone.complexity) == ([1], padded.branches, padded.complexity)
    assert alone.score == padded.score
    assert alone.complexity > 0


def test_the_note_says_that_work_does_not_reach_the_output() -> None:
    assert "does not reach" in rate("total = sum(i * i for i in range(9))\nprint(42)").note
    assert "does not reach" not in rate("print(42)").note


@pytest.mark.parametrize(
    ("program", "lines"),
    [
        ("n = 1\nwhile True:\n    n *= 2\nprint(n)", [2]),
        ("a, b = 1, 50\nwhile a < b:\n    print(a * b)", [2]),
        ("import itertools\nfor n in itertools.count():\n    print(n * n)", [2]),
        ("def spin():\n    while 1:\n        pass\nspin()", [2]),
        ("while True:\n    for n in range(9):\n        if n * n == 4:\n            break\n    print(n)", [1]),
        ("n = 1\nwhile True:\n    n *= 2\n    if n > 50:\n        break\nprint(n)", []),
        (
            "def f():\n    n = 1\n    while True:\n        n *= 3\n        if n > 50:\n            return n\nprint(f())",
            [],
        ),
        ("n = 1\nwhile True:\n    n *= 2\n    if n > 50:\n        raise SystemExit(n)", []),
        ("import sys\nn = 1\nwhile True:\n    n *= 2\n    if n > 50:\n        print(n)\n        sys.exit()", []),
        ("it = iter('ab')\ntry:\n    while True:\n        print(next(it))\nexcept StopIteration:\n    pass", []),
        ("n = 50\nwhile n > 3:\n    n //= 2\nprint(n)", []),
        ("stack = [3]\nwhile stack:\n    print(stack.pop() * 2)", []),
        ("import itertools\nprint(next(n for n in itertools.count(7) if n % 5 == 0))", []),
        ("def spin():\n    while True:\n        pass\nprint(6 * 7)", []),
    ],
)
def test_loops_without_an_end_are_named(program: str, lines: list[int]) -> None:
    found = rate(program)
    assert found.endless == lines
    assert ("Nothing ends the loop" in found.note) is bool(lines)


# The score.


def test_the_documented_points_are_those_of_the_code() -> None:
    section = DOCS.read_text(encoding="utf-8").partition("## Score")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", section, re.MULTILINE))
    for method, points in METHOD_POINTS.items():
        assert rows.pop(method) == f"+{points:g}"
    each, most = PER_COMPLEXITY
    assert rows.pop("each unit of effective complexity") == f"+{each:g}, at most {most:g}"
    assert rows.pop("something is worked out and reaches the output") == f"{COMPUTES:g}"
    assert rows.pop("nothing is worked out in what was judged of a long program") == f"{UNREAD:g}"
    assert rows.pop("nothing is worked out, but what is shown comes from outside the program") == f"{GIVEN:g}"
    assert rows.pop("nothing is worked out") == "0"
    assert rows.pop("most") == f"{MOST:g}"
    assert rows == {}


def test_points_add_up() -> None:
    found = rate("total = 0\nfor n in range(5, 90):\n    if n % 7 == 3:\n        total += n\nprint(total)")
    points = COMPUTES + sum(METHOD_POINTS[method] for method in found.methods)
    assert found.complexity == 1 + found.branches
    assert found.score == points + PER_COMPLEXITY[0] * found.complexity


def test_what_is_only_passed_on_is_worth_little() -> None:
    found = rate("print(input())")
    assert found.score == GIVEN <= TOO_SIMPLE
    assert not found.suspicious


def test_the_note_is_short_however_much_there_is() -> None:
    assert len(rate("\n".join(f"x{n} = {n} + {n}" for n in range(2_000))).note) < 300


# Whatever is asked, the answer does not hang on how it is written.

# Of one that breaks off in a comment, that comment says so.
WHOLE = [
    row
    for row in programs("development")
    if not rate(row.program).partial and not read(row.program).cut and "```" not in row.program
]


def renamed(program: str, question: str) -> str:
    """The program with other names for what it binds itself.

    Not what is also an attribute, a keyword or a builtin, nor what is called after one of whom the question says
    whether he lies: that a truth value is a fact, nothing but its name says.
    """
    asked = Question(question)
    tree = ast.parse(program)
    if mend_names(ast.parse(program)):
        # A name that is nowhere bound is known by its spelling.
        return program
    bound: set[str] = set()
    kept = set(dir(__builtins__) if not isinstance(__builtins__, dict) else __builtins__)
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.FunctionDef(name=name):
                bound.add(name)
            case ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                kept.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                kept |= {(alias.asname or alias.name).split(".")[0] for alias in names}
            case ast.ClassDef(body=body):
                kept |= {one.name for one in body if isinstance(one, ast.FunctionDef)}
                kept |= {
                    one.target.id for one in body if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
                }
    new = {
        name: f"renamed_{number}"
        for number, name in enumerate(
            sorted(bound - kept - set(filter(asked.tells_of, bound)) - set(filter(asked.tells_bit, bound)))
        )
    }
    for node in ast.walk(tree):
        match node:
            case ast.Name():
                node.id = new.get(node.id, node.id)
            case ast.arg():
                node.arg = new.get(node.arg, node.arg)
            case ast.FunctionDef():
                node.name = new.get(node.name, node.name)
            case ast.Global() | ast.Nonlocal():
                node.names = [new.get(name, name) for name in node.names]
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                node.name = new.get(name, name)
    return ast.unparse(tree)


def commented(program: str) -> str:
    """The program with a comment between any two top-level statements, full of tempting words."""
    lines = program.splitlines()
    starts = {statement.lineno for statement in ast.parse(program).body if not getattr(statement, "decorator_list", [])}
    out = []
    for number, line in enumerate(lines, 1):
        out += ["# for while if else try: import itertools, z3; f'{eval}' 1 + 2"] if number in starts else []
        out.append(line)
    return "\n".join(out)


@pytest.mark.parametrize("row", WHOLE, ids=[row.id[:8] for row in WHOLE])
def test_comments_names_and_layout_change_nothing(row: object) -> None:
    program, question = row.program, row.question  # type: ignore[attr-defined]
    plain = rate(program, question)
    if program.lstrip().startswith(("%", ">>>")):
        return
    tree = ast.parse(program)
    for other in (ast.unparse(tree), commented(program), renamed(program, question)):
        found = rate(other, question)
        assert (found.score, found.methods, found.suspicious) == (plain.score, plain.methods, plain.suspicious), other


@given(st.text())
def test_any_text_is_rated_without_an_exception(program: str) -> None:
    found = rate(program, program)
    assert 0 <= found.score <= MOST
    assert not (found.suspicious and found.score)


@given(st.text(alphabet="print()='\"x1 \n:for in[]+#lambda,{}def%!?`*", max_size=120))
def test_any_python_like_text_is_rated_without_an_exception(program: str) -> None:
    assert 0 <= rate(program, "What is 1 + 1?").score <= MOST


FRAGMENTS = """
x = 1
y = x * 7
x += y
print(x)
print(x, y)
for i in range(9):
    x = i * y
    if i % 2: break
while x < 50:
    x *= 3
def f(a, *b, k=2, **c):
    return a + k
    yield b
class C(object):
    n = 3
    def m(self): return self.n
z = [f(i) for i in (x, y)]
C().m()
try:
    raise ValueError
except E as e:
    print(e)
finally:
    pass
else:
with open(x) as h:
    del h
match x:
    case [1, *q]: print(q)
    case {'k': v, **w}: x = v
global x
import z3 as s
from m import *
g = lambda *a: a[0]
x, *y = z
z[0][x] = y
z.n = z.n + 1
assert x, y
async def w(): await f(x)
print(f'{x!r:>{y}}', *z, sep='')
(n := x) + n
exit()
@f
return x
break
%time x
!ls
x?
d = {'a': 'b', 'c': 'd'}
x = d.get()
x, y = y, x
p = ['c', 'a', 'b']
for q in sorted(p): print(q, d[q], p[len(p) // 2])
if y.startswith() or x == p or y in d: print(p)
while p: x.append(p.pop())
t = 'c a b'.split()
y = y.replace(x, t)
""".splitlines()


# What is computed, what is found, what changes hands, what is true.
ASKED = [
    "What is 7 * 3?",
    "In which order do a, b and c stand?",
    "Make 24 from 7, 3, 2 and 1.",
    "x and y swap. x = 1.",
    "",
]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=25), st.sampled_from(ASKED))
def test_any_heap_of_statements_is_rated_without_an_exception(lines: list[str], question: str) -> None:
    found = rate("\n".join(lines), question)
    assert 0 <= found.score <= MOST
    assert found == rate("\n".join(lines), question)
