"""The runs kept on disk, as the front end's panel asks for them: a page of the list, one record, one file, none at all.

Each function answers one request of :mod:`.control` with what JSON can say.
"""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["delete", "export", "load", "page"]

_LARGEST_PAGE = 1_000


def page(text: str, status: str, model: str, after: str, limit: int) -> dict[str, Any]:
    """A page of the list, newest first.

    Args:
        text: every word of it must stand in the question, the answer (as far as the list has them), the model or the name.
        status: the status that the runs must have; empty for any.
        model: the target that the runs must have; empty for any.
        after: the name of the last run of the page before; empty for the first page. It may be gone meanwhile.
        limit: the most runs of a page.

    Returns:
        ``runs``, the rows of this page (see :class:`~codesteer_kernel.store.RunRow`); ``fit``, how many runs fit on all
        pages; ``all``, how many are kept; ``models``, the targets of all kept runs.

    Raises:
        CacheNotWritable: the folder of the runs cannot be read.
    """
    from codesteer_kernel.store import RunRow, Store

    rows = Store().rows()
    words = text.lower().split()

    def fits(row: RunRow) -> bool:
        searched = f"{row.prompt}\n{row.answer}\n{row.target}\n{row.id}".lower() if words else ""
        return (
            (not status or row.status == status)
            and (not model or row.target == model)
            and all(word in searched for word in words)
        )

    fit = [row for row in rows if fits(row)]
    # Names sort as the runs began, so a page goes on behind a name whatever came or went meanwhile.
    rest = [row for row in fit if not after or row.id < after]
    shown = rest[: max(1, min(limit, _LARGEST_PAGE))]
    names = RunRow.__struct_fields__
    return {
        "runs": [{name: getattr(row, name) for name in names} for row in shown],
        "fit": len(fit),
        "all": len(rows),
        "models": sorted({row.target for row in rows if row.target}),
    }


def load(run_id: str) -> dict[str, Any]:
    """The ``record`` of a run, bounded as in a notebook.

    Raises:
        UnknownName: there is no run of exactly this name.
        BadInput: its file cannot be read as a record.
    """
    from codesteer_kernel.record import bounded

    store, name = _exactly(run_id)
    return {"record": msgspec.to_builtins(bounded(store.load(name)))}


def export(run_id: str, form: str) -> dict[str, Any]:
    """A run as the ``text`` of a file.

    Raises:
        UnknownName: there is no run of exactly this name, or no such format.
        BadInput: the run has no such form: no program gave its answer.
    """
    from codesteer_kernel.store.export import exported

    store, name = _exactly(run_id)
    return {"text": exported(store, name, form)}


def delete(run_id: str) -> dict[str, Any]:
    """Delete a run, and every trace of it in the folder; the answer is empty.

    Raises:
        UnknownName: there is no run of exactly this name; nothing was deleted.
        BadInput: it goes on; nothing was deleted.
        CacheNotWritable: the folder cannot be written.
    """
    store, name = _exactly(run_id)
    store.forget(name)
    return {}


def _exactly(run_id: str) -> tuple[Any, str]:
    """The store, and the name of a run in it; a beginning of a name, or ``last``, is for people, not for buttons."""
    from codesteer_kernel.errors import UnknownName
    from codesteer_kernel.store import Store

    store = Store()
    if store.resolve(run_id) != run_id:
        raise UnknownName(f"There is no run {run_id!r}.", "List the runs again.")
    return store, run_id
