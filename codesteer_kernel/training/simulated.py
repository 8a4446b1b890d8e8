"""Targets that are no models: they know the answer and give it as often as a dialled-in skill says.

They make large sets of trajectories cheaply, to try a pipeline or to pre-train a steerer's manners. Nothing that was
made with one is a measurement of anything; their names begin with ``simulated/`` and every row says so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from random import Random

import msgspec

from codesteer_kernel.errors import BadInput
from codesteer_kernel.models.protocol import (
    Abilities,
    ChatRequest,
    Choice,
    Delta,
    Finish,
    Message,
    TextDelta,
    TokenUsage,
)
from codesteer_kernel.symbench import Problem, get

__all__ = ["PROFILES", "SIMULATED", "Profile", "SimulatedTarget"]

SIMULATED = "simulated/"
"""How the names of simulated targets begin."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A skill: probabilities from 0 to 1.

    Attributes:
        text, code: of a right first answer, in words and by a program.
        learns: by how much of what is missing each further try in the same way is better.
        crash, slow: of a program that fails, and of one that never ends.
        check: of a test that tells right from wrong; a failing one says yes to everything.
        tasks: other values of ``text`` and ``code`` for single tasks, as (text, code).
    """

    text: float = 0.3
    code: float = 0.5
    learns: float = 0.2
    crash: float = 0.1
    slow: float = 0.02
    check: float = 0.7
    tasks: dict[str, tuple[float, float]] = {}

    def checked(self) -> Profile:
        """The profile; raises :class:`BadInput` where something is no probability."""
        for name in ("text", "code", "learns", "crash", "slow", "check"):
            if not 0 <= getattr(self, name) <= 1:
                raise BadInput(f"A skill's {name} is {getattr(self, name)}.", "Give a probability from 0 to 1.")
        if self.crash + self.slow > 1:
            raise BadInput("A skill's crash and slow are more than 1 together.")
        return self


PROFILES: dict[str, Profile] = {
    "novice": Profile(text=0.1, code=0.25, crash=0.25, check=0.5),
    "talker": Profile(text=0.6, code=0.3),
    "coder": Profile(text=0.15, code=0.75, crash=0.05),
    "expert": Profile(text=0.7, code=0.85, crash=0.03, check=0.9),
}


class SimulatedTarget:
    """Answers one problem, as target and as writer of tests; a ``ChatModel``.

    Args:
        problem: what it is asked; it needs a reference answer.
        profile: its skill.
        name: of the profile.
        seed: other seeds answer otherwise.
    """

    abilities = Abilities(seed=True)
    context_window: int | None = None

    def __init__(self, problem: Problem, profile: Profile, name: str, seed: int = 0) -> None:
        if not problem.reference:
            raise BadInput(f"The problem of {problem.task} has no reference answer.", "Generate one.")
        self.name = f"{SIMULATED}{name}"
        self._problem = problem
        self._profile = profile.checked()
        self._random = Random(f"{name} {seed} {problem.task} {problem.seed} {problem.question}")  # noqa: S311
        self._tries = {"code": 0, "text": 0}

    async def stream(self, request: ChatRequest) -> AsyncIterator[Delta]:
        """Say an answer or a test, at once."""
        request.check(self)
        asked = request.messages[-1].content
        way = "code" if "```python" in asked else "text"
        said = self._test() if request.slot == "checker" else self._answer(way)
        yield TextDelta(text=said)
        read = sum(len(one.content) for one in request.messages)
        # About four characters a token; nothing is counted here, and nothing is paid.
        yield Finish(reason="end", usage=TokenUsage(input_tokens=read // 4, output_tokens=len(said) // 4))

    async def score(self, messages: Sequence[Message], choices: Sequence[str], *, slot: str = "") -> Choice:
        """It steers nobody."""
        raise BadInput(f"{self.name} cannot score choices.", "Name another steerer.")

    async def aclose(self) -> None:
        """Nothing is held."""

    def _answer(self, way: str) -> str:
        profile = self._profile
        text, code = profile.tasks.get(self._problem.task, (profile.text, profile.code))
        skill = code if way == "code" else text
        skill += (1 - skill) * (1 - (1 - profile.learns) ** self._tries[way])
        self._tries[way] += 1
        answer = self._problem.reference if self._random.random() < skill else self._wrong()
        if way == "text":
            return f"Going through the conditions one by one leads to this.\nAnswer: <<<{answer}>>>"
        fate = self._random.random()
        if fate < profile.crash:
            return "```python\nvalues = [1, 2, 3]\nprint(values[len(values)])\n```"
        if fate < profile.crash + profile.slow:
            return "```python\nwhile True:\n    pass\n```"
        return f"```python\n{_program(answer)}\n```"

    def _wrong(self) -> str:
        task = get(self._problem.task)
        wrong = next(task.mutate(self._problem, self._problem.reference, self._random), None)
        return wrong[1] if wrong else "unknown"

    def _test(self) -> str:
        if self._random.random() >= self._profile.check:
            return "```python\ndef check(answer: str):\n    return bool(answer.strip()), ''\n```"
        codes = [ord(one) for one in "".join(self._problem.reference.split())]
        return (
            "```python\n"
            f"WANTED = {codes}\n"
            "def check(answer: str):\n"
            "    got = [ord(c) for c in ''.join(answer.replace('<', '').replace('>', '').split())]\n"
            "    return got == WANTED, 'a condition is violated'\n"
            "```"
        )


def _program(answer: str) -> str:
    """A program that puts the answer together; it computes as little as it seems to."""
    codes = [ord(one) + place for place, one in enumerate(answer)]
    return (
        f"codes = {codes}\n"
        "parts = []\n"
        "for place, code in enumerate(codes):\n"
        "    parts.append(chr(code - place))\n"
        "print('<<<' + ''.join(parts) + '>>>')"
    )
