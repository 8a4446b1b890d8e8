"""Every error has a code, every code has a section that says what it means and what to do, and people are told it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

import pytest

from codesteer_kernel import cli
from codesteer_kernel.errors import CodeSteerError, MissingKey
from tests.docs.pages import DOCS, ROOT

SOURCES = [*(ROOT / "codesteer_kernel").rglob("*.py"), *(ROOT / "magics" / "codesteer").rglob("*.py")]
# RunFailed has the code of what its run failed of; BudgetHit ends a run inside the loop and is never shown.
WITHOUT_ONE = {"RunFailed", "BudgetHit"}


def classes() -> Iterator[ast.ClassDef]:
    """Every class of errors in our sources, whichever room it is in; private ones are what they derive from."""
    found = [
        node
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    ours = {CodeSteerError.__name__}
    while more := [
        one for one in found if one.name not in ours and ours & {getattr(base, "id", "") for base in one.bases}
    ]:
        ours |= {one.name for one in more}
    return (one for one in found if one.name in ours and not one.name.startswith("_"))


def code_of(one: ast.ClassDef) -> str:
    """What it gives as its code; empty where it gives none."""
    for node in one.body:
        if isinstance(node, ast.Assign) and [getattr(name, "id", "") for name in node.targets] == ["code"]:
            return str(ast.literal_eval(node.value))
    return ""


CODES = {one.name: code_of(one) for one in classes()}
# Failures that are no class: the loop writes them into the record itself.
WRITTEN = {
    code for path in SOURCES for code in re.findall(r"Failure\(\s*code=\"(\w+)\"", path.read_text(encoding="utf-8"))
}


def sections() -> dict[str, str]:
    """The page's sections by the code in their heading."""
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    parts = re.split(r"^### `(\w+)`.*$", page, flags=re.MULTILINE)
    return {code: text.partition("\n## ")[0].strip() for code, text in zip(parts[1::2], parts[2::2], strict=True)}


def test_every_class_has_a_code_of_its_own() -> None:
    assert {name for name, code in CODES.items() if not code} == WITHOUT_ONE
    shared = [code for code, count in Counter(code for code in CODES.values() if code).items() if count > 1]
    assert not shared


def test_every_code_has_its_section_and_every_section_its_code() -> None:
    codes = {code for code in CODES.values() if code} | WRITTEN
    assert {"internal", "no_answer"} <= codes, "the codes could not be read"
    assert sections().keys() == codes


def test_every_section_says_what_it_means_and_what_to_do() -> None:
    for code, text in sections().items():
        meaning, _, doing = text.partition("**What to do.**")
        assert meaning.strip(), f"{code}: what does it mean?"
        assert doing.strip(), f"{code}: what is to be done?"


def test_a_shell_is_told_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sovle"]) == 2
    assert capsys.readouterr().err.rstrip().endswith("[unknown_name]")


def test_a_notebook_is_told_the_code() -> None:
    fault = MissingKey("There is no key.", "Set OPENAI_API_KEY.", "OPENAI_API_KEY")
    assert fault._render_traceback_() == ["MissingKey: There is no key. Set OPENAI_API_KEY. [missing_key]"]
