"""The published samples on disk: one reader for each layout, all of them yielding records for ``Task.load``.

A record is a mapping with ``task``, ``question`` ("" where the samples come without one), ``payload`` (the sample's own
data) and ``sample_id`` (its path below the data folder, with ``#row`` for rows of one file). Order is natural: sample_2
before sample_10.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from codesteer_kernel.errors import BadInput

__all__ = ["Record", "records"]

Record = Mapping[str, Any]
_Reader = Callable[[Path, str], Iterator[Record]]

_SUBJECTS = {"geometry": "math_geometry", "counting_and_probability": "math_counting_probability"}
_BIG_BENCH = {
    "date_understanding": "date_understanding",
    "web_of_lies": "web_of_lies",
    "logical_deduction_seven_objects": "logical_deduction",
    "navigate": "navigate",
}


def records(folder: Path, task: str | None = None) -> Iterator[Record]:
    """Every sample below a data folder, or those of one task.

    Args:
        folder: the published ``dataset_gather`` folder, or one that holds it.
        task: yield this task's samples only.

    Raises:
        BadInput: no such folder, no known layout in it, or a sample that is not of its layout.
    """
    root = folder / "dataset_gather" if (folder / "dataset_gather").is_dir() else folder
    if not root.is_dir():
        raise BadInput(f"There is no folder {folder}.", "Name the published dataset_gather folder.")
    known = [(entry, found) for entry in sorted(root.iterdir(), key=_natural) if (found := _layout(entry.name))]
    if not known:
        raise BadInput(f"{folder} holds no published samples.", "Name the published dataset_gather folder.")
    for entry, (owner, read) in known:
        if task is None or owner in (task, ""):
            try:
                yield from (record for record in read(entry, owner) if task in (None, record["task"]))
            except (KeyError, TypeError, ValueError, OSError) as fault:
                raise BadInput(f"{entry.name} is not in its published layout: {fault!r}.") from fault


def _layout(name: str) -> tuple[str, _Reader] | None:
    """The task ("" for folders of several) and the reader of an entry of the data folder; the longest name wins."""
    fitting = [prefix for prefix in _LAYOUTS if name.startswith(prefix)]
    return _LAYOUTS[max(fitting, key=len)] if fitting else None


def _natural(path: Path) -> list[tuple[int, str]]:
    """A key that sorts numbers in names by value."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split("([0-9]+)", str(path)) if part]


def _found(folder: Path, pattern: str) -> Iterator[tuple[Path, str]]:
    """Files that match, in natural order, each with the path of its folder below the data folder."""
    for path in sorted(folder.rglob(pattern), key=_natural):
        yield path, path.parent.relative_to(folder.parent).as_posix()


def _record(task: str, sample_id: str, question: str, payload: Mapping[str, Any]) -> Record:
    return {"task": task, "question": question, "payload": payload, "sample_id": sample_id}


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _with_solution(folder: Path, task: str) -> Iterator[Record]:
    """``sample_<i>/question.txt`` beside ``solution.json``, an object or a bare answer."""
    for path, sample_id in _found(folder, "question.txt"):
        solution = _json(path.with_name("solution.json"))
        payload = solution if isinstance(solution, dict) else {"solution": solution}
        yield _record(task, sample_id, path.read_text(encoding="utf-8"), payload)


def _game24(folder: Path, task: str) -> Iterator[Record]:
    """``<target>/*.csv`` with a rank, numbers parted by blanks and, in some files, a solution."""
    for path, parent in _found(folder, "*.csv"):
        target = int(path.parent.name)
        with path.open(encoding="utf-8", newline="") as file:
            for at, row in enumerate(csv.DictReader(file)):
                rank = int(row["Rank"]) - 1 if row.get("Rank", "").isdigit() else at
                payload: dict[str, Any] = {"numbers": [int(one) for one in row["Puzzles"].split()], "target": target}
                if row.get("Solved rate"):
                    payload["solved_rate"] = row["Solved rate"]
                if row.get("Solutions"):
                    payload["solution"] = row["Solutions"]
                yield _record(task, f"{parent}/{path.name}#{rank}", "", payload)


def _boxlift(folder: Path, task: str) -> Iterator[Record]:
    """``BoxLift.json`` with weights and strengths; the budget of steps is computed as the published script does."""
    for path, sample_id in _found(folder, "BoxLift.json"):
        data = _json(path)
        payload = {"boxes": data["boxes"], "lifters": data["lifters"]}
        yield _record(task, sample_id, "", {**payload, "max_steps": greedy_steps(**payload)})


def greedy_steps(boxes: list[int], lifters: list[int]) -> int:
    """The published budget: in each step, from heavy to light, a box takes lifters in order until it is carried.

    Raises:
        ValueError: a box is too heavy for all lifters together.
    """
    rest, steps = sorted(boxes, reverse=True), 0
    while rest:
        free, waiting = list(lifters), []
        for box in rest:
            if sum(free) < box:
                waiting.append(box)
                continue
            lifted = 0
            while lifted < box:
                lifted += free.pop(0)
        if len(waiting) == len(rest):
            raise ValueError("a box is too heavy for all lifters together")
        rest, steps = waiting, steps + 1
    return steps


def _boxnet(folder: Path, task: str) -> Iterator[Record]:
    """``pg_state<k>.json``: what lies in each square, by the square's centre; the size is in the folder's name."""
    for path, sample_id in _found(folder, "pg_state*.json"):
        rows, cols = (int(size) for size in path.parent.parent.name.split("_")[-2:])
        yield _record(task, sample_id, "", {"rows": rows, "cols": cols, "cells": _json(path)})


def _blocksworld(folder: Path, task: str) -> Iterator[Record]:
    """``blocksworld_task.txt``: two sections of ``stackN: B A`` lines, bottom first."""
    for path, sample_id in _found(folder, "blocksworld_task.txt"):
        sections: dict[str, dict[str, list[str]]] = {}
        current: dict[str, list[str]] = {}
        for line in filter(str.strip, path.read_text(encoding="utf-8").splitlines()):
            name, colon, blocks = line.partition(":")
            if not colon:
                raise ValueError(f"{line!r} is no line of a stack")
            if name.endswith("State"):
                current = sections.setdefault(name.split()[0].lower(), {})
            else:
                current[name.strip()] = blocks.split()
        yield _record(task, sample_id, "", {"initial": sections["initial"], "goal": sections["goal"]})


def _letters(folder: Path, task: str) -> Iterator[Record]:
    """``<letter>_<count>_<k>/test_words.json``: one word."""
    for path, sample_id in _found(folder, "test_words.json"):
        letter, count, _ = path.parent.name.split("_")
        yield _record(task, sample_id, "", {"word": _json(path), "letter": letter, "letter_freq": int(count)})


def _number_multiply(folder: Path, task: str) -> Iterator[Record]:
    """Factors, product and question in three small text files."""
    for path, sample_id in _found(folder, "input_value_list.txt"):
        target = path.with_name("target_answer.txt").read_text(encoding="utf-8")
        payload = {"factors": _json(path), "target": int(target)}
        yield _record(task, sample_id, path.with_name("input_prompt_1.txt").read_text(encoding="utf-8"), payload)


def _big_bench(folder: Path, task: str) -> Iterator[Record]:
    """``bbh/<name>.json`` with examples of input and target."""
    for path, parent in _found(folder, "*.json"):
        if path.stem in _BIG_BENCH:
            for at, example in enumerate(_json(path)["examples"]):
                payload = {"target": example["target"]}
                yield _record(_BIG_BENCH[path.stem], f"{parent}/{path.name}#{at}", example["input"], payload)


def _gsm_hard(path: Path, task: str) -> Iterator[Record]:
    """One JSON object a line: input, program, target."""
    for at, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        data = json.loads(line)
        yield _record(task, f"{path.name}#{at}", data["input"], {"target": data["target"], "code": data["code"]})


def _math(folder: Path, task: str) -> Iterator[Record]:
    """``<split>/<subject>/<id>.json``: problem, level, solution with the answer in a box."""
    for path, parent in _found(folder, "*.json"):
        subject = _SUBJECTS.get(path.parent.name)
        if subject is not None:
            data = _json(path)
            payload = {"solution": data["solution"], "level": data["level"], "boxed": boxed(data["solution"])}
            yield _record(subject, f"{parent}/{path.name}", data["problem"], payload)


def boxed(solution: str) -> str:
    r"""What stands in the last ``\boxed{...}``, braces balanced.

    Raises:
        ValueError: there is none.
    """
    _, mark, rest = solution.rpartition("\\boxed{")
    depth = 1
    for at, sign in enumerate(rest):
        depth += (sign == "{") - (sign == "}")
        if depth == 0 and mark:
            return rest[:at]
    _, mark, rest = solution.rpartition("\\boxed ")
    if mark and rest:
        return re.split(r"[\s$]", rest)[0]
    raise ValueError("the solution has no boxed answer")


_LAYOUTS: dict[str, tuple[str, _Reader]] = {
    "2048_dataset": ("2048", _with_solution),
    "combinatorial_calculation": ("combinatorial_calculation", _with_solution),
    "constrained_linear_arrangement": ("constrained_linear_arrangement", _with_solution),
    "cryptanalysis": ("cryptanalysis", _with_solution),
    "eight_queens_dataset": ("eight_queens", _with_solution),
    "letter_logic_diagram": ("letter_logic_diagram", _with_solution),
    "light_puzzles_dataset": ("light_puzzles", _with_solution),
    "logic_puzzle_dataset": ("logic_puzzle", _with_solution),
    "logical_equation": ("logical_equation", _with_solution),
    "mahjong_pattern_dataset": ("mahjong_pattern", _with_solution),
    "matrix_transformation_dataset": ("matrix_transformation", _with_solution),
    "new_operator_dataset": ("new_operator", _with_solution),
    "pattern_recognition": ("pattern_recognition", _with_solution),
    "permutations_and_combinations": ("permutations_and_combinations", _with_solution),
    "pooling_dataset": ("pooling", _with_solution),
    "reversi_dataset": ("reversi", _with_solution),
    "standard_sudoku": ("standard_sudoku", _with_solution),
    "statistical_counting_dataset": ("statistical_counting", _with_solution),
    "string_deletion_and_modification": ("string_deletion_and_modification", _with_solution),
    "string_insertion": ("string_insertion", _with_solution),
    "string_splitting": ("string_splitting", _with_solution),
    "string_synthesis": ("string_synthesis", _with_solution),
    "synthesis_decomposition_dataset": ("synthesis_decomposition", _with_solution),
    "game24_dataset": ("game24", _game24),
    "BoxLift_dataset": ("boxlift", _boxlift),
    "BoxNet1_dataset": ("boxnet", _boxnet),
    "Blocksworld_dataset": ("blocksworld", _blocksworld),
    "Letters": ("letters", _letters),
    "number_multiply": ("number_multiply", _number_multiply),
    "BIG-Bench-Hard": ("", _big_bench),
    "gsmhardv2.jsonl": ("gsm_hard", _gsm_hard),
    "MATH": ("", _math),
}
