"""What the output of a program is made of: worked out from facts, or written down.

Marks spread from values to what is made of them. A value is of a *fact* if it stems from what the question states, or
from what the program does not spell out (counters, chance, the outside); it *varies* if it was worked out from facts or
is one of many. Operations count where they meet facts; choices count where what decides varies and the program could
really say something else. What counts and reaches the output is what the program computes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from operator import and_

import msgspec

from codesteer_kernel.checkers.symbolic.circles import circles_of
from codesteer_kernel.checkers.symbolic.graph import TRUTHS, Function, Kind, Loop, Value
from codesteer_kernel.checkers.symbolic.library import AGGREGATES, COUNTS, Meaning, meaning_of, method_of
from codesteer_kernel.checkers.symbolic.question import Question
from codesteer_kernel.checkers.symbolic.statements import Flow

__all__ = ["Findings", "judge"]

# Marks. FACT: of a fact of the question. READ: of one that is read off a text or a list, not a number in a formula.
# VARIES: worked out from facts, or one of many. FOREIGN: a number or a list that the question does not state, which is
# what an answer looks like. RICH: more than literals and bare counters.
FACT, READ, VARIES, FOREIGN, RICH = 1, 2, 4, 8, 16
# Part of nearly every program, so no answer.
_STRUCTURAL = (0, 1, "0", "1")
# What formulas on written numbers are made of.
_ARITHMETIC = {"step", "sum", "product", "negate"}
# Steps that can be made by hand, one after the other: on plain facts they work only where such steps may be asked for.
_PLAIN = {
    "step",
    "sum",
    "product",
    "builtins.eval",
    ".pop",
    ".popleft",
    ".remove",
    ".insert",
    ".appendleft",
    ".extendleft",
    ".rotate",
    ".reverse",
}
# What a test ends in, and how many are looked at.
_TESTS = TRUTHS | {"builtins.all", "builtins.any"}
_TESTED = 20
# Counting from one thing to the next, and up to the length of a list: no more than going through it.
_POOR = {"counter", "step", "builtins.len"} | COUNTS
# What libraries do with all numbers of a range at once.
_BY_ELEMENT = {"sum", "product", "step", "equals", "compares"}
# What holds the numbers of a range.
_HOLD = {"builtins.list", "builtins.tuple", "builtins.set", "collections.deque"}
# What picks one of several by what it works out of them.
_CHOOSING = {"builtins.min", "builtins.max", "builtins.sorted", "builtins.filter", "builtins.next"}
_SOLVERS = {"constraint solver", "symbolic algebra"}
_TAKEN = {".pop", ".popleft", "heapq.heappop"}
# Constants looked at in one literal; longer tables are judged by their beginning.
_ATOMS = 5_000
# What decides a choice may itself be chosen: so often are choices looked at again.
_ROUNDS = 3
# So many indices a table has at most.
_INDICES = 4
# A counter is set and counted on in few places.
_COUNTED = 10


class Findings(msgspec.Struct, kw_only=True):
    """What reaches the output.

    ``works``: something is worked out. ``shows``: something is shown. ``outside``: something comes from outside the
    program. ``idle``: something is worked out that does not reach the output. ``foreign``: what is shown holds numbers or
    lists that the question does not state. ``loops`` counts working loops by depth, the outermost first; ``branches`` counts choices that matter; ``endless`` are the lines of loops that nothing ends.
    ``steps`` counts the marks and values that were looked at.
    """

    works: bool
    shows: bool
    outside: bool
    idle: bool
    foreign: bool
    methods: list[str]
    loops: list[int]
    branches: int
    endless: list[int]
    steps: int


def judge(flow: Flow, question: Question, *, broken: bool = False, cut: bool = False) -> Findings:
    """Judge what ``flow`` shows against the facts of ``question``.

    Of a ``broken`` program, what it binds counts like what it shows; of one that was ``cut`` off, all that it does.
    """
    return _Judge(flow, question, broken, cut).findings()


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

    @property
    def real(self) -> bool:
        """Whether the program could really say something else.

        One written answer against nothing or against words (``No solution found``) is no choice: it is an answer that
        was written down and, at best, tested.
        """
        if self.kinds & _COMPUTED or len(self.answers) > 1 or (self.kinds & _FIGURE and self.answers):
            return True
        return not self.answers and (len(self.words) > 1 or (bool(self.words) and bool(self.kinds & _BLANK)))


class _Judge:
    def __init__(self, flow: Flow, question: Question, broken: bool, cut: bool) -> None:
        self.flow = flow
        self.graph = flow.graph
        self.values = flow.graph.values
        self.question = question
        self.broken = broken
        self.cut = cut
        self.steps = 0
        count = len(self.values)
        self.marks = bytearray(count)
        # Of operations: whether one of their inputs is rich.
        self.fed = bytearray(count)
        # Operations that count, choices that do, and tests of an answer that was written down.
        self.works = bytearray(count)
        self.real = bytearray(count)
        self.guesses = bytearray(count)
        # Variables with more than one value, and operations that are made anew from such a variable of their own.
        self.several = bytearray(
            len(set(map(id, one.inputs))) > 1 if one.kind is Kind.PICK else False for one in self.values
        )
        # By the index of an operation on nothing but written numbers: how many of them are no surprise, and how many it has.
        self.formulas = self._formulas()
        # The circle that a value lies on, if a loop runs it: it is then made of what it was the run before.
        self.circles = circles_of(self.values)
        self.users: list[list[Value]] = [[] for _ in range(count)]
        self.choosers: dict[int, list[Value]] = {}
        for value in self.values:
            for part in value.inputs:
                self.users[part.index].append(value)
            for part in value.control:
                self.choosers.setdefault(part.index, []).append(value)
        # Choices between what was worked out, such as how often something was counted.
        self.counted: set[int] = set()
        self.queue: deque[Value] = deque()
        self.recursive = self._recursive()
        self.reached = self._reached()

    # -- marks ---------------------------------------------------------------------------------------------------------

    def _mark(self) -> None:
        for value in self.values:
            if value.kind is Kind.LITERAL:
                self._set(value, self._literal(value))
            elif (
                value.kind is Kind.SOURCE
                or self._is_counter(value)
                or (value.kind is Kind.ITEM and any(part.what in COUNTS for part in value.inputs))
            ):
                self._set(value, FACT | READ | VARIES)
            elif value.kind is Kind.SHAPE and value.what in _HOLD and any(part.what in COUNTS for part in value.inputs):
                self._set(value, FACT | READ)
            elif value.kind is Kind.WORK and self._works_anyway(value):
                self._work(value)
            if value.kind not in (Kind.LITERAL, Kind.PICK) and value.what not in _POOR:
                self._set(value, RICH)
        idle = [one for one in self.graph.functions if one not in self.reached]
        # Nobody ends a program with a name that means nothing and functions that nobody calls.
        dangling = any(one.what == "display" and one.inputs[1].what == "outside" for one in self.values)
        self.cut = self.cut or (dangling and bool(idle))
        for function in idle if self.cut else ():
            # What is missing may have called it.
            for parameter in function.parameters.values():
                self._set(parameter, FACT | READ | VARIES | RICH)
        self._spread()
        for _ in range(_ROUNDS):
            self._choices()
            if not self.queue:
                break
            self._spread()

    def _literal(self, value: Value) -> int:
        """The marks of a literal: whether it is a fact of the question, or looks like an answer that is none."""
        if value.what != "constant":
            atoms = list(_atoms(value))
            # Texts one after the other, or numbered ones.
            numbered = value.what == "Dict" and not any(one.text for one in value.parts[::2])
            texts = value.parts[1::2] if numbered else value.parts if value.what in ("List", "Tuple") else ()
            ordered = len(texts) > 2 and all(one.text for one in texts)
            if self.question.states_all(atoms, ordered=ordered):
                return FACT | READ | (0 if self.question.known else FOREIGN)
            return FOREIGN if atoms else 0
        constant = value.known
        text = isinstance(constant, str)
        if self.question.states(constant):
            fact = FACT | (READ if text else 0)
            # Where the question is not known, digits in a text are as likely an answer.
            return fact | (FOREIGN if not self.question.known and text and _has_digit(constant) else 0)
        if not self.question.known or isinstance(constant, bool):
            return 0
        foreign = _has_digit(constant) if text else isinstance(constant, int | float | complex)
        return FOREIGN if foreign and constant not in _STRUCTURAL else 0

    def _works_anyway(self, value: Value) -> bool:
        """Tell whether ``value`` works something out whatever it is made of.

        It does if it makes candidates or belongs to a solver, goes through a range of numbers, is a truth that hangs on
        another one (reasoning, step by step) or on what a loop changes, or is worked out anew from itself at each run of a loop or each call of a
        recursion. Counting up by a constant does not count: the number of runs is then as good as written down.
        """
        if not value.inputs:
            return True
        if "." in value.what and _is_search(value.what):
            return True
        # Factorials and angles of small numbers are found by the library, whoever chose them.
        asked = value.what.startswith("math.") and self.question.known and self.question.asks_number
        if asked and all(_is_written(part) and self.question.explains(part.known) for part in value.inputs):
            return True
        numbers = [part for part in value.inputs if part.what in COUNTS]
        if numbers and value.what in AGGREGATES and value.what not in _POOR:
            return True
        if any(part.kind is not Kind.SOURCE for part in numbers) and (
            value.what in _BY_ELEMENT or method_of(value.what) == "numeric"
        ):
            return True
        if value.what in TRUTHS and (any(map(_hangs_on_truth, value.inputs)) or self._tests_what_moves(value)):
            return True
        if value.what not in ("sum", "product", "step", "builtins.sum"):
            return False
        if value.function in self.recursive:
            # An entry of a table counts as the table.
            wholes = [_whole(part) for part in value.inputs]
            parameters = value.function.parameters.values() if value.function is not None else ()
            plain = any(part.kind is Kind.LITERAL for part in value.inputs)
            return any(
                one.kind is Kind.PICK and self.several[one.index] and not (plain and one in parameters)
                for one in wholes
            )
        # What changes from run to run, or an entry of it.
        moving = [bool(self.circles[_whole(part).index]) for part in value.inputs]
        if value.what == "step" or not any(moving):
            return False
        if self.circles[value.index]:
            return all(moving) or value.what == "product"
        if value.loop is None or value.what != "product":
            return False
        entries = [_whole(part) is not part for part in value.inputs]
        turning = [one and not self._is_counter(part) for one, part in zip(moving, value.inputs, strict=True)]
        return any(map(and_, moving, entries)) or (any(turning) and not any(map(_is_written, value.inputs)))

    def _tests_what_moves(self, truth: Value) -> bool:
        """Tell whether ``truth`` is about an entry of a table that a loop changes: it turns it, or stops the loop."""
        moving = any(self.circles[_whole(part).index] and _whole(part) is not part for part in truth.inputs)
        stops = truth.loop is not None and truth.loop.kind == "while"
        return moving and (stops or bool(self.circles[truth.index]))

    def _is_counter(self, value: Value) -> bool:
        """Tell whether ``value`` is a variable that counts runs of a loop, from a constant and by one."""
        return (
            value.kind is Kind.PICK
            and value.loop is not None
            and 1 < len(value.inputs) < _COUNTED
            and all(one.kind is Kind.LITERAL or (one.what == "step" and value in one.inputs) for one in value.inputs)
        )

    def _set(self, value: Value, marks: int) -> None:
        new = self.marks[value.index] | marks
        if new != self.marks[value.index]:
            self.marks[value.index] = new
            self.queue.append(value)

    def _has(self, value: Value, mark: int) -> bool:
        return bool(self.marks[value.index] & mark)

    def _work(self, value: Value) -> None:
        self.works[value.index] = True
        self._set(value, FACT | READ | VARIES | (RICH if value.what == "step" else 0))

    def _spread(self) -> None:
        while self.queue:
            source = self.queue.popleft()
            choosers = self.choosers.get(source.index, ())
            self.steps += 1 + len(self.users[source.index]) + len(choosers)
            for user in self.users[source.index]:
                self._reach(source, user)
            for user in choosers:
                if self.real[user.index] and self._has(source, VARIES):
                    self._set(user, FACT | READ | VARIES | RICH)

    def _reach(self, source: Value, user: Value) -> None:
        """The marks of ``source`` reach ``user``, which is made of it."""
        marks = self.marks[source.index]
        told = marks & ~RICH
        if user.kind is Kind.WORK or (user.kind is Kind.CALL and user.site is not None and not user.site.resolved):
            self.fed[user.index] |= bool(marks & RICH)
            if user.what == "builtins.len" and marks & VARIES:
                self._set(user, RICH)
            if self._counts(user, source):
                self._work(user)
            elif not self._counts_up(user, source):
                passes = FOREIGN | (FACT | READ if user.what in _PLAIN else 0) | (VARIES if user.what == "step" else 0)
                self._set(user, marks & passes)
        elif user.kind is Kind.ITEM:
            self._set(user, told & ~VARIES | (VARIES if marks & FACT else 0))
        elif user.what == "index":
            # Where in a list says nothing of what is in it; which entry of a table varies with what is looked up.
            base, place = user.inputs
            if source is base or not marks & VARIES or marks & RICH:
                self._set(user, told if source is base else told & (FACT | READ))
            reaches = self._has(base, FACT) or self._has(place, RICH) or place.what == "step"
            if self._has(place, VARIES) and reaches:
                self._set(user, FACT | READ | VARIES)
        elif user.what == "repeat" and not source.text and source.kind is Kind.LITERAL:
            # How wide a line is drawn is no answer.
            self._set(user, told & ~FOREIGN)
        elif user.what != "place" or marks & RICH:
            self._set(user, marks if user.kind is Kind.PICK else told)

    def _counts(self, work: Value, source: Value) -> bool:
        """Tell whether ``work`` works something out, given the marks of its input ``source``."""
        marks = self.marks[source.index]
        fact, varies = bool(marks & FACT), bool(marks & VARIES)
        match work.what:
            case "compares" if any(map(self._is_counter, work.inputs)) and any(map(_is_written, work.inputs)):
                # It counts up to a number that is written down.
                return False
            case "compares" if all(self._has(one, FACT) for one in work.inputs[:2]):
                return True
            case "compares" if fact and any(self.circles[one.index] for one in work.inputs):
                # What a loop moves reaches a number of the question.
                return True
            case "equals" if all(self._has(one, FACT) for one in work.inputs[:2]) and work.inputs[0].what == "index":
                # What a table says of a name was written there.
                table, key = work.inputs[0].inputs
                return not (table.what == "Dict" and _is_written(key))
            case "equals" | "compares" if fact and source.what in ("sum", "product") and self.question.is_arithmetic:
                # A formula is put to the test.
                return True
            case "equals" | "compares":
                # Bare counters and literals compared with each other tell nothing of the question.
                return bool(self.fed[work.index]) and any(self._has(one, VARIES) for one in (source, *work.inputs[:2]))
            case "contains":
                return varies or (fact and source.text and source is work.inputs[-1])
            case "logic":
                return varies
            case "look-up":
                return varies and source is not work.inputs[0]
            case "step" if source.kind is Kind.LITERAL:
                return fact and work.loop is None and self.question.is_arithmetic
            case "step" if source.kind is Kind.PICK:
                # A number of the question that goes up and down as a loop runs; numbering things does not count.
                return (
                    fact
                    and source.loop is not None
                    and bool(self.several[source.index])
                    and not self._is_counter(source)
                )
            case "step":
                # Counting by key works something out, numbering does not.
                return varies and source.kind is not Kind.SOURCE
            case "sum" | "product":
                # Numbers read off a text or a list, or numbers of the question where arithmetic may be asked for.
                return (
                    varies
                    or bool(marks & READ)
                    or (fact and self.question.is_arithmetic and self._is_formula(work, source))
                )
            case what if what in _PLAIN:
                return varies or (fact and not self.question.seeks)
        return fact or varies

    def _is_formula(self, work: Value, source: Value) -> bool:
        """Tell whether plain arithmetic works on what the question states, not on something found by hand."""
        if work.index in self.formulas:
            explained, numbers = self.formulas[work.index]
            if all(map(_is_written, work.inputs)):
                return self.question.asks_number and explained == numbers
            # Of a longer one, most numbers may not be the writer's own.
            return 2 * explained >= numbers
        return not self._counts_up(work, source)

    def _formulas(self) -> dict[int, tuple[int, int]]:
        """Of each operation on nothing but written numbers: how many of them the question explains, and how many it has."""
        formulas: dict[int, tuple[int, int]] = {}
        for value in self.values:
            if value.what == "constant":
                formulas[value.index] = (int(self.question.explains(value.known)), 1)
            elif value.what in _ARITHMETIC and value.inputs and all(one.index in formulas for one in value.inputs):
                parts = [formulas[one.index] for one in value.inputs]
                # A formula that doubles itself again and again has more numbers than need be told.
                explained, numbers = (min(_ATOMS, sum(counts)) for counts in zip(*parts, strict=True))
                formulas[value.index] = (explained, numbers)
        return formulas

    def _counts_up(self, work: Value, source: Value) -> bool:
        """Tell whether ``work`` adds the constant ``source`` again and again: the number of runs is the answer.

        To add what the question states is no mere counting, if a number is what it asks for.
        """
        if work.what not in ("sum", "step") or source.kind is not Kind.LITERAL or not self.circles[work.index]:
            return False
        return work.what == "step" or not (self.question.asks_number and self._has(source, FACT))

    # -- choices -------------------------------------------------------------------------------------------------------

    def _choices(self) -> None:
        """Find the choices that are real: see :class:`_Alternatives`."""
        picks = [value for value in self.values if value.kind is Kind.PICK]
        found = {pick.index: _Alternatives() for pick in picks}
        for pick in picks:
            for part in pick.inputs:
                if part.kind is not Kind.PICK:
                    found[pick.index].add(self._alternative(part))
        queue = deque(picks)
        waiting = bytearray(b"\1") * len(self.values)
        while queue:
            pick = queue.popleft()
            waiting[pick.index] = False
            mine = found[pick.index]
            users = self.users[pick.index]
            self.steps += 1 + len(users)
            for user in users:
                if user.kind is Kind.PICK and found[user.index].add(mine) and not waiting[user.index]:
                    waiting[user.index] = True
                    queue.append(user)
        self.counted = {pick.index for pick in picks if pick.control and found[pick.index].kinds & _MORE}
        for pick in picks:
            if pick.control and not self.real[pick.index] and found[pick.index].real:
                self.real[pick.index] = True
                if any(self._has(part, VARIES) for part in pick.control):
                    self._set(pick, FACT | READ | VARIES | RICH)

    def _alternative(self, value: Value) -> _Alternatives:
        """What ``value`` is to a choice that may pick it."""
        one = _Alternatives()
        shown = value.inputs[1:] if value.kind is Kind.PRINT else [value]
        if value.kind is Kind.LITERAL and (value.known in (None, "") if value.what == "constant" else not value.parts):
            one.kinds = _BLANK
        elif value.kind is Kind.WORK or any(self._has(part, VARIES) for part in shown):
            one.kinds = _COMPUTED | (0 if value.what in _TESTS else _MORE)
        elif any(self._has(part, FOREIGN) or part.what == "index" for part in shown) or self._may_be_answer(value):
            # Not stated by the question, or an entry picked by hand.
            one.answers.add(value.index)
        else:
            one.words.add(value.index)
            one.kinds = _FIGURE if isinstance(value.known, int | float) and self._has(value, FACT) else 0
        return one

    def _may_be_answer(self, value: Value) -> bool:
        """Tell whether ``value`` is a number that, for all that is known, was worked out by hand."""
        number = isinstance(value.known, int | float) and not isinstance(value.known, bool)
        return number and not self.question.known and value.known not in _STRUCTURAL

    def _find_guesses(self) -> None:
        """Find the tests of what is written down and shown: they say whether it is right, not what is right."""
        output = self._slice([self.flow.output], lambda one: one.inputs if one.kind is Kind.PICK else one.inputs[:1])
        prints = [part for value in output if value.kind is Kind.PRINT for part in value.inputs[1:]]
        shown = {
            value
            for value in self._slice(prints, self._plain_parts)
            if value.kind is Kind.LITERAL and (self._has(value, FOREIGN) or (value.text and not self._has(value, FACT)))
        }
        if not shown:
            return
        guesses = []
        tests = [value for value in self.values if value.what in _TESTS and self.works[value.index]]
        for test in tests[:_TESTED]:
            made_of = self._slice([test], lambda one: one.inputs)
            tested = [value for value in made_of if value in shown]
            # To search with a constant that is shown as well is no guess; to go through a list that is shown is one.
            searches = any(value.kind in (Kind.SOURCE, Kind.ITEM) for value in made_of)
            if any(not searches or value.parts or (value.text and self._has(value, FOREIGN)) for value in tested):
                guesses.append(test)
        for test in guesses:
            self.guesses[test.index] = True

    # -- findings ------------------------------------------------------------------------------------------------------

    def findings(self) -> Findings:
        """Mark everything, then follow the output back to what it is made of."""
        self._mark()
        self._find_guesses()
        output = self._slice([self.flow.output])
        shows = any(value.kind is Kind.PRINT and self._shows(value) for value in output)
        if self.cut:
            output = self.values
        elif self.broken or not shows:
            output = self._slice([self.flow.output, *self.flow.bound])
        elif last := self._written_last(output):
            output = self._slice(last)
        working = [value for value in output if self.works[value.index]]
        works = bool(working) or self._explores(output)
        if shows and self.question.seeks and self._only_tells(output):
            works = False
        if works and self.question.seeks_expression and not self._chooses(output):
            # A fixed formula is what its writer found.
            works = False
        loops: dict[Loop, None] = {}
        for value in working:
            loop = value.loop
            while loop is not None and loop not in loops:
                loops[loop] = None
                loop = loop.parent
        depths = [loop.depth for loop in loops]
        branches = sum(
            bool(self.real[value.index]) and any(self._has(part, VARIES) for part in value.control) for value in output
        )
        return Findings(
            works=works,
            shows=shows,
            outside=any(value.what == "outside" for value in output),
            idle=not works and any(self.works),
            foreign=self.question.known and self._has(self.flow.output, FOREIGN),
            methods=list(self._methods(output, working, list(loops), branches)) if works else [],
            loops=[depths.count(depth) for depth in range(1, max(depths, default=0) + 1)],
            branches=branches if works else 0,
            endless=sorted({loop.line for loop in self.graph.loops if loop.endless and loop.function in self.reached}),
            steps=self.steps,
        )

    def _written_last(self, output: list[Value]) -> list[Value]:
        """What is shown last, if it is written down, the question does not state it and no fact leads to the ``output``.

        It is the answer then: what was shown before it is progress.
        """
        whole = self.flow.output
        while whole.kind is Kind.PICK and len(whole.inputs) == 1:
            whole = whole.inputs[0]
        last = whole.inputs[1:] if whole.kind is Kind.PRINT and self.question.known else []
        written = any(self._has(one, FOREIGN) for one in last) and not any(self._has(one, VARIES) for one in last)
        facts = written and any(one.kind is Kind.LITERAL and self._has(one, FACT) for one in output)
        return last if written and not facts else []

    def _shows(self, value: Value) -> bool:
        """Tell whether ``value`` shows anything: a last expression that gives None does not."""
        if value.what != "display":
            return True
        shown = value.inputs[1]
        if shown.site is None or not shown.site.resolved:
            return True
        seen = self._slice([shown], lambda one: one.inputs if one.kind in (Kind.PICK, Kind.CALL) else ())
        return any(one.kind not in (Kind.PICK, Kind.CALL) and one is not self.graph.nothing for one in seen)

    def _slice(self, roots: Iterable[Value], parts_of: Callable[[Value], Iterable[Value]] | None = None) -> list[Value]:
        """``roots`` and all that they are made of; ``parts_of`` says which parts of a value are followed."""
        parts_of = parts_of or self._parts
        found = list(dict.fromkeys(roots))
        seen = bytearray(len(self.values))
        for root in found:
            seen[root.index] = True
        for value in found:
            self.steps += 1 + len(value.inputs)
            for part in parts_of(value):
                if not seen[part.index]:
                    seen[part.index] = True
                    found.append(part)
        return found

    def _parts(self, value: Value) -> list[Value]:
        """What ``value`` is made of, and what decides it; tests of what was written down aside."""
        deciding = [one for one in value.control if self._has(one, VARIES)] if self.real[value.index] else []
        return [one for one in (*value.inputs, *deciding) if not self.guesses[one.index]]

    def _plain_parts(self, value: Value) -> list[Value]:
        """What ``value`` passes on as it was written: not what a variable was before it was worked on."""
        plain = value.kind is Kind.SHAPE and value.what not in ("changed", "table")
        if value.what == "index" and self.works[value.inputs[1].index]:
            # Picked by what was worked out.
            return []
        return value.inputs if plain or (value.kind is Kind.PICK and not self._has(value, VARIES)) else []

    def _only_tells(self, output: list[Value]) -> bool:
        """Tell whether ``output`` shows no more than whether something holds: True or False, or one of several texts."""
        prints = [part for value in output if value.kind is Kind.PRINT for part in value.inputs[1:]]
        passing = (Kind.SHAPE, Kind.PICK, Kind.CALL)
        # What a joined truth gives is one of its parts.
        shown = self._slice(
            prints, lambda one: one.inputs if one.kind in passing or (one.what == "logic" and one.inputs[1:]) else ()
        )
        return not any(
            one.index in self.counted if one.kind in passing else self._has(one, VARIES) and one.what not in _TESTS
            for one in shown
        )

    def _chooses(self, output: list[Value]) -> bool:
        """Tell whether ``output`` tries or tests anything: there are candidates, or a test of what was worked out."""
        return self._explores(output) or any(
            (value.kind is Kind.SOURCE and value.what not in COUNTS)
            or (value.what in _TESTS and self.works[value.index] and not all(map(_is_place, value.inputs)))
            or value.what in _CHOOSING
            or ("." in value.what and _is_search(value.what))
            for value in output
        )

    def _explores(self, output: list[Value]) -> bool:
        """Tell whether ``output`` comes from a function that calls itself more than once, on different arguments."""
        calls: dict[Function, int] = {}
        for call in self.graph.calls:
            caller = call.site.caller if call.site is not None else None
            if caller is not None and call.site is not None and caller in call.site.resolved:
                calls[caller] = calls.get(caller, 0) + 1
        seen = {value for value in output if self.several[value.index]}
        return any(
            count > 1 and any(parameter in seen for parameter in function.parameters.values())
            for function, count in calls.items()
        )

    def _reached(self) -> set[Function | None]:
        """The functions that are called from the module, directly or not (None: the module itself)."""
        calls: dict[Function | None, list[Function]] = {}
        for caller, called in self.graph.entered:
            calls.setdefault(caller, []).append(called)
        reached: dict[Function | None, None] = {None: None}
        stack: list[Function | None] = [None]
        while stack:
            for called in calls.get(stack.pop(), ()):
                if called not in reached:
                    reached[called] = None
                    stack.append(called)
        return set(reached)

    def _recursive(self) -> set[Function]:
        """Functions that may come to call themselves: those left when all without callers, or calls, are peeled off."""
        calls: dict[Function, set[Function]] = {}
        callers: dict[Function, set[Function]] = {}
        for caller, called in self.graph.entered:
            if caller is not None:
                calls.setdefault(caller, set()).add(called)
                callers.setdefault(called, set()).add(caller)
        left = set(calls) & set(callers)
        stack = [*(set(calls) ^ set(callers))]
        while stack:
            function = stack.pop()
            for there, back in ((calls, callers), (callers, calls)):
                for near in there.get(function, ()):
                    back[near].discard(function)
                    if near in left and not back[near]:
                        left.discard(near)
                        stack.append(near)
        return left

    def _methods(self, output: list[Value], working: list[Value], loops: list[Loop], branches: int) -> Iterator[str]:
        """The methods by which the output is worked out, from the most telling on."""
        paths = {value.what for value in output if "." in value.what}
        what = {value.what for value in working}
        by_library = {method_of(path) for path in paths if not path.startswith(".") or path in what}
        calls = [value for value in output if value.site is not None]
        called = {function for value in calls if value.site is not None for function in value.site.resolved}
        own = called & self.recursive
        statements = [loop for loop in loops if loop.kind != "comprehension"]
        in_loop = [value for value in output if value.loop is not None]
        queue = any(value.what in _TAKEN and value.loop is not None and value.loop.kind == "while" for value in in_loop)
        backtracks = any(value.site is not None and value.site.caller in value.site.resolved for value in in_loop)
        found = {
            "constraint solver": "constraint solver" in by_library,
            "symbolic algebra": "symbolic algebra" in by_library,
            "dynamic programming": any(one.memoised for one in own) or any(one.what == "table" for one in in_loop),
            "search": "search" in by_library or queue or backtracks,
            "recursion": bool(own),
            "nested loops": any(loop.depth > 1 for loop in loops),
            "simulation": "simulation" in by_library
            or (branches > 0 and any(len(loop.states) > 1 for loop in statements)),
            "iteration": bool(statements),
            "comprehension": len(statements) < len(loops),
            "data frames": "data frames" in by_library,
            "numeric": "numeric" in by_library,
            "dates": "dates" in by_library,
            "text": "text" in by_library or bool(what & {"order", "look-up"}),
            "aggregation": bool(what & AGGREGATES),
            "branching": branches > 0,
            "functions": bool(called),
            "arithmetic": bool(what & {"sum", "product", "step"}),
        }
        return (method for method, present in found.items() if present)


def _is_place(value: Value) -> bool:
    """Tell whether ``value`` only says where a loop is, or where it ends."""
    if value.what == "step":
        return all(one.kind is Kind.LITERAL or one.what in _POOR - {"step"} for one in value.inputs)
    return value.kind is Kind.LITERAL or value.what in _POOR


def _is_search(path: str) -> bool:
    """Tell whether a call of ``path`` makes candidates or belongs to a solver."""
    return meaning_of(path) is Meaning.SEARCH or method_of(path) in _SOLVERS


def _whole(value: Value) -> Value:
    """The table that ``value`` is an entry of; else itself."""
    for _ in range(_INDICES):
        if value.what != "index":
            break
        value = value.inputs[0]
    return value


def _is_written(value: Value) -> bool:
    return value.kind is Kind.LITERAL


def _hangs_on_truth(value: Value) -> bool:
    """Tell whether ``value`` is a truth to reason with, or may be one: bound in a branch, or given by a function."""
    seen = [value]
    for one in seen:
        if _is_reasoning(one):
            return True
        if one.kind in (Kind.PICK, Kind.CALL) and len(seen) < _TESTED:
            seen += [part for part in one.inputs[:_TESTED] if part not in seen]
    return False


def _is_reasoning(value: Value) -> bool:
    """Tell whether ``value`` is a truth that others may hang on: not that two written numbers or texts are the same."""
    written = value.what in ("equals", "compares") and all(
        one.kind is Kind.LITERAL and not isinstance(one.known, bool) for one in value.inputs
    )
    return value.what == "decided" or (value.what in TRUTHS and not written)


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text[:_ATOMS])


def _atoms(value: Value) -> Iterator[object]:
    """The constants in a literal, in order, as many as are looked at."""
    stack = [value]
    left = _ATOMS
    while stack and left:
        one = stack.pop()
        left -= 1
        if one.what == "constant":
            yield one.known
        else:
            stack += reversed(one.parts)
