"""What a person says of a run: that it is to stay, and how good its rounds were. One small file beside the record."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from codesteer_kernel.store.files import write_whole

__all__ = ["Marks", "read_marks", "write_marks"]


class Marks(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``pinned``: never remove it to make room. ``ratings`` by round: what a person thought of the steering there."""

    pinned: bool = False
    ratings: dict[int, Literal["good", "bad"]] = {}


def read_marks(path: Path) -> Marks:
    """The marks in a file; none where there is no file that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Marks)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return Marks()


def write_marks(path: Path, marks: Marks) -> None:
    """Put ``marks`` in the file; without any mark there is no file."""
    if marks == Marks():
        path.unlink(missing_ok=True)
    else:
        write_whole(path, msgspec.json.encode(marks))
