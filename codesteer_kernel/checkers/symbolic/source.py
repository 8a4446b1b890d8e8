"""From the text of a model to a syntax tree, whole or as much of it as can be read. Never raises, in bounded time.

Of a text longer than :data:`MOST_READ` the beginning and the end are read. Notebook syntax, prompts, fences and a common
indent are taken off. What still does not parse is cut into top-level statements, which are parsed one by one; broken ones
are mended in a few plain ways or left out.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator

import msgspec

__all__ = ["MOST_READ", "Source", "read"]

# So many characters are read; several times what a model writes in one reply.
MOST_READ = 60_000
# Of a longer text, so many at its end, where the answer is shown; the rest at its beginning.
_END_READ = 20_000
# A statement begins at the margin.
_MARGIN = re.compile(r"\n(?=[^\W\d]|@)")
# What mending may cost: parsed characters per character of text, and tries per statement.
_BUDGET = 8
_TRIES = 6

_FENCE = re.compile(r"[ \t]*+(?:`{3,}+|~{3,}+)[^`]*+$")
_PROMPT = re.compile(r"[ \t]*+(?:>>>|In \[\d*+\]:)(?: |$)")
# Python would take it for an annotation.
_CELL = re.compile(r"^[ \t]*+In \[\d*+\]: ", re.MULTILINE)
_SESSION = re.compile(r"[ \t]*+(?:>>>|\.\.\.:?+|In \[\d*+\]:)(?: |$)")
# A magic, a shell line, a question for help; also on the right of an assignment.
_MAGIC = re.compile(r"^([ \t]*+)(?:[%!?][^\n]*+|[\w.]++\?{1,2}[ \t]*+)$", re.MULTILINE)
_ASSIGNED_MAGIC = re.compile(r"^([ \t]*+\w[\w.,]*+[ \t]*+=)[ \t]*+[%!][^\n]*+$", re.MULTILINE)
# Strings, comments, brackets and line ends: enough to tell where a logical line ends. Possessive: no backtracking.
_TOKEN = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\Z)|'
    r"'''(?:[^'\\]|\\.|'(?!''))*+(?:'''|\Z)|"
    r'"(?:[^"\\\n]|\\.)*+"?|' + r"'(?:[^'\\\n]|\\.)*+'?|"
    r"#[^\n]*|[\[\](){}]|\\\n|\n",
    re.DOTALL,
)
# Goes on with the statement before it, though it stands at the margin.
_CONTINUES = re.compile(r"(?:else|elif|except|finally)\b|[)\]}#\n]|[ \t]|\Z")
# Cannot stand inside brackets: an opening bracket before it was never closed.
_BREAKS_OUT = re.compile(r"(?:def|class|import|while|try|return|with)\b")
# After one of these, nothing more of its block can come.
_ENDING = (ast.Return, ast.Raise, ast.Break, ast.Continue)
# Where the last statement of a statement stands, and expressions that may begin a statement and are pointless as one.
_BLOCKS = ("finalbody", "orelse", "handlers", "cases", "body")
_BARE = (ast.Name, ast.Attribute, ast.Tuple, ast.Subscript)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
# A call or an index that is begun.
_BEGUN = re.compile(r"(?<=[\w\])])[\[(]\s*+$")
# The factorial of a formula.
_FACTORIAL = re.compile(r"(?<=[\w)])!(?!=)")
_LEADING_ZEROS = re.compile(r"(?<![\w.])0+(?=[1-9])")


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A program as far as it could be read.

    ``fault`` names what Python says of the first place that does not parse (empty: all of it parses), ``line`` where
    (0: unknown). ``cut``: the text breaks off, in a statement that does not parse or in the middle of a block. ``tree`` holds
    what is whole or could be mended. ``unread`` counts the characters in the middle of a long text that were not read.
    ``transcript``: what the prompts of an interpreter are said to have given stands below them. ``begun``: it breaks off
    where a loop has just begun.
    """

    tree: ast.Module
    fault: str = ""
    line: int = 0
    cut: bool = False
    unread: int = 0
    transcript: bool = False
    begun: bool = False


def read(text: str) -> Source:
    """Parse ``text``."""
    if len(text) <= MOST_READ:
        return _read(text)
    head, tail = _ends(text)
    first = _read(head)
    open_fence = sum(_FENCE.match(line) is not None for line in head.split("\n")) % 2
    last = _read("```" * open_fence + tail)
    ast.increment_lineno(last.tree, text.count("\n", 0, len(text) - len(tail)))
    # What does not parse may be whole in the text; what is bound in the middle is not known.
    return Source(
        tree=ast.Module(body=[*first.tree.body, *last.tree.body], type_ignores=[]),
        cut=True,
        unread=len(text) - len(head) - len(tail),
    )


def _ends(text: str) -> tuple[str, str]:
    """The beginning and the end of a long ``text``: whole lines, and whole statements if it has any at the margin."""
    head = text[: MOST_READ - _END_READ]
    margin = _MARGIN.search(text, len(text) - _END_READ)
    return head[: max(0, head.rfind("\n"))], text[margin.start() :] if margin else ""


def _read(text: str) -> Source:
    text = text.replace("\0", " ").replace("\r\n", "\n").encode("utf-8", "replace").decode("utf-8")
    if _CELL.search(text):
        text = _plain(text)
    tree, fault = _parse(text)
    if tree is not None:
        return Source(tree=tree, cut=_breaks_off(tree, text))
    plain = _plain(text)
    if plain != text:
        tree, _ = _parse(plain)
        if tree is not None:
            return Source(tree=tree, cut=_breaks_off(tree, plain), transcript=_is_transcript(text))
    line = getattr(fault, "lineno", None) or 0
    words = (
        "nested too deeply" if isinstance(fault, RecursionError | MemoryError) else getattr(fault, "msg", str(fault))
    )
    tree, cut = _piecewise(plain)
    last, outer, _ = _last(tree)
    return Source(
        tree=tree,
        fault=str(words)[:200],
        line=line,
        cut=cut,
        transcript=_is_transcript(text),
        begun=cut and isinstance(last, ast.Pass) and isinstance(outer, ast.For | ast.While),
    )


def _parse(text: str) -> tuple[ast.Module | None, Exception | None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text), None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as fault:
        return None, fault


def _breaks_off(tree: ast.Module, text: str) -> bool:
    """Tell whether ``text``, which parses, ends inside a block: in a comment, or in a bare name that does nothing."""
    statement, _, depth = _last(tree)
    last_line = text.rstrip().rpartition("\n")[2]
    indent = len(last_line) - len(last_line.lstrip())
    if last_line.startswith("#") and last_line.count('"') % 2:
        # In the middle of what it quotes.
        return True
    if indent and last_line.lstrip().startswith("#"):
        return depth < 0 or not isinstance(statement, _ENDING) or indent < statement.col_offset
    return depth > 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, _BARE)


def _last(tree: ast.Module) -> tuple[ast.stmt | None, ast.stmt | None, int]:
    """The last statement of ``tree``, the one that it stands in, and how deep (-1: there is none)."""
    block: list[ast.stmt] = tree.body
    statement = outer = None
    depth = -1
    while block:
        statement, outer, depth = block[-1], statement, depth + 1
        block = next((part for name in _BLOCKS if (part := getattr(statement, name, None))), [])
    return statement, outer, depth


def _plain(text: str) -> str:
    """Return ``text`` without fences, prompts, notebook syntax and common indent; line numbers stay."""
    lines = text.split("\n")
    if any(_FENCE.match(line) for line in lines):
        lines = list(_fenced(lines))
    if any(_PROMPT.match(line) for line in lines):
        # A session: what was typed stays, what came out goes.
        typed = [_SESSION.match(line) for line in lines]
        lines = [line[match.end() :] if match else "" for line, match in zip(lines, typed, strict=True)]
    text = "\n".join(lines)
    text = _ASSIGNED_MAGIC.sub(r"\1 input()", text)
    text = _MAGIC.sub(r"\1pass", text)
    return textwrap.dedent(text)


def _is_transcript(text: str) -> bool:
    """Tell whether ``text`` shows a session with an interpreter, and below its prompts what they are said to have given."""
    lines = text.split("\n")
    if any(_FENCE.match(line) for line in lines):
        lines = list(_fenced(lines))
    typed = False
    for line in lines:
        if line.lstrip().startswith(">>>"):
            typed = True
        elif typed and line.strip() and not _SESSION.match(line):
            return True
    return False


def _fenced(lines: list[str]) -> Iterator[str]:
    """What stands between fences; the rest as empty lines."""
    inside = False
    for line in lines:
        fence = _FENCE.match(line) is not None
        inside = inside != fence
        yield line if inside and not fence else ""


def _piecewise(text: str) -> tuple[ast.Module, bool]:
    """Parse the top-level statements of ``text`` one by one, leaving out what cannot be mended.

    Tell also whether the last one was broken.
    """
    body: list[ast.stmt] = []
    budget = _BUDGET * len(text) + 10_000
    broken = False
    for first, piece in _pieces(text):
        lines = piece.split("\n")
        tree, fault = _parse(piece)
        broken = tree is None and not isinstance(fault, SyntaxError)
        for _ in range(_TRIES):
            budget -= len(piece) + 50
            if not isinstance(fault, SyntaxError) or budget < 0:
                break
            broken = broken or _is_at_end(fault, lines)
            _mend(lines, fault)
            tree, fault = _parse("\n".join(lines))
        if tree is not None:
            body += ast.increment_lineno(tree, first).body
    return ast.Module(body=body, type_ignores=[]), broken


def _is_at_end(fault: SyntaxError, lines: list[str]) -> bool:
    """Tell whether ``lines`` may only lack what comes behind them: a sentence goes wrong at its second word."""
    if any(words in (fault.msg or "") for words in ("never closed", "unterminated", "EOF", "expected an indented")):
        return True
    last = max((number for number, line in enumerate(lines, 1) if line.strip()), default=1)
    if (at := fault.lineno or 1) != last:
        return at > last
    line = lines[last - 1].partition("#")[0].rstrip()
    missing = (fault.msg or "").startswith("expected")
    return missing or max(fault.end_offset or 0, (fault.offset or 1) + 1) > len(line)


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Cut ``text`` where a statement begins at the margin; with the number of lines before each piece."""
    begin = line = first = depth = 0
    decorated = text.startswith("@")
    for token in _TOKEN.finditer(text):
        sign = token[0]
        line += sign.count("\n")
        if sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth = max(0, depth - 1)
        elif sign == "\n":
            after = token.end()
            if depth and _BREAKS_OUT.match(text, after):
                depth = 0
            if depth or _CONTINUES.match(text, after):
                continue
            if not decorated:
                yield first, text[begin : token.start()]
                begin, first = after, line
            decorated = text.startswith("@", after)
    yield first, text[begin:]


def _mend(lines: list[str], fault: SyntaxError) -> None:
    """Change ``lines`` so that ``fault`` may be gone."""
    at = min(max(fault.lineno or 1, 1), len(lines)) - 1
    message = fault.msg or ""
    line = lines[at]
    indent = line[: len(line) - len(line.lstrip())]
    if isinstance(fault, TabError):
        lines[:] = [one.expandtabs(8) for one in lines]
    elif "leading zeros" in message:
        lines[:] = [_LEADING_ZEROS.sub("", one) for one in lines]
    elif "invalid syntax" in message and _FACTORIAL.search(line):
        lines[at] = _FACTORIAL.sub("", line)
    elif message == "expected ':'" and not line.rstrip().endswith(":"):
        lines[at] = line.rstrip() + ":"
    elif "expected an indented block" in message:
        header = re.search(r"on line (\d+)", message)
        above = lines[int(header[1]) - 1] if header else lines[at - 1]
        lines.insert(int(header[1]) if header else at, above[: len(above) - len(above.lstrip())] + "    pass")
    elif "never closed" in message and (closing := _closing(line)):
        lines[at] = line.rstrip() + closing
    elif "never closed" in message and _BEGUN.search(line) and not any(map(str.strip, lines[at + 1 :])):
        # It breaks off where an argument or an index was about to come.
        lines[at] = line.rstrip() + ")" if line.rstrip().endswith("(") else _BEGUN.sub("", line)
    elif "never closed" in message or "unterminated triple" in message or "EOF" in message:
        # All that follows was read as part of it.
        lines[at:] = [indent + "pass"]
    elif line.strip() not in ("", "pass") and not isinstance(fault, IndentationError):
        lines[at] = indent + "pass"
    elif line.strip():
        lines[at] = ""


def _closing(line: str) -> str:
    """The brackets that ``line`` leaves open, if something stands in the last of them: it may have ended there."""
    if line.rstrip().endswith(("(", "[", "{", ",")) or line.lstrip().startswith(("def ", "class ")):
        return ""
    brackets: list[str] = []
    for token in _TOKEN.finditer(line):
        if token[0] in _CLOSING:
            brackets.append(_CLOSING[token[0]])
        elif brackets and token[0] == brackets[-1]:
            brackets.pop()
    return "".join(reversed(brackets))
