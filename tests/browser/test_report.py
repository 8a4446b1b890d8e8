"""The report in a browser: accessible in both colours, wide and narrow, by keyboard, on paper, and without a request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codesteer_kernel.evaluation import report
from tests.accessibility import assert_accessible, bring_axe
from tests.browser.conftest import SCREENSHOTS
from tests.evaluation.jobs import attempts_of, write_job

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LEVELS = [("game24", "2"), ("pooling", "1"), *(("letters", level) for level in ("2", "3", "4"))]
METHODS = ["only-question", "codesteer"]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    right = lambda method, target, *_: 0.8 if method == "codesteer" else 0.2  # noqa: E731
    small = write_job(folder / "small", attempts_of(METHODS, LEVELS, n=3, targets=["local/small"], right=right))
    large = write_job(
        folder / "large", attempts_of(METHODS, LEVELS, n=3, targets=["local/large"], steerer="local/small")
    )
    report.write([small, large], folder / "out")
    return folder / "out"


@pytest.fixture
def open_page(browser: Any, out: Path) -> Iterator[Any]:
    contexts: list[Any] = []

    def opened(name: str = "report.html", width: int = 1280, **media: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, **media)
        contexts.append(context)
        page = context.new_page()
        page.requested = []
        page.on("request", lambda request: page.requested.append(request.url))
        page.goto((out / name).as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page: Any, scheme: str, width: int) -> None:
    page = open_page(width=width, color_scheme=scheme)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.screenshot(path=SCREENSHOTS / f"report-{scheme}-{width}.png", full_page=True)
    bring_axe(page)
    assert_accessible(page, "html")
    # Tables scroll by themselves; the page never does.
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_axe_finds_nothing_in_the_pages_beside(open_page: Any, out: Path) -> None:
    run = next(iter(sorted((out / "runs").iterdir())))
    for name in ("tasks/letters.html", f"runs/{run.name}"):
        for width in (360, 1280):
            page = open_page(name, width=width)
            bring_axe(page)
            assert_accessible(page, "html", about=name)
            assert page.evaluate("document.documentElement.scrollWidth") == width


def test_nothing_is_asked_of_the_network(open_page: Any) -> None:
    page = open_page()
    page.get_by_role("link", name="Letters").click()
    page.get_by_role("link", name="right").first.click()
    page.locator(".codesteer-run").wait_for()
    assert len(page.requested) == 3
    assert all(url.startswith(("file:", "data:")) for url in page.requested)


def ground(page: Any) -> int:
    """How bright the page's ground is, 0 to 255."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return int(colour.removeprefix("rgb(").split(",")[0])


def test_colours_follow_the_reader_and_the_switch(open_page: Any) -> None:
    page = open_page(color_scheme="dark")
    assert ground(page) < 60
    page.get_by_role("radio", name="light").check(force=True)
    assert ground(page) > 200
    page = open_page(color_scheme="light")
    assert ground(page) > 200
    page.get_by_role("radio", name="dark").check(force=True)
    assert ground(page) < 60


def test_everything_is_reached_by_keyboard(open_page: Any) -> None:
    page = open_page(width=360)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.locator("#theme-dark").is_checked()
    reached = set()
    for _ in range(200):
        page.keyboard.press("Tab")
        told = page.evaluate(
            "[document.activeElement.tagName, document.activeElement.textContent.slice(0, 40), "
            "document.activeElement.matches(':focus-visible')]"
        )
        if told[0] == "BODY":
            break
        assert told[2], f"no focus to be seen on {told}"
        reached.add(told[0])
    assert {"A", "SUMMARY", "DIV", "INPUT"} <= reached, (
        "links, folds, tables that scroll, the box for published columns"
    )


def test_published_columns_come_on_demand(open_page: Any) -> None:
    page = open_page()
    heading = page.get_by_role("columnheader", name="DeepSeek R1")
    assert heading.count() == 0
    page.get_by_label("Show all published columns").press("Space")
    assert heading.count() == 1
    assert "published" in heading.inner_text()


def test_paper_gets_all_columns_in_light(open_page: Any) -> None:
    page = open_page(color_scheme="dark")
    page.emulate_media(media="print")
    assert ground(page) > 200
    assert page.locator("nav").is_hidden()
    assert page.pdf()[:4] == b"%PDF"
