"""Dialects: how a steerer is asked and how its words become one of five decisions.

A dialect is chosen by :func:`open_dialect` from its name, or from what the steerer can do: ``mini`` scores a closed
set of choices, ``instruct`` has a general model reply with typed JSON, ``codesteer-v1`` speaks the wire format of the
published weights.
"""

from __future__ import annotations

from codesteer_kernel.errors import UnknownName, nearest
from codesteer_kernel.models.protocol import ChatModel
from codesteer_kernel.record import Question, RunConfig
from codesteer_kernel.steering.calls import Calls
from codesteer_kernel.steering.dialects.base import Dialect
from codesteer_kernel.steering.head import Head, find_head

__all__ = ["DIALECTS", "Dialect", "default_dialect", "head_of", "open_dialect"]

DIALECTS = ("mini", "instruct", "codesteer-v1")


def default_dialect(model: ChatModel) -> str:
    """Name the dialect that suits ``model``.

    What was tuned to steer says so itself (its ``dialect``: a folder's ``codesteer.json``); the published weights are
    known by their name. Other local models are scored, hosted ones asked.
    """
    if tuned := getattr(model, "dialect", None):
        return str(tuned)
    identity = model.name.partition("@http")[0].partition("?")[0].rpartition("/")[2]
    if "codesteer-v1" in identity.lower():
        return "codesteer-v1"
    return "mini" if model.abilities.score and model.abilities.local else "instruct"


def head_of(model: ChatModel, target: ChatModel, config: RunConfig) -> Head | None:
    """The trained head that weighs what ``model`` reads out where it steers ``target`` in a run with ``config``.

    None: there is none, it is left out, or what it learned is what other targets can do (docs/results/targets.md).

    Raises:
        BadInput: a head of the user's own cannot be read.
    """
    head = None if "head" in config.without else find_head(model)
    return head if head is not None and head.knows(target) else None


def open_dialect(
    name: str,
    model: ChatModel,
    calls: Calls,
    question: Question,
    config: RunConfig,
    *,
    target: ChatModel | None = None,
) -> Dialect:
    """Return the dialect ``name`` in which ``model`` steers ``target`` (default: itself) for one run.

    Raises:
        UnknownName: there is no such dialect.
    """
    match name:
        case "mini":
            from codesteer_kernel.steering.dialects.mini import Mini

            return Mini(model, calls, question, head_of(model, target or model, config))
        case "instruct":
            from codesteer_kernel.steering.dialects.instruct import Instruct

            return Instruct(model, calls, question, config)
        case "codesteer-v1":
            from codesteer_kernel.steering.dialects.codesteer_v1 import CodeSteerV1

            return CodeSteerV1(model, calls, question, config)
    raise UnknownName(
        f"There is no steering dialect {name!r}.", nearest(name, DIALECTS) or f"Known: {', '.join(DIALECTS)}."
    )
