"""Checkers: what is said about an answer by rule and by program, not by opinion.

:mod:`.symbolic` rates how much real computing a program does (pure, over its syntax tree). :mod:`.self_answer` has the
target write one checking program per question and runs it on every answer; its verdict is parsed, never guessed.
"""

from codesteer_kernel.checkers.self_answer import CheckProgram, run_check, write_check
from codesteer_kernel.checkers.symbolic import rate

__all__ = ["CheckProgram", "rate", "run_check", "write_check"]
