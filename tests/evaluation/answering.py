"""A method answers a problem over the wire: scripted servers, real child kernels, the engine that jobs use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from codesteer_kernel.evaluation import Attempt, Method
from codesteer_kernel.evaluation.attempt import attempt_of
from codesteer_kernel.record import Record
from codesteer_kernel.run import RunSettings, engine
from codesteer_kernel.symbench import Problem, get
from tests.run.scripts import model
from tests.scripted import Reply, Request, serving_in_thread
from tests.scripted.server import Script

__all__ = ["PROBLEM", "Answered", "answered", "fenced"]

PROBLEM = get("number_multiply").generate(7, "1")


@dataclass(frozen=True)
class Answered:
    """What came of it: the row, the whole record, and every request that reached the server."""

    attempt: Attempt
    record: Record
    requests: list[Request]

    @property
    def asked(self) -> list[str]:
        """The last user turn of each request, in the order of the requests."""
        return [request.last_user for request in self.requests]


def answered(method: Method, script: Script, *, problem: Problem = PROBLEM, **settings: Any) -> Answered:
    """Have ``method`` answer ``problem`` with a model that replies by ``script``, as a job does."""
    with serving_in_thread(script) as server:
        base = RunSettings(target=model(server), journal=False, **settings)
        live = engine().submit(problem.question, method.settings(base), procedure=method.procedure)
        record = live.wait(120).record
        row = attempt_of(record, problem, key="k", method=method.name, level="")
        return Answered(row, record, server.requests)


def fenced(source: str, before: str = "I compute it.", after: str = "") -> Reply:
    """A reply with a program."""
    return Reply(f"{before}\n```python\n{source}\n```\n{after}")
