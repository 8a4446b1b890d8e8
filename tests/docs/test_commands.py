"""Commands in the documentation are commands: every line of a shell block is read by the parser that would carry it out.

Lines that need nothing are carried out.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from codesteer_kernel import cli
from codesteer_kernel.command_table import COMMANDS
from codesteer_kernel.option_table import OPTIONS
from tests.docs.pages import PAGES, ROOT, Block, blocks

SHELL = ("bash", "console", "sh", "shell")
# What needs no model, no network and nothing that a page would have to make first.
HARMLESS = {
    *("completion", "config", "help", "prompts", "runs", "status"),
    *("bench methods", "models list", "serve config", "symbench list", "symbench show"),
}
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
TARGETS = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


class Understood(BaseException):
    """The words were read to their end; nothing is done with them."""


def lines(block: Block) -> Iterator[list[str]]:
    """The words of each command in the block: continued lines joined, prompts, comments and redirections left out."""
    for line in block.text.replace("\\\n", " ").splitlines():
        words = shlex.split(line.removeprefix("$ "), comments=True)
        # VARIABLE=value in front, and where it is to be written to behind.
        while words and re.match(r"[A-Z_]+=", words[0]):
            words = words[1:]
        if words and words[0] != "export":
            yield words[: next((at for at, word in enumerate(words) if word in (">", ">>", "|", "&&")), None)]


COMMANDS_IN_PAGES = [
    pytest.param(words, id=f"{block}-{' '.join(words)[:40]}")
    for page in PAGES
    for block in blocks(page, *SHELL)
    for words in lines(block)
    # What is not run for want of a GPU, a cluster or a network can be read all the same.
    if not block.reason or words[0] == "codesteer"
]


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever has read its words ends there."""

    def ends(read: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*given: Any, **named: Any) -> Any:
            read(*given, **named)
            raise Understood

        return wrapped

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", ends(argparse.ArgumentParser.parse_args))
    for module in ("solve_command", "bench_command", "train_command"):
        whole = importlib.import_module(f"codesteer_kernel.{module}")
        monkeypatch.setattr(whole, "parse_options", ends(whole.parse_options))


@pytest.mark.parametrize("words", COMMANDS_IN_PAGES)
@pytest.mark.usefixtures("reading")
def test_every_command_can_be_given(words: list[str]) -> None:
    match words:
        case ["codesteer", *rest]:
            understood(rest)
        case ["pip", "install", *what]:
            for one in what:
                assert set(re.findall(r"\[(.*)\]", one)) <= {*EXTRAS, ""}, f"there is no extra {one}"
        case ["make", *targets]:
            assert set(targets) <= TARGETS
        case ["python", "-m", module, *_]:
            assert importlib.util.find_spec(module), f"there is no module {module}"
        case ["python", path, *_]:
            assert (ROOT / path).is_file()
        case _:
            pytest.fail(f"{words[0]} is not known to this test: say above the block that it is <!-- not run: ... -->")


def understood(words: list[str]) -> None:
    """Have the command line read its words. Commands without a parser are looked up in the table their help is made of."""
    flags = {name for one in OPTIONS for name in one.names}
    entries = [one for one in COMMANDS if one.name == words[0] and one.at != "notebook"]
    assert entries, f"there is no command {words[0]}"
    if words[0] in ("solve", "check", "exec", "export", "replay", "pin", "symbench", "bench", "train") or (
        words[0] == "serve" and words[1:2] not in (["status"], ["stop"])
    ):
        with pytest.raises(Understood):
            cli._dispatch(words)
        return
    known = {*entries[0].flags, "--json"} | (flags if entries[0].options else set())
    assert {word.partition("=")[0] for word in words[1:] if word.startswith("-")} <= known
    if entries[0].parts and words[1:] and not words[1].startswith("-"):
        assert words[1] in entries[0].parts


def harmless(words: list[str]) -> bool:
    """Whether a command needs nothing and changes nothing."""
    named = {" ".join(words[1:2]), " ".join(words[1:3])}
    return words[0] == "codesteer" and bool(named & HARMLESS) and not {"--endpoints", "import", "forget"} & set(words)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("words", [one for one in COMMANDS_IN_PAGES if harmless(*one.values)])
def test_what_needs_nothing_is_done(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(words[1:]) == 0
