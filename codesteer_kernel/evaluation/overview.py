"""What a job is, how far it is and what it will take, as texts: nothing is asked of a model."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from codesteer_kernel.commands import table
from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.estimate import Estimate, estimate
from codesteer_kernel.evaluation.jobs import Job, trials
from codesteer_kernel.evaluation.ledger import JOB, JobFile, Session, read_attempts, read_job
from codesteer_kernel.evaluation.progress import Progress, Tally
from codesteer_kernel.evaluation.showing import duration, money

__all__ = ["estimate_text", "status_json", "status_text"]


def status_json(folder: Path) -> str:
    """How far the folder's job is, as JSON: a :class:`Progress` and the sessions.

    Raises:
        BadInput: there is no job, or its files cannot be read.
    """
    kept, _, progress = _read(folder)
    told = {**msgspec.to_builtins(progress), "sessions": kept.sessions, "seconds": _worked(kept, folder)}
    return msgspec.json.encode(told).decode()


def status_text(folder: Path) -> str:
    """How far the folder's job is: counts, scores, what failed, and the times that it was worked on.

    Raises:
        BadInput: there is no job, or its files cannot be read.
    """
    kept, attempts, progress = _read(folder)
    lines = [f"{progress.done} of {progress.total} attempts, {progress.failed} failed."]
    lines.append(f"{progress.tokens:,} tokens, {money(progress)}, {duration(_worked(kept, folder))} of work.")
    if progress.left and progress.done < progress.total:
        lines.append(f"About {duration(progress.left)} are left at {kept.sessions[-1].concurrency} attempts at once.")
    rows = [("METHOD", "TARGET", "STEERER", "RIGHT", "OF", "")]
    for score in progress.scores:
        share = f"{score.right / score.done:.0%}" if score.done else ""
        rows.append((score.method, score.target, score.steerer, str(score.right), str(score.done), share))
    lines += ["", table(rows)]
    failed = Counter(attempt.error for attempt in attempts if attempt.status == "failed")
    if failed:
        lines += ["", "Failed: " + ", ".join(f"{code} {count}" for code, count in failed.most_common())]
    lines += ["", "Worked on:", *(f"  {_session(one)}" for one in kept.sessions)]
    return "\n".join(lines)


def estimate_text(job: Job, folder: Path, concurrency: int) -> str:
    """What the missing attempts of a prepared job will take.

    Raises:
        BadInput: the folder's files cannot be read.
    """
    there = {one.key: one for one in read_attempts(folder)} if (folder / JOB).exists() else {}
    found = [one for one in estimate(trials(job), there) if one.attempts]
    if not found:
        return "Nothing is missing."
    rows: list[tuple[str, ...]] = [
        ("METHOD", "TARGET", "STEERER", "ATTEMPTS", "CALLS", "READ", "WRITTEN", "SECONDS", "USD", "RESTS ON")
    ]
    rows += [_row(one) for one in found]
    costs = [one.cost for one in found]
    total = Estimate(
        method="together",
        target="",
        steerer="",
        attempts=sum(one.attempts for one in found),
        calls=sum(one.calls for one in found),
        input_tokens=sum(one.input_tokens for one in found),
        output_tokens=sum(one.output_tokens for one in found),
        seconds=sum(one.seconds for one in found),
        cost=None if None in costs else sum(one for one in costs if one is not None),
        measured=0,
    )
    rows.append((*_row(total)[:-1], ""))
    lines = [table(rows), ""]
    lines.append(
        f"One after the other that is {duration(total.seconds)}; {concurrency} at once share it as far as the models can"
        " answer several."
    )
    if any(not one.measured for one in found):
        lines.append(
            "What is assumed is a guess from usual calls and lengths; a short job in the same folder makes it measured."
        )
    if total.cost is None:
        lines.append("Some price is not known.")
    return "\n".join(lines)


def _row(one: Estimate) -> tuple[str, ...]:
    return (
        one.method,
        one.target,
        one.steerer,
        str(one.attempts),
        f"{one.calls:,.0f}",
        f"{one.input_tokens:,.0f}",
        f"{one.output_tokens:,.0f}",
        f"{one.seconds:,.0f}",
        "unknown" if one.cost is None else f"{one.cost:,.4f}",
        f"{one.measured} measured" if one.measured else "assumed",
    )


def _read(folder: Path) -> tuple[JobFile, list[Attempt], Progress]:
    kept = read_job(folder)
    asked = trials(kept.job)
    there = {one.key: one for one in read_attempts(folder)}
    tally = Tally(asked, kept.sessions[-1].concurrency if kept.sessions else 1)
    for trial in asked:
        if trial.key in there:
            tally.add(trial, there[trial.key], fresh=False)
    return kept, [there[trial.key] for trial in asked if trial.key in there], tally.progress(0)


def _worked(kept: JobFile, folder: Path) -> float:
    """Seconds of all sessions; one that was killed, or goes on, lasts until its last attempt ended."""
    ends = sorted(datetime.fromisoformat(one.started) + timedelta(seconds=one.seconds) for one in read_attempts(folder))
    total = 0.0
    for number, session in enumerate(kept.sessions):
        began = datetime.fromisoformat(session.started)
        if session.ended:
            total += (datetime.fromisoformat(session.ended) - began).total_seconds()
            continue
        until = datetime.fromisoformat(kept.sessions[number + 1].started) if number + 1 < len(kept.sessions) else None
        within = [end for end in ends if end >= began and (until is None or end <= until)]
        total += (within[-1] - began).total_seconds() if within else 0.0
    return total


def _session(one: Session) -> str:
    ended = f"to {one.ended} ({one.why})" if one.ended else "and did not end by itself, or goes on"
    return f"{one.started} {ended}, {one.concurrency} at once"
