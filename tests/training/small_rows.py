"""Conversations and pairs in small: two kinds of questions, told apart by a word, each with its right decision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from codesteer_kernel.training.rows import Conversation, Origin, Pair, Turn, write_rows
from codesteer_kernel.training.tuning.settings import TuneSettings
from codesteer_kernel.training.weights import EQUAL, Weights, weighted

ORIGIN = Origin(task="pooling", target="simulated/coder", policy="push-code", simulated=True)
REAL = Origin(task="letters", target="local/qwen2.5-coder-0.5b", policy="push-text")


def row(*contents: str, weights: Weights = EQUAL, system: str = "", dialect: str = "codesteer-v1") -> Conversation:
    """A conversation of alternating turns, the user's first."""
    turns = [Turn(role="system", content=system)] if system else []
    turns += [Turn(role="assistant" if place % 2 else "user", content=text) for place, text in enumerate(contents)]
    return Conversation(messages=weighted(turns, weights), dialect=dialect, origin=ORIGIN)


def conversations(count: int) -> list[Conversation]:
    """Every other question wants code."""
    asked = [f"Number {index}: {'add the primes' if index % 2 else 'name the poet'}" for index in range(count)]
    return [
        row(question, f"<<<{'Code' if index % 2 else 'Text'}>>>", "It printed: 3.", "<<<Return Answer>>>")
        for index, question in enumerate(asked)
    ]


def pairs(count: int) -> list[Pair]:
    """The same, as preferences, with margins of 1 and 15."""
    found = []
    for index in range(count):
        prompt = [Turn(role="user", content=f"Number {index}: {'add the primes' if index % 2 else 'name the poet'}")]
        good, bad = ("<<<Code>>>", "<<<Text>>>") if index % 2 else ("<<<Text>>>", "<<<Code>>>")
        scores = {"score_chosen": 14.0, "score_rejected": -1.0 if index % 3 else 13.0}
        found.append(Pair(prompt=prompt, chosen=good, rejected=bad, dialect="codesteer-v1", origin=REAL, **scores))
    return found


def written(folder: Path, rows: list[Conversation] | list[Pair]) -> Path:
    """The rows in the file that their tuning reads."""
    path = folder / ("pairs.jsonl" if isinstance(rows[0], Pair) else "conversations.jsonl")
    write_rows(path, rows)
    return path


def settings(base: Path, **changes: Any) -> TuneSettings:
    """A few steps on the CPU."""
    few: dict[str, Any] = {"stage": "sft", "max_tokens": 512, "steps": 6, "batch": 2, "rate": 1e-2, "held_out": 0.2}
    few |= {"measure_every": 3, "save_every": 3, "dtype": "float32"}
    return TuneSettings(base=str(base), **(few | changes))
