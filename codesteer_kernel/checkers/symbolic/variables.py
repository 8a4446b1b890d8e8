"""Variables along a program: which value a name stands for at each point, through branches, loops and functions."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from codesteer_kernel.checkers.symbolic.graph import Function, Graph, Kind, Loop, Value
from codesteer_kernel.checkers.symbolic.scopes import Names

__all__ = ["OUTPUT", "Frame", "Scope", "Variables"]

# What was shown so far is a variable too: a branch that shows something else is then a choice like any other.
OUTPUT = "<output>"


class Frame:
    """Bindings of a branch, or of any run through a loop.

    ``dead``: its end is never reached (return, break, raise). Of loops, ``phis`` are the variables at the head of a run
    and ``left`` the bindings of branches that leave the run early.
    """

    def __init__(self, parent: Frame | None, loop: Loop | None = None) -> None:
        self.parent = parent
        self.loop = loop
        self.values: dict[str, Value] = {}
        self.dead = False
        self.phis: dict[str, Value] = {}
        self.left: list[dict[str, Value]] = []

    @property
    def running(self) -> Loop:
        """The loop, of the frame of one."""
        assert self.loop is not None
        return self.loop


class Scope:
    """The module, a class or a function.

    Inner functions see the join of all that is ever bound to a name (``cells``); ``inner`` is what they bind or change
    themselves. ``parts`` are names that stand for a part of something else: changing them changes that.
    """

    def __init__(
        self, parent: Scope | None, bound: set[str], function: Function | None, *, is_class: bool = False
    ) -> None:
        self.parent = parent
        self.bound = bound
        self.function = function
        self.is_class = is_class
        self.cells: dict[str, Value] = {}
        self.inner: dict[str, Value] = {}
        self.parts: dict[str, ast.expr] = {}


class Variables:
    """The bindings at the current point of the walk, and what leads there (``guard``: the tests passed on the way)."""

    def __init__(self, names: Names, tree: ast.Module) -> None:
        self.graph = Graph()
        self.names = names
        self.scope = Scope(None, names.bound[tree], None)
        self.shared: set[str] = names.shared.get(tree, set())
        self.frame = Frame(None)
        self.frame.values[OUTPUT] = self.graph.nothing
        self.loop: Loop | None = None
        self.guard: Value | None = None

    # -- reading and binding -------------------------------------------------------------------------------------------

    def read(self, name: str) -> Value | None:
        """The value of ``name`` here; None where nothing binds it (a builtin, or something from outside)."""
        value = self._local(name)
        if value is not None:
            return value if name not in self.scope.inner else self._with_inner(value, self.scope.inner[name])
        scope = self.owner(name)
        if scope is None:
            return None
        if scope is self.scope:
            # Bound later, or in a branch that is not taken.
            return scope.inner.get(name) or self.graph.nothing
        return self._with_inner(self._cell(scope.cells, name), self._cell(scope.inner, name))

    def _with_inner(self, value: Value, inner: Value) -> Value:
        """``value``, or what inner functions make of it, as what leads there (known in the end) decides."""
        joined = self.graph.pick([value, inner])
        joined.control = inner.control
        return joined

    def bind(self, name: str, value: Value) -> None:
        """Bind ``name`` to ``value``."""
        self.frame.values[name] = value
        scope = self.owner(name) if name in self.shared else self.scope
        if name != OUTPUT and scope is not None:
            self._cell(scope.cells, name).inputs.append(value)
            if scope is not self.scope:
                self._cell(scope.inner, name).inputs.append(value)

    def change(self, name: str, value: Value) -> None:
        """What ``name`` stands for becomes ``value`` in place: the caller, and outer functions, see it too."""
        self.frame.values[name] = value
        function = self.scope.function
        if function is not None and name in function.parameters:
            changed = self._cell(function.changed, name)
            changed.inputs += [function.parameters[name], value]
            changed.control += [] if self.guard is None else [self.guard]
        scope = self.owner(name)
        if scope is self.scope:
            self._cell(scope.cells, name).inputs.append(value)
        elif scope is not None:
            inner = self._cell(scope.inner, name)
            inner.inputs.append(value)
            inner.control += [] if self.guard is None else [self.guard]

    def owner(self, name: str) -> Scope | None:
        """The scope that binds ``name``, from here outwards."""
        scope: Scope | None = self.scope
        while scope is not None and name not in scope.bound:
            scope = scope.parent
        return scope

    def _cell(self, cells: dict[str, Value], name: str) -> Value:
        if name not in cells:
            cells[name] = self.graph.pick(())
        return cells[name]

    def _local(self, name: str) -> Value | None:
        """Look through the frames. Each loop on the way gets a variable of its own: a run may see the one before it."""
        frame: Frame | None = self.frame
        crossed: list[Frame] = []
        value = None
        while frame is not None:
            value = frame.values.get(name) or frame.phis.get(name)
            if value is not None:
                break
            if frame.loop is not None:
                crossed.append(frame)
            frame = frame.parent
        if value is None:
            return None
        for loop in reversed(crossed):
            value = loop.phis[name] = self.graph.pick([value], [loop.running.control], loop.loop)
        return value

    def _before(self, name: str) -> Value | None:
        """What ``name`` was before a branch or loop that binds it; None where it was not bound."""
        value = self._local(name)
        if value is None and self.owner(name) not in (None, self.scope):
            value = self.read(name)
        return value

    def _rebind(self, name: str, value: Value) -> None:
        """``name`` is, from here on, one of the values that it was bound to before."""
        self.frame.values[name] = value
        scope = self.owner(name)
        if scope is not None:
            self._cell(scope.cells, name).inputs.append(value)
            if scope is not self.scope:
                self._cell(scope.inner, name).inputs.append(value)

    def choice(self, values: Iterable[Value], control: list[Value]) -> Value:
        """One of ``values``; no choice where they are the same."""
        distinct = list({value.index: value for value in values}.values())
        return distinct[0] if len(distinct) == 1 else self.graph.pick(distinct, control, self.loop)

    # -- branches ------------------------------------------------------------------------------------------------------

    def behind(self, test: Value) -> Value:
        """The guard of what comes behind ``test``."""
        return self.graph.shape("guard", [test] if self.guard is None else [test, self.guard])

    @contextmanager
    def branch(self, test: Value | None = None) -> Iterator[Frame]:
        """A frame for one way through the program, behind ``test``."""
        outer = self.frame, self.guard
        self.guard = self.guard if test is None else self.behind(test)
        self.frame = Frame(self.frame)
        yield self.frame
        self.frame, self.guard = outer

    def merge(self, frames: list[Frame], control: list[Value]) -> None:
        """Go on after ``frames``, one of which was taken as ``control`` decided."""
        live = [frame for frame in frames if not frame.dead]
        self.frame.dead = not live
        choices: dict[str, list[Value]] = {}
        for frame in live:
            for name, value in frame.values.items():
                choices.setdefault(name, []).append(value)
        for name, values in choices.items():
            before = self._before(name) if len(values) < len(live) else None
            ways = [part for one in values for part in (one, *one.inputs[:1])]
            if before is None and len(values) < len(live) and any(part.kind is Kind.ITEM for part in ways):
                # Which of several it is bound to is chosen, though nothing was bound before.
                before = self.graph.nothing
            self._rebind(name, self.choice([*values, *([] if before is None else [before])], control))

    # -- loops ---------------------------------------------------------------------------------------------------------

    @contextmanager
    def run(self, kind: str, line: int) -> Iterator[Frame]:
        """A frame for any run through a loop."""
        loop = Loop(kind, line, self.loop, self.scope.function, self.graph.pick(()))
        self.graph.loops.append(loop)
        outer = self.frame, self.guard, self.loop
        self.guard = self.behind(loop.control)
        self.frame, self.loop = Frame(self.frame, loop), loop
        yield self.frame
        self.frame, self.guard, self.loop = outer

    def leave(self, frame: Frame, *, hidden: Iterable[str] = (), runs: bool = False) -> None:
        """Go on after the loop of ``frame``. ``hidden`` names end with it; ``runs``: it surely runs once."""
        loop = frame.running
        ends: dict[str, list[Value]] = {}
        for values in (frame.values, *frame.left):
            for name, value in values.items():
                ends.setdefault(name, []).append(value)
        for name, phi in frame.phis.items():
            if name in ends:
                phi.inputs += ends[name]
                if name != OUTPUT:
                    loop.states.append(phi)
        for name in hidden:
            ends.pop(name, None)
        for name, last in ends.items():
            before = None if runs else self._before(name)
            self._rebind(name, self.choice([*([] if before is None else [before]), *last], [loop.control]))

    def loop_frame(self) -> Frame | None:
        """The frame of the innermost loop."""
        frame: Frame | None = self.frame
        while frame is not None and frame.loop is None:
            frame = frame.parent
        return frame
