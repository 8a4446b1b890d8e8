"""What the front end's own buttons ask of the kernel, over a comm that the front end opens: ``codesteer.control``.

A request names its ``event`` and a number of its own, ``ask``, which the answer repeats::

    {"ask": 1, "event": "marks", "run": ID}                                    what is known of a run
    {"ask": 2, "event": "rate", "run": ID, "round": 2, "rating": "good"}       keep a rating; null takes it back

Both are answered by ``{"ask": ..., "kept": true, "ratings": {"2": "good"}}``; ``kept`` is false where the run is not kept
here, and ``error`` says what could not be done. JupyterLab sends these on a subshell, so they are answered while a cell
runs.
"""

from __future__ import annotations

from typing import Any

__all__ = ["TARGET", "answer", "register", "unregister"]

TARGET = "codesteer.control"
_MOST_ROUNDS = 10_000


def register(kernel: Any) -> None:
    """Answer the front end from now on."""
    kernel.comm_manager.register_target(TARGET, _opened)


def unregister(kernel: Any) -> None:
    """Answer no more; harmless where nothing was registered."""
    if TARGET in kernel.comm_manager.targets:
        kernel.comm_manager.unregister_target(TARGET, _opened)


def answer(asked: Any) -> dict[str, Any]:
    """The answer to one request; whatever is asked, there is one."""
    from codesteer_kernel.errors import CodeSteerError, UnknownName
    from codesteer_kernel.history import rate
    from codesteer_kernel.store import Store

    number = asked.get("ask") if isinstance(asked, dict) else None
    try:
        match asked:
            case {"event": "marks", "run": str(run)}:
                ratings = Store().marks(run).ratings
            case {
                "event": "rate",
                "run": str(run),
                "round": int(index),
                "rating": "good" | "bad" | None as rating,
            } if 0 < index <= _MOST_ROUNDS:
                ratings = rate(run, index, rating)
            case _:
                return {"ask": number, "kept": False, "ratings": {}, "error": "This is not a request of CodeSteer's."}
    except UnknownName as fault:
        return {"ask": number, "kept": False, "ratings": {}, "error": str(fault)}
    except CodeSteerError as fault:
        return {"ask": number, "kept": True, "ratings": {}, "error": str(fault)}
    return {"ask": number, "kept": True, "ratings": {str(key): held for key, held in ratings.items()}}


def _opened(comm: Any, _message: dict[str, Any]) -> None:
    comm.on_msg(lambda message: comm.send(answer(message["content"]["data"])))
