"""A folder of training data: the rows as JSON Lines, the same as a Hugging Face dataset, and a page that says what it is."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from codesteer_kernel.errors import BadInput, MissingDependency
from codesteer_kernel.training.account import PREFERENCES, TRAJECTORIES, Account, Kept
from codesteer_kernel.training.rows import Conversation, Pair, write_rows

__all__ = ["CONVERSATIONS", "DATASET", "PAIRS", "check_folder", "write_folder"]

CONVERSATIONS = "conversations.jsonl"
PAIRS = "pairs.jsonl"
DATASET = "dataset"


def check_folder(folder: Path, kind: str) -> None:
    """See that ``folder`` does not hold rows of the other kind, whose dataset and page would be lost.

    Raises:
        BadInput: it does.
    """
    other = PAIRS if kind == CONVERSATIONS else CONVERSATIONS
    if (folder / other).exists():
        raise BadInput(f"{folder} holds {other} already.", "Name another folder: each kind of rows has its own.")


def write_folder(
    folder: Path,
    rows: Sequence[Conversation] | Sequence[Pair],
    *,
    accounts: Sequence[Account] = (),
    dataset: bool = True,
) -> Path:
    """Write rows of one kind; returns the path of their JSON Lines.

    Args:
        folder: gets ``conversations.jsonl`` or ``pairs.jsonl``, ``dataset/`` (``datasets.load_from_disk`` reads it) and
            ``DATA.md``; what was there of these is replaced.
        rows: all conversations, or all pairs.
        accounts: of the runs that they were made from.
        dataset: whether to write ``dataset/``.

    Raises:
        BadInput: there are no rows, or the folder holds rows of the other kind.
        MissingDependency: the dataset is wanted and the package ``datasets`` is missing; the other files are there.
    """
    if not rows:
        raise BadInput("There is not one row to write.", "Collect more runs, or let more through the sieve.")
    kind = CONVERSATIONS if isinstance(rows[0], Conversation) else PAIRS
    check_folder(folder, kind)
    write_rows(folder / kind, rows)
    (folder / "DATA.md").write_text(_page(rows, accounts), encoding="utf-8")
    if dataset:
        _write_dataset(folder / DATASET, rows)
    return folder / kind


def _write_dataset(folder: Path, rows: Sequence[Conversation] | Sequence[Pair]) -> None:
    try:
        import datasets
    except ImportError:
        raise MissingDependency(
            "A Hugging Face dataset needs the package datasets.", "Install it with: pip install 'codesteer[train]'"
        ) from None
    draft = folder.with_name(folder.name + ".part")
    shutil.rmtree(draft, ignore_errors=True)
    datasets.disable_progress_bars()
    datasets.Dataset.from_list([_plain(row) for row in rows]).save_to_disk(str(draft))
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def _plain(row: Conversation | Pair) -> dict[str, Any]:
    """The row as columns, every value written out: a column needs the same fields in all rows."""
    data: dict[str, Any] = msgspec.to_builtins(row)
    for column in ("messages", "prompt"):
        if column in data:
            data[column] = [{"weight": 0.0, **turn} for turn in data[column]]
    empty = {name: getattr(type(row.origin)(), name) for name in type(row.origin).__struct_fields__}
    data["origin"] = empty | data["origin"]
    if isinstance(row, Pair):
        data["margin"] = row.margin
    return data


def _page(rows: Sequence[Conversation] | Sequence[Pair], accounts: Sequence[Account]) -> str:
    """What the rows are, in numbers; real and simulated ones apart."""
    kept = TRAJECTORIES if isinstance(rows[0], Conversation) else PREFERENCES
    what = "Conversations" if isinstance(rows[0], Conversation) else "Preference pairs"
    lines = [f"# {what} for training a steerer", ""]
    for simulated in (False, True):
        these = [row for row in rows if row.origin.simulated is simulated]
        runs = next((one for one in accounts if one.simulated is simulated), None)
        if not these and runs is None:
            continue
        target = "targets that are no models (simulated)" if simulated else "real targets"
        lines += [f"## {len(these):,} with {target}", ""]
        if runs is not None:
            lines += _runs(runs, len(these), kept)
        for title, values in (
            ("target", [row.origin.target or row.origin.source for row in these]),
            ("policy", [row.origin.policy for row in these]),
            ("task", [row.origin.task for row in these]),
            ("modes of the rounds", ["-".join(row.origin.modes) for row in these]),
            ("rounds", [str(row.origin.rounds) for row in these]),
        ):
            counts = Counter(value for value in values if value)
            if counts:
                lines += [f"| {title} | rows |", "| --- | ---: |"]
                lines += [f"| {name} | {count:,} |" for name, count in sorted(counts.items())]
                lines.append("")
    return "\n".join(lines) + "\n"


def _runs(runs: Account, rows: int, kept: Kept) -> Iterator[str]:
    """What the rows were made from."""
    yield runs.told(rows, kept)
    yield ""
    if +runs.left_out:
        yield from ("| left out | runs |", "| --- | ---: |")
        yield from (f"| {reason} | {count:,} |" for reason, count in runs.reasons())
        yield ""
