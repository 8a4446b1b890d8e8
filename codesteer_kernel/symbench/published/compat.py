"""The published scoring, for comparison with published numbers: deterministic, switch by switch, nothing executed.

The published harness extracts with a model, lets a second candidate pass where the first fails, judges seven tasks by
another model's words, and checks the rest with verifiers that know too much or too little. :func:`score` reproduces what
of that is a rule. Where the published code evaluates answer text, a reader of Python's arithmetic and list notation
stands in: it walks a syntax tree of numbers and operators and knows nothing else.

The only published rule left out is a slip in the Path Plan script: answers that hold code were judged by the instruction
numbered 0 of the same map, which a sample does not bring along.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from codesteer_kernel.symbench.extraction import extract
from codesteer_kernel.symbench.problem import Problem
from codesteer_kernel.symbench.published.rules import RULES
from codesteer_kernel.symbench.reading import tokens
from codesteer_kernel.symbench.registry import get

__all__ = ["JUDGED", "Score", "Switches", "score"]

_LONGEST = 100_000
_GRID_RULES = ("2048", "light_puzzles", "matrix_transformation", "pooling", "reversi", "synthesis_decomposition")


@dataclass(frozen=True, slots=True)
class Switches:
    """What of the published scoring is in force; each can be turned off by itself.

    Attributes:
        best_of_two: any candidate that passes is enough; off: only the first counts.
        defaults: an empty extraction becomes the extractor's default, which may be the right answer (0, ``0 0``).
        format_repair: what the extracting model was told to do: brackets, quotes and line ends are put right first.
        task_rules: the published verifier of each task; off: ours.
        crash_ends_run: a verifier that fails on a text is reported as the crash that it was; off: the answer is wrong.
        judge_by_substring: BIG-Bench-Hard: a judgement that contains "correct" is one, "Incorrect" too.
        judge_fails_open: GSM-Hard and MATH: whatever is not the word False on every candidate is right.
    """

    best_of_two: bool = True
    defaults: bool = True
    format_repair: bool = True
    task_rules: bool = True
    crash_ends_run: bool = True
    judge_by_substring: bool = True
    judge_fails_open: bool = True


@dataclass(frozen=True, slots=True)
class Score:
    """``correct`` as published, ``crashed`` where the published verifier would have ended the whole run, what was read."""

    correct: bool
    crashed: bool
    read: tuple[str, ...]


JUDGED = frozenset(
    {
        *("date_understanding", "web_of_lies", "logical_deduction", "navigate"),
        *("gsm_hard", "math_geometry", "math_counting_probability"),
    }
)
"""Tasks whose answers a model judged; :func:`score` takes its words, and without them our verifier's verdict."""
_JUDGED_BY_EQUALITY = {"gsm_hard", "math_geometry", "math_counting_probability"}


def score(
    problem: Problem, candidates: Sequence[str], switches: Switches | None = None, judgements: Sequence[str] = ()
) -> Score:
    """Score candidates (a program's output, then the text) as the published harness does.

    Args:
        problem: a sample loaded with flavour ``compat``.
        candidates: one or two texts.
        switches: what is in force; everything by default.
        judgements: a judge's replies, one for each candidate, for tasks of :data:`JUDGED`.

    Raises:
        ValueError: the problem was not loaded with flavour ``compat``.
    """
    if "published" not in problem.facts:
        raise ValueError("The problem was not loaded with flavour 'compat'.")
    switches = switches or Switches()
    heard = tuple(candidates if switches.best_of_two else candidates[:1])
    if problem.task in JUDGED and judgements:
        words = tuple(judgements[: len(heard)])
        return Score(_judged(problem.task, words, switches), False, words)
    read, correct, crashed = [], False, False
    for text in heard:
        if problem.task in JUDGED or not switches.task_rules:
            read.append(extract(text).text)
            correct |= get(problem.task).verify(problem, text).correct
            continue
        found = _extracted(problem.task, text, switches)
        read.append(found)
        try:
            correct |= len(found) <= _LONGEST and RULES[problem.task](problem.facts["published"], problem, found)
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
            crashed |= problem.task in _FRAIL
    crashed &= switches.crash_ends_run
    return Score(correct and not crashed, crashed, tuple(read))


def _judged(task: str, words: tuple[str, ...], switches: Switches) -> bool:
    """What the published scripts made of a judge's replies."""
    if task in _JUDGED_BY_EQUALITY:
        verdicts = [re.findall("<<<(.*?)>>>", reply)[-1:] or [""] for reply in words]
        if switches.judge_fails_open:
            return any(verdict != ["False"] for verdict in verdicts)
        return any(verdict == ["True"] for verdict in verdicts)
    if switches.judge_by_substring:
        return any("correct" in reply.lower() for reply in words)
    return any(re.search(r"(?<!in)(?<!not )\bcorrect\b", reply.lower()) for reply in words)


def _extracted(task: str, text: str, switches: Switches) -> str:
    found = re.findall("<<<(.*?)>>>", text, re.DOTALL)
    kept = (found[-1] if found else text).strip()
    if not kept:
        return _DEFAULTS.get(task, "") if switches.defaults else ""
    return _REPAIRS.get(task, str)(kept) if switches.format_repair else kept


# ---------------------------------------------------------------------------------------- what the extractor repaired


def _flat(text: str) -> str:
    return ",".join(tokens(text))


def _glued(text: str) -> str:
    return "".join(tokens(text))


def _unquoted(text: str) -> str:
    return text.strip("\"' ")


def _pairs_only(text: str) -> str:
    found = tokens(text)
    return ", ".join(" ".join(found[at : at + 2]) for at in range(0, len(found), 2))


def _rows(text: str) -> str:
    rows = [",".join(tokens(row)) for row in re.split(r"\n|\]\s*,?\s*\[", text) if tokens(row)]
    return "[" + ",".join(f"[{row}]" for row in rows) + "]"


def _quoted(text: str) -> str:
    return json.dumps(tokens(text))


_REPAIRS: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(_GRID_RULES, _flat),
    "cryptanalysis": _glued,
    "string_splitting": _glued,
    "string_insertion": _unquoted,
    "string_deletion_and_modification": _unquoted,
    "letter_logic_diagram": _rows,
    "standard_sudoku": _rows,
    "eight_queens": _pairs_only,
    "logic_puzzle": _pairs_only,
    "pattern_recognition": _flat,
    "permutations_and_combinations": _quoted,
}
_DEFAULTS = {
    **dict.fromkeys(_GRID_RULES, "0"),
    "statistical_counting": "0",
    "new_operator": "0",
    "mahjong_pattern": "-1",
    "constrained_linear_arrangement": "0",
    "eight_queens": "0 0",
    "logic_puzzle": "0 0",
    "pattern_recognition": "0,0",
    "logical_equation": "[]",
    "letter_logic_diagram": "[]",
    "permutations_and_combinations": "[]",
}
# Verifiers that let an unreadable text raise through the whole run.
_FRAIL = {"mahjong_pattern", "statistical_counting", "boxnet", "letters", "logical_equation"}
