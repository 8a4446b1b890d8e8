"""What the front end's own buttons ask of the kernel, over a comm that the front end opens: ``codesteer.control``.

A request names its ``event`` and a number of its own, ``ask``, which the answer repeats::

    {"ask": 1, "event": "marks", "run": ID}                                    what is known of a run
    {"ask": 2, "event": "rate", "run": ID, "round": 2, "rating": "good"}       keep a rating; null takes it back
    {"ask": 3, "event": "list", "text": "", "status": "", "model": "", "after": "", "limit": 100}    runs kept on disk
    {"ask": 4, "event": "load", "run": ID}                                     the record of one of them
    {"ask": 5, "event": "export", "run": ID, "format": "md"}                   one of them as the text of a file
    {"ask": 6, "event": "delete", "run": ID}                                   one of them less

The first two are answered by ``{"ask": ..., "kept": true, "ratings": {"2": "good"}}``; ``kept`` is false where the run is
not kept here. The others are answered as :mod:`.kept` says; with the list comes whether the magics are ``loaded``. Where
something could not be done, ``error`` says what. JupyterLab sends these on a subshell, so they are answered while a cell
runs. Where the magics are not loaded, it has :func:`serve` executed first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["TARGET", "answer", "register", "serve", "unregister"]

TARGET = "codesteer.control"
_MOST_ROUNDS = 10_000


def register(kernel: Any) -> None:
    """Answer the front end from now on."""
    kernel.comm_manager.register_target(TARGET, _opened)


def unregister(kernel: Any) -> None:
    """Answer no more; harmless where nothing was registered."""
    if TARGET in kernel.comm_manager.targets:
        kernel.comm_manager.unregister_target(TARGET, _opened)


def serve() -> None:
    """Answer the front end in the notebook that runs this, whether or not the magics are loaded there."""
    from IPython.core.getipython import get_ipython

    register(get_ipython().kernel)


def answer(asked: Any) -> dict[str, Any]:
    """The answer to one request; whatever is asked, there is one."""
    from codesteer_kernel.errors import CodeSteerError, UnknownName

    number = asked.get("ask") if isinstance(asked, dict) else None
    nothing: dict[str, Any] = {"ask": number, "kept": False, "ratings": {}}
    try:
        told = _told(asked)
    except UnknownName as fault:
        return {**nothing, "error": fault.told}
    except CodeSteerError as fault:
        return {**nothing, "kept": True, "error": fault.told}
    if told is None:
        return {**nothing, "error": "This is not a request of CodeSteer's."}
    return {"ask": number, **told}


def _told(asked: Any) -> dict[str, Any] | None:
    """What is to be told; None where nothing can be meant."""
    from codesteer import kept
    from codesteer_kernel.history import rate
    from codesteer_kernel.store import Store

    match asked:
        case {"event": "marks", "run": str(run)}:
            return _marked(Store().marks(run).ratings)
        case {
            "event": "rate",
            "run": str(run),
            "round": int(index),
            "rating": "good" | "bad" | None as rating,
        } if 0 < index <= _MOST_ROUNDS:
            return _marked(rate(run, index, rating))
        case {
            "event": "list",
            "text": str(text),
            "status": str(status),
            "model": str(model),
            "after": str(after),
            "limit": int(limit),
        }:
            return {"loaded": _has_magics(), **kept.page(text, status, model, after, limit)}
        case {"event": "load", "run": str(run)}:
            return kept.load(run)
        case {"event": "export", "run": str(run), "format": str(form)}:
            return kept.export(run, form)
        case {"event": "delete", "run": str(run)}:
            return kept.delete(run)
        case _:
            return None


def _has_magics() -> bool:
    """Whether ``%%codesteer`` can be run in this notebook as it is."""
    from IPython.core.getipython import get_ipython

    return getattr(get_ipython(), "_codesteer_magics", None) is not None


def _marked(ratings: Mapping[int, str]) -> dict[str, Any]:
    return {"kept": True, "ratings": {str(index): rating for index, rating in ratings.items()}}


def _opened(comm: Any, _message: dict[str, Any]) -> None:
    comm.on_msg(lambda message: comm.send(answer(message["content"]["data"])))
