"""Marks spread from the literals and sources of a program to all that is made of them.

A value is of a *fact* if it stems from what the question states, or from what the program does not spell out (counters,
chance, the outside); it *varies* if it was worked out from facts or is one of many.
"""

from __future__ import annotations

from codesteer_kernel.checkers.symbolic.choosing import choose
from codesteer_kernel.checkers.symbolic.graph import Function, Kind, Value
from codesteer_kernel.checkers.symbolic.library import COUNTS
from codesteer_kernel.checkers.symbolic.marks import (
    ATOMS,
    FACT,
    FOREIGN,
    POOR,
    READ,
    RICH,
    STRUCTURAL,
    VARIES,
    Marks,
    is_written,
)
from codesteer_kernel.checkers.symbolic.working import PLAIN, Working

__all__ = ["mark"]

# What holds the numbers of a range.
_HOLD = {"builtins.list", "builtins.tuple", "builtins.set", "collections.deque"}
# Of so few numbers the order tells nothing; so many columns are looked at.
_FEW, _COLUMNS = 4, 50
# Fewer names with lists of names are no graph.
_GRAPH = 3
# What decides a choice may itself be chosen: so often are choices looked at again.
_ROUNDS = 3


def mark(marks: Marks, given: list[Function]) -> None:
    """Mark all values of ``marks``. Functions that are ``given`` may be called by what is not there to be seen."""
    _Marking(marks).run(given)


class _Marking:
    def __init__(self, marks: Marks) -> None:
        self.marks = marks
        self.question = marks.question
        self.working = Working(marks)

    def run(self, given: list[Function]) -> None:
        for value in self.marks.values:
            if value.kind is Kind.LITERAL:
                self.marks.set(value, self._literal(value))
            elif (
                value.kind is Kind.SOURCE
                or self.marks.is_counter(value)
                or (value.kind is Kind.ITEM and any(part.what in COUNTS for part in value.inputs))
            ):
                self.marks.set(value, FACT | READ | VARIES)
            elif value.kind is Kind.SHAPE and value.what in _HOLD and any(part.what in COUNTS for part in value.inputs):
                self.marks.set(value, FACT | READ)
            elif value.kind is Kind.WORK and self.working.works_anyway(value):
                self._work(value)
            if value.kind not in (Kind.LITERAL, Kind.PICK) and value.what not in POOR:
                self.marks.set(value, RICH)
        for function in given:
            for parameter in function.parameters.values():
                self.marks.set(parameter, FACT | READ | VARIES | RICH)
        self._spread()
        for _ in range(_ROUNDS):
            choose(self.marks)
            if not self.marks.changed:
                break
            self._spread()

    def _literal(self, value: Value) -> int:
        """The marks of a literal: whether it is a fact of the question, or looks like an answer that is none."""
        if value.what != "constant":
            atoms = list(self.marks.atoms(value))
            # Texts one after the other, or numbered ones.
            numbered = value.what == "Dict" and not any(one.text for one in value.parts[::2])
            texts = value.parts[1::2] if numbered else value.parts if value.what in ("List", "Tuple") else ()
            ordered = len(texts) > 2 and all(one.text for one in texts)
            stated = (
                self.question.states_all(atoms, ordered=ordered) and self._is_paired(value) and self._is_told(value)
            )
            if _is_graph(value) or stated:
                return FACT | READ | (0 if self.question.known else FOREIGN)
            return FOREIGN if atoms else 0
        constant = value.known
        text = isinstance(constant, str)
        if self.question.states(constant) or self.question.knows(constant):
            fact = FACT | (READ if text else 0)
            # Where the question is not known, digits in a text are as likely an answer.
            return fact | (FOREIGN if not self.question.known and text and _has_digit(constant) else 0)
        if not self.question.known or isinstance(constant, bool):
            return 0
        foreign = _has_digit(constant) if text else isinstance(constant, int | float | complex)
        return FOREIGN if foreign and constant not in STRUCTURAL else 0

    def _is_paired(self, value: Value) -> bool:
        """Tell whether a table of numbers by name, if ``value`` is one, gives each name the question's number."""
        if value.what != "Dict" or not self.question.known:
            return True
        pairs = [(one.known, other.known) for one, other in zip(value.parts[::2], value.parts[1::2], strict=True)]
        told = [(name, number) for name, number in pairs if isinstance(name, str) and type(number) in (int, float)]
        return len(told) < len(pairs) or self.question.tells_pairs(told[:ATOMS])

    def _is_told(self, value: Value) -> bool:
        """Tell whether numbers in a list stand in the question's order, and each column of numbers is the question's."""
        if value.what == "Dict":
            columns = [one.parts for one in value.parts[1::2] if one.what == "List"]
            told = [[one.known for one in column if type(one.known) in (int, float)] for column in columns[:_COLUMNS]]
            return all(self.question.states_all(numbers) for numbers in told if len(numbers) > 1)
        numbers = [one.known for one in value.parts[:ATOMS] if type(one.known) in (int, float)]
        return len(numbers) < max(_FEW, len(value.parts)) or self.question.tells_numbers(numbers)

    def _work(self, value: Value) -> None:
        self.marks.works[value.index] = True
        self.marks.set(value, FACT | READ | VARIES | (RICH if value.what == "step" else 0))

    def _spread(self) -> None:
        while self.marks.changed:
            source = self.marks.changed.popleft()
            choosers = self.marks.choosers.get(source.index, ())
            self.marks.steps += 1 + len(self.marks.users[source.index]) + len(choosers)
            for user in self.marks.users[source.index]:
                self._reach(source, user)
            for user in choosers:
                if self.marks.real[user.index] and self.marks.has(source, VARIES):
                    self.marks.set(user, FACT | READ | VARIES | RICH)

    def _reach(self, source: Value, user: Value) -> None:
        """The marks of ``source`` reach ``user``, which is made of it."""
        marks = self.marks.of(source)
        told = marks & ~RICH
        if user.kind is Kind.WORK or (user.kind is Kind.CALL and user.site is not None and not user.site.resolved):
            self.marks.fed[user.index] |= bool(marks & RICH)
            if user.what == "builtins.len" and marks & VARIES:
                self.marks.set(user, RICH)
            if self.working.counts(user, source):
                self._work(user)
            elif not self.working.counts_up(user, source):
                passes = FOREIGN | (FACT | READ if user.what in PLAIN else 0) | (VARIES if user.what == "step" else 0)
                self.marks.set(user, marks & passes)
        elif user.kind is Kind.ITEM:
            self.marks.set(user, told & ~VARIES | (VARIES if marks & FACT else 0))
        elif user.what == "index":
            # Where in a list says nothing of what is in it; which entry of a table varies with what is looked up.
            base, place = user.inputs
            if source is place and is_written(place) and is_written(base):
                # What was written there is looked up by its name.
                return
            if source is base or not marks & VARIES or marks & RICH:
                self.marks.set(user, told if source is base else told & (FACT | READ))
            if self.working.is_invented(base):
                return
            reaches = self.marks.has(base, FACT) or self.marks.has(place, RICH) or place.what == "step"
            if self.marks.has(place, VARIES) and reaches:
                self.marks.set(user, FACT | READ | VARIES)
        elif user.what == "repeat" and not source.text and source.kind is Kind.LITERAL:
            # How wide a line is drawn is no answer.
            self.marks.set(user, told & ~FOREIGN)
        elif user.what != "place" or marks & RICH:
            self.marks.set(user, marks if user.kind is Kind.PICK else told)


def _is_graph(value: Value) -> bool:
    """Tell whether ``value`` gives for each of several names a list of such names: who is next to whom is no answer."""
    if value.what != "Dict" or len(value.parts) < 2 * _GRAPH:
        return False
    names = {one.index for one in value.parts[::2] if one.text}
    lists = value.parts[1::2]
    return len(names) == len(lists) and all(
        one.what in ("List", "Tuple", "Set") and bool(one.parts) and {part.index for part in one.parts} <= names
        for one in lists
    )


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text[:ATOMS])
