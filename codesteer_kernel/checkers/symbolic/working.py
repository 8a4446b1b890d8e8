"""Which operations work something out, whatever they are made of or because of what they are made of."""

from __future__ import annotations

import re
from operator import and_

from codesteer_kernel.checkers.symbolic.expressions import never_equal
from codesteer_kernel.checkers.symbolic.graph import TRUTHS, UNKNOWN, Kind, Value, first_of
from codesteer_kernel.checkers.symbolic.library import AGGREGATES, COUNTS, LOOKED_UP, TAKING, method_of
from codesteer_kernel.checkers.symbolic.marks import FACT, FOREIGN, POOR, READ, VARIES, Marks, is_search, is_written

__all__ = ["PLAIN", "Working"]

# Steps that can be made by hand, one after the other: on plain facts they work only where such steps may be asked for.
PLAIN = {
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
# What formulas on written numbers are made of.
_ARITHMETIC = {"step", "sum", "product", "negate"}
# What takes a key.
_BY_KEY = {".sort", "builtins.sorted", "builtins.min", "builtins.max"}
_MATHS = "math."
# What puts one more behind those that are waiting.
_PUTTING = {".append", ".appendleft", ".extend", "heapq.heappush"}
# What cuts a text into parts.
_CUTTING = {".split", ".splitlines", ".strip"}
# Methods of frames that take names of columns.
_OF_FRAMES = {".sort_values", ".nlargest", ".nsmallest", ".rank", ".pivot", ".groupby", ".map", ".sort_index"}
# Shorter texts are codes, letters and signs.
_WORD = 3
# What counts how many of several truths hold.
_COUNTING = {".count", "builtins.sum"}
# A day, a month and a year, in numbers, or two of them.
_DATE = re.compile(r"\d{1,4}([-/.])\d{1,4}(?:\1\d{1,4})?")
# What libraries do with all numbers of a range at once.
_BY_ELEMENT = {"sum", "product", "step", "equals", "compares"}
# So many indices a table has at most.
_INDICES = 4
# So many values are looked at to tell whether one hangs on a truth.
_LOOKED_AT = 20
# So many factors below the first are followed.
_FALLING = 3
# A formula that doubles itself again and again has more numbers than need be told.
_NUMBERS = 5_000


class Working:
    """Says which operations count, given the marks of what they are made of."""

    def __init__(self, marks: Marks) -> None:
        self.marks = marks
        self.question = marks.question
        # By the index of an operation on nothing but written numbers: how many are no surprise, how many the question
        # states, and how many it has.
        self._formulas = self._find_formulas()
        self._wholes = self._find_wholes()
        # Circles in which something is put in.
        self._filled = {marks.circles[one.index] for one in marks.values if one.what in _PUTTING} - {0}

    def works_anyway(self, value: Value) -> bool:
        """Tell whether ``value`` works something out whatever it is made of.

        It does if it makes candidates or belongs to a solver, goes through a range of numbers, is a truth that hangs on
        another one (reasoning, step by step) or on what a loop changes, counts how many of several things are true, takes the
        next one out of what it fills, or is worked out anew from itself at each run of
        a loop or each call of a recursion. Counting up by a constant does not count: the number of runs is then as good as written down.
        """
        if not value.inputs:
            return True
        if "." in value.what and is_search(value.what):
            return True
        # Factorials and angles of small numbers are found by the library, whoever chose them.
        asked = (
            value.what.startswith(_MATHS)
            and self.question.known
            and self.question.asks_number
            and not self._is_by_hand(value)
        )
        if asked and all(is_written(part) and self.question.explains(part.known) for part in value.inputs):
            return True
        numbers = [part for part in value.inputs if part.what in COUNTS]
        if numbers and value.what in AGGREGATES and value.what not in POOR:
            return True
        if any(part.kind is not Kind.SOURCE for part in numbers) and (
            value.what in _BY_ELEMENT or method_of(value.what) == "numeric"
        ):
            return True
        if value.what in TRUTHS and (any(map(self._hangs_on_truth, value.inputs)) or self._tests_what_moves(value)):
            return True
        if value.what in _COUNTING and sum(one.what in TRUTHS for one in value.inputs[0].inputs[:_LOOKED_AT]) > 1:
            # How many of several statements are true.
            return True
        if (
            value.what in TAKING
            and value.loop is not None
            and value.loop.kind == "while"
            and self.marks.circles[value.index] in self._filled
        ):
            # What is taken out makes what is put in: a search, whatever it begins with.
            return True
        if value.what == "step" and _counts_truths(value):
            return True
        if value.what not in ("sum", "product", "step", "builtins.sum"):
            return False
        if value.function in self.marks.recursive:
            # An entry of a table counts as the table.
            wholes = [_whole(part) for part in value.inputs]
            parameters = value.function.parameters.values() if value.function is not None else ()
            plain = any(part.kind is Kind.LITERAL for part in value.inputs)
            return any(
                one.kind is Kind.PICK and self.marks.several[one.index] and not (plain and one in parameters)
                for one in wholes
            )
        # What changes from run to run, or an entry of it.
        moving = [bool(self.marks.circles[_whole(part).index]) for part in value.inputs]
        if value.what == "step" or not any(moving):
            return False
        if self.marks.circles[value.index]:
            return all(moving) or value.what == "product"
        if value.loop is None or value.what != "product":
            return False
        entries = [_whole(part) is not part for part in value.inputs]
        turning = [one and not self.marks.is_counter(part) for one, part in zip(moving, value.inputs, strict=True)]
        return any(map(and_, moving, entries)) or (any(turning) and not any(map(is_written, value.inputs)))

    def _hangs_on_truth(self, value: Value) -> bool:
        """Tell whether ``value`` is a truth to reason with, or may be one: bound in a branch, or given by a function."""
        seen = [value]
        for one in seen:
            if self._is_reasoning(one):
                return True
            if one.kind in (Kind.PICK, Kind.CALL) and len(seen) < _LOOKED_AT:
                seen += [part for part in one.inputs[:_LOOKED_AT] if part not in seen]
        return False

    def _is_reasoning(self, value: Value) -> bool:
        """Tell whether others may hang on ``value``: not that two written things are the same, or that a place exists."""
        written = value.what in ("equals", "compares") and all(
            one.kind is Kind.LITERAL and not isinstance(one.known, bool) for one in value.inputs
        )
        return value.what == "decided" or (value.what in TRUTHS and not written and not self._is_bounds_test(value))

    def _is_bounds_test(self, truth: Value) -> bool:
        """Tell whether ``truth`` only says whether a place lies on the board, where something else is to be found."""
        return self.question.seeks and truth.what == "compares" and all(map(_is_place, truth.inputs))

    def _tests_what_moves(self, truth: Value) -> bool:
        """Tell whether ``truth`` is about an entry of a table that a loop changes: it turns it, or stops the loop."""
        moving = any(self.marks.circles[_whole(part).index] and _whole(part) is not part for part in truth.inputs)
        stops = truth.loop is not None and truth.loop.kind == "while"
        return moving and (stops or bool(self.marks.circles[truth.index]))

    def counts(self, work: Value, source: Value) -> bool:
        """Tell whether ``work`` works something out, given the marks of its input ``source``."""
        marks = self.marks.of(source)
        fact, varies = bool(marks & FACT), bool(marks & VARIES)
        if self._is_by_hand(work):
            return False
        match work.what:
            case "compares" if self._is_bounds_test(work):
                return False
            case "compares" if any(map(self.marks.is_counter, work.inputs)) and any(map(is_written, work.inputs)):
                # It counts up to a number that is written down.
                return False
            case "compares" if all(self.marks.has(one, FACT) for one in work.inputs[:2]):
                return True
            case "compares" if fact and any(self.marks.circles[one.index] for one in work.inputs):
                # What a loop moves reaches a number of the question.
                return True
            case ".startswith" | ".endswith" if len(work.inputs) > 1 and _begins_one(*work.inputs[:2]):
                return False
            case "equals" if _is_looked_up(*work.inputs[:2]) or _is_looked_up(*work.inputs[1::-1]):
                # Where it stands was known to who wrote it down.
                return False
            case "equals" if (
                all(self.marks.has(one, FACT) for one in work.inputs[:2])
                and work.inputs[0].what in LOOKED_UP
                and len(work.inputs[0].inputs) > 1
            ):
                # What a table says of a name was written there.
                table, key = work.inputs[0].inputs[:2]
                return not (table.what == "Dict" and is_written(key))
            case "equals" if (
                work.known is UNKNOWN
                and len(set(map(id, work.inputs))) > 1
                and (work.index not in self.marks.graph.named or any(one.kind is Kind.PICK for one in work.inputs))
                and all(
                    one.kind in (Kind.PICK, Kind.LITERAL)
                    and self.marks.has(one, FACT)
                    and not self.marks.circles[one.index]
                    for one in work.inputs[:2]
                )
            ):
                # Two facts that a function is given.
                return True
            case "equals" | "compares" if fact and source.what in ("sum", "product") and self.question.is_arithmetic:
                # A formula is put to the test.
                return True
            case "equals" | "compares":
                # Bare counters and literals compared with each other tell nothing of the question.
                return bool(self.marks.fed[work.index]) and any(
                    self.marks.has(one, VARIES) for one in (source, *work.inputs[:2])
                )
            case "contains" if len(work.inputs) == 2 and _never_holds(*work.inputs):
                return False
            case "contains":
                return varies or (fact and source.text and source is work.inputs[-1])
            case "logic":
                return varies
            case what if what in _BY_KEY and (
                keys := [one.function for one in work.inputs if one.function is not None and one.kind is Kind.FUNCTION]
            ):
                # In the order of what was made up for each.
                return any(self.marks.has(key.returns, VARIES) for key in keys)
            case what if what in _OF_FRAMES and source is not work.inputs[0]:
                # The name of a column is no work on it.
                return False
            case ".strftime":
                # The weekday of a date that the question states or that was worked out, not of one that was found.
                return source is work.inputs[0] and (
                    (varies and source.what != "outside") or (fact and not marks & (FOREIGN | VARIES))
                )
            case "look-up":
                return varies and source is not work.inputs[0] and not self.is_invented(work.inputs[0])
            case "glossary":
                return fact and source is work.inputs[1] and self.marks.has(work.inputs[0], FACT)
            case "builtins.len" if is_written(source) and source.parts and self.question.known:
                # Of what the writer picked, how many there are was counted by hand.
                numbers = [one.known for one in source.parts if isinstance(one.known, int | float)]
                texts = [one.known for one in source.parts if isinstance(one.known, str)]
                if len(texts) == len(source.parts):
                    return fact and (source.what == "Dict" or self.question.lists(texts))
                return fact and (len(numbers) < len(source.parts) or self.question.tells_list(numbers))
            case ".capitalize" | ".title" | ".upper" | ".lower" if not self.question.asks_case and self.question.known:
                return varies
            case ".replace" if any(
                one.kind in (Kind.ITEM, Kind.SHAPE) and self._is_supplied(one) for one in work.inputs[2:]
            ):
                # What is right instead was known to the writer.
                return False
            case ".replace" if any(is_written(one) and self.marks.has(one, FOREIGN) for one in work.inputs[2:]):
                # The writer's result is put in.
                return False
            case ".replace" if _is_date(work.inputs[0]) and all(map(is_written, work.inputs[1:3])):
                # Nobody reckons with dates by exchanging digits that are written down.
                return False
            case "step" if source.kind is Kind.LITERAL:
                return fact and work.loop is None and self.question.is_arithmetic
            case "step" if source.kind is Kind.PICK:
                # A number of the question that goes up and down as a loop runs; numbering things does not count.
                return (
                    fact
                    and source.loop is not None
                    and bool(self.marks.several[source.index])
                    and not self.marks.is_counter(source)
                )
            case "step":
                # Counting by key works something out, numbering does not.
                return varies and source.kind is not Kind.SOURCE
            case "sum" | "product":
                # Numbers read off a text or a list, or numbers of the question where arithmetic may be asked for.
                return (
                    varies
                    or bool(marks & READ)
                    or (fact and not self.question.seeks and self._is_formula(work, source))
                )
            case what if what in PLAIN:
                return varies or (fact and not self.question.seeks)
        return fact or varies

    def _is_formula(self, work: Value, source: Value) -> bool:
        """Tell whether plain arithmetic works on what the question states, not on something found by hand."""
        if work.index in self._formulas:
            explained, stated, numbers = self._formulas[work.index]
            if not self.question.is_arithmetic:
                # Of a text, what was counted by hand is no surprise either: most must be stated.
                return 2 * stated > numbers
            if all(map(is_written, work.inputs)):
                return self.question.asks_number and explained == numbers
            # Of a longer one, most numbers may not be the writer's own.
            return 2 * explained >= numbers
        return self.question.is_arithmetic and not self.counts_up(work, source)

    def _is_by_hand(self, work: Value) -> bool:
        """Tell whether ``work`` belongs to a formula most of whose numbers are the writer's own."""
        explained, _, numbers = self._formulas[self._wholes[work.index]] if work.index in self._wholes else (0, 0, 0)
        return self.question.known and 2 * explained < numbers

    def _find_wholes(self) -> dict[int, int]:
        """By the index of an operation in a formula: that of the whole formula."""
        wholes: dict[int, int] = {}
        for value in reversed(self.marks.values):
            if value.index in self._formulas and value.kind is not Kind.LITERAL:
                whole = wholes.setdefault(value.index, value.index)
                wholes |= {part.index: whole for part in value.inputs if part.kind is not Kind.LITERAL}
        return wholes

    def _is_supplied(self, value: Value) -> bool:
        """Tell whether ``value`` is any entry of a table of texts that the question does not have."""
        whole = (
            value if value.kind is Kind.ITEM else next((one for one in value.inputs[:1] if one.kind is Kind.ITEM), None)
        )
        return whole is not None and any(self.is_invented(one) for one in whole.inputs[:1])

    def is_invented(self, table: Value) -> bool:
        """Tell whether ``table`` was made up by its writer.

        It gives numbers that the question does not state (signs and steps, -1, 0, 1, aside) or nothing but words that it
        does not have, or is a table of rows that is none of its facts.
        """
        table = _whole(first_of(table))
        if table.what == "Dict" and self.question.known:
            texts = [one.known for one in table.parts[1::2][:_LOOKED_AT] if one.text and one.what == "constant"]
            words = [text for text in texts if len(text) >= _WORD and text.isalpha()]
            if len(words) > 1 and len(words) == len(texts) and not any(map(self.question.states, words)):
                return True
        if table.what == "List" and table.parts and all(one.what == "List" for one in table.parts):
            # A finished table.
            return self.marks.has(table, FOREIGN) and not self.marks.has(table, FACT)
        numbers = [one.known for one in table.parts[1::2][:_LOOKED_AT] if isinstance(one.known, int | float)]
        telling = [one for one in numbers if abs(one) > 1]
        stated = sum(map(self.question.states, telling))
        return table.what == "Dict" and self.question.known and len(telling) > 1 and 2 * stated < len(telling)

    def counts_up(self, work: Value, source: Value) -> bool:
        """Tell whether ``work`` adds the constant ``source`` again and again: the number of runs is the answer.

        To add what the question states is no mere counting, if a number is what it asks for.
        """
        if work.what not in ("sum", "step") or source.kind is not Kind.LITERAL or not self.marks.circles[work.index]:
            return False
        return work.what == "step" or not (self.question.asks_number and self.marks.has(source, FACT))

    def _find_formulas(self) -> dict[int, tuple[int, int, int]]:
        """Of each operation on nothing but written numbers: how many the question explains and states, how many it has."""
        formulas: dict[int, tuple[int, int, int]] = {}
        written = {one.known for one in self.marks.values if type(one.known) is int}
        for value in self.marks.values:
            if value.what == "constant":
                known = value.known
                explained = self.question.explains(known) or self._falls_from(known, written)
                formulas[value.index] = (int(explained), int(self.question.states(known)), 1)
            elif (
                (value.what in _ARITHMETIC or value.what.startswith(_MATHS))
                and value.inputs
                and all(one.index in formulas for one in value.inputs)
            ):
                parts = [formulas[one.index] for one in value.inputs]
                explained, stated, numbers = (min(_NUMBERS, sum(counts)) for counts in zip(*parts, strict=True))
                formulas[value.index] = (explained, stated, numbers)
        return formulas

    def _falls_from(self, number: object, written: set[int]) -> bool:
        """Tell whether ``number`` goes on what the question states and the program counts down from: 34 * 33 * 32."""
        above = number
        for _ in range(_FALLING):
            above = above + 1 if type(above) is int else None
            if above not in written:
                return False
            if self.question.states(above):
                return True
        return False


def _counts_truths(step: Value) -> bool:
    """Tell whether ``step`` counts on, after a test of one of several things, what was counted after another one."""
    before = [part for part in step.inputs if part.kind is Kind.PICK]
    return any(
        any(part.what == "step" for part in pick.inputs)
        and any(
            test.what in TRUTHS and any(one.kind is Kind.ITEM for one in (*test.inputs, *test.inputs[0].inputs))
            for test in pick.control
        )
        for pick in before
    )


def _is_date(value: Value) -> bool:
    """Tell whether ``value`` is a date that is written down."""
    return isinstance(value.known, str) and _DATE.fullmatch(value.known.strip()) is not None


def _is_looked_up(item: Value, text: Value) -> bool:
    """Tell whether ``text`` is written down twice: in a list or table that ``item`` goes through, once, and by itself."""
    if text.kind is not Kind.LITERAL or not isinstance(text.known, str) or not item.inputs:
        return False
    whole = item.inputs[0]
    if item.what == "index":
        # By its name, which goes through the same list, or from one to the next.
        place = item.inputs[1]
        counted = place.what in COUNTS or (place.kind is Kind.ITEM and all(one.what in COUNTS for one in place.inputs))
        if not counted and not (place.kind is Kind.ITEM and whole in place.inputs):
            return False
    elif item.kind not in (Kind.ITEM, Kind.SOURCE):
        return False
    for _ in range(_INDICES):
        if whole.what in _CUTTING or whole.kind is Kind.ITEM:
            whole = whole.inputs[0]
    if isinstance(whole.known, str):
        # Cut out of what was written.
        return is_written(whole) and len(text.known) > 1 and text.known in whole.known
    parts = whole.parts[1::2] if whole.what == "Dict" else whole.parts
    return bool(text.known.strip()) and parts[:_LOOKED_AT].count(text) == 1


def _begins_one(item: Value, text: Value) -> bool:
    """Tell whether ``text`` is a part of one alone of the texts that ``item`` is any of: its writer knew which."""
    if item.kind is not Kind.ITEM or not isinstance(text.known, str) or not item.inputs:
        return False
    parts = [one.known for one in item.inputs[0].parts[:_LOOKED_AT] if isinstance(one.known, str)]
    return sum(text.known in part for part in parts) == 1


def _never_holds(item: Value, whole: Value) -> bool:
    """Tell whether ``whole`` holds texts and ``item`` is any of several numbers, or the other way round."""
    parts = whole.parts[:_LOOKED_AT]
    return whole.what != "Dict" and bool(parts) and all(never_equal(part, item) for part in parts)


def _whole(value: Value) -> Value:
    """The table that ``value`` is an entry of; else itself."""
    for _ in range(_INDICES):
        if value.what != "index":
            break
        value = value.inputs[0]
    return value


def _is_place(value: Value) -> bool:
    """Tell whether ``value`` is no more than where a loop is, or ends, or a part of a place, handed on as it is."""
    seen = {value.index: value}
    for one in (found := [value]):
        if one.kind is Kind.PICK or one.what in ("Tuple", "List", "changed", "step"):
            new = [part for part in one.inputs[:_LOOKED_AT] if part.index not in seen]
            seen |= {part.index: part for part in new}
            found += new
        elif not (one.kind is Kind.LITERAL or one.what in POOR or one.what == "part"):
            return False
        if len(found) > _LOOKED_AT:
            return False
    return True
