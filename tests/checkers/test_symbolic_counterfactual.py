"""Programs carried out in miniature: what follows from what they state, what is only a copy, and what is left alone."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.checkers import rate
from codesteer_kernel.checkers.symbolic.counterfactual import only_copies
from codesteer_kernel.checkers.symbolic.interpreting import Stopped, carry_out


def shown_by(program: str, steps: int = 4_000) -> str:
    return carry_out(ast.parse(program), {}, steps).shown


@pytest.mark.parametrize(
    "program",
    [
        "print(sum(x * y for x, y in zip([1, 2, 3], [4, 5, 6])), 7 // 2, 2 ** 10, -7 % 3)",
        "def f(n, k=2):\n    return 1 if n < k else n * f(n - 1)\nprint(f(6), f(n=3))",
        "s = 'banana'\nprint(s.count('a'), s.find('n'), s[::-1], s[1:3], '-'.join(s), s.replace('a', 'o', 1))",
        "d = {'a': 1}\nd['b'] = 2\nfor k, v in d.items():\n    print(f'{k}={v:02d}', end='\\n')\nprint(d.get('z', 9))",
        "n = 27\nsteps = 0\nwhile n != 1:\n    n = n // 2 if n % 2 == 0 else 3 * n + 1\n    steps += 1\nprint(steps)",
        "t = [[0] * 3 for _ in range(2)]\nt[1][2] += 5\nt[0].append(4)\nprint(t, len(t[0]), max(t, key=len), sorted([3, 1]))",
        "for i in range(5):\n    if i == 1:\n        continue\n    if i == 4:\n        break\n    print(i)\nelse:\n    print('end')",
        "total = 0\ndef add(x):\n    global total\n    total += x\nadd(3)\nadd(4)\nprint(total, 1 < 2 < 3, not total, 3 in [3])",
        "import math\nprint(math.sqrt(16), math.gcd(12, 18), round(2.345, 1), abs(-3), list(map(str, [1, 2])))",
    ],
)
def test_a_plain_program_shows_in_miniature_what_python_shows(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown_by(program) == done.stdout.rstrip("\n")


@pytest.mark.parametrize(
    "program",
    [
        "while True:\n    pass",
        "def f():\n    return f()\nf()",
        "print(10 ** 10 ** 10)",
        "x = [1]\nfor i in range(99):\n    x = [x, x]\nprint(x)",
        "s = 'a'\nfor i in range(99):\n    s += s",
        "print('a' * 10 ** 9)",
        "print(round(5, -10 ** 9))",
        "print(f'{1:1000000000}')",
        "print('%1000000000d' % 1)",
        "print(sum(range(10 ** 9)))",
        "x = []\nx.append(x)\nprint(x)",
        "print({'b', 'a'})",
        "import os\nprint(os.getcwd())",
        "print(open('/etc/passwd').read())",
        "print(().__class__.__bases__)",
        "print('{0.__class__}'.format(3))",
        "eval('1')",
        "return 3",
        "break",
        "class A: pass",
    ],
)
def test_what_is_large_endless_or_not_plain_is_not_carried_out(program: str) -> None:
    with pytest.raises((Stopped, NameError, AttributeError)):
        shown_by(program)


@pytest.mark.parametrize(
    "program",
    [
        # The place is never looked at.
        (
            "steps = [5, 1, 1, 5]\nx = n = 0\nwhile n < len(steps):\n    x += steps[n] if n % 2 == 0 else -steps[n]\n    n += 1\n"
            "print('Yes' if n == len(steps) else 'No')"
        ),
        # Taken away and put back.
        (
            "s = 'BECAB'\np = 'BECAB'\nletters = list(p)\nfor i in range(len(s)):\n    if s[i:i + len(p)] == p:\n"
            "        letters.insert(i + len(p), letters.pop())\nprint(''.join(letters))"
        ),
        # Each blank becomes what it was.
        (
            "grid = [[4, 0], [0, 3]]\nfor i in range(2):\n    for j in range(2):\n        if grid[i][j] == 0:\n"
            "            grid[i][j] = grid[i][j]\nfor row in grid:\n    print(row)"
        ),
        "total = 0\nfor n in [3, 8, 12]:\n    total += n\n    total -= n\nprint([3, 8, 12])",
    ],
)
def test_work_that_changes_nothing_of_what_is_shown_is_seen_through(program: str) -> None:
    assert only_copies(ast.parse(program))
    found = rate(program)
    assert found.suspicious
    assert found.score == 0


@pytest.mark.parametrize(
    "program",
    [
        "print(sorted([5, 2, 9]))",
        "print(max([5, 2, 9]))",
        "print([4, 9, 1][::-1])",
        "print(len([4, 9, 1]))",
        "print([n for n in [4, 9, 12] if n % 2 == 0])",
        "print('Yes' if 7 * 13 == 91 else 'No')",
        "n = 91\nprint('Yes' if all(n % d for d in range(2, n)) else 'No')",
        "s = '([)]'\ndepth = 0\nfor c in s:\n    depth += 1 if c in '([' else -1\nprint('Yes' if depth == 9 else 'No')",
        # Nothing is found, but it was looked for.
        "s = 'abcab'\nprint(s[:2] + 'X' + s[2:] if 'zz' in s else s)",
        "print(max(['fig', 'banana', 'kiwi'], key=len))",
    ],
)
def test_what_follows_from_what_is_stated_is_left_alone(program: str) -> None:
    assert not only_copies(ast.parse(program))


@given(st.lists(st.integers(2, 99), min_size=2, max_size=6, unique=True))
def test_a_list_is_a_copy_and_its_sum_is_none(numbers: list[int]) -> None:
    assert only_copies(ast.parse(f"t = {numbers}\nu = []\nfor n in t:\n    u.append(n)\nprint(u)"))
    assert not only_copies(ast.parse(f"t = {numbers}\nu = 0\nfor n in t:\n    u += n\nprint(u)"))


def test_nothing_is_said_of_a_program_that_takes_long() -> None:
    assert not only_copies(ast.parse("n = 9000\nwhile n:\n    n -= 1\nprint('done')"))


def test_the_trials_together_are_bounded() -> None:
    def loops(count: int) -> str:
        return "x = 0\n" + "for i in range(20):\n    x += i * 0\n" * count + "print('done')"

    assert only_copies(ast.parse(loops(3)))
    assert not only_copies(ast.parse(loops(30)))
