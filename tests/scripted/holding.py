"""Models that hold a run at a point of one's choice until somebody stops it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.scripted.server import Reply, Request, Script

__all__ = ["PHASES", "Phase", "holding"]

_FOR_EVER = 3600.0
_PROGRAM = "A program.\n\n```python\n{lines}\n```"
_CHECK = "```python\ndef check(answer):\n    {first}\n    return int(answer) == sum(range(1, 11)), 'the sum'\n```"
# Deaf to interrupts, as a program in compiled code is; and what it prints does not stand in it.
_ENDLESS = """import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("be" + "gun", flush=True)
while True:
    pass"""


@dataclass(frozen=True)
class Phase:
    """A point at which a run can be held.

    Attributes:
        name: what it is called in test names and tables.
        shows: words that stand in the cell's view once the run is there.
        asks: how many requests the models have got by then.
        calls: whether it is a model's answer that is waited for, not a program's end.
    """

    name: str
    shows: str
    asks: int
    calls: bool = True


PHASES = (
    Phase("choosing", "choosing text or code", 1),
    # The program that tests the answers is asked for at the same time as the answer itself.
    Phase("prefill", "answering", 3),
    Phase("stream", "and so on", 3),
    Phase("execution", "begun", 3, calls=False),
    Phase("writing the test", "checking the answer", 3),
    Phase("running the test", "checking the answer", 3, calls=False),
    Phase("steering", "deciding what next", 4),
)


def holding(phase: Phase) -> Script:
    """The script of a target, a steerer and a checker that bring a run to ``phase`` and no further."""

    def wait(name: str) -> float:
        return _FOR_EVER if phase.name == name else 0.0

    def answer(request: Request) -> Reply:
        if "You steer another model" in request.system:
            if "Round 1" in request.last_user:
                return Reply('{"decision": "return", "guidance": "", "reason": "Right."}', first_delay=wait("steering"))
            return Reply('{"decision": "code", "guidance": "", "reason": "A sum."}', first_delay=wait("choosing"))
        if "check(answer" in request.last_user:
            first = "while int(answer) > 0: pass" if phase.name == "running the test" else "answer = answer.strip()"
            return Reply(_CHECK.format(first=first), first_delay=wait("writing the test"))
        if phase.name == "stream":
            return Reply("and so on " * 20_000, delay=0.02)
        lines = _ENDLESS if phase.name == "execution" else "print(sum(range(11)))"
        return Reply(_PROGRAM.format(lines=lines), first_delay=wait("prefill"))

    return answer
