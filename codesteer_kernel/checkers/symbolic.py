"""The symbolic checker: how much real computing a program does, read off its syntax tree.

The published checker counts substrings (``for`` inside ``performs``, any ``f"``), misses ``from itertools import``,
comprehensions, recursion and solver libraries, and passes programs that print a constant. This one walks the tree,
names the methods it found and flags programs whose output does not depend on any computing.
"""

from __future__ import annotations

import ast

from codesteer_kernel.record import Symbolic

__all__ = ["rate"]

# Imports that announce a method; the first component of the module path decides.
_SEARCH_MODULES = {"itertools", "heapq", "networkx"}
_SOLVER_MODULES = {"z3", "ortools", "pulp", "cvxpy", "pysat", "constraint", "mip", "pyomo", "clingo"}
_ALGEBRA_MODULES = {"sympy"}
_NUMERIC_MODULES = {"numpy", "scipy", "math", "statistics", "fractions", "decimal", "cmath"}
_DATA_MODULES = {"pandas", "polars", "pyarrow", "collections", "datetime", "calendar", "re", "json", "csv"}

# Built-in functions that go over many values.
_AGGREGATES = {"sum", "max", "min", "sorted", "any", "all", "map", "filter", "zip", "enumerate", "sort", "count"}

# Points per method; the sum is capped at 10. A program at or under TOO_SIMPLE deserves a second look, as in the
# published checker (score <= 2).
_POINTS = {
    "solver": 5.0,
    "algebra": 4.0,
    "recursion": 3.0,
    "nested search": 3.0,
    "search": 2.0,
    "iteration": 2.0,
    "comprehension": 1.5,
    "numeric library": 1.5,
    "data handling": 1.5,
    "aggregation": 1.5,
    "branching": 1.0,
    "functions": 1.0,
    "arithmetic": 1.0,
}
TOO_SIMPLE = 2.0


def rate(program: str) -> Symbolic:
    """Rate ``program``; never raises and never runs it. A syntax error rates 0 and says where it is."""
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as fault:
        line = getattr(fault, "lineno", None)
        place = f" in line {line}" if line else ""
        return Symbolic(score=0.0, note=f"The program does not parse{place}: {getattr(fault, 'msg', fault)}.")
    facts = _Facts()
    try:
        facts.visit(tree)
        constant = _prints_constants(tree, facts)
    except RecursionError:
        # An expression of hundreds of terms parses, but is deeper than a walk can go.
        return Symbolic(score=0.0, note="The program is nested too deeply to be rated.")
    methods = facts.methods()
    score = min(10.0, sum(_POINTS[method] for method in methods))
    if constant:
        note = "The program prints what it was written with: nothing is computed."
    elif score <= TOO_SIMPLE:
        note = "The program does little computing; check that it is enough for the question."
    else:
        note = "The program computes its answer: " + ", ".join(methods) + "."
    return Symbolic(score=0.0 if constant else score, methods=methods, suspicious=constant, note=note)


class _Facts(ast.NodeVisitor):
    """What the tree holds, gathered in one walk."""

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.used_names: set[str] = set()
        self.called: set[str] = set()
        self.imported: dict[str, str] = {}
        self.loops = self.comprehensions = self.branches = self.operators = self.functions = 0
        self.nested = self.recursive = False
        self._depth = 0
        self._inside: list[str] = []

    def methods(self) -> list[str]:
        used = {module for name, module in self.imported.items() if name in self.used_names}
        found = {
            "solver": bool(used & _SOLVER_MODULES),
            "algebra": bool(used & _ALGEBRA_MODULES),
            "recursion": self.recursive,
            "nested search": self.nested and bool(self.branches),
            "search": bool(used & _SEARCH_MODULES),
            "iteration": self.loops > 0,
            "comprehension": self.comprehensions > 0,
            "numeric library": bool(used & _NUMERIC_MODULES),
            "data handling": bool(used & _DATA_MODULES),
            "aggregation": bool(self.called & _AGGREGATES),
            "branching": self.branches > 0,
            "functions": self.functions > 0,
            "arithmetic": self.operators > 0,
        }
        return [method for method, present in found.items() if present]

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            top = alias.name.split(".")[0]
            self.imported[alias.asname or top] = top

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        top = (node.module or "").split(".")[0]
        for alias in node.names:
            self.imported[alias.asname or alias.name] = top

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.used_names.add(node.id)

    def _loop(self, node: ast.AST) -> None:
        self.loops += 1
        self._depth += 1
        self.nested = self.nested or self._depth > 1
        self.generic_visit(node)
        self._depth -= 1

    visit_For = visit_While = visit_AsyncFor = _loop

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        self.comprehensions += 1
        self.nested = self.nested or len(node.generators) > 1
        self.branches += sum(len(generator.ifs) for generator in node.generators)
        self.generic_visit(node)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def _branch(self, node: ast.AST) -> None:
        self.branches += 1
        self.generic_visit(node)

    visit_If = visit_IfExp = visit_Match = visit_Try = _branch

    def _operator(self, node: ast.AST) -> None:
        self.operators += 1
        self.generic_visit(node)

    visit_BinOp = visit_AugAssign = visit_Compare = _operator

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.functions += 1
        self._inside.append(node.name)
        # A function called in a loop does not make the loops inside it nested: count depth per function.
        depth, self._depth = self._depth, 0
        self.generic_visit(node)
        self._depth = depth
        self._inside.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = _function

    def visit_Call(self, node: ast.Call) -> None:
        match node.func:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                self.called.add(name)
        if isinstance(node.func, ast.Name) and node.func.id in self._inside:
            self.recursive = True
        self.generic_visit(node)


def _prints_constants(tree: ast.Module, facts: _Facts) -> bool:
    """Tell whether every printed value is a literal or a name bound to one, with no computing on the way."""
    if facts.loops or facts.comprehensions or facts.operators or facts.functions:
        return False
    constants: set[str] = set()
    printed = False
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=targets, value=value) if _constant(value, constants):
                constants |= {target.id for target in targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if _constant(value, constants):
                constants.add(name)
            case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=args)):
                printed = True
                if not all(_constant(argument, constants) for argument in args):
                    return False
            case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom() | ast.Pass():
                continue
            case _:
                return False
    return printed


def _constant(node: ast.expr, constants: set[str]) -> bool:
    match node:
        case ast.Constant():
            return True
        case ast.Name(id=name):
            return name in constants
        case ast.UnaryOp(operand=operand):
            return _constant(operand, constants)
        case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
            return all(_constant(element, constants) for element in elements)
        case ast.Dict(keys=keys, values=values):
            return all(_constant(item, constants) for item in (*keys, *values) if item is not None)
        case ast.JoinedStr(values=parts):
            return all(_constant(part, constants) for part in parts)
        case ast.FormattedValue(value=value):
            return _constant(value, constants)
    return False
