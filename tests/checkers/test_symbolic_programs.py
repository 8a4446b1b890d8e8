"""The labelled programs: what they are, and how the symbolic checker and the published rules tell them apart."""

from __future__ import annotations

import ast
import hashlib
import re
from collections import Counter

import pytest

from benchmarks.symbolic import CHECKERS, HALVES, Half, Measured, measure, programs, reread
from benchmarks.symbolic_programs import QUESTIONS
from codesteer_kernel.checkers.published import rate_published
from codesteer_kernel.evaluation.published import complexity
from codesteer_kernel.symbench import get
from codesteer_kernel.symbench.problem import Value

# The problem of an evaluation that a program was written for.
_EVALUATED = re.compile(r", (\w+) level (\d+|complexity .+) seed (\d+)$")


def test_the_set_is_what_its_readme_says() -> None:
    rows = programs()
    assert len(rows) >= 120
    assert sum(row.by_model for row in rows) >= 0.4 * len(rows)
    assert len({row.id for row in rows}) == len(rows)
    for row in rows:
        assert row.id == hashlib.sha256(row.program.encode()).hexdigest()
        assert row.question
        assert row.why
        if row.by_model:
            assert row.origin.startswith("qwen2.5-coder-")
            evaluated = _EVALUATED.search(row.origin)
            if evaluated is None:
                assert row.question in QUESTIONS
            else:
                name, level, seed = evaluated.groups()
                assert row.question == get(name).generate(int(seed), level_of(name, level)).question


def level_of(task: str, level: str) -> int | dict[str, Value]:
    """The level that an evaluation calls ``level``: a number, or a setting of the published curves."""
    if level.isdecimal():
        return int(level)
    label = level.removeprefix("complexity ")
    setting = next(one for one in complexity().tasks[task].settings if one.label == label)
    return get(task).resolve({name: int((low + high) / 2) for name, (low, high) in setting.knobs.items()})


@pytest.mark.parametrize("half", HALVES)
def test_both_halves_hold_enough_of_both_kinds(half: Half) -> None:
    rows = programs(half)
    labels = Counter(row.label for row in rows)
    assert min(labels.values()) >= 0.25 * len(rows)
    assert sum(row.by_model for row in rows) >= 0.4 * len(rows)


def test_the_hash_alone_says_what_was_held_out() -> None:
    assert {row.id[0] for row in programs("held out")} <= set("13579bdf")


def test_no_program_stands_in_the_set_twice() -> None:
    forms: Counter[str] = Counter()
    for row in programs():
        try:
            forms[ast.dump(ast.parse(row.program))] += 1
        except SyntaxError:
            forms[row.program] += 1
    assert forms.most_common(1)[0][1] == 1


@pytest.mark.parametrize(
    ("program", "score"),
    [
        # Letters count, wherever they stand; so do comments.
        ('information = "before the platform performs"\nprint(information)', 5.0),
        ("# a specific, modified and different try: format each entry\nprint('<<<5>>>')", 6.0),
        ("from itertools import permutations\nprint(list(permutations('ab')))", 0.0),
        ("print(sum([n * n for n in range(10) if n % 3]))", 2.5),
        ("import z3\nx = z3.Int('x')", 0.0),
        ("for a in b:\n    if a:\n        c = a + 1\n    elif b:\n        pass", 3.25),
        ("print(", 0.0),
    ],
)
def test_the_published_rules_are_the_published_ones(program: str, score: float) -> None:
    assert rate_published(program).score == score


def test_the_label_of_a_held_out_program_is_what_most_of_its_readers_said() -> None:
    rows, readings = programs("held out"), reread()
    assert set(readings) == {row.id for row in rows}
    assert all(readings[row.id].readers.count(row.label) >= 2 for row in rows)
    assert sum(readings[row.id].readers.count(row.label) for row in rows) >= 0.97 * 3 * len(rows)


def held_out(name: str) -> Measured:
    return measure(programs("held out"), CHECKERS[name])


def test_ours_is_better_than_the_published_rules_on_programs_it_was_not_tuned_on() -> None:
    ours, published = held_out("ours"), held_out("published rules")
    assert ours.precision > published.precision + 0.2
    assert ours.recall > published.recall + 0.1
    without_question = held_out("ours, question unknown")
    # What is to be found is then not known, and what is stated has to be guessed.
    assert without_question.precision > published.precision + 0.2
    assert balance(without_question) > balance(published)


def balance(measured: Measured) -> float:
    """The harmonic mean of precision and recall."""
    return 2 * measured.right / (2 * measured.right + measured.wrong + measured.missed)
