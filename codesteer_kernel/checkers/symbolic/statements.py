"""Statements of a program to its flow graph: what is shown in the end, and what that is made of."""

from __future__ import annotations

import ast

import msgspec

from codesteer_kernel.checkers.symbolic.calls import Calls
from codesteer_kernel.checkers.symbolic.expressions import Walk, drive, given, spelling
from codesteer_kernel.checkers.symbolic.graph import UNKNOWN, Function, Graph, Kind, Loop, Value
from codesteer_kernel.checkers.symbolic.library import CHANGES
from codesteer_kernel.checkers.symbolic.linking import link
from codesteer_kernel.checkers.symbolic.scopes import Names, names_of
from codesteer_kernel.checkers.symbolic.variables import OUTPUT, Frame, Scope

__all__ = ["Flow", "flow_of"]

_CACHES = {"functools.lru_cache", "functools.cache", "functools.cached_property"}
_PROPERTIES = {"builtins.property", "functools.cached_property"}
# What bare names and numbers make tests of.
_PLAIN = (ast.Name, ast.Constant, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp)
_MARKS = (ast.operator, ast.cmpop, ast.boolop, ast.unaryop, ast.expr_context)


class Flow(msgspec.Struct, kw_only=True):
    """The flow graph of a program.

    ``output`` is what is shown when the program ends, ``bound`` what its names are bound to. ``steps`` counts the
    parts of the program that were visited and the values made of them.
    """

    graph: Graph
    output: Value
    bound: list[Value]
    steps: int


def flow_of(tree: ast.Module) -> Flow:
    """The flow graph of ``tree``."""
    names = names_of(tree)
    walk = _Statements(names, tree)
    (output, bound), steps = drive(walk.module(tree))
    link(walk.graph)
    walk.graph.simplify()
    return Flow(graph=walk.graph, output=output, bound=bound, steps=names.nodes + steps + len(walk.graph.values))


class _Statements(Calls):
    """Walks statements."""

    def __init__(self, names: Names, tree: ast.Module) -> None:
        super().__init__(names, tree)
        # What was shown where the program ends early, and the tests that lead there.
        self.ends: list[Value] = []
        self.end_guards: list[Value] = []
        # In how many try blocks with handlers the walk is.
        self.tries = 0

    def module(self, tree: ast.Module) -> Walk:
        """The whole program: what it shows, and what its names are bound to."""
        body = tree.body
        last = body[-1] if body and isinstance(body[-1], ast.Expr) else None
        yield self.block(body if last is None else body[:-1])
        if last is not None and not self.frame.dead:
            value = yield self.expression(last.value)
            changes = value.what in CHANGES and "pop" not in value.what
            docstring = len(body) == 1 and value.kind is Kind.LITERAL and value.text
            if value.what == "outside" and isinstance(last.value, ast.Name) and last.value.id[0].isupper():
                # A bare word, which is no name of anything: an answer without its quotes.
                value = self.graph.literal(last.value.id)
            if value.known is not None and not changes and not docstring:
                # A notebook shows the value of the last expression.
                shown = self.graph.make(Kind.PRINT, "display", [self.output(), value])
                self.bind(OUTPUT, shown)
        bound = [value for name, value in self.frame.values.items() if name != OUTPUT]
        return self.graph.pick([*self.ends, self.output()], self.end_guards), bound

    def block(self, body: list[ast.stmt]) -> Walk:
        """Statements, one after the other, up to one after which there is no going on."""
        for node in body:
            if self.frame.dead:
                return
            walk = self.walks.get(type(node))
            if walk is not None:
                yield walk(self, node)

    # -- simple statements ---------------------------------------------------------------------------------------------

    def _expr(self, node: ast.Expr) -> Walk:
        return self.expression(node.value)

    def _assign(self, node: ast.Assign) -> Walk:
        value = yield self.expression(node.value)
        for target in node.targets:
            self.stands_for(target, node.value)
            yield self._store(target, value, node.value)

    def _annotated(self, node: ast.AnnAssign) -> Walk:
        if node.value is not None:
            yield self._store(node.target, (yield self.expression(node.value)), node.value)

    def _augmented(self, node: ast.AugAssign) -> Walk:
        right = yield self.expression(node.value)
        left = yield self.expression(_loaded(node.target))
        yield self._store(node.target, self.operation(node.op, left, right), node.value)

    def _store(self, target: ast.expr, value: Value, by: ast.expr) -> Walk:
        """Bind ``target`` to ``value``, which ``by`` gave; entries made of other entries make a table."""
        if isinstance(target, ast.Subscript) and self.loop is not None and _refers(by, target):
            at = yield self.expression(target.slice)
            self.change_place(target.value, [value, self.graph.shape("place", [at])], "table")
        else:
            yield self.target(target, value)

    def _delete(self, node: ast.Delete) -> Walk:
        for target in node.targets:
            if isinstance(target, ast.Subscript):
                parts = [target.value, *([] if isinstance(target.slice, ast.Slice) else [target.slice])]
                self.change_place(target.value, [self.work(".pop", (yield self.expressions(parts)))])

    def _return(self, node: ast.Return) -> Walk:
        value = self.graph.nothing
        if node.value is not None:
            value = yield self.expression(node.value)
        self.give(value)
        self._end(self.scope.function)

    def quit(self) -> None:
        """The program ends here."""
        self._end(None)

    def _end(self, function: Function | None) -> None:
        """``function`` (None: the program) ends here."""
        ends, guards = (
            (self.ends, self.end_guards) if function is None else (function.prints.inputs, function.prints.control)
        )
        ends.append(self.output())
        if self.guard is not None:
            guards.append(self.guard)
        self._leave_loops()
        self.frame.dead = True

    def _leave_loops(self) -> None:
        loop = self.loop
        while loop is not None:
            loop.exits = True
            if self.guard is not None:
                loop.control.inputs.append(self.guard)
            loop = loop.parent

    def _raise(self, node: ast.Raise) -> Walk:
        if node.exc is not None:
            yield self.expression(node.exc)
        self._end(self.scope.function)

    def _assert(self, node: ast.Assert) -> Walk:
        return self.expression(node.test)

    def _break(self, node: ast.Break | ast.Continue) -> Walk:
        frame = self.loop_frame()
        if frame is not None:
            loop = frame.running
            loop.exits = loop.exits or isinstance(node, ast.Break)
            if self.guard is not None:
                loop.control.inputs.append(self.guard)
            if self.frame is not frame:
                frame.left.append(self.frame.values)
        self.frame.dead = True
        return given(None)

    def _import(self, node: ast.Import) -> Walk:
        for alias in node.names:
            top = alias.name.partition(".")[0]
            self.bind(alias.asname or top, self.graph.library(alias.name if alias.asname else top))
        return given(None)

    def _import_from(self, node: ast.ImportFrom) -> Walk:
        for alias in node.names:
            if alias.name == "*":
                self.star = node.module or ""
            else:
                self.bind(alias.asname or alias.name, self.graph.library(f"{node.module}.{alias.name}"))
        return given(None)

    # -- branches ------------------------------------------------------------------------------------------------------

    def _if(self, node: ast.If) -> Walk:
        """An if with all its elifs at once: long chains nest deeply in the tree."""
        tests: list[Value] = []
        frames: list[Frame] = []
        guard = self.guard
        rest: list[ast.stmt] = [node]
        while len(rest) == 1 and isinstance(rest[0], ast.If):
            branch = rest[0]
            test = yield self.test(branch.test)
            if test.known is UNKNOWN:
                tests.append(test)
            if test.known is UNKNOWN or test.known:
                with self.branch(test) as frame:
                    frames.append(frame)
                    yield self.block(branch.body)
            if test.known is not UNKNOWN and test.known:
                frame.values.update({name: self.graph.decided(value, test) for name, value in frame.values.items()})
                break
            self.guard = self.behind(test)
            rest = branch.orelse
        else:
            with self.branch() as frame:
                frames.append(frame)
                yield self.block(rest)
        self.guard = guard
        self.merge(frames, tests)

    def _match(self, node: ast.Match) -> Walk:
        subject = yield self.expression(node.subject)
        tests: list[Value] = []
        frames: list[Frame] = []
        whole = False
        for case in node.cases:
            patterns = list(ast.walk(case.pattern))
            values = yield self.expressions([one.value for one in patterns if isinstance(one, ast.MatchValue)])
            tests.append(self.work("equals", [subject, *values]))
            if values and self.evident([subject, *values]):
                tests[-1].known = any(one.known == subject.known for one in values)
            with self.branch(tests[-1]) as frame:
                frames.append(frame)
                for pattern in patterns:
                    name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
                    if name is not None:
                        self.bind(name, self.graph.shape("part", [subject]))
                if case.guard is not None:
                    tests.append((yield self.expression(case.guard)))
                yield self.block(case.body)
            whole = whole or (isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and not case.guard)
        self.merge(frames if whole else [*frames, Frame(self.frame)], tests)

    def _try(self, node: ast.Try) -> Walk:
        frames: list[Frame] = []
        self.tries += bool(node.handlers)
        with self.branch() as frame:
            frames.append(frame)
            yield self.block([*node.body, *node.orelse])
        self.tries -= bool(node.handlers)
        for handler in node.handlers:
            with self.branch() as frame:
                frames.append(frame)
                if handler.name:
                    self.bind(handler.name, self.graph.shape("error", []))
                yield self.block(handler.body)
        self.merge(frames, [])
        yield self.block(node.finalbody)

    def _with(self, node: ast.With | ast.AsyncWith) -> Walk:
        for item in node.items:
            value = yield self.expression(item.context_expr)
            if item.optional_vars is not None:
                yield self.target(item.optional_vars, value)
        yield self.block(node.body)

    # -- loops ---------------------------------------------------------------------------------------------------------

    def _for(self, node: ast.For | ast.AsyncFor) -> Walk:
        iterable = yield self.expression(node.iter)
        with self.run("for", node.lineno) as frame:
            loop = frame.running
            loop.control.inputs.append(iterable)
            loop.below = _below(node.target, node.iter)
            yield self.target(node.target, self.item(iterable))
            self.stands_for(node.target, node.iter)
            yield self.block(node.body)
        self.leave(frame)
        loop.endless = iterable.what == "endless counter" and not loop.exits and not self.tries
        yield self._otherwise(node.orelse, loop)

    def _while(self, node: ast.While) -> Walk:
        with self.run("while", node.lineno) as frame:
            loop = frame.running
            test = yield self.test(node.test)
            always = test.known is not UNKNOWN and bool(test.known)
            if test.known is UNKNOWN:
                loop.control.inputs.append(test)
            if test.known is UNKNOWN or always:
                yield self.block(node.body)
        self.leave(frame, runs=always)
        if not loop.exits and not self.tries:
            loop.endless = always or (test.known is UNKNOWN and not self._may_change(node.test, frame))
            self.frame.dead = always
        yield self._otherwise(node.orelse, loop)

    def _otherwise(self, body: list[ast.stmt], loop: Loop) -> Walk:
        """The else of a loop, which a break skips."""
        if not loop.exits:
            yield self.block(body)
        elif body and not self.frame.dead:
            with self.branch(loop.control) as taken:
                yield self.block(body)
            self.merge([taken, Frame(self.frame)], [loop.control])

    def _may_change(self, test: ast.expr, frame: Frame) -> bool:
        """Tell whether a run through the loop of ``frame`` may change what ``test`` says."""
        changed = {name for values in (frame.values, *frame.left) for name in values}
        for node in ast.walk(test):
            if isinstance(node, ast.Name):
                if node.id in changed or node.id in self.scope.inner or self.owner(node.id) is None:
                    return True
            elif not isinstance(node, (*_PLAIN, *_MARKS)):
                return True
        return False

    # -- definitions ---------------------------------------------------------------------------------------------------

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Walk:
        value = yield self.function(node, node.args, node.body)
        function: Function = value.function
        for decorator in reversed(node.decorator_list):
            by = yield self.expression(decorator)
            function.memoised = function.memoised or by.what in _CACHES
            function.is_property = function.is_property or by.what in _PROPERTIES
            function.is_static = function.is_static or by.what == "builtins.staticmethod"
            if by.kind in (Kind.FUNCTION, Kind.PICK, Kind.CALL):
                value = self.graph.pick([value, self.unresolved(by, [value])])
        self.bind(node.name, value)

    def _class(self, node: ast.ClassDef) -> Walk:
        yield self.expressions(node.bases)
        made = Function(self.graph)
        made.instance = self.graph.make(Kind.SHAPE, "object")
        outer = self.scope, self.shared
        self.scope = Scope(self.scope, self.names.bound[node], self.scope.function, is_class=True)
        self.shared = set()
        with self.branch() as frame:
            yield self.block(node.body)
        self.scope, self.shared = outer
        self.bind(OUTPUT, frame.values.pop(OUTPUT, self.output()))
        for name, value in frame.values.items():
            self.field(name).inputs.append(value)
            method = value.function if value.kind is Kind.FUNCTION else None
            if method is None or method.instance is not None:
                continue
            method.is_method = not method.is_static
            if name == "__init__":
                made.initialiser = method
            elif name.startswith("__") and method.names:
                # Called by Python itself: to print, to compare, to go through.
                made.instance.inputs.append(method.returns)
                method.parameters[method.names[0]].inputs.append(made.instance)
        value = self.graph.make(Kind.FUNCTION, "class")
        value.function = made
        self.bind(node.name, value)


def _below(target: ast.expr, over: ast.expr) -> tuple[str, list[tuple[object, ...]]]:
    """The name of a counter and the spelling of what it stays below, if ``over`` counts from 0."""
    match target, over:
        case ast.Name(id=name), ast.Call(func=ast.Name(id="range"), args=[end] | [ast.Constant(value=0), end]):
            return name, spelling(end)
    return "", []


def _loaded(target: ast.expr) -> ast.expr:
    """The place ``target`` as an expression that reads it."""
    match target:
        case ast.Name(id=name):
            return ast.Name(id=name, ctx=ast.Load())
        case ast.Subscript(value=value, slice=index):
            return ast.Subscript(value=value, slice=index, ctx=ast.Load())
        case ast.Attribute(value=value, attr=name):
            return ast.Attribute(value=value, attr=name, ctx=ast.Load())
    return target


def _root(place: ast.expr) -> str:
    while isinstance(place, ast.Subscript):
        place = place.value
    return place.id if isinstance(place, ast.Name) else ""


def _refers(value: ast.expr, target: ast.Subscript) -> bool:
    """Tell whether ``value`` is made of other entries of the table that ``target`` is an entry of."""
    root, index = _root(target), spelling(target.slice)
    return bool(root) and any(
        isinstance(one, ast.Subscript) and _root(one) == root and spelling(one.slice) != index
        for one in ast.walk(value)
    )


_Statements.walks = Calls.walks | {
    ast.Expr: _Statements._expr,
    ast.Assign: _Statements._assign,
    ast.AnnAssign: _Statements._annotated,
    ast.AugAssign: _Statements._augmented,
    ast.Delete: _Statements._delete,
    ast.Return: _Statements._return,
    ast.Raise: _Statements._raise,
    ast.Assert: _Statements._assert,
    ast.Break: _Statements._break,
    ast.Continue: _Statements._break,
    ast.Import: _Statements._import,
    ast.ImportFrom: _Statements._import_from,
    ast.If: _Statements._if,
    ast.Match: _Statements._match,
    ast.Try: _Statements._try,
    ast.TryStar: _Statements._try,
    ast.With: _Statements._with,
    ast.AsyncWith: _Statements._with,
    ast.For: _Statements._for,
    ast.AsyncFor: _Statements._for,
    ast.While: _Statements._while,
    ast.FunctionDef: _Statements._function,
    ast.AsyncFunctionDef: _Statements._function,
    ast.ClassDef: _Statements._class,
}
