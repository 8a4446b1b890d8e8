"""Question -> steer -> store: what the magic, the command line and ``codesteer.solve`` call.

Runs go on in one engine thread per process with an event loop of its own: the notebook's main thread stays free for
Stop buttons, and child kernels (which die with the thread that started them) live as long as the process.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import keyword
import math
import platform
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import PurePath
from typing import Any, Literal, cast

import msgspec

from codesteer_kernel.config import available_memory
from codesteer_kernel.egress import HeldBack, held
from codesteer_kernel.errors import AuthenticationFailed, BadInput, CodeSteerError, EmptyPrompt, MissingDependency
from codesteer_kernel.executor import (
    ExecutorPool,
    Limits,
    ProgramRunner,
    Showing,
    check_hidden,
    open_executor,
    summarise,
    without_hidden,
)
from codesteer_kernel.executor.exchange import check_file_name
from codesteer_kernel.models import ChatModel, open_model
from codesteer_kernel.models.aliases import expand
from codesteer_kernel.models.catalogue import default_model
from codesteer_kernel.models.discovery import Directory
from codesteer_kernel.models.prices import price
from codesteer_kernel.models.registry import check_allowed
from codesteer_kernel.models.served import ServedModel, served_or_opened
from codesteer_kernel.option_table import typed
from codesteer_kernel.policy import policy
from codesteer_kernel.record import (
    Answer,
    Bound,
    Budget,
    InputSummary,
    Question,
    Record,
    Round,
    RunConfig,
    encode_record,
)
from codesteer_kernel.record import events as ev
from codesteer_kernel.record.document import Part
from codesteer_kernel.steering.conversation import follow_up, told
from codesteer_kernel.steering.dialects import DIALECTS, default_dialect
from codesteer_kernel.steering.extraction import code_block
from codesteer_kernel.steering.head import find_head
from codesteer_kernel.steering.loop import Roles, Steering, new_run_id
from codesteer_kernel.steering.procedure import Procedure
from codesteer_kernel.steering.rehearsal import Asked, rehearse
from codesteer_kernel.store import Keeper, Store

__all__ = [
    "Engine",
    "LiveRun",
    "Run",
    "RunFailed",
    "RunSettings",
    "config_of",
    "engine",
    "preview",
    "read_run",
    "settings_of",
]

# New tokens a call may make when nobody says: a small local model that goes on longer has lost the thread.
_LOCAL_TOKENS = 512
_HOSTED_TOKENS = 4_000
_MAX_ROUNDS = 50
_MAX_SAMPLES = 20
NO_CHECKER = "none"
"""The checker that stands for: write no testing programs."""

_MAX_TEMPERATURE = 2
_PARTS = ("symbolic", "stop", "head")

OnEvent = Callable[[ev.Event, Record], None]


class RunSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a run that a user can choose; None means: the default that suits the models.

    Args:
        target: the model that answers, as ``provider/model``.
        steerer: the model that guides it; default: the target steers itself.
        checker: the model that writes testing programs; default: the target. ``none`` turns tests off.
        rounds: at most so many (1 to 50).
        seconds: budget for the whole run.
        tokens: budget of tokens, read and written.
        cost: budget in US dollars.
        output_mb: budget of what models and programs put out, in millions of characters.
        max_tokens: new tokens of one call.
        code_seconds: time limit of one program.
        check_seconds: time limit of one testing program.
        memory_mb: memory limit of one program.
        temperature: sampling temperature of the models.
        seed: for models that take one.
        start: ``code`` or ``text``: the first decision, instead of the steerer's.
        thinking: so many tokens of hidden reasoning of the target, on top of ``max_tokens``; 0 for none; default: its
            own way.
        repeat_partial: make a call again that breaks off in the middle of an answer, though its tokens were paid for.
        samples: so many independent first answers (1 to 20), of which the best-supported one is steered on.
        dialect: how the steerer is spoken to: ``mini``, ``instruct`` or ``codesteer-v1``.
        host: the address of a host that serves models (``http://host:port/v1`` or ``unix:/path``), ``none`` to load all
            models here; default: as ``CODESTEER_STEERER_URL`` says, then hosts of this machine, found by themselves.
        input_mb: largest input.
        export_mb: largest value that comes back.
        schema_only: tell models names and types of the inputs' columns, and no value.
        hide: patterns of columns and keys whose values models are not told.
        drop: keep what ``hide`` names from programs too.
        faithful: reproduce the published loop instead of steering with ours; ``rounds`` then counts guidances.
        without: parts of our loop to leave out, for comparisons: ``symbolic`` (that checker; the other one goes with
            ``checker``), ``stop`` (the steerer's word to end, so that every round is made), ``head`` (what was trained on top of a small
            steerer).
        journal: keep the run on disk.
    """

    target: str = "embedded"
    steerer: str | None = None
    checker: str | None = None
    rounds: int = 5
    seconds: float | None = None
    tokens: int | None = None
    cost: float | None = None
    output_mb: float | None = None
    max_tokens: int | None = None
    code_seconds: float = 20.0
    check_seconds: float = 15.0
    memory_mb: int = 2048
    temperature: float = 0.0
    seed: int | None = 0
    start: str | None = None
    samples: int = 1
    thinking: int | None = None
    repeat_partial: bool = False
    dialect: str | None = None
    host: str = ""
    input_mb: int = 512
    export_mb: int = 64
    schema_only: bool = False
    hide: tuple[str, ...] = ()
    drop: bool = False
    faithful: bool = False
    without: tuple[str, ...] = ()
    journal: bool = True

    def checked(self) -> RunSettings:
        """Return these settings, or raise :class:`BadInput` naming the first that cannot work."""
        if not 1 <= self.rounds <= _MAX_ROUNDS:
            raise BadInput(f"--rounds is {self.rounds}.", f"Give a number from 1 to {_MAX_ROUNDS}.")
        if not 1 <= self.samples <= _MAX_SAMPLES:
            raise BadInput(f"--samples is {self.samples}.", f"Give a number from 1 to {_MAX_SAMPLES}.")
        for name in (
            "seconds",
            "tokens",
            "cost",
            "output_mb",
            "max_tokens",
            "code_seconds",
            "check_seconds",
            "memory_mb",
            "input_mb",
            "export_mb",
        ):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise BadInput(f"{typed(name)} is {value}.", "Give a number above zero.")
        if self.thinking is not None and self.thinking < 0:
            raise BadInput(f"--thinking is {self.thinking}.", "Give a number of tokens, or 0 for no hidden reasoning.")
        if self.drop and not self.hide:
            raise BadInput("--drop says to take out what --hide names, and there is no --hide.", "Add --hide COLUMNS.")
        if not 0 <= self.temperature <= _MAX_TEMPERATURE:
            raise BadInput(f"--temperature is {self.temperature}.", f"Give a number from 0 to {_MAX_TEMPERATURE}.")
        if self.start not in (None, "code", "text"):
            raise BadInput(f"--start is {self.start!r}.", "Give code or text.")
        for part in self.without:
            if part not in _PARTS:
                raise BadInput(f"--without is {part!r}.", f"Give some of {', '.join(_PARTS)}.")
        if "stop" in self.without and self.faithful:
            raise BadInput("--faithful ends as the published loop does.", "Leave --without stop out.")
        if self.dialect is not None and self.dialect not in DIALECTS:
            raise BadInput(f"There is no steering dialect {self.dialect!r}.", f"Known: {', '.join(DIALECTS)}.")
        return self


def settings_of(record: Record) -> RunSettings:
    """The settings that would make a run like that of ``record``."""
    config, models, budget = record.config, record.models, record.budget
    apart = models.checker != models.target
    return RunSettings(
        target=models.target,
        steerer=models.steerer if models.steerer != models.target else None,
        checker=NO_CHECKER if "self-answer" in config.without else models.checker if apart else None,
        rounds=budget.rounds,
        seconds=budget.seconds,
        tokens=budget.tokens,
        cost=budget.cost,
        output_mb=budget.output_mb,
        max_tokens=config.max_tokens,
        code_seconds=config.code_seconds,
        check_seconds=config.check_seconds,
        memory_mb=config.memory_mb,
        temperature=config.temperature,
        seed=config.seed,
        start=config.start or None,
        samples=config.samples,
        thinking=config.thinking,
        repeat_partial=config.repeat_partial,
        dialect=config.dialect,
        faithful=config.faithful,
        without=tuple(part for part in config.without if part != "self-answer"),
    )


class RunFailed(CodeSteerError):
    """A run ended without an answer; ``run`` holds everything it did."""

    def __init__(self, run: Run) -> None:
        error = run.record.error
        super().__init__(error.message if error else "The run failed.", error.cure if error else "")
        self.code = error.code if error else "error"
        self.run = run


class Run:
    """A finished run: the record, and the values that ``--out`` bound."""

    def __init__(self, record: Record, values: Mapping[str, Any] | None = None) -> None:
        self.record = record
        self.values = dict(values or {})

    @property
    def id(self) -> str:
        """The run's identifier, as ``codesteer show`` takes it."""
        return self.record.id

    @property
    def status(self) -> str:
        """How it ended: ``done``, ``stopped``, ``exhausted``, ``failed``."""
        return self.record.status

    @property
    def answer(self) -> str:
        """The best-supported answer; empty when there is none."""
        return self.record.answer.text if self.record.answer else ""

    @property
    def code(self) -> str | None:
        """The program behind the answer, if a program gave it."""
        return self.record.answer.code if self.record.answer else None

    @property
    def verdict(self) -> str | None:
        """What the test said of the answer: ``pass``, ``fail``, ``broken`` or ``unsure``; None where nothing tested it."""
        rounds = self.record.rounds
        if self.record.answer is not None:
            rounds = [rounds[self.record.answer.round - 1]]
        tested = [one.self_answer.verdict for one in rounds if one.self_answer is not None]
        return tested[-1] if tested else None

    @property
    def rounds(self) -> list[Round]:
        """All rounds, first to last."""
        return list(self.record.rounds)

    @property
    def bound(self) -> list[Bound]:
        """What became of each name asked for by ``--out``."""
        return list(self.record.bound)

    def to_frame(self) -> Any:
        """The rounds as a pandas DataFrame, a row each: decision, result, verdict, score, seconds, tokens, cost.

        Raises:
            MissingDependency: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise MissingDependency(
                "to_frame() needs pandas.", "Install it with: pip install 'codesteer[data]'"
            ) from None
        rows = [
            {
                "round": one.index,
                "decision": one.decision.kind,
                "result": one.result,
                "verdict": one.self_answer.verdict if one.self_answer else None,
                "score": one.symbolic.score if one.symbolic else None,
                "seconds": one.timing.seconds,
                "tokens": one.usage.input_tokens + one.usage.output_tokens,
                "cost": one.usage.cost,
            }
            for one in self.rounds
        ]
        columns = ["decision", "result", "verdict", "score", "seconds", "tokens", "cost"]
        return pd.DataFrame(rows, columns=["round", *columns]).set_index("round")

    def to_json(self) -> str:
        """The record as JSON."""
        return encode_record(self.record).decode()

    def __repr__(self) -> str:
        return f"<Run {self.id} {self.status}: {' '.join(self.answer.split())[:80]}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from codesteer_kernel.render import mime_bundle

        return mime_bundle(self.record)


class LiveRun:
    """A run that goes on in the engine; every method may be called from any thread."""

    def __init__(self, run_id: str, loop: asyncio.AbstractEventLoop) -> None:
        self.id = run_id
        self.future: concurrent.futures.Future[Run] = concurrent.futures.Future()
        self._loop = loop
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """End the run now; what it found so far is kept. Harmless when it has ended."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop.set)

    def wait(self, timeout: float | None = None) -> Run:
        """Block until the run ends and return it."""
        return self.future.result(timeout)

    async def join(self) -> Run:
        """Wait for the end without blocking the caller's event loop; cancelling this does not stop the run."""
        return await asyncio.shield(asyncio.wrap_future(self.future))


@dataclass(frozen=True)
class _Job:
    """Everything that one run needs, from the caller's thread to the engine's."""

    live: LiveRun
    question: Question
    roles: Roles
    settings: RunSettings
    inputs: dict[str, Any]
    on_event: OnEvent | None
    store: Store
    hosts: Directory
    given: Answer | None
    procedure: Procedure | None


class Engine:
    """Runs questions in a thread of its own. One per process: :func:`engine`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._models: dict[str, ChatModel] = {}
        self._pool: ExecutorPool | None = None
        self._live: dict[str, LiveRun] = {}

    def submit(
        self,
        prompt: str,
        settings: RunSettings | None = None,
        *,
        inputs: Mapping[str, Any] | None = None,
        outputs: tuple[str, ...] = (),
        follows: Record | None = None,
        given: str | None = None,
        procedure: Procedure | None = None,
        models: Mapping[str, ChatModel] | None = None,
        on_event: OnEvent | None = None,
        store: Store | None = None,
    ) -> LiveRun:
        """Start a run and return at once.

        Args:
            prompt: the question, taken as typed.
            settings: see :class:`RunSettings`.
            inputs: named values that programs may use; models see a summary only. A path stands for its file, of which
                programs find a copy in their working directory; its name may then be that of a file.
            outputs: names to bring back from the winning program.
            follows: an earlier run that the prompt goes on from; the models are told what it asked and found.
            given: an answer, or a reply with a fenced program, to check instead of steering: no target or steerer is
                asked, and the run has one round.
            procedure: answers in the place of our loop, for comparisons.
            models: those that are open already, by the names that ``settings`` calls them.
            on_event: called in the engine's thread for every event, with the record after it.
            store: where to journal; default: the user's.

        Raises:
            EmptyPrompt, BadInput: nothing was started.
            NotAllowed: the administrator of this machine does not allow it; nothing was started.
            UnknownModel, MissingKey, MissingDependency: a model cannot be opened; nothing was started.
            EndpointUnreachable: a model was asked for as ``hosted``, and no host is there; nothing was started.
        """
        job = self._prepared(
            prompt, settings, inputs, outputs, follows, given, procedure, models or {}, on_event, store
        )
        self._live[job.live.id] = job.live
        asyncio.run_coroutine_threadsafe(self._go(job), self._running_loop())
        return job.live

    def rehearse(
        self,
        prompt: str,
        settings: RunSettings | None = None,
        *,
        inputs: Mapping[str, Any] | None = None,
        outputs: tuple[str, ...] = (),
        follows: Record | None = None,
        given: str | None = None,
    ) -> list[Asked]:
        """What :meth:`submit` would send, to whom; nothing is sent, loaded, run or kept. Arguments as there.

        Raises:
            CodeSteerError: what :meth:`submit` raises of the same arguments, or the run before it asks anybody.
        """
        with held() as letters:
            try:
                job = self._prepared(prompt, settings, inputs, outputs, follows, given)
            except HeldBack:
                # Only a host that was asked could say who answers.
                return [Asked(role="host", model="", letter=letter) for letter in letters]
        asked = [Asked(role="host", model="", letter=letter) for letter in letters]
        config, budget = config_of(job.settings, job.roles), _budget(job.settings)
        rehearsal = rehearse(job.question, job.roles, config, budget, job.given)
        return asked + asyncio.run_coroutine_threadsafe(rehearsal, self._running_loop()).result()

    def _prepared(
        self,
        prompt: str,
        settings: RunSettings | None,
        inputs: Mapping[str, Any] | None,
        outputs: tuple[str, ...],
        follows: Record | None,
        given: str | None,
        procedure: Procedure | None = None,
        models: Mapping[str, ChatModel] | None = None,
        on_event: OnEvent | None = None,
        store: Store | None = None,
    ) -> _Job:
        """A run that could begin now, or why it cannot."""
        settings = _allowed((settings or RunSettings()).checked())
        answer = None
        if given is not None:
            settings, answer = _for_checking(settings, given)
        if not prompt.strip():
            raise EmptyPrompt("The question is empty.", "Write it below the %%codesteer line.")
        for name in outputs:
            _check_name(name)
        passed, summaries = _shown(inputs or {}, settings)
        question = Question(
            # Halves of surrogate pairs can be neither sent nor kept.
            prompt=prompt.strip("\n").encode("utf-8", "replace").decode(),
            context=follow_up(follows) if follows is not None else "",
            follows=follows.id if follows is not None else "",
            inputs=summaries,
            outputs=list(outputs),
        )
        hosts = Directory(settings.host)
        roles = self._roles(settings, hosts, models or {})
        _check_roles(roles, settings)
        live = LiveRun(new_run_id(), self._running_loop())
        return _Job(live, question, roles, settings, passed, on_event, store or Store(), hosts, answer, procedure)

    def check(self, settings: RunSettings) -> None:
        """Raise what :meth:`submit` would of these settings and their models; nothing is started, nobody asked."""
        settings = _allowed(settings.checked())
        _check_roles(self._roles(settings, Directory(settings.host), {}), settings)

    @property
    def live(self) -> list[LiveRun]:
        """The runs that go on now, oldest first."""
        return list(self._live.values())

    def stop_all(self) -> None:
        """Stop every run that goes on."""
        for live in self.live:
            live.stop()

    def close(self) -> None:
        """Stop everything and end the thread. The engine starts again when it is used again."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        self.stop_all()
        with contextlib.suppress(Exception):
            asyncio.run_coroutine_threadsafe(self._close(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=5)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                ready = threading.Event()

                def serve() -> None:
                    loop = asyncio.new_event_loop()
                    self._loop = loop
                    loop.call_soon(ready.set)
                    try:
                        loop.run_forever()
                    finally:
                        loop.close()

                self._thread = threading.Thread(target=serve, name="codesteer-engine", daemon=True)
                self._thread.start()
                ready.wait()
            assert self._loop is not None
            return self._loop

    def _roles(self, settings: RunSettings, hosts: Directory, given: Mapping[str, ChatModel]) -> Roles:
        served: dict[str, ServedModel] = {}

        def model(name: str) -> ChatModel:
            if name in given:
                return given[name]
            found = served_or_opened(name, self._model, hosts)
            return served.setdefault(name, found) if isinstance(found, ServedModel) else found

        target = model(settings.target)
        # One load, one key: unless somebody else is named, the target steers itself.
        steerer = model(settings.steerer or settings.target)
        checker = model(settings.checker) if settings.checker not in (None, "", NO_CHECKER) else target
        return Roles(target=target, steerer=steerer, checker=checker)

    def _model(self, name: str) -> ChatModel:
        named = expand(name)
        check_allowed(named)
        if named.name.startswith("replay/"):
            return open_model(name)  # it holds its place in the record: one for each role of each run
        # Not by the name alone: what an alias stands for may change while the process lives.
        known = repr(named)
        if known not in self._models:
            self._models[known] = open_model(name)
        return self._models[known]

    async def _go(self, job: _Job) -> None:
        """Steer one question and settle its future, whatever happens."""
        settle: Callable[[], None]
        try:
            settle = partial(job.live.future.set_result, await self._steer(job))
        except BaseException as fault:  # noqa: BLE001  # it belongs to whoever waits
            settle = partial(job.live.future.set_exception, fault)
        # Whoever hears of the end must not find the run among those that go on.
        self._live.pop(job.live.id, None)
        settle()

    async def _steer(self, job: _Job) -> Run:
        settings = job.settings
        async with self._runner(job) as executor:
            # In a thread: it waits for the disk, and this loop is every run's.
            keeper = await asyncio.to_thread(Keeper, job.store, job.live.id, wanted=settings.journal)
            steering = Steering(
                job.question,
                job.roles,
                executor,
                config=config_of(settings, job.roles),
                budget=_budget(settings),
                run_id=job.live.id,
                versions=_versions() | _hosts(job) | keeper.note,
                given=job.given,
                procedure=job.procedure,
                stop=job.live._stop,
                notice=_notice(job),
            )
            try:
                async with contextlib.aclosing(steering.events()) as events:
                    async for event in events:
                        keeper.append(event)
                        if job.on_event is not None:
                            job.on_event(event, steering.record)
            except BaseException:
                keeper.abandon()
                raise
            finally:
                await _leave(job.roles)
            record = msgspec.structs.replace(steering.record, versions=steering.record.versions | _hosts(job))
            record = await asyncio.to_thread(keeper.close, record)
        if record.error is not None and record.error.code == AuthenticationFailed.code:
            await self._forget(job.roles)
        return Run(record, steering.values)

    async def _forget(self, roles: Roles) -> None:
        """Open these models afresh next time: by then their key may have been put right."""
        for name, model in list(self._models.items()):
            if model in (roles.target, roles.steerer, roles.checker):
                del self._models[name]
                await model.aclose()

    def _runner(self, job: _Job) -> contextlib.AbstractAsyncContextManager[ProgramRunner]:
        """What runs a run's programs: a kernel of its own where it has inputs, else whichever is free."""
        if self._pool is None:
            self._pool = ExecutorPool(open_executor)
        exported = job.settings.export_mb
        limits = Limits(
            memory_mb=_memory(job.settings.memory_mb),
            input_mb=job.settings.input_mb,
            export_mb=exported,
            # What comes back is a file first.
            file_mb=max(Limits().file_mb, exported),
            directory_mb=max(Limits().directory_mb, exported),
        )
        if job.inputs:
            return self._pool.private(job.inputs, limits)
        # The kernel starts while the first model call runs.
        self._pool.warm()
        return contextlib.nullcontext(self._pool.shared(limits))

    async def _close(self) -> None:
        for live in self.live:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(asyncio.wrap_future(live.future), 5)
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()
        for model in self._models.values():
            await model.aclose()
        self._models.clear()


_engine: Engine | None = None
_engine_lock = threading.Lock()


def engine() -> Engine:
    """Return this process's engine; it starts at the first run and ends with the process."""
    global _engine
    with _engine_lock:
        if _engine is None:
            _engine = Engine()
            atexit.register(_engine.close)
        return _engine


def preview(inputs: Mapping[str, Any], settings: RunSettings | None = None) -> str:
    """What the models would be told of these inputs, word for word.

    Raises:
        BadInput, UnknownName: as :meth:`Engine.submit`.
    """
    _, summaries = _shown(inputs, (settings or RunSettings()).checked())
    return told(Question(prompt="", inputs=summaries)).strip()


def _shown(inputs: Mapping[str, Any], settings: RunSettings) -> tuple[dict[str, Any], list[InputSummary]]:
    """The inputs as programs get them, and what models are told of them: never the data."""
    for name, value in inputs.items():
        if isinstance(value, PurePath) and not name.isidentifier():
            check_file_name(name)
        else:
            _check_name(name)
    files = [
        value.name if name.isidentifier() else name for name, value in inputs.items() if isinstance(value, PurePath)
    ]
    for file in files:
        if files.count(file) > 1:
            raise BadInput(f"Two inputs are files of the name {file!r}.", "Rename one of them.")
    check_hidden(inputs, settings.hide)
    rules = policy()
    hidden = (*settings.hide, *rules.hide)
    passed = dict(inputs)
    if settings.drop:
        passed = {name: without_hidden(name, value, hidden) for name, value in inputs.items()}
    showing = Showing(schema_only=settings.schema_only or rules.schema_only, hide=hidden)
    about = [summarise(name, value, showing) for name, value in passed.items()]
    return passed, [
        InputSummary(name=one.name, type=one.type, shape=" x ".join(map(str, one.shape)), summary=one.text)
        for one in about
    ]


def _allowed(settings: RunSettings) -> RunSettings:
    """The settings within what the administrator allows: what the user did not choose is made small enough.

    Raises:
        NotAllowed: the user chose more.
    """
    rules, usual = policy(), RunSettings()
    limited = {
        name: rules.limited(name, getattr(settings, name), getattr(usual, name), typed(name)) for name in rules.limits
    }
    journal = settings.journal or rules.journal
    return msgspec.structs.replace(settings, journal=journal, **limited)


def _for_checking(settings: RunSettings, given: str) -> tuple[RunSettings, Answer]:
    """The settings of a run that only checks, in which the checker plays every part, and what it checks."""
    answer = Answer(text=given, code=code_block(given), complete=True)
    if not given.strip():
        raise BadInput("There is no answer to check.", "Write it below a line of ---.")
    if answer.code is None and settings.checker == NO_CHECKER:
        raise BadInput(
            "An answer in words is checked by a test, and --checker none turns tests off.", "Name a checker."
        )
    writer = settings.checker if settings.checker not in (None, "", NO_CHECKER) else settings.target
    alone = {"rounds": 1, "samples": 1, "start": None, "dialect": None, "faithful": False, "thinking": None}
    return msgspec.structs.replace(settings, target=writer, steerer=None, **alone), answer


def _check_name(name: str) -> None:
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("__"):
        raise BadInput(f"{name!r} is not a variable name.", "Give names of variables, separated by commas.")


def _check_roles(roles: Roles, settings: RunSettings) -> None:
    """Refuse what these models cannot do: a budget or a dialect that would be ignored is worse than none."""
    if "head" not in settings.without:
        find_head(roles.steerer)  # one of the user's own may be broken: said before anything begins
    if settings.dialect == "mini" and not roles.steerer.abilities.score:
        raise BadInput(
            f"The dialect mini needs a steerer that scores choices, and {roles.steerer.name} does not.",
            "Use --dialect instruct.",
        )
    for model in (roles.target, roles.steerer, roles.checker):
        if settings.cost is not None and price(model.name) is None:
            raise BadInput(
                f"The price of {model.name} is not known, so a budget of money cannot be kept.",
                "Limit the run by --tokens or --timeout.",
            )


def _served(roles: Roles) -> list[ServedModel]:
    """The models of a run that hosts serve."""
    models = {id(one): one for one in (roles.target, roles.steerer, roles.checker)}
    return [one for one in models.values() if isinstance(one, ServedModel)]


def _hosts(job: _Job) -> dict[str, str]:
    """What a record's versions say of hosts: who answered, or why the models were loaded here."""
    notes = [job.hosts.note, *(model.note for model in _served(job.roles))]
    return {"hosts": " ".join(filter(None, dict.fromkeys(notes)))} if any(notes) else {}


def _notice(job: _Job) -> str:
    """What is shown while models load, where there is more to say than their names."""
    small = default_model()[1] if job.settings.target == "embedded" else ""
    return " ".join(filter(None, [small, *_hosts(job).values()]))


async def _leave(roles: Roles) -> None:
    """Let go of a run's hosts: the next run looks for them anew."""
    for model in _served(roles):
        await model.aclose()


def config_of(settings: RunSettings, roles: Roles) -> RunConfig:
    """What ``settings`` come to with these models, as the record says it.

    Raises:
        BadInput: the target cannot be asked for hidden reasoning.
    """
    if settings.thinking and not roles.target.abilities.thinking:
        raise BadInput(f"{roles.target.name} cannot be asked for hidden reasoning.", "Leave --thinking out.")
    tokens = settings.max_tokens or (_LOCAL_TOKENS if roles.target.abilities.local else _HOSTED_TOKENS)
    return RunConfig(
        dialect=settings.dialect or default_dialect(roles.steerer),
        faithful=settings.faithful,
        max_tokens=tokens,
        code_seconds=settings.code_seconds,
        check_seconds=settings.check_seconds,
        memory_mb=settings.memory_mb,
        temperature=settings.temperature,
        seed=settings.seed,
        start=cast("Literal['', 'code', 'text']", settings.start or ""),
        samples=settings.samples,
        thinking=settings.thinking,
        repeat_partial=settings.repeat_partial,
        without=_without(settings),
    )


def _budget(settings: RunSettings) -> Budget:
    return Budget(
        rounds=settings.rounds,
        seconds=settings.seconds,
        tokens=settings.tokens,
        cost=settings.cost,
        output_mb=settings.output_mb,
    )


def _without(settings: RunSettings) -> list[Part]:
    parts = list(cast("tuple[Part, ...]", settings.without))
    return [*parts, "self-answer"] if settings.checker == NO_CHECKER and not settings.faithful else parts


def _memory(wanted: int) -> int:
    """The memory limit of a program: what was asked for, but at most half of what is free."""
    available = available_memory()
    return wanted if available is None else min(wanted, max(256, int(available / 2e6)))


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in ("codesteer", "xllamacpp"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[package] = metadata.version(package)
    return versions


def read_run(run_id: str, store: Store | None = None) -> Run:
    """Return a journalled run; ``last`` is the newest. Raises :class:`UnknownName` when there is none."""
    return Run((store or Store()).load(run_id))
