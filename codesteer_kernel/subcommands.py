"""Commands of commands (``codesteer bench run``): one way to find them, to parse their words and to refuse wrong ones."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from codesteer_kernel.errors import BadInput, UnknownName, nearest

__all__ = ["Parser", "Subcommand", "run_subcommand"]


class Parser(argparse.ArgumentParser):
    """A parser whose errors are ours and name the help of the command above."""

    def error(self, message: str) -> NoReturn:
        """Refuse the words."""
        above = self.prog.rpartition(" ")[0]
        raise BadInput(f"{self.prog}: {message}.", f"See {above} --help.")


Subcommand = Callable[[Parser, list[str]], int]


def run_subcommand(above: str, commands: Mapping[str, Subcommand], words: Sequence[str], told: str) -> int:
    """Carry out one of ``commands``; ``told`` is printed where help is asked for. Returns the exit code.

    Raises:
        UnknownName: there is no such command of ``above``.
        CodeSteerError: what the command raises.
    """
    if not words or any(word in ("-h", "--help") for word in words):
        print(told)
        return 0
    name, *rest = words
    if name not in commands:
        hint = f"{nearest(name, commands)} There are {', '.join(commands)}.".strip()
        raise UnknownName(f"There is no command '{above} {name}'.", hint)
    return commands[name](Parser(prog=f"codesteer {above} {name}", add_help=False, allow_abbrev=False), rest)
