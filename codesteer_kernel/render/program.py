"""The program that gave the answer, as a file to run: the question stands above it as a comment."""

from __future__ import annotations

import ast

from codesteer_kernel.record import Record
from codesteer_kernel.render.text import printable
from codesteer_kernel.render.words import flat

__all__ = ["to_program"]

# The first line, because any comment in the first two may name an encoding: "Huffman coding: ..." would be one.
_HEAD = "# -*- coding: utf-8 -*-"


def to_program(record: Record) -> str | None:
    """Python source, or None when no program gave the answer.

    In a notebook the value of a last line is shown; in a file it is printed, so that the program says the same.
    """
    if record.answer is None or not record.answer.code:
        return None
    told = [_HEAD, *_comment("Question", record.question.prompt)]
    for one in record.question.inputs:
        told += _comment("Needs", f"{one.name} ({flat(f'{one.type} {one.shape}')}), which the run was given")
    told += _comment("Answer", record.answer.result or record.answer.text)
    if record.support is not None and record.support.note:
        told += _comment("Support", record.support.note)
    code = printable(record.answer.code).strip("\n")
    return "\n".join([*told, "", _printing(code) if _showed_value(record) else code, ""])


def _comment(label: str, text: str) -> list[str]:
    # Every kind of line end has to begin a comment of its own.
    first, *rest = printable(text).strip().splitlines() or [""]
    return [f"# {label}: {first}".rstrip(), *(f"#   {line}".rstrip() for line in rest)]


def _showed_value(record: Record) -> bool:
    """Whether the value of the program's last line was shown in the round that won."""
    assert record.answer is not None
    runs = [one.execution for one in record.rounds if one.index == record.answer.round]
    return any(output.kind == "result" for run in runs if run is not None for output in run.outputs)


def _printing(code: str) -> str:
    """``code`` with the value of its last line printed."""
    try:
        last = ast.parse(code).body[-1]
    except (SyntaxError, ValueError, IndexError, RecursionError, MemoryError):
        return code
    if not isinstance(last, ast.Expr) or last.end_lineno is None or last.end_col_offset is None:
        return code
    # Positions are in bytes of UTF-8.
    data = code.encode()
    lines = data.splitlines(keepends=True)
    begin = sum(map(len, lines[: last.lineno - 1])) + last.col_offset
    end = sum(map(len, lines[: last.end_lineno - 1])) + last.end_col_offset
    # A second pair of parentheses keeps a tuple one value.
    opened, closed = (b"print((", b"))") if isinstance(last.value, ast.Tuple) else (b"print(", b")")
    return b"".join([data[:begin], opened, data[begin:end], closed, data[end:]]).decode()
