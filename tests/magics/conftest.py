"""One notebook for all tests of this room: starting a kernel costs more than most of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.magics.notebook import Notebook


@pytest.fixture(scope="session")
def _notebook() -> Iterator[Notebook]:
    made = Notebook()
    try:
        loaded = made.run("%load_ext codesteer")
        assert not loaded.messages[2:-1], "loading says nothing"
        made.run("import codesteer, os, json")
        yield made
    finally:
        made.close()


@pytest.fixture
def notebook(_notebook: Notebook) -> Notebook:
    """The notebook, with the settings of a fresh one."""
    _notebook.run("%config CodeSteer.live = 'auto'")
    return _notebook
