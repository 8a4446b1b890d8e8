"""What the output of a program is made of: worked out from facts, or written down.

Operations count where they meet facts (:mod:`.working`); choices count where what decides them was worked out and the
program could really say something else (:mod:`.choosing`). What counts and reaches the output is what the program
computes.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from codesteer_kernel.checkers.symbolic.calling import forks_of, reached_in
from codesteer_kernel.checkers.symbolic.finding import CHOOSING, shows_find
from codesteer_kernel.checkers.symbolic.graph import Function, Kind, Loop, Value
from codesteer_kernel.checkers.symbolic.library import COUNTS, LOOKED_UP
from codesteer_kernel.checkers.symbolic.marking import mark
from codesteer_kernel.checkers.symbolic.marks import FACT, FOREIGN, POOR, TESTS, VARIES, Marks, is_search
from codesteer_kernel.checkers.symbolic.methods import methods_of
from codesteer_kernel.checkers.symbolic.question import Question
from codesteer_kernel.checkers.symbolic.statements import Flow

__all__ = ["Findings", "judge"]

# So many tests of what is written down are looked at.
_TESTED = 20
# So many parts of what a cut-off program puts together are looked at.
_GATHERED = 20


# A longer text is a sentence.
_NAME = 3


class Findings(msgspec.Struct, kw_only=True):
    """What reaches the output.

    ``works``: something is worked out. ``shows``: something is shown. ``outside``: something comes from outside the
    program. ``idle``: something is worked out that does not reach the output. ``foreign``: what is shown holds numbers or
    lists that the question does not state. ``loops`` counts working loops by depth, the outermost first; ``branches``
    counts choices that matter; ``endless`` are the lines of loops that nothing ends. ``steps`` counts the marks and
    values that were looked at.
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


def judge(flow: Flow, question: Question, *, broken: bool = False, cut: bool = False, begun: bool = False) -> Findings:
    """Judge what ``flow`` shows against the facts of ``question``.

    Of a ``broken`` program, what it binds counts like what it shows; of one that was ``cut`` off, all that it does; of
    one that breaks off where a loop has ``begun``, that it states facts for it.
    """
    return _Judge(flow, question, broken, cut, begun).findings()


class _Judge:
    def __init__(self, flow: Flow, question: Question, broken: bool, cut: bool, begun: bool) -> None:
        self.flow = flow
        self.graph = flow.graph
        self.question = question
        self.broken = broken
        self.begun = begun
        self.reached = reached_in(flow.graph)
        self.idle = [one for one in self.graph.functions if one not in self.reached]
        # Nobody ends a program with a name that means nothing and functions that nobody calls.
        dangling = any(one.what == "display" and one.inputs[1].what == "outside" for one in self.graph.values)
        self.cut = cut or (dangling and bool(self.idle))
        self.marks = Marks(flow.graph, question)

    def findings(self) -> Findings:
        """Mark everything, then follow the output back to what it is made of."""
        # What is missing of a program that was cut off may have called its idle functions.
        mark(self.marks, self.idle if self.cut else [])
        self._find_guesses()
        output = self._slice([self.flow.output])
        shows = any(value.kind is Kind.PRINT and self._shows(value) for value in output)
        if self.cut:
            output = self.marks.values
        elif self.broken or not shows:
            output = self._slice([self.flow.output, *self.flow.bound])
        elif last := self._written_last(output):
            output = self._slice(last)
        working = [value for value in output if self.marks.works[value.index]]
        if self.cut and self.question.seeks and self._only_tests():
            # Tests of what is to be found, and nothing that looks for it.
            working = []
        if self.cut and self._only_helpers():
            working, output = [], []
        works = bool(working) or self._explores(output) or (self.cut and any(map(self._gathers, output)))
        if self.begun and not works:
            made_of = self.marks.slice(self.flow.bound, lambda one: () if one.what in COUNTS else one.inputs)
            works = any(map(self._is_told, made_of))
        if shows and not self.cut and self.question.seeks and not self._explores(output) and self._only_tells(output):
            works = False
        if works and shows and not self.cut and self.question.seeks_choice and not self._explores(output):
            works = not shows_find(self.marks, self.flow.output, self._parts)
        if works and self.question.seeks_expression:
            # A fixed formula is what its writer found, and so is what is not made of the question's numbers.
            prints = [part for value in output if value.kind is Kind.PRINT for part in value.inputs[1:]]
            made_of = self.marks.slice(prints, lambda one: one.inputs) if shows and not self.cut else output
            works = self._chooses(output) and any(map(self._is_told, made_of))
        loops: dict[Loop, None] = {}
        for value in working:
            loop = value.loop
            while loop is not None and loop not in loops:
                loops[loop] = None
                loop = loop.parent
        depths = [loop.depth for loop in loops]
        branches = sum(
            bool(self.marks.real[value.index]) and any(self.marks.has(part, VARIES) for part in value.control)
            for value in output
        )
        return Findings(
            works=works,
            shows=shows,
            outside=any(value.what == "outside" for value in output),
            idle=not works and any(self.marks.works),
            foreign=self.question.known and self.marks.has(self.flow.output, FOREIGN),
            methods=list(methods_of(output, working, list(loops), branches, self.marks.recursive)) if works else [],
            loops=[depths.count(depth) for depth in range(1, max(depths, default=0) + 1)],
            branches=branches if works else 0,
            endless=sorted({loop.line for loop in self.graph.loops if loop.endless and loop.function in self.reached}),
            steps=self.marks.steps,
        )

    def _find_guesses(self) -> None:
        """Find the tests of what is written down and shown: they say whether it is right, not what is right."""
        output = self.marks.slice(
            [self.flow.output], lambda one: one.inputs if one.kind is Kind.PICK else one.inputs[:1]
        )
        prints = [part for value in output if value.kind is Kind.PRINT for part in value.inputs[1:]]
        shown = {
            value
            for value in self.marks.slice(prints, self._plain_parts)
            if value.kind is Kind.LITERAL
            and (
                self.question.seeks
                or (self.question.seeks_choice and value.text)
                or self.marks.has(value, FOREIGN)
                or (value.text and not self.marks.has(value, FACT))
            )
        }
        if not shown:
            return
        guesses = []
        tests = [value for value in self.marks.values if value.what in TESTS and self.marks.works[value.index]]
        for test in tests[:_TESTED]:
            made_of = self.marks.slice([test], lambda one: one.inputs)
            told = self.marks.slice([test], lambda one: one.inputs[:1] if one.what in LOOKED_UP else one.inputs)
            tested = [value for value in told if value in shown]
            # To search with a constant that is shown as well is no guess; to go through a list that is shown is one.
            searches = any(value.kind in (Kind.SOURCE, Kind.ITEM) for value in made_of)
            if any(
                not searches or ((value.parts or value.text) and self.marks.has(value, FOREIGN)) for value in tested
            ) or self._asks_for(test, shown, made_of):
                guesses.append(test)
        for test in guesses:
            self.marks.guesses[test.index] = True

    def _asks_for(self, test: Value, shown: set[Value], made_of: list[Value]) -> bool:
        """Tell whether ``test`` looks for something that is ``shown`` in what the question states."""
        return (
            test.what == "contains"
            and test.inputs[0] in shown
            and all(one is test or not self.marks.works[one.index] for one in made_of)
        )

    def _written_last(self, output: list[Value]) -> list[Value]:
        """What is shown last, if it is written down, the question does not state it and no fact leads to the ``output``.

        It is the answer then: what was shown before it is progress. So is a name of the question's, if nothing that was
        worked out is shown before.
        """
        whole = self.flow.output
        while whole.kind is Kind.PICK and len(whole.inputs) == 1:
            whole = whole.inputs[0]
        last = whole.inputs[1:] if whole.kind is Kind.PRINT and self.question.known else []
        written = any(self.marks.has(one, FOREIGN) for one in last) and not any(
            self.marks.has(one, VARIES) for one in last
        )
        facts = written and any(one.kind is Kind.LITERAL and self.marks.has(one, FACT) for one in output)
        if written and (self.question.seeks_choice or not facts):
            return last
        prints = [one for one in output if one.kind is Kind.PRINT]
        shown = [part for one in prints for part in one.inputs[1:]]
        if len(prints) < 2 or any(self.marks.has(one, VARIES) for one in shown):
            return []
        return last if any(map(self._names, self.marks.slice(last, self._plain_parts))) else []

    def _names(self, value: Value) -> bool:
        """Tell whether ``value`` is a name, or a few words, that the question has."""
        text = value.known if isinstance(value.known, str) else ""
        return 0 < len(text.split()) <= _NAME and self.marks.has(value, FACT)

    def _shows(self, value: Value) -> bool:
        """Tell whether ``value`` shows anything: a last expression that gives None does not."""
        if value.what != "display":
            return True
        shown = value.inputs[1]
        if shown.site is None or not shown.site.resolved:
            return True
        seen = self.marks.slice([shown], lambda one: one.inputs if one.kind in (Kind.PICK, Kind.CALL) else ())
        return any(one.kind not in (Kind.PICK, Kind.CALL) and one is not self.graph.nothing for one in seen)

    def _slice(self, roots: Iterable[Value]) -> list[Value]:
        """``roots`` and all that they are made of and decided by."""
        return self.marks.slice(roots, self._parts)

    def _parts(self, value: Value) -> list[Value]:
        """What ``value`` is made of, and what decides it; tests of what was written down aside."""
        deciding = [one for one in value.control if self.marks.has(one, VARIES)] if self.marks.real[value.index] else []
        return [one for one in (*value.inputs, *deciding) if not self.marks.guesses[one.index]]

    def _plain_parts(self, value: Value) -> list[Value]:
        """What ``value`` passes on as it was written: not what a variable was before it was worked on."""
        plain = value.kind is Kind.SHAPE and value.what not in ("changed", "table")
        if value.what == "index" and self.marks.works[value.inputs[1].index]:
            # Picked by what was worked out.
            return []
        return value.inputs if plain or (value.kind is Kind.PICK and not self.marks.has(value, VARIES)) else []

    def _only_tells(self, output: list[Value]) -> bool:
        """Tell whether ``output`` shows no more than whether something holds: True or False, or one of several texts."""
        prints = [part for value in output if value.kind is Kind.PRINT for part in value.inputs[1:]]
        passing = (Kind.SHAPE, Kind.PICK, Kind.CALL)
        # What a joined truth gives is one of its parts.
        shown = self.marks.slice(
            prints, lambda one: one.inputs if one.kind in passing or (one.what == "logic" and one.inputs[1:]) else ()
        )
        return not any(
            one.index in self.marks.counted
            if one.kind in passing
            else self.marks.has(one, VARIES) and one.what not in TESTS
            for one in shown
        )

    def _only_tests(self) -> bool:
        """Tell whether the program has functions that nobody calls, and none but tests and those that only show things."""
        ours = self.graph.functions
        working = {value.function for value in self.graph.values if self.marks.works[value.index]}
        return (
            bool(ours)
            and len(self.idle) == len(ours)
            and None not in working
            and all(self._is_test(one) or (one not in working and self._prints(one)) for one in ours)
        )

    def _only_helpers(self) -> bool:
        """Tell whether nothing is called, and the program ends in a class, or has several functions, each for what it is given.

        The last one may not call another.
        """
        ours = [one for one in self.graph.functions if one.instance is None]
        working = {value.function for value in self.graph.values if self.marks.works[value.index]}
        if not ours or any(one not in self.idle for one in ours) or None in working:
            return False
        called = any(caller is ours[-1] and called.instance is None for caller, called in self.graph.entered)
        return ours[-1].is_method or (len(ours) > 1 and not called and all(one.names for one in ours))

    def _prints(self, function: Function) -> bool:
        """Tell whether ``function`` shows anything."""
        return any(one.kind is Kind.PRINT for one in self._slice([function.prints]))

    def _is_test(self, function: Function) -> bool:
        """Tell whether ``function`` gives truths and nothing else, and goes no way that it could go back."""
        if function in self.marks.recursive:
            return False
        given = self.marks.slice([function.returns], lambda one: one.inputs if one.kind is Kind.PICK else ())
        told = [one for one in given if one.kind is not Kind.PICK and one is not self.graph.nothing]
        return bool(told) and all(isinstance(one.known, bool) or one.what in TESTS for one in told)

    def _gathers(self, value: Value) -> bool:
        """Tell whether ``value`` puts neighbours in a table together, run for run: what is missing works on them."""
        parts = value.inputs[:_GATHERED] if value.what in ("List", "Tuple") else ()
        near = [part for part in parts if part.what == "index" and self.marks.has(part, VARIES)]
        return len(near) > 1 and any(part.inputs[1].what == "step" for part in near)

    def _is_told(self, value: Value) -> bool:
        """Tell whether ``value`` is a fact that the program states, or comes from outside."""
        return value.what == "outside" or (value.kind is Kind.LITERAL and self.marks.has(value, FACT))

    def _chooses(self, output: list[Value]) -> bool:
        """Tell whether ``output`` tries or tests anything: there are candidates, or a test of what was worked out."""
        return self._explores(output) or any(
            (value.kind is Kind.SOURCE and value.what not in COUNTS and value.what != "outside")
            or (self.cut and value.what == "builtins.eval" and self.marks.has(value, VARIES))
            or (value.what in TESTS and self.marks.works[value.index] and not all(map(_is_place, value.inputs)))
            or value.what in CHOOSING
            or ("." in value.what and is_search(value.what))
            for value in output
        )

    def _explores(self, output: list[Value]) -> bool:
        """Tell whether ``output`` comes from a function that calls itself more than once, on different arguments."""
        seen = {value for value in output if self.marks.several[value.index]}
        return any(parameter in seen for function in forks_of(self.graph) for parameter in function.parameters.values())


def _is_place(value: Value) -> bool:
    """Tell whether ``value`` only says where a loop is, or where it ends."""
    if value.what == "step":
        return all(one.kind is Kind.LITERAL or one.what in POOR - {"step"} for one in value.inputs)
    return value.kind is Kind.LITERAL or value.what in POOR
