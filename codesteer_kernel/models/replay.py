"""``replay/RUN`` and ``replay/PATH.json``: a finished run's record answers in place of its models.

A record keeps what each role said, not the calls word by word: the steerer's replies (``decision.raw``), the target's
answers, the checking program. They are given back in order, role by role, while programs really run again; a run of
the same question then takes the same rounds. What a record does not keep cannot come back: hidden reasoning, the first
of two replies where the steerer had to be asked twice, token counts (a replay uses none), and how sure a local steerer
was in a review (the replayed one is certain).

Each prompt is held against the record: a replay that takes another turn than its run ends with
:class:`~codesteer_kernel.errors.ReplayMismatch`, which names the call.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import NoReturn, get_args

import msgspec

from ..config import data_dir
from ..errors import BadInput, ReplayMismatch, UnknownName, nearest
from ..record import Decision, Record, Round, cut_middle, decode_record
from ..record.document import DecisionKind
from .protocol import Abilities, ChatRequest, Choice, Delta, Finish, Message, StopReason, TextDelta, TokenUsage

__all__ = ["ReplayModel", "read_record"]

SPEED = 2_000.0
HEAD = 200
"""Characters of a text that are looked for in a prompt: prompts are cut in the middle, and beginnings survive."""

_PIECES = re.compile(r"\s*\S{1,8}|\s+$")


class ReplayModel:
    """One record in the place of the models of one run: an object has its place in the record, so open one per run.

    ``dialect`` is the one in which the recorded steerer spoke.

    Args:
        source: the name of a journalled run (``last``: the newest; a beginning is enough), or the path of a record.
        speed: characters a second; 0 gives them at once.

    Raises:
        UnknownName: there is no such run or file.
        BadInput: the file is no record, or the record does not hold all that was said.
    """

    context_window: int | None = None

    def __init__(self, source: str, *, speed: float = SPEED) -> None:
        if not 0 <= speed < float("inf"):
            raise BadInput(f"The speed of a replay is {speed}.", "Give characters a second; 0 for all at once.")
        record = read_record(source)
        self.name = f"replay/{source}"
        self.dialect = record.config.dialect
        self.abilities = Abilities(score=self.dialect == "mini", structured=True, local=True)
        self._record = record
        self._speed = speed
        self._steered = _steerer_calls(record)
        self._place = {"steerer": 0, "target": 0}

    def __repr__(self) -> str:
        return f"<ReplayModel {self.name}>"

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Give the next recorded text of the request's role (its ``slot``), in small pieces.

        Raises:
            ReplayMismatch: the prompt is not the recorded run's, or the record holds no more of this role.
        """
        stop: StopReason = "end"
        if request.slot == "target":
            text, stop = self._answer(request.messages)
        elif request.slot == "checker":
            text = self._program(request.messages)
        elif request.slot == "steerer":
            text = self._next_decision(request.messages)[0].raw
        else:
            raise BadInput(f"{self.name} speaks in a run only, as steerer, target or checker.")
        for piece in _PIECES.findall(text):
            await asyncio.sleep(len(piece) / self._speed if self._speed else 0)
            yield TextDelta(piece)
        yield Finish(reason=stop, usage=TokenUsage())

    async def score(self, messages: Sequence[Message], choices: Sequence[str], *, slot: str = "") -> Choice:
        """The recorded probabilities of the first choice; of later ones, certainty of the recorded decision.

        Raises:
            ReplayMismatch: as for :meth:`stream`, or the recorded decision is not among the choices.
        """
        decision, number = self._next_decision(messages)
        taken = decision.raw.strip("<>").lower()
        kinds = {choice: choice.strip("<>").lower() for choice in choices}
        if taken not in kinds.values():
            self._mismatch("steerer", number, f"the run decided {taken!r}, which is not among {', '.join(choices)}")
        known = decision.probabilities if number == 1 else {}
        shares = {choice: known.get(kind, float(kind == taken)) for choice, kind in kinds.items()}
        return Choice(probabilities=shares, usage=TokenUsage())

    async def aclose(self) -> None:
        """Nothing is held open."""

    # ------------------------------------------------------------------------------------------------ by role

    def _answer(self, messages: Sequence[Message]) -> tuple[str, StopReason]:
        """The target's next answer and how it ended."""
        number = self._advance("target")
        rounds = self._record.rounds
        if number > len(rounds) or not rounds[number - 1].answer.complete:
            self._ends("target", number)
        said = [message.content for message in messages if message.role == "assistant"]
        for place, (one, past) in enumerate(zip(said, rounds, strict=False), 1):
            if one not in (past.answer.text, past.answer.text or "(nothing)"):
                self._mismatch("target", number, f"answer {place} in the conversation is not the recorded one")
        guidance = rounds[number - 1].decision.guidance if number > 1 else self._record.question.prompt.strip()
        self._expect("target", number, messages, [guidance])
        answer = rounds[number - 1].answer
        return answer.text, answer.stop if answer.stop in get_args(StopReason) else "end"  # type: ignore[return-value]

    def _program(self, messages: Sequence[Message]) -> str:
        """The checking program, as a reply; the published loop's are not recorded, and what they print decides nothing."""
        if self._record.config.faithful:
            return "The record holds no testing program."
        self._expect("checker", 1, messages, [self._record.question.prompt.strip()])
        tests = (one.self_answer.program for one in self._record.rounds if one.self_answer is not None)
        program = next((program for program in tests if program), "")
        if not program:
            raise ReplayMismatch(
                f"The record {self._record.id} holds no checking program.", "Was the run made with --checker none?"
            )
        return f"```python\n{program}\n```"

    def _next_decision(self, messages: Sequence[Message]) -> tuple[Decision, int]:
        """The steerer's next reply and the number of the call; its evidence is looked for in the prompt."""
        number = self._advance("steerer")
        if number > len(self._steered):
            self._ends("steerer", number)
        decision, after = self._steered[number - 1]
        repeated = number > 1 and self._steered[number - 2][1] == after
        if after == 0 and not repeated:
            self._expect("steerer", number, messages, [self._record.question.prompt.strip()])
        elif not repeated:
            self._expect("steerer", number, messages, self._evidence(self._record.rounds[after - 1]))
        return decision, number

    def _evidence(self, seen: Round) -> list[str]:
        """What of a round a steerer is shown in every dialect's words."""
        run = seen.execution
        if self.dialect == "mini":
            return [(seen.result or seen.answer.text).strip()]
        # Long outputs may give way to a note, and the published loop's last program is run once more at its end.
        told = run is not None and not self._record.config.faithful and len(run.stdout) + len(run.stderr) < 4_000
        return [seen.answer.text.strip(), run.stdout.strip() if run is not None and told else ""]

    # ------------------------------------------------------------------------------------------------ faults

    def _advance(self, role: str) -> int:
        self._place[role] += 1
        return self._place[role]

    def _expect(self, role: str, number: int, messages: Sequence[Message], texts: Sequence[str]) -> None:
        """Find the recorded ``texts``, or their beginnings, in the last user turn."""
        asked = next((message.content for message in reversed(messages) if message.role == "user"), "")
        begin, end = r"(?<!\w)", r"(?!\w)"
        if self._record.config.faithful:
            begin = end = ""  # there, texts are joined without a space
        elif self.dialect == "instruct":
            begin, end = r"(?:\A|\n)\s*", r"\s*(?:\n|\Z)"
        for text in texts:
            closed = end if len(text) <= HEAD else ""
            if text and not re.search(begin + re.escape(text[:HEAD]) + closed, asked):
                self._mismatch(
                    role, number, f"the prompt should hold {text[:HEAD]!r} and is {cut_middle(asked, 300)!r}"
                )

    def _mismatch(self, role: str, number: int, why: str) -> NoReturn:
        raise ReplayMismatch(
            f"Call {number} of the {role} is not the recorded run's: {why}.",
            "Replay the same question with the same settings and inputs; programs must print the same.",
        )

    def _ends(self, role: str, number: int) -> NoReturn:
        # The published loop counts guidances, which are one less than its answers.
        rounds = max(1, len(self._record.rounds) - self._record.config.faithful)
        raise ReplayMismatch(
            f"The record {self._record.id} ({self._record.status}) holds no call {number} of the {role}.",
            f"Replay it with at most {rounds} rounds; a stopped run ends where it was stopped.",
        )


def read_record(source: str) -> Record:
    """The record of the journalled run ``source``, or in the file ``source``.

    Raises:
        UnknownName: there is none; the nearest name is suggested.
        BadInput: the file holds no record, or one whose texts were cut to fit.
    """
    path = Path(source).expanduser()
    if not source.endswith(".json") and "/" not in source:
        names = sorted(found.stem for found in (data_dir() / "runs").glob("*.json"))
        matching = names[-1:] if source == "last" else [name for name in names if name.startswith(source)]
        if len(matching) != 1:
            hint = nearest(source, names) or "List the runs with 'codesteer runs'."
            found = f"{len(matching)} finished runs begin with" if matching else "There is no finished run"
            raise UnknownName(f"{found} {source!r}.", hint)
        path = data_dir() / "runs" / f"{matching[0]}.json"
    try:
        record = decode_record(path.read_bytes())
    except OSError as fault:
        raise UnknownName(f"The record {path} cannot be read ({fault.strerror}).", "Give the path of a file.") from None
    if record.cut:
        raise BadInput(
            f"The record {record.id} was cut by {record.cut:,} bytes, so it cannot be replayed.",
            "Replay a shorter run.",
        )
    return record


def _steerer_calls(record: Record) -> list[tuple[Decision, int]]:
    """The decisions in the order in which the steerer was called for them, each with the round it followed.

    The scored dialect leaves plain situations to rules, which call nobody. The one that replies with JSON is asked a
    second time when it cannot be read.
    """
    decisions = [one.decision for one in record.rounds]
    if record.support is not None and record.support.decision is not None:
        decisions.append(record.support.decision)
    calls: list[tuple[Decision, int]] = []
    for after, decision in enumerate(decisions):
        if record.config.dialect == "mini":
            times = 1 if decision.raw else 0
        else:
            times = 1 if record.config.dialect != "instruct" or _readable(decision.raw) else 2
        calls += [(decision, after)] * times
    return calls


def _readable(raw: str) -> bool:
    """Whether a steerer's reply holds a decision in JSON."""
    try:
        spoken = msgspec.json.decode(raw[raw.find("{") : raw.rfind("}") + 1])
    except (msgspec.MsgspecError, RecursionError):
        return False
    return isinstance(spoken, dict) and spoken.get("decision") in get_args(DecisionKind)
