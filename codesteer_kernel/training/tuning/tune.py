"""From rows to a tuned steerer in a folder: read, encode, train, save, tell. A killed tuning goes on from its last checkpoint."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from codesteer_kernel.config import writable
from codesteer_kernel.errors import BadInput, CacheNotWritable
from codesteer_kernel.models.hf import MARKER
from codesteer_kernel.training.rows import Conversation, Pair, read_conversations, read_pairs
from codesteer_kernel.training.tuning.encoding import encode
from codesteer_kernel.training.tuning.loading import load
from codesteer_kernel.training.tuning.settings import TuneSettings

__all__ = ["Tuned", "split", "tune"]

SETTINGS = "settings.json"
_OnStep = Callable[[int, int, dict[str, float]], None]


class Tuned(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a tuning. ``left_out`` rows were too long; ``done`` is False where it was stopped."""

    folder: Path
    rows: int
    held_out: int
    left_out: int
    steps: int
    loss: float
    measured: dict[str, float]
    done: bool


def tune(
    settings: TuneSettings,
    source: Path,
    folder: Path,
    *,
    on_step: _OnStep | None = None,
    stop: threading.Event | None = None,
) -> Tuned:
    """Tune a steerer; blocks.

    Args:
        settings: what is tuned, and how.
        source: ``conversations.jsonl`` (sft) or ``pairs.jsonl`` (dpo), or the folder that holds it.
        folder: gets checkpoints, curves, and in the end the tuned weights or adapter with tokenizer and card. One that
            holds checkpoints of the same settings and rows is gone on with.
        on_step: called with the step, the number of steps, and what was logged.
        stop: set it to end after the running step; the next call goes on.

    Raises:
        BadInput: the settings cannot work, a row is bad (it is named), or the folder belongs to another tuning.
        MissingDependency: the extra ``train`` is not installed.
        WeightsMissing: the base is not there.
        TuningFailed: the loss is no number any more.
        CacheNotWritable: the folder cannot be written: the disk is full, say.
    """
    settings = settings.checked()
    source = source / ("pairs.jsonl" if settings.stage == "dpo" else "conversations.jsonl") if source.is_dir() else source
    writable(folder.absolute())
    rows: Sequence[Conversation] | Sequence[Pair] = (
        list(read_pairs(source)) if settings.stage == "dpo" else list(read_conversations(source))
    )
    if not rows:
        raise BadInput(f"{source} has no rows.", "Make some with codesteer train trajectories or pairs.")
    model, tokenizer = load(settings)
    with _full_disk(folder):
        _claim(folder, settings, rows)
        if settings.stage == "dpo":
            from codesteer_kernel.training.tuning.dpo import preference_trainer

            trainer, counts = preference_trainer(settings, rows, model, tokenizer, folder)  # type: ignore[arg-type]
        else:
            from codesteer_kernel.training.tuning.sft import conversation_trainer

            trainer, counts = conversation_trainer(settings, rows, model, tokenizer, folder)  # type: ignore[arg-type]
        return _train(trainer, counts, settings, rows, tokenizer, folder, on_step, stop or threading.Event())


def split(rows: Sequence[Any], share: float) -> tuple[list[int], list[int]]:
    """The places of the rows to learn from and of those held out.

    By the hash of what is asked first, so that rows about one question are on one side, and on the same side every time.
    """
    learned: list[int] = []
    held: list[int] = []
    for place, row in enumerate(rows):
        turns = row.prompt if isinstance(row, Pair) else row.messages
        asked = next(turn.content for turn in turns if turn.role == "user")
        mark = int.from_bytes(hashlib.sha256(asked.encode()).digest()[:8]) / 2**64
        (held if mark < share else learned).append(place)
    # Nothing to measure on is better than nothing to learn from.
    return (learned, held) if learned else (held, [])


def fitting(settings: TuneSettings, rows: Sequence[Conversation], tokenizer: Any) -> tuple[list[Any], int]:
    """The rows as tokens, and how many were left out because they are too long."""
    found, left = [], 0
    for number, row in enumerate(rows, 1):
        try:
            found.append(encode(row, tokenizer, settings.max_tokens, f"Row {number}"))
        except BadInput:
            if settings.too_long == "stop":
                raise
            left += 1
    if not found:
        raise BadInput(f"None of the {len(rows):,} rows fits {settings.max_tokens:,} tokens.", "Raise max_tokens.")
    return found, left


def _train(
    trainer: Any,
    counts: tuple[int, int, int],
    settings: TuneSettings,
    rows: Sequence[Conversation] | Sequence[Pair],
    tokenizer: Any,
    folder: Path,
    on_step: _OnStep | None,
    stop: threading.Event,
) -> Tuned:
    from transformers.trainer_utils import get_last_checkpoint

    from codesteer_kernel.training.tuning.card import write_card
    from codesteer_kernel.training.tuning.watching import Watch

    trainer.add_callback(Watch(folder, on_step, stop))
    outcome = trainer.train(resume_from_checkpoint=get_last_checkpoint(str(folder)))
    measured = {}
    if counts[1] and not stop.is_set():
        measured = {name: float(value) for name, value in trainer.evaluate().items() if isinstance(value, int | float)}
    if not stop.is_set():
        trainer.save_model(str(folder))
        tokenizer.save_pretrained(str(folder))
        (folder / MARKER).write_text(json.dumps({"dialect": rows[0].dialect}) + "\n", encoding="utf-8")
    tuned = Tuned(
        folder=folder,
        rows=counts[0],
        held_out=counts[1],
        left_out=counts[2],
        steps=int(trainer.state.global_step),
        loss=float(outcome.training_loss),
        measured=measured,
        done=not stop.is_set(),
    )
    if tuned.done:
        write_card(tuned, settings, rows)
    return tuned


def _claim(folder: Path, settings: TuneSettings, rows: Sequence[Conversation] | Sequence[Pair]) -> None:
    """Note what is tuned here on what; refuse a folder in which something else was begun."""
    mark = hashlib.sha256(msgspec.json.encode(list(rows))).hexdigest()
    claim = {"settings": msgspec.to_builtins(settings), "rows": mark}
    path = folder / SETTINGS
    if path.is_file() and any(folder.glob("checkpoint-*")) and json.loads(path.read_text(encoding="utf-8")) != claim:
        raise BadInput(f"{folder} holds another tuning.", "Give another folder, or remove this one.")
    path.write_text(json.dumps(claim, indent=1) + "\n", encoding="utf-8")


@contextlib.contextmanager
def _full_disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        if fault.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise
        raise CacheNotWritable(
            f"{folder} cannot be written ({fault.strerror}).", "Make room, then start the same command: it goes on."
        ) from None
