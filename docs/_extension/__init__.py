"""What the site needs beside Sphinx: pages made from the code, and words that GitHub and Sphinx read differently."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _extension.api import api_pages
from _extension.notebooks import page_of
from _extension.reading import for_sphinx
from _extension.tables import table_pages

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

__all__ = ["setup"]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("config-inited", _make_pages)
    app.connect("source-read", _read)
    # After napoleon, which takes "How it ended: ``done``" for a type and its description.
    app.connect("autodoc-process-docstring", _leave_properties, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _make_pages(app: Sphinx, config: Config) -> None:
    """Write the pages that are made from the code, and the examples."""
    docs = Path(app.srcdir)
    made = {f"generated/{name}.md": text for name, text in {**api_pages(), **table_pages()}.items()}
    made |= {f"examples/{one.name}": page_of(one) for one in (docs.parent / "examples").glob("*.ipynb")}
    for name, text in made.items():
        path = docs / name
        path.parent.mkdir(exist_ok=True)
        # What is up to date stays untouched, so that Sphinx does not read it again.
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for path in (*(docs / "generated").iterdir(), *(docs / "examples").iterdir()):
        if path.relative_to(docs).as_posix() not in made:
            path.unlink()


def _read(app: Sphinx, name: str, source: list[str]) -> None:
    if not name.startswith("examples/"):
        source[0] = for_sphinx(source[0])


def _leave_properties(_app: Sphinx, what: str, _name: str, thing: Any, _options: Any, lines: list[str]) -> None:
    if what == "property" and "Raises:" not in (thing.__doc__ or ""):
        lines[:] = [*inspect.cleandoc(thing.__doc__ or "").splitlines(), ""]
