"""Whether a program carries out exchanges: ``a, b = b, a``, or the same in several steps.

Nothing is made by an exchange, so the values show none of it; where things change hands it is the work that is asked for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codesteer_kernel.checkers.symbolic.scopes import BUILTINS

__all__ = ["shows_swapped"]

# So many moves of what one name holds to another one, if no two are exchanged at once.
_MOVES = 2
_NODES = 20_000


def shows_swapped(tree: ast.Module) -> bool:
    """Tell whether ``tree`` exchanges what names or places hold, and shows something of that."""
    nodes = [node for _, node in zip(range(_NODES), ast.walk(tree), strict=False)]
    moved: set[str] = set()
    moves = 0
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=to)], value=ast.Tuple(elts=back)) if _are_turned(to, back):
                moves += _MOVES
                moved.update(*map(_names_in, to))
            case ast.Assign(targets=[ast.Name() | ast.Subscript() as to], value=ast.Name() | ast.Subscript() as back):
                moves += 1
                moved.update(_names_in(to), _names_in(back))
    if moves < _MOVES:
        return False
    # What a function exchanges is what it is given, and what it gives.
    for function in nodes:
        if isinstance(function, ast.FunctionDef) and moved & {one.arg for one in function.args.args}:
            moved |= {function.name}
    for call in nodes:
        match call:
            case ast.Call(func=ast.Name(id=name), args=given) if name in moved:
                moved.update(*map(_names_in, given))
    for bound in nodes:
        match bound:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if not moved.isdisjoint(_names_in(value)):
                moved.add(name)
    shown = [part for node in nodes for part in _shown_by(node)]
    return any(not moved.isdisjoint(_names_in(part)) for part in shown)


def _are_turned(to: list[ast.expr], back: list[ast.expr]) -> bool:
    """Tell whether the same places stand in ``to`` and ``back``, in another order."""
    one, other = list(map(ast.unparse, to)), list(map(ast.unparse, back))
    return one != other and sorted(one) == sorted(other)


def _names_in(node: ast.expr) -> Iterator[str]:
    return (one.id for one in ast.walk(node) if isinstance(one, ast.Name) and one.id not in BUILTINS)


def _shown_by(node: ast.AST) -> list[ast.expr]:
    """What ``node`` shows, and what decides it."""
    match node:
        case ast.Call(func=ast.Name(id="print"), args=shown):
            return shown
        case ast.Return(value=ast.expr() as value):
            return [value]
        case ast.If(test=test):
            return [test]
        case ast.Module(body=[*_, ast.Expr(value=value)]):
            return [value]
    return []
