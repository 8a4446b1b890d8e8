"""``codesteer train ...``: trajectories and preference pairs from runs, and steerers tuned on those."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from codesteer_kernel.cluster_options import CLUSTER_HELP, add_cluster_options, cluster_asked
from codesteer_kernel.configuring import configured
from codesteer_kernel.errors import BadInput
from codesteer_kernel.evaluation.jobs import Job
from codesteer_kernel.evaluation.runner import Outcome
from codesteer_kernel.options import parse_options
from codesteer_kernel.run import engine
from codesteer_kernel.steering.dialects import DIALECTS
from codesteer_kernel.subcommands import Parser, Subcommand, run_subcommand
from codesteer_kernel.training.account import PREFERENCES, TRAJECTORIES, Account, Kept
from codesteer_kernel.training.collecting import STEERED
from codesteer_kernel.training.folder import CONVERSATIONS, PAIRS, check_folder, write_folder
from codesteer_kernel.training.rows import Conversation, Pair
from codesteer_kernel.training.tuning.settings import Stage, read_settings
from codesteer_kernel.training.weights import Weights

__all__ = ["run_train"]

TELL_SECONDS = 10.0
"""Between two lines about a tuning; measurements are told at once."""

_HELP = f"""\
codesteer train: from runs to a steerer.

  codesteer train trajectories -o DIR --tasks T,... [--runs DIR...] [options]
                                          steered runs on seen tasks, and the good ones of them as conversations
  codesteer train pairs -o DIR --tasks T,... [--runs DIR...] [options]
                                          trees of decisions, and the preference pairs in them
  codesteer train trajectories | pairs -o DIR --runs DIR...
                                          both from runs that are there; nothing is asked of a model
  codesteer train import FILE... -o DIR [--pairs]
                                          the authors' published files as ours: conversations, or preference pairs
  codesteer train sft SETTINGS --data PATH -o DIR [--set NAME=VALUE ...]
                                          a steerer tuned on conversations
  codesteer train dpo SETTINGS --data PATH -o DIR [--set NAME=VALUE ...]
                                          a steerer tuned on preference pairs
  codesteer train pack DIR -o FOLDER [--adapter] [--dtype float32]
                                          the tuned steerer as a folder to use: hf//FOLDER, local//FOLDER, serve
  codesteer train outcomes -o DIR --tasks T,... [--purpose training|evaluation] [options]
                                          each problem answered once by code and once by text
  codesteer train mini DIR... -o FILE [--eval DIR...] [--steerer M] [--facts F] [--seed S]
                                          codesteer-mini: a small head on a steerer's probabilities, with a report;
                                          F: both, rules, readout, odds, or best (of them on what was held out)

How it is tuned (it goes on where DIR left off; an interrupt ends it after the running step):
  SETTINGS                   a YAML file, or settings that ship: paper-llama3-8b-sft, smollm2-135m-dpo, ...
  --data PATH                conversations.jsonl or pairs.jsonl, or the folder that holds it
  --set NAME=VALUE           a setting in place of the file's: steps=100, rate=2e-4, lora.r=8; may be repeated
  --adapter                  of packing: the adapter alone, not merged into the weights of its base

What is asked of trajectories, pairs and outcomes (all go on where DIR left off):
  --tasks T,...              names of seen tasks, or seen for all
  --levels L,...             1 to 5, default, or a preset's name (default: 1,2)
  -n, --n N                  problems of each task at each level (default: 10)
  --seed S                   of the problems (default: 0); none of them is ever one of an evaluation
  --target M,...             models, or simulated/novice, talker, coder, expert: made up, cheap, labelled in every row
  --policies P,...           methods that steer (default: all set policies); codesteer: the steerer of --steerer
  -j, --concurrency K        at once (default: 4)
{CLUSTER_HELP}
  and the options of codesteer solve, for every run: --rounds, --max-tokens, --steerer, --dialect, ...

What is kept:
  --runs DIR...              also of runs that are there: folders of train outcomes, of train trajectories; runs of one
                             problem are a tree that branches where they share their past and decide otherwise
  --as DIALECT               in whose words: codesteer-v1 (default), instruct, mini
  --max-rounds N             runs of at most so many rounds (default: 6)
  --each N                   at most so many of the same task, modes and length (default: 200)
  --weights F,B,L            in the loss: of the first turn, those between, the last (default: 1,1,1)
  --branch K --levels-deep L --finish POLICY --margin M
                             of pairs: decisions tried at one place (3), so many deep (2), how a path is finished
                             (push-code), and by how much the scores of a pair must differ (0)
  --no-dataset               JSON Lines only
  --as-published             of an import: keep items that are the beginning of others; of pairs: those that the published
                             code would make: of a tree whose first path is wrong, each time another way was right

Exit codes: 0 done, 1 failed, 2 bad input, 130 stopped.
"""


def run_train(words: Sequence[str]) -> int:
    """Carry out ``train WORDS``; prints, and returns the exit code.

    Raises:
        CodeSteerError: the words cannot be understood, or the work not be done; the message says why.
    """
    commands: dict[str, Subcommand] = {
        "trajectories": _trajectories,
        "pairs": _pairs,
        "import": _import,
        "outcomes": _outcomes,
        "mini": _mini,
        "sft": _sft,
        "dpo": _dpo,
        "pack": _pack,
    }
    return run_subcommand("train", commands, words, _HELP)


def _trajectories(parser: Parser, words: list[str]) -> int:
    from codesteer_kernel.training.collecting import collect
    from codesteer_kernel.training.gathering import gather_conversations
    from codesteer_kernel.training.selecting import Sieve

    given, job = _asked(parser, words, from_runs=True)
    check_folder(given.output, CONVERSATIONS)
    sieve = Sieve(rounds=given.max_rounds, each=given.each)
    folders = given.runs
    if job is not None:
        if not _made(partial(collect, job), given, "runs"):
            return 130
        folders = [given.output, *folders]
    _reading(given.runs)
    found = gather_conversations(folders, given.words, sieve, given.weights)
    return _kept(found.rows, found.accounts, TRAJECTORIES, given)


def _pairs(parser: Parser, words: list[str]) -> int:
    from codesteer_kernel.training.branching import grow_trees, read_trees
    from codesteer_kernel.training.gathering import gather_pairs
    from codesteer_kernel.training.growing import Growing, Grown, grower

    parser.add_argument("--branch", type=int, default=3)
    parser.add_argument("--levels-deep", type=int, default=2)
    parser.add_argument("--finish", default="push-code")
    parser.add_argument("--margin", type=float, default=0.0)
    parser.add_argument("--as-published", action="store_true")
    given, job = _asked(parser, words, from_runs=True)
    check_folder(given.output, PAIRS)

    def tell(tree: Grown, place: int, count: int) -> None:
        what = f"no tree: {tree.error}" if tree.error else f"{tree.runs} runs, {tree.seconds:.0f} s"
        print(f"{place} of {count}: {tree.origin.task}, {what}", file=sys.stderr, flush=True)

    grown: list[Grown] = []
    if job is not None:
        growing = Growing(branch=given.branch, levels=given.levels_deep, finish=given.finish)
        with cluster_asked(given, grower) as pool:
            try:
                end = grow_trees(job, growing, given.output, concurrency=given.concurrency, on_tree=tell, pool=pool)
            finally:
                engine().close()
        if end == "stopped":
            print("Stopped. The same command goes on.")
            return 130
        grown = list(read_trees(given.output))
        print(f"{len(grown):,} trees of {sum(tree.runs for tree in grown):,} runs.")
    _reading(given.runs)
    found = gather_pairs(
        given.runs,
        given.words,
        grown=grown,
        at_once=given.concurrency,
        margin=given.margin,
        as_published=given.as_published,
    )
    return _kept(found.rows, found.accounts, PREFERENCES, given)


def _outcomes(parser: Parser, words: list[str]) -> int:
    from codesteer_kernel.training.mini.examples import read_examples
    from codesteer_kernel.training.mini.outcomes import collect_outcomes

    parser.add_argument("--purpose", choices=("training", "evaluation"), default="training")
    given, job = _asked(parser, words)
    assert job is not None
    if not _made(partial(collect_outcomes, job, purpose=given.purpose), given, "answers"):
        return 130
    asked = read_examples([given.output]).asked
    code, text = (
        sum(any(tries) for tries in ways) for ways in zip(*((one.code, one.text) for one in asked), strict=True)
    )
    decisive = sum(one.margin != 0 for one in asked)
    print(f"{len(asked):,} problems: {code:,} right by code, {text:,} by text; {decisive:,} by one of them alone.")
    print(f"Written: {given.output}")
    return 0


def _mini(parser: Parser, words: list[str]) -> int:
    # Before numpy is loaded: its products are small here, and threads that wait for each other made it 50 times slower
    # on a busy machine.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from codesteer_kernel.models import open_model
    from codesteer_kernel.steering.head.file import encode_head
    from codesteer_kernel.store.files import write_whole
    from codesteer_kernel.training.mini.making import BEST, FACTS, make
    from codesteer_kernel.training.mini.readings import reader
    from codesteer_kernel.training.mini.report import write_report

    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--eval", type=Path, nargs="+", default=[])
    parser.add_argument("--steerer", "-s", default="embedded")
    parser.add_argument("--facts", choices=(BEST, *FACTS), default=BEST)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", type=Path)
    given = parser.parse_args(words)
    report = given.output.with_name(f"{given.output.stem}-report")

    def tell(what: str, place: int, count: int) -> None:
        print(f"reading {what}: {place} of {count}", file=sys.stderr, flush=True)

    made = make(
        reader(open_model(given.steerer)),
        given.folders,
        cache=given.cache or report,
        measure=given.eval,
        facts=given.facts,
        seed=given.seed,
        made={"command": f"codesteer train mini {shlex.join(words)}"},
        tell=tell,
    )
    given.output.parent.mkdir(parents=True, exist_ok=True)
    write_whole(given.output, encode_head(made.head), mode=0o644)
    write_report(made, report)
    for part in made.measurements:
        told = [f"{one.name} {one.balanced.value:.1%}" for one in part.choice if one.balanced]
        print(f"{part.title}: {part.decisive} decisive problems; balanced accuracy: {', '.join(told) or 'none'}")
    print(f"Written: {given.output}, and {report}/report.md")
    return 0


def _import(parser: Parser, words: list[str]) -> int:
    from codesteer_kernel.training.published import import_conversations, import_pairs

    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--as-published", action="store_true")
    parser.add_argument("--pairs", action="store_true")
    _written(parser)
    given = parser.parse_args(words)
    if given.pairs:
        pairs = [row for file in given.files for row in import_pairs(file)]
        count, path = len(pairs), write_folder(given.output, pairs, dataset=given.dataset)
    else:
        how = {"weights": given.weights, "as_published": given.as_published}
        rows = [row for file in given.files for row in import_conversations(file, **how)]
        count, path = len(rows), write_folder(given.output, rows, dataset=given.dataset)
    print(f"{count:,} rows. Written: {path}")
    return 0


def _sft(parser: Parser, words: list[str]) -> int:
    return _tune("sft", parser, words)


def _dpo(parser: Parser, words: list[str]) -> int:
    return _tune("dpo", parser, words)


def _tune(stage: Stage, parser: Parser, words: list[str]) -> int:
    from codesteer_kernel.training.tuning.trainers import first_process
    from codesteer_kernel.training.tuning.tune import tune

    parser.add_argument("settings")
    parser.add_argument("--set", dest="changes", action="append", type=_change, default=[])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args(words)
    settings = read_settings(given.settings, changes=dict(given.changes))
    if settings.stage != stage:
        raise BadInput(f"{given.settings} is for train {settings.stage}.", f"Give settings with stage: {stage}.")
    told = 0.0

    def tell(step: int, steps: int, logged: dict[str, float]) -> None:
        nonlocal told
        if "eval_loss" in logged or time.monotonic() - told >= TELL_SECONDS:
            told = time.monotonic()
            print(f"step {step} of {steps}: {_told(logged)}", file=sys.stderr, flush=True)

    with _stopping() as stop:
        tuned = tune(settings, given.data, given.output, on_step=tell, stop=stop)
    if not first_process():
        return 0 if tuned.done else 130
    rows = f"{tuned.learned:,} rows learned, {tuned.held_out:,} held out, {tuned.left_out:,} left out"
    if not tuned.done:
        print(f"Stopped after step {tuned.steps:,} ({rows}). The same command goes on.")
        return 130
    print(f"{tuned.steps:,} steps ({rows}): loss {tuned.loss:.4g}. Held out: {_told(tuned.measured) or 'nothing'}.")
    print(
        f"Written: {tuned.folder}, with its card, README.md. To use it: codesteer train pack {tuned.folder} -o FOLDER"
    )
    return 0


def _pack(parser: Parser, words: list[str]) -> int:
    from codesteer_kernel.training.tuning.pack import pack

    parser.add_argument("tuned", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--adapter", action="store_true")
    parser.add_argument("--dtype", choices=("bfloat16", "float32"), default="bfloat16")
    given = parser.parse_args(words)
    packed = pack(given.tuned, given.output, merged=not given.adapter, dtype=given.dtype)
    beside = f" It needs {packed.base} beside it." if packed.base else ""
    print(f"Written: {packed.folder} ({packed.size / 1e6:,.1f} MB).{beside}")
    print(
        f"To use it: --steerer local/{packed.folder.absolute()}, or codesteer serve --steerer hf/{packed.folder.absolute()}"
    )
    return 0


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that the first interrupt sets; the second interrupts."""
    stop = threading.Event()

    def heard(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        print("Stopping after this step; once more to stop at once.", file=sys.stderr, flush=True)
        stop.set()

    before = signal.signal(signal.SIGINT, heard)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def _told(logged: dict[str, float]) -> str:
    """The numbers that a person watching wants."""
    names = ["loss", "eval_loss", "decision_accuracy", "eval_decision_accuracy"]
    names += ["rewards/accuracies", "eval_rewards/accuracies", "learning_rate"]
    found = [f"{name.replace('_', ' ')} {logged[name]:.4g}" for name in names if name in logged]
    return ", ".join(found).replace("eval ", "held-out ")


def _asked(parser: Parser, words: list[str], *, from_runs: bool = False) -> tuple[argparse.Namespace, Job | None]:
    """The options of a collecting command, and the job that they ask for: none where runs that are there are enough."""
    if from_runs:
        parser.add_argument("--runs", type=Path, nargs="+", default=[])
    parser.add_argument("--tasks", type=_names, default=())
    parser.add_argument("--levels", type=_names, default=("1", "2"))
    parser.add_argument("-n", "--n", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", "-t", type=_names)
    parser.add_argument("--steerer", "-s", default="")
    parser.add_argument("--policies", type=_names, default=STEERED)
    parser.add_argument("-j", "--concurrency", type=int, default=4)
    add_cluster_options(parser)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--max-rounds", type=int, default=6)
    parser.add_argument("--each", type=int, default=200)
    parser.add_argument("--as", dest="words", choices=DIALECTS, default="codesteer-v1")
    parser.add_argument("--plain", action="store_true")
    _written(parser)
    given, rest = parser.parse_known_args(words)
    options = parse_options(rest, defaults=configured().settings())
    if options.words:
        raise BadInput(f"{options.words[0]!r} is no option of {parser.prog}.", "See codesteer train --help.")
    if not given.tasks:
        if from_runs and given.runs:
            return given, None
        parser.error("it needs --tasks" + (", or --runs with folders of runs that are there" if from_runs else ""))
    job = Job(
        methods=given.policies,
        tasks=given.tasks,
        levels=given.levels,
        n=given.n,
        seed=given.seed,
        targets=given.target or (options.settings.target,),
        steerers=(given.steerer,),
        settings=replace(options.settings, journal=False),
    )
    return given, job


def _made(make: Callable[..., Outcome], given: argparse.Namespace, what: str) -> bool:
    """Make runs into the folder of the output, and show how far it is; False where it was stopped."""
    from codesteer_kernel.evaluation.showing import showing
    from codesteer_kernel.training.collecting import maker

    with cluster_asked(given, maker) as pool, showing(sys.stderr, plain=given.plain) as show:
        try:
            outcome = make(folder=given.output, concurrency=given.concurrency, on_progress=show, pool=pool)
        finally:
            engine().close()
    if outcome.why == "done":
        return True
    print(f"Stopped: {len(outcome.attempts)} {what} are there, {outcome.left} are left. The same command goes on.")
    return False


def _reading(folders: Sequence[Path]) -> None:
    if folders:
        print(f"Reading the runs in {', '.join(map(str, folders))}", file=sys.stderr, flush=True)


def _kept(
    rows: Sequence[Conversation] | Sequence[Pair], accounts: Sequence[Account], kept: Kept, given: argparse.Namespace
) -> int:
    """Say what was kept of which runs, and write it."""
    for account in accounts:
        count = sum(row.origin.simulated is account.simulated for row in rows)
        print(account.told(count, kept))
        for reason, left_out in account.reasons():
            print(f"  {left_out:>6,} left out: {reason}")
    print(f"Written: {write_folder(given.output, rows, accounts=accounts, dataset=given.dataset)}")
    return 0


def _written(parser: Parser) -> None:
    parser.add_argument("--weights", type=_weights, default=Weights())
    parser.add_argument("--no-dataset", dest="dataset", action="store_false")


def _change(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _weights(text: str) -> Weights:
    first, between, last = (float(one) for one in text.split(","))
    return Weights(first=first, between=between, last=last)
