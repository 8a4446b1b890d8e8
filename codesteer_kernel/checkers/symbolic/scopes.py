"""Which names each scope of a program binds, read off the tree in one walk."""

from __future__ import annotations

import ast
import builtins

import msgspec

__all__ = ["BUILTINS", "Names", "names_of"]

BUILTINS = frozenset(dir(builtins)) | {"display"}
# Parts of the tree that hold nothing.
_MARKS = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.Constant)
_SHOWING = {"print", "display", "pprint", "stdout"}


class Names(msgspec.Struct):
    """``bound`` and ``shared`` (declared global or nonlocal) names by the scope's node.

    ``methods`` are functions of classes; ``showing`` is set if a function may show something; ``nodes`` counts the tree.
    """

    bound: dict[ast.AST, set[str]]
    shared: dict[ast.AST, set[str]] = {}
    methods: set[str] = set()
    showing: bool = False
    nodes: int = 0


def names_of(tree: ast.Module) -> Names:
    """Gather the names of ``tree``. Iterative: depth does not matter."""
    names = Names(bound={tree: set()})
    stack: list[tuple[ast.AST, ast.AST]] = [(tree, tree)]
    while stack:
        node, scope = stack.pop()
        names.nodes += 1
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                names.bound[scope].add(node.id)
            elif node.id in _SHOWING and scope is not tree:
                names.showing = True
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            if not isinstance(node, ast.Lambda):
                names.bound[scope].add(node.name)
            if isinstance(scope, ast.ClassDef) and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names.methods.add(node.name)
            scope = node
            names.bound[scope] = set()
        elif isinstance(node, ast.Global | ast.Nonlocal):
            names.shared.setdefault(scope, set()).update(node.names)
        else:
            names.bound[scope].update(_bound_by(node))
        for field in node._fields:
            part = getattr(node, field, None)
            if isinstance(part, list):
                stack += [(child, scope) for child in part if isinstance(child, ast.AST)]
            elif isinstance(part, ast.AST) and not isinstance(part, _MARKS):
                stack.append((part, scope))
    for scope, shared in names.shared.items():
        names.bound[scope] -= shared
    return names


def _bound_by(node: ast.AST) -> list[str]:
    """The names that ``node`` binds other than by assignment."""
    match node:
        case ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
            return [name]
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            return [name]
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return [alias.asname or alias.name.partition(".")[0] for alias in aliases]
    return []
