"""What a question states is found where a program states it, however it is written there; what it does not, is not."""

from __future__ import annotations

import ast

import pytest

from codesteer_kernel.checkers import rate
from codesteer_kernel.checkers.symbolic import TOO_SIMPLE
from codesteer_kernel.checkers.symbolic.spelling import mend_names
from codesteer_kernel.checkers.symbolic.swapping import shows_swapped

BALLS = "Kai holds a red ball, Lea a blue one and Mo a green one. Kai and Lea swap balls, then Lea and Mo swap. What does Mo hold?"
TONGUE = "In Orrish 'dal' means bird, 'kem' sees and 'tuv' fish. Translate 'dal kem tuv' word for word."
GATES = "A = 1, B = 0. What is A NAND B?"
LIAR = "Ida tells the truth. Jon says that Ida lies. Does Jon tell the truth? Write Yes or No."
SHELF = "On a desk lie two red pens, one blue pen and four red books. How many red things are there?"
ROOM = "Bookings: 9:00-10:30, 10:00-11:15, 11:15-12:45. How many can be met without overlap?"
SALT = "What is the molar mass of sodium chloride, NaCl?"
DUE = "A course begins on 5 February 2024 and meets every seven days. On what date is the 9th meeting?"
BRACKETS = "How many brackets are open in ( [ ( ) { < ?"
PARTS = "A shop has 3 wheels and 4 frames. A bike takes 2 wheels and 1 frame. How many bikes can be made?"
SUMS = "Sum the totals by shift: early 34, 40, 37; late 21, 28, 26."

REAL = {
    "an exchange of names": (
        BALLS,
        "kai, lea, mo = 'red', 'blue', 'green'\nkai, lea = lea, kai\nlea, mo = mo, lea\nprint(mo)",
    ),
    "an exchange in a table": (
        BALLS,
        (
            "b = {'Kai': 'red', 'Lea': 'blue', 'Mo': 'green'}\nfor x, y in [('Kai', 'Lea'), ('Lea', 'Mo')]:\n"
            "    b[x], b[y] = b[y], b[x]\nprint(b['Mo'])"
        ),
    ),
    "an exchange in three steps": (
        BALLS,
        "kai = 'red'\nlea = 'blue'\nt = kai\nkai = lea\nlea = t\nprint(lea)",
    ),
    "an exchange by a function": (
        BALLS,
        (
            "def swap(who, a, b):\n    who[a], who[b] = who[b], who[a]\nballs = {'Kai': 'red', 'Lea': 'blue', 'Mo': 'green'}\n"
            "swap(balls, 'Kai', 'Lea')\nswap(balls, 'Lea', 'Mo')\nprint(balls['Mo'])"
        ),
    ),
    "words that are looked up": (
        TONGUE,
        "d = {'dal': 'bird', 'kem': 'sees', 'tuv': 'fish'}\nprint(' '.join(d[w] for w in 'dal kem tuv'.split()))",
    ),
    "words that are looked up in a table by names": (
        TONGUE,
        "d = dict(dal='bird', kem='sees', tuv='fish')\nout = ''\nfor w in 'dal kem tuv'.split():\n    out += d.get(w, w) + ' '\nprint(out)",
    ),
    "bits": (GATES, "A, B = 1, 0\nprint(1 - (A & B))"),
    "a name that is misspelt": (LIAR, "ida_truth = True\nif Ida_truth:\n    print('No')\nelse:\n    print('Yes')"),
    "records with names of their own": (
        SHELF,
        (
            "desk = [{'kind': 'pen', 'shade': 'Red', 'n': 2}, {'kind': 'pen', 'shade': 'Blue', 'n': 1}, "
            "{'kind': 'book', 'shade': 'Red', 'n': 4}]\nn = 0\nfor one in desk:\n    if one['shade'] != 'blue':\n        n += one['n']\nprint(n)"
        ),
    ),
    "times of day in hours": (
        ROOM,
        (
            "b = [(9, 10.5), (10, 11.25), (11.25, 12.75)]\nb.sort(key=lambda x: x[1])\nend, n = 0, 0\nfor s, e in b:\n"
            "    if s >= end:\n        n, end = n + 1, e\nprint(n)"
        ),
    ),
    "masses that people look up": (SALT, "Na = 22.99\nCl = 35.45\nprint(Na + Cl)"),
    "a date that is worked out": (
        DUE,
        "from datetime import date, timedelta\nd = date(2024, 2, 5) + timedelta(weeks=8)\nprint(d.strftime('%A, %d %B %Y'))",
    ),
    "a run of signs": (BRACKETS, "s = '( [ ( ) { <'\nprint(s.count('(') - s.count(')') + s.count('['))"),
    "a loop that has just begun": (PARTS, "wheels = 3\nframes = 4\nbikes = 0\nwhile wheels > 0:\n    # build one"),
    "something, or else a word": (
        "Make 24 from 4, 4, 10, 10 with + - * /. Show how.",
        (
            "def go(n):\n    if len(n) == 1:\n        return n[0][1] if n[0][0] == 24 else None\n    for i in range(len(n)):\n"
            "        for j in range(len(n)):\n            if i != j:\n                r = [n[k] for k in range(len(n)) if k not in (i, j)]\n"
            "                for v in ((n[i][0] + n[j][0], '+'), (n[i][0] * n[j][0], '*')):\n"
            "                    f = go(r + [(v[0], n[i][1] + v[1] + n[j][1])])\n                    if f:\n                        return f\n"
            "print(go([(x, str(x)) for x in [4, 4, 10, 10]]) or 'impossible')"
        ),
    ),
}

REAL |= {
    "what was not imported": (
        "In how many orders can A, B, C and D stand if A is not first?",
        "print(sum(p[0] != 'A' for p in permutations('ABCD')))",
    ),
    "a loop of candidates that breaks off": (
        "Put + - * / between 9, 7 and 8 so that the value is 10.",
        "n = [9, 7, 8]\nfor a in '+-*/':\n    for b in '+-*/':\n        value = eval(f'{n[0]}{a}{n[1]}{b}{n[2]}')\n        if",
    ),
    "what no name was bound to before": (
        "Who of Kim (31), Lou (44) and Max (29) is between 40 and 50?",
        "for name, age in [('Kim', 31), ('Lou', 44), ('Max', 29)]:\n    if 40 < age < 50:\n        found = name\nprint(found)",
    ),
}

TRIVIAL = {
    "a board of the writer's own, looked at by hand": (
        "Take 2 steps left, then 2 steps right. Are you back? Write Yes or No.",
        "board = [[0, 0], [0, 1]]\nif board[0][0] == 0 and board[0][1] == 0:\n    print('Yes')\nelse:\n    print('No')",
    ),
    "rules that are cut out of a text and known by heart": (
        "Behind ACD insert B, behind BCA insert D. The string is BACDBCA. What does it become?",
        (
            "rules = 'behind ACD, behind BCA'\nout = ''\nfor rule in rules.split(','):\n    for part in rule.split():\n"
            "        if part == 'ACD':\n            out += 'B'\n        elif part == 'BCA':\n            out += 'D'\nprint(out)"
        ),
    ),
    "exchanges in words, and the result": (
        BALLS,
        "# Kai and Lea swap\n# Lea and Mo swap\nmo = 'red'\nprint('Mo holds', mo)",
    ),
    "exchanges whose result is not shown": (BALLS, "a, b = 'red', 'blue'\na, b = b, a\nprint('red')"),
    "words that were looked up by hand": (TONGUE, "out = ['bird', 'sees', 'fish']\nfor w in out:\n    print(w)"),
    "bits of the writer's own": (GATES, "x = 1\nprint(x)"),
    "a list that was filtered by hand": (
        "On a desk lie a red pen, a blue cup, a red mug and a grey bowl. How many are left without the red ones?",
        "left = ['blue cup', 'grey bowl']\nprint(len(left))",
    ),
    "a date that was found, with its weekday": (
        DUE,
        "from datetime import date\nlast = date(2024, 4, 1)\nprint(last.strftime('It is on %A, %d %B %Y'))",
    ),
    "a table of prose, drawn": (
        "Compare bubble sort and merge sort in a table.",
        (
            "rows = [['bubble', 'slow', 'in place'], ['merge', 'fast', 'needs room']]\nw = [max(len(r[i]) for r in rows) for i in range(3)]\n"
            "for r in rows:\n    print(' | '.join(c.ljust(n) for c, n in zip(r, w)))\nprint('-' * sum(w))"
        ),
    ),
    "a frame of results": (
        SUMS,
        "import pandas as pd\nt = pd.DataFrame({'shift': ['early', 'late'], 'total': [111, 75]})\nt = t.set_index('shift')\nprint(t)",
    ),
    "helpers of a program that breaks off": (
        "Make a word ladder from COLD to WARM.",
        (
            "def letters(word):\n    return [c for c in word.lower() if c.isalpha()]\n\ndef near(a, b):\n    n = 0\n    for x, y in zip(a, b):\n"
            "        if x != y:\n            n += 1\n    return n =="
        ),
    ),
    "a class that breaks off": (
        PARTS,
        (
            "class Stock:\n    def __init__(self, wheels, frames):\n        self.wheels = wheels\n        self.frames = frames\n\n"
            "    def take(self, n):\n        self.wheels -= 2 *"
        ),
    ),
    "an evaluated find": (
        "Reach 45 from 9, 3, 2 and 7 with the four basic operations.",
        "e = '9 * (7 - 2)'\nif eval(e) == 45:\n    print(e)\nelse:\n    print('none')",
    ),
}


@pytest.mark.parametrize("kind", REAL)
def test_work_on_what_is_stated_counts(kind: str) -> None:
    question, program = REAL[kind]
    assert rate(program, question).score > TOO_SIMPLE


@pytest.mark.parametrize("kind", TRIVIAL)
def test_work_on_the_writers_own_does_not(kind: str) -> None:
    question, program = TRIVIAL[kind]
    assert rate(program, question).score <= TOO_SIMPLE


@pytest.mark.parametrize(
    ("program", "mended"),
    [
        ("gus_truth = 1\nprint(Gus_truth)", "gus_truth = 1\nprint(gus_truth)"),
        ("answer = 1\nprint(anwser)", "answer = 1\nprint(answer)"),
        ("def find_path(x):\n    return x\nprint(findPath(2))", "def find_path(x):\n    return x\nprint(find_path(2))"),
        # Two may be meant, or another one, or one that a module binds.
        ("total_a = 1\ntotal_b = 2\nprint(total_c)", ""),
        ("total_1 = 1\nprint(total_2)", ""),
        ("frame = 1\nprint(df)", ""),
        ("from math import *\nanswer = 1\nprint(anwser)", ""),
        ("answer = 1\nprint(answer)", ""),
    ],
)
def test_a_misspelt_name_is_mended_if_one_alone_is_meant(program: str, mended: str) -> None:
    tree = ast.parse(program)
    assert mend_names(tree) is bool(mended)
    assert ast.unparse(tree) == (mended or ast.unparse(ast.parse(program)))


@pytest.mark.parametrize(
    ("program", "swapped"),
    [
        ("a, b = b, a\nprint(a)", True),
        ("a, b = b, a\nprint('a')", False),
        ("a, b = a, b\nprint(a)", False),
        ("x = y\nprint(x)", False),
        ("a = b\nb = a\nprint(b)", True),
        ("a, b = b, a\nif a:\n    print('red')", True),
    ],
)
def test_exchanges_count_where_they_are_shown(program: str, swapped: bool) -> None:
    assert shows_swapped(ast.parse(program)) is swapped


@pytest.mark.parametrize(
    "program", ["print(d.get() == 'Ann')", "if d.get() == x:\n    print(d.get())", "print(x.startswith())"]
)
def test_a_call_without_its_argument_is_rated(program: str) -> None:
    told = "d = {'Ann': 'Bea', 'Cy': 'Di'}\nx = 'Ann Bea'\n"
    assert rate(told + program, "Ann, Bea, Cy and Di. Who is first?").score >= 0
