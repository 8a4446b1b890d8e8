"""Carries out a small, plain program in miniature, in few and counted steps, with no access to anything.

Numbers, texts, lists and dicts, branches, loops, functions and comprehensions; what else a program does (files, classes,
most modules, chance) ends it. Nothing is handed to Python's own ``exec`` or ``eval``; methods and builtins are those of
the tables below, and whatever may grow is weighed before it does.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import msgspec

from codesteer_kernel.checkers.symbolic.operators import BINARY, COMPARED, UNARY

__all__ = ["Carried", "Stopped", "carry_out"]

# So long, or of so many bits, a value may become.
_LARGEST = 5_000
_DEEPEST = 60
# Of a number that says how often or how wide.
_WIDEST = 200
_WIDTH = re.compile(r"\d{3}|\*")

_METHODS: dict[type[Any], str] = {
    str: """
        count find rfind index startswith endswith upper lower title capitalize swapcase strip lstrip rstrip split
        splitlines isdigit isalpha isalnum isupper islower isspace join replace partition
    """,
    list: "append extend insert pop remove index count reverse copy clear sort",
    tuple: "index count",
    dict: "get keys values items pop setdefault update copy",
    set: "add discard remove issubset",
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "len": len,
    "sum": sum,
    "abs": abs,
    "round": round,
    "int": int,
    "float": float,
    "bool": bool,
    "ord": ord,
    "chr": chr,
    "divmod": divmod,
    "list": list,
    "tuple": tuple,
    "dict": dict,
    "set": set,
    "any": any,
    "all": all,
    "bin": bin,
    "enumerate": lambda *given: list(enumerate(*given)),
    "zip": lambda *given: list(zip(*given, strict=False)),
    "reversed": lambda given: list(reversed(given)),
}
_KEYED: dict[str, Callable[..., Any]] = {"max": max, "min": min, "sorted": sorted}
_MATHS = {"sqrt": math.sqrt, "floor": math.floor, "ceil": math.ceil, "gcd": math.gcd, "pi": math.pi}


class Stopped(Exception):
    """The program does what is not carried out here, or too much of it."""


class _Broken(Stopped):
    """A loop is left; outside of one, the program is."""


class _Continued(Stopped):
    """A run of a loop is over."""


class _Returned(Stopped):
    """A function gives ``value``."""

    def __init__(self, value: Any) -> None:
        self.value = value


class _Function:
    """A function of the program, and the names around it."""

    def __init__(self, node: ast.FunctionDef | ast.Lambda, around: _Names) -> None:
        self.node = node
        self.around = around


class _Names:
    """The names of a function or of the module; what is not bound here is looked for around it."""

    def __init__(self, around: _Names | None) -> None:
        self.bound: dict[str, Any] = {}
        self.around = around
        self.elsewhere: set[str] = set()

    def read(self, name: str) -> Any:
        names: _Names | None = self
        while names is not None:
            if name in names.bound:
                return names.bound[name]
            names = names.around
        raise NameError(name)

    def bind(self, name: str, value: Any) -> None:
        names = self
        if name in self.elsewhere:
            while names.around is not None:
                names = names.around
        names.bound[name] = value


class Carried(msgspec.Struct):
    """What a program came to.

    ``shown`` is what it shows (or, if nothing, what it binds), ``steps`` what it took. ``tests`` holds, by the ``id`` of
    the node of a test, a digest of what was tested and which outcomes there were (1: it did not hold; 2: it did).
    """

    shown: str
    steps: int
    tests: dict[int, tuple[int, int]]


def carry_out(tree: ast.Module, changes: Mapping[int, object], steps: int) -> Carried:
    """Carry ``tree`` out, with other values for some of its constants: ``changes``, by the ``id`` of their nodes.

    A list whose node stands there ends one element earlier. Raises :class:`Stopped`, or whatever error the program ends with.
    """
    return _Interpreter(changes, steps).run(tree)


class _Interpreter:
    expressions: ClassVar[dict[type[ast.AST], Callable[[_Interpreter, Any, _Names], Any]]]
    statements: ClassVar[dict[type[ast.AST], Callable[[_Interpreter, Any, _Names], None]]]

    def __init__(self, changes: Mapping[int, object], steps: int) -> None:
        self.changes = changes
        self.steps = steps
        self.left = steps
        self.depth = 0
        self.shown: list[str] = []
        self.tests: dict[int, tuple[int, int]] = {}

    def run(self, tree: ast.Module) -> Carried:
        names = _Names(None)
        names.bound["__name__"] = "__main__"
        for node in tree.body[:-1]:
            self.do(node, names)
        last = tree.body[-1] if tree.body else None
        if isinstance(last, ast.Expr):
            value = self.value(last.value, names)
            if value is not None:
                self.shown.append(self.text(value))
        elif last is not None:
            self.do(last, names)
        if not self.shown:
            bound = [value for name, value in names.bound.items() if name != "__name__"]
            self.shown = [
                self.text(value)
                for value in bound
                if not isinstance(value, _Function | _Builtin) and not callable(value)
            ]
        return Carried(shown="\n".join(self.shown), steps=self.steps - self.left, tests=self.tests)

    def note(self, node: ast.AST, tested: object, outcome: bool) -> None:
        """Note what was ``tested`` at ``node``."""
        digest, outcomes = self.tests.get(id(node), (0, 0))
        self.tests[id(node)] = hash((digest, tested)), outcomes | (2 if outcome else 1)

    def test(self, node: ast.expr, names: _Names) -> bool:
        value = self.value(node, names)
        if not isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant):
            self.weigh(value)
            self.note(node, _digest(value), bool(value))
        return bool(value)

    # -- bounds --------------------------------------------------------------------------------------------------------

    def spend(self, steps: int = 1) -> None:
        self.left -= steps
        if self.left < 0:
            raise Stopped

    def weigh(self, value: Any) -> None:
        """Spend a step for each part of ``value``, and for every few letters; nothing that is too large gets past."""
        stack = [value]
        while stack:
            one = stack.pop()
            self.spend()
            if isinstance(one, str):
                if len(one) > _LARGEST:
                    raise Stopped
                self.spend(len(one) // 16)
            elif isinstance(one, list | tuple | set | dict | range):
                if len(one) > _LARGEST:
                    raise Stopped
                if isinstance(one, dict):
                    stack += [*one.keys(), *one.values()]
                elif not isinstance(one, range):
                    stack += one
            elif isinstance(one, int):
                if one.bit_length() > _LARGEST:
                    raise Stopped
            elif not (one is None or isinstance(one, float | _Function | _Builtin) or callable(one)):
                raise Stopped

    def items(self, value: Any) -> Any:
        """What is gone through. The order of a set is nobody's."""
        if not isinstance(value, list | tuple | str | dict | range):
            raise Stopped
        if isinstance(value, range) and len(value) > _LARGEST:
            raise Stopped
        return value if isinstance(value, list) else list(value)

    def text(self, value: Any) -> str:
        self.weigh(value)
        if isinstance(value, set | _Function | _Builtin) or callable(value):
            raise Stopped
        return str(value)

    # -- expressions ---------------------------------------------------------------------------------------------------

    def value(self, node: ast.expr, names: _Names) -> Any:
        self.spend()
        if self.depth > _DEEPEST:
            raise Stopped
        walk = self.expressions.get(type(node))
        if walk is None:
            raise Stopped
        self.depth += 1
        value = walk(self, node, names)
        self.depth -= 1
        return value

    def _constant(self, node: ast.Constant, names: _Names) -> Any:
        return self.changes.get(id(node), node.value)

    def _name(self, node: ast.Name, names: _Names) -> Any:
        try:
            return names.read(node.id)
        except NameError:
            if node.id in _FUNCTIONS or node.id in _KEYED or node.id in ("print", "str", "range", "map", "math"):
                return _Builtin(node.id)
            raise

    def _sequence(self, node: ast.List | ast.Tuple | ast.Set, names: _Names) -> Any:
        values = self._values(node.elts, names)
        if id(node) in self.changes:
            values.pop()
        return values if isinstance(node, ast.List) else tuple(values) if isinstance(node, ast.Tuple) else set(values)

    def _values(self, nodes: list[ast.expr], names: _Names) -> list[Any]:
        values: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                values += self.items(self.value(node.value, names))
            else:
                values.append(self.value(node, names))
        return values

    def _dictionary(self, node: ast.Dict, names: _Names) -> Any:
        made = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                raise Stopped
            made[self.value(key, names)] = self.value(value, names)
        return made

    def _binary(self, node: ast.BinOp, names: _Names) -> Any:
        return self.operation(node.op, self.value(node.left, names), self.value(node.right, names))

    def operation(self, op: ast.operator, left: Any, right: Any) -> Any:
        self.weigh(left)
        self.weigh(right)
        act = BINARY.get(type(op))
        several = isinstance(left, str | list | tuple) or isinstance(right, str | list | tuple)
        if act is None or isinstance(left, set) or isinstance(right, set):
            raise Stopped
        if (
            isinstance(op, ast.Mult)
            and several
            and max(
                _size(left) * right if isinstance(right, int) else 0,
                _size(right) * left if isinstance(left, int) else 0,
            )
            > _LARGEST
        ):
            raise Stopped
        if isinstance(op, ast.Pow) and (abs(right) > _WIDEST or _size(left) > _WIDEST):
            raise Stopped
        if isinstance(op, ast.Mod) and isinstance(left, str) and _WIDTH.search(left):
            raise Stopped
        value = act(left, right)
        self.weigh(value)
        return value

    def _unary(self, node: ast.UnaryOp, names: _Names) -> Any:
        return UNARY[type(node.op)](self.value(node.operand, names))

    def _boolean(self, node: ast.BoolOp, names: _Names) -> Any:
        value: Any = None
        for one in node.values:
            value = self.value(one, names)
            if bool(value) is isinstance(node.op, ast.Or):
                break
        return value

    def _compare(self, node: ast.Compare, names: _Names) -> Any:
        left = self.value(node.left, names)
        result: Any = True
        for op, one in zip(node.ops, node.comparators, strict=True):
            right = self.value(one, names)
            self.weigh(left)
            self.weigh(right)
            result = COMPARED[type(op)](left, right)
            self.note(one, (_digest(left), _digest(right)), bool(result))
            if not result:
                break
            left = right
        return result

    def _conditional(self, node: ast.IfExp, names: _Names) -> Any:
        return self.value(node.body if self.test(node.test, names) else node.orelse, names)

    def _joined(self, node: ast.JoinedStr, names: _Names) -> str:
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else self.value(part, names) for part in node.values
        )

    def _formatted(self, node: ast.FormattedValue, names: _Names) -> str:
        value = self.value(node.value, names)
        spec = "" if node.format_spec is None else self.value(node.format_spec, names)
        if node.conversion == ord("r"):
            self.weigh(value)
            return repr(value)
        if not spec:
            return self.text(value)
        if _WIDTH.search(spec) or not isinstance(value, int | float | str):
            raise Stopped
        return format(value, spec)

    def _subscript(self, node: ast.Subscript, names: _Names) -> Any:
        whole = self.value(node.value, names)
        if isinstance(node.slice, ast.Slice):
            bounds = [
                None if one is None else self.value(one, names)
                for one in (node.slice.lower, node.slice.upper, node.slice.step)
            ]
            value = whole[slice(*bounds)]
            self.weigh(value)
            return value
        return whole[self.value(node.slice, names)]

    def _attribute(self, node: ast.Attribute, names: _Names) -> Any:
        if isinstance(node.value, ast.Name) and node.value.id == "math" and node.attr in _MATHS:
            return _MATHS[node.attr]
        raise Stopped

    def _lambda(self, node: ast.Lambda, names: _Names) -> Any:
        return _Function(node, names)

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp, names: _Names) -> Any:
        made: list[Any] = []
        within = _Names(names)
        self._generate(node, node.generators, within, made)
        return dict(made) if isinstance(node, ast.DictComp) else set(made) if isinstance(node, ast.SetComp) else made

    def _generate(
        self,
        node: ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp,
        generators: list[ast.comprehension],
        names: _Names,
        made: list[Any],
    ) -> None:
        if not generators:
            if isinstance(node, ast.DictComp):
                made.append((self.value(node.key, names), self.value(node.value, names)))
            else:
                made.append(self.value(node.elt, names))
            return
        first, *rest = generators
        for item in self.items(self.value(first.iter, names)):
            self.bind(first.target, item, names)
            if all(self.test(test, names) for test in first.ifs):
                self._generate(node, rest, names, made)

    # -- calls ---------------------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call, names: _Names) -> Any:
        keywords = {one.arg: self.value(one.value, names) for one in node.keywords if one.arg is not None}
        if len(keywords) < len(node.keywords):
            raise Stopped
        if isinstance(node.func, ast.Attribute) and not (
            isinstance(node.func.value, ast.Name) and node.func.value.id == "math"
        ):
            owner = self.value(node.func.value, names)
            given = self._values(node.args, names)
            value = self._method(owner, node.func.attr, given, keywords)
            if node.func.attr in _FINDING:
                self.note(node, (_digest(owner), *map(_digest, given)), value not in _NOT_FOUND)
            return value
        called = self.value(node.func, names)
        return self.apply(called, self._values(node.args, names), keywords)

    def apply(self, called: Any, given: list[Any], keywords: Mapping[str, Any] = {}) -> Any:
        if isinstance(called, _Function):
            return self._enter(called, given, keywords)
        for value in given:
            self.weigh(value)
        if not isinstance(called, _Builtin):
            if called in _MATHS.values() and not keywords:
                return called(*given)
            raise Stopped
        return self._builtin(called.name, given, keywords)

    def _builtin(self, name: str, given: list[Any], keywords: Mapping[str, Any]) -> Any:
        if name == "print":
            line = str(keywords.get("sep", " ")).join(map(self.text, given))
            self.shown.append(line)
            self.spend(len(line) // 16)
            return None
        if name == "str" and len(given) == 1:
            return self.text(given[0])
        if name == "range":
            return range(*given)
        if name == "map" and len(given) == 2:
            return [self.apply(given[0], [one]) for one in self.items(given[1])]
        if name in _KEYED:
            key = keywords.get("key")
            several = [self.items(given[0])] if len(given) == 1 and not isinstance(given[0], set) else given
            options = {name: value for name, value in keywords.items() if name == "reverse"}
            if set(keywords) - {"key", "reverse"}:
                raise Stopped
            return _KEYED[name](*several, key=None if key is None else lambda one: self.apply(key, [one]), **options)
        if name not in _FUNCTIONS or keywords or (name == "chr" and not 0 <= given[0] < 0x11_0000):
            raise Stopped
        if name not in ("len", "abs") and any(isinstance(one, set) for one in given):
            raise Stopped
        if any(isinstance(one, _Builtin) for one in given):
            raise Stopped
        if any(isinstance(one, range) and len(one) > _LARGEST for one in given):
            raise Stopped
        if name == "round" and len(given) > 1 and not -_WIDEST < given[1] < _WIDEST:
            raise Stopped
        value = _FUNCTIONS[name](*given)
        self.weigh(value)
        return value

    def _method(self, owner: Any, name: str, given: list[Any], keywords: Mapping[str, Any]) -> Any:
        if name not in _METHODS.get(type(owner), "").split():
            raise Stopped
        for value in (owner, *given) if name != "append" else given:
            self.weigh(value)
        if name == "sort":
            owner[:] = self._builtin("sorted", [list(owner)], keywords)
            return None
        if keywords or any(isinstance(one, set | _Function | _Builtin) for one in given):
            raise Stopped
        if name == "replace" and len(owner) * (1 + len(given[1])) > _LARGEST:
            raise Stopped
        if name == "join":
            given = [self.items(given[0])]
            if len(owner) * len(given[0]) > _LARGEST:
                raise Stopped
        value = getattr(owner, name)(*given)
        if name in ("keys", "values", "items"):
            value = list(value)
        self.weigh(value)
        return value

    def _enter(self, function: _Function, given: list[Any], keywords: Mapping[str, Any]) -> Any:
        arguments = function.node.args
        if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.posonlyargs:
            raise Stopped
        names = _Names(function.around)
        places = [one.arg for one in arguments.args]
        if len(given) > len(places) or not set(keywords) <= set(places[len(given) :]):
            raise TypeError("arguments")
        for place, default in zip(reversed(places), reversed(arguments.defaults), strict=False):
            names.bound[place] = self.value(default, function.around)
        names.bound.update(zip(places, given, strict=False))
        names.bound.update(keywords)
        if len(names.bound) < len(places):
            raise TypeError("arguments")
        depth = self.depth
        self.depth += 4
        try:
            if isinstance(function.node, ast.Lambda):
                return self.value(function.node.body, names)
            self.block(function.node.body, names)
        except _Returned as returned:
            return returned.value
        finally:
            self.depth = depth
        return None

    # -- statements ----------------------------------------------------------------------------------------------------

    def block(self, body: list[ast.stmt], names: _Names) -> None:
        for node in body:
            self.do(node, names)

    def do(self, node: ast.stmt, names: _Names) -> None:
        self.spend()
        walk = self.statements.get(type(node))
        if walk is None or self.depth > _DEEPEST:
            raise Stopped
        self.depth += 1
        walk(self, node, names)
        self.depth -= 1

    def bind(self, target: ast.expr, value: Any, names: _Names) -> None:
        match target:
            case ast.Name(id=name):
                names.bind(name, value)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                values = self.items(value)
                if len(values) != len(parts) or any(isinstance(part, ast.Starred) for part in parts):
                    raise Stopped
                for part, one in zip(parts, values, strict=True):
                    self.bind(part, one, names)
            case ast.Subscript(value=whole, slice=place) if not isinstance(place, ast.Slice):
                self.value(whole, names)[self.value(place, names)] = value
            case _:
                raise Stopped

    def _expr(self, node: ast.Expr, names: _Names) -> None:
        self.value(node.value, names)

    def _assign(self, node: ast.Assign, names: _Names) -> None:
        value = self.value(node.value, names)
        for target in node.targets:
            self.bind(target, value, names)

    def _augmented(self, node: ast.AugAssign, names: _Names) -> None:
        left = self.value(node.target, names)
        right = self.value(node.value, names)
        if isinstance(left, list) and isinstance(node.op, ast.Add):
            self.weigh(right)
            left += self.items(right)
        else:
            self.bind(node.target, self.operation(node.op, left, right), names)

    def _if(self, node: ast.If, names: _Names) -> None:
        self.block(node.body if self.test(node.test, names) else node.orelse, names)

    def _for(self, node: ast.For, names: _Names) -> None:
        for item in self.items(self.value(node.iter, names)):
            self.spend()
            self.bind(node.target, item, names)
            if not self._once(node.body, names):
                return
        self.block(node.orelse, names)

    def _while(self, node: ast.While, names: _Names) -> None:
        while self.test(node.test, names):
            if not self._once(node.body, names):
                return
        self.block(node.orelse, names)

    def _once(self, body: list[ast.stmt], names: _Names) -> bool:
        """One run of a loop; tell whether there may be another one."""
        depth = self.depth
        try:
            self.block(body, names)
        except _Continued:
            self.depth = depth
        except _Broken:
            self.depth = depth
            return False
        return True

    def _break(self, node: ast.Break, names: _Names) -> None:
        raise _Broken

    def _continue(self, node: ast.Continue, names: _Names) -> None:
        raise _Continued

    def _return(self, node: ast.Return, names: _Names) -> None:
        raise _Returned(None if node.value is None else self.value(node.value, names))

    def _function(self, node: ast.FunctionDef, names: _Names) -> None:
        if node.decorator_list:
            raise Stopped
        names.bind(node.name, _Function(node, names))

    def _global(self, node: ast.Global, names: _Names) -> None:
        names.elsewhere.update(node.names)

    def _import(self, node: ast.Import, names: _Names) -> None:
        if any(alias.name != "math" or alias.asname for alias in node.names):
            raise Stopped
        names.bind("math", None)

    def _pass(self, node: ast.Pass, names: _Names) -> None:
        pass


# Methods that look for something, which is a test like any other, and what they give where it is not there.
_FINDING = {"find", "rfind", "count", "startswith", "endswith"}
_NOT_FOUND = (-1, 0, False)


class _Builtin:
    """A function of Python's own, by its name."""

    def __init__(self, name: str) -> None:
        self.name = name


def _size(value: Any) -> int:
    return value.bit_length() if isinstance(value, int) else len(value) if isinstance(value, str | list | tuple) else 0


def _digest(value: Any) -> object:
    """Something that tells values apart within a process."""
    return frozenset(value) if isinstance(value, set) else str(value) if isinstance(value, list | dict) else value


_Interpreter.expressions = {
    ast.Constant: _Interpreter._constant,
    ast.Name: _Interpreter._name,
    ast.List: _Interpreter._sequence,
    ast.Tuple: _Interpreter._sequence,
    ast.Set: _Interpreter._sequence,
    ast.Dict: _Interpreter._dictionary,
    ast.BinOp: _Interpreter._binary,
    ast.UnaryOp: _Interpreter._unary,
    ast.BoolOp: _Interpreter._boolean,
    ast.Compare: _Interpreter._compare,
    ast.IfExp: _Interpreter._conditional,
    ast.JoinedStr: _Interpreter._joined,
    ast.FormattedValue: _Interpreter._formatted,
    ast.Subscript: _Interpreter._subscript,
    ast.Attribute: _Interpreter._attribute,
    ast.Lambda: _Interpreter._lambda,
    ast.ListComp: _Interpreter._comprehension,
    ast.GeneratorExp: _Interpreter._comprehension,
    ast.SetComp: _Interpreter._comprehension,
    ast.DictComp: _Interpreter._comprehension,
    ast.Call: _Interpreter._call,
}
_Interpreter.statements = {
    ast.Expr: _Interpreter._expr,
    ast.Assign: _Interpreter._assign,
    ast.AugAssign: _Interpreter._augmented,
    ast.If: _Interpreter._if,
    ast.For: _Interpreter._for,
    ast.While: _Interpreter._while,
    ast.Break: _Interpreter._break,
    ast.Continue: _Interpreter._continue,
    ast.Return: _Interpreter._return,
    ast.FunctionDef: _Interpreter._function,
    ast.Global: _Interpreter._global,
    ast.Import: _Interpreter._import,
    ast.Pass: _Interpreter._pass,
}
