"""The self-answer checker: a program, written by a model, that tests an answer; its verdict is parsed.

The program is one function, ``check(answer)``, written once per question from the question alone where that is sound, so
that it neither copies an answer's mistakes nor has to be written again each round. A harness of ours calls it in the child
kernel and prints the verdict behind a marker that differs each time, so that nothing an answer or a program prints can
pass for a verdict. A test that passes is tried on changed answers as well: one that passes everything says nothing.
"""

from __future__ import annotations

import ast
import json
import secrets
from typing import TYPE_CHECKING, Literal

import msgspec

from codesteer_kernel.checkers.mutation import mutants
from codesteer_kernel.record import Execution, SelfAnswer, cut_middle

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["CheckProgram", "check_head", "read_check", "run_check"]

# How a program that must define `check` begins: it is the prefill of models that continue text.
check_head = (
    'def check(answer: str) -> tuple[bool, str]:\n    """Return (True, "") if answer is right, else (False, why)."""\n'
)

ANSWER_CHARS = 8_000


class CheckProgram(msgspec.Struct, frozen=True):
    """A checking program, or why there is none (``fault``) and what that makes of every answer (``otherwise``)."""

    code: str = ""
    fault: str = ""
    otherwise: Literal["broken", "unsure"] = "broken"

    @property
    def usable(self) -> bool:
        """Whether it can be run."""
        return bool(self.code) and not self.fault


def read_check(code: str) -> CheckProgram:
    """Accept ``code`` as a checking program if it parses and defines a top-level ``check``."""
    if not code.strip():
        return CheckProgram(fault="the model wrote no program")
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError) as fault:
        return CheckProgram(code=code, fault=f"the checking program does not parse: {getattr(fault, 'msg', fault)}")
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    check = functions.get("check")
    if check is None or not check.args.args:
        return CheckProgram(code=code, fault="the checking program defines no function check(answer)")
    if not _reads(check, check.args.args[0].arg):
        return CheckProgram(code=code, fault="the checking program never looks at the answer", otherwise="unsure")
    if not _computes(tree):
        guess = "the checking program only compares with a value it was written with"
        return CheckProgram(code=code, fault=guess, otherwise="unsure")
    return CheckProgram(code=code)


# What a check does to read an answer; none of it works the expected answer out.
_READING = frozenset(
    {"int", "float", "str", "bool", "len", "isinstance", "strip", "lstrip", "rstrip", "lower", "upper", "casefold"}
    | {"replace", "split", "startswith", "endswith", "isdigit", "isnumeric", "isalpha", "join", "title", "format"}
    | {"ValueError", "TypeError", "removeprefix", "removesuffix", "abs", "round", "print", "tuple"}
)


def _reads(check: ast.FunctionDef, parameter: str) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id == parameter and isinstance(node.ctx, ast.Load)
        for statement in check.body
        for node in ast.walk(statement)
    )


def _computes(tree: ast.Module) -> bool:
    """Tell whether a check works something out, by a loop, arithmetic or a call, rather than quoting a guess.

    Small models like to write ``return answer == "sunday"``: such a test says nothing about the answer.
    """
    for node in ast.walk(tree):
        match node:
            case ast.For() | ast.While() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                return True
            case ast.BinOp(left=left, right=right) if not (_text(left) or _text(right)):
                return True
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name not in _READING:
                return True
    return False


def _text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


async def run_check(program: CheckProgram, answer: str, execute: Callable[[str], Awaitable[Execution]]) -> SelfAnswer:
    """Run ``program`` on ``answer`` (cut at 8,000 characters) with ``execute`` and parse its verdict.

    ``broken`` means that the checker itself failed; it says nothing about the answer.
    """
    if not program.usable:
        return SelfAnswer(verdict=program.otherwise, reason=program.fault, program=program.code)
    if not answer.strip():
        return SelfAnswer(verdict="fail", reason="there is no answer to check", program=program.code)
    marker = f"verdict-{secrets.token_hex(8)}"
    execution = await execute(_harness(program.code, cut_middle(answer.strip(), ANSWER_CHARS), marker))
    verdict = _parse(execution, marker)
    shown = msgspec.structs.replace(execution, stdout=_without_marker(execution.stdout, marker))
    return msgspec.structs.replace(verdict, program=program.code, execution=shown)


# No question has this answer: a test that accepts it accepts anything.
_DECOY = "(no such answer)"


def _harness(code: str, answer: str, marker: str) -> str:
    """The program that calls the test on the answer, and, if it passes, on answers that should not."""
    given = {"answer": answer, "decoy": _DECOY, "mutants": mutants(answer)}
    return f"""{code}

if True:
    import json as _json

    def _verdict(_answer):
        _given = check(_answer)
        if isinstance(_given, tuple) and _given:
            _right, _why = _given[0], _given[1] if len(_given) > 1 else ""
        else:
            _right, _why = _given, ""
        _known = isinstance(_right, bool) or type(_right).__name__ in ("bool_", "bool")
        return (bool(_right) if _known else None), str(_why)[:500]

    def _accepts(_answer):
        try:
            return _verdict(_answer)[0] is True
        except Exception:
            return False

    _told = _json.loads({json.dumps(given)!r})
    _right, _why = _verdict(_told["answer"])
    _anything = ""
    if _right:
        if _accepts(_told["decoy"]):
            _anything = "anything"
        elif all(_accepts(_one) for _one in _told["mutants"]):
            _anything = "changed answers too"
    print("\\n" + {marker!r} + " " + _json.dumps([_right, _why, _anything]), flush=True)
"""


def _parse(execution: Execution, marker: str) -> SelfAnswer:
    if execution.status != "ok":
        if execution.status == "timeout":
            return SelfAnswer(verdict="broken", reason="the checking program ran out of time")
        return SelfAnswer(
            verdict="broken", reason=f"the checking program failed: {execution.error or execution.status}"
        )
    for line in reversed(execution.stdout.splitlines()):
        if line.startswith(marker + " "):
            right, why, anything = json.loads(line[len(marker) + 1 :])
            if right is None:
                return SelfAnswer(verdict="unsure", reason=why or "the checking program gave no verdict")
            if anything:
                return SelfAnswer(verdict="unsure", reason=f"the checking program accepts {anything}")
            # Small models return the failure text together with True: what counts is the verdict.
            return SelfAnswer(verdict="pass") if right else SelfAnswer(verdict="fail", reason=why)
    return SelfAnswer(verdict="broken", reason="the checking program gave no verdict")


def _without_marker(stdout: str, marker: str) -> str:
    return "\n".join(line for line in stdout.splitlines() if marker not in line).strip("\n")
