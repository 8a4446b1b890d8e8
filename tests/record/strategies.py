"""Runs as hypothesis makes them up: every event valid, in an order that a real run could have."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from codesteer_kernel.record import (
    Answer,
    Bound,
    Budget,
    Decision,
    Execution,
    Failure,
    FinalAnswer,
    InputSummary,
    Models,
    Output,
    Question,
    RunConfig,
    SelfAnswer,
    Support,
    Symbolic,
    Usage,
)
from codesteer_kernel.record import events as ev

__all__ = ["HOSTILE", "executions", "hostile_texts", "runs", "texts"]

texts = st.text(max_size=40)
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</details></pre><h1>mine</h1>",
    "\" onmouseover=\"alert(1)' onclick='x",
    "javascript:alert(1)",
    "<!-- open",
    "```\nout of the fence\n````\n",
    "~~~\nopen",
    "a\n\n# heading\n\n---\n",
    "<svg/onload=alert(1)>",
    "]]>&lt;b&gt;&#60;script&#62;",
    "\x1b]0;title\x07\x1b[2J",
]
hostile_texts = st.sampled_from(HOSTILE) | st.text(alphabet="<>&\"'`~#-=*_[]()! \nab/", max_size=60)

_numbers = st.integers(0, 10**6)
_seconds = st.floats(0, 1e5, allow_nan=False)


def executions(words: st.SearchStrategy[str]) -> st.SearchStrategy[Execution]:
    """Programs that ended in some way."""
    images = st.sampled_from(["image/png", "image/jpeg", "text/html", "text/plain", "image/svg+xml", "text/latex"])
    return st.builds(
        Execution,
        status=st.sampled_from(["ok", "error", "timeout", "killed", "died", "interrupted"]),
        tier=words,
        stdout=words,
        stderr=words,
        outputs=st.lists(
            st.builds(
                Output,
                kind=st.sampled_from(["display", "result", "figure"]),
                data=st.dictionaries(images, words, max_size=3),
            ),
            max_size=2,
        ),
        error=words,
        traceback=words,
        seconds=_seconds,
        peak_mb=st.none() | _seconds,
        limit=words,
        cut=st.dictionaries(st.sampled_from(["stdout", "stderr", "outputs"]), _numbers),
    )


def _decisions(words: st.SearchStrategy[str], first: bool) -> st.SearchStrategy[Decision]:
    sources = st.sampled_from(["model", "rule", "template", "fallback"])
    return st.builds(
        Decision,
        kind=st.sampled_from(["code", "text"] if first else ["code", "text", "refine"]),
        source=sources,
        guidance=words,
        guidance_source=st.none() | sources,
        confidence=st.none() | st.floats(0, 1),
        probabilities=st.dictionaries(st.sampled_from(["code", "text", "return"]), st.floats(0, 1)),
        reason=words,
        raw=words,
    )


def _usages() -> st.SearchStrategy[Usage]:
    return st.builds(
        Usage,
        calls=st.integers(0, 5),
        input_tokens=_numbers,
        cached_tokens=_numbers,
        output_tokens=_numbers,
        cost=st.none() | st.floats(0, 10),
    )


@st.composite
def runs(draw: st.DrawFn, words: st.SearchStrategy[str] = texts, max_rounds: int = 3) -> list[Any]:
    """All events of one run, numbered and timed, from the first to the last."""
    events: list[Any] = []
    clock = 0.0

    def emit(kind: Any, **fields: Any) -> None:
        nonlocal clock
        clock += draw(st.floats(0, 5))
        events.append(kind(seq=len(events) + 1, at=clock, **fields))

    def phase() -> None:
        phases = ["loading", "choosing", "answering", "executing", "checking", "steering", "binding"]
        emit(ev.PhaseEntered, phase=draw(st.sampled_from(phases)), note=draw(words))

    emit(
        ev.RunStarted,
        id="20260101-000000-abcdef",
        started="2026-01-01T00:00:00+00:00",
        question=Question(
            prompt=draw(words),
            inputs=draw(st.lists(st.builds(InputSummary, name=words, type=words, summary=words), max_size=2)),
            outputs=draw(st.lists(words, max_size=2)),
        ),
        models=Models(target=draw(words), steerer=draw(words), checker=draw(words)),
        config=RunConfig(prompts=draw(words)),
        budget=Budget(rounds=max_rounds, seconds=draw(st.none() | _seconds)),
        versions=draw(st.dictionaries(words, words, max_size=2)),
    )
    phase()
    emit(ev.CallMade, role="steerer", model=draw(words), purpose="choice", usage=draw(_usages()), seconds=clock)
    for index in range(1, draw(st.integers(0, max_rounds)) + 1):
        emit(ev.RoundStarted, round=index, decision=draw(_decisions(words, first=index == 1)))
        phase()
        for text in draw(st.lists(words, max_size=3)):
            emit(ev.AnswerDelta, round=index, text=text)
        emit(ev.CallMade, role="target", model="m", purpose="answer", usage=draw(_usages()), seconds=1.0, round=index)
        code = draw(st.none() | words)
        emit(ev.Answered, round=index, answer=Answer(text=draw(words), code=code, stop="end"), first_token=0.5)
        if code is not None:
            symbolic = Symbolic(
                score=draw(st.floats(0, 10)),
                suspicious=draw(st.booleans()),
                note=draw(words),
                loops=draw(st.lists(st.integers(0, 9), max_size=3)),
                complexity=draw(st.integers(0, 99)),
                partial=draw(st.booleans()),
            )
            emit(ev.CheckedSymbolic, round=index, symbolic=symbolic)
            phase()
            for text in draw(st.lists(words, max_size=2)):
                emit(ev.StreamAdded, round=index, name=draw(st.sampled_from(["stdout", "stderr"])), text=text)
            emit(ev.OutputAdded, round=index, output=Output(kind="display", data={"text/plain": draw(words)}))
            execution = draw(executions(words))
            emit(ev.Executed, round=index, execution=execution, result=draw(words))
            verdict = draw(
                st.builds(
                    SelfAnswer,
                    verdict=st.sampled_from(["pass", "fail", "broken", "unsure"]),
                    reason=words,
                    program=words,
                    execution=st.none() | executions(words),
                )
            )
            emit(ev.CheckedSelfAnswer, round=index, self_answer=verdict)
        emit(ev.RoundEnded, round=index, result=draw(words))
        phase()
    emit(ev.ResultsBound, bound=draw(st.lists(st.builds(Bound, name=words, type=words, error=words), max_size=2)))
    levels = st.sampled_from(["verified", "agreed", "executed", "unchecked", "doubtful", "none"])
    emit(
        ev.RunEnded,
        status=draw(st.sampled_from(["done", "stopped", "exhausted", "failed"])),
        answer=draw(st.none() | st.builds(FinalAnswer, text=words, result=words, code=st.none() | words)),
        support=draw(st.none() | st.builds(Support, level=levels, note=words)),
        hit=draw(st.none() | st.sampled_from(["rounds", "seconds", "tokens", "cost"])),
        error=draw(st.none() | st.builds(Failure, code=words, message=words, cure=words)),
    )
    return events
