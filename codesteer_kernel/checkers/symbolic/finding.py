"""Where something is to be found or chosen: whether what a program shows is what its writer found.

To walk through a find, to add up what it comes to and to test it is work on it, and finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from codesteer_kernel.checkers.symbolic.graph import Kind, Value
from codesteer_kernel.checkers.symbolic.library import COUNTS
from codesteer_kernel.checkers.symbolic.marks import FACT, TESTS, VARIES, Marks, is_search

__all__ = ["CHOOSING", "shows_find"]

# What picks one of several by what it works out of them.
CHOOSING = {"builtins.min", "builtins.max", "builtins.sorted", "builtins.filter", "builtins.next"}
# What hands on what it is made of.
_PASSING = (Kind.SHAPE, Kind.PICK, Kind.CALL, Kind.ITEM)
# What was put into a list or table, or taken out.
_CHANGED = {"changed", "table"}
# A longer text is a sentence, no find, unless it is cut into words.
_WORDS = 3
# Lists that are compared, and elements of each.
_LISTS, _ELEMENTS = 50, 200


def shows_find(marks: Marks, output: Value, parts_of: Callable[[Value], Iterable[Value]]) -> bool:
    """Tell whether ``output`` shows something that was found by hand, and nothing that is not made of it, or shows it last.

    ``parts_of`` says what a value is made of and decided by.
    """
    whole = marks.slice([output], parts_of)
    if any(marks.works[value.index] and value.function in marks.recursive for value in whole):
        return False
    last = marks.slice([output], lambda one: one.inputs if one.kind is Kind.PICK else ())
    prints = [value for value in last if value.kind is Kind.PRINT]
    return any(
        _is_found(marks, marks.slice(roots, parts_of), [part for one in prints for part in one.inputs[1:]])
        for roots, prints in (
            ([output], [value for value in whole if value.kind is Kind.PRINT]),
            ([part for one in prints for part in (*one.inputs[1:], *one.control)], prints),
        )
    )


def _is_found(marks: Marks, output: list[Value], shown: list[Value]) -> bool:
    """Tell whether ``shown``, which ``output`` leads to, holds a find, and nothing that is not made of it."""
    changed = [value.inputs[0] for value in output if value.what in _CHANGED and value.inputs]
    begun_with = set(marks.slice(changed, lambda one: one.inputs if one.kind is Kind.PICK else ()))
    handed_on = marks.slice(shown, lambda one: _handed_on(marks, one))
    lists = [set(_elements(one)) for one in islice((one for one in marks.values if len(one.parts) > 1), _LISTS)]
    finds = {value for value in handed_on if value not in begun_with and _is_find(marks, value, lists)}
    if not finds:
        return False

    of_find = _made_of(marks, finds, decided=True)
    worked_out = _made_of(marks, [value for value in marks.values if marks.works[value.index]])
    telling = [value for value in shown if value.what not in TESTS and worked_out[value.index]]
    looking = [value for value in output if _looks_for(marks, value)]
    return all(of_find[value.index] for value in (*telling, *looking))


def _made_of(marks: Marks, roots: Iterable[Value], *, decided: bool = False) -> bytearray:
    """By index, whether a value is one of ``roots``, or made of one, or also ``decided`` by one."""
    found = list(roots)
    made = bytearray(len(marks.values))
    for value in found:
        made[value.index] = True
    for value in found:
        users = [*marks.users[value.index], *(marks.choosers.get(value.index, ()) if decided else ())]
        marks.steps += 1 + len(users)
        for user in users:
            if not made[user.index]:
                made[user.index] = True
                found.append(user)
    return made


def _handed_on(marks: Marks, value: Value) -> list[Value]:
    """What ``value`` hands on as it was written: not what was changed, nor what was picked by what was worked out."""
    if value.what in _CHANGED or (value.what == "index" and marks.works[value.inputs[1].index]):
        return []
    return value.inputs if value.kind in _PASSING else []


def _looks_for(marks: Marks, value: Value) -> bool:
    """Tell whether ``value`` has to do with candidates, or with which of several is best."""
    return (
        (value.kind is Kind.SOURCE and value.what not in COUNTS)
        or (value.what in CHOOSING and any(marks.has(part, VARIES | FACT) for part in value.inputs))
        or ("." in value.what and is_search(value.what))
    )


def _is_find(marks: Marks, value: Value, lists: list[set[int]]) -> bool:
    """Tell whether ``value`` is written down, is no sentence, and is not as the question has it.

    ``lists`` holds the elements of the program's lists: what is some, and not all, of one was selected.
    """
    if value.kind is not Kind.LITERAL:
        return False
    if value.what == "constant":
        users = marks.users[value.index]
        cut = any(user.what == ".split" for user in users)
        handled = cut or any(user.kind in (Kind.ITEM, Kind.WORK) for user in users)
        text = value.known if isinstance(value.known, str) else ""
        told = len(text) > 1 and any(map(str.isalnum, text)) and (cut or len(text.split()) <= _WORDS)
        return handled and told and not marks.has(value, FACT)
    atoms = [atom for atom in islice(marks.atoms(value), _ELEMENTS) if isinstance(atom, str | int | float)]
    texts = sum(isinstance(atom, str) for atom in atoms)
    if len(value.parts) < 2 or not atoms:
        return False
    if texts < len(atoms) and (texts or any(part.parts for part in value.parts)):
        return not marks.has(value, FACT)
    mine = set(_elements(value))
    return not marks.question.tells_list(atoms) or any(mine < one for one in lists)


def _elements(value: Value) -> Iterable[int]:
    """The elements of a literal list, or the keys of a table, as many as are compared, by their index."""
    step = 2 if value.what == "Dict" else 1
    return (one.index for one in value.parts[: step * _ELEMENTS : step])
