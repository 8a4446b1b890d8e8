"""The flow graph of a program: values, what they are made of, and what decides between them.

Values are made in the order of the program (static single assignment: a variable that is bound again is a new value),
so a result that is overwritten, or that nothing shown is made of, is not reached from the output.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum, auto
from typing import Any, Final

__all__ = ["TRUTHS", "UNKNOWN", "CallSite", "Function", "Graph", "Keywords", "Kind", "Loop", "Value", "first_of"]


class Kind(Enum):
    """What a value is."""

    LITERAL = auto()  # written in the program; a list, table or grid of literals is one literal
    LIBRARY = auto()  # a module or something in it; ``what`` is its dotted path, ``builtins.NAME`` for builtins
    FUNCTION = auto()  # a function or class of the program
    SHAPE = auto()  # copied, formatted, packed, unpacked: nothing new; ``what`` names how
    WORK = auto()  # worked out: arithmetic, a comparison, a call that does something; ``what`` names it
    ITEM = auto()  # an element of its input
    SOURCE = auto()  # many values that the program does not spell out: a counter, chance, the outside
    PICK = auto()  # one of its inputs; ``control`` holds what decides which
    PRINT = auto()  # what was shown so far (first input) and what is shown now
    CALL = auto()  # a call that may go to functions of the program


UNKNOWN: Final = object()
# Through so many joins a name is followed to what it stood for first.
_SCOPES = 4
# Work that gives True or False.
TRUTHS = frozenset({"logic", "equals", "compares", "contains"})


class Value:
    """One value.

    ``known`` is its Python value where that is evident, ``parts`` are the elements of a literal list, tuple, set or
    table, ``text`` is set for strings, ``site`` says what a call calls.
    """

    __slots__ = (
        "control",
        "function",
        "index",
        "inputs",
        "kind",
        "known",
        "loop",
        "parts",
        "site",
        "text",
        "what",
    )

    def __init__(self, kind: Kind, what: str, inputs: list[Value], index: int) -> None:
        self.kind = kind
        self.what = what
        self.inputs = inputs
        self.index = index
        self.control: list[Value] = []
        self.parts: Sequence[Value] = ()
        self.known: Any = UNKNOWN
        self.text = False
        self.loop: Loop | None = None
        # Of a function its own, of others the one they are worked out in.
        self.function: Function | None = None
        self.site: CallSite | None = None


class Loop:
    """A loop or comprehension. ``depth`` counts from 1 within its function.

    ``control`` is what decides how often it runs; ``states`` are the variables that one run hands to the next;
    ``exits``: a run can leave it early; ``endless``: nothing can stop it. ``below`` is, by its spelling, what the
    counter of that name stays below.
    """

    def __init__(self, kind: str, line: int, parent: Loop | None, function: Function | None, control: Value) -> None:
        self.kind = kind
        self.line = line
        self.parent = parent
        self.function = function
        self.control = control
        self.depth: int = parent.depth + 1 if parent else 1
        self.states: list[Value] = []
        self.exits = False
        self.endless = False
        self.below: tuple[str, list[tuple[object, ...]]] = ("", [])


class Function:
    """A function, lambda or class of the program; its values are joined over all its calls.

    ``names`` are those of the parameters in their order. ``spread`` holds arguments that may be any parameter, ``changed``, by parameter, what becomes of an argument that is
    changed in place. Of classes, ``instance`` is an object and ``initialiser`` what makes it.
    """

    def __init__(self, graph: Graph) -> None:
        self.parameters: dict[str, Value] = {}
        self.names: list[str] = []
        self.rest: Value | None = None
        self.spread: Value | None = None
        self.returns = graph.pick(())
        self.prints = graph.pick(())
        self.changed: dict[str, Value] = {}
        self.instance: Value | None = None
        self.initialiser: Function | None = None
        self.is_method = False
        self.is_static = False
        self.is_property = False
        self.memoised = False
        graph.functions.append(self)


Keywords = Sequence[tuple[str | None, Value]]


class CallSite:
    """A call of something that may be a function of the program.

    ``changes`` says, by place, what the arguments become and ``shows`` what is shown, once it is known who is called.
    """

    def __init__(
        self,
        callee: Value,
        receiver: Value | None,
        arguments: list[Value],
        keywords: Keywords,
        caller: Function | None,
        guard: Value | None,
    ) -> None:
        self.callee = callee
        self.receiver = receiver
        self.arguments = arguments
        self.keywords = keywords
        self.caller = caller
        # The tests passed on the way to the call.
        self.guard = guard
        self.changes: list[tuple[int, Value]] = []
        self.shows: Value | None = None
        self.resolved: list[Function] = []

    def all_arguments(self) -> list[Value]:
        """The receiver, the arguments by place and those by name."""
        first = [] if self.receiver is None else [self.receiver]
        return [*first, *self.arguments, *(value for _, value in self.keywords)]


class Graph:
    """All values of a program, in the order in which they were made; equal literals and shapes are one value."""

    def __init__(self) -> None:
        self.values: list[Value] = []
        self._same: dict[tuple[object, ...], Value] = {}
        self.nothing = self.literal(None)
        self.calls: list[Value] = []
        self.functions: list[Function] = []
        self.loops: list[Loop] = []
        # What is shown by library calls that call functions of the program, by the call's index.
        self.shows: dict[int, Value] = {}
        # Tests that name a text: whatever is tested, its writer knew the answer.
        self.named: set[int] = set()
        # Who calls which function (None: the module, or a library).
        self.entered: list[tuple[Function | None, Function]] = []

    def make(self, kind: Kind, what: str, inputs: Iterable[Value] = (), loop: Loop | None = None) -> Value:
        """Add a value of its own."""
        value = Value(kind, what, list(inputs), len(self.values))
        value.loop = loop
        self.values.append(value)
        return value

    def _shared(self, kind: Kind, what: str, inputs: list[Value], key: object) -> Value:
        full = (kind, key, *map(id, inputs))
        value = self._same.get(full)
        if value is None:
            value = self._same[full] = self.make(kind, what, inputs)
        return value

    def literal(self, constant: Any) -> Value:
        """The scalar ``constant``."""
        # 0.0 and -0.0 are equal, yet not the same.
        key = repr(constant) if isinstance(constant, float | complex) else constant
        value = self._shared(Kind.LITERAL, "constant", [], (type(constant), key))
        value.known = constant
        value.text = isinstance(constant, str)
        return value

    def container(self, name: str, parts: list[Value]) -> Value:
        """A list, tuple, set or dict; one literal where all its parts are literals."""
        if any(part.kind is not Kind.LITERAL for part in parts):
            return self.shape(name, parts)
        value = self._shared(Kind.LITERAL, name, [], (name, *map(id, parts)))
        value.parts = parts
        return value

    def library(self, path: str) -> Value:
        """The module, or part of one, at the dotted ``path``."""
        return self._shared(Kind.LIBRARY, path, [], path)

    def shape(self, what: str, inputs: Iterable[Value], *, text: bool = False) -> Value:
        """Something that only passes its inputs on."""
        value = self._shared(Kind.SHAPE, what, list(inputs), what)
        value.text = value.text or text
        return value

    def printed(self, before: Value, shown: Iterable[Value]) -> Value:
        """What is shown after ``before`` was."""
        return self._shared(Kind.PRINT, "print", [before, *shown], "print")

    def pick(self, inputs: Iterable[Value], control: Iterable[Value] = (), loop: Loop | None = None) -> Value:
        """One of ``inputs``, as ``control`` decides."""
        value = self.make(Kind.PICK, "pick", inputs, loop)
        value.control = list(control)
        value.text = bool(value.inputs) and value.inputs[0].text
        return value

    def decided(self, value: Value, test: Value) -> Value:
        """``value``, on account of a ``test`` whose outcome is evident."""
        if value.kind is not Kind.LITERAL:
            return value
        decided = self.make(Kind.PICK, "decided", [value])
        decided.control = [test]
        decided.known, decided.text = value.known, value.text
        return decided

    def simplify(self) -> None:
        """Let everything that is made of a pick from one value, or of one left unchanged, be made of that value."""
        only: dict[int, Value] = {}
        for value in self.values:
            if value.what == "changed" and all(one.what == "unchanged" for one in value.inputs[1:]):
                # Handed to a function that leaves it as it is.
                only[value.index] = value.inputs[0]
        self._replace(only)
        only = {}
        for value in self.values:
            if value.kind is Kind.PICK and value.what != "decided":
                others = {one.index: one for one in value.inputs if one is not value}
                if len(others) == 1:
                    only[value.index] = next(iter(others.values()))
        self._replace(only)

    def _replace(self, only: dict[int, Value]) -> None:
        """Let everything be made of what ``only`` says that its parts are."""
        for value in self.values:
            if any(one.index in only for one in value.inputs):
                value.inputs = [_end(one, only) for one in value.inputs]


def first_of(value: Value) -> Value:
    """What ``value`` was bound to first, outside of this loop or function."""
    for _ in range(_SCOPES):
        if value.kind is not Kind.PICK or not value.inputs:
            break
        value = value.inputs[0]
    return value


def _end(value: Value, only: dict[int, Value]) -> Value:
    """Where ``only`` leads from ``value`` on. Shortens the way for the next one, and opens circles."""
    way: dict[int, None] = {}
    while value.index in only and value.index not in way:
        way[value.index] = None
        value = only[value.index]
    only.update(dict.fromkeys(way, value))
    only.pop(value.index, None)
    return value
