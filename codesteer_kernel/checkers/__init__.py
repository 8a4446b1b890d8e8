"""Checkers: what is said about an answer by rule and by program, not by opinion.

:mod:`.symbolic` rates how much real computing a program does (pure, over its syntax tree). :mod:`.self_answer` runs
a checking program, written by a model, on every answer; its verdict is parsed, never guessed. :mod:`.published` is the
symbolic checker as it was published, for comparisons.
"""

from codesteer_kernel.checkers.self_answer import CheckProgram, read_check, run_check
from codesteer_kernel.checkers.symbolic import rate

__all__ = ["CheckProgram", "rate", "read_check", "run_check"]
