"""The gate in front of an endpoint: places, rates, pauses, and what answers teach."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from codesteer_kernel.errors import AuthenticationFailed, BadInput, RateLimited
from codesteer_kernel.models import Message, open_model, retrying
from codesteer_kernel.models.gate import Gate, Quota, gate_to, read_headers, read_quota
from codesteer_kernel.models.hosted import HostedModel
from codesteer_kernel.models.limits import Limits
from codesteer_kernel.models.providers import PROVIDERS
from tests.models.endpoints import WIRES, ask, model_at, serving, text
from tests.scripted import Reply, Request, serving_in_thread

LONG = 30.0


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def gate(**quota: int) -> Gate:
    return Gate("somewhere", Quota(**quota))


class Walker:
    """Tasks that want a place and note when they got it."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.order: list[str] = []
        self.leave = asyncio.Event()

    async def walk(self, name: str, *, model: str = "m", tokens: int = 0, **options: Any) -> None:
        async with self.gate.place(model, tokens, longest=LONG, **options):
            self.order.append(name)
            await self.leave.wait()

    def start(self, name: str, **options: Any) -> asyncio.Task[None]:
        return asyncio.create_task(self.walk(name, **options))

    async def settle(self) -> list[str]:
        """Who has a place, once nobody else gets one by himself."""
        for _ in range(20):
            await asyncio.sleep(0.001)
        return self.order


@pytest.fixture
async def walkers() -> AsyncIterator[Any]:
    made: list[tuple[Walker, list[asyncio.Task[None]]]] = []

    def make(gate: Gate, *names: str) -> Walker:
        walker = Walker(gate)
        made.append((walker, [walker.start(name) for name in names]))
        return walker

    yield make
    for walker, tasks in made:
        walker.leave.set()
        await asyncio.gather(*tasks, return_exceptions=True)


# -- places


async def test_places_are_given_in_the_order_of_asking(walkers: Any) -> None:
    walker = walkers(gate(in_flight=1), *"abcde")
    assert await walker.settle() == ["a"]
    walker.leave.set()
    assert await walker.settle() == [*"abcde"]


async def test_one_who_is_asked_to_come_back_stands_first(walkers: Any) -> None:
    walker = walkers(gate(in_flight=1), *"abc")
    await walker.settle()
    back = walker.start("back", first=True)
    await walker.settle()
    walker.leave.set()
    await back
    assert walker.order[:2] == ["a", "back"]


async def test_one_who_stops_waiting_leaves_the_queue(walkers: Any) -> None:
    walker = walkers(gate(in_flight=1), "a")
    waiting, behind = walker.start("gone"), walker.start("behind")
    await walker.settle()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    walker.leave.set()
    await behind
    assert walker.order == ["a", "behind"]


async def test_one_who_is_cancelled_with_a_place_gives_it_back(walkers: Any) -> None:
    walker = walkers(gate(in_flight=1))
    held = walker.start("held")
    await walker.settle()
    behind = walker.start("behind")
    await walker.settle()
    held.cancel()
    assert await walker.settle() == ["held", "behind"]
    walker.leave.set()
    await behind


async def test_a_wider_quota_holds_at_once(walkers: Any) -> None:
    narrow = gate(in_flight=1)
    walker = walkers(narrow, *"abc")
    assert await walker.settle() == ["a"]
    narrow.quota = Quota(in_flight=2)
    assert await walker.settle() == ["a", "b"]


async def test_a_place_that_is_given_while_its_owner_is_cancelled_is_not_lost() -> None:
    narrow = gate(in_flight=1)
    for _ in range(50):
        walker = Walker(narrow)
        first, second = walker.start("first"), walker.start("second")
        while not walker.order:
            await asyncio.sleep(0)
        walker.leave.set()
        await first  # gives the place to the second, who is cancelled before he runs
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
    async with asyncio.timeout(5), narrow.place("m", 0, longest=LONG):
        pass


def test_no_more_calls_are_under_way_than_the_quota_allows_in_any_thread_or_loop(wire: str) -> None:
    """One gate for all models of an endpoint in this process."""
    quota = Quota(in_flight=2)
    with serving_in_thread([Reply("fine words", delay=0.02, times=None)]) as server:

        def user() -> None:
            async def calls() -> None:
                model = model_at(server.url, wire, quota=quota)
                assert [text(one) for one in await asyncio.gather(*(ask(model) for _ in range(3)))] == [
                    "fine words"
                ] * 3
                await model.aclose()

            asyncio.run(calls())

        threads = [threading.Thread(target=user) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(server.requests) == 9
        assert server.busiest == 2


async def test_a_call_that_is_cancelled_or_fails_gives_its_place_back(wire: str) -> None:
    script = [Reply("x", hang_after=0), Reply(status=400, error="odd"), Reply("one two", cut_after=1), "fine"]
    async with serving(script, wire, quota=Quota(in_flight=1)) as (server, model):
        hanging = asyncio.create_task(ask(model))
        while not server.requests:
            await asyncio.sleep(0.01)
        waiting = asyncio.create_task(ask(model))
        await asyncio.sleep(0.05)
        assert len(server.requests) == 1
        hanging.cancel()
        await asyncio.gather(hanging, waiting, return_exceptions=True)
        await asyncio.gather(ask(model), return_exceptions=True)
        assert text(await ask(model)) == "fine"
    assert server.busiest == 1


# -- rates


async def test_requests_are_spread_once_the_minutes_worth_is_spent() -> None:
    spread = gate(requests=120)
    begin = time.monotonic()
    for _ in range(122):
        async with spread.place("m", 0, longest=LONG):
            pass
    assert time.monotonic() - begin >= 0.9  # two more, at two a second


async def test_tokens_are_counted_as_estimated_and_then_as_used() -> None:
    metered = gate(tokens=6000)
    async with metered.place("m", 6000, longest=LONG) as place:
        metered.used(place, 0)
    begin = time.monotonic()
    async with metered.place("m", 5990, longest=LONG):
        pass
    async with metered.place("m", 60, longest=LONG):
        pass
    assert time.monotonic() - begin >= 0.4  # 50 are missing, at 100 a second


async def test_a_small_call_does_not_overtake_a_large_one(walkers: Any) -> None:
    walker = walkers(gate(tokens=6000))
    all_of_it = walker.start("all", tokens=6000)
    await walker.settle()
    large, small = walker.start("large", tokens=50), walker.start("small", tokens=1)
    await walker.settle()
    walker.leave.set()
    await asyncio.gather(all_of_it, large, small)
    assert walker.order == ["all", "large", "small"]


async def test_nobody_is_forgotten_behind_larger_calls() -> None:
    """Whatever the order of sizes, models and what is learned meanwhile, everybody gets a place."""
    chance = random.Random(7)
    for _ in range(30):
        crowded = gate(tokens=600_000, requests=chance.choice([0, 30_000]), in_flight=chance.choice([0, 1, 3]))
        order: list[int] = []

        async def walk(number: int) -> None:
            async with crowded.place(f"m{number % 3}", chance.choice([1, 50, 400]), longest=LONG) as place:  # noqa: B023
                order.append(number)  # noqa: B023
                if chance.random() < 0.3:
                    left = {"x-ratelimit-limit-tokens": "6000", "x-ratelimit-remaining-tokens": "5"}
                    crowded.learn(place.model, {**left, "x-ratelimit-reset-tokens": "50ms"})  # noqa: B023
                await asyncio.sleep(chance.choice([0, 0.001]))

        async with crowded.place("m", 600_000, longest=LONG):
            tasks = [asyncio.create_task(walk(number)) for number in range(8)]
            await asyncio.sleep(0)
        tasks[chance.randrange(8)].cancel()
        async with asyncio.timeout(20):
            await asyncio.gather(*tasks, return_exceptions=True)
        assert len(order) >= 7


async def test_a_call_larger_than_a_minutes_worth_goes_when_the_minute_is_full() -> None:
    async with asyncio.timeout(5), gate(tokens=100).place("m", 10**6, longest=LONG):
        pass


# -- pauses


async def test_a_pause_holds_back_everybody(wire: str) -> None:
    script = [Reply(status=429, headers={"Retry-After": "0.5"}), Reply("fine", times=None)]
    async with serving(script, wire) as (server, model):
        first = asyncio.create_task(ask(model))
        while not server.requests:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        others = [asyncio.create_task(ask(model_at(server.url, wire))) for _ in range(3)]
        for answer in await asyncio.gather(first, *others):
            assert text(answer) == "fine"
    limited, *after = server.requests
    assert len(after) == 4
    assert min(one.at for one in after) - limited.at >= 0.49


async def test_a_pause_that_is_too_long_is_an_error_for_all_who_wait(wire: str) -> None:
    async with serving([Reply(status=429, headers={"Retry-After": "3600"})], wire) as (server, model):
        for _ in range(2):
            with pytest.raises(RateLimited, match=r"wait 3\d\d\d seconds"):
                await ask(model)
    assert len(server.requests) == 1


async def test_a_fault_that_stays_holds_back_nobody(wire: str) -> None:
    async with serving([Reply(status=401, headers={"Retry-After": "3600"}), "fine"], wire) as (_, model):
        with pytest.raises(AuthenticationFailed):
            await ask(model)
        assert text(await ask(model)) == "fine"


async def test_a_server_error_without_a_word_holds_back_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(asked: Request) -> Reply:
        return Reply(status=500) if asked.last_user == "bad" else Reply("fine")

    monkeypatch.setattr(retrying, "backoff", lambda attempt: 30.0)
    async with serving(script, "openai", Limits()) as (server, model):
        bad = asyncio.create_task(ask(model, Message("user", "bad")))
        while not server.requests:
            await asyncio.sleep(0.01)
        assert text(await ask(model, Message("user", "good"))) == "fine"
        bad.cancel()
        await asyncio.gather(bad, return_exceptions=True)


# -- what answers teach

OPENAI = {
    "x-ratelimit-limit-requests": "100",
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": "{span}",
}
ANTHROPIC = {
    "anthropic-ratelimit-requests-limit": "100",
    "anthropic-ratelimit-requests-remaining": "0",
    "anthropic-ratelimit-requests-reset": "{date}",
}


@pytest.mark.parametrize("headers", [OPENAI, ANTHROPIC], ids=["openai", "anthropic"])
async def test_what_is_left_of_a_models_requests_holds_for_that_model(headers: dict[str, str]) -> None:
    date = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
    told = {name: value.format(span="1m0s", date=date) for name, value in headers.items()}
    learned = gate()
    begin = time.monotonic()
    learned.learn("m", told)
    async with asyncio.timeout(5), learned.place("other", 0, longest=LONG):
        pass
    async with learned.place("m", 0, longest=LONG):
        pass
    assert time.monotonic() - begin >= 0.5  # one of a hundred, at a hundred a minute


async def test_others_pass_one_who_waits_for_his_own_model(walkers: Any) -> None:
    learned = gate()
    learned.learn("slow", {"x-ratelimit-limit-requests": "1", "x-ratelimit-remaining-requests": "0"})
    walker = walkers(learned)
    slow, quick = walker.start("slow", model="slow"), walker.start("quick", model="quick")
    assert await walker.settle() == ["quick"]
    slow.cancel()
    walker.leave.set()
    await asyncio.gather(slow, quick, return_exceptions=True)


async def test_answers_that_tell_of_limits_are_heeded(wire: str) -> None:
    """One request of the hundred is there again after 0.6 seconds."""
    date = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
    family = OPENAI if wire == "openai" else ANTHROPIC
    told = {name: value.format(span="60s", date=date) for name, value in family.items()}
    async with serving([Reply("one", headers=told), "two"], wire) as (server, model):
        assert text(await ask(model)) + text(await ask(model)) == "onetwo"
    first, second = server.requests
    assert second.at - first.at >= 0.5


@pytest.mark.parametrize(
    ("headers", "kind", "level", "rate"),
    [
        ({"x-ratelimit-limit-tokens": "600", "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "10s"}, "tokens", 0, 60),
        ({"x-ratelimit-limit-tokens": "600", "x-ratelimit-remaining-tokens": "300", "x-ratelimit-reset-tokens": "120ms"}, "tokens", 300, 2500),
        ({"x-ratelimit-limit-tokens": "600", "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s"}, "tokens", 0, 10),
        ({"x-ratelimit-limit-req-minute": "60", "x-ratelimit-remaining-req-minute": "3"}, "requests", 3, 1),
        ({"x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "?"}, "requests", 1, 1),
    ],
)  # fmt: skip
def test_headers_are_read_as_what_is_left_and_how_fast_it_comes_back(
    headers: dict[str, str], kind: str, level: float, rate: float
) -> None:
    bucket = read_headers(headers)[kind]
    assert bucket.level == level
    assert bucket.rate == pytest.approx(rate)


@pytest.mark.parametrize("value", ["", "many", "-1", "nan", "inf", "1e400"])
def test_headers_that_make_no_sense_teach_nothing(value: str) -> None:
    for name in ("limit", "remaining"):
        headers = {f"x-ratelimit-{kind}-requests": "5" for kind in ("limit", "remaining")}
        headers[f"x-ratelimit-{name}-requests"] = value
        assert read_headers(headers) == {}


# -- whose quota


def test_an_endpoint_and_its_key_have_one_gate() -> None:
    one = gate_to("http://a.example", "KEY", Quota(in_flight=1))
    assert gate_to("http://a.example", "KEY", Quota(in_flight=3)) is one
    assert one.quota.in_flight == 3
    assert gate_to("http://a.example", "OTHER", Quota()) is not one
    assert gate_to("http://b.example", "KEY", Quota()) is not one


def test_a_quota_comes_from_the_table_the_environment_or_an_argument(
    wire: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept(**options: Any) -> Quota:
        return model_at("http://127.0.0.1:9", wire, **options)._gate.quota

    usual = PROVIDERS[wire].quota
    assert kept() == usual
    assert usual.in_flight > 0
    monkeypatch.setenv(f"CODESTEER_QUOTA_{wire.upper()}", "requests=50, tokens = 40000")
    assert kept() == Quota(in_flight=usual.in_flight, requests=50, tokens=40000)
    assert kept(quota=Quota(in_flight=1)) == Quota(in_flight=1)
    monkeypatch.setenv(f"CODESTEER_QUOTA_{wire.upper()}", "fast")
    with pytest.raises(BadInput, match="no quota"):
        kept()


def test_a_quota_and_limits_can_be_opened_with(wire: str) -> None:
    model = open_model(f"{wire}/m@http://127.0.0.1:9", quota={"in_flight": 3}, limits={"total": 5})
    assert isinstance(model, HostedModel)
    assert (model._gate.quota, model._limits) == (Quota(in_flight=3), Limits(total=5))


@pytest.mark.parametrize("text", ["fast", "in_flight=-1", "in_flight=two", "speed=3", "in_flight=1 and more", "=3"])
def test_a_quota_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="no quota"):
        read_quota(text, Quota())


def test_an_empty_quota_changes_nothing() -> None:
    assert read_quota(" ", Quota(in_flight=7)) == Quota(in_flight=7)


async def test_waiting_at_the_gate_does_not_count_as_the_endpoints_silence(wire: str) -> None:
    limits = Limits(first_token=2.5, total=2.5)
    async with serving([Reply("slow", first_delay=1.0, times=None)], wire, limits, quota=Quota(in_flight=1)) as (
        _,
        model,
    ):
        answers = await asyncio.gather(*(ask(model) for _ in range(3)))
    assert [text(one) for one in answers] == ["slow"] * 3
