"""Remove the weights of an embedded model: the file, its stamp, and whatever an interrupted pull left."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from ..errors import BadInput, CacheNotWritable
from .catalogue import Entry, weights_path
from .hosts import running
from .locks import FileLock
from .pull import leftovers

__all__ = ["loaded_by", "remove_weights"]


def loaded_by(path: Path) -> int | None:
    """The process that has the weights file at ``path`` loaded; None where none has."""
    wanted = path.resolve()
    return next((host.pid for host in running() if Path(host.model) == wanted), None)


def remove_weights(model: Entry) -> int:
    """Delete everything that the cache holds of ``model`` and return how many bytes that freed.

    Raises:
        BadInput: a worker has it loaded, or another process is fetching it.
        CacheNotWritable: it cannot be deleted.
    """
    path = weights_path(model)
    if not path.parent.is_dir():
        return 0
    if (pid := loaded_by(path)) is not None:
        raise BadInput(
            f"{model.name} is loaded by process {pid}.",
            f"End the notebooks that use it; unused, it unloads by itself in a few minutes (at once: kill {pid}).",
        )
    lock = FileLock(path.with_name(path.name + ".lock"))
    if not lock.acquire():
        raise BadInput(f"Another process is fetching {model.name}.", "Stop that one first.")
    try:
        freed = 0
        for place in leftovers(path):
            freed += _size(place)
            if place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
    except OSError as fault:
        raise CacheNotWritable(
            f"{fault.filename} cannot be deleted ({fault.strerror}).", "Delete it by hand."
        ) from None
    finally:
        lock.release()
    return freed


def _size(place: Path) -> int:
    """Bytes in a file or in the files of a folder."""
    files = place.rglob("*") if place.is_dir() else (place,)
    total = 0
    for file in files:
        with contextlib.suppress(OSError):
            total += file.lstat().st_size
    return total
