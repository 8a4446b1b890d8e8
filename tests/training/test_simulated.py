"""Simulated targets are as good as they are told to be, and say what they are."""

from __future__ import annotations

import contextlib
import io
import re

import pytest
from msgspec.structs import replace

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput
from codesteer_kernel.models.protocol import ChatModel, ChatRequest, Finish, Message, TextDelta
from codesteer_kernel.training.simulated import PROFILES, Profile, SimulatedTarget

ASK = {"text": "Think. Answer:", "code": "Write one ```python block only."}


async def reply(model: SimulatedTarget, way: str, slot: str = "target") -> str:
    request = ChatRequest(messages=(Message(role="user", content=ASK[way]),), slot=slot)
    deltas = [delta async for delta in model.stream(request)]
    assert isinstance(deltas[-1], Finish)
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


def ran(said: str) -> str:
    """What the reply's program prints; it is one of ours."""
    found = re.search(r"```python\n(.*)\n```", said, re.DOTALL)
    assert found
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(found[1], {})
    return out.getvalue()


def target(profile: Profile, task: str = "number_multiply", seed: int = 1) -> SimulatedTarget:
    return SimulatedTarget(symbench.get(task).generate(seed, "1"), profile, "test", seed)


@pytest.mark.parametrize("task", ["number_multiply", "game24", "reversi", "web_of_lies", "letters"])
async def test_skill_one_is_always_right_and_skill_zero_never(task: str) -> None:
    problem = symbench.get(task).generate(3, "1")
    for skill in (0.0, 1.0):
        model = SimulatedTarget(problem, Profile(text=skill, code=skill, learns=0, crash=0, slow=0), "x")
        said = await reply(model, "text")
        printed = ran(await reply(model, "code"))
        verdicts = [symbench.get(task).verify(problem, one).correct for one in (said, printed)]
        assert verdicts == [bool(skill)] * 2


async def test_it_learns_from_try_to_try() -> None:
    right = [0, 0]
    for seed in range(200):
        model = target(Profile(text=0.2, learns=0.5), seed=seed)
        for place in range(2):
            right[place] += symbench.get("number_multiply").verify(model._problem, await reply(model, "text")).correct
    assert 20 <= right[0] <= 65
    assert 90 <= right[1] <= 150


async def test_programs_crash_as_often_as_told() -> None:
    said = [await reply(target(Profile(crash=1.0, slow=0), seed=seed), "code") for seed in range(3)]
    assert all("values[len(values)]" in one for one in said)


async def test_its_tests_tell_right_from_wrong_or_nothing() -> None:
    for check, verdict in ((1.0, False), (0.0, True)):
        model = target(Profile(check=check))
        names: dict[str, object] = {}
        exec(re.findall(r"```python\n(.*)\n```", await reply(model, "code", "checker"), re.DOTALL)[0], names)
        test = names["check"]
        assert callable(test)
        assert test(f"<<<{model._problem.reference}>>>")[0]
        assert test("0")[0] is verdict


def test_it_says_what_it_is() -> None:
    model = target(PROFILES["coder"])
    assert model.name == "simulated/test"
    assert isinstance(model, ChatModel)


def test_the_same_seed_is_the_same_target() -> None:
    one, other = target(PROFILES["novice"]), target(PROFILES["novice"])
    assert one._random.random() == other._random.random()


def test_bad_skills_are_refused() -> None:
    with pytest.raises(BadInput, match=r"text is 1\.5"):
        Profile(text=1.5).checked()
    with pytest.raises(BadInput, match="more than 1 together"):
        Profile(crash=0.6, slow=0.6).checked()
    problem = symbench.get("game24").generate(1)
    with pytest.raises(BadInput, match="no reference"):
        SimulatedTarget(replace_reference(problem), Profile(), "x")


def replace_reference(problem: symbench.Problem) -> symbench.Problem:
    from dataclasses import replace as changed

    return changed(problem, reference="")


def test_profiles_are_sound() -> None:
    assert all(replace(profile).checked() for profile in PROFILES.values())
