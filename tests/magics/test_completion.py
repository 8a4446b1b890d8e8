"""The Tab key: options, commands, models, runs, profiles, variables and columns, as a front end asks for them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from codesteer.completion import completed

from codesteer_kernel.command_table import COMMANDS, commands_of
from codesteer_kernel.completing import after_command, after_options
from codesteer_kernel.option_table import OPTIONS, options_of
from codesteer_kernel.record import decode_record
from codesteer_kernel.store import Store
from tests.magics.notebook import Notebook

SAMPLE = Path(__file__).parents[1] / "record" / "samples" / "v1" / "done.json"
NAMES = {
    "model": lambda: ["embedded", "openai/", "openai/gpt-5", "mine"],
    "run": lambda: ["last", "20260101-000000-aaaaaa"],
    "input": lambda: ["orders", "rates"],
    "variable": lambda: ["orders", "rates"],
    "column": lambda: ["salary", "name"],
    "profile": lambda: ["thrifty"],
}


@pytest.mark.parametrize(
    ("before", "piece", "found"),
    [
        (" --tar", "--tar", ["--target"]),
        (" --target openai/g", "openai/g", ["openai/gpt-5"]),
        (" --target=mi", "mi", ["mine"]),
        (" -s ", "", ["embedded", "openai/", "openai/gpt-5", "mine"]),
        (" --checker n", "n", ["none"]),
        (" --start ", "", ["code", "text"]),
        (" --dialect in", "in", ["instruct"]),
        (" --continue 2026", "2026", ["20260101-000000-aaaaaa"]),
        (" --out or", "or", ["orders"]),
        (" --hide name,sal", "sal", ["salary"]),
        (" --profile ", "", ["thrifty"]),
        (" --rounds ", "", []),
        (" --nosuch", "--nosuch", []),
    ],
)
def test_what_options_go_on_with(before: str, piece: str, found: list[str]) -> None:
    assert after_options(before, NAMES) == (piece, found)


def test_names_of_inputs_are_variables_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orders.csv").touch()
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "may.csv").touch()
    assert after_options(" --in rates,o", NAMES) == ("o", ["orders", "old/", "orders.csv"])
    assert after_options(" --in old/", NAMES) == ("old/", ["old/may.csv"])


def test_every_option_is_found_by_its_beginning() -> None:
    for in_shell in (False, True):
        for one in options_of(in_shell=in_shell):
            for end in range(2, len(one.names[0])):
                assert one.names[0] in after_options(" " + one.names[0][:end], NAMES, in_shell=in_shell)[1]
        assert len(after_options(" ", NAMES, in_shell=in_shell)[1]) == len(options_of(in_shell=in_shell))
    assert len({name for one in OPTIONS for name in one.names}) == sum(len(one.names) for one in OPTIONS)


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ("", [one.name for one in commands_of(in_shell=False)]),
        ("re", ["rerun", "replay"]),
        ("models p", ["pull"]),
        ("models show op", ["openai/", "openai/gpt-5"]),
        ("show 2026", ["20260101-000000-aaaaaa"]),
        ("diff last 2026", ["20260101-000000-aaaaaa"]),
        ("export last --form", ["--format"]),
        ("export last --format h", ["html"]),
        ("rerun la", ["last"]),
        ("rerun last --rou", ["--rounds"]),
        ("rerun last --target mi", ["mine"]),
        ("fix --tar", ["--target"]),
        ("preview orders,ra", ["rates"]),
        ("nosuch x", []),
    ],
)
def test_what_commands_go_on_with(before: str, found: list[str]) -> None:
    assert after_command(before, NAMES, in_shell=False)[1] == found


def test_the_tables_name_the_commands_that_there_are() -> None:
    from codesteer_kernel import cli

    source = Path(cli.__file__).read_text()
    line = Path(__file__).parents[2] / "magics" / "codesteer" / "line.py"
    for one in COMMANDS:
        assert one.at == "notebook" or f'"{one.name}": ' in source, one.name
        assert one.at == "shell" or f'"{one.name}": ' in line.read_text(), one.name


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("%%codesteer --in ta|", ["table"]),
        ("\n%%codesteer --in ta|\nWhat?", ["table"]),
        ("%%codesteer --hide |\nWhat?", ["n", "name"]),
        ("%%codesteer --rounds 3\nHow many rows has @ta|?", ["table"]),
        ("%%codesteer\nAsk me@ta|", []),
        ("%%codesteer\nHow many --rou|", []),
        ("%%codesteerx --rou|", []),
        ("x = 1\n%codesteer sta|", ["status"]),
        ("run = %codesteer rer|", ["rerun"]),
        ("print(ta|)", []),
    ],
)
def test_where_in_a_cell_there_is_something_to_complete(cell: str, found: list[str]) -> None:
    import pandas as pd

    values = {
        "table": pd.DataFrame({"n": [1], "name": ["a"], "two words": [0]}),
        "tau": print,
        "_table": 1,
        "tally": json,
    }
    before = cell[: cell.index("|")]
    line, column = before.count("\n"), len(before.rpartition("\n")[2])
    assert completed(cell.replace("|", ""), line, column, values)[1] == found


@pytest.mark.kernel
def test_a_front_end_gets_them_and_nothing_else(notebook: Notebook) -> None:
    record = decode_record(SAMPLE.read_bytes())
    Store().open(record.id).close(record)
    notebook.run("import pandas as pd\nverylongtable = pd.DataFrame({'amount': [1]})")
    for code, found in (
        ("%%codesteer --tar", ["--target"]),
        ("%%codesteer --target local/qwen", ["local/qwen2.5-coder-1.5b", "local/qwen2.5-coder-0.5b"]),
        (f"%%codesteer --continue {record.id[:-2]}", [record.id]),
        ("%%codesteer --in verylong", ["verylongtable"]),
        ("%%codesteer --hide amo", ["amount"]),
        ("%%codesteer\nSum @verylong", ["verylongtable"]),
        ("%codesteer explain last --che", ["--checker", "--check-timeout", "--check-only"]),
    ):
        reply = notebook.complete(code)
        assert sorted(reply["matches"]) == sorted(found), code
        piece = code[reply["cursor_start"] : reply["cursor_end"]]
        assert all(one.startswith(piece) for one in reply["matches"])
    assert "verylongtable" in notebook.complete("print(verylong")["matches"], "other code is completed as before"


def test_completing_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom codesteer.completion import completed\n"
        "completed('%%codesteer --target ', 0, 21, {})\ncompleted('%codesteer show ', 0, 16, {})\n"
        "print([name for name in ('pandas', 'numpy', 'torch', 'openai', 'anthropic', 'keyring') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
