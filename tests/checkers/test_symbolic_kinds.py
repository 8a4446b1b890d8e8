"""Kinds of programs that small models write instead of an answer, and their neighbours that do compute one."""

from __future__ import annotations

import pytest

from codesteer_kernel.checkers import rate
from codesteer_kernel.checkers.symbolic import TOO_SIMPLE

COUNT = "How many times does the letter 'j' occur in the word 'wohijtgj'? Write the number between <<< and >>>."
PRODUCT = "Compute the exact value of the product 23 * 585. Write it between <<< and >>>, for example <<<-1250>>>."
STAMPS = (
    "Rita has 712 more stamps than Mona, and Mona has 615 fewer than Bert. Bert has 4844 stamps. How many stamps do the "
    "three have together?"
)
SHELF = (
    "4 books, A, B, C, D, are to be put on a shelf with 4 places, so that all of these rules hold: A stands next to D. "
    "B stands right of C. A does not stand on place 1. Give one arrangement that keeps all rules."
)
OPERATORS = (
    "Here are 3 numbers in a fixed order: 2, 2, 3. Put one of the operators + - * / between each two neighbours so that "
    "the value is 10."
)
TABLE = "Here is a table: 5, 15, 8 / 3, 8, 4 / 7, 15, 13. Give the greatest number of each window of 2 by 2 cells."
DATE = "Today is 02/28/1975. Go 9 days back. Options: (A) 03/09/1975 (B) 02/19/1976 (F) 02/19/1975. Which one is right?"
WALK = "Take 5 steps backward. Take 5 steps forward. Take 5 steps right. Are you back where you began? Write Yes or No."
VALUES = (
    "Each letter has a value: A is 3, B is 7, C is 12, D is 5. What is the sum of the values of the letters of CABD?"
)
LIGHTS = "A grid holds lights: 000 / 010 / 110. Button A switches (1,1) (1,3) (2,2). What does the grid look like then?"
WAYS = "One walks 35 blocks east and 47 blocks north. How many different ways are there?"
OPERATOR = "For numbers a and b, a new operator is defined: a&b = 3*a*b. What is the value of (4 & 6) & 1?"
TURN = "Here is a table with 2 rows: F W C / U Q X. Turn it upside down and write its cells."
TOWER = "Move a tower of 3 disks from peg A to peg C. List the moves."
ROBOT = (
    "A robot at (0,0) faces north. It follows FFRFFFLFRRFF, where F is a step, L and R are quarter turns. Where is it?"
)
COMMITTEE = "In how many ways can a committee of 4 members be chosen from 34 people?"
CARDS = "You hold the letter cards S T D O. The card H is drawn, then the card E. Does the card E make a pair? Write 1 or 0."
LIARS = "Yara lies. Stan says that Yara lies. Hana says that Stan lies. Does Hana tell the truth? Write Yes or No."
PRICES = "Turnips are dearer than beans, and peas are cheaper than beans. Which of the three are the second-cheapest?"
PARTS = "Machines: one A gives two X and one Y; two B give one X. Start with 3 A and 4 B. How many X and Y are there?"

# By what is told apart: three programs that work nothing out, and three that do.
TRIVIAL = {
    "a function that nobody calls, and an answer below it that is no Python": [
        (PRODUCT, "def solve():\n    return 23 * 585\n\n<<<13455>>>"),
        (
            STAMPS,
            "def solve():\n    mona = 4844 - 615\n    return mona + mona + 712 + 4844\n\nTogether they have 14014 stamps.",
        ),
        (COUNT, "def count(word):\n    return word.count('j')\n\nCount: 2, Positions: [5, 8]"),
    ],
    "a function that nobody calls, and a comment or a bare word": [
        (PRODUCT, "def solve():\n    return 23 * 585\n    # <<<13455>>>"),
        (VALUES, "def value(word, table):\n    return sum(table[c] for c in word)\n    # The sum is 27"),
        (WALK, "def back(steps):\n    x = 0\n    for s in steps:\n        x += s\n    return x == 0\n\nNo"),
    ],
    "a session with its results": [
        (PRODUCT, ">>> 23 * 585\n13455"),
        (COUNT, ">>> word = 'wohijtgj'\n>>> word.count('j')\n2"),
        (STAMPS, "```\n>>> mona = 4844 - 615\n>>> print(mona + mona + 712 + 4844)\n14014\n```"),
    ],
    "tests, and functions that only show something, of a program that breaks off": [
        (
            SHELF,
            "def near(s, a, b):\n    return abs(s.index(a) - s.index(b)) == 1\n\ndef show(s):\n    for book in s:\n        print(",
        ),
        (
            SHELF,
            "def right(s, a, b):\n    return s.index(a) > s.index(b)\n\ndef keeps(s):\n    if not right(s, 'B', 'C'):\n        return",
        ),
        (SHELF, "def first(s, a):\n    if s[0] == a:\n        return True\n    return s.index(a) == "),
    ],
    "a test that can never hold": [
        (
            OPERATORS,
            "signs = ['+', '-', '*', '/']\nfor n in [2, 2, 3]:\n    if n in signs:\n        print(n)\n    else:\n        print('(', n, ')')",
        ),
        (
            COUNT,
            "positions = []\nfor n in [1, 2, 3, 4]:\n    if n in ['j', 'w']:\n        positions.append(n)\nprint(positions)",
        ),
        (
            SHELF,
            "for place in [1, 2, 3, 4]:\n    if place in ('A', 'B', 'C', 'D'):\n        print(place)\n    else:\n        print('B')",
        ),
    ],
    "a test of what was just written": [
        (WALK, "place = (0, 0)\nif place == (0, 0):\n    print('Yes')\nelse:\n    print('No')"),
        (
            WALK,
            "def back():\n    start = (0, 0)\n    x, y = 0, 0\n    if (x, y) == start:\n        return 'Yes'\n    for s in (5, 5, 5):\n        x += s\n    return 'No' if x else 'Yes'\nprint(back())",
        ),
        (
            TABLE,
            "windows = [15, 15, 15, 15]\nif windows == [15, 15, 15, 15]:\n    print(windows)\nelse:\n    print(max([5, 15, 8]))",
        ),
    ],
    "a text that is written down twice": [
        (
            DATE,
            "options = {'A': '03/09/1975', 'B': '02/19/1976', 'F': '02/19/1975'}\nfor k, v in options.items():\n    if v == '02/19/1975':\n        print(k)",
        ),
        (
            DATE,
            "for i, one in enumerate(['03/09/1975', '02/19/1976', '02/19/1975']):\n    if one == '02/19/1975':\n        print('ABF'[i])",
        ),
        (
            DATE,
            "options = {'A': '03/09/1975', 'F': '02/19/1975'}\nprint([k for k, v in options.items() if v == '02/19/1975'])",
        ),
    ],
    "digits put into a date": [
        (DATE, "today = '02/28/1975'\nprint(today.replace('28', '19'))"),
        (DATE, "today = '1975-02-28'\nprint(today.replace('02-28', '02-19'))"),
        (DATE, "def back():\n    return '28.02.1975'.replace('28', '09')\nprint(back())"),
    ],
    "numbers that were made up": [
        (VALUES, "values = {'A': 1, 'B': 2, 'C': 4, 'D': 8}\nprint(sum(values[c] for c in 'CABD'))"),
        (
            VALUES,
            "values = {'A': 10, 'B': 20, 'C': 30, 'D': 40}\nt = 0\nfor c in 'CABD':\n    t += values[c]\nprint(t)",
        ),
        (VALUES, "points = {'A': 4, 'B': 9}\nprint(points['A'] * 6 + points['B'] * 11)"),
    ],
    "entries picked by hand": [
        (SHELF, "b = ['A', 'B', 'C', 'D']\nprint(['<<', b[2], b[0]] + ['>>', b[1], b[3]])"),
        (SHELF, "b = ['A', 'B', 'C', 'D']\nprint([b[2], b[1]] + [b[3], b[0]])"),
        (SHELF, "b = ('A', 'B', 'C', 'D')\nleft = (b[2], b[1])\nright = (b[3], b[0])\nprint(left + right)"),
    ],
    "lights that become what they were": [
        (
            LIGHTS,
            "g = [[0,0,0],[0,1,0],[1,1,0]]\nfor r in range(3):\n    for c in range(3):\n        if g[r][c] == 1:\n            g[r][c] = 1\n        else:\n            g[r][c] = 0\nprint(g)",
        ),
        (LIGHTS, "g = [[0,0,0],[0,1,0],[1,1,0]]\nprint([[1 if c == 1 else 0 for c in row] for row in g])"),
        (
            LIGHTS,
            "out = []\nfor row in [[0,0,0],[0,1,0],[1,1,0]]:\n    line = []\n    for c in row:\n        line.append(1 if c else 0)\n    out.append(line)\nprint(out)",
        ),
    ],
    "a formula of functions, most of whose numbers were worked out by hand": [
        (WAYS, "from math import factorial\nprint(factorial(72) // (factorial(35) * factorial(37)))"),
        (WAYS, "import math\nprint(math.comb(81, 33))"),
        (WAYS, "import math\nways = math.factorial(84) / math.factorial(36)\nprint(ways / math.factorial(47))"),
    ],
    "a function that leaves what it is given as it is": [
        (
            PARTS,
            "def use(a, b):\n    if a > 0:\n        a -= 1\n        b += 2\na, b = 3, 4\nwhile a > 0:\n    use(a, b)\nprint(a, b)",
        ),
        (
            PARTS,
            "def give(a):\n    a = a - 1\n    return a\na = 3\nfor _ in range(4):\n    give(a)\nprint(f'X: {a}')",
        ),
        (WALK, "def move(x, n):\n    x += n\nx = 5\nmove(x, 5)\nmove(x, -5)\nprint(x)"),
    ],
    "a test that every place of the loop meets": [
        (
            TABLE,
            "t = [[5, 15, 8], [3, 8, 4]]\nout = []\nfor i in range(len(t)):\n    if 0 <= i < len(t):\n        out.append(t[i])\n    else:\n        out.append(0)\nprint(out)",
        ),
        (
            TABLE,
            "t = [[5, 15, 8], [3, 8, 4]]\nfor i in range(len(t)):\n    for j in range(len(t[i])):\n        if i < len(t) and 0 <= j < len(t[i]):\n            print(t[i][j])\n        else:\n            print(0)",
        ),
        (LIGHTS, "g = ['000', '010', '110']\nfor i in range(3):\n    print(g[i] if i < 3 else '')"),
    ],
    "a test that holds anyway, beside one of a place": [
        (
            COUNT,
            "n = 0\nplaces = []\nfor i in range(8):\n    if 'j' == 'j' and i == 4:\n        places.append(i)\n        n += 1\nprint(n, places)",
        ),
        (COUNT, "n = 0\nfor i in range(8):\n    if i == 4 and 1 == 1:\n        n += 1\nprint(n)"),
        (
            COUNT,
            "places = []\nfor i in range(8):\n    if i == 7 or 'w' == 'j':\n        places.append(7)\nprint(places)",
        ),
    ],
    "the order of numbers that were made up": [
        (
            PRICES,
            "cost = {'turnips': 10, 'peas': 5, 'beans': 8}\nprint(sorted(['turnips', 'peas', 'beans'], key=lambda v: cost[v])[1])",
        ),
        (
            PRICES,
            "cost = {'turnips': 30, 'peas': 10, 'beans': 20}\nnames = ['turnips', 'peas', 'beans']\nnames.sort(key=lambda v: cost[v])\nprint(names)",
        ),
        (
            PRICES,
            "cost = {'turnips': 7, 'peas': 3, 'beans': 5}\nprint(min(['turnips', 'peas', 'beans'], key=lambda v: cost[v]))",
        ),
    ],
    "truth values that do not follow from the one that is stated": [
        (LIARS, "yara_lies = True\nstan_lies = True\nhana_lies = False\nprint('No' if hana_lies else 'Yes')"),
        (LIARS, "yara = False\nhana = True\nhana_is_right = hana\nprint(hana_is_right)"),
        (
            LIARS,
            "yara = False\nstan = False\nif yara and stan:\n    print('Yes')\nelse:\n    print('No')",
        ),
    ],
    "a year put behind a date": [
        (DATE, "day = '02/28'\nprint(day.replace('28', '19/1975'))"),
        (DATE, "print('2/1975'.replace('/', '/19/'))"),
        (DATE, "d = '28.02.1975'\nprint(d.replace('28', '19'))"),
    ],
}
REAL = {
    "an argument that a function changes": [
        (PARTS, "def use(m):\n    if m[0] > 0:\n        m[0] -= 1\n        m[1] += 2\nm = [3, 4]\nuse(m)\nprint(m)"),
        (
            PARTS,
            "def give(a):\n    a = a - 1\n    return a\na = 3\nfor _ in range(4):\n    a = give(a)\nprint(f'X: {a}')",
        ),
        (
            PARTS,
            "class Box:\n    def __init__(self, a):\n        self.a = a\n        self.x = 0\ndef use(box):\n    while box.a > 0:\n        box.a -= 1\n        box.x += 2\nbox = Box(3)\nuse(box)\nprint(box.x)",
        ),
    ],
    "a test that some places meet": [
        (
            TABLE,
            "t = [[5, 15, 8], [3, 8, 4]]\nout = []\nfor i in range(len(t)):\n    if i < len(t) and sum(t[i]) > 20:\n        out.append(t[i])\nprint(out)",
        ),
        (TABLE, "t = [5, 15, 8, 3]\nprint([t[i] for i in range(len(t)) if i < len(t) - 1 and t[i] > t[i + 1]])"),
        (COUNT, "n = 0\nfor i in range(8):\n    if 'wohijtgj'[i] == 'j' and i < 8:\n        n += 1\nprint(n)"),
    ],
    "rows and words in another order": [
        (
            TURN,
            "t = [['F', 'W', 'C'], ['U', 'Q', 'X']]\nout = []\nfor i in range(len(t) - 1, -1, -1):\n    out.append(t[i])\nprint(out)",
        ),
        (TURN, "t = ['FWC', 'UQX']\nprint([t[i] for i in range(1, -1, -1)])"),
        (TURN, "rows = ['F W C', 'U Q X']\nprint(', '.join(reversed(rows)))"),
    ],
    "bits of what is stated": [
        (OPERATOR, "print((4 & 6) & 1)"),
        (OPERATOR, "result = (4 | 6) ^ 1\nprint(f'<<<{result}>>>')"),
        (OPERATOR, "print((4 * 6) % 2)"),
    ],
    "a recursion that gives one after the other": [
        (
            TOWER,
            "def hanoi(n, a, b, c):\n    if n:\n        yield from hanoi(n - 1, a, c, b)\n        yield f'{a}->{c}'\n        yield from hanoi(n - 1, b, a, c)\nprint(', '.join(hanoi(3, 'A', 'B', 'C')))",
        ),
        (
            TOWER,
            "def hanoi(n, a, b, c):\n    return hanoi(n - 1, a, c, b) + [a + c] + hanoi(n - 1, b, a, c) if n else []\nprint(hanoi(3, 'A', 'B', 'C'))",
        ),
        (
            TOWER,
            "def hanoi(n, a, b, c):\n    if n > 0:\n        hanoi(n - 1, a, c, b)\n        print(a, c)\n        hanoi(n - 1, b, a, c)\nhanoi(3, 'A', 'B', 'C')",
        ),
    ],
    "an object that a command changes": [
        (
            ROBOT,
            "class Robot:\n    x = 0\n    def step(self, c):\n        if c == 'F':\n            self.x += 1\n        elif c == 'L':\n            self.x -= 1\nr = Robot()\nfor c in 'FFRFFFLFRRFF':\n    r.step(c)\nprint(r.x)",
        ),
        (
            ROBOT,
            "class Robot:\n    def __init__(self):\n        self.way = 0\n    def step(self, c):\n        if c == 'R':\n            self.way = (self.way + 1) % 4\nr = Robot()\nfor c in 'FFRFFFLFRRFF':\n    r.step(c)\nprint('NESW'[r.way])",
        ),
        (
            ROBOT,
            "class Robot:\n    seen = ''\n    def step(self, c):\n        if c != 'F':\n            self.seen = c\nr = Robot()\nfor c in 'FFRFFFLFRRFF':\n    r.step(c)\nprint(r.seen)",
        ),
    ],
    "a product that goes down from what is stated": [
        (COMMITTEE, "def solve():\n    return 34 * 33 * 32 * 31 // 24\nprint(solve())"),
        (COMMITTEE, "n, k = 34, 4\nways = n! // (k! * (n - k)!)\nprint(ways)"),
        (COMMITTEE, "print(34 * 33 * 32 * 31 / (4 * 3 * 2))"),
    ],
    "two facts that a function compares": [
        (CARDS, "def pair(a, b):\n    return 1 if a == b else 0\nprint(pair('H', 'E'))"),
        (
            CARDS,
            "def verdict(hand, card):\n    if hand == card:\n        return 1\n    return 0\nprint(verdict('S', 'E'))",
        ),
        (CARDS, "same = lambda a, b: a == b\nprint(1 if same('H', 'E') else 0)"),
    ],
    "truth values that follow from the one that is stated": [
        (LIARS, "yara_lies = True\nstan = yara_lies\nhana = not stan\nprint('Yes' if hana else 'No')"),
        (
            LIARS,
            "yara = False\nhana = True\nif yara:\n    hana = False\nelse:\n    hana = False\n    if not yara:\n        hana = True\nprint(hana)",
        ),
        (
            LIARS,
            "Yara_lies = True\nStan_says = Yara_lies\nHana_says = Stan_says\nif Hana_says:\n    print('Yes')\nelse:\n    print('No')",
        ),
    ],
    "a function that is called, or whose work breaks off": [
        (PRODUCT, "def solve():\n    return 23 * 585\n\nprint(solve())"),
        (STAMPS, "def solve():\n    mona = 4844 - 615\n    rita = mona + 712\n    total = mona + rita +"),
        (COUNT, "def count(word):\n    n = 0\n    for c in word:\n        n += c.count('j')\n    print("),
    ],
    "a comment where the work was to go on": [
        (PRODUCT, "def solve():\n    t = 0\n    for _ in range(23):\n        t += 585\n    # Give it back"),
        (
            VALUES,
            "def value(word, table):\n    t = 0\n    for c in word:\n        t += table[c]\n        # The next one",
        ),
        (COUNT, "def solve():\n    n = 'wohijtgj'.count('j')\n    if n:\n        return n\n    # None of them"),
    ],
    "a session without results": [
        (PRODUCT, ">>> print(23 * 585)"),
        (COUNT, ">>> word = 'wohijtgj'\n>>> word.count('j')"),
        (STAMPS, ">>> mona = 4844 - 615\n>>> for _ in range(1):\n...     print(mona + mona + 712 + 4844)"),
    ],
    "a search that breaks off, with its tests": [
        (
            SHELF,
            "from itertools import permutations\ndef ok(s):\n    return s.index('B') > s.index('C')\nfor s in permutations('ABCD'):\n    if ok(s",
        ),
        (
            SHELF,
            "import itertools\ndef ok(s):\n    return s[0] != 'A'\ndef search():\n    for s in itertools.permutations('ABCD'):\n        if ok(s):\n            print(",
        ),
        (
            TABLE,
            "t = [[5, 15, 8], [3, 8, 4], [7, 15, 13]]\nfor i in range(2):\n    for j in range(2):\n        w = [t[i][j], t[i][j+1], t[i+1][j], t[i+1][j+1]]\n        print(max(",
        ),
    ],
    "a test that may hold": [
        (
            COUNT,
            "positions = []\nfor i, c in enumerate('wohijtgj'):\n    if c in ['j', 'J']:\n        positions.append(i)\nprint(positions)",
        ),
        (TABLE, "for n in [5, 15, 8, 3, 8, 4]:\n    if n in [7, 15, 13, 8]:\n        print(n)"),
        (
            WALK,
            "x = 0\nfor way in ['backward', 'forward', 'right']:\n    x += 5 if way in ['forward'] else -5\nprint('Yes' if x == 0 else 'No')",
        ),
    ],
    "a test of where one has come to": [
        (
            WALK,
            "x = y = 0\nfor way, n in [('backward', 5), ('forward', 5), ('right', 5)]:\n    if way == 'backward':\n        y -= n\n    elif way == 'forward':\n        y += n\n    else:\n        x += n\nprint('Yes' if (x, y) == (0, 0) else 'No')",
        ),
        (
            WALK,
            "ways = ['backward', 'forward', 'right']\nsame = ways.count('forward') == ways.count('backward') and ways.count('left') == ways.count('right')\nprint('Yes' if same else 'No')",
        ),
        (
            COUNT,
            "place = (0, 0)\nfor n in (5, -5, 5):\n    place = (place[0] + n, place[1] * n)\nprint('Yes' if place == (0, 0) else 'No')",
        ),
    ],
    "a text that was worked out and is then looked up": [
        (
            DATE,
            "options = {'A': '03/09/1975', 'F': '02/19/1975'}\nday = 28 - 9\nfor k, v in options.items():\n    if v == f'02/{day}/1975':\n        print(k)",
        ),
        (
            DATE,
            "from datetime import date, timedelta\nd = date(1975, 2, 28) - timedelta(days=9)\nfor k, v in {'A': '03/09/1975', 'F': '02/19/1975'}.items():\n    if v == d.strftime('%m/%d/%Y'):\n        print(k)",
        ),
        (
            COUNT,
            "n = 0\nfor c in ['w', 'o', 'h', 'i', 'j', 't', 'g', 'j']:\n    if c == 'j':\n        n += 1\nprint(n)",
        ),
    ],
    "the values that are stated": [
        (VALUES, "values = {'A': 3, 'B': 7, 'C': 12, 'D': 5}\nprint(sum(values[c] for c in 'CABD'))"),
        (VALUES, "print(sum(letter_values[c] for c in 'CABD'))"),
        (
            WALK,
            "signs = {'forward': 1, 'backward': -1, 'right': 0}\nx = 0\nfor way in ['backward', 'forward', 'right']:\n    x += 5 * signs[way]\nprint('Yes' if x == 0 else 'No')",
        ),
    ],
    "lights that are switched": [
        (
            LIGHTS,
            "g = [[0,0,0],[0,1,0],[1,1,0]]\nfor r, c in [(1,1), (1,3), (2,2)]:\n    g[r-1][c-1] = 1 - g[r-1][c-1]\nprint(g)",
        ),
        (LIGHTS, "g = [[0,0,0],[0,1,0],[1,1,0]]\nprint([[0 if c == 1 else 1 for c in row] for row in g])"),
        (LIGHTS, "g = [[0,0,0],[0,1,0],[1,1,0]]\nprint(sum(map(sum, g)))"),
    ],
    "a formula on what is stated": [
        (WAYS, "from math import factorial\nprint(factorial(35 + 47) // (factorial(35) * factorial(47)))"),
        (WAYS, "import math\nprint(math.comb(82, 35))"),
        (WAYS, "import math\neast, north = 35, 47\nprint(math.comb(east + north, north))"),
    ],
}


def cases(kinds: dict[str, list[tuple[str, str]]]) -> list[object]:
    return [
        pytest.param(question, program, id=f"{kind} {number}")
        for kind, programs in kinds.items()
        for number, (question, program) in enumerate(programs, 1)
    ]


@pytest.mark.parametrize(("question", "program"), cases(TRIVIAL))
def test_what_was_worked_out_by_its_writer_is_too_simple(question: str, program: str) -> None:
    assert rate(program, question).score <= TOO_SIMPLE


@pytest.mark.parametrize(("question", "program"), cases(REAL))
def test_its_neighbours_compute(question: str, program: str) -> None:
    assert rate(program, question).score > TOO_SIMPLE


def test_of_a_session_it_is_said_that_its_results_are_typed_in() -> None:
    found = rate(">>> 23 * 585\n13455", PRODUCT)
    assert found.suspicious
    assert "results are typed in" in found.note
