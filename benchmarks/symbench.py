"""SymBench: how fast problems are made and answers verified, and the same beside reasoning-gym.

    python -m benchmarks.symbench [TASK...] [--seconds 0.5] [--samples ../shared/symbench-samples]

First table: per task, at the paper's first level, verdicts a second (right answers and near misses in turn), problems made
and verified a second, the slowest verdict over hostile texts up to a megabyte; the goals stand beside them. Second table: the
tasks that reasoning-gym has too, both libraries in this process, one after the other, at settings of about the same size
(theirs by default; ours named): ratios above 1 say that ours is faster, the last one for making and verifying a problem together. Most of theirs verify by
comparing with a stored answer, ours by rule. Rates are per second of this process' own time
on one core, which a busy machine does not change.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Task
from codesteer_kernel.symbench.proof import hostile_texts, marked

SEARCH = {
    *("game24", "boxlift", "boxnet", "blocksworld", "logical_equation", "logic_puzzle", "standard_sudoku"),
    *("constrained_linear_arrangement", "letter_logic_diagram", "eight_queens", "combinatorial_calculation"),
    *("permutations_and_combinations", "cryptanalysis", "logical_deduction", "pattern_recognition"),
}
MADE = {"letter_logic_diagram": 100, "logic_puzzle": 100, "standard_sudoku": 50}
# Ours, at about the size that theirs has by default.
PEERS: dict[str, tuple[str, dict[str, Any] | str | None]] = {
    "standard_sudoku": ("sudoku", None),
    "game24": ("puzzle24", {"low": 1, "high": 10}),
    "combinatorial_calculation": ("countdown", None),
    "number_multiply": ("products", {"factors": 2, "shortest": 1, "longest": 5}),
    "letters": ("letter_counting", None),
    "eight_queens": ("n_queens", None),
    "matrix_transformation": ("rotate_matrix", None),
    "pooling": ("pool_matrix", None),
    "boxnet": ("boxnet", None),
    "mahjong_pattern": ("mahjong_puzzle", None),
    "string_deletion_and_modification": ("string_manipulation", None),
    "string_insertion": ("string_insertion", None),
    "string_synthesis": ("string_synthesis", None),
    "string_splitting": ("string_splitting", None),
}


def goals(name: str) -> tuple[int, int | None]:
    """Verdicts and made-and-verified problems a second that are aimed at; None for no goal."""
    if name == "path_plan":
        return 300, None
    if name in SEARCH:
        return 3000, MADE.get(name)
    return 10_000, 2000


def rate(work: Callable[[int], object], seconds: float) -> float:
    """Calls a second of process time; the first call, which may load things, is not counted."""
    work(0)
    done, started = 0, time.process_time()
    while (used := time.process_time() - started) < seconds or not done:
        done += 1
        work(done)
    return done / max(used, 1e-9)


def level_of(task: Task) -> str:
    return next(level for level in task.levels if level.startswith("paper-"))


def answered(task: Task, level: Any, count: int) -> list[tuple[symbench.Problem, str]]:
    """Problems with right answers and near misses."""
    pairs = []
    for seed in range(count):
        problem = task.generate(seed, level)
        pairs.append((problem, marked(problem.reference)))
        pairs += [(problem, marked(wrong)) for _, wrong in task.mutate(problem, problem.reference, Random(seed))][:3]
    return pairs


def verify_rate(task: Task, level: Any, seconds: float) -> float:
    pairs = answered(task, level, 10)
    return rate(lambda at: task.verify(*pairs[at % len(pairs)]), seconds)


def made_rate(task: Task, level: Any, seconds: float) -> float:
    def once(seed: int) -> None:
        problem = task.generate(seed, level)
        assert task.verify(problem, marked(problem.reference)).correct

    return rate(once, seconds)


def slowest(task: Task) -> float:
    """Seconds of the slowest verdict over hostile texts."""
    problem = task.generate(0, [*task.levels][-1])
    worst = 0.0
    for _, text in hostile_texts():
        started = time.process_time()
        task.verify(problem, text)
        worst = max(worst, time.process_time() - started)
    return worst


def ours(tasks: list[Task], seconds: float) -> Iterator[str]:
    yield f"{'task':34}{'level':>22}{'verify/s':>12}{'goal':>8}{'made+ver/s':>12}{'goal':>7}{'slowest':>10}"
    for task in tasks:
        level = level_of(task)
        verified, made, worst = verify_rate(task, level, seconds), made_rate(task, level, seconds), slowest(task)
        goal, made_goal = goals(task.name)
        missed = "  *" if verified < goal or made < (made_goal or 0) or worst > 0.05 else ""
        aim = "" if made_goal is None else f"{made_goal:,}"
        yield f"{task.name:34}{level:>22}{verified:12,.0f}{goal:8,}{made:12,.0f}{aim:>7}{worst * 1000:7.1f} ms{missed}"
    yield "* short of a goal"


def peers(seconds: float) -> Iterator[str]:
    warnings.simplefilter("ignore")
    import reasoning_gym

    yield f"{'task':34}{'theirs':>20}{'made/s':>10}{'theirs':>10}{'ratio':>8}{'verify/s':>12}{'theirs':>12}{'ratio':>8}{'both':>8}"
    for name, (peer, settings) in PEERS.items():
        if name not in symbench.tasks():
            continue
        task = symbench.get(name)
        level = settings if settings is not None else level_of(task)
        made = rate(lambda at, task=task, level=level: task.generate(at, level), seconds)  # type: ignore[misc]
        verified = verify_rate(task, level, seconds)
        dataset = reasoning_gym.create_dataset(peer, size=1_000_000, seed=1)
        their_made = rate(lambda at, dataset=dataset: dataset[at], seconds)  # type: ignore[misc]
        items = [dataset[at] for at in range(5)]
        their_verified = 0.0
        if items[0]["answer"] is not None:
            their_verified = rate(
                lambda at, dataset=dataset, items=items: dataset.score_answer(items[at % 5]["answer"], items[at % 5]),  # type: ignore[misc]
                seconds,
            )
        shown = f"{'no answer':>12}"
        if their_verified:
            both = (1 / their_made + 1 / their_verified) / (1 / made + 1 / verified)
            shown = f"{their_verified:12,.0f}{verified / their_verified:8.2f}{both:8.2f}"
        yield f"{name:34}{peer:>20}{made:10,.0f}{their_made:10,.0f}{made / their_made:8.2f}{verified:12,.0f}{shown}"


def conformance(samples: Path) -> Iterator[str]:
    rows = [json.loads(line) for line in (samples / "conformance.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["task"] in symbench.tasks()]
    started, verdicts = time.process_time(), 0
    for row in rows:
        task = symbench.get(row["task"])
        problem = task.load({name: row[name] for name in ("task", "question", "payload", "sample_id")})
        for answer in (*row["accepted"], *row["rejected"]):
            task.verify(problem, answer)
            verdicts += 1
    yield f"{len(rows)} conformance rows loaded and {verdicts} verdicts given in {time.process_time() - started:.2f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*")
    parser.add_argument("--seconds", type=float, default=0.5, help="process time for each rate")
    parser.add_argument("--samples", type=Path, default=Path(__file__).parents[2] / "shared" / "symbench-samples")
    options = parser.parse_args()
    chosen = [symbench.get(name) for name in options.tasks] or [*symbench.tasks().values()]
    for line in ours(chosen, options.seconds):
        print(line, flush=True)
    if options.tasks:
        return
    print()
    for line in peers(options.seconds):
        print(line, flush=True)
    if options.samples.is_dir():
        print()
        print("\n".join(conformance(options.samples)))


if __name__ == "__main__":
    main()
