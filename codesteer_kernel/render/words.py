"""The sentences that all renderings share: states, verdicts, decisions, costs. Plain text, no markup."""

from __future__ import annotations

from codesteer_kernel.record import Decision, Record, Round, SelfAnswer

__all__ = [
    "bound_lines",
    "cost_line",
    "decision_line",
    "ending_line",
    "execution_line",
    "flat",
    "split_line",
    "status_line",
    "verdict_line",
]

_VERDICTS = {"pass": "passed", "fail": "failed", "broken": "could not run", "unsure": "could not tell"}


def status_line(record: Record) -> str:
    """One sentence on where the run stands."""
    rounds = f"{len(record.rounds)} round{'' if len(record.rounds) == 1 else 's'}"
    match record.status:
        case "queued":
            return "Waiting to start."
        case "running":
            doing = record.progress.phase if record.progress else "starting"
            note = f" ({flat(record.progress.note)})" if record.progress and record.progress.note else ""
            return f"Round {max(1, len(record.rounds))} of at most {record.budget.rounds}: {doing}{note}."
        case "done" if record.config.check_only:
            return f"Checked: {_found(record.rounds[0])}."
        case "done":
            return f"Done in {rounds}."
        case "stopped":
            return f"Stopped after {rounds}; what was found is kept."
        case "exhausted":
            return f"Ended by the budget of {record.budget.hit or 'rounds'} after {rounds}."
        case "lost":
            return f"The kernel went away during the run, after {rounds}."
        case _:
            if record.error is None:
                return "Failed."
            fault = record.error
            return f"{flat(f'Failed: {fault.message} {fault.cure}')} [{flat(fault.code)}]"


def _found(this: Round) -> str:
    """What the checkers found of an answer that the user gave."""
    if this.self_answer is not None:
        return f"the test {verdict_line(this.self_answer)}".rstrip(".")
    if this.execution is not None and this.execution.status != "ok":
        return "the program did not end well"
    return "no test was made"


def decision_line(decision: Decision) -> str:
    """One sentence on a decision: what, how sure, who decided."""
    sure = f" ({decision.confidence:.0%})" if decision.confidence is not None else ""
    by = {"model": "the steerer's model", "rule": "a rule", "template": "a template", "fallback": "the safe fall-back"}
    return f"{decision.kind}{sure}, decided by {by[decision.source]}"


def ending_line(record: Record) -> str:
    """One sentence on why the steerer ended the run; empty where it did not."""
    decision = record.support.decision if record.support is not None else None
    if decision is None:
        return ""
    reason = f" {flat(decision.reason)}" if decision.reason else ""
    return f"The steerer ended the run: {decision_line(decision)}.{reason}"


def verdict_line(verdict: SelfAnswer) -> str:
    """One sentence on the self-answer checker's verdict."""
    reason = f": {flat(verdict.reason)}" if verdict.reason else ""
    return f"{_VERDICTS[verdict.verdict]}{reason}"


def execution_line(this: Round) -> str:
    """One sentence on how the round's program went; empty without a program."""
    run = this.execution
    if run is None or run.status is None:
        return ""
    tier = f", isolation: {run.tier}" if run.tier else ""
    fault = f" ({run.error})" if run.error else f" ({run.limit})" if run.limit else ""
    return flat(f"{run.status}{fault} in {run.seconds:.2f} s{tier}")


def bound_lines(record: Record) -> list[str]:
    """One sentence per name asked for by ``--out``."""
    return [
        flat(f"{one.name} could not be bound: {one.error}" if one.error else f"{one.name} is bound ({one.type})")
        for one in record.bound
    ]


def cost_line(record: Record) -> str:
    """Calls, tokens, money, seconds."""
    use = record.usage
    cached = f" ({use.cached_tokens:,} cached)" if use.cached_tokens else ""
    money = "cost unknown" if use.cost is None else f"${use.cost:.4f}" if use.cost else "no cost"
    return (
        f"{use.calls} model calls, {use.input_tokens:,} tokens in{cached}, {use.output_tokens:,} out, {money}, "
        f"{record.timing.seconds:.1f} s"
    )


def split_line(record: Record) -> str:
    """Where the time went, largest first."""
    parts = sorted(record.timing.split.items(), key=lambda item: -item[1])
    shown = [part for part in parts if part[1] >= 0.05] or parts[:1]
    return ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in shown)


def flat(text: str) -> str:
    """``text`` on one line: a sentence stays a sentence, whatever models and programs put into it."""
    return " ".join(text.split())
