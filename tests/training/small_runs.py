"""Finished runs as a job keeps them, said in a line, and the folders that hold them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.jobs import Job
from codesteer_kernel.evaluation.ledger import JobFile, Ledger, Row, Session, write_job
from codesteer_kernel.record import Decision, FinalAnswer, Question, Record, Round, RunConfig, Support, Timing
from codesteer_kernel.symbench import get
from codesteer_kernel.symbench.seeds import Purpose, problem_seed
from tests.steering.rounds import program_round, text_round

__all__ = ["RETURN", "answered", "first", "run", "written"]

RETURN = Decision(kind="return", source="rule")
Run = tuple[Attempt, Record]


def run(
    rounds: Sequence[Round],
    *,
    correct: bool,
    method: str = "policy-push-code",
    task: str = "pooling",
    index: int = 0,
    purpose: Purpose = "training",
    target: str = "local/x",
    ended: Decision | None = RETURN,
    answer: bool = True,
    name: str = "",
    seconds: float = 6.0,
    started: str = "",
    config: dict[str, Any] | None = None,
    **changes: Any,
) -> Run:
    """A run of a method on the ``index``-th problem of a task; ``name`` tells apart what is otherwise the same."""
    problem = get(task).generate(problem_seed(purpose, 0, task, index), get(task).resolve("1"))
    last = rounds[-1] if rounds else None
    steered = method.startswith("codesteer")
    record = Record(
        id=f"{task}-{index}-{method}-{target}-{name}",
        status="done",
        question=Question(prompt=problem.question),
        config=RunConfig(method="" if steered else method, **(config or {})),
        rounds=list(rounds),
        answer=FinalAnswer(text=last.result, result=last.result, round=last.index) if last and answer else None,
        support=Support(level="executed", decision=ended),
        timing=Timing(started=started, seconds=seconds),
    )
    attempt = Attempt(
        key=record.id,
        method=method,
        target=target,
        task=task,
        version=problem.version,
        seed=problem.seed or 0,
        level="1",
        knobs=dict(problem.level),
        run=record.id,
        correct=correct,
        decisions=["code" if one.answer.code else "text" for one in rounds],
        seconds=seconds,
        started=started,
    )
    return replace(attempt, **changes), record


def first(kind: str, *, correct: bool, answer: bool = True, **more: Any) -> Run:
    """A run of ``first-code`` or ``first-text``: one round, ended because no more were asked for."""
    one = program_round(1, "42" if answer else "") if kind == "code" else text_round(1, "42")
    over = Decision(kind="terminate", source="rule", reason="One round was asked for.")
    return run([one], correct=correct, method=f"first-{kind}", ended=over, answer=answer, **more)


def answered(*right: tuple[bool, bool], **more: Any) -> list[Run]:
    """Problems answered once by code and once by text, as ``train outcomes`` does: which of the two was right."""
    return [
        first(kind, correct=good, index=index, **more)
        for index, both in enumerate(right)
        for kind, good in zip(("code", "text"), both, strict=True)
    ]


def written(folder: Path, runs: Iterable[Run], *, at_once: int | None = None) -> Path:
    """The runs in the folder of a job; ``at_once`` says what its ``job.json`` tells, None: there is none."""
    with Ledger(folder) as ledger:
        for attempt, record in runs:
            ledger.append(Row(attempt=attempt, record=record))
    if at_once is not None:
        job = Job(methods=("first-code", "first-text"), tasks=("pooling",), purpose="training")
        sessions = (Session(started="2026-07-01T10:00:00+00:00", concurrency=at_once),)
        fields = {name: getattr(job, name) for name in Job.__struct_fields__}
        write_job(folder, JobFile(**fields, sessions=sessions))
    return folder
