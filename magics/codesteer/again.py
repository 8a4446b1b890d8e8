"""What a run leads to: its program in a cell, the same again, a failed cell mended, a program explained."""

from __future__ import annotations

import ast
import builtins
import sys
import traceback
from collections.abc import Coroutine
from types import ModuleType
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from codesteer.cell import steer_here
from codesteer_kernel.errors import BadInput
from codesteer_kernel.options import RunOptions, parse_options
from codesteer_kernel.record import cut_middle
from codesteer_kernel.run import Run, read_run, settings_of

if TYPE_CHECKING:
    from codesteer.magic import CodeSteer

__all__ = ["explain", "fix", "insert", "rerun"]

Outcome = Coroutine[Any, Any, Run] | Run

_TRACE_CHARS = 3_000
_CELL_CHARS = 8_000
# What is handed to a program that mends a cell: data, which can be passed and is worth passing.
_DATA = ("pandas", "numpy", "polars", "pyarrow", "builtins", "datetime", "decimal", "fractions")


def insert(magics: CodeSteer, words: list[str]) -> None:
    """Put a run's program into a new cell below, to be run in the user's own kernel."""
    run = _run(words)
    if not run.code:
        raise BadInput(f"The run {run.id} was not answered by a program.", "Show it with: %codesteer show")
    question = " ".join(run.record.question.prompt.split())
    magics.shell.set_next_input(f"# {cut_middle(question, 100).splitlines()[0]}\n{run.code.strip()}\n")


def rerun(magics: CodeSteer, words: list[str]) -> Outcome:
    """Ask the question of an earlier run again, with its settings and what ``words`` say after the run's name."""
    run = _run(words[:1])
    record = run.record
    options = parse_options(words[1:], defaults=settings_of(record))
    inputs = options.inputs or tuple(one.name for one in record.question.inputs)
    outputs = options.outputs or tuple(record.question.outputs)
    follows = options.follows or record.question.follows
    return steer_here(magics, record.question.prompt, replace(options, inputs=inputs, outputs=outputs, follows=follows))


def fix(magics: CodeSteer, words: list[str]) -> Outcome:
    """Ask for the last failed cell to be mended; the mended one is put below, to be looked at and run."""
    shell = magics.shell
    failed = _failed_cell(shell)
    if failed is None:
        raise BadInput("No cell has failed in this session.", "Run the cell that fails, then %codesteer fix.")
    cell, told = failed
    options = parse_options(words)
    inputs = options.inputs or _used(cell, shell.user_ns)
    prompt = (
        f"This notebook cell fails:\n```python\n{cut_middle(cell.strip(), _CELL_CHARS)}\n```\n"
        f"It fails with:\n{cut_middle(told.strip(), _TRACE_CHARS)}\n"
        "Correct the cell so that it does what it was meant to do. Reply with the whole corrected cell as the program."
    )
    wanted = replace(options, inputs=inputs, settings=replace(options.settings, start="code"))
    outcome = steer_here(magics, prompt, wanted)
    if isinstance(outcome, Run):
        _offer(shell, outcome)
        return outcome
    return _then_offer(shell, outcome)


def explain(magics: CodeSteer, words: list[str]) -> Outcome:
    """Ask the target to explain a run's program, or its answer, in words."""
    run = _run(words[:1])
    options = parse_options(words[1:], defaults=settings_of(run.record))
    about = f"the program\n```python\n{run.code.strip()}\n```\nthat answered" if run.code else "this answer to"
    prompt = (
        f"Explain {about} this question:\n{run.record.question.prompt.strip()}\n"
        f"The answer was: {cut_middle(run.answer.strip(), 1_000)}\n"
        "Explain in plain words for a colleague how it works and where it could be wrong. Write no program."
    )
    settings = replace(options.settings, start="text", rounds=1, checker="none", samples=1, faithful=False, without=())
    return steer_here(magics, prompt, RunOptions(settings=settings))


async def _then_offer(shell: Any, outcome: Coroutine[Any, Any, Run]) -> Run:
    run = await outcome
    _offer(shell, run)
    return run


def _offer(shell: Any, run: Run) -> None:
    if run.code:
        shell.set_next_input(f"{run.code.strip()}\n")


def _run(words: list[str]) -> Run:
    if len(words) > 1:
        raise BadInput(f"{words[1]!r} is one word too many.", "Give the name of one run.")
    return read_run(words[0] if words else "last")


def _failed_cell(shell: Any) -> tuple[str, str] | None:
    """The source of the cell that failed last, and how."""
    error = getattr(sys, "last_value", None)
    cells: list[str] = shell.user_ns.get("In", [])
    if error is None or not cells:
        return None
    for place in range(len(cells) - 1, 0, -1):
        if _raised_in(error, place) and not cells[place].lstrip().startswith(("%", "get_ipython()")):
            told = "".join(traceback.format_exception_only(type(error), error))
            line = next((f"In line {frame.lineno}: {frame.line}\n" for frame in _frames(error, place)), "")
            return cells[place], line + told
    return None


def _frames(error: BaseException, place: int) -> list[traceback.FrameSummary]:
    """The frames of ``error`` that are in cell ``place``, innermost first."""
    if isinstance(error, SyntaxError):
        return []
    found = traceback.extract_tb(error.__traceback__)
    mine = [frame for frame in found if _is_cell(frame.filename, place)]
    return mine[::-1]


def _raised_in(error: BaseException, place: int) -> bool:
    if isinstance(error, SyntaxError):
        return _is_cell(error.filename or "", place) or not error.__traceback__
    return bool(_frames(error, place))


def _is_cell(filename: str, place: int) -> bool:
    """Whether a file name is the one that the interpreter gave to input number ``place``."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    names = getattr(getattr(shell, "compile", None), "_filename_map", {})
    return bool(names.get(filename) == place or filename.startswith(f"<ipython-input-{place}-"))


def _used(cell: str, values: dict[str, Any]) -> tuple[str, ...]:
    """Names of data that the cell reads and did not make itself."""
    try:
        tree = ast.parse(cell)
    except SyntaxError:
        return ()
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return tuple(
        sorted(
            name
            for name in read
            if name in values
            and not hasattr(builtins, name)
            and not name.startswith("_")
            and not callable(values[name])
            and not isinstance(values[name], ModuleType)
            and type(values[name]).__module__.partition(".")[0] in _DATA
        )
    )
