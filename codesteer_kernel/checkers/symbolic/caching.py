"""Whether a program reads its answer off a cache that it was written with: the recursion behind it is never reached."""

from __future__ import annotations

import ast

__all__ = ["reads_cache"]

_NODES = 20_000


def reads_cache(tree: ast.Module) -> bool:
    """Tell whether ``tree`` calls a function with a constant whose result stands in a table that it looks into first."""
    nodes = [node for _, node in zip(range(_NODES), ast.walk(tree), strict=False)]
    tables: dict[str, set[object]] = {}
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(keys=keys)):
                tables[name] = {key.value for key in keys if isinstance(key, ast.Constant)}
    cached: dict[str, set[object]] = {}
    for node in nodes:
        match node:
            case ast.FunctionDef(
                name=name,
                args=ast.arguments(args=[ast.arg(arg=given), *_]),
                body=[
                    ast.If(
                        test=ast.Compare(left=ast.Name(id=key), ops=[ast.In()], comparators=[ast.Name(id=table)]),
                        body=[ast.Return(value=ast.Subscript())],
                    ),
                    *_,
                ],
            ) if key == given and table in tables:
                cached[name] = tables[table]
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and bool(node.args)
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value in cached.get(node.func.id, ())
        for node in nodes
    )
