"""The run record's types: one JSON document, schema-versioned, the same for every front end.

Seconds are floats, sizes say their unit, money is US dollars. ``None`` means unknown or not applicable, never zero.
Readers accept unknown fields, so that fields can be added within a schema version.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from codesteer_kernel.errors import BadInput
from codesteer_kernel.record.migrations import MIGRATIONS, migrated

MIME_TYPE = "application/vnd.codesteer.run.v1+json"
SCHEMA_VERSION = 1

Status = Literal["queued", "running", "done", "stopped", "exhausted", "failed", "lost"]
DecisionKind = Literal["code", "text", "refine", "return", "terminate"]
Source = Literal["model", "rule", "template", "fallback"]
ExecutionStatus = Literal["ok", "error", "timeout", "killed", "died", "interrupted"]
VerdictKind = Literal["pass", "fail", "broken", "unsure"]
SupportLevel = Literal["verified", "agreed", "executed", "unchecked", "doubtful", "none"]
Part = Literal["symbolic", "self-answer", "stop", "head"]
Phase = Literal["loading", "choosing", "answering", "executing", "checking", "steering", "binding"]


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all parts: immutable, by keyword."""


class InputSummary(_Part, frozen=True, kw_only=True):
    """What the models are told of a named input: never the data itself."""

    name: str
    type: str
    shape: str = ""
    summary: str = ""


class Question(_Part, frozen=True, kw_only=True):
    """What was asked: the prompt as typed, summaries of the inputs, the names to bind.

    ``context`` is told to the models before the prompt: what an earlier run, ``follows``, asked and found.
    """

    prompt: str
    context: str = ""
    follows: str = ""
    inputs: list[InputSummary] = []
    outputs: list[str] = []


class Models(_Part, frozen=True, kw_only=True):
    """Model names by role, as ``provider/model``."""

    target: str
    steerer: str
    checker: str


class RunConfig(_Part, frozen=True, kw_only=True):
    """The settings that shaped the run.

    ``max_tokens`` bounds one model call; ``code_seconds`` one program, ``check_seconds`` one test; ``prompts`` names the dialect's template
    version and content hash. ``start`` is the first decision where the user made it. ``samples`` first answers are made independently of each other.
    ``thinking`` tokens of hidden reasoning were asked of the target (None: its own way). ``repeat_partial`` calls are
    made again when they break off in the middle. ``faithful`` runs reproduce the published loop. ``check_only`` runs steer
    nothing: the checkers look at an answer that the user gave, and no target is asked. ``method`` names what answered
    in the place of the loop; empty: the loop itself. ``without`` names the parts of the loop that were left out: either
    checker, the steerer's word to stop, so that every round is made, or the trained head of a small steerer.
    """

    dialect: str = "mini"
    max_tokens: int = 2000
    code_seconds: float = 20.0
    check_seconds: float = 15.0
    memory_mb: int = 2048
    temperature: float = 0.0
    seed: int | None = None
    start: Literal["", "code", "text"] = ""
    samples: int = 1
    thinking: int | None = None
    repeat_partial: bool = False
    faithful: bool = False
    check_only: bool = False
    method: str = ""
    without: list[Part] = []
    prompts: str = ""


class Budget(_Part, frozen=True, kw_only=True):
    """Limits of the whole run (None: no limit) and the one that ended it.

    ``output_mb`` bounds what models and programs put out together, in millions of characters.
    """

    rounds: int = 5
    seconds: float | None = None
    tokens: int | None = None
    cost: float | None = None
    output_mb: float | None = None
    hit: Literal["rounds", "seconds", "tokens", "cost", "output"] | None = None


class Decision(_Part, frozen=True, kw_only=True):
    """One decision of the steerer.

    ``source`` says who chose the kind: the model, a rule, or the safe fall-back after unreadable output.
    ``guidance_source`` says who wrote the guidance. ``confidence`` is the probability of the chosen kind where it was
    scored. ``raw`` is the model's own text, whatever became of it; ``reason`` is for people.
    """

    kind: DecisionKind
    source: Source
    guidance: str = ""
    guidance_source: Source | None = None
    confidence: float | None = None
    probabilities: dict[str, float] = {}
    reason: str = ""
    raw: str = ""


class Answer(_Part, frozen=True, kw_only=True):
    """The target's answer of one round; ``code`` is the program found in it; ``complete`` is False while it streams."""

    text: str = ""
    code: str | None = None
    complete: bool = False
    reasoning_chars: int = 0
    stop: str = ""


class Output(_Part, frozen=True, kw_only=True):
    """One rich output of a program: a bundle of MIME type to text (base64 for images)."""

    kind: Literal["display", "result", "figure"]
    data: dict[str, str]


class Execution(_Part, frozen=True, kw_only=True):
    """How a program went. ``tier`` names the isolation really in force; ``cut`` counts characters left out by stream."""

    status: ExecutionStatus | None = None
    tier: str = ""
    stdout: str = ""
    stderr: str = ""
    outputs: list[Output] = []
    error: str = ""
    traceback: str = ""
    seconds: float = 0.0
    cpu_seconds: float | None = None
    peak_mb: float | None = None
    limit: str = ""
    cut: dict[str, int] = {}


class Symbolic(_Part, frozen=True, kw_only=True):
    """The symbolic checker's rating of a program: how much real computing it does.

    ``score`` runs from 0 (a printed constant) to 10; ``methods`` names what was found; ``suspicious`` is set for
    programs that only print what they were written with. Only what reaches the output counts: ``loops`` is the number of
    loops by depth, the outermost first, ``branches`` that of choices, ``complexity`` both in one (a loop counts by its
    depth). ``endless`` are the lines of loops that nothing ends; ``partial``: only a part of the program could be read.
    """

    score: float
    methods: list[str] = []
    suspicious: bool = False
    note: str = ""
    loops: list[int] = []
    branches: int = 0
    complexity: int = 0
    endless: list[int] = []
    partial: bool = False


class SelfAnswer(_Part, frozen=True, kw_only=True):
    """The self-answer checker's verdict, with the program that gave it."""

    verdict: VerdictKind
    reason: str = ""
    program: str = ""
    execution: Execution | None = None


class Usage(_Part, frozen=True, kw_only=True):
    """Model use, summed. ``cost`` is None as soon as one call's price is unknown."""

    calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = 0.0

    def __add__(self, other: Usage) -> Usage:
        cost = None if self.cost is None or other.cost is None else self.cost + other.cost
        return Usage(
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost=cost,
        )


class Timing(_Part, frozen=True, kw_only=True):
    """When and how long. ``started`` is ISO 8601 in UTC, ``seconds`` the whole, ``split`` seconds by phase."""

    started: str = ""
    began: float = 0.0
    seconds: float = 0.0
    first_token: float | None = None
    split: dict[str, float] = {}


class Round(_Part, frozen=True, kw_only=True):
    """One decision, one answer, what its code printed, what the checkers said. ``index`` counts from 1.

    ``result`` is the short answer read out of the program's output or the text.
    """

    index: int
    decision: Decision
    answer: Answer = Answer()
    execution: Execution | None = None
    symbolic: Symbolic | None = None
    self_answer: SelfAnswer | None = None
    result: str = ""
    usage: Usage = Usage()
    timing: Timing = Timing()
    complete: bool = False


class FinalAnswer(_Part, frozen=True, kw_only=True):
    """The answer of the run: display text, the short result, the round it came from, its program."""

    text: str
    result: str = ""
    round: int = 0
    code: str | None = None


class Support(_Part, frozen=True, kw_only=True):
    """How well the final answer is supported, and why the run ended.

    Levels: ``verified`` (a checker program passed), ``agreed`` (two rounds agree), ``executed`` (a program printed it),
    ``unchecked`` (text alone), ``doubtful`` (a checker failed it), ``none``.
    """

    level: SupportLevel
    rounds: list[int] = []
    note: str = ""
    decision: Decision | None = None


class Bound(_Part, frozen=True, kw_only=True):
    """One result asked for by ``--out``: its type when bound, or why not."""

    name: str
    type: str = ""
    error: str = ""


class Failure(_Part, frozen=True, kw_only=True):
    """Why a run failed: stable code, what happened, what to do."""

    code: str
    message: str
    cure: str = ""


class Progress(_Part, frozen=True, kw_only=True):
    """What a running run is doing now; ``began`` is in seconds since the start of the run."""

    phase: Phase
    note: str = ""
    began: float = 0.0


class Record(_Part, frozen=True, kw_only=True):
    """One run. ``seq`` is the number of the last event folded in."""

    schema: int = SCHEMA_VERSION
    id: str = ""
    seq: int = 0
    status: Status = "queued"
    question: Question = Question(prompt="")
    models: Models = Models(target="", steerer="", checker="")
    config: RunConfig = RunConfig()
    progress: Progress | None = None
    rounds: list[Round] = []
    answer: FinalAnswer | None = None
    support: Support | None = None
    bound: list[Bound] = []
    budget: Budget = Budget()
    usage: Usage = Usage()
    timing: Timing = Timing()
    versions: dict[str, str] = {}
    error: Failure | None = None
    cut: int = 0

    def __repr__(self) -> str:
        # Cheap on purpose: a record may hold 256 kB.
        return f"Record(id={self.id!r}, status={self.status!r}, rounds={len(self.rounds)})"


def encode_record(record: Record) -> bytes:
    """Return the record as JSON (UTF-8)."""
    return msgspec.json.encode(record)


def decode_record(data: bytes | str | dict[str, Any]) -> Record:
    """Read a record of this or an older schema version; unknown fields are accepted.

    Raises:
        BadInput: the data is not a record, or comes from a schema version that cannot be read.
    """
    read: Any = msgspec.convert if isinstance(data, dict) else msgspec.json.decode
    try:
        version = read(data, type=_Versioned).schema
        if version in MIGRATIONS:
            data, read = migrated(read(data, type=dict[str, Any]), SCHEMA_VERSION), msgspec.convert
        elif version != SCHEMA_VERSION:
            raise BadInput(
                f"The record has schema version {version}; this version of codesteer reads {_readable()}.",
                "Upgrade codesteer to read it." if version > SCHEMA_VERSION else "Export it again.",
            )
        record: Record = read(data, type=Record)
    except (
        msgspec.MsgspecError,
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as fault:
        # Beside what cannot be decoded: a step of migration may meet anything where a field should be.
        raise BadInput(f"This is not a CodeSteer run record: {fault}.", "Check the file or export it again.") from None
    return record


def _readable() -> str:
    oldest = min(MIGRATIONS, default=SCHEMA_VERSION)
    return str(SCHEMA_VERSION) if oldest == SCHEMA_VERSION else f"{oldest} to {SCHEMA_VERSION}"


class _Versioned(msgspec.Struct):
    """What is read first of a record: a newer one may differ in everything else."""

    schema: int
