"""Where something is to be found: what its writer found is no answer, walked through, added up or tested as it may be."""

from __future__ import annotations

import pytest

from codesteer_kernel.checkers import rate
from codesteer_kernel.checkers.symbolic import TOO_SIMPLE
from codesteer_kernel.checkers.symbolic.question import Question

ORDER = "A potter has four pots to fire: jug (2 hours), bowl (5 hours), vase (3 hours), dish (1 hour). In which order must he fire them?"
PACK = "A sledge carries 9 kg. There are a drum (4 kg, 30 coins), a lamp (3 kg, 20 coins) and a coat (6 kg, 35 coins). Which load is worth most?"
HOUSES = "Udo, Vera and Willi each own one animal: a hen, a cat or a pony. Udo does not own the cat. Vera owns the pony. Who owns the cat?"
RIVER = "A ferry takes two goats and a wolf over. List the crossings."
SPLIT = "Split the weights 8, 3, 6, 5, 4 into two groups of equal weight."
WORD = "Find a single English word that is an anagram of 'listen'."
LEAD = "Ada scored 31, Bo scored 44 and Cy scored 12 points. Who leads?"
SIGNS = "Put plus or minus between the digits 1 2 3 4 so that the value is 2."
BOXES = "Box A holds 9 nuts, box B holds 2 and box C holds 5. Three nuts go from A to B. Which box holds most now?"

FOUND = {
    "an order that is walked through": (
        ORDER,
        (
            "hours = {'jug': 2, 'bowl': 5, 'vase': 3, 'dish': 1}\nt = 0\nfor pot in ['dish', 'jug', 'vase', 'bowl']:\n"
            "    t += hours[pot]\n    print(pot, t)"
        ),
    ),
    "a selection that is added up and tested": (
        PACK,
        (
            "goods = {'drum': (4, 30), 'lamp': (3, 20), 'coat': (6, 35)}\nload = ['lamp', 'coat']\n"
            "kg = sum(goods[g][0] for g in load)\nif kg <= 9:\n    print(load, kg)\nelse:\n    print('too heavy')"
        ),
    ),
    "a finished table of records": (
        HOUSES,
        (
            "rows = [{'name': 'Willi', 'animal': 'cat'}, {'name': 'Vera', 'animal': 'pony'}, {'name': 'Udo', 'animal': 'hen'}]\n"
            "for row in rows:\n    if row['animal'] == 'cat':\n        print(row['name'])"
        ),
    ),
    "a finished table of objects": (
        HOUSES,
        (
            "class Owner:\n    def __init__(self, name, animal):\n        self.name = name\n        self.animal = animal\n"
            "owners = [Owner('Udo', 'hen'), Owner('Willi', 'cat'), Owner('Vera', 'pony')]\n"
            "for one in owners:\n    if one.animal == 'cat':\n        print(one.name)"
        ),
    ),
    "a plan that is carried out": (
        RIVER,
        (
            "plan = ['goat over', 'back', 'wolf over', 'goat back', 'goat over']\nside = 0\nfor step in plan:\n"
            "    side = 1 - side\n    print(step, side)\nprint('done')"
        ),
    ),
    "groups that are compared": (
        SPLIT,
        (
            "weights = [8, 3, 6, 5, 4]\nhalf = sum(weights) // 2\none, other = [8, 5], [6, 3, 4]\nprint('Each has', half)\n"
            "if sum(one) == sum(other):\n    print(one, other)\nelse:\n    print('no')"
        ),
    ),
    "a word that is tested": (
        WORD,
        (
            "def same(a, b):\n    return sorted(a) == sorted(b)\nfound = 'silent'\nif same('listen', found):\n"
            "    print(found.upper())\nelse:\n    print('none')"
        ),
    ),
    "an answer after a search that is left unused": (
        ORDER,
        (
            "import itertools\nn = 0\nfor p in itertools.permutations(['jug', 'bowl', 'vase', 'dish']):\n    n += 1\n"
            "print('tried', n)\nbest = ['dish', 'jug', 'vase', 'bowl']\nprint('Order:', ', '.join(best))"
        ),
    ),
    "an answer after words about the way": (
        HOUSES,
        (
            "import itertools\nfor p in itertools.permutations(['hen', 'cat', 'pony']):\n    if p[1] == 'pony' and p[0] != 'cat':\n"
            "        print('Found one')\nanswer = 'Willi'\nprint('It is', answer)"
        ),
    ),
    "signs": (
        SIGNS,
        "text = ''\nfor d, s in zip('1234', ['-', '-', '+', '']):\n    text += d + s\nif eval(text) == 2:\n    print(text)",
    ),
    "numbers that were given to other names": (
        BOXES,
        "boxes = {'A': 5, 'B': 9, 'C': 2}\nprint('Box', max(boxes, key=boxes.get))",
    ),
}

FOUND |= {
    "the one candidate that may pass": (
        ORDER,
        (
            "import itertools\nright = ('dish', 'jug', 'vase', 'bowl')\nfor p in itertools.permutations(['jug', 'bowl', 'vase', 'dish']):\n"
            "    if p == right:\n        print(p)"
        ),
    ),
    "a single candidate": (
        "A number leaves 2 when divided by 5 and 3 when divided by 7. Which is the least?",
        "for n in [17]:\n    if n % 5 == 2 and n % 7 == 3:\n        print(n)",
    ),
    "a cache that holds the answer": (
        "What is the 30th Fibonacci number?",
        "memo = {1: 1, 2: 1, 30: 832040}\ndef fib(n):\n    if n in memo:\n        return memo[n]\n    return fib(n - 1) + fib(n - 2)\nprint(fib(30))",
    ),
    "corrections of the writer": (
        "Correct the spelling: 'He recieved it untill then.'",
        (
            "text = 'He recieved it untill then.'\nfor a, b in {'recieved': 'received', 'untill': 'until'}.items():\n"
            "    text = text.replace(a, b)\nprint(text)"
        ),
    ),
    "an option that is known by its letter": (
        "Which is the largest? Options: (A) a hen (B) a cow (C) a cat",
        "for o in ['(A) a hen', '(B) a cow', '(C) a cat']:\n    if o.startswith('(B)'):\n        print(o)",
    ),
    "a square that is tested": (
        "Complete the magic square with 1 to 9, each once: 2 7 6 / 9 ? ? / ? ? 8.",
        "q = [[2, 7, 6], [9, 5, 1], [4, 3, 8]]\nprint([sum(r) for r in q])\nfor r in q:\n    print(r)",
    ),
    "an assignment that adds up": (
        "Solve the cryptarithm AB + B = BA.",
        (
            "m = {'A': 8, 'B': 9}\ndef number(word):\n    n = 0\n    for c in word:\n        n = n * 10 + m[c]\n    return n\n"
            "print(number('AB'), '+', number('B'), '=', number('BA'))"
        ),
    ),
    "a schedule that is sorted": (
        "Talks on ants, bees and cats begin at 9:00, 10:00 and 11:00. Cats are not first, bees come after cats. At what time is each?",
        "plan = {'bees': '11:00', 'ants': '9:00', 'cats': '10:00'}\nfor talk, at in sorted(plan.items(), key=lambda x: x[1]):\n    print(talk, at)",
    ),
}

COMPUTED = {
    "an order by what is stated": (
        ORDER,
        "hours = {'jug': 2, 'bowl': 5, 'vase': 3, 'dish': 1}\nprint(sorted(hours, key=hours.get))",
    ),
    "a selection among all": (
        PACK,
        (
            "from itertools import combinations\ngoods = {'drum': (4, 30), 'lamp': (3, 20), 'coat': (6, 35)}\nbest = None\n"
            "for n in range(4):\n    for load in combinations(goods, n):\n        if sum(goods[g][0] for g in load) <= 9:\n"
            "            worth = sum(goods[g][1] for g in load)\n            if best is None or worth > best[0]:\n"
            "                best = worth, load\nprint(best)"
        ),
    ),
    "candidates that are told apart": (
        HOUSES,
        (
            "from itertools import permutations\nnames = ['Udo', 'Vera', 'Willi']\nfor a in permutations(['hen', 'cat', 'pony']):\n"
            "    own = dict(zip(names, a))\n    if own['Udo'] != 'cat' and own['Vera'] == 'pony':\n"
            "        for name in names:\n            if own[name] == 'cat':\n                print(name)"
        ),
    ),
    "a way that is searched": (
        RIVER,
        (
            "from collections import deque\nqueue = deque([((1, 1), ())])\nseen = set()\nwhile queue:\n    state, way = queue.popleft()\n"
            "    if state == (0, 0):\n        print(way)\n        break\n    for n in (0, 1):\n"
            "        new = tuple(0 if i == n else s for i, s in enumerate(state))\n        if new not in seen:\n"
            "            seen.add(new)\n            queue.append((new, way + (n,)))"
        ),
    ),
    "groups that are searched": (
        SPLIT,
        (
            "w = [8, 3, 6, 5, 4]\nfor mask in range(32):\n    one = [x for i, x in enumerate(w) if mask >> i & 1]\n"
            "    if 2 * sum(one) == sum(w):\n        print(one)\n        break"
        ),
    ),
    "the first of several, by a loop": (
        LEAD,
        (
            "points = {'Ada': 31, 'Bo': 44, 'Cy': 12}\nbest = 0\nfor name, p in points.items():\n    if p > best:\n"
            "        best, leader = p, name\nprint(leader)"
        ),
    ),
    "recursion from a table of neighbours": (
        "Colour the regions K, L, M and N with red, green and blue. K borders L and M; L borders M; M borders N.",
        (
            "near = {'K': ['L', 'M'], 'L': ['K', 'M'], 'M': ['K', 'L', 'N'], 'N': ['M']}\n"
            "def go(done, todo):\n    if not todo:\n        return done\n    for c in ['red', 'green', 'blue']:\n"
            "        if all(done.get(n) != c for n in near[todo[0]]):\n            got = go({**done, todo[0]: c}, todo[1:])\n"
            "            if got:\n                return got\nprint(go({}, list(near)))"
        ),
    ),
    "one entry that a result picks": (
        "3 May 2021 was a Monday. On which day of the week is the day 45 days later?",
        "days = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']\nprint(days[(0 + 45) % 7])",
    ),
    "how many of several statements are true": (
        "One of three broke the cup. Ida says 'Jan did it.' Jan says 'I did not.' Kim says 'I did not.' One statement is true. Who broke it?",
        (
            "for who in ['Ida', 'Jan', 'Kim']:\n    told = [who == 'Jan', who != 'Jan', who != 'Kim']\n"
            "    if told.count(True) == 1:\n        print(who)"
        ),
    ),
    "statements counted one after the other": (
        "One of three broke the cup. Ida says 'Jan did it.' Jan says 'I did not.' Kim says 'I did not.' One statement is true. Who broke it?",
        (
            "for who in ['Ida', 'Jan', 'Kim']:\n    n = 0\n    if who == 'Jan':\n        n += 1\n    if who != 'Jan':\n        n += 1\n"
            "    if who != 'Kim':\n        n += 1\n    if n == 1:\n        culprit = who\nprint(culprit)"
        ),
    ),
    "a cache that is filled": (
        "What is the 30th Fibonacci number?",
        "memo = {1: 1, 2: 1}\ndef fib(n):\n    if n in memo:\n        return memo[n]\n    memo[n] = fib(n - 1) + fib(n - 2)\n    return memo[n]\nprint(fib(30))",
    ),
    "numbers that the names have": (
        BOXES,
        "boxes = {'A': 9, 'B': 2, 'C': 5}\nboxes['A'] -= 3\nboxes['B'] += 3\nprint('Box', max(boxes, key=boxes.get))",
    ),
}


@pytest.mark.parametrize("kind", FOUND)
def test_a_find_of_the_writer_is_no_answer(kind: str) -> None:
    question, program = FOUND[kind]
    assert rate(program, question).score <= TOO_SIMPLE


@pytest.mark.parametrize("kind", COMPUTED)
def test_what_a_program_looks_for_itself_is_one(kind: str) -> None:
    question, program = COMPUTED[kind]
    assert rate(program, question).score > TOO_SIMPLE


@pytest.mark.parametrize(
    ("text", "seeks"),
    [
        ("Who leads?", True),
        ("In which order do they stand?", True),
        ("Give the moves.", True),
        ("How many people know who leads?", False),
        ("Does this plan keep all the rules?", False),
        ("What is 7 times 8?", False),
    ],
)
def test_a_question_says_whether_something_is_to_be_chosen(text: str, seeks: bool) -> None:
    assert Question(text).seeks_choice is seeks


def test_a_list_is_the_questions_if_it_stands_there_in_that_order() -> None:
    asked = Question("There are a jug, a bowl, a vase and a dish.")
    assert asked.tells_list(["jug", "vase"])
    assert not asked.tells_list(["vase", "jug"])
    assert asked.lists(["jug", "bowl", "vase", "dish"])
    assert not asked.lists(["jug", "dish"])


def test_numbers_belong_to_the_names_near_by_or_in_the_same_order() -> None:
    asked = Question("Ann has 4 and Bea has 9 sweets. Cleo, Dora and Emma, who are three sisters, have 5, 2 and 7.")
    assert asked.tells_pairs([("Ann", 4), ("Bea", 9)])
    assert asked.tells_pairs([("Cleo", 5), ("Dora", 2), ("Emma", 7)])
    assert not asked.tells_pairs([("Cleo", 7), ("Dora", 5), ("Emma", 2)])


@pytest.mark.parametrize("number", ["1e999", "-1e999", "0x" + "f" * 6_000, "1e-999", "True"])
def test_numbers_beyond_all_use_are_no_facts(number: str) -> None:
    program = f"d = {{'Ann': {number}, 'Bea': 4}}\nl = [{number}, 3, 4, 5]\nfor x in l:\n    print(x, d['Ann'], max(d, key=d.get))"
    assert rate(program, "Ann has 3 and Bea 4. Who has most?").score >= 0
