"""Take the published wording from a user's own checkout of the public reference.

The published weights were trained on exact texts, which are the authors' and not ours to ship. They stand in the
reference's Python files as string constants and f-strings; those are read off the syntax tree, and nothing is run.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from codesteer_kernel.config import writable
from codesteer_kernel.errors import BadInput
from codesteer_kernel.steering.prompts import CODESTEER_V1, Prompts, imported_path, load_prompts

__all__ = ["forget_prompts", "import_prompts"]

_WORDS = "prompt.py"
_CALLS = "generation_models.py"
_RATING = "symbolic_code_check.py"
_LOOP = "benchmark/run_Logic_Game_CodeSteer_test.py"
# What the reference calls a value, and what a template of ours calls it.
_NAMES = {
    "question": "question",
    "response": "response",
    "check_result": "check",
    "code_complexity_summary": "symbolic",
    "output": "output",
    "errors": "errors",
}


def import_prompts(checkout: Path) -> Prompts:
    """Read the wording of the published weights from ``checkout`` and use it from now on.

    Returns:
        The prompts, whose stamp begins with ``codesteer_v1@imported``.

    Raises:
        BadInput: the folder is no such checkout; the message names what is missing.
        CacheNotWritable: the user's data folder cannot be written.
    """
    texts = _read(checkout)
    lines = ['version = "imported"', *(f"{key} = {_toml(text)}" for key, text in texts.items())]
    path = imported_path(CODESTEER_V1)
    writable(path.parent)
    part = path.with_suffix(".part")
    part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    part.replace(path)
    return load_prompts(CODESTEER_V1)


def forget_prompts() -> bool:
    """Go back to our own wording; False when none was imported."""
    path = imported_path(CODESTEER_V1)
    if not path.exists():
        return False
    path.unlink()
    return True


def _read(checkout: Path) -> dict[str, str]:
    constants = dict(_constants(_parse(checkout, _WORDS)))
    texts = {
        "choose": _wanted(constants, "code_text_choice_prompt", _WORDS) + "$question",
        "code": _wanted(constants, "with_COT_code_output_prompt", _WORDS),
        "text": _wanted(constants, "text_output_prompt", _WORDS),
    }
    texts |= _check(_function(_parse(checkout, _CALLS), "LLM_answer_code_checker", _CALLS), constants)
    texts |= _rounds(_parse(checkout, _LOOP))
    return texts | _symbolic(_parse(checkout, _RATING))


def _check(function: ast.FunctionDef, constants: Mapping[str, str]) -> dict[str, str]:
    """How a test is asked for, and how its outcome is told."""
    texts: dict[str, str] = {}
    for name, value in _assigned(function):
        if name == "Input_prompt":
            texts["check"] = _template(value, constants)
        elif name == "errors" and isinstance(value, ast.JoinedStr) and not _used(value):
            texts["missing"] = _template(value, constants)
    told = {
        frozenset({"output"}): "check_output",
        frozenset({"output", "errors"}): "check_both",
        frozenset({"errors"}): "check_errors",
        frozenset(): "check_long",
    }
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.JoinedStr):
            texts.setdefault(told[frozenset(_used(node.value))], _template(node.value, {}))
    texts["check_missing"] = texts["check_errors"].replace("${errors}", texts.pop("missing", ""))
    return texts


def _rounds(tree: ast.Module) -> dict[str, str]:
    """The evidence of a round, and what is added to an answer whose program has run."""
    texts: dict[str, str] = {}
    for name, value in _assigned(tree):
        used = _used(value)
        if name == "CodeSteer_input_prompt" and "check_result" in used:
            texts["review_code" if "code_complexity_summary" in used else "review_text"] = _template(value, {})
        elif name == "response" and isinstance(value, ast.BinOp) and isinstance(value.right, ast.JoinedStr):
            added = _used(value.right)
            key = "executed" if "output" in added else "executed_errors" if "errors" in added else "executed_long"
            texts[key] = _template(value.right, {})
        elif name == "code_complexity_summary" and isinstance(value, ast.Constant):
            texts["too_simple"] = _template(value, {})
    for key in ("review_code", "review_text", "executed", "executed_errors", "executed_long", "too_simple"):
        _wanted(texts, key, _LOOP)
    return texts


def _symbolic(tree: ast.Module) -> dict[str, str]:
    """The sentences of the published symbolic checker, which stand in the order of its rules."""
    rules = _appended(_function(tree, "analyze_computational_approach", _RATING))
    told = _appended(_function(tree, "analyze_code_and_explain", _RATING))
    if len(rules) != 5 or len(told) != 4:
        raise _no_checkout(f"{_RATING} does not have the sentences that are expected")
    reasons = dict(zip(("loop", "itertools", "eval", "format", "operator"), rules, strict=True))
    texts = {f"symbolic.{key}": f"- {_template(value, {})}" for key, value in reasons.items()}
    for key, value in zip(("search", "symbolic", "numeric"), told, strict=False):
        texts[f"symbolic.{key}"] = _template(value, {})
    score = told[3]
    if not isinstance(score, ast.JoinedStr):
        raise _no_checkout(f"{_RATING} does not tell the score as expected")
    texts["symbolic.score"] = "".join(
        "$score" if isinstance(part, ast.FormattedValue) else _template(part, {}) for part in score.values
    )
    return texts


# Reading source


def _parse(checkout: Path, name: str) -> ast.Module:
    path = checkout.expanduser() / name
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except OSError:
        raise _no_checkout(f"there is no {name} in {checkout}") from None
    except (SyntaxError, ValueError) as fault:
        raise _no_checkout(f"{name} does not parse ({fault})") from None


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for name, value in _assigned(tree):
        if not _used(value):
            try:
                yield name, _template(value, {})
            except BadInput:
                continue


def _assigned(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """What is assigned to plain names, or added to them."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AugAssign(target=ast.Name(id=name), value=value)
            ):
                yield name, value


def _appended(function: ast.FunctionDef) -> list[ast.expr]:
    """The texts that a function appends to a list, in order."""
    found = [
        node.args[0]
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "append"
    ]
    texts = [value for value in found if isinstance(value, (ast.Constant, ast.JoinedStr))]
    return sorted(texts, key=lambda value: (value.lineno, value.col_offset))


def _function(tree: ast.Module, name: str, where: str) -> ast.FunctionDef:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
    raise _no_checkout(f"{where} has no function {name}")


def _used(value: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}


def _template(value: ast.expr, constants: Mapping[str, str]) -> str:
    """A string expression as a template of ours: constants, f-strings of plain names, and sums of such."""
    match value:
        case ast.Constant(value=str(text)):
            return text.replace("$", "$$")
        case ast.JoinedStr(values=parts):
            return "".join(_template(part, constants) for part in parts)
        case ast.FormattedValue(value=ast.Name(id=name)) if name in constants:
            return constants[name]
        case ast.FormattedValue(value=ast.Name(id=name)) if name in _NAMES:
            return f"${{{_NAMES[name]}}}"
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _template(left, constants) + _template(right, constants)
    raise _no_checkout(f"the text in line {value.lineno} is put together in a way that is not known")


def _wanted(texts: Mapping[str, str], key: str, where: str) -> str:
    if key not in texts:
        raise _no_checkout(f"{where} has no text {key}")
    return texts[key]


def _no_checkout(why: str) -> BadInput:
    return BadInput(
        f"The prompts could not be imported: {why}.",
        "Give the folder of a checkout of the public CodeSteer repository (yongchao98/CodeSteer-v1.0).",
    )


def _toml(text: str) -> str:
    """A TOML string; its escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
