"""The page on security claims only what a test tries, and its tables are those of the catalogue."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from codesteer_kernel.attacks.__main__ import main
from codesteer_kernel.attacks.page import renewed
from codesteer_kernel.errors import BadInput

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"


@pytest.fixture
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_every_test_that_the_page_names_exists(page: str) -> None:
    named = set(re.findall(r"`(test_\w+)`", page))
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(named) > 80
    assert named <= defined, f"named, but nowhere defined: {sorted(named - defined)}"


def test_every_claim_names_a_test(page: str) -> None:
    tables = re.findall(r"^(\|.*\n)\|[-|]+\n((?:\|.*\n)+)", page, re.MULTILINE)
    claims = [row for head, rows in tables if "cannot |" in head and "tier" not in head for row in rows.splitlines()]
    assert len(claims) > 40
    assert [row for row in claims if "`test_" not in row] == []


def test_every_link_within_the_page_leads_somewhere(page: str) -> None:
    heads = {
        re.sub(r"[^\w -]", "", head).replace(" ", "-").lower() for head in re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    }
    links = set(re.findall(r"\]\(#([^)]+)\)", page))
    assert links
    assert links <= heads


def test_the_tables_are_those_of_the_catalogue(page: str) -> None:
    assert renewed(page) == page, "run: python -m codesteer_kernel.attacks docs/security.md"


def test_the_tables_are_renewed_in_their_place(tmp_path: Path, page: str, capsys: pytest.CaptureFixture[str]) -> None:
    stale = tmp_path / "page.md"
    stale.write_text(re.sub(r"\| read a private file .*\n", "", page), encoding="utf-8")
    assert main([str(stale)]) == 0
    assert stale.read_text(encoding="utf-8") == page
    with pytest.raises(BadInput, match="no place for the tables"):
        renewed("# A page\n")
    assert main([str(tmp_path / "absent.md")]) == 2
    assert "absent.md cannot be used" in capsys.readouterr().err
    assert main([]) == 0
    assert capsys.readouterr().out in page
