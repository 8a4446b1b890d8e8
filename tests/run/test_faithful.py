"""The published loop, request by request: order, contents, limits (codesteer.md, sections 1.1 to 1.8)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import codesteer
import pytest

from codesteer_kernel.run import Run
from tests.run.scripts import model
from tests.scripted import Reply, Request, serving_in_thread

pytestmark = pytest.mark.kernel
GOLDEN = Path(__file__).parent / "golden" / "faithful.json"
QUESTION = "Which two-digit number is 6 * 7?"
FIRST = "I would count.\n```python\nprint(6 + 7)\n```\nand\n```python\nprint('never run')\n```"
SECOND = "```python\nresult = 6 * 7\nfor _ in range(1):\n    pass\n```"
TEST = "```python\nprint('the product is 42' if 1 else '')\n```"


class Script:
    """Says the replies of each role in turn; who is asked is told by the conversation's first words."""

    def __init__(self, steerer: list[str], target: list[str], checker: list[str]) -> None:
        self.left = {"steerer": steerer, "target": target, "checker": checker}
        self.asked: list[dict[str, Any]] = []

    def __call__(self, request: Request) -> Reply:
        turns = request.body["messages"]
        words = next(turn["content"] for turn in turns if turn["role"] == "user")
        role = "steerer" if words.startswith("You are guiding") else "checker" if "Below are" in words else "target"
        limits = {key: request.body.get(key) for key in ("max_completion_tokens", "temperature", "top_p")}
        self.asked.append({"role": role, **limits, "messages": turns})
        return Reply(self.left[role].pop(0))


def solved(script: Script, **settings: Any) -> Run:
    with serving_in_thread(script) as server:
        return codesteer.solve(QUESTION, target=model(server), faithful=True, raise_on_failure=False, **settings)


def test_the_golden_transcript() -> None:
    script = Script(
        ["Numbers: <<<Code>>>", "<<<Multiply, do not add. The loop Ends when it is done.>>>", "<<<Return Answer>>>"],
        [FIRST, SECOND],
        [TEST, "no program", TEST],
    )
    run = solved(script)
    assert script.asked == json.loads(GOLDEN.read_text())
    record = run.record
    assert record.status == "done"
    assert record.config.faithful
    assert record.config.dialect == "codesteer-v1"
    assert [one.decision.kind for one in run.rounds] == ["code", "refine"]
    assert [one.result for one in run.rounds] == ["13", "42"], "the last program is asked for its result by name"
    assert run.answer == "42"
    assert record.support is not None
    assert record.support.note.startswith("The last answer, as published.")


def test_a_stop_word_stops_wherever_it_stands() -> None:
    run = solved(Script(["<<<Text>>>", "Go on until it Terminates."], ["Perhaps 41."], [TEST]))
    assert run.status == "done"
    assert run.answer == "Perhaps 41."
    assert run.record.support is not None
    assert run.record.support.decision is not None
    assert run.record.support.decision.kind == "terminate"


def test_five_guidances_make_six_answers_and_the_last_is_not_reviewed() -> None:
    answers = [f"Perhaps {n}." for n in range(6)]
    script = Script(["<<<Text>>>", *(f"<<<again {n}>>>" for n in range(5))], answers, [TEST] * 5)
    run = solved(script)
    assert [one["role"] for one in script.asked[-3:]] == ["checker", "steerer", "target"]
    assert (run.status, run.record.budget.hit, len(run.rounds)) == ("exhausted", "rounds", 6)
    assert run.answer == "Perhaps 5.", "the last answer, not the best"


def test_a_bare_control_word_becomes_a_canned_prompt_and_other_guidance_goes_as_it_is() -> None:
    script = Script(["no idea", "<<<Code>>>", "<<<raw guidance>>>", "Return Answer"], ["a", "b", "c"], [TEST] * 3)
    solved(script)
    told = [one["messages"][-1]["content"] for one in script.asked if one["role"] == "target"]
    assert told[0] == f"no idea{QUESTION}"
    assert told[1].startswith("Solve the question with a Python program.")
    assert told[2] == "<<<raw guidance>>>"


def test_a_test_is_tried_three_times_and_a_program_for_it_five_times() -> None:
    broken = "```python\nraise SystemExit('no')\n```"
    script = Script(["<<<Text>>>", "Return Answer"], ["42"], [broken] * 3)
    solved(script)
    assert [one["role"] for one in script.asked].count("checker") == 3
    assert "errors: no" in script.asked[-1]["messages"][-1]["content"]
    script = Script(["<<<Text>>>", "Return Answer"], ["42"], ["prose"] * 5)
    solved(script)
    assert [one["role"] for one in script.asked].count("checker") == 5
    assert "no testing program was written" in script.asked[-1]["messages"][-1]["content"]


def test_the_target_never_sees_what_its_program_printed() -> None:
    script = Script(["<<<Code>>>", "<<<again>>>", "Return Answer"], [FIRST, SECOND], [TEST] * 2)
    solved(script)
    seen = {one["role"] for one in script.asked if "gave this output: 13" in json.dumps(one["messages"])}
    assert seen == {"steerer", "checker"}
