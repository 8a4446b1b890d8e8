"""What can be read by rule off the rounds of a run, as named numbers: does the present answer look right? Pure, bounded."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from codesteer_kernel.record import Question, Round
from codesteer_kernel.steering.evidence import Situation, same_program
from codesteer_kernel.steering.extraction import agree, normalised
from codesteer_kernel.steering.forms import asked_form, shaped

__all__ = ["situation_facts"]

_NAMES = ("text_answer", "constant", "passed_check", "failed_check", "plausible")
_VERDICTS = ("pass", "fail", "broken", "unsure")
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_LOOP = re.compile(r"\b(?:for|while)\b")


def situation_facts(question: Question, rounds: Sequence[Round], situation: Situation, odds: float) -> dict[str, float]:
    """Facts of the last of ``rounds``, and of how the earlier ones stand to it.

    Args:
        question: what is asked.
        rounds: at least one.
        situation: what the rules say of the last round.
        odds: the log-odds that the steerer gives to returning the answer.

    Returns:
        the same names for all rounds, values from -1 to 1 (``s.odds``: from -40 to 40).
    """
    last, earlier = rounds[-1], rounds[:-1]
    code, result = last.answer.code, last.result.strip()
    run, form = last.execution, asked_form(question.prompt)
    verdict = last.self_answer.verdict if last.self_answer else ""
    agreeing = [one for one in earlier if agree(one.result, last.result) and not same_program(one, last)]
    given = [normalised(one.result) for one in rounds if one.result]
    facts = {
        "s.odds": max(-40.0, min(40.0, odds)),
        "s.round": min(1.0, last.index / 6),
        "s.code": float(code is not None),
        "s.asked_code": float(last.decision.kind == "code"),
        "s.score": min(1.0, last.symbolic.score / 10) if last.symbolic else 0.0,
        "s.suspicious": float(bool(last.symbolic and last.symbolic.suspicious)),
        "s.untested": float(not verdict),
        "s.agree_code": float(any(one.answer.code is not None for one in agreeing)),
        "s.agree_text": float(any(one.answer.code is None for one in agreeing)),
        "s.agree_other_way": float(any((one.answer.code is None) != (code is None) for one in agreeing)),
        "s.repeats": min(1.0, sum(same_program(one, last) for one in earlier) / 3),
        "s.answers": len(set(given)) / len(given) if given else 0.0,
        "s.tries": min(1.0, len(earlier) / 6),
        "s.result": _grown(len(result), 400),
        "s.no_result": float(not result),
        "s.number": float(bool(_NUMBER.fullmatch(result))),
        "s.said": float(bool(result) and result.lower() in question.prompt.lower()),
        "s.in_form": float(
            bool(result) and form.kind != "free" and shaped(result, form) == _marked(result, form.marked)
        ),
        "s.free": float(form.kind == "free"),
        "s.words": _grown(len(last.answer.text), 8_000),
        "s.cut": float(last.answer.stop in ("length", "repetition")),
        "s.lines": _grown(len(code.splitlines()) if code else 0, 80),
        "s.loop": float(bool(code and _LOOP.search(code))),
        "s.imports": float(bool(code and "import " in code)),
        "s.stderr": float(bool(run and run.stderr.strip())),
        "s.printed": _grown(len(run.stdout) if run else 0, 4_000),
        "s.seconds": _grown(round(1_000 * run.seconds) if run else 0, 20_000),
    }
    facts |= {f"s.in.{name}": float(situation.name == name) for name in _NAMES}
    return facts | {f"s.test.{one}": float(verdict == one) for one in _VERDICTS}


def _marked(result: str, marked: bool) -> str:
    return f"<<<{result}>>>" if marked else result


def _grown(count: int, much: int) -> float:
    return min(1.0, math.log1p(max(0, count)) / math.log1p(much))
