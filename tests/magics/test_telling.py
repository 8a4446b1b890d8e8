"""``%%codesteer?``: what it says is true, complete and fits a pager."""

from __future__ import annotations

import re
import textwrap

import pytest
from codesteer.telling import cell_text, line_text

from codesteer_kernel.command_table import commands_of
from codesteer_kernel.option_table import GROUPS, options_of
from codesteer_kernel.options import parse_options, question_and_answer
from tests.magics.notebook import Notebook

EXAMPLES = [
    textwrap.dedent(found)
    for found in re.findall(r"(?m)(?:^    .*\n)+", cell_text())
    if found.startswith("    %%codesteer -")
]


def test_it_tells_every_option_in_its_group_and_every_command() -> None:
    text = cell_text()
    for one in options_of(in_shell=False):
        line = next(line for line in text.splitlines() if re.match(rf"  {one.names[0]}(?:$|,| )", line))
        title = [group for group in GROUPS.values() if f"\n{group}:\n" in text[: text.index(line)]][-1]
        assert title == GROUPS[one.group]
        assert one.help.split()[0] in text
    for command in commands_of(in_shell=False):
        assert f"%codesteer {command.usage}" in line_text()


def test_it_fits_a_pager() -> None:
    for text in (cell_text(), line_text()):
        assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("example", EXAMPLES)
def test_its_examples_are_cells_that_are_understood(example: str) -> None:
    first, _, body = example.partition("\n")
    options = parse_options(first.removeprefix("%%codesteer"))
    assert options.words == ()
    assert body.strip()
    options.settings.checked()
    if options.check_only:
        assert question_and_answer(body)[1] == "0.184"


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 5


@pytest.mark.kernel
@pytest.mark.parametrize(("asked", "text"), [("%%codesteer?", cell_text()), ("%codesteer?", line_text())])
def test_a_notebook_shows_it(notebook: Notebook, asked: str, text: str) -> None:
    cell = notebook.run(asked)
    pages = [part for part in notebook.payload if part["source"] == "page"]
    shown = re.sub(r"\x1b\[[0-9;]*m", "", pages[-1]["data"]["text/plain"])
    assert cell.error is None
    for line in text.splitlines():
        assert line.strip() in shown


@pytest.mark.kernel
def test_help_prints_both(notebook: Notebook) -> None:
    assert notebook.run("%codesteer help").stdout == f"{line_text()}\n{cell_text()}\n"
