"""Reading code and short answers out of model text and program output. Pure; never runs anything."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator

__all__ = [
    "agree",
    "code_block",
    "code_blocks",
    "normalised",
    "only_answers",
    "result_of_output",
    "result_of_text",
    "with_call",
    "without_code",
]

# The line that opens a block: three or more backticks or tildes, any tag or none. Possessive throughout: a model that
# repeats itself writes thousands of backticks, and the engine must not stand still over them.
_OPENING = re.compile(r"(?<![`~])(?P<fence>`{3,}+|~{3,}+)[ \t]*+(?P<tag>[A-Za-z0-9_+-]*+)[^\n]*+\n")
_PYTHON_TAGS = {"python", "py", "python3", "ipython", "ipython3"}
_BRACKETED = re.compile(r"<<<((?:(?!<<<).)*?)>>>", re.DOTALL)
_LABELLED = re.compile(r"^[ \t*_#>]*+(?:final[ \t]+)?answer[ \t*_]*+[:=][\s*_]*+(.*)$", re.IGNORECASE | re.MULTILINE)
_BOXED = re.compile(r"\\boxed\{([^{}]*)\}")

_STATEMENT = re.compile(
    r"[ \t]*(?:(?:async|class|def|for|from|if|import|print|return|try|while|with)\b|[A-Za-z_][\w.\[\]]*[ \t]*[-+*/]?=[^=])"
)

SHORT_OUTPUT = 400


def code_block(text: str) -> str | None:
    """Return the Python program in ``text``, or None: of its blocks the last, as models often correct themselves."""
    blocks = code_blocks(text)
    return blocks[-1] if blocks else None


def code_blocks(text: str) -> list[str]:
    """Return the Python blocks in ``text``: those tagged so, else the untagged ones that are not plainly something else."""
    tagged: list[str] = []
    untagged: list[str] = []
    for tag, body in _fenced(text):
        if tag in _PYTHON_TAGS:
            tagged.append(body)
        elif not tag:
            untagged.append(body)
    return tagged or [body for body in untagged if _looks_like_python(body)]


def only_answers(code: str) -> bool:
    """Tell whether a block holds an answer where a program should be: bare words and values, shown or not, or a typed-in prompt.

    Only comments are no answer; what Python cannot read is one if no line of it begins like a statement.
    """
    try:
        body = ast.parse(code).body
        return bool(body) and all(isinstance(one, ast.Expr) and _said(one.value) for one in body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return not any(_STATEMENT.match(line) for line in code.splitlines())


def with_call(code: str) -> str:
    """A program that ends with a function without parameters, and calls nothing, with a call of it that shows its result.

    Small models forget the call and, told that nothing was printed, forget it again. What comes to be shown then is what
    the program worked out. Any other program is given back as it is.
    """
    try:
        body = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return code
    last = body[-1] if body else None
    if not isinstance(last, ast.FunctionDef) or last.decorator_list or not _takes_nothing(last.args):
        return code
    defined = {one.name for one in body if isinstance(one, ast.FunctionDef)}
    if not all(isinstance(one, ast.FunctionDef | ast.ClassDef) or _only_binds(one, defined) for one in body):
        return code
    if any(isinstance(node, ast.Name) and node.id == last.name for one in body[:-1] for node in ast.walk(one)):
        return code
    name = last.name
    return f"{code.rstrip()}\n\n# Added, as nothing called it:\nresult = {name}()\nif result is not None:\n    print(result)\n"


def _takes_nothing(given: ast.arguments) -> bool:
    """Whether a function can be called without arguments."""
    by_place = len(given.posonlyargs) + len(given.args)
    return by_place <= len(given.defaults) and None not in given.kw_defaults


def _only_binds(statement: ast.stmt, functions: set[str]) -> bool:
    """Whether a statement shows nothing, and uses none of the program's ``functions``."""
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign() | ast.AnnAssign():
            return not any(isinstance(node, ast.Name) and node.id in functions for node in ast.walk(statement))
    return False


def _said(value: ast.expr) -> bool:
    """Whether an expression is written down and not worked out."""
    match value:
        case ast.Constant() | ast.Name():
            return True
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts) | ast.JoinedStr(values=parts):
            return all(map(_said, parts))
        case ast.UnaryOp(operand=part) | ast.FormattedValue(value=part):
            return _said(part)
        case ast.Call(func=ast.Name(id="print"), args=parts):
            return all(map(_said, parts))
    return False


def without_code(text: str) -> str:
    """``text`` without its Python blocks, as :func:`code_block` knows them."""
    kept: list[str] = []
    place = 0
    for tag, body, begin, end in _blocks(text):
        if body and (tag in _PYTHON_TAGS or (not tag and _looks_like_python(body))):
            kept.append(text[place:begin])
            place = end
    return "".join([*kept, text[place:]])


def _fenced(text: str) -> Iterator[tuple[str, str]]:
    """The fenced blocks that hold something, as (tag, body)."""
    return ((tag, body) for tag, body, _, _ in _blocks(text) if body)


def _blocks(text: str) -> Iterator[tuple[str, str, int, int]]:
    """The fenced blocks, as (tag, body, begin, end); begin and end are places in ``text``, fences included.

    A closing fence may be missing (cut answers) and need not stand on a line of its own; a block that is indented as a
    whole, as in a list, is brought back to the margin.
    """
    place = 0
    while opening := _OPENING.search(text, place):
        end = text.find(opening["fence"], opening.end())
        end = len(text) if end < 0 else end
        body = text[opening.end() : end].replace("\r\n", "\n").strip("\n").rstrip()
        place = end + len(opening["fence"])
        yield opening["tag"].lower(), textwrap.dedent(body) if body[:1] in (" ", "\t") else body, opening.start(), place


def _looks_like_python(body: str) -> bool:
    return bool(re.search(r"^\s*(?:import |from \w|def |class |for |while |if |print\(|\w+\s*=)", body, re.MULTILINE))


def result_of_output(stdout: str) -> str:
    """Return the short answer in what a program printed: all of it when short, else its last line."""
    bracketed = _BRACKETED.findall(stdout)
    if bracketed:
        return str(bracketed[-1]).strip()
    text = stdout.strip()
    if len(text) <= SHORT_OUTPUT:
        return text
    return text.splitlines()[-1].strip()[:SHORT_OUTPUT]


def result_of_text(text: str) -> str:
    """Return the short answer in prose: the last ``<<<...>>>``, boxed or ``Answer:`` part, or an empty string."""
    for pattern in (_BRACKETED, _LABELLED, _BOXED):
        found = [str(part).strip() for part in pattern.findall(text)]
        found = [part for part in found if part]
        if found:
            # Of "Answer: 7>>>" the marks were only half written.
            return found[-1].removesuffix(">>>").removeprefix("<<<").strip("*_ ").rstrip(".")[:SHORT_OUTPUT]
    return ""


def normalised(result: str) -> str:
    """Return a form in which equal answers look equal: case, spaces, thousands commas, trailing zeros folded."""
    text = result.strip().strip("*_`$ .").lower()
    if len(text) > SHORT_OUTPUT:
        # Grids and lists: only spaces vary, and folding numbers in them would take long.
        return " ".join(text.split())
    text = re.sub(r"^(?:the\s+)?(?:final\s+)?(?:answer|result)\s*(?:is|:|=)\s*", "", text)
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = re.sub(r"(\d+\.\d*?)0+\b", r"\1", text)
    text = re.sub(r"(\d+)\.(?=\D|$)", r"\1", text)
    return re.sub(r"\s+", " ", text).strip()


def agree(one: str, other: str) -> bool:
    """Tell whether two short answers say the same: equal once normalised, or their only number is the same."""
    a, b = normalised(one), normalised(other)
    if not a or not b:
        return False
    if a == b:
        return True
    numbers = [re.findall(r"-?\d+(?:\.\d+)?", text) for text in (a, b)]
    return len(numbers[0]) == 1 and numbers[0] == numbers[1]
