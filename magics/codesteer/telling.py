"""What ``%%codesteer?`` and ``%codesteer?`` show, made of the tables of options and commands."""

from __future__ import annotations

from codesteer_kernel.command_table import commands_help
from codesteer_kernel.option_table import help_text

__all__ = ["cell_text", "line_text"]

_CELL = """Steer a model to the answer of a question: in words, or by programs that it writes and that are run and checked.

    %%codesteer [options]
    The question, taken as typed. @name mentions a variable: programs get its value, models a summary.

Each round is one decision of the steerer (text, code, refine with guidance, return), one answer of the target, what its
program printed in an isolated kernel, and what two checkers said of it. The best supported answer wins.

Examples
--------
A question of two frames, one new frame back:

    %%codesteer --in orders,returns --out late
    Which orders in @orders came back later than 30 days after purchase? Leave them in a frame called late.

A stronger target, guided by a local steerer, within a budget:

    %%codesteer --target anthropic/claude-sonnet-5 --steerer embedded --timeout 120 --cost 0.05
    Assign the nurses in @shifts so that nobody works two nights in a row.

No value of the data leaves the machine:

    %%codesteer --in patients --schema-only --hide 'name,*_id' --drop
    Is the readmission rate of ward 3 higher than chance would have it?

Go on from there:

    %%codesteer --continue last
    Now by month.

Check an answer of your own, steering nothing:

    %%codesteer --check-only --in orders
    What share of @orders came back?
    ---
    0.184

Options
-------
{options}

Afterwards
----------
_ and codesteer.last are the run: .answer, .code, .verdict, .rounds, .values, .record, .to_frame(), .to_json().
%codesteer insert puts its program into a cell; rerun, explain, fix, diff, replay, export: see %codesteer?
%config CodeSteer shows the defaults of all options and sets them.
The Tab key completes options, models, runs, columns and variables.
"""

_LINE = """Everything beside steering a cell.

{commands}

RUN is a run's name, a beginning of it, or last. Options are those of %%codesteer, see %%codesteer?
"""


def cell_text() -> str:
    """The text of ``%%codesteer?``."""
    return _CELL.format(options=help_text())


def line_text() -> str:
    """The text of ``%codesteer?``."""
    return _LINE.format(commands=commands_help(in_shell=False))
