"""Expressions of a program to values of its flow graph.

Every walk is a generator that yields the parts it needs and is sent their values; :func:`drive` runs them on a stack of
its own, so that no depth of nesting meets Python's recursion limit.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Generator
from contextlib import suppress
from itertools import islice
from typing import Any, ClassVar

from codesteer_kernel.checkers.symbolic.graph import TRUTHS, UNKNOWN, Kind, Loop, Value, first_of
from codesteer_kernel.checkers.symbolic.library import COUNTS, FORGOTTEN
from codesteer_kernel.checkers.symbolic.operators import ORDERED
from codesteer_kernel.checkers.symbolic.scopes import BUILTINS, Names
from codesteer_kernel.checkers.symbolic.variables import Variables

__all__ = ["DIGITS", "Expressions", "Walk", "drive", "given", "holds_text", "is_of_words", "never_equal", "spelling"]

# What a walk yields is a walk too; mypy knows no recursive generators.
Walk = Generator[Any, Any, Any]

_CONTAINERS = {"List", "Tuple", "Set", "Dict", "comprehension", "builtins.list", ".split", ".splitlines"}
# Parts of a text: put together in another way, they make a new one.
_CUTS = {"slice", "index"}
# So far a change of a part of a part is followed.
_MOST_PARTS = 3
_LOOKED_AT = 20
# So much of an index or a bound is compared.
_SPELLED = 20
# What blanks and rules are made of.
_RULES = " \t\n-=_─━"
# Format specifications that write the digits of a base.
DIGITS = ("b", "o", "x", "X")


def drive(walk: Walk) -> tuple[Any, int]:
    """Run ``walk`` and all that it yields; return its result and the number of walks."""
    stack = [walk]
    value: Any = None
    steps = 1
    while stack:
        try:
            part = stack[-1].send(value)
        except StopIteration as end:
            stack.pop()
            value = end.value
        else:
            stack.append(part)
            steps += 1
            value = None
    return value, steps


def given(value: Any) -> Walk:
    """A walk that needs nothing more."""
    return value
    yield


class Expressions(Variables):
    """Makes values of expressions."""

    walks: ClassVar[dict[type[ast.AST], Callable[..., Walk]]]

    def __init__(self, names: Names, tree: ast.Module) -> None:
        super().__init__(names, tree)
        # What is ever stored in attributes, by their name, whatever the object.
        self.fields: dict[str, Value] = {}
        # The module whose names were all imported.
        self.star = ""
        # Operations of which no more than their truth matters, by their node.
        self.tested: set[int] = set()

    def expression(self, node: ast.expr) -> Walk:
        """The value of ``node``."""
        walk = self.walks.get(type(node))
        return walk(self, node) if walk is not None else self._other(node)

    def expressions(self, nodes: list[ast.expr]) -> Walk:
        """The values of ``nodes``."""
        values = []
        for node in nodes:
            value = yield self.expression(node)
            values.append(value)
        return values

    def work(self, what: str, inputs: list[Value], *, text: bool = False) -> Value:
        """Something worked out of ``inputs``."""
        value = self.graph.make(Kind.WORK, what, inputs, self.loop)
        value.text = text
        value.function = self.scope.function
        return value

    def _other(self, node: ast.AST) -> Walk:
        nodes = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        return self.graph.shape(type(node).__name__, (yield self.expressions(nodes)))

    # -- names and constants -------------------------------------------------------------------------------------------

    def _constant(self, node: ast.Constant) -> Walk:
        return given(self.graph.literal(node.value))

    def _name(self, node: ast.Name) -> Walk:
        return given(self.name(node.id))

    def name(self, name: str) -> Value:
        """The value of a name that is read."""
        value = self.read(name)
        if value is not None:
            return _module(value) or value
        if name == "__name__":
            return self.graph.literal("__main__")
        if name in BUILTINS:
            return self.graph.library(f"builtins.{name}")
        if self.star:
            return self.graph.library(f"{self.star}.{name}")
        if name in FORGOTTEN:
            return self.graph.library(FORGOTTEN[name])
        return self.graph.make(Kind.SOURCE, "outside")

    def _walrus(self, node: ast.NamedExpr) -> Walk:
        value = yield self.expression(node.value)
        self.bind(node.target.id, value)
        return value

    # -- operators -----------------------------------------------------------------------------------------------------

    def _binary(self, node: ast.BinOp) -> Walk:
        left = yield self.expression(node.left)
        right = yield self.expression(node.right)
        return self.operation(node.op, left, right)

    def operation(self, op: ast.operator, left: Value, right: Value) -> Value:
        """``left op right``. Joining and repeating strings and lists, adding 0 and multiplying by 1 make nothing new."""
        both = [left, right]
        one, other = (value.known if isinstance(value.known, int | float) else None for value in both)
        match op:
            case ast.Add() if left.text or right.text:
                if _is_cut(left) and _is_cut(right):
                    return self.work("order", both, text=True)
                if left.kind is right.kind is Kind.ITEM and left.inputs != right.inputs:
                    # One from here, one from there.
                    return self.work("order", both, text=True)
                if right.kind is Kind.PICK and right.loop is not None and left.kind is not Kind.LITERAL:
                    # Put in front of what is gathered: that turns the order around.
                    return self.work("order", both, text=True)
                return self.graph.shape("concatenate", both, text=True)
            case ast.Add() if left.what in _CONTAINERS or right.what in _CONTAINERS:
                by_hand = _is_picked(left) and _is_picked(right)
                if not by_hand and _is_cut(right) and (_is_cut(left) or left.kind is Kind.CALL):
                    # One part behind another, or behind what a function made of the rest.
                    return self.work("order", both)
                if right.kind is Kind.PICK and right.loop is not None and left.kind is not Kind.LITERAL:
                    # Put in front of what is gathered.
                    return self.work("order", both)
                return self.graph.shape("concatenate", both)
            case ast.MatMult() if isinstance(one, int | float) or isinstance(other, int | float):
                # Numbers have no such product: an operator of the question is repeated.
                return self.graph.shape("repeated", both)
            case ast.Mod() if left.text:
                return self.graph.shape("format", both, text=True)
            case ast.Mult() if _is_blank(left) or _is_blank(right):
                # How far something is moved to the right, or how long a line is drawn, says nothing.
                return left if _is_blank(left) else right
            case ast.Mult() if left.text or right.text or left.what in _CONTAINERS or right.what in _CONTAINERS:
                return self.graph.shape("repeat", both, text=left.text or right.text)
            case ast.Add() | ast.Sub() if other == 0:
                return left
            case ast.Add() if one == 0:
                return right
            case ast.Mult() | ast.Div() | ast.FloorDiv() | ast.Pow() if other == 1:
                return left
            case ast.Mult() if one == 1:
                return right
            case ast.Add() | ast.Sub() if other in (1, -1) or (one in (1, -1) and isinstance(op, ast.Add)):
                return self.work("step", both)
            case ast.Sub() if left.kind is Kind.LITERAL:
                return self.work("product", both)
            case ast.Add() | ast.Sub():
                return self.work("sum", both)
        return self.work("product", both)

    def _unary(self, node: ast.UnaryOp) -> Walk:
        value = yield self.expression(node.operand)
        match node.op:
            case ast.Not():
                return self._logic([value], lambda known: not known)
            case ast.USub() if value.what == "constant" and type(value.known) in (int, float, complex):
                return self.graph.literal(-value.known)
            case ast.USub():
                return self.graph.shape("negate", [value])
            case ast.UAdd():
                return value
        return self.work("product", [value])

    def _boolean(self, node: ast.BoolOp) -> Walk:
        values = yield self.expressions(node.values)
        both = isinstance(node.op, ast.And)
        if not both and id(node) not in self.tested and not self.evident(values[:1]) and _is_default(values[-1]):
            # Something, or else what is written down: a choice, no truth.
            return self.choice(values, values[:-1])
        # What is evident decides all, or nothing beside what is not.
        if any(
            (self.evident([one]) or (_is_settled(one) and (one.inputs[0].text or one.inputs[0].what == "index")))
            and bool(one.known) is not both
            for one in values
        ):
            return self.graph.literal(not both)
        telling = [one for one in values if not ((self.evident([one]) or _is_settled(one)) and bool(one.known) is both)]
        if len(telling) == 1:
            return telling[0]
        if not telling and all(one.inputs[0].what == "index" for one in values if one.inputs):
            return self.graph.literal(both)
        several = all if both else any
        return self._logic(values, lambda *known: several(known))

    def _logic(self, values: list[Value], fold: Callable[..., bool]) -> Value:
        value = self.work("logic", values)
        if self.evident(values):
            value.known = fold(*(one.known for one in values))
        return value

    def test(self, node: ast.expr) -> Walk:
        """The value of ``node``, which decides what is done. What was decided itself is a truth to reason with."""
        self.tested.update(_truths_of(node))
        value = yield self.expression(node)
        return self.work("logic", [value]) if value.what == "decided" else value

    def evident(self, values: list[Value]) -> bool:
        """Tell whether a truth about ``values`` is as good as a constant.

        A truth that hangs on another one is reasoning, step by step.
        """
        return all(one.known is not UNKNOWN and one.what not in TRUTHS and one.what != "decided" for one in values)

    def _compare(self, node: ast.Compare) -> Walk:
        if self._lies_inside(node):
            return self.graph.literal(True)
        values = yield self.expressions([node.left, *node.comparators])
        equal = all(isinstance(op, ast.Eq | ast.NotEq | ast.Is | ast.IsNot) for op in node.ops)
        inside = any(isinstance(op, ast.In | ast.NotIn) for op in node.ops)
        value = self.work("contains" if inside else "equals" if equal else "compares", values)
        if equal and any(one.text and one.what == "constant" for one in values):
            self.graph.named.add(value.index)
        known = [one.known for one in values]
        compared = ORDERED.get(type(node.ops[0]))
        # Which of two numbers is the larger may be what is asked; compared with 0 or 1 they are as good as constants.
        evident = equal or any(one in (0, 1) for one in known)
        if len(known) == 2 and self.evident(values) and compared is not None and evident:
            with suppress(TypeError):
                value.known = compared(*known)
        elif len(values) == 2 and isinstance(node.ops[0], ast.Eq) and values[0].parts and values[0] is values[1]:
            # Equal literals are one value.
            value.known = True
        elif len(values) == 2 and isinstance(node.ops[0], ast.Eq) and never_equal(*values):
            value.known = False
        return value

    def _lies_inside(self, node: ast.Compare) -> bool:
        """Tell whether ``node`` only says that a counter is where its loop runs: ``0 <= i < len(table)``."""
        match node:
            case ast.Compare(left=ast.Constant(value=0), ops=[ast.LtE(), *ops], comparators=[ast.Name(id=name), *ends]):
                pass
            case ast.Compare(left=ast.Name(id=name), ops=ops, comparators=ends):
                pass
            case _:
                return False
        loop = self.loop
        while loop is not None and loop.below[0] != name:
            loop = loop.parent
        if loop is None or len(ops) != len(ends) or len(ops) > 1:
            return False
        return all(isinstance(op, ast.Lt) for op in ops) and all(spelling(end) == loop.below[1] for end in ends)

    def _conditional(self, node: ast.IfExp) -> Walk:
        test = yield self.test(node.test)
        if test.known is not UNKNOWN:
            value = yield self.expression(node.body if test.known else node.orelse)
            return self.graph.decided(value, test)
        one = yield self.expression(node.body)
        other = yield self.expression(node.orelse)
        return self.choice([one, other], [test])

    # -- strings, containers, parts ------------------------------------------------------------------------------------

    def _joined(self, node: ast.JoinedStr) -> Walk:
        return self.graph.shape("format", (yield self.expressions(node.values)), text=True)

    def _formatted(self, node: ast.FormattedValue) -> Walk:
        value = yield self.expression(node.value)
        match node.format_spec:
            case ast.JoinedStr(values=[*_, ast.Constant(value=str(spec))]) if spec[-1:] in DIGITS:
                return self.work("product", [value], text=True)
        return self.graph.shape("format", [value], text=True)

    def _sequence(self, node: ast.List | ast.Tuple | ast.Set) -> Walk:
        return self.graph.container(type(node).__name__, (yield self.expressions(node.elts)))

    def _dictionary(self, node: ast.Dict) -> Walk:
        pairs = zip(node.keys, node.values, strict=True)
        nodes = [one for pair in pairs for one in pair if one is not None]
        return self.graph.container("Dict", (yield self.expressions(nodes)))

    def _subscript(self, node: ast.Subscript) -> Walk:
        base = yield self.expression(node.value)
        if isinstance(node.slice, ast.Slice):
            bounds = [one for one in (node.slice.lower, node.slice.upper, node.slice.step) if one is not None]
            values = [base, *(yield self.expressions(bounds))]
            if node.slice.step is not None or _is_word(base):
                return self.work("order", values, text=base.text)
            return self.graph.shape("slice", values, text=base.text)
        index = yield self.expression(node.slice)
        letter = index.kind in (Kind.ITEM, Kind.SOURCE) and index.what not in COUNTS
        if letter and index.inputs and index.inputs[0].text:
            # Letter by letter through a table: a cipher, or values of letters.
            return self.work("look-up", [base, index], text=holds_text(base))
        if is_of_words(index):
            # Word by word through a table.
            return self.work("glossary", [base, index], text=holds_text(base))
        if _is_word(base):
            return self.work("order", [base, index], text=True)
        value = self.graph.make(Kind.SHAPE, "index", [base, index], self.loop)
        value.text = base.text or holds_text(base)
        if base.parts and base.what in ("List", "Tuple", "index") and type(index.known) is int:
            # What stands there is evident.
            with suppress(IndexError):
                value.known, value.parts = base.parts[index.known].known, base.parts[index.known].parts
        # From the last entry to the first, or columns before rows.
        turns = _counts_down(index) or _turns(base, index)
        return self.work("order", [value], text=value.text) if turns else value

    def _attribute(self, node: ast.Attribute) -> Walk:
        return self.attribute((yield self.expression(node.value)), node.attr)

    def attribute(self, base: Value, name: str) -> Value:
        """``base.name``."""
        if base.kind is Kind.LIBRARY:
            return self.graph.library(f"{base.what}.{name}")
        if name == "T" and name not in self.fields:
            # Rows to columns.
            return self.work("order", [base])
        return self.graph.make(Kind.SHAPE, "attribute", [base, self.field(name)])

    def field(self, name: str) -> Value:
        """All that is ever stored in attributes called ``name``."""
        if name not in self.fields:
            self.fields[name] = self.graph.pick(())
        return self.fields[name]

    def _starred(self, node: ast.Starred) -> Walk:
        return self.graph.shape("spread", [(yield self.expression(node.value))])

    # -- binding and changing ------------------------------------------------------------------------------------------

    def target(self, target: ast.expr, value: Value) -> Walk:
        """Bind ``target`` (a name, a pattern of names, a place in something) to ``value``."""
        match target:
            case ast.Name(id=name):
                self.bind(name, value)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                values = (value.parts or value.inputs) if value.what in ("List", "Tuple") else []
                if len(values) != len(parts) or any(isinstance(part, ast.Starred) for part in parts):
                    values = [self.graph.shape("part", [value], text=holds_text(value))] * len(parts)
                for part, one in zip(parts, values, strict=True):
                    yield self.target(part, one)
            case ast.Starred(value=inner):
                yield self.target(inner, value)
            case ast.Subscript(value=place, slice=index):
                at = yield self.expression(index)
                places = [self.graph.shape("place", [at])]
                if isinstance(place, ast.Subscript):
                    within = yield self.expression(place)
                    if within.what == "index":
                        value = self.work("order", [value]) if _turns(within, at) else value
                        places.append(self.graph.shape("place", within.inputs[1:]))
                self.change_place(place, [value, *places])
            case ast.Attribute(attr=name):
                field = self.field(name)
                field.inputs.append(value)
                field.control += [] if self.guard is None else [self.guard]

    def change_place(self, place: ast.expr, parts: list[Value], what: str = "changed") -> None:
        """What ``place`` leads to is changed in place, by ``parts``."""
        followed = 0
        while True:
            match place:
                case ast.Subscript(value=inner) | ast.Starred(value=inner) | ast.Await(value=inner):
                    place = inner
                case ast.Call(func=ast.Attribute(value=inner)):
                    place = inner
                case ast.Attribute(attr=name, value=inner):
                    self.field(name).inputs.append(self.graph.make(Kind.SHAPE, what, parts, self.loop))
                    function = self.scope.function
                    if not isinstance(inner, ast.Name) or (function is not None and inner.id in function.parameters):
                        return
                    place = inner
                case ast.Name(id=name):
                    before = self.read(name)
                    if before is None or before.kind is Kind.LIBRARY:
                        return
                    changed = self.graph.make(Kind.SHAPE, what, [before, *parts], self.loop)
                    self.change(name, changed)
                    whole = self.scope.parts.get(name)
                    if whole is None or followed == _MOST_PARTS:
                        return
                    place, parts, followed = whole, [changed], followed + 1
                case _:
                    return

    def stands_for(self, target: ast.expr, whole: ast.expr) -> None:
        """Remember that ``target`` is bound to ``whole`` or to an element of it, if both are places."""
        match target, whole:
            case ast.Tuple(elts=[_, inner]), ast.Call(func=ast.Name(id="enumerate"), args=[first, *_]):
                target, whole = inner, first
        if isinstance(target, ast.Name):
            self.scope.parts.pop(target.id, None)
            if isinstance(whole, ast.Name | ast.Attribute | ast.Subscript):
                self.scope.parts[target.id] = whole

    # -- iterating -----------------------------------------------------------------------------------------------------

    def item(self, iterable: Value) -> Value:
        """An element of ``iterable``."""
        inputs = iterable.inputs
        match iterable.what:
            case what if what in COUNTS:
                counts = "countdown" if what == "countdown" else "counter"
                return self.graph.make(Kind.SOURCE, counts, inputs, self.loop)
            case "builtins.enumerate" if inputs:
                counter = self.graph.make(Kind.SOURCE, "counter", [], self.loop)
                return self.graph.shape("Tuple", [counter, self.item(inputs[0])])
            case "builtins.zip":
                return self.graph.shape("Tuple", [self.item(one) for one in inputs])
            case ".items":
                return self.graph.shape("Tuple", [self.item(inputs[0]), self.item(inputs[0])])
        if len(iterable.parts) == 1 and iterable.what in ("List", "Tuple", "Set"):
            return iterable.parts[0]
        candidates = first_of(iterable).kind is Kind.LITERAL and self._within_candidates()
        value = self.graph.make(Kind.SOURCE if candidates else Kind.ITEM, "item", [iterable], self.loop)
        value.text = iterable.text or holds_text(iterable)
        return value

    def _within_candidates(self) -> bool:
        """Tell whether this loop stands in another one over literals or numbers: together they make combinations."""
        outer = self.loop.parent if self.loop is not None else None
        over = first_of(outer.control.inputs[0]) if outer is not None and outer.control.inputs else None
        return over is not None and (over.kind is Kind.LITERAL or over.what in COUNTS)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> Walk:
        elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        return self._generators(node.generators, elements)

    def _generators(self, generators: list[ast.comprehension], elements: list[ast.expr]) -> Walk:
        first, *rest = generators
        iterable = yield self.expression(first.iter)
        with self.run("comprehension", first.iter.lineno) as frame:
            control = frame.running.control
            control.inputs.append(iterable)
            yield self.target(first.target, self.item(iterable))
            tests = yield self.expressions(first.ifs)
            control.inputs += tests
            if rest:
                values = [(yield self._generators(rest, elements))]
            else:
                values = yield self.expressions(elements)
            value = self.graph.make(Kind.SHAPE, "comprehension", [*values, *tests], self.loop)
        self.leave(frame, hidden={one.id for one in ast.walk(first.target) if isinstance(one, ast.Name)})
        return value


def _module(value: Value) -> Value | None:
    """The module that ``value`` is: imported outside of this function or loop, or one of several that were tried."""
    value = first_of(value)
    return value if value.kind is Kind.LIBRARY else None


def _is_settled(truth: Value) -> bool:
    """Tell whether ``truth`` compares two numbers or texts that are written there."""
    return (
        truth.what == "equals"
        and truth.known is not UNKNOWN
        and all(one.what in ("constant", "index") and not isinstance(one.known, bool) for one in truth.inputs)
    )


def spelling(place: ast.expr) -> list[tuple[object, ...]]:
    """The beginning of ``place``, enough to tell two apart."""
    parts = islice(ast.walk(place), _SPELLED)
    return [
        (type(one), getattr(one, "id", None), getattr(one, "value", None) if isinstance(one, ast.Constant) else None)
        for one in parts
    ]


def _is_word(value: Value) -> bool:
    """Tell whether ``value`` is any of several texts: cutting each of them makes something new."""
    return value.kind is Kind.ITEM and value.text and not value.inputs[0].text


def never_equal(one: Value, other: Value) -> bool:
    """Tell whether one of two values is a text and the other any of several numbers, or the other way round."""
    return any(
        plain.what == "constant"
        and isinstance(plain.known, str | int)
        and item.kind is Kind.ITEM
        and bool(parts := item.inputs[0].parts)
        and all(part.what == "constant" and part.text is not plain.text for part in islice(parts, _LOOKED_AT))
        for plain, item in ((one, other), (other, one))
    )


def is_of_words(value: Value) -> bool:
    """Tell whether ``value`` is any word of a text."""
    return value.kind is Kind.ITEM and bool(value.inputs) and value.inputs[0].what == ".split"


def _is_default(value: Value) -> bool:
    """Tell whether ``value`` is written down and no truth value: what is given where there is nothing else."""
    return value.kind is Kind.LITERAL and value.what == "constant" and bool(value.known) and value.known is not True


def _truths_of(node: ast.expr) -> list[int]:
    """What ``node``, a test, joins or turns around: of that too no more than its truth matters."""
    found = [node]
    for one in found:
        if isinstance(one, ast.BoolOp):
            found += one.values
        elif isinstance(one, ast.UnaryOp) and isinstance(one.op, ast.Not):
            found.append(one.operand)
    return list(map(id, found))


def _is_blank(value: Value) -> bool:
    """Tell whether ``value`` is space, or a rule such as tables are drawn with."""
    return isinstance(value.known, str) and bool(value.known) and not value.known.strip(_RULES)


def _is_cut(value: Value) -> bool:
    """Tell whether ``value`` is a part of something, or a list of such parts: with another, they make a new order."""
    if value.what in ("List", "Tuple"):
        return any(part.what in _CUTS for part in islice(value.inputs, _LOOKED_AT))
    return value.what in _CUTS


def _is_picked(value: Value) -> bool:
    """Tell whether ``value`` is a list of entries that were picked by hand: they stand in the writer's order."""
    parts = list(islice(value.inputs, _LOOKED_AT)) if value.what in ("List", "Tuple") else []
    return bool(parts) and all(
        part.kind is Kind.LITERAL or (part.what == "index" and part.inputs[1].kind is Kind.LITERAL) for part in parts
    )


def _counts_down(place: Value) -> bool:
    """Tell whether ``place`` goes down as a loop runs: a countdown, or a counter below zero."""
    return place.what == "countdown" or (place.what == "negate" and first_of(place.inputs[0]).what == "counter")


def _turns(base: Value, place: Value) -> bool:
    """Tell whether ``base[place]`` goes through a table across the order it is stored in: columns before rows."""
    outer, inner = _counted_by(place), _counted_by(base.inputs[1] if base.what == "index" else base)
    while inner is not None and inner is not outer:
        inner = inner.parent
        if inner is not None and inner is outer:
            return True
    return False


def _counted_by(value: Value) -> Loop | None:
    """The loop whose counter, or element, ``value`` is."""
    value = first_of(value)
    return value.loop if value.kind in (Kind.SOURCE, Kind.ITEM) else None


def holds_text(value: Value) -> bool:
    """Tell whether the elements of ``value`` are strings, as far as that is evident."""
    if value.parts:
        return all(one.text for one in islice(value.parts, _LOOKED_AT))
    return value.what in (".split", ".splitlines")


Expressions.walks = {
    ast.Constant: Expressions._constant,
    ast.Name: Expressions._name,
    ast.NamedExpr: Expressions._walrus,
    ast.BinOp: Expressions._binary,
    ast.UnaryOp: Expressions._unary,
    ast.BoolOp: Expressions._boolean,
    ast.Compare: Expressions._compare,
    ast.IfExp: Expressions._conditional,
    ast.JoinedStr: Expressions._joined,
    ast.FormattedValue: Expressions._formatted,
    ast.List: Expressions._sequence,
    ast.Tuple: Expressions._sequence,
    ast.Set: Expressions._sequence,
    ast.Dict: Expressions._dictionary,
    ast.Subscript: Expressions._subscript,
    ast.Attribute: Expressions._attribute,
    ast.Starred: Expressions._starred,
    ast.ListComp: Expressions._comprehension,
    ast.SetComp: Expressions._comprehension,
    ast.DictComp: Expressions._comprehension,
    ast.GeneratorExp: Expressions._comprehension,
}
