"""``codesteer symbench ...``: list and show tasks, generate and verify problems, prove tasks, load published samples."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self, TextIO

from codesteer_kernel import symbench
from codesteer_kernel.commands import table
from codesteer_kernel.errors import BadInput
from codesteer_kernel.subcommands import Parser, Subcommand, run_subcommand
from codesteer_kernel.symbench import Problem, Task

__all__ = ["run_symbench"]

_SLOW = 0.05
_HELP = """\
codesteer symbench: problems with verifiers, for trying models and methods.

  codesteer symbench list [--json]        the tasks
  codesteer symbench show TASK            its rule, knobs and levels, and an example
  codesteer symbench show TASK [--level L] [--seed N] [--set KNOB=VALUE] [--answer] [--json]
                                          one problem; with --answer a right answer below it
  codesteer symbench generate [TASK...] [-n N] [--level L] [--seed N] [--set KNOB=VALUE] [-o FILE]
                                          N problems of each task (of all, where none is named), one JSON line each
  codesteer symbench verify FILE [-o FILE]
                                          lines of problems with an "answer" in; lines of verdicts out
  codesteer symbench prove [TASK...] [--n N] [--seeds N] [--solvers] [--json]
                                          try what tasks promise, N problems a level; with --seeds count duplicates, with
                                          --solvers let constraint models agree (pip install 'codesteer[solvers]')
  codesteer symbench load FOLDER [--task TASK] [--flavour fixed|compat] [-o FILE]
                                          published samples as lines of problems

FILE may be -, which is stdin or stdout. A level is a preset (1, 2, ..., paper-1); single knobs are laid over it.
Exit codes: 0 done, 1 an answer is wrong or a promise is broken, 2 bad input, 130 stopped.
"""


def run_symbench(words: Sequence[str]) -> int:
    """Carry out ``symbench WORDS``; prints, and returns the exit code.

    Raises:
        BadInput, UnknownName: the words name no command, option, task, level or knob; a file cannot be read.
    """
    commands: dict[str, Subcommand] = {
        "list": _list,
        "show": _show,
        "generate": _generate,
        "verify": _verify,
        "prove": _prove,
        "load": _load,
    }
    return run_subcommand("symbench", commands, words, _HELP)


# ---------------------------------------------------------------------------------------------------------- commands


def _list(parser: Parser, words: list[str]) -> int:
    parser.add_argument("--json", action="store_true")
    if parser.parse_args(words).json:
        print(json.dumps([_card(task) for task in symbench.tasks().values()]))
        return 0
    rows = [("TASK", "IN THE PAPER", "SPLIT", "LEVELS", "WHAT IS ASKED")]
    for name, task in symbench.tasks().items():
        rows.append((name, task.paper_name, task.split, str(len(task.levels)), task.about))
    print(table(rows))
    return 0


def _show(parser: Parser, words: list[str]) -> int:
    parser.add_argument("task")
    _problem_options(parser)
    parser.add_argument("--answer", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(words)
    task = symbench.get(given.task)
    problem = task.generate(given.seed, _level(task, given.level, given.set))
    if given.json:
        print(problem.to_json())
        return 0
    if given.level is None and not given.set and "--seed" not in words:
        print(_card_text(task))
        print(f"\nAn example (--seed {given.seed}):\n")
    print(problem.question)
    if given.answer:
        print(f"\nA right answer:\n<<<{problem.reference}>>>")
    return 0


def _generate(parser: Parser, words: list[str]) -> int:
    parser.add_argument("tasks", nargs="*")
    parser.add_argument("-n", "--n", type=_count, default=1)
    _problem_options(parser)
    parser.add_argument("-o", "--output", default="-")
    given = parser.parse_args(words)
    chosen = _tasks(given.tasks)
    levels = {task.name: _level(task, given.level, given.set) for task in chosen}
    with _writing(given.output) as file, _Bar(len(chosen) * given.n, given.output) as bar:
        for task in chosen:
            for seed in range(given.seed, given.seed + given.n):
                file.write(f"{task.generate(seed, levels[task.name]).to_json()}\n")
                bar.step(task.name)
    return 0


def _verify(parser: Parser, words: list[str]) -> int:
    parser.add_argument("file")
    parser.add_argument("-o", "--output", default="-")
    given = parser.parse_args(words)
    rows = [_answered(at, line) for at, line in enumerate(_lines(given.file), 1) if line.strip()]
    right: Counter[str] = Counter()
    codes: dict[str, Counter[str]] = {}
    with _writing(given.output) as file, _Bar(len(rows), given.output) as bar:
        for at, problem, answer in rows:
            verdict = _verdict(at, problem, answer)
            named = {"task": problem.task, "seed": problem.seed, "sample_id": problem.sample_id}
            file.write(json.dumps({**named, **asdict(verdict)}) + "\n")
            right[problem.task] += verdict.correct
            codes.setdefault(problem.task, Counter())[verdict.code] += 1
            bar.step(problem.task)
    for name, counted in codes.items():
        told = ", ".join(f"{code} {count}" for code, count in counted.most_common())
        print(f"{name}: {right[name]} of {counted.total()} right ({told})", file=sys.stderr)
    old = {problem.task for _, problem, _ in rows if problem.version != symbench.get(problem.task).version}
    if old:
        print(f"Made by another version of the task: {', '.join(sorted(old))}.", file=sys.stderr)
    return 0 if right.total() == len(rows) else 1


def _prove(parser: Parser, words: list[str]) -> int:
    from codesteer_kernel.symbench.proof import prove

    parser.add_argument("tasks", nargs="*")
    parser.add_argument("--n", type=_count, default=20)
    parser.add_argument("--seeds", type=int, default=0)
    parser.add_argument("--solvers", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(words)
    chosen = _tasks(given.tasks)
    with _Bar(sum(len(task.levels) for task in chosen)) as bar:
        proofs = [prove(task, given.n, given.seeds, bar.step, models=given.solvers) for task in chosen]
    if given.json:
        print(json.dumps([asdict(proof) for proof in proofs]))
    else:
        print(_proof_table(proofs))
    return 1 if any(proof.faults for proof in proofs) else 0


def _load(parser: Parser, words: list[str]) -> int:
    from codesteer_kernel.symbench.published import load_published

    parser.add_argument("folder")
    parser.add_argument("--task")
    parser.add_argument("--flavour", choices=("fixed", "compat"), default="fixed")
    parser.add_argument("-o", "--output", default="-")
    given = parser.parse_args(words)
    if given.task is not None:
        symbench.get(given.task)
    counted: Counter[str] = Counter()
    flawed: Counter[str] = Counter()
    with _writing(given.output) as file, _Bar(None, given.output) as bar:
        for problem in load_published(Path(given.folder), given.task, given.flavour):
            file.write(f"{problem.to_json()}\n")
            counted[problem.task] += 1
            flawed[problem.task] += bool(problem.facts.get("errata"))
            bar.step(problem.task)
    for name in sorted(counted):
        known = f", {flawed[name]} with known defects" if flawed[name] else ""
        print(f"{name}: {counted[name]}{known}", file=sys.stderr)
    return 0


# ------------------------------------------------------------------------------------------------------------- words


def _problem_options(parser: Parser) -> None:
    parser.add_argument("--level")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="KNOB=VALUE")


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return int(text)


def _tasks(names: list[str]) -> list[Task]:
    return [symbench.get(name) for name in names] or [*symbench.tasks().values()]


def _level(task: Task, level: str | None, settings: list[str]) -> dict[str, Any]:
    """A preset with single knobs laid over it, checked."""
    values: dict[str, Any] = dict(task.resolve(level))
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise BadInput(f"{setting!r} sets no knob.", "Write --set KNOB=VALUE.")
        values[name] = task.knobs[name].read(text) if name in task.knobs else text
    return task.resolve(values)


def _answered(at: int, line: str) -> tuple[int, Problem, str]:
    """A line's number, its problem and the answer to it."""
    try:
        data = json.loads(line)
        answer = data.pop("answer")
        problem = Problem.from_json(json.dumps(data))
    except (ValueError, KeyError, AttributeError, TypeError):
        raise BadInput(
            f"Line {at} does not hold a problem with an answer.",
            'Each line is a problem as codesteer symbench generate writes it, with "answer" added.',
        ) from None
    if not isinstance(answer, str):
        raise BadInput(f"The answer in line {at} is not a text.")
    symbench.get(problem.task)
    return at, problem, answer


def _verdict(at: int, problem: Problem, answer: str) -> symbench.Verdict:
    """The verdict; verifiers trust a problem's data, which in a file may be anybody's."""
    try:
        return symbench.get(problem.task).verify(problem, answer)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as fault:
        raise BadInput(f"The payload in line {at} is not one of {problem.task}: {fault!r}.") from fault


# ------------------------------------------------------------------------------------------------------------- texts


def _card(task: Task) -> dict[str, Any]:
    """What is known of a task, as JSON."""
    knobs = {
        name: {"type": knob.kind.__name__, "default": knob.default, "allowed": knob.bounds, "help": knob.help}
        for name, knob in task.knobs.items()
    }
    levels = {name: task.resolve(name) for name in task.levels}
    named = {"name": task.name, "paper_name": task.paper_name, "split": task.split, "version": task.version}
    return {**named, "about": task.about, "rule": task.rule, "knobs": knobs, "levels": levels}


def _card_text(task: Task) -> str:
    knobs = [("KNOB", "DEFAULT", "ALLOWED", "")]
    knobs += [(name, str(knob.default), knob.bounds, knob.help) for name, knob in task.knobs.items()]
    levels = [("LEVEL", "SETS")]
    for name, level in task.levels.items():
        levels.append((name, ", ".join(f"{knob}={value}" for knob, value in level.items()) or "the defaults"))
    head = f"{task.name}: {task.about}\nIn the paper: {task.paper_name} ({task.split}); version {task.version}"
    return f"{head}\n{task.rule}\n\n{table(knobs)}\n\n{table(levels)}"


def _proof_table(proofs: Iterable[Any]) -> str:
    rows = [("TASK", "PROBLEMS", "SOLVED", "MUTANTS", "KINDS", "ONE ANSWER", "SLOWEST", "REPEATS", "EFFORT", "S", "")]
    faults: list[str] = []
    for proof in proofs:
        numbered = [effort for level, effort in proof.efforts.items() if level.isdigit()]
        rows.append(
            (
                proof.task,
                str(proof.problems),
                str(proof.solutions),
                f"{proof.mutants}" + (f" (+{proof.spared} right)" if proof.spared else ""),
                str(proof.kinds),
                str(proof.unique),
                f"{proof.slowest * 1000:.1f} ms",
                "" if proof.duplicates is None else f"{proof.duplicates:.2%}",
                f"{numbered[0]:,.3g} to {numbered[-1]:,.3g}",
                f"{proof.seconds:.1f}",
                f"{len(proof.faults)} faults" if proof.faults else f"proven{', slow' * (proof.slowest > _SLOW)}",
            )
        )
        faults += [f"{proof.task}: {sentence}" for sentence in proof.faults]
    modelled = sum(proof.modelled for proof in proofs)
    if modelled:
        seconds = sum(proof.modelled_seconds for proof in proofs)
        faults.append(f"Constraint models were asked about {modelled} problems, {modelled / seconds:,.0f} a second.")
    return "\n".join([table(rows), *([""] if faults else []), *faults])


# ------------------------------------------------------------------------------------------------------------- files


def _lines(name: str) -> Iterator[str]:
    if name == "-":
        yield from sys.stdin
        return
    try:
        text = Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(f"The file {name!r} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BadInput(f"The file {name!r} is not UTF-8 text.") from None
    yield from text.splitlines()


@contextmanager
def _writing(name: str) -> Iterator[TextIO]:
    if name == "-":
        yield sys.stdout
        return
    with ExitStack() as stack:
        try:
            file = stack.enter_context(Path(name).open("w", encoding="utf-8"))
        except OSError as error:
            raise BadInput(f"The file {name!r} cannot be written: {error.strerror}.") from None
        yield file


class _Bar:
    """How far it is, on stderr where that is a terminal and the results do not go there too."""

    def __init__(self, total: int | None, output: str = "") -> None:
        self._total, self._done, self._shown = total, 0, ""
        self._on = sys.stderr.isatty() and not (output == "-" and sys.stdout.isatty())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def step(self, note: str) -> None:
        """One more is done; of a known total the share is drawn."""
        self._done += 1
        if not self._on:
            return
        drawn = f"{self._done}"
        if self._total:
            filled = min(30, self._done * 30 // self._total)
            drawn = f"[{'#' * filled}{'.' * (30 - filled)}] {min(100, self._done * 100 // self._total)} %"
        if (text := f"{drawn} {note}") != self._shown:
            self._shown = text
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
