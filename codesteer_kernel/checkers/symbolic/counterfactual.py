"""Whether what a program shows would be another one if what it states were another.

The rule of the labels, taken at its word: the constants of a program are changed one after the other, and it is carried
out again in miniature (:mod:`.interpreting`). If what it shows never changes, or changes only where a constant stands in
it as it was written, and in that order, then it shows what it was written with, however much it does on the way.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from itertools import islice, pairwise

import msgspec

from codesteer_kernel.checkers.symbolic.interpreting import Stopped, carry_out

__all__ = ["follows_truths", "only_copies"]

# Steps of one run, and of all together; nothing is said of longer programs.
_STEPS = 4_000
_ALL_STEPS = 120_000
# Nodes of a tree that is looked at.
_NODES = 3_000
# Constants that are changed, and places in a text.
_SITES = 40
_PLACES = 6
# A text of more words than that is not written twice.
_PROSE = 4
# Part of nearly every program, and no fact unless it stands in a list.
_STRUCTURAL = (0, 1)
_FAR = 50
# What takes a bit of a number: that stays the same if a single one of them is another.
_BY_BITS = (ast.BitAnd, ast.BitOr, ast.BitXor, ast.Mod)
_TOKEN = re.compile(r"-?\d+(?:\.\d+)?|\w+|\s+|.", re.DOTALL)
_FAULTS = (ArithmeticError, LookupError, TypeError, ValueError, NameError, AttributeError, RecursionError, MemoryError)


class _Site(msgspec.Struct):
    """What is changed: a constant of the program, or a list.

    ``whole`` tells the literal list, table or text that it stands in (0: none). ``switch``: a table of nothing but 0 and
    1, where nothing else may stand.
    """

    node: ast.Constant | ast.List | ast.Tuple
    whole: int
    switch: bool = False


def only_copies(tree: ast.Module) -> bool:
    """Tell whether ``tree`` surely shows what it was written with. False where that cannot be told."""
    sites = _sites(tree)
    if not sites:
        return False
    try:
        return _Trial(tree).only_copies(sites)
    except (Stopped, *_FAULTS):
        return False


def follows_truths(tree: ast.Module, is_fact: Callable[[str], bool], is_bit: Callable[[str], bool]) -> bool:
    """Tell whether ``tree`` surely says something else if a truth that it states were another.

    ``is_fact`` tells whether a truth value of that name is one that the question states, ``is_bit`` whether a 0, a 1 or
    a truth value of that name is: nothing but the name tells.
    """
    stated = [
        value
        for name, value in _bindings(tree)
        if (isinstance(value.value, bool) and (is_fact(name) or is_bit(name)))
        or (type(value.value) is int and value.value in _STRUCTURAL and is_bit(name))
    ]
    try:
        shown = carry_out(tree, {}, _STEPS).shown if stated else ""
        return any(carry_out(tree, {id(one): _turned(one.value)}, _STEPS).shown != shown for one in stated[:_PLACES])
    except (Stopped, *_FAULTS):
        return False


def _bindings(tree: ast.Module) -> Iterator[tuple[str, ast.Constant]]:
    """Constants that are bound to names, or stand under names in a table, with those names."""
    for node in islice(ast.walk(tree), _NODES):
        pairs: list[tuple[ast.expr | None, ast.expr]] = []
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if len(names) == len(values):
                pairs = list(zip(names, values, strict=True))
            case ast.Assign(targets=targets, value=value):
                pairs = [(one, value) for one in targets]
            case ast.Dict(keys=keys, values=values):
                pairs = list(zip(keys, values, strict=True))
        for key, value in pairs:
            match key, value:
                case ast.Name(id=name), ast.Constant():
                    yield name, value
                case ast.Constant(value=str(name)), ast.Constant():
                    yield name, value


def _turned(value: object) -> object:
    return not value if isinstance(value, bool) else 1 - value if isinstance(value, int) else value


class _Trial:
    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.first = carry_out(tree, {}, _STEPS)
        self.left = _ALL_STEPS
        self.copied = False
        # By the node of a test, its outcomes in all runs; the tests that saw something else when data were changed.
        self.outcomes = {node: outcomes for node, (_, outcomes) in self.first.tests.items()}
        self.stirred: set[int] = set()
        # By text or list, where its parts stand in it and in what is shown.
        self.places: dict[int, list[tuple[tuple[int, int], int]]] = {}

    def only_copies(self, sites: list[_Site]) -> bool:
        if not self.first.shown.strip() or not all(self._copies(number, site) for number, site in enumerate(sites)):
            return False
        if not all(map(_in_order, self.places.values())):
            return False
        # What a test might have done whose outcome was always the same is not known, nor is a verdict that never changed
        # no verdict, if there was something to judge.
        blind = any(self.outcomes[node] in (1, 2) for node in self.stirred)
        return not blind and (self.copied or not self.stirred)

    def _copies(self, number: int, site: _Site) -> bool:
        """Tell whether what is shown stays as it is, or holds a copy, whatever stands at ``site``."""
        told = False
        for at, other in _others(site.node, site.switch):
            if self.left < 0:
                raise Stopped
            try:
                again = carry_out(self.tree, {id(site.node): other}, _STEPS)
            except Stopped:
                self.left -= _STEPS
                continue
            except _FAULTS:
                self.left -= self.first.steps
                continue
            self.left -= again.steps
            told = True
            for node, (digest, outcomes) in again.tests.items():
                self.outcomes[node] = self.outcomes.get(node, 0) | outcomes
                data = site.whole or (isinstance(site.node, ast.Constant) and isinstance(site.node.value, str))
                if node not in self.first.tests or (data and self.first.tests[node][0] != digest):
                    self.stirred.add(node)
            if again.shown != self.first.shown and not self._is_copy(number, site, at, other, again.shown):
                return False
        # Without its last element a list may be too short for the loops.
        return told or not isinstance(site.node, ast.Constant)

    def _is_copy(self, number: int, site: _Site, at: int | None, other: object, again: str) -> bool:
        if not isinstance(site.node, ast.Constant):
            return _is_left_out(self.first.shown, again)
        value = site.node.value
        if (
            isinstance(value, str)
            and len(value.split()) > _PROSE
            and at is None
            and _is_left_out(self.first.shown, again)
        ):
            return True
        place = _place_of_copy(self.first.shown, again, str(site.node.value), str(other))
        if place is None:
            return False
        self.copied = True
        if at is not None or (site.whole and not isinstance(site.node.value, str)):
            self.places.setdefault(site.whole or id(site.node), []).append(((number, at or 0), place))
        return True


def _sites(tree: ast.Module) -> list[_Site]:
    """What may be a fact in ``tree``, in order, as much as is changed."""
    sites: list[_Site] = []
    stack: list[tuple[ast.AST, int]] = [(tree, 0)]
    nodes = 0
    operands: set[int] = set()
    # By the table: whether it holds nothing but 0 and 1, both of them.
    switches: dict[int, bool] = {}
    while stack:
        node, whole = stack.pop()
        nodes += 1
        if nodes > _NODES:
            return []
        if isinstance(node, ast.Constant):
            if _may_be_fact(node.value, bool(whole)) or id(node) in operands:
                sites.append(_Site(node=node, whole=whole, switch=switches.get(whole, False)))
            continue
        if isinstance(node, ast.BinOp) and isinstance(node.op, _BY_BITS):
            operands |= {id(node.left), id(node.right)}
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            continue
        if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
            if (
                not whole
                and isinstance(node, ast.List | ast.Tuple)
                and len(node.elts) > 1
                and isinstance(node.ctx, ast.Load)
            ):
                sites.append(_Site(node=node, whole=0))
            if not whole:
                whole = id(node)
                switches[whole] = _is_of_switches(node)
        elif not isinstance(node, ast.UnaryOp | ast.expr_context | ast.unaryop):
            whole = 0
        # What stands in an f-string as it is is no constant to change.
        children = [
            one
            for one in ast.iter_child_nodes(node)
            if not (isinstance(node, ast.JoinedStr) and isinstance(one, ast.Constant))
        ]
        stack += [(one, whole) for one in reversed(children)]
    if len(sites) > _SITES:
        step = len(sites) / _SITES
        sites = [sites[int(number * step)] for number in range(_SITES)]
    return sites


def _may_be_fact(value: object, listed: bool) -> bool:
    match value:
        case bool():
            return True
        case int() | float():
            return listed or value not in _STRUCTURAL
        case str():
            return len(value) > 1 or value.isalnum() or (listed and bool(value))
    return False


def _is_of_switches(table: ast.AST) -> bool:
    """Tell whether ``table`` holds nothing but 0 and 1, both of them."""
    inner = ast.List | ast.Tuple | ast.Set | ast.Dict | ast.expr_context
    atoms = [one for one in ast.walk(table) if not isinstance(one, inner)]
    values = [one.value for one in atoms if isinstance(one, ast.Constant) and type(one.value) is int]
    return len(values) == len(atoms) and set(values) == {0, 1}


def _others(node: ast.Constant | ast.List | ast.Tuple, switch: bool) -> Iterator[tuple[int | None, object]]:
    """Other values for ``node``; of a text, with the place that is changed. Of a ``switch``, the other state."""
    if not isinstance(node, ast.Constant):
        yield None, "shorter"
        return
    match value := node.value:
        case bool():
            yield None, not value
        case int() if switch:
            yield None, 1 - value
        case int() | float():
            yield from ((None, value + by) for by in (1, _FAR, -1, -_FAR))
        case str():
            step = max(1, len(value) / _PLACES)
            for number in range(min(len(value), _PLACES)):
                at = int(number * step)
                letter = value[at]
                other = "7" if letter.isdigit() else "Q" if letter.isupper() else "q"
                other = {"7": "3", "Q": "X", "q": "x"}[other] if other == letter else other
                yield at, value[:at] + other + value[at + 1 :]
            yield None, value[1:]
            yield None, value[:-1]
            if len(value.split()) <= _PROSE:
                yield None, value * 2


def _place_of_copy(shown: str, again: str, old: str, new: str) -> int | None:
    """Where ``again`` differs from ``shown``, if it does only because ``new`` stands where ``old`` stood."""
    if len(old) == len(new) and len(shown) == len(again):
        pairs = {pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]}
        differing = [at for at, pair in enumerate(zip(shown, again, strict=True)) if pair[0] != pair[1]]
        if len(pairs) == 1 and all((shown[at], again[at]) in pairs for at in differing):
            return differing[0]
    one, other = _TOKEN.findall(shown), _TOKEN.findall(again)
    if len(one) == len(other):
        differing = [at for at, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1]]
        if all((one[at], other[at]) == (old, new) for at in differing):
            return len("".join(one[: differing[0]]))
    return (
        shown.find(old)
        if old and old in shown and again in (shown.replace(old, new), shown.replace(old, new, 1))
        else None
    )


def _is_left_out(shown: str, again: str) -> bool:
    """Tell whether ``again`` is ``shown`` without a part of it."""
    ahead = next((at for at, pair in enumerate(zip(shown, again, strict=False)) if pair[0] != pair[1]), len(again))
    rest = len(again) - ahead
    return len(again) < len(shown) and (not rest or shown[-rest:] == again[-rest:])


def _in_order(places: list[tuple[tuple[int, int], int]]) -> bool:
    """Tell whether things stand in the order in which they were written."""
    ordered = sorted(places)
    return all(one[1] <= other[1] for one, other in pairwise(ordered))
