"""A kept run as a file of its own: to read, to run, or to work with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec

from codesteer_kernel.errors import BadInput, UnknownName, nearest
from codesteer_kernel.record import Record
from codesteer_kernel.record import events as ev
from codesteer_kernel.render import to_markdown, to_notebook, to_page, to_program
from codesteer_kernel.store.files import write_whole
from codesteer_kernel.store.store import Store

__all__ = ["FORMATS", "export_run", "exported"]


def _notebook(record: Record) -> str:
    return json.dumps(to_notebook(record), indent=1, ensure_ascii=False) + "\n"


def _program(record: Record) -> str:
    program = to_program(record)
    if program is None:
        raise BadInput(f"No program gave the answer of the run {record.id}.", "Export it as md, html or ipynb.")
    return program


def _json(record: Record) -> str:
    return msgspec.json.format(msgspec.json.encode(record), indent=1).decode() + "\n"


_OF_RECORD: dict[str, Callable[[Record], str]] = {
    "md": to_markdown,
    "html": to_page,
    "ipynb": _notebook,
    "py": _program,
    "json": _json,
}
FORMATS = (*_OF_RECORD, "jsonl")
"""Markdown, a page, a notebook, the winning program, the record, the events."""


def exported(store: Store, run_id: str, form: str) -> str:
    """A run as text in one of :data:`FORMATS`.

    Raises:
        UnknownName: there is no such run, or no such format.
        BadInput: the run has no such form: no program gave its answer.
    """
    if form not in FORMATS:
        raise UnknownName(f"There is no format {form!r}.", nearest(form, FORMATS) or f"Known: {', '.join(FORMATS)}.")
    if form == "jsonl":
        return "".join(f"{ev.encode_event(event).decode()}\n" for event in store.events(run_id))
    # Models and programs may have written what no UTF-8 holds.
    return _OF_RECORD[form](store.load(run_id)).encode("utf-8", "replace").decode()


def export_run(store: Store, run_id: str, form: str, path: Path, *, force: bool = False) -> Path:
    """Write a run to ``path``: the whole file, or none; returns the path.

    Raises:
        UnknownName, BadInput: as :func:`exported`; or the file cannot be written, or exists and ``force`` is False.
    """
    text = exported(store, run_id, form)
    try:
        write_whole(path, text.encode(), mode=0o666, replace=force)
    except FileExistsError:
        raise BadInput(f"The file {path} exists.", "Choose another name, or replace it with --force.") from None
    except OSError as fault:
        raise BadInput(
            f"The file {path} cannot be written ({fault.strerror}).", "Choose another place with -o."
        ) from None
    return path
