"""From rows to a tuned steerer in a folder: read, encode, train, save, tell. A killed tuning goes on from its last checkpoint."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from codesteer_kernel.config import writable
from codesteer_kernel.errors import BadInput, OutOfMemory
from codesteer_kernel.models.hf import MARKER
from codesteer_kernel.training.folder import CONVERSATIONS, PAIRS
from codesteer_kernel.training.rows import Conversation, Pair, read_conversations, read_pairs
from codesteer_kernel.training.tuning.card import write_card
from codesteer_kernel.training.tuning.curves import OnStep, draw_curves, last_measured, read_curves, write_table
from codesteer_kernel.training.tuning.deciding import asked_first, forks
from codesteer_kernel.training.tuning.encoding import Encoded, EncodedPair, Encoder
from codesteer_kernel.training.tuning.loading import licence_of, load, needs, quiet
from codesteer_kernel.training.tuning.settings import TuneSettings
from codesteer_kernel.training.tuning.trainers import drop_broken_checkpoints, first_process, last_checkpoint, writing

__all__ = ["CLAIM", "Tuned", "is_held_out", "tune"]

CLAIM = "tuning.json"
"""What a folder's tuning is of: its settings, and the hash of its rows."""


class Tuned(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a tuning.

    Attributes:
        folder: where it is.
        learned, held_out, left_out: rows learned from, measured on, and too long or too close.
        steps: made in all sessions together.
        loss: of the last step.
        measured: the last measurement on held-out rows; empty where there are none.
        done: False where it was stopped before its end.
    """

    folder: Path
    learned: int
    held_out: int
    left_out: int
    steps: int
    loss: float
    measured: dict[str, float]
    done: bool


class _Rows(msgspec.Struct):
    """The rows of a file: all of them; those that are learned and those that are held out, numbered, as tokens."""

    all: list[Any]
    learned: list[tuple[int, Any]] = []
    held: list[Any] = []
    left_out: int = 0


def tune(
    settings: TuneSettings,
    source: Path,
    folder: Path,
    *,
    on_step: OnStep | None = None,
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
        TuningFailed: a loss (its row is named) or a gradient is no number.
        OutOfMemory: it does not fit onto the GPU.
        CacheNotWritable: the folder cannot be written: the disk is full, say.
    """
    settings = settings.checked()
    file = source / (PAIRS if settings.stage == "dpo" else CONVERSATIONS) if source.is_dir() else source
    writable(folder.absolute())
    everything: list[Any] = list(read_pairs(file) if settings.stage == "dpo" else read_conversations(file))
    if not everything:
        raise BadInput(f"{file} has no rows.", "Make some with codesteer train trajectories, or train pairs.")
    needs("torch", "transformers", "peft", "trl", "datasets", "accelerate", "matplotlib")
    with quiet():
        if first_process():
            _claim(folder, settings, everything)
        stage = _stage(settings)
        # Before the model: it tells loading what is spread over devices.
        config = stage.configuration(settings, folder)
        model, tokenizer = load(settings)
        window = model.config.get_text_config().max_position_embeddings
        if settings.max_tokens > window:
            raise BadInput(
                f"max_tokens is {settings.max_tokens:,}, and {settings.base} reads {window:,}.", "Lower max_tokens."
            )
        encoder = Encoder(tokenizer)
        rows = _encoded(settings, everything, encoder, file.name)
        if settings.stage == "sft":
            rows.held = [
                (number, row, forks(everything[number - 1], encoder, f"Row {number} of {file.name}"))
                for number, row in rows.held
            ]
        trainer = stage.trainer(config, settings, rows.learned, rows.held, model, tokenizer)
        return _train(trainer, rows, settings, tokenizer, folder, on_step, stop or threading.Event())


def _stage(settings: TuneSettings) -> Any:
    """The module of the stage's trainer."""
    if settings.stage == "dpo":
        from codesteer_kernel.training.tuning import dpo

        return dpo
    from codesteer_kernel.training.tuning import sft

    return sft


def is_held_out(row: Conversation | Pair, share: float) -> bool:
    """Whether a row is for measuring: by the hash of what it is about, so that all rows of a problem are on one side."""
    turns = row.prompt if isinstance(row, Pair) else row.messages
    asked = asked_first(turns, row.dialect)
    return int.from_bytes(hashlib.sha256(asked.encode()).digest()[:8]) / 2**64 < share


def _encoded(settings: TuneSettings, everything: Sequence[Any], encoder: Encoder, name: str) -> _Rows:
    rows = _Rows(list(everything))
    for number, row in enumerate(everything, 1):
        place = f"Row {number} of {name}"
        if row.dialect != everything[0].dialect:
            raise BadInput(
                f"{place} is in the words of {row.dialect}, row 1 in those of {everything[0].dialect}.",
                "A steerer speaks one dialect: make a file for each.",
            )
        if isinstance(row, Pair) and row.margin < settings.margin:
            rows.left_out += 1
            continue
        encoded: Encoded | EncodedPair = (
            encoder.pair(row, place) if isinstance(row, Pair) else encoder.conversation(row, place)
        )
        if len(encoded) > settings.max_tokens:
            if settings.too_long == "stop":
                raise BadInput(
                    f"{place} has {len(encoded):,} tokens, and max_tokens is {settings.max_tokens:,}.",
                    "Raise max_tokens, or leave long rows out with too_long: drop.",
                )
            rows.left_out += 1
            continue
        (rows.held if is_held_out(row, settings.held_out) else rows.learned).append((number, encoded))
    if not rows.learned:
        raise BadInput(
            f"{name} has no row to learn from: of {len(everything):,}, {rows.left_out:,} are too long or too close and "
            f"{len(rows.held):,} are held out.",
            "Make more rows, raise max_tokens, or lower held_out.",
        )
    return rows


def _train(
    trainer: Any,
    rows: _Rows,
    settings: TuneSettings,
    tokenizer: Any,
    folder: Path,
    on_step: OnStep | None,
    stop: threading.Event,
) -> Tuned:
    from torch import OutOfMemoryError
    from transformers import PrinterCallback

    from codesteer_kernel.training.tuning.watching import Watch

    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(Watch(folder, on_step, stop))
    begun = last_checkpoint(folder)
    try:
        trainer.train(resume_from_checkpoint=str(begun) if begun is not None else None)
    except OutOfMemoryError as fault:
        raise OutOfMemory(
            f"The GPU's memory does not do ({str(fault).splitlines()[0]}).",
            "Lower batch or max_tokens, set checkpointing: true, or tune an adapter (lora).",
        ) from None
    done = trainer.state.global_step >= trainer.state.max_steps
    if done:
        if rows.held and not _is_measured(folder, trainer.state.global_step):
            trainer.evaluate()
        _save(trainer, tokenizer, rows, folder)
    lines = read_curves(folder)
    tuned = Tuned(
        folder=folder,
        learned=len(rows.learned),
        held_out=len(rows.held),
        left_out=rows.left_out,
        steps=int(trainer.state.global_step),
        loss=next((line["loss"] for line in reversed(lines) if "loss" in line), float("nan")),
        measured=last_measured(lines),
        done=done,
    )
    if done and first_process():
        counts = {
            "learned": tuned.learned,
            "held out": tuned.held_out,
            "left out": tuned.left_out,
            "steps": tuned.steps,
        }
        write_table(folder, lines)
        draw_curves(folder, lines)
        write_card(folder, settings, rows.all, counts, lines, licence_of(settings))
    return tuned


def _is_measured(folder: Path, step: int) -> bool:
    return any(line["step"] == step and "eval_loss" in line for line in read_curves(folder))


def _save(trainer: Any, tokenizer: Any, rows: _Rows, folder: Path) -> None:
    if trainer.is_fsdp_enabled:
        # Checkpoints may be in pieces; what is used afterwards is whole.
        trainer.accelerator.state.fsdp_plugin.set_state_dict_type("FULL_STATE_DICT")
    with writing("The tuned steerer", folder):
        trainer.save_model(str(folder))
        if first_process():
            # DPO's copy of where it began; and a pickle, which nothing here reads.
            shutil.rmtree(folder / "ref", ignore_errors=True)
            (folder / "training_args.bin").unlink(missing_ok=True)
            tokenizer.save_pretrained(str(folder))
            (folder / MARKER).write_text(json.dumps({"dialect": rows.all[0].dialect}) + "\n", encoding="utf-8")


def _claim(folder: Path, settings: TuneSettings, rows: Sequence[Any]) -> None:
    """Note what is tuned here on what; refuse a folder in which something else was begun."""
    mark = hashlib.sha256(msgspec.json.encode(rows)).hexdigest()
    claim = {"settings": msgspec.to_builtins(settings), "rows": mark}
    path = folder / CLAIM
    if last_checkpoint(folder) is not None and path.is_file() and json.loads(path.read_text(encoding="utf-8")) != claim:
        raise BadInput(f"{folder} holds another tuning.", "Give another folder, or remove this one.")
    drop_broken_checkpoints(folder)
    path.write_text(json.dumps(claim, indent=1) + "\n", encoding="utf-8")
