"""Functions of a program and calls: what a call gives, changes and shows."""

from __future__ import annotations

import ast
import re

from codesteer_kernel.checkers.symbolic.expressions import DIGITS, Expressions, Walk, is_of_words
from codesteer_kernel.checkers.symbolic.graph import CallSite, Function, Keywords, Kind, Value
from codesteer_kernel.checkers.symbolic.library import CHANGES, COUNTERS, TEXTS, Meaning, meaning_of
from codesteer_kernel.checkers.symbolic.variables import OUTPUT, Frame, Scope

__all__ = ["Calls"]

# What print takes besides what it prints.
_PRINT_OPTIONS = {"sep", "end", "file", "flush"}
# Calls of the library that call what they are given.
_APPLYING = {"builtins.map", "itertools.starmap"}
# The codes of A and a.
_FIRST_LETTERS = (65, 97)
# What a date does not say by itself: its weekday, its week, its day of the year.
_WORKED_OUT = re.compile(r"%[-#]?[aAuwjUVWG]")
# Methods that write a text as wide as they are told: how wide is no answer.
_WIDENING = {".ljust", ".rjust", ".center", ".zfill", ".expandtabs"}
_NOT_TEXT = {".split", ".splitlines", ".count", ".find", ".index", ".isdigit", ".isalpha", ".startswith", ".endswith"}


class Calls(Expressions):
    """Makes values of functions and calls."""

    def block(self, body: list[ast.stmt]) -> Walk:
        """Statements, one after the other."""
        raise NotImplementedError

    def quit(self) -> None:
        """The program ends here."""
        raise NotImplementedError

    # -- functions -----------------------------------------------------------------------------------------------------

    def _lambda(self, node: ast.Lambda) -> Walk:
        return self.function(node, node.args, node.body)

    def function(self, node: ast.AST, args: ast.arguments, body: ast.expr | list[ast.stmt]) -> Walk:
        """The function or lambda ``node``. Its body is walked here and now, once, whoever calls it."""
        function = Function(self.graph)
        by_place = [*args.posonlyargs, *args.args]
        optional = [
            *(by_place[-len(args.defaults) :] if args.defaults else []),
            *(one for one, default in zip(args.kwonlyargs, args.kw_defaults, strict=True) if default is not None),
        ]
        defaults = yield self.expressions([*args.defaults, *(one for one in args.kw_defaults if one is not None)])
        outer = self.frame, self.scope, self.shared, self.loop, self.guard
        enclosing = self.scope
        while enclosing.is_class and enclosing.parent is not None:
            enclosing = enclosing.parent
        self.scope = Scope(enclosing, self.names.bound[node], function)
        self.shared = self.names.shared.get(node, set())
        self.frame, self.loop, self.guard = Frame(None), None, None
        self.frame.values[OUTPUT] = self.graph.nothing
        for argument in (*by_place, *args.kwonlyargs):
            function.parameters[argument.arg] = self.graph.pick(())
            self.bind(argument.arg, function.parameters[argument.arg])
        function.names = list(function.parameters)
        for argument, default in zip(optional, defaults, strict=True):
            function.parameters[argument.arg].inputs.append(default)
        for rest in (args.vararg, args.kwarg):
            if rest is not None:
                function.rest = function.rest or self.graph.pick(())
                self.bind(rest.arg, function.rest)
        if isinstance(body, list):
            yield self.block(body)
            if not self.frame.dead:
                function.returns.inputs.append(self.graph.nothing)
        else:
            function.returns.inputs.append((yield self.expression(body)))
        if not self.frame.dead:
            function.prints.inputs.append(self.frame.values[OUTPUT])
        self.frame, self.scope, self.shared, self.loop, self.guard = outer
        value = self.graph.make(Kind.FUNCTION, "function")
        value.function = function
        return value

    def give(self, value: Value) -> None:
        """Return ``value`` from the function, under the tests passed so far."""
        function = self.scope.function
        if function is not None:
            function.returns.inputs.append(value)
            if self.guard is not None:
                function.returns.control.append(self.guard)

    def _yield(self, node: ast.Yield | ast.YieldFrom) -> Walk:
        value = self.graph.nothing
        if node.value is not None:
            value = yield self.expression(node.value)
        self.give(value)
        return self.graph.nothing

    def _await(self, node: ast.Await) -> Walk:
        return self.expression(node.value)

    # -- calls ---------------------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call) -> Walk:
        receiver = None
        shared = False
        if isinstance(node.func, ast.Attribute):
            receiver = yield self.expression(node.func.value)
            ours = node.func.attr in self.names.methods
            callee = self.attribute(receiver, node.func.attr) if receiver.kind is Kind.LIBRARY or ours else None
            # A class may call a method as lists call theirs, and keep a list.
            shared = ours and receiver.what == "attribute" and "." + node.func.attr in CHANGES
        else:
            callee = yield self.expression(node.func)
        arguments = yield self.expressions(node.args)
        named = yield self.expressions([keyword.value for keyword in node.keywords])
        keywords = list(zip([keyword.arg for keyword in node.keywords], named, strict=True))
        if callee is None:
            assert receiver is not None
            return self._method_call(node, receiver, arguments, keywords)
        if callee.kind is Kind.LIBRARY:
            return self._library_call(node, callee.what, arguments, keywords)
        value = self._own_call(node, callee, receiver, arguments, keywords)
        if shared:
            assert receiver is not None
            return self.graph.pick([value, self._method_call(node, receiver, arguments, keywords)])
        return value

    def _library_call(self, node: ast.Call, path: str, arguments: list[Value], keywords: Keywords) -> Value:
        inputs = [*arguments, *(value for _, value in keywords)]
        if path == "builtins.dict" and keywords and not arguments and all(name for name, _ in keywords):
            pairs = [(self.graph.literal(name), value) for name, value in keywords]
            return self.graph.container("Dict", [one for pair in pairs for one in pair])
        if path in CHANGES and node.args:
            value = self.work(path, inputs)
            self.change_place(node.args[0], [value, *inputs[1:]])
            return value
        if path in COUNTERS:
            inputs = [_length_of(value) for value in inputs]
            if len(inputs) > 2 and inputs[2].known not in (1, -1):
                return self.work("progression", inputs)
            down = len(inputs) > 2 and inputs[2].known == -1
            what = "endless counter" if path == "itertools.count" else "countdown" if down else "counter"
            return self.graph.shape(what, inputs)
        match meaning_of(path):
            case Meaning.SHOW:
                self.show([*arguments, *(value for name, value in keywords if name not in _PRINT_OPTIONS)])
                return self.graph.nothing
            case Meaning.QUIT:
                self.quit()
                return self.graph.nothing
            case Meaning.OUTSIDE:
                value = self.graph.make(Kind.SOURCE, "outside", inputs, self.loop)
            case Meaning.CHANCE:
                value = self.graph.make(Kind.SOURCE, path, inputs, self.loop)
            case Meaning.SHAPE if path in _APPLYING and arguments and _is_work(arguments[0]):
                value = self.work(arguments[0].what, inputs[1:])
            case Meaning.SHAPE if path == "builtins.zip" and any(one.what == "spread" for one in arguments):
                # Rows to columns.
                value = self.work("order", inputs)
            case Meaning.SHAPE if path in ("builtins.int", "builtins.format") and _to_base(arguments):
                value = self.work("product", inputs)
            case Meaning.SHAPE if path == "builtins.chr" and arguments and _is_lettering(arguments[0]):
                value = self.graph.shape(path, arguments[0].inputs)
            case Meaning.SHAPE:
                value = self.graph.make(Kind.SHAPE, path, inputs, self.loop)
            case _:
                value = self.work(path, inputs)
        value.text = path in TEXTS
        return self._lends(value, inputs)

    def _method_call(self, node: ast.Call, receiver: Value, arguments: list[Value], keywords: Keywords) -> Value:
        assert isinstance(node.func, ast.Attribute)
        path = "." + node.func.attr
        inputs = [receiver, *arguments, *(value for _, value in keywords)]
        if path in _WIDENING:
            inputs = [receiver]
        if path == ".replace" and len(arguments) > 1 and receiver.kind is Kind.LITERAL and receiver is arguments[0]:
            # The whole of it is replaced.
            return arguments[1]
        if path == ".index" and receiver.parts and all(one.kind is Kind.LITERAL for one in arguments):
            # Where something that was written stands in a list that was.
            return self.graph.shape("place", inputs)
        if path == ".get" and arguments and is_of_words(arguments[0]):
            return self.work("glossary", [receiver, arguments[0]], text=True)
        shapes = meaning_of(path) is Meaning.SHAPE and not (path == ".strftime" and _works_out_more(arguments))
        if shapes or (path == ".replace" and all(map(_is_separator, arguments))):
            value = self.graph.make(Kind.SHAPE, path, inputs, self.loop)
        else:
            value = self.work(path, inputs)
        value.text = path in TEXTS or (receiver.text and path not in _NOT_TEXT)
        if path in CHANGES:
            self.change_place(node.func.value, [value])
        return self._lends(value, inputs)

    def _own_call(
        self, node: ast.Call, callee: Value, receiver: Value | None, arguments: list[Value], keywords: Keywords
    ) -> Value:
        value = self.unresolved(callee, arguments, keywords, receiver)
        assert value.site is not None
        places = [*node.args]
        if isinstance(node.func, ast.Attribute):
            places.insert(0, node.func.value)
        for number, place in enumerate(places):
            if isinstance(place, ast.Name):
                change = self.graph.pick(())
                value.site.changes.append((number, change))
                self.change_place(place, [change])
        return value

    def unresolved(
        self, callee: Value, arguments: list[Value], keywords: Keywords = (), receiver: Value | None = None
    ) -> Value:
        """A call that may go to functions of the program: to which, is known when all is walked."""
        value = self.graph.make(Kind.CALL, "call", [], self.loop)
        value.site = CallSite(callee, receiver, arguments, keywords, self.scope.function, self.guard)
        value.site.shows = self._shows()
        self.graph.calls.append(value)
        return value

    def _shows(self) -> Value | None:
        """What a call shows, if the program has functions that show something."""
        if not self.names.showing:
            return None
        shown = self.graph.pick([self.output()])
        self.bind(OUTPUT, shown)
        return shown

    def _lends(self, value: Value, inputs: list[Value]) -> Value:
        """``value`` is a library's call, which may call functions that it is given and so show something."""
        if any(one.kind is Kind.LIBRARY and meaning_of(one.what) is Meaning.SHOW for one in inputs):
            self.show([one for one in inputs if one.kind is not Kind.LIBRARY])
        elif any(one.kind in (Kind.FUNCTION, Kind.PICK, Kind.CALL) for one in inputs):
            shown = self._shows()
            if shown is not None:
                self.graph.shows[value.index] = shown
        return value

    def show(self, values: list[Value]) -> None:
        """Show ``values``."""
        self.bind(OUTPUT, self.graph.printed(self.output(), values))

    def output(self) -> Value:
        """What was shown so far."""
        value = self.read(OUTPUT)
        assert value is not None
        return value


def _is_work(value: Value) -> bool:
    """Tell whether ``value`` is a function of the library that works something out."""
    return value.kind is Kind.LIBRARY and meaning_of(value.what) is Meaning.WORK


def _works_out_more(arguments: list[Value]) -> bool:
    """Tell whether a date is written with more than it was made of, as its weekday, or by a format that is not known."""
    form = arguments[0].known if arguments else None
    return not isinstance(form, str) or _WORKED_OUT.search(form) is not None


def _is_lettering(value: Value) -> bool:
    """Tell whether ``value`` is the code of a first letter and a counter: that numbers things by letters."""
    return (
        value.what == "sum"
        and any(one.what == "counter" for one in value.inputs)
        and any(one.known in _FIRST_LETTERS or one.what == "builtins.ord" for one in value.inputs)
    )


def _is_separator(value: Value) -> bool:
    """Tell whether ``value`` is a text without letters or digits: to put one such for another is to reformat."""
    return isinstance(value.known, str) and not any(letter.isalnum() for letter in value.known)


def _to_base(arguments: list[Value]) -> bool:
    """Tell whether ``int`` reads, or ``format`` writes, the digits of some base."""
    if len(arguments) < 2:
        return False
    base = arguments[1].known
    return base[-1:] in DIGITS if isinstance(base, str) else True


def _length_of(value: Value) -> Value:
    """What ``value`` is the length of, if it is one: going through a list by its length works nothing out."""
    inner = value.inputs[0] if value.what == "step" else value
    return inner.inputs[0] if inner.what == "builtins.len" and inner.inputs else value


Calls.walks = Expressions.walks | {
    ast.Lambda: Calls._lambda,
    ast.Call: Calls._call,
    ast.Yield: Calls._yield,
    ast.YieldFrom: Calls._yield,
    ast.Await: Calls._await,
}
