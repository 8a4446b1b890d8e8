"""What the actors of the tests' clusters do."""

from __future__ import annotations

import os
import time
from collections.abc import Callable


def begin() -> Callable[[int], tuple[int, int]]:
    """Doubles a number, slowly; told with it is the process that did it."""

    def double(number: int) -> tuple[int, int]:
        if number == 13:
            raise ValueError("not that number")
        if number == 666:
            os._exit(1)
        time.sleep(0.1)
        return 2 * number, os.getpid()

    return double


def broken() -> Callable[[int], int]:
    """A beginning that never works."""
    raise OSError("no model here")
