"""A job: which methods answer which problems, with which models and settings; and the single trials it comes down to."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec.structs import asdict, replace

from codesteer_kernel.errors import BadInput, UnknownName, nearest
from codesteer_kernel.evaluation.method import Method
from codesteer_kernel.evaluation.methods import method
from codesteer_kernel.evaluation.published import complexity
from codesteer_kernel.models.catalogue import default_model
from codesteer_kernel.run import RunSettings
from codesteer_kernel.symbench import Problem, Task, get, tasks
from codesteer_kernel.symbench.problem import Value, canonical
from codesteer_kernel.symbench.seeds import Purpose, problem_seed

__all__ = ["COMPLEXITY", "DEFAULT_LEVEL", "PAPER_LEVELS", "Job", "Trial", "prepared", "read_sweep", "trials"]

DEFAULT_LEVEL = "default"
"""The level at which every knob has its default."""
PAPER_LEVELS = "paper"
"""Stands for all of a task's levels that have the paper's settings: ``paper-...``."""
COMPLEXITY = "complexity"
"""Stands for the settings of the published curves of success against complexity, for the tasks that have one."""
_GROUPS = ("all", "seen", "unseen")
# Where a model is, what is kept of a run, and what only runs with inputs have: no part of what is tried.
_NO_CONTENT = {"target", "steerer", "host", "journal", "input_mb", "export_mb", "schema_only", "hide", "drop"}

Knobs = dict[str, Value]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of an evaluation.

    Attributes:
        methods: their names; every one gets the same problems.
        tasks: names, or ``all``, ``seen``, ``unseen`` for many.
        levels: names of presets, ``default``, ``paper`` or ``complexity``; every task at each.
        sweeps: task to knob to values: this task is asked at these values, the other knobs at their defaults, instead of
            at ``levels``.
        n: problems of each task at each level.
        seed: of the problems; jobs of equal seeds have equal problems.
        targets, steerers: models; every target is combined with every steerer ("": the target steers itself), where the
            method has a steerer.
        settings: of all runs, but for target and steerer.
        purpose: what the problems are drawn for; no job for evaluation has a problem of one for training.
        order: ``problem``: all that is tried on a problem together; ``method``: a method after the other.
    """

    methods: tuple[str, ...]
    tasks: tuple[str, ...]
    levels: tuple[str, ...] = (DEFAULT_LEVEL,)
    sweeps: dict[str, dict[str, tuple[Value, ...]]] = {}
    n: int = 1
    seed: int = 0
    targets: tuple[str, ...] = ("embedded",)
    steerers: tuple[str, ...] = ("",)
    settings: RunSettings = RunSettings()
    purpose: Purpose = "evaluation"
    order: Literal["problem", "method"] = "problem"


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One method on one problem with one pair of models; ``settings`` are those of its run, the models among them.

    ``key`` is a hash of everything that makes it what it is: the method, the task and its version, the level, the seed,
    the models and every setting that has a value. (A setting that a later version adds is empty, and changes no key.)
    """

    key: str
    method: str
    task: str
    level: str
    knobs: Knobs
    seed: int
    settings: RunSettings

    def problem(self) -> Problem:
        """Generate the problem."""
        return get(self.task).generate(self.seed, self.knobs)


def prepared(job: Job) -> Job:
    """The job with names in place of what stands for many, and everything in it known to work.

    Raises:
        UnknownName: a method, task, level or knob that does not exist.
        BadInput: nothing is asked, twice the same, or values that do not go together.
    """
    named: dict[str, None] = {}
    for name in job.tasks:
        found = [one.name for one in tasks().values() if name in ("all", one.split)] if name in _GROUPS else [name]
        named |= dict.fromkeys(found)
    for name in job.sweeps:
        named[name] = None
    targets = tuple(f"local/{default_model()[0].name}" if one == "embedded" else one for one in job.targets)
    # Models are the trials', and rows are the journal.
    settings = replace(job.settings, target="", steerer=None, journal=False).checked()
    job = replace(job, tasks=tuple(named), targets=targets, settings=settings)
    for field in ("methods", "tasks", "levels", "targets", "steerers"):
        values = getattr(job, field)
        if not values:
            raise BadInput(f"The job names no {field}.")
        if len(set(values)) < len(values):
            raise BadInput(f"The job names one of its {field} twice: {', '.join(values)}.")
    if job.n < 1:
        raise BadInput(f"The number of problems is {job.n}.", "Give a number of at least 1.")
    for name in job.methods:
        method(name)
    for name in job.tasks:
        for _, knobs in _levels(job, get(name)):
            get(name).generate(0, knobs)
    return job


def trials(job: Job) -> list[Trial]:
    """Everything that a prepared job tries, in its order; equal jobs give equal lists."""
    if job.order == "method":
        return [trial for name in job.methods for trial in _trials(job, [method(name)])]
    return list(_trials(job, [method(name) for name in job.methods]))


def _trials(job: Job, methods: list[Method]) -> Iterator[Trial]:
    for target in job.targets:
        # The first problem of every task, then the second: whenever it ends, all tasks have about as many.
        for index in range(job.n):
            for task in map(get, job.tasks):
                seed = problem_seed(job.purpose, job.seed, task.name, index)
                for level, knobs in _levels(job, task):
                    for one in methods:
                        for steerer in dict.fromkeys(job.steerers if one.needs == "steerer" else [""]):
                            models = {"target": target, "steerer": steerer if steerer not in ("", target) else None}
                            settings = one.settings(replace(job.settings, **models))
                            yield _trial(one, task, level, knobs, seed, settings)


def _trial(one: Method, task: Task, level: str, knobs: Knobs, seed: int, settings: RunSettings) -> Trial:
    said = {name: value for name, value in asdict(settings).items() if name not in _NO_CONTENT and not _empty(value)}
    models = [settings.target, settings.steerer or ""]
    content = canonical([one.name, task.name, task.version, level, knobs, seed, models, said])
    key = hashlib.sha256(content.encode()).hexdigest()[:24]
    return Trial(key=key, method=one.name, task=task.name, level=level, knobs=knobs, seed=seed, settings=settings)


def _empty(value: Any) -> bool:
    # Not by its truth: a seed of 0 is a seed.
    return value is None or value is False or value in ("", ())


def _levels(job: Job, task: Task) -> Iterator[tuple[str, Knobs]]:
    """The levels at which a job asks a task: their names, and every knob."""
    if task.name in job.sweeps:
        for knob, values in job.sweeps[task.name].items():
            for value in values:
                yield f"{knob}={value}", task.resolve({knob: value})
        return
    for level in job.levels:
        if level == COMPLEXITY:
            yield from _complexity(task)
        elif level == PAPER_LEVELS:
            named = [name for name in task.levels if name.startswith(f"{PAPER_LEVELS}-")]
            yield from ((name, task.resolve(name)) for name in named)
        else:
            yield level, task.resolve(None if level == DEFAULT_LEVEL else level)


def _complexity(task: Task) -> Iterator[tuple[str, Knobs]]:
    """The published settings that our generator can make, each in the middle of its bounds.

    Raises:
        BadInput: the task has no published curve.
    """
    curves = complexity().tasks
    if task.name not in curves:
        raise BadInput(f"{task.name} has no published curve.", f"These have one: {', '.join(sorted(curves))}.")
    for setting in curves[task.name].settings:
        level: dict[str, Value] = {name: int((low + high) / 2) for name, (low, high) in setting.knobs.items()}
        # Game 24 with 20 or 80 numbers, say, is beyond our generator.
        with contextlib.suppress(BadInput):
            yield f"{COMPLEXITY} {setting.label}", task.resolve(level)


def read_sweep(text: str) -> tuple[str, str, tuple[Value, ...]]:
    """A sweep as it is typed, ``game24:count=3,4,5``: the task, the knob and its values.

    Raises:
        UnknownName: no such task or knob.
        BadInput: it has another form, or a value that the knob does not take.
    """
    name, colon, setting = text.partition(":")
    knob, equals, values = setting.partition("=")
    if not (colon and equals and values):
        raise BadInput(f"{text!r} is no sweep.", "Write for example --knob letters:length=10,20,30")
    known = get(name).knobs
    if knob not in known:
        raise UnknownName(f"{name} has no knob {knob!r}.", nearest(knob, known) or f"It has {', '.join(known)}.")
    return name, knob, tuple(known[knob].read(value.strip()) for value in values.split(","))
