"""The site is built without a warning, holds what it promises, and loads nothing from anywhere else."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import DOCS, ROOT

# What a browser fetches by itself, by tag and attribute. Links, which a reader has to follow, are none of it.
LOADED = {
    *{("script", "src"), ("img", "src"), ("img", "srcset"), ("source", "src"), ("source", "srcset")},
    *{("iframe", "src"), ("embed", "src"), ("object", "data"), ("video", "src"), ("audio", "src"), ("track", "src")},
}
LOADING_LINKS = {"stylesheet", "preload", "prefetch", "preconnect", "dns-prefetch", "modulepreload", "icon", "manifest"}
FOREIGN = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as ``make docs`` builds it: a warning fails it.

    All its tests are browser tests, which run in a process of their own: so it is built once.
    """
    folder = tmp_path_factory.mktemp("site")
    words = ["--fail-on-warning", "--keep-going", "--quiet", "--doctree-dir", str(folder / "read")]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *words, str(DOCS), str(folder / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "site"


class _Loads(HTMLParser):
    """Collects what a page has a browser fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [value for name, value in attrs if value and (tag, name) in LOADED]
        if tag == "link" and LOADING_LINKS & set((given.get("rel") or "").split()):
            self.addresses.append(given.get("href") or "")


def loads(page: str) -> Iterator[str]:
    """What a page fetches by itself, addresses in its styles included."""
    parser = _Loads()
    parser.feed(page)
    yield from parser.addresses
    yield from styles(page)


def styles(text: str) -> Iterator[str]:
    """Addresses in a style sheet."""
    for address, imported in re.findall(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)", text):
        yield address or imported


@pytest.mark.browser
@pytest.mark.timeout(960)
def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        foreign = [one for one in loads(page.read_text(encoding="utf-8")) if FOREIGN.match(one)]
        assert not foreign, f"{page.relative_to(site)}: {foreign}"
    for sheet in site.rglob("*.css"):
        assert not [one for one in styles(sheet.read_text(encoding="utf-8")) if FOREIGN.match(one)], sheet.name
    # Scripts of the theme: an address in one would be there to be asked.
    for script in (site / "_static").rglob("*.js"):
        code = re.sub(r"/\*.*?\*/|(?m:^\s*//.*$)", "", script.read_text(encoding="utf-8"), flags=re.DOTALL)
        asked = re.findall(r"""(?:fetch|import|open|src\s*=)\s*\(?\s*["'](https?:)?//[^"']+""", code)
        assert not asked, script.name


def test_the_reader_of_pages_sees_what_is_loaded() -> None:
    page = """<link rel="stylesheet" href="https://a/x.css"><script src="//b/y.js"></script><img src="own.png">
    <style>@import "https://c/z.css"; p { background: url('https://d/w.png') }</style><a href="https://e/">e</a>"""
    assert [one for one in loads(page) if FOREIGN.match(one)] == [
        *("https://a/x.css", "//b/y.js", "https://c/z.css", "https://d/w.png")
    ]


@pytest.mark.browser
@pytest.mark.timeout(960)
def test_the_site_has_what_the_code_offers(site: Path) -> None:
    def page(name: str) -> str:
        return (site / f"{name}.html").read_text(encoding="utf-8")

    assert "--repeat-partial" in page("generated/options")
    assert "CodeSteer.isolation" in page("generated/options")
    assert "RunEnded" in page("generated/events")
    assert 'id="selfanswer"' in page("generated/record-fields")
    assert 'id="codesteer.solve"' in page("generated/api-codesteer")
    assert 'id="missing_key"' in page("troubleshooting") or 'id="missing-key"' in page("troubleshooting")
    # A picture in two themes is two images, of which the theme shows one.
    assert "only-dark" in page("index")
    assert "<picture" not in page("index")
    # An example shows the run that it was saved with.
    assert "still open: 2,910.60" in page("examples/reconcile")


@pytest.mark.browser
@pytest.mark.timeout(960)
def test_a_browser_asks_nobody_else(site: Path, browser: Any) -> None:
    page = browser.new_page()
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    for name in ("index", "tutorial", "examples/reconcile", "generated/api-codesteer"):
        page.goto(f"file://{site}/{name}.html")
        page.wait_for_load_state("networkidle")
    page.close()
    assert asked
    assert [one for one in asked if not one.startswith(("file:", "data:"))] == []
    assert not faults


def test_links_hold_where_pages_are_read_as_files() -> None:
    """On the site Sphinx checks them; in the repository nobody else does."""
    lost = []
    for page in (ROOT / "README.md", *DOCS.rglob("*.md")):
        if DOCS / "generated" in page.parents:
            continue
        text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        named = re.findall(r"\]\(([^)#\s]+)[^)]*\)|(?:src|srcset)=\"([^\"]+)\"", text)
        for link in (one or other for one, other in named):
            made = "generated/" in link
            if not re.match(r"[a-z]+:", link) and not made and not (page.parent / link).exists():
                lost.append(f"{page.relative_to(ROOT)}: {link}")
    assert not lost


def test_every_picture_is_shown() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "README.md", *DOCS.glob("*.md")))
    assert not [picture.name for picture in (*DOCS.glob("*.png"), *DOCS.glob("*.svg")) if picture.name not in pages]
