"""``codesteer bench report`` and ``compare``: from folders to a page, and to words."""

from __future__ import annotations

from pathlib import Path

import pytest

from codesteer_kernel.cli import main
from tests.evaluation.jobs import attempts_of, write_job

Output = pytest.CaptureFixture[str]
TASKS = [("game24", "2"), ("letters", "1")]


@pytest.fixture
def jobs(tmp_path: Path) -> tuple[str, str]:
    before = write_job(tmp_path / "before", attempts_of(["codesteer"], TASKS, right=lambda *_: 0))
    after = write_job(tmp_path / "after", attempts_of(["codesteer"], TASKS, right=lambda *_: 1))
    return str(before), str(after)


def test_a_report_says_where_its_page_is(jobs: tuple[str, str], tmp_path: Path, capsys: Output) -> None:
    assert main(["bench", "report", *jobs, "-o", str(tmp_path / "out"), "--title", "Before and after"]) == 0
    page = Path(capsys.readouterr().out.strip())
    assert page == tmp_path / "out" / "report.html"
    assert "Before and after" in page.read_text(encoding="utf-8")


def test_a_comparison_is_told(jobs: tuple[str, str], capsys: Output) -> None:
    assert main(["bench", "compare", *jobs]) == 0
    assert "The change helps." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["report", "nowhere", "-o", "out"], "No attempt has finished in nowhere"),
        (["report", "nowhere"], "--output"),
        (["compare", "one"], "required"),
    ],
)
def test_bad_words_are_said(
    words: list[str], fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["bench", *words]) == 2
    assert fault in capsys.readouterr().err
