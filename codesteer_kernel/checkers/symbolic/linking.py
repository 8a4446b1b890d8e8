"""Calls to the functions they may go to: arguments flow to parameters, results back, and what is shown to the caller."""

from __future__ import annotations

from codesteer_kernel.checkers.symbolic.graph import Function, Graph, Kind, Value, first_of

__all__ = ["link"]

# So many functions are told apart at one place of a program; tables of functions seldom hold more.
_MOST = 8
# Calls of the library that call the functions they are given; others pack, decorate or return them.
_APPLYING = {"builtins.map", "builtins.filter", "itertools.starmap", "itertools.takewhile", "itertools.dropwhile"}


def link(graph: Graph) -> None:
    """Find out which functions each call of ``graph`` may go to, and join them, each pair once."""
    _Linker(graph).run()


class _Linker:
    """Spreads functions from where they are defined to where they are called."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        # By the index of a value: which functions it may be, who uses it, which calls call it.
        self.functions: dict[int, set[Function]] = {}
        self.users: dict[int, list[Value]] = {}
        self.calls: dict[int, list[Value]] = {}
        self.pending: list[tuple[Value, Function]] = []
        self.joined: set[tuple[int, Function]] = set()
        # By the index of a library's call: an element of what it hands to functions.
        self.lent: dict[int, Value] = {}

    def run(self) -> None:
        for value in self.graph.values:
            # Of an attribute, the object that it belongs to is not what is called.
            for part in value.inputs[1:] if value.what == "attribute" else value.inputs:
                self.users.setdefault(part.index, []).append(value)
            if value.site is not None:
                self.calls.setdefault(value.site.callee.index, []).append(value)
                for part in value.site.all_arguments():
                    self.users.setdefault(part.index, []).append(value)
        for value in [one for one in self.graph.values if one.kind is Kind.FUNCTION]:
            assert value.function is not None
            self._may_be(value, value.function)
        while self.pending:
            self._spread(*self.pending.pop())
        for call in self.graph.calls:
            if call.site is not None and not call.site.resolved:
                # Whatever it does, it does it with these.
                call.inputs += [call.site.callee, *call.site.all_arguments()]
            elif call.site is not None:
                handed = call.site.all_arguments()
                for place, change in call.site.changes:
                    # Objects may be changed by their attributes.
                    if not change.inputs and first_of(handed[place]).kind is Kind.LITERAL:
                        change.what = "unchanged"

    def _may_be(self, value: Value, function: Function) -> None:
        known = self.functions.setdefault(value.index, set())
        if function not in known and len(known) < _MOST:
            known.add(function)
            self.pending.append((value, function))

    def _spread(self, value: Value, function: Function) -> None:
        for call in self.calls.get(value.index, ()):
            if self._first(call, function):
                self._call(call, function)
        for user in self.users.get(value.index, ()):
            if user.kind is Kind.CALL:
                # Handed to a call that is none of ours: it may call the function.
                if user.site is not None and not self.functions.get(user.site.callee.index):
                    self._apply(user, value, function)
            elif user.kind is Kind.WORK or user.what in _APPLYING:
                self._apply(user, value, function)
            elif user.what == "attribute" and function.is_property:
                self._flow(function.returns, user)
            elif user.kind in (Kind.PICK, Kind.ITEM, Kind.SHAPE):
                self._may_be(user, function)

    def _first(self, call: Value, function: Function) -> bool:
        pair = (call.index, function)
        new = pair not in self.joined
        self.joined.add(pair)
        return new

    def _flow(self, source: Value, target: Value) -> None:
        """``source`` becomes an input of ``target``."""
        target.inputs.append(source)
        self.users.setdefault(source.index, []).append(target)
        for function in list(self.functions.get(source.index, ())):
            self._may_be(target, function)

    def _spread_over(self, argument: Value, function: Function) -> None:
        """``argument`` may be any parameter of ``function``."""
        if function.spread is None:
            function.spread = self.graph.pick(())
            for parameter in function.parameters.values():
                self._flow(function.spread, parameter)
            if function.rest is not None:
                self._flow(function.spread, function.rest)
        self._flow(argument, function.spread)

    def _apply(self, user: Value, value: Value, function: Function) -> None:
        """A library calls ``function`` with elements of the other things it is given."""
        if not self._first(user, function):
            return
        self.graph.entered.append((None, function))
        if user.index not in self.lent:
            others = user.inputs if user.site is None else user.site.all_arguments()
            self.lent[user.index] = self.graph.make(Kind.ITEM, "item", [one for one in others if one is not value])
        self._spread_over(self.lent[user.index], function)
        self._flow(function.returns, user)
        shows = self.graph.shows.get(user.index) if user.site is None else user.site.shows
        if shows is not None:
            self._flow(function.prints, shows)

    def _call(self, call: Value, function: Function) -> None:
        site = call.site
        assert site is not None
        site.resolved.append(function)
        if function.instance is None:
            self._pass(call, function, site.receiver if function.is_method else None)
            self._flow(function.returns, call)
            return
        for part in (function.instance, *site.all_arguments()):
            self._flow(part, call)
        if function.initialiser is not None:
            self._pass(call, function.initialiser, function.instance)

    def _pass(self, call: Value, function: Function, receiver: Value | None) -> None:
        """Hand the arguments of ``call`` to ``function``, ``receiver`` first, and its effects back."""
        site = call.site
        assert site is not None
        self.graph.entered.append((site.caller, function))
        if site.guard is not None:
            # Which of its arguments a function is ever called with is decided where it is called.
            for parameter in function.parameters.values():
                parameter.control.append(site.guard)
        names = function.names
        arguments = [*([] if receiver is None else [receiver]), *site.arguments]
        for place, argument in enumerate(arguments):
            if argument.what == "spread":
                self._spread_over(argument, function)
            elif place < len(names):
                self._flow(argument, function.parameters[names[place]])
            elif function.rest is not None:
                self._flow(argument, function.rest)
        for key, argument in site.keywords:
            if key in function.parameters:
                self._flow(argument, function.parameters[key])
            elif key is None:
                self._spread_over(argument, function)
            elif function.rest is not None:
                self._flow(argument, function.rest)
        # Places count the receiver of the call; the function may have none, or another (its own instance).
        shift = int(receiver is not None) - int(site.receiver is not None)
        for place, change in site.changes:
            name = names[place + shift] if 0 <= place + shift < len(names) else ""
            if name in function.changed:
                self._flow(function.changed[name], change)
        if site.shows is not None:
            self._flow(function.prints, site.shows)
