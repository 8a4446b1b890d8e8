"""``codesteer bench ...``: run and resume evaluations, say how far they are, report and compare them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from codesteer_kernel.cluster_options import CLUSTER_HELP, add_cluster_options, cluster_asked
from codesteer_kernel.commands import table
from codesteer_kernel.configuring import configured
from codesteer_kernel.errors import BadInput
from codesteer_kernel.evaluation.jobs import Job, prepared, read_sweep
from codesteer_kernel.evaluation.ledger import read_job
from codesteer_kernel.evaluation.making import maker
from codesteer_kernel.evaluation.methods import METHODS
from codesteer_kernel.evaluation.overview import estimate_text, status_json, status_text
from codesteer_kernel.evaluation.runner import Outcome, run_job
from codesteer_kernel.options import parse_options
from codesteer_kernel.run import engine
from codesteer_kernel.subcommands import Parser, Subcommand, run_subcommand

__all__ = ["run_bench"]

_AT_ONCE = 4
_HELP = f"""\
codesteer bench: methods on tasks, measured.

  codesteer bench run -o DIR --methods M,... --tasks T,... [options]
                                          every method on the same problems; what DIR holds already is not made again
  codesteer bench resume DIR [--retry-failed]
                                          go on with a job that was interrupted, killed, or ended by a budget
  codesteer bench status DIR [--json]     how far a job is, without doing anything
  codesteer bench report DIR... -o OUT [--title WORDS] [--no-runs]
                                          a page with tables, figures and every run; Markdown and CSV beside it
  codesteer bench compare A B             did a change from job A to job B help?
  codesteer bench judge DIR               judge the kept runs again, where the rules have changed since
  codesteer bench methods                 the methods

What is asked:
  --methods M,...            names of methods
  --tasks T,...              names of tasks, or all, seen, unseen
  --levels L,...             1 to 5, default, paper (all of a task's paper levels), complexity (the published curves'
                             settings), or a preset's name (default: default)
  --knob TASK:KNOB=V,...     ask this task at these values of a knob, instead of at the levels; may be repeated
  -n, --n N                  problems of each task at each level (default: 10)
  --seed S                   of the problems (default: 0); equal seeds give equal problems
  --target M,... --steerer M,...
                             models; every target with every steerer, where the method has one (self: the target itself)
  --order problem|method     all methods on a problem together, or one after the other (default: problem)
  and the options of codesteer solve, for every run: --rounds, --max-tokens, --code-timeout, --temperature, ...

How it is done:
  -o, --output DIR           the job's folder
  -j, --concurrency K        attempts at once (default: 4; of resume: as before)
  --budget-money USD         begin no attempt once the folder's attempts have cost this
  --budget-time SECONDS      begin no attempt after so many seconds
  --retry-failed             make failed attempts again
  --dry-run                  say what it will take, and ask nothing of a model
{CLUSTER_HELP}
  --plain                    progress as lines, also in a terminal

Exit codes: 0 done, 1 failed, 2 bad input, 3 a budget ended it, 130 stopped.
"""


def run_bench(words: Sequence[str]) -> int:
    """Carry out ``bench WORDS``; prints, and returns the exit code.

    Raises:
        CodeSteerError: the words cannot be understood, or the job not be done; the message says why.
    """
    commands: dict[str, Subcommand] = {
        "run": _run,
        "resume": _resume,
        "status": _status,
        "report": _report,
        "compare": _compare,
        "judge": _judge,
        "methods": _methods,
    }
    return run_subcommand("bench", commands, words, _HELP)


# ---------------------------------------------------------------------------------------------------------- commands


def _run(parser: Parser, words: list[str]) -> int:
    parser.add_argument("--methods", type=_names, required=True)
    parser.add_argument("--tasks", type=_names, default=())
    parser.add_argument("--levels", type=_names, default=("default",))
    parser.add_argument("--knob", action="append", default=[])
    parser.add_argument("-n", "--n", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", "-t", type=_names)
    parser.add_argument("--steerer", "-s", type=_names)
    parser.add_argument("--order", choices=("problem", "method"), default="problem")
    parser.add_argument("-o", "--output", type=Path, required=True)
    _how(parser)
    given, rest = parser.parse_known_args(words)
    options = parse_options(rest, defaults=configured().settings())
    if options.words:
        raise BadInput(f"{options.words[0]!r} is no option of codesteer bench run.", "See codesteer bench --help.")
    settings = options.settings
    sweeps: dict[str, dict[str, Any]] = {}
    for text in given.knob:
        task, knob, values = read_sweep(text)
        sweeps.setdefault(task, {})[knob] = values
    job = Job(
        methods=given.methods,
        tasks=given.tasks,
        levels=given.levels,
        sweeps=sweeps,
        n=given.n,
        seed=given.seed,
        targets=given.target or (settings.target,),
        steerers=tuple("" if one == "self" else one for one in given.steerer or (settings.steerer or "",)),
        settings=settings,
        order=given.order,
    )
    return _do(prepared(job), given.output, given)


def _resume(parser: Parser, words: list[str]) -> int:
    parser.add_argument("folder", type=Path)
    _how(parser)
    given = parser.parse_args(words)
    kept = read_job(given.folder)
    if given.concurrency is None and kept.sessions:
        given.concurrency = kept.sessions[-1].concurrency
    return _do(kept.job, given.folder, given)


def _status(parser: Parser, words: list[str]) -> int:
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(words)
    print(status_json(given.folder) if given.json else status_text(given.folder))
    return 0


def _report(parser: Parser, words: list[str]) -> int:
    from codesteer_kernel.evaluation import report

    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--title", default="")
    parser.add_argument("--no-runs", action="store_true")
    given = parser.parse_args(words)
    page, *_ = report.write(given.folders, given.output, title=given.title, runs=not given.no_runs)
    print(page)
    return 0


def _compare(parser: Parser, words: list[str]) -> int:
    from codesteer_kernel.evaluation.comparing import compare

    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    given = parser.parse_args(words)
    print(compare(given.before, given.after))
    return 0


def _judge(parser: Parser, words: list[str]) -> int:
    from codesteer_kernel.evaluation.rejudging import rejudge

    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(words).folder
    read_job(folder)
    found = rejudge(folder)
    for before, after in found.changed:
        words_of = [f"{'right' if one.correct else 'wrong'} ({one.extracted[:60]!r})" for one in (before, after)]
        print(f"{after.method}, {after.task}, seed {after.seed}: {words_of[0]} is now {words_of[1]}")
    print(f"{found.judged} runs judged again, {len(found.changed)} rows changed.")
    if found.outdated:
        print(f"{found.outdated} left alone: their tasks make other problems by now.")
    return 0


def _methods(parser: Parser, words: list[str]) -> int:
    parser.parse_args(words)
    rows = [("METHOD", "IN THE PAPER", "WHAT IT DOES")]
    print(table(rows + [(one.name, one.published or "", one.about) for one in METHODS.values()]))
    return 0


# ------------------------------------------------------------------------------------------------------------- doing


def _how(parser: Parser) -> None:
    parser.add_argument("-j", "--concurrency", type=int)
    parser.add_argument("--budget-money", type=float)
    parser.add_argument("--budget-time", type=float)
    parser.add_argument("--retry-failed", action="store_true")
    parser.add_argument("--dry-run", action="store_true")
    add_cluster_options(parser)
    parser.add_argument("--plain", action="store_true")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _do(job: Job, folder: Path, given: argparse.Namespace) -> int:
    if given.concurrency is None:
        given.concurrency = _AT_ONCE
    if given.dry_run:
        print(estimate_text(job, folder, given.concurrency))
        return 0
    from codesteer_kernel.evaluation.showing import showing

    with cluster_asked(given, maker) as pool, showing(sys.stderr, plain=given.plain) as show:
        try:
            outcome = run_job(
                job,
                folder,
                concurrency=given.concurrency,
                on_progress=show,
                retry_failed=given.retry_failed,
                money=given.budget_money,
                seconds=given.budget_time,
                pool=pool,
            )
        finally:
            engine().close()
    return _end(outcome, folder)


_ENDED = {"stopped": "Stopped", "money": "The budget of money is used up", "time": "The time is up"}
_EXIT = {"done": 0, "stopped": 130, "money": 3, "time": 3}


def _end(outcome: Outcome, folder: Path) -> int:
    failed = sum(one.status == "failed" for one in outcome.attempts)
    if outcome.why != "done":
        print(f"{_ENDED[outcome.why]}: {len(outcome.attempts)} attempts are there, {outcome.left} are left.")
        print(f"Go on with: codesteer bench resume {folder}")
    else:
        print(f"Done: {len(outcome.attempts)} attempts in {folder}.")
    if failed:
        print(f"{failed} of them failed; to make them again: codesteer bench resume {folder} --retry-failed")
    return _EXIT[outcome.why]
