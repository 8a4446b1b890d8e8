"""A process that journals one short run, and forks itself before that once for each moment at which it can be killed.

    python -m tests.store.dying FOLDER

Every child writes into a folder of its own and kills itself (SIGKILL) at one call to the system: before it, or, of a
write, when half of it is done. What was journalled by then is told in ``FOLDER/NAME/seen``.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from codesteer_kernel import locking
from codesteer_kernel.record import Answer, Budget, Decision, Execution, FinalAnswer, Models, Question, RunConfig, fold
from codesteer_kernel.record import events as ev
from codesteer_kernel.store import Store

__all__ = ["EVENTS", "RUN"]

RUN = "20260101-000000-abcdef"
CALLS = ("open", "write", "fsync", "replace", "rename", "link", "unlink", "close", "ftruncate")


def _events() -> list[Any]:
    one = Decision(kind="code", source="model")
    execution = Execution(status="ok", stdout="1\n2\n")
    kinds: list[tuple[Any, dict[str, Any]]] = [
        (
            ev.RunStarted,
            {
                "id": RUN,
                "started": "2026-01-01T00:00:00+00:00",
                "question": Question(prompt="How many? ünd 🙂"),
                "models": Models(target="t/one", steerer="s", checker="c"),
                "config": RunConfig(),
                "budget": Budget(),
            },
        ),
        (ev.PhaseEntered, {"phase": "choosing"}),
        (ev.RoundStarted, {"round": 1, "decision": one}),
        (ev.AnswerDelta, {"round": 1, "text": "Here it is:\n"}),
        (ev.AnswerDelta, {"round": 1, "text": "print(1)\n"}),
        (
            ev.Answered,
            {"round": 1, "answer": Answer(text="Here it is:\nprint(1)\nprint(2)", code="print(1)\nprint(2)")},
        ),
        (ev.PhaseEntered, {"phase": "executing"}),
        (ev.StreamAdded, {"round": 1, "name": "stdout", "text": "1\n"}),
        (ev.Executed, {"round": 1, "execution": execution, "result": "2"}),
        (ev.RoundEnded, {"round": 1, "result": "2"}),
        (ev.RunEnded, {"status": "done", "answer": FinalAnswer(text="2", result="2", round=1)}),
    ]
    return [kind(seq=seq, at=seq / 8, **fields) for seq, (kind, fields) in enumerate(kinds, 1)]


EVENTS = _events()


def live(folder: Path, seen: int) -> None:
    """Journal the run from its first event to its record; ``seen`` is where the number of kept events is told."""
    journal = Store(folder).open(RUN)
    for event in EVENTS:
        journal.append(event)
        os.pwrite(seen, f"{event.seq}\n".encode(), 0)
    journal.close(fold(EVENTS))


def dying(at: int, half: bool) -> None:
    """Replace the calls to the system by some that kill this process at call number ``at``."""
    count = 0

    def wrapped(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def deadly(*arguments: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count == at:
                if half and name == "write":
                    descriptor, data = arguments
                    call(descriptor, data[: len(data) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **named)

        return deadly

    for name in CALLS:
        setattr(os, name, wrapped(name, getattr(os, name)))
    locking.fcntl.flock = wrapped("flock", locking.fcntl.flock)  # type: ignore[assignment]


def main(base: Path) -> None:
    for half in (False, True):
        for at in range(1, 1000):
            folder = base / f"{'half' if half else 'whole'}-{at:03d}"
            folder.mkdir()
            seen = os.open(folder / "seen", os.O_CREAT | os.O_WRONLY)
            os.write(seen, b"0\n")
            child = os.fork()
            if child == 0:
                dying(at, half)
                live(folder / "runs", seen)
                os._exit(0)
            os.close(seen)
            if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
                break


if __name__ == "__main__":
    main(Path(sys.argv[1]))
