"""Where something is to be found or chosen: whether what a program shows is what its writer found.

To walk through a find, to add up what it comes to and to test it is work on it, and finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from codesteer_kernel.checkers.symbolic.graph import Kind, Value
from codesteer_kernel.checkers.symbolic.library import COUNTS, LOOKED_UP, TAKING
from codesteer_kernel.checkers.symbolic.marks import FACT, TESTS, VARIES, Marks, is_search

__all__ = ["CHOOSING", "shows_find"]

# What picks one of several by what it works out of them.
CHOOSING = {"builtins.min", "builtins.max", "builtins.sorted", "builtins.filter", "builtins.next"}
# What hands on what it is made of.
_PASSING = (Kind.SHAPE, Kind.PICK, Kind.CALL, Kind.ITEM)
# What was put into a list or table, or taken out.
_CHANGED = {"changed", "table"}
# What puts things in another order.
_ORDERING = {"builtins.sorted", "builtins.reversed"}
# What writes a text otherwise.
_DRESSING = {".upper", ".lower", ".title", ".capitalize"}
# A longer text is a sentence, no find, unless it is cut into words.
_WORDS = 3
# Lists that are compared, and elements of each; and parts of a place that are looked at.
_LISTS, _ELEMENTS, _PLACE = 50, 200, 20


def shows_find(marks: Marks, output: Value, parts_of: Callable[[Value], Iterable[Value]]) -> bool:
    """Tell whether ``output`` shows something that was found by hand, and nothing that is not made of it, or shows it last.

    ``parts_of`` says what a value is made of and decided by.
    """
    whole = marks.slice([output], parts_of)
    if any(_meets_find(marks, value) for value in whole):
        return True
    if any(marks.works[value.index] and value.function in marks.recursive for value in whole):
        return False
    tests = [test for value in whole for control in value.control for test in (control, *control.inputs)]
    if marks.question.seeks and _is_all_of_finds(marks, whole):
        return True
    last = marks.slice([output], lambda one: one.inputs if one.kind is Kind.PICK else ())
    prints = [value for value in last if value.kind is Kind.PRINT]
    return any(
        _is_found(marks, marks.slice(roots, parts_of), [part for one in prints for part in one.inputs[1:]], tests)
        for roots, prints in (
            ([output], [value for value in whole if value.kind is Kind.PRINT]),
            ([part for one in prints for part in (*one.inputs[1:], *one.control)], prints),
        )
    )


def _is_all_of_finds(marks: Marks, whole: list[Value]) -> bool:
    """Tell whether all that is worked out is made of what was found by hand."""
    lists = [set(_elements(one)) for one in islice((one for one in marks.values if len(one.parts) > 1), _LISTS)]
    finds = [value for value in whole if value.parts and not marks.has(value, FACT) and _is_find(marks, value, lists)]
    if not finds or any(value.kind is Kind.SOURCE or value.what in TAKING for value in whole):
        # Something is counted through, or taken out of what waits.
        return False
    of_find = _made_of(marks, finds, decided=True)
    return all(of_find[value.index] for value in whole if marks.works[value.index] or _looks_for(marks, value))


def _is_found(marks: Marks, output: list[Value], shown: list[Value], tests: list[Value]) -> bool:
    """Tell whether ``shown``, made of ``output``, holds a find that no test chose from, and nothing that is not made of it."""
    changed = [
        value.inputs[0] for value in output if value.what in _CHANGED and any(one.inputs for one in value.inputs[1:])
    ]
    begun_with = set(marks.slice(changed, lambda one: one.inputs if one.kind is Kind.PICK else ()))
    worked_out = _made_of(marks, [value for value in marks.values if marks.works[value.index]])
    handed_on = marks.slice(shown, lambda one: _handed_on(marks, one, worked_out))
    lists = [set(_elements(one)) for one in islice((one for one in marks.values if len(one.parts) > 1), _LISTS)]
    finds = {value for value in handed_on if value not in begun_with and _is_find(marks, value, lists)}
    if not finds:
        return False

    of_find = _made_of(marks, finds, decided=True)
    telling = [value for value in shown if value.what not in TESTS and worked_out[value.index]]
    operations = [value for value in marks.values if value.kind is Kind.WORK and value.what not in TESTS]
    computed = _made_of(marks, operations)
    if any(
        test.what == "equals"
        and any(map(_is_of_item, test.inputs))
        and any(computed[one.index] and not of_find[one.index] for one in test.inputs)
        for test in tests
    ):
        # One entry is chosen by what was worked out.
        return False
    looking = [value for value in output if _looks_for(marks, value)]
    # Of candidates it matters what they are made from, not how many are taken.
    roots = [value.inputs[0] if "." in value.what and value.inputs else value for value in looking]
    return all(of_find[value.index] for value in (*telling, *roots))


def _is_of_item(value: Value) -> bool:
    """Tell whether ``value`` is any element of a list, or a part of one."""
    return value.kind is Kind.ITEM or (
        value.kind is Kind.SHAPE and any(one.kind is Kind.ITEM for one in value.inputs[:1])
    )


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


def _meets_find(marks: Marks, test: Value) -> bool:
    """Tell whether ``test`` lets one candidate pass alone: the one that is written down."""
    if test.what != "equals" or len(test.inputs) != 2:
        return False
    for one, other in (test.inputs, test.inputs[::-1]):
        candidate = one.kind in (Kind.ITEM, Kind.SOURCE) and any(
            "." in part.what and is_search(part.what) for part in one.inputs
        )
        if candidate and other.what in ("List", "Tuple") and other.parts and _is_find(marks, other, []):
            return True
    return False


def _handed_on(marks: Marks, value: Value, worked_out: bytearray) -> list[Value]:
    """What ``value`` hands on as it was written: not what was changed, nor what was picked by what was worked out."""
    if value.what == "changed" and all(one.kind is Kind.PICK and not one.inputs for one in value.inputs[1:]):
        # Handed to a function that leaves it as it is.
        return value.inputs[:1]
    if value.what in _CHANGED or (value.what in LOOKED_UP and _is_looked_for(value, worked_out)):
        return []
    if value.kind is Kind.PICK and any(_compares(marks, one) for one in value.control):
        return []
    joined = value.what == "order" and all(one.kind is Kind.ITEM for one in value.inputs)
    if value.what in LOOKED_UP or value.what in _ORDERING:
        return value.inputs[:1]
    return value.inputs if value.kind in _PASSING or value.what in _DRESSING or joined else []


def _is_looked_for(value: Value, worked_out: bytearray) -> bool:
    """Tell whether the place in ``value``, an entry of something, was worked out: not from how long that is."""
    if len(value.inputs) < 2 or not worked_out[value.inputs[1].index]:
        return False
    whole, place = value.inputs[:2]
    made_of = [place]
    for one in made_of:
        if one is whole or one.what == "constant":
            continue
        if one.kind is not Kind.WORK or len(made_of) > _PLACE:
            return True
        made_of += [part for part in one.inputs if part not in made_of]
    return whole not in made_of


def _compares(marks: Marks, control: Value) -> bool:
    """Tell whether ``control`` is a test of which of two things is more."""
    tests = [control, *control.inputs] if control.what in ("guard", "logic") else [control]
    return any(one.what == "compares" and marks.works[one.index] for one in tests)


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
    if value.what in ("List", "Tuple") and value.kind is Kind.SHAPE:
        return _is_of_objects(marks, value)
    if value.kind is not Kind.LITERAL:
        return False
    if value.what == "constant":
        users = marks.users[value.index]
        cut = any(user.what == ".split" for user in users)
        handled = cut or any(user.kind in (Kind.ITEM, Kind.WORK) or user.index in marks.given for user in users)
        text = value.known if isinstance(value.known, str) else ""
        told = len(text) > 1 and any(map(str.isalnum, text)) and (cut or len(text.split()) <= _WORDS)
        return handled and told and not marks.has(value, FACT)
    if value.what != "Dict" and all(part.text and not any(map(str.isalnum, part.known)) for part in value.parts):
        # Signs.
        return len(value.parts) > 1
    columns = [[one.known for one in column] for column in _columns(value) if _is_of_texts(column)]
    if len(columns) > 1:
        return not all(map(marks.question.tells_texts, columns))
    atoms = [atom for atom in islice(marks.atoms(value), _ELEMENTS) if isinstance(atom, str | int | float)]
    texts = sum(isinstance(atom, str) for atom in atoms)
    if len(value.parts) < 2 or not atoms:
        return False
    if texts < len(atoms) and (texts or any(part.parts for part in value.parts)):
        # Signs beside numbers say what is done with them.
        signs = any(isinstance(atom, str) and atom and not any(map(str.isalnum, atom)) for atom in atoms)
        return signs or not marks.has(value, FACT)
    mine = set(_elements(value))
    if not texts:
        return not marks.question.tells_numbers([atom for atom in atoms if isinstance(atom, int | float)])
    return not marks.question.tells_list(atoms) or any(mine < one for one in lists)


def _columns(value: Value) -> list[list[Value]]:
    """The columns of a list of records, a table of records by name, or a table of texts by name; else none."""
    names = [list(value.parts[::2])] if value.what == "Dict" else []
    rows = value.parts[1::2] if names else value.parts
    if names and all(one.text for one in rows):
        return [*names, list(rows)]
    if any(one.what != "Dict" for one in rows) or len({tuple(map(id, one.parts[::2])) for one in rows}) > 1:
        return []
    return names + [list(column) for column in zip(*(one.parts[1::2] for one in rows), strict=True)]


def _is_of_texts(column: list[Value]) -> bool:
    return all(one.text and one.what == "constant" for one in column)


def _is_of_objects(marks: Marks, value: Value) -> bool:
    """Tell whether ``value`` lists objects that are made of texts which the question does not have in that order."""
    sites = [one.site for one in islice(value.inputs, _ELEMENTS) if one.kind is Kind.CALL and one.site is not None]
    given = [one for site in sites for one in (*site.arguments, *(other for _, other in site.keywords))]
    return (
        len(sites) == len(value.inputs) > 1
        and all(one.text and one.what == "constant" for one in given)
        and not marks.question.tells_list([one.known for one in given])
    )


def _elements(value: Value) -> Iterable[int]:
    """The elements of a literal list, or the keys of a table, as many as are compared, by their index."""
    step = 2 if value.what == "Dict" else 1
    return (one.index for one in value.parts[: step * _ELEMENTS : step])
