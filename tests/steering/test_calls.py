"""Model calls as a run books them, against the real SDKs."""

from __future__ import annotations

import asyncio

import pytest

from codesteer_kernel.errors import BrokenAnswer
from codesteer_kernel.models import ChatRequest, Message
from tests.models.endpoints import serving
from tests.scripted import Reply
from tests.steering.doubles import calls_of

REQUEST = ChatRequest(messages=(Message("user", "four words of prompt"),), repeat_partial=True)


async def test_a_call_that_is_cut_is_booked_with_what_is_known_of_it() -> None:
    calls = calls_of()
    heard = asyncio.Event()
    async with serving([Reply("one two", hang_after=1)], "anthropic") as (_, model):
        asked = calls.stream(model, REQUEST, role="target", purpose="answer", on_text=lambda text: heard.set())
        task = asyncio.create_task(asked)
        await heard.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert calls.meter.usage.input_tokens == 4


async def test_an_answer_that_begins_anew_holds_nothing_of_the_first_try() -> None:
    calls = calls_of()
    async with serving([Reply("one two three", cut_after=2), "four five"], "anthropic") as (_, model):
        reply = await calls.stream(model, REQUEST, role="target", purpose="answer")
    assert reply.text == "four five"
    assert calls.meter.usage.input_tokens == 8


async def test_a_call_that_breaks_is_booked_too() -> None:
    calls = calls_of()
    async with serving([Reply("one two", cut_after=1, times=None)], "anthropic") as (_, model):
        with pytest.raises(BrokenAnswer):
            await calls.stream(model, REQUEST, role="target", purpose="answer")
    assert calls.meter.usage.input_tokens == 12
