"""What is wrong with published samples: found by looking, kept in a table by sample id.

The table (``errata.json``) was written over the samples that came with this project's tests; samples beyond it are
examined while they are loaded, so nothing depends on having seen a sample before. A sample's entry holds a digest of its
question and data: a row number in somebody's shortened file does not inherit another row's fault.

python -m codesteer_kernel.symbench.published FOLDER    # writes the table anew
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from codesteer_kernel.symbench.problem import Problem, canonical
from codesteer_kernel.symbench.published.layouts import Record
from codesteer_kernel.symbench.registry import get
from codesteer_kernel.symbench.task import Task

__all__ = ["TABLE", "Defect", "digest", "errata", "examine", "table", "tabulate"]

TABLE = Path(__file__).with_name("errata.json")
# Tasks whose published scorer compares with the one stored answer although the rules allow several.
_SCORED_BY_EQUALITY = {"letter_logic_diagram", "constrained_linear_arrangement"}


@dataclass(frozen=True, slots=True)
class Defect:
    """One fault of a sample.

    Attributes:
        kind: ``wrong_answer``, ``no_answer``, ``several_answers``, ``ambiguous`` (the answer depends on something unsaid),
            ``already_solved``, ``trivial``, ``off_alphabet``, ``unscorable`` (the published scorer refuses its own answer
            or no answer can pass it), ``lost_number`` (a number was enlarged in the text only).
        evidence: what shows it.
    """

    kind: str
    evidence: str


def errata(record: Record, problem: Problem) -> list[Defect]:
    """The defects of a sample: from the table where it holds this very sample, else found now."""
    entry = table().get(problem.sample_id)
    if entry is not None and entry["digest"] == digest(record):
        return [Defect(**defect) for defect in entry["defects"]]
    return examine(record, problem)


def examine(record: Record, problem: Problem) -> list[Defect]:
    """Look for every kind of defect, by verifying, solving and comparing."""
    task = get(problem.task)
    published = record["payload"]
    found = [*_answer_faults(task, problem, published)]
    for look in _LOOKS.get(problem.task, ()):
        defect = look(task, problem, published)
        if defect is not None:
            found.append(defect)
    return found


def digest(record: Record) -> str:
    """Names a sample by what it says."""
    text = canonical([record["question"], dict(record["payload"])])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def table() -> Mapping[str, Any]:
    """Known defects by sample id: ``task``, ``digest``, ``defects``."""
    if not TABLE.exists():
        return {}
    known: Mapping[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return known


def tabulate(samples: Iterable[Record]) -> str:
    """The table for these samples, as JSON text; samples without defects are left out."""
    rows = {}
    for record in samples:
        defects = examine(record, get(record["task"]).load(record))
        if defects:
            named = {"task": record["task"], "digest": digest(record)}
            rows[record["sample_id"]] = {**named, "defects": [asdict(defect) for defect in defects]}
    return json.dumps(rows, indent=1, sort_keys=True) + "\n"


# --------------------------------------------------------------------------------------------------------- the looks


def _answer_faults(task: Task, problem: Problem, published: Mapping[str, Any]) -> Iterable[Defect]:
    gold = task.published(published)
    if not problem.reference:
        yield Defect("no_answer", "A complete search over the question's data finds no answer that keeps its rules.")
    if gold is not None:
        verdict = task.verify(problem, f"<<<{gold}>>>")
        if not verdict.correct:
            right = f" {_short(problem.reference)} is right." if problem.reference else ""
            yield Defect("wrong_answer", f"The published {_short(gold)} is refused: {verdict.reason}{right}")
    by_rank = published.get("game_type") == "animal"  # the one card game whose scorer looks at the rules
    if problem.task in _SCORED_BY_EQUALITY and problem.reference and not by_rank:
        spelled = {task.verify(problem, f"<<<{answer}>>>").extracted for answer in task.solve(problem, 2)}
        if len(spelled) > 1:
            both = " and ".join(sorted(_short(str(one)) for one in spelled))
            yield Defect("several_answers", f"The rules allow {both}; the published scorer knows one answer.")


def _another_schedule(task: Task, problem: Problem, published: Mapping[str, Any]) -> Defect | None:
    """The text says "cycle through the methods"; another reading of it leads elsewhere."""
    return _another_reading(task, problem, "schedule", {str(one) for one in task.knobs["schedule"].choices})


def _another_order(task: Task, problem: Problem, published: Mapping[str, Any]) -> Defect | None:
    """The text does not say which of several operators comes first."""
    return _another_reading(task, problem, "order", {"left", "right"})


def _another_reading(task: Task, problem: Problem, name: str, readings: Iterable[str]) -> Defect | None:
    taken = problem.payload[name]
    # Rules that are carried out for ever lead to no answer.
    here, *_ = *task.solve(problem, 1), "endless"
    for reading in sorted(readings):
        there, *_ = *task.solve(replace(problem, payload={**problem.payload, name: reading}), 1), "endless"
        if there != here:
            return Defect("ambiguous", f"With {name} {taken} it is {here}, with {reading} {there}; none is stated.")
    return None


def _already_solved(task: Task, problem: Problem, published: Mapping[str, Any]) -> Defect | None:
    initial, goal = ({name: stack for name, stack in published[part].items() if stack} for part in ("initial", "goal"))
    if initial != goal:
        return None
    return Defect("already_solved", "The start is the goal, and the published scorer refuses an empty plan.")


def _empty_tile(task: Task, problem: Problem, published: Mapping[str, Any]) -> Defect | None:
    row, column = published["start_pos"]
    if published["grid"][row][column]:
        return None
    return Defect(
        "trivial", f"The tile to move, ({row + 1},{column + 1}), is an empty square: the board stays as it is."
    )


def _off_alphabet(task: Task, problem: Problem, published: Mapping[str, Any]) -> Defect | None:
    cards = published["initial_cards"] + "".join(turn["add"] + turn["remove"] for turn in published["rounds"])
    beyond = sorted({card for card in cards if not "A" <= card <= "Z"})
    return Defect("off_alphabet", f"Cards beyond Z are dealt: {' '.join(beyond)}.") if beyond else None


def _fractions(task: Task, problem: Problem, published: Mapping[str, Any]) -> Defect | None:
    cells = [cell for row in published["solution"] for cell in row]
    broken = [cell for cell in cells if float(cell) != int(cell)]
    if published["pooling_type"] != "average" and not broken:
        return None
    shown = f" such as {broken[0]}" if broken else ""
    return Defect(
        "unscorable", f"The answer is written in decimals{shown}; the published scorer reads whole numbers only."
    )


def _other_size(task: Task, problem: Problem, published: Mapping[str, Any]) -> Defect | None:
    size = len(published["initial_board"])
    if size == 8:
        return None
    return Defect("unscorable", f"The board has {size} rows; the published scorer wants eight queens.")


def _already_moved(task: Task, problem: Problem, published: Mapping[str, Any]) -> Defect | None:
    board = problem.question.partition("previous round of the game was:")[2]
    rows = re.findall(r"^[*01]+$", board, re.MULTILINE)
    size = int(published["board_size"])
    if len(rows) < size or ",".join("".join(rows[:size])) != published["solution"]:
        return None
    return Defect("trivial", "The board shown as the previous one already is the answer.")


def _unlisted_date(task: Task, problem: Problem, published: Mapping[str, Any]) -> Defect | None:
    date = problem.payload.get("unlisted")
    if not date or date in problem.payload["options"]:
        return None
    return Defect("no_answer", f"The story leads to {date}, which is not among the options.")


def _inner_squares(task: Task, problem: Problem, published: Mapping[str, Any]) -> Defect | None:
    """The text asks for a uniform square of side 3 or more; inside a larger one stand several."""
    rows, stored = problem.payload["rows"], (int(published["row"]), int(published["column"]))
    for row in range(2, len(rows)):
        for column in range(2, len(rows[0])):
            letters = {rows[y][x] for y in range(row - 2, row + 1) for x in range(column - 2, column + 1)}
            if len(letters) == 1 and (row, column) != stored:
                return Defect("several_answers", f"A uniform square of side 3 ends at ({row}, {column}) too.")
    return None


def _lost_number(task: Task, problem: Problem, published: Mapping[str, Any]) -> Defect | None:
    """A number was enlarged wherever it stood in the text, in the program behind the answer only once."""
    program = re.sub(r'""".*?"""', "", str(published.get("code", "")), flags=re.DOTALL)
    if not program:
        return None
    inside = Counter(re.findall(r"[0-9]{4,}", program.replace("_", "")))
    for number, times in Counter(re.findall(r"[0-9]{4,}", problem.question.replace(",", ""))).items():
        if times > inside[number] > 0:
            return Defect("lost_number", f"{number} stands {times} times in the text, {inside[number]} in the program.")
    return None


_Look = Callable[[Task, Problem, Mapping[str, Any]], Defect | None]
_LOOKS: dict[str, tuple[_Look, ...]] = {
    "2048": (_empty_tile,),
    "blocksworld": (_already_solved,),
    "date_understanding": (_unlisted_date,),
    "eight_queens": (_other_size,),
    "gsm_hard": (_lost_number,),
    "mahjong_pattern": (_off_alphabet,),
    "new_operator": (_another_order,),
    "pattern_recognition": (_inner_squares,),
    "pooling": (_fractions,),
    "reversi": (_already_moved,),
    "string_deletion_and_modification": (_another_schedule,),
    "string_splitting": (_another_schedule,),
    "string_synthesis": (_another_schedule,),
}


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else f"{text[:77]}..."
