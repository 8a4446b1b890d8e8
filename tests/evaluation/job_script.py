"""A model that answers the problems of a job: right, wrong or with an error, as the test says, always the same way."""

from __future__ import annotations

from collections.abc import Callable

from codesteer_kernel.evaluation.jobs import Job, prepared, trials
from tests.run.scripts import say
from tests.scripted import Reply, Request

__all__ = ["answering", "problems_of"]

Twist = Callable[[str], Reply | None]


def problems_of(job: Job) -> dict[str, str]:
    """A right answer to every question of a job."""
    found = {}
    for trial in trials(prepared(job)):
        problem = trial.problem()
        found[problem.question] = problem.reference
    return found


def answering(right: dict[str, str], twist: Twist | None = None, delay: float = 0.0) -> Callable[[Request], Reply]:
    """The script: steers to one answer in words, which is right for every second question.

    ``twist`` may give another reply to a question.
    """

    known = sorted(right)

    def reply(request: Request) -> Reply:
        told = "\n".join(text for _, text in request.turns)
        question = next((one for one in right if one.strip("\n") in told), None)
        if question is None:
            return Reply(status=400, error="This is none of the questions.")
        if twist is not None and (other := twist(question)) is not None:
            return other
        if "You steer another model" in request.system:
            answered = any(role == "assistant" for role, _ in request.turns)
            return Reply(say("return") if answered else say("text"), first_delay=delay)
        knows = known.index(question) % 2
        return Reply(f"<<<{right[question] if knows else 'I do not know'}>>>", first_delay=delay)

    return reply
