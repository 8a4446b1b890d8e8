"""Runs of doubles, and what holds for every run."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import jsonschema

from codesteer_kernel.record import Question, Record, RunConfig, Usage, encode_record, fold
from codesteer_kernel.record import events as ev
from codesteer_kernel.record.schema import record_schema
from codesteer_kernel.steering import Roles
from codesteer_kernel.steering.loop import Steering
from tests.steering.doubles import Programs, Speaker

__all__ = ["CHECK", "CODE", "QUESTION", "UNTESTED", "VALIDATOR", "Run", "say"]

QUESTION = Question(prompt="What is 6 * 7? Use {braces} and $dollars.")
CODE = "```python\nprint({})\n```"
CHECK = (
    "```python\ndef check(answer):\n    right = 6 * sum([7])\n    return int(answer) == right, f'it is {right}'\n```"
)
UNTESTED = RunConfig(dialect="instruct", without=["self-answer"])
"""Nobody writes checking programs."""
VALIDATOR = jsonschema.Draft202012Validator(record_schema())


def say(decision: str, guidance: str = "") -> str:
    return json.dumps({"decision": decision, "guidance": guidance, "reason": "because"})


class Run:
    """One run of doubles, with everything that can be looked at afterwards."""

    def __init__(
        self,
        target: list[Any] | Speaker,
        steerer: list[Any] | Speaker,
        programs: Programs | None = None,
        *,
        checker: list[Any] | Speaker | None = None,
        question: Question = QUESTION,
        **settings: Any,
    ) -> None:
        self.target = target if isinstance(target, Speaker) else Speaker(target, name="openai/target")
        self.steerer = steerer if isinstance(steerer, Speaker) else Speaker(steerer, name="openai/steerer")
        given = checker if checker is not None else [CHECK] * 9
        self.checker = given if isinstance(given, Speaker) else Speaker(given, name="openai/checker")
        self.programs = programs or Programs([])
        settings.setdefault("config", RunConfig(dialect="instruct"))
        self.steering = Steering(
            question,
            Roles(self.target, self.steerer, self.checker),
            self.programs,  # type: ignore[arg-type]
            **settings,
        )
        self.events: list[Any] = []

    async def finish(self) -> Record:
        """Run to the end and check what holds for every run."""
        async with asyncio.timeout(20):
            async for event in self.steering.events():
                self.events.append(event)
        record = self.steering.record
        assert fold(self.events) == record
        assert isinstance(self.events[0], ev.RunStarted)
        assert isinstance(self.events[-1], ev.RunEnded)
        assert sum(isinstance(event, ev.RunEnded) for event in self.events) == 1
        VALIDATOR.validate(json.loads(encode_record(record)))
        calls = [event.usage for event in self.events if isinstance(event, ev.CallMade)]
        assert record.usage == sum(calls, Usage())
        asked = sum(len(model.requests) + len(model.scored) for model in {self.target, self.steerer, self.checker})
        assert record.usage.calls == len(calls) == asked
        return record

    def told_target(self, request: int) -> str:
        return self.target.requests[request].messages[-1].content
