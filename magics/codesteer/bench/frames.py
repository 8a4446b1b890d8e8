"""Jobs as pandas frames, and the paper's table of them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec

from codesteer_kernel.errors import BadInput, MissingDependency
from codesteer_kernel.evaluation import Attempt, published
from codesteer_kernel.evaluation.results import Results, Source, folder_names, gathered, results, split_of
from codesteer_kernel.evaluation.statistics import Estimate

__all__ = ["load", "pandas", "results_of", "table"]

_JOB = "job"
_FIELDS = frozenset(Attempt.__struct_fields__)


def load(*folders: str | Path) -> Any:
    """The attempts of jobs as a pandas frame, a row an attempt.

    Columns: ``job`` (the folder's name), the fields of an attempt (``method``, ``target``, ``steerer``, ``task``, ``level``, ``knobs``,
    ``seed``, ``correct``, ``code``, ``decisions``, ``checker``, ``seconds``, ``cost``, ...), ``part`` (seen or unseen),
    ``rounds`` and ``tokens``.

    Raises:
        BadInput: no folder, or one that cannot be read or holds no finished attempt.
        MissingDependency: pandas is not installed.
    """
    pd = pandas()
    paths = [Path(folder).expanduser() for folder in folders]
    rows = []
    for name, path in zip(folder_names(paths), paths, strict=True):
        rows += [
            {_JOB: name, **msgspec.structs.asdict(one)}
            | {
                "part": split_of(one.task),
                "rounds": len(one.decisions),
                "tokens": one.input_tokens + one.output_tokens,
            }
            for one in results([path]).attempts
        ]
    if not rows:
        raise BadInput("There is no job to load.", "Name the folders of jobs.")
    return pd.DataFrame(rows)


def table(frame: Any, *, intervals: bool = False) -> Any:
    """Tasks by ways of answering, in the paper's layout: success in %, means above, published columns beside.

    Args:
        frame: what :func:`load` returned, or a part of it.
        intervals: words with counts and 95 % intervals instead of numbers.

    Returns:
        A frame with columns in two levels: ``measured`` and ``published``.

    Raises:
        BadInput: the frame has no attempts.
    """
    pd = pandas()
    found = results_of(frame)
    there = published.table()
    splits = {"seen": "mean, seen", "unseen": "mean, unseen", "": "mean"}
    columns: dict[tuple[str, str], dict[str, Any]] = {}
    for one in found.rows:
        means = {name: one.mean(split) for split, name in splits.items()}
        means |= {f"normalised {name}": one.normalised(split) for split, name in splits.items()}
        columns["measured", found.name(one.way)] = {
            name: _told(cell, intervals) for name, cell in {**means, **one.cells}.items()
        }
    beside = {one.way.published for one in found.rows}
    for column in (one for one in there.columns if one.key in beside):
        shares = {task: share for task, share in there.column(column.key).items() if task in found.tasks}
        cells: dict[str, float | None] = dict(shares)
        for split, name in splits.items():
            names = [task for task in shares if split in ("", split_of(task))]
            cells |= {
                name: there.mean(column.key, names),
                f"normalised {name}": there.mean(column.key, names, normalised=True),
            }
        shown = {name: None if cell is None else round(100 * cell, 1) for name, cell in cells.items()}
        columns["published", f"{column.title} ({column.model})"] = shown
    order = [*splits.values(), *(f"normalised {name}" for name in splits.values()), *found.tasks]
    return pd.DataFrame(columns).reindex(order).dropna(how="all")


def _told(one: Estimate | None, intervals: bool) -> Any:
    if one is None:
        return None
    if not intervals:
        return round(100 * one.value, 1)
    return f"{100 * one.value:.0f} ({100 * one.low:.0f} to {100 * one.high:.0f}), n={one.n}"


def results_of(frame: Any) -> Results:
    """What follows from the attempts of a frame.

    Raises:
        BadInput: it is no frame of attempts, or has none.
    """
    jobs: dict[str, list[Attempt]] = {}
    for row in frame.to_dict("records"):
        # pandas writes what is not known of a number as nan.
        known = {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}
        try:
            one = msgspec.convert({name: value for name, value in known.items() if name in _FIELDS}, Attempt)
        except msgspec.ValidationError as fault:
            raise BadInput(
                f"This is no frame of attempts: {fault}.", "Give what bench.load returned, or rows of it."
            ) from None
        jobs.setdefault(str(known.get(_JOB, "")), []).append(one)
    return gathered((Source(name, Path(name), {}), attempts) for name, attempts in jobs.items())


def pandas() -> Any:
    """Pandas.

    Raises:
        MissingDependency: it is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise MissingDependency(
            "codesteer.bench returns frames and needs pandas.", "Run: pip install 'codesteer[eval]'"
        ) from None
    return pd
