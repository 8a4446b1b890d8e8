"""Finished rounds, said in a line."""

from __future__ import annotations

from typing import Any

from codesteer_kernel.record import Answer, Decision, Execution, Output, Round, SelfAnswer, Symbolic
from codesteer_kernel.record.document import DecisionKind, VerdictKind

__all__ = ["program_round", "text_round"]


def program_round(
    index: int,
    printed: str = "42",
    *,
    verdict: VerdictKind | None = None,
    reason: str = "",
    program: str | None = "",
    suspicious: bool = False,
    stop: str = "end",
    kind: DecisionKind | None = None,
    outputs: tuple[str, ...] = (),
    complete: bool = True,
    **execution: Any,
) -> Round:
    """A round that was asked for a program, which ``printed`` that; every round's program differs by default."""
    run = {"status": "ok", "tier": "double"} | execution
    code = f"print({index} * {printed!r})" if program == "" else program
    shown = [Output(kind="result", data={"text/plain": text}) for text in outputs]
    return Round(
        index=index,
        decision=Decision(kind=kind or ("code" if index == 1 else "refine"), source="model"),
        answer=Answer(
            text=f"```python\n{code}\n```" if code else "I cannot write it.", code=code, complete=complete, stop=stop
        ),
        execution=Execution(stdout=printed + "\n", outputs=shown, **run) if code else None,
        symbolic=Symbolic(score=0.0 if suspicious else 4.0, suspicious=suspicious) if code else None,
        self_answer=SelfAnswer(verdict=verdict, reason=reason) if verdict else None,
        result=printed if run["status"] == "ok" and code else "",
        complete=True,
    )


def text_round(index: int, result: str = "", *, text: str | None = None, complete: bool = True) -> Round:
    """A round that was asked for words."""
    said = text if text is not None else f"Let me see. Answer: {result}"
    return Round(
        index=index,
        decision=Decision(kind="text", source="model"),
        answer=Answer(text=said, complete=complete, stop="end"),
        result=result,
        complete=True,
    )
