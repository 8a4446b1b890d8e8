"""A dry run: the loop is started for real, and every request of its models is kept at the door (:mod:`..egress`).

What can be known before anybody has answered is the first request to each model: the steerer's first choice, and for
each way that it may choose, what the target and the writer of the test are asked. No program runs and no model loads.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing, suppress
from typing import Any, Literal, NoReturn

import msgspec
from msgspec.structs import replace

from codesteer_kernel.egress import HeldBack, Letter, held
from codesteer_kernel.errors import CodeSteerError
from codesteer_kernel.executor import OutputEvent, Result
from codesteer_kernel.models.hosted import HostedModel
from codesteer_kernel.models.protocol import ChatModel, ChatRequest, Choice, Delta, Message
from codesteer_kernel.models.served import ServedModel
from codesteer_kernel.record import Answer, Budget, Question, RunConfig
from codesteer_kernel.steering.acts import Roles
from codesteer_kernel.steering.loop import Steering

__all__ = ["Asked", "Way", "rehearse"]

Way = Literal["sent", "here", "plug-in"]

_TURNS = 200
"""So many turns of the event loop begin whatever was started along with what has come to the door."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A model that would be asked, or a host of models.

    Attributes:
        role: ``steerer``, ``target``, ``checker`` or ``host``.
        model: its name.
        when: the first decision that leads there (``code``, ``text``), or empty: in any case.
        way: ``sent``: ``letter`` would leave this process; ``here``: it answers in a process of this machine that is
            ours, or from a record; ``plug-in``: somebody else's program, which may send what it likes.
        letter: the request, where there is one.
        fetches: whom the model's weights would be asked of first; empty where they are here.
    """

    role: str
    model: str
    when: str = ""
    way: Way = "sent"
    letter: Letter | None = None
    fetches: str = ""


async def rehearse(
    question: Question, roles: Roles, config: RunConfig, budget: Budget, given: Answer | None = None
) -> list[Asked]:
    """Who would be asked what, as far as that can be known before the first answer; nobody is.

    Arguments are those of the run, see :class:`.loop.Steering`.

    Raises:
        CodeSteerError: the run would fail before it asks anybody.
    """
    asked = [one for model in _hosts(roles) async for one in _greeting(model)]
    known = bool(config.start or config.faithful or given)
    for start in (config.start,) if known else ("", "code", "text"):
        desk = _Desk(when="" if known else start)
        played = Roles(
            target=_Part(desk, "target", roles.target),
            steerer=_Part(desk, "steerer", roles.steerer),
            checker=_Part(desk, "checker", roles.checker),
        )
        await desk.attend(
            Steering(
                question,
                played,
                desk,
                config=replace(config, start=start),
                budget=replace(budget, seconds=None),
                given=given,
            )
        )
        asked += desk.asked
    return asked


def _hosts(roles: Roles) -> Iterable[ServedModel]:
    models = {id(one): one for one in (roles.target, roles.steerer, roles.checker)}
    return [one for one in models.values() if isinstance(one, ServedModel)]


async def _greeting(model: ServedModel) -> AsyncGenerator[Asked, None]:
    """What a host is asked before a run begins."""
    with held() as letters, suppress(HeldBack):
        await model.ready()
    for letter in letters:
        yield Asked(role="host", model=model.name, letter=letter)


class _Desk:
    """Where the requests of one start of the loop come together. It is the run's executor too, which runs nothing."""

    def __init__(self, when: str) -> None:
        self.asked: list[Asked] = []
        self._when = when
        self._open = 0
        self._waits = False
        self._moved = asyncio.Event()

    async def attend(self, steering: Steering) -> None:
        """Let the run go on until nothing more comes without an answer, and end it."""
        life = asyncio.create_task(_play(steering))
        try:
            while not life.done():
                moved = asyncio.create_task(self._moved.wait())
                await asyncio.wait({life, moved}, return_when=asyncio.FIRST_COMPLETED)
                moved.cancel()
                self._moved.clear()
                if await self._quiet():
                    break
        finally:
            steering.stop.set()
            await life
        fault = steering.record.error
        if fault is not None and not self.asked:
            raise CodeSteerError(fault.message, fault.cure)

    async def knock(self, role: str, model: ChatModel, call: Awaitable[object]) -> NoReturn:
        """Take down what ``call`` (a coroutine that asks ``model``) would send, and give it no answer."""
        self._open += 1
        try:
            with held() as letters, suppress(HeldBack):
                await call
            for letter in letters:
                self.asked.append(Asked(role=role, model=model.name, when=self._when, letter=letter))
        finally:
            self._open -= 1
            self._moved.set()
        await _for_ever()

    async def note(self, role: str, model: ChatModel, way: Way) -> NoReturn:
        """Take down that ``model`` would be asked by other ways, and give it no answer."""
        fetches = getattr(model, "fetches", "")
        self.asked.append(Asked(role=role, model=model.name, when=self._when, way=way, fetches=fetches))
        self._moved.set()
        await _for_ever()

    async def _quiet(self) -> bool:
        for _ in range(_TURNS):
            if self._open:
                return False
            await asyncio.sleep(0)
        return not self._open and (self._waits or bool(self.asked))

    # -- the executor

    async def stream(
        self, code: str, *, timeout: float | None = None, export: Iterable[str] = ()
    ) -> AsyncGenerator[OutputEvent | Result, None]:
        """Run nothing."""
        await self._run_nothing()
        yield  # never reached: it makes this a generator

    async def run(self, code: str, *, timeout: float | None = None) -> Result:
        """Run nothing."""
        await self._run_nothing()

    async def get(self, name: str) -> Any:
        """Nothing has run."""
        raise CodeSteerError("A dry run has no values.")

    async def interrupt(self) -> None:
        """Nothing runs."""

    async def _run_nothing(self) -> NoReturn:
        self._waits = True
        self._moved.set()
        await _for_ever()


class _Part:
    """A model in its role: it gets as far as the door."""

    ready = None  # nothing is loaded

    def __init__(self, desk: _Desk, role: str, model: ChatModel) -> None:
        self._desk, self._role, self._model = desk, role, model
        self.name, self.abilities, self.context_window = model.name, model.abilities, model.context_window
        self.dialect = getattr(model, "dialect", None)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        await self._reach(lambda: _read(self._model, request))
        yield  # never reached: it makes this a generator

    async def score(self, messages: Sequence[Message], choices: Sequence[str], *, slot: str = "") -> Choice:
        await self._reach(lambda: self._model.score(messages, choices, slot=slot))

    async def aclose(self) -> None:
        """The model is the engine's."""

    async def _reach(self, call: Callable[[], Awaitable[object]]) -> NoReturn:
        if isinstance(self._model, HostedModel | ServedModel):
            await self._desk.knock(self._role, self._model, call())
        elif self._model.abilities.local or self._model.name.startswith("replay/"):
            await self._desk.note(self._role, self._model, "here")
        else:
            await self._desk.note(self._role, self._model, "plug-in")


async def _read(model: ChatModel, request: ChatRequest) -> None:
    async with aclosing(model.stream(request)) as deltas:  # type: ignore[type-var]
        async for _ in deltas:
            pass


async def _for_ever() -> NoReturn:
    while True:
        await asyncio.Event().wait()


async def _play(steering: Steering) -> None:
    async with aclosing(steering.events()) as events:
        async for _ in events:
            pass
