"""The browser for the view's own tests, and a page that holds the built widget bundle and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.widgets.page import open_page, read_sample


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def sample() -> Callable[[str], dict[str, Any]]:
    return read_sample


@pytest.fixture
def run_page(page: Any) -> Iterator[Any]:
    """A page with an empty view; ``page.strangers`` lists every request for anything but the page's own files."""
    page.strangers, faults = open_page(page)
    yield page
    assert faults == []
