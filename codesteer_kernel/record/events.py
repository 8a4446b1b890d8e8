"""The closed set of events: one fact about a run each, numbered from 1, timed in seconds since the run began."""

from __future__ import annotations

import msgspec

from codesteer_kernel.record.document import (
    Answer,
    Bound,
    Budget,
    Decision,
    Execution,
    Failure,
    FinalAnswer,
    Models,
    Output,
    Phase,
    Question,
    RunConfig,
    SelfAnswer,
    Status,
    Support,
    Symbolic,
    Usage,
)

__all__ = [
    "AnswerDelta",
    "Answered",
    "CallMade",
    "CheckedSelfAnswer",
    "CheckedSymbolic",
    "Event",
    "Executed",
    "OutputAdded",
    "PhaseEntered",
    "ResultsBound",
    "RoundEnded",
    "RoundStarted",
    "RunEnded",
    "RunStarted",
    "StreamAdded",
    "decode_event",
    "encode_event",
]


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """Base of all events: ``seq`` counts from 1 without gaps, ``at`` is in seconds since the run began."""

    seq: int
    at: float


class RunStarted(_Event, frozen=True, kw_only=True, tag="run_started"):
    """The first event of every run; ``started`` is ISO 8601 in UTC."""

    id: str
    started: str
    question: Question
    models: Models
    config: RunConfig
    budget: Budget
    versions: dict[str, str] = {}


class PhaseEntered(_Event, frozen=True, kw_only=True, tag="phase"):
    """The run turned to something else; time since the last phase is booked on that one."""

    phase: Phase
    note: str = ""


class RoundStarted(_Event, frozen=True, kw_only=True, tag="round_started"):
    """A decision opened round ``round``."""

    round: int
    decision: Decision


class AnswerDelta(_Event, frozen=True, kw_only=True, tag="answer_delta"):
    """More text of the target's answer."""

    round: int
    text: str


class Answered(_Event, frozen=True, kw_only=True, tag="answered"):
    """The target's answer is complete (or was cut short); replaces what the deltas built."""

    round: int
    answer: Answer
    first_token: float | None = None


class StreamAdded(_Event, frozen=True, kw_only=True, tag="stream_added"):
    """The running program printed; ``name`` is ``stdout`` or ``stderr``."""

    round: int
    name: str
    text: str


class OutputAdded(_Event, frozen=True, kw_only=True, tag="output_added"):
    """The running program displayed something."""

    round: int
    output: Output


class Executed(_Event, frozen=True, kw_only=True, tag="executed"):
    """The program ended; replaces what the streamed outputs built."""

    round: int
    execution: Execution
    result: str = ""


class CheckedSymbolic(_Event, frozen=True, kw_only=True, tag="checked_symbolic"):
    """The symbolic checker rated the program."""

    round: int
    symbolic: Symbolic


class CheckedSelfAnswer(_Event, frozen=True, kw_only=True, tag="checked_self_answer"):
    """The self-answer checker gave its verdict."""

    round: int
    self_answer: SelfAnswer


class CallMade(_Event, frozen=True, kw_only=True, tag="call_made"):
    """One model call ended: who (``role``), why (``purpose``), what it used, how long it took. ``round`` 0: none."""

    role: str
    model: str
    purpose: str
    usage: Usage
    seconds: float
    first_token: float | None = None
    round: int = 0


class RoundEnded(_Event, frozen=True, kw_only=True, tag="round_ended"):
    """Everything about the round is known; ``result`` is its short answer."""

    round: int
    result: str = ""


class ResultsBound(_Event, frozen=True, kw_only=True, tag="results_bound"):
    """Named results were fetched from the child kernel, or could not be."""

    bound: list[Bound]


class RunEnded(_Event, frozen=True, kw_only=True, tag="run_ended"):
    """The last event of every run."""

    status: Status
    answer: FinalAnswer | None = None
    support: Support | None = None
    hit: str | None = None
    error: Failure | None = None


Event = (
    RunStarted
    | PhaseEntered
    | RoundStarted
    | AnswerDelta
    | Answered
    | StreamAdded
    | OutputAdded
    | Executed
    | CheckedSymbolic
    | CheckedSelfAnswer
    | CallMade
    | RoundEnded
    | ResultsBound
    | RunEnded
)

_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_encoder = msgspec.json.Encoder()


def encode_event(event: Event) -> bytes:
    """One line of JSON, without the newline."""
    return _encoder.encode(event)


def decode_event(line: bytes | str) -> Event:
    """Read one event; raises :class:`msgspec.MsgspecError` on anything else."""
    return _decoder.decode(line)
