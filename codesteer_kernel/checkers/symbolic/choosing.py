"""Choices: which of them could really say something else, and so make what is shown depend on what decides them."""

from __future__ import annotations

from collections import deque

from codesteer_kernel.checkers.symbolic.graph import Kind, Value
from codesteer_kernel.checkers.symbolic.marks import FACT, FOREIGN, READ, RICH, STRUCTURAL, TESTS, VARIES, Marks

__all__ = ["choose"]

# What a choice may choose: nothing, something computed, more than a truth computed, a number of the question.
_BLANK, _COMPUTED, _MORE, _FIGURE = 1, 2, 4, 8


class _Alternatives:
    """What a choice chooses from: ``kinds`` of things, ``words``, ``answers``; two of the last are told apart."""

    __slots__ = ("answers", "kinds", "words")

    def __init__(self) -> None:
        self.kinds = 0
        self.words: set[int] = set()
        self.answers: set[int] = set()

    def add(self, other: _Alternatives) -> bool:
        """Take in ``other``; tell whether that changed anything."""
        changed = False
        if other.kinds & ~self.kinds:
            self.kinds |= other.kinds
            changed = True
        if len(self.words) < 2 and not other.words <= self.words:
            self.words |= other.words
            changed = True
        if len(self.answers) < 2 and not other.answers <= self.answers:
            self.answers |= other.answers
            changed = True
        return changed

    def is_real(self, *, chosen: bool) -> bool:
        """Tell whether the program could really say something else.

        One written answer against nothing or against words (``No solution found``) is no choice: it is an answer that
        was written down and, at best, tested. Where one of several things is to be ``chosen``, nor is one against nothing.
        """
        if self.kinds & _COMPUTED or len(self.answers) > 1 or (self.kinds & _FIGURE and self.answers):
            return True
        blank = bool(self.kinds & _BLANK) and not chosen
        return not self.answers and (len(self.words) > 1 or (bool(self.words) and blank))


def choose(marks: Marks) -> None:
    """Find the choices that are real (see :class:`_Alternatives`) and mark them; to be called again on new marks."""
    picks = [value for value in marks.values if value.kind is Kind.PICK]
    found = {pick.index: _Alternatives() for pick in picks}
    for pick in picks:
        for part in pick.inputs:
            if part.kind is not Kind.PICK:
                found[pick.index].add(_alternative(marks, part))
    queue = deque(picks)
    waiting = bytearray(b"\1") * len(marks.values)
    while queue:
        pick = queue.popleft()
        waiting[pick.index] = False
        mine = found[pick.index]
        users = marks.users[pick.index]
        marks.steps += 1 + len(users)
        for user in users:
            if user.kind is Kind.PICK and found[user.index].add(mine) and not waiting[user.index]:
                waiting[user.index] = True
                queue.append(user)
    marks.counted = {pick.index for pick in picks if pick.control and found[pick.index].kinds & _MORE}
    for pick in picks:
        if (
            pick.control
            and not marks.real[pick.index]
            and found[pick.index].is_real(chosen=marks.question.seeks_choice)
        ):
            marks.real[pick.index] = True
            if any(marks.has(part, VARIES) for part in pick.control):
                marks.set(pick, FACT | READ | VARIES | RICH)


def _alternative(marks: Marks, value: Value) -> _Alternatives:
    """What ``value`` is to a choice that may pick it."""
    one = _Alternatives()
    shown = value.inputs[1:] if value.kind is Kind.PRINT else [value]
    if value.kind is Kind.LITERAL and (value.known in (None, "") if value.what == "constant" else not value.parts):
        one.kinds = _BLANK
    elif value.kind is Kind.WORK or any(marks.has(part, VARIES) for part in shown):
        one.kinds = _COMPUTED | (0 if value.what in TESTS else _MORE)
    elif any(marks.has(part, FOREIGN) or part.what == "index" for part in shown) or _may_be_answer(marks, value):
        # Not stated by the question, or an entry picked by hand.
        one.answers.add(value.index)
        if value.what == "index" and value.inputs[1].kind is Kind.ITEM:
            # Any of several entries.
            one.answers.add(-1)
    else:
        one.words.add(value.index)
        one.kinds = _FIGURE if isinstance(value.known, int | float) and marks.has(value, FACT) else 0
    return one


def _may_be_answer(marks: Marks, value: Value) -> bool:
    """Tell whether ``value`` is a number that, for all that is known, was worked out by hand."""
    number = isinstance(value.known, int | float) and not isinstance(value.known, bool)
    return number and not marks.question.known and value.known not in STRUCTURAL
