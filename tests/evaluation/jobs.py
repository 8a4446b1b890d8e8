"""Job folders for tests: real records and real problems; which answers are right is drawn, so that a test knows it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from codesteer_kernel.evaluation import Attempt
from codesteer_kernel.evaluation.methods import METHODS
from codesteer_kernel.record import Record, decode_record
from codesteer_kernel.symbench import get

__all__ = ["Right", "attempts_of", "write_job"]

SAMPLES = Path(__file__).parents[1] / "widgets" / "samples"
Right = Callable[[str, str, str, int], float]
"""(method, target, task, index) -> how likely the answer is right."""


def _records() -> list[Record]:
    names = ("refined", "in_words", "formulas", "exhausted")
    return [decode_record((SAMPLES / f"{name}.json").read_bytes()) for name in names]


def attempts_of(
    methods: Sequence[str],
    tasks: Iterable[tuple[str, str]],
    *,
    n: int = 5,
    targets: Sequence[str] = ("local/qwen2.5-coder-0.5b",),
    steerer: str = "",
    right: Right = lambda method, target, task, index: 0.5,
    seed: int = 0,
) -> Iterable[tuple[Attempt, Record]]:
    """Attempts of every method at ``n`` problems of each (task, level)."""
    kinds = _records()
    for target in targets:
        for task, level in tasks:
            for index in range(n):
                knobs = get(task).resolve(level)
                for place, method in enumerate(methods):
                    chance = random.Random(f"{seed}/{method}/{target}/{task}/{level}/{index}")
                    record = kinds[chance.randrange(len(kinds))]
                    correct = chance.random() < right(method, target, task, index)
                    plain = method == "only-question"
                    run = f"r{chance.getrandbits(64):016x}"
                    record = replace(record, id=run)
                    checker = (
                        ""
                        if plain
                        else chance.choices(["pass", "fail", "broken"], [7, 2, 1] if correct else [2, 6, 2])[0]
                    )
                    attempt = Attempt(
                        key=f"{method}-{target}-{steerer}-{task}-{level}-{index}",
                        method=method,
                        target=target,
                        steerer=steerer if method in METHODS and METHODS[method].needs == "steerer" else "",
                        task=task,
                        version=get(task).version,
                        seed=seed * 1000 + index,
                        level=level,
                        knobs=knobs,
                        run=run,
                        correct=correct,
                        code="ok" if correct else chance.choice(["not_goal", "unreadable", "rule:total", "empty"]),
                        reason="The answer is right." if correct else "The total is not reached.",
                        extracted="4*6",
                        marked=chance.random() < 0.8,
                        origin="text" if plain else chance.choice(["program", "program", "text"]),
                        decisions=["text"]
                        if plain
                        else chance.choices(["code", "text"], [3, 1], k=chance.randint(1, 4)),
                        checker=checker,
                        sure=None if plain else round(min(1, max(0, chance.gauss(0.75 if correct else 0.45, 0.15))), 3),
                        seconds=round(chance.lognormvariate(1 + place * 0.6, 0.5), 2),
                        split={"answering": 3.0, "checking": 1.0 + place, "executing": 0.3},
                        calls=1 + 2 * place,
                        input_tokens=int(chance.lognormvariate(5.5 + place, 0.4)),
                        cached_tokens=40 * place,
                        output_tokens=int(chance.lognormvariate(5 + place * 0.4, 0.4)),
                        started=f"2026-07-01T10:{index % 60:02}:00+00:00",
                    )
                    yield attempt, record


def write_job(folder: Path, attempts: Iterable[tuple[Attempt, Record]], **facts: object) -> Path:
    """Write a job's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        "n": 5,
        "seed": 0,
        "versions": {"codesteer": "0.1", "python": "3.11.7"},
        "hardware": {"cpu": "one", "cores": "2"},
    }
    (folder / "job.json").write_text(json.dumps({**told, **facts}), encoding="utf-8")
    with (folder / "attempts.jsonl").open("wb") as file:
        for attempt, record in attempts:
            line = msgspec.to_builtins(attempt) | {"record": msgspec.to_builtins(record)}
            file.write(msgspec.json.encode(line) + b"\n")
    return folder
