"""Every method, over the wire: what is asked, in which order, what runs, what is judged."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any

import pytest
from msgspec.structs import replace

from codesteer_kernel.errors import UnknownName
from codesteer_kernel.evaluation.methods import METHODS, method
from codesteer_kernel.evaluation.methods.self_estimate import read_estimate
from codesteer_kernel.executor import open_executor
from codesteer_kernel.record import Budget, fold
from codesteer_kernel.run import RunSettings, engine
from codesteer_kernel.steering import Roles
from tests.evaluation.answering import COMPUTES, MARKED, PROBLEM, RIGHT, answered, fenced
from tests.models.endpoints import serving
from tests.run.scripts import CHECK, WIRES, model, say, script
from tests.scripted import Reply, Request, serving_in_thread

pytestmark = pytest.mark.kernel
QUESTION = PROBLEM.question.strip()
WRONG = fenced("print('<<<13>>>')")
TESTED = Reply(CHECK.replace("sum(n * n for n in range(1, 11))", RIGHT + " + sum([0])"), times=None)


def call(code: str, name: str = "c1") -> tuple[str, str, str]:
    return name, "python", json.dumps({"code": code})


# -- one call


def test_only_question_asks_the_question_alone_and_runs_nothing() -> None:
    found = answered(METHODS["only-question"], [fenced("print(13)", after=MARKED)])
    assert found.asked == [QUESTION]
    assert found.requests[0].system == ""
    assert found.did == [("text", "")]
    assert (found.attempt.correct, found.attempt.origin, found.attempt.calls) == (True, "text", 1)


def test_all_text_asks_for_words_and_judges_them() -> None:
    found = answered(METHODS["all-text-cot"], [MARKED])
    assert "reasoning in words" in found.asked[0]
    assert (found.attempt.correct, found.attempt.marked, found.attempt.decisions) == (True, True, ["text"])


def test_all_code_runs_the_program_once_and_judges_what_it_printed() -> None:
    found = answered(METHODS["all-code-cot"], [fenced(COMPUTES, after="That prints <<<13>>>.")])
    assert "Python program" in found.asked[0]
    assert found.did == [("code", f"<<<{RIGHT}>>>")]
    assert (found.attempt.correct, found.attempt.origin, found.attempt.decisions) == (True, "program", ["code"])


def test_all_code_with_a_program_that_crashes_is_judged_by_its_words() -> None:
    found = answered(METHODS["all-code-cot"], [fenced("print('<<<13>>>')\n1 / 0", after=MARKED)])
    assert found.record.rounds[0].execution is not None
    assert found.record.rounds[0].execution.status == "error"
    assert (found.attempt.correct, found.attempt.origin, found.attempt.status) == (True, "text", "done")


def test_all_code_without_a_program_is_judged_by_its_words() -> None:
    found = answered(METHODS["all-code-cot"], [MARKED])
    assert (found.attempt.correct, found.attempt.origin, found.attempt.decisions) == (True, "text", ["text"])


def test_autogen_puts_its_instruction_before_the_question_and_runs_all_blocks_as_one_program() -> None:
    found = answered(
        METHODS["autogen-concat"],
        [Reply(f"First\n```python\nfound = {RIGHT}\n```\nthen\n```python\nprint(f'<<<{{found}}>>>')\n```\nTERMINATE")],
    )
    assert found.asked[0].startswith("You are a capable assistant")
    assert found.asked[0].endswith(QUESTION)
    assert found.requests[0].system == "", "the instruction is a part of what the user says"
    assert found.did == [("code", f"<<<{RIGHT}>>>")]
    assert (found.attempt.correct, found.attempt.calls) == (True, 1)


# -- two ways


@pytest.mark.parametrize(("chosen", "did"), [("code", ("code", f"<<<{RIGHT}>>>")), ("text", ("text", ""))])
def test_the_steerer_chooses_once_and_one_answer_follows(chosen: str, did: tuple[str, str]) -> None:
    found = answered(METHODS["code-text-choice"], script([say(chosen)], [fenced(COMPUTES, after=MARKED)]))
    assert len(found.requests) == 2
    assert "steer another model" in found.requests[0].system
    way = answered(METHODS[f"all-{chosen}-cot"], [MARKED])
    assert found.asked[1] == way.asked[0], "the answer is asked for as by the method of that one way"
    assert found.did == [did]
    assert found.attempt.correct


def test_the_sum_sees_both_answers_and_what_the_program_printed() -> None:
    found = answered(METHODS["code-text-sum"], ["In words: 13.", fenced(COMPUTES), MARKED])
    assert found.asked[0] == answered(METHODS["all-text-cot"], [MARKED]).asked[0]
    assert found.asked[1] == answered(METHODS["all-code-cot"], [MARKED]).asked[0]
    for part in ("In words: 13.", COMPUTES, f"printed:\n<<<{RIGHT}>>>"):
        assert part in found.asked[2]
    assert [len(request.turns) for request in found.requests] == [1, 1, 1], "each call stands alone"
    assert found.did == [("text", ""), ("code", f"<<<{RIGHT}>>>"), ("text", "")]
    assert (found.attempt.correct, found.attempt.origin) == (True, "text")


def test_the_sum_is_told_of_a_program_that_failed() -> None:
    found = answered(METHODS["code-text-sum"], ["13", fenced("1 / 0"), MARKED])
    assert "ZeroDivisionError" in found.asked[2]


@pytest.mark.parametrize(
    ("estimate", "kind"), [("Code: 9\nText: 4", "code"), ("Code: 3\nText: 8", "text"), ("Both!", "code")]
)
def test_the_way_that_the_target_is_surer_of_is_taken(estimate: str, kind: str) -> None:
    found = answered(METHODS["self-estimate"], [estimate, fenced(COMPUTES, after=MARKED)])
    assert "how sure you are" in found.asked[0]
    assert found.record.rounds[0].decision.raw == estimate
    assert [decision for decision, _ in found.did] == [kind]
    assert (found.attempt.correct, found.attempt.calls) == (True, 2)


@pytest.mark.parametrize(
    ("raw", "kind", "source"),
    [
        ("Code: 9\nText: 4", "code", "model"),
        ("code: **3**/10, text: **8**/10", "text", "model"),
        ("Code - 7.5\nText - 7.6", "text", "model"),
        ("Code: 5\nText: 5", "code", "model"),
        ("```\nCode: 1\nText: 2\n```", "text", "model"),
        ("Text: 9", "code", "fallback"),
        ("", "code", "fallback"),
    ],
)
def test_estimates_are_read_by_rule(raw: str, kind: str, source: str) -> None:
    decision = read_estimate(raw)
    assert (decision.kind, decision.source, decision.raw) == (kind, source, raw)


# -- code interpreter


@pytest.mark.parametrize("wire", WIRES)
def test_the_interpreter_runs_tool_calls_and_shows_what_they_printed(wire: str) -> None:
    calls = [Reply("I try.", calls=[call("1 / 0")]), Reply("", calls=[call(COMPUTES, "c2")]), MARKED]
    found = answered(METHODS["code-interpreter"], calls, wire=wire)
    assert found.did == [("code", "ZeroDivisionError: division by zero"), ("code", f"<<<{RIGHT}>>>"), ("code", "")]
    seen = json.dumps(found.requests[2].body["messages"])
    assert "ZeroDivisionError" in seen
    assert f"printed:\\n<<<{RIGHT}>>>" in seen
    assert "I try." in found.record.rounds[0].answer.text
    assert found.record.rounds[1].answer.code == COMPUTES
    assert (found.attempt.correct, found.attempt.origin, found.attempt.status) == (True, "text", "done")


def test_calls_that_cannot_be_run_are_answered_and_do_not_end_the_run() -> None:
    first = Reply("", calls=[("c1", "python", "{no json"), ("c2", "shell", "{}"), ("c3", "python", '{"code": 7}')])
    second = Reply("", calls=[call(COMPUTES, "c4"), call("print(13)", "c5")])
    found = answered(METHODS["code-interpreter"], [first, second, MARKED])
    said = {
        turn["tool_call_id"]: turn["content"] for turn in found.requests[2].body["messages"] if turn["role"] == "tool"
    }
    assert "not JSON" in said["c1"]
    assert "no tool called 'shell'" in said["c2"]
    assert "argument code" in said["c3"]
    assert RIGHT in said["c4"]
    assert "one program" in said["c5"]
    assert found.did[:2] == [("code", ""), ("code", f"<<<{RIGHT}>>>")]


def test_the_interpreter_has_no_more_turns_than_rounds_and_then_its_last_program_speaks() -> None:
    again = Reply("", calls=[call(COMPUTES)], times=None)
    found = answered(METHODS["code-interpreter"], [again], rounds=3)
    assert (len(found.requests), found.attempt.status, found.attempt.hit) == (3, "exhausted", "rounds")
    assert (found.attempt.correct, found.attempt.origin) == (True, "program")


async def test_models_without_tools_have_a_fenced_block_for_a_call() -> None:
    replies = [fenced("print(6 * 7)"), fenced("pass"), MARKED]
    async with serving(replies, "openai") as (server, target), open_executor() as executor:
        target.abilities = replace(target.abilities, tools=False)
        roles = Roles(target, target, target)
        events = [event async for event in METHODS["code-interpreter"].answer(PROBLEM, roles, executor, Budget())]
    asked = [request.last_user for request in server.requests]
    assert asked[0].startswith(QUESTION)
    assert "printed:\n42" in asked[1]
    assert "printed nothing" in asked[2]
    assert [role for role, _ in server.requests[2].turns] == ["user", "assistant", "user", "assistant", "user"]
    assert not any("tools" in request.body for request in server.requests)
    record = fold(events)
    assert (record.status, record.config.method) == ("done", "code-interpreter")
    assert record.answer is not None
    assert record.answer.text == RIGHT


# -- symbolic agent


def test_the_symbolic_agent_states_the_problem_then_writes_until_rules_find_no_fault() -> None:
    replies = ["Unknowns: p.", fenced(f"print('<<<{RIGHT}>>>')"), fenced("1 / 0"), fenced(COMPUTES)]
    found = answered(METHODS["symbolic-agent"], replies)
    assert "formally" in found.asked[0]
    assert "formal statement" in found.asked[1]
    assert "answer it was written with" in found.asked[2], "a program that only quotes an answer is found out"
    assert "ZeroDivisionError" in found.asked[3]
    assert [decision for decision, _ in found.did] == ["text", "code", "refine", "refine"]
    histories = [request.turns for request in found.requests]
    for earlier, later in itertools.pairwise(histories):
        assert later[: len(earlier)] == earlier, "one conversation that only grows"
    assert (found.attempt.correct, found.attempt.status, found.attempt.origin) == (True, "done", "program")


def test_the_symbolic_agent_ends_with_its_rounds_and_its_statement_is_no_answer() -> None:
    replies = [MARKED, *[fenced("1 / 0", before=f"Try {number}.") for number in range(4)]]
    found = answered(METHODS["symbolic-agent"], replies, rounds=3)
    assert (len(found.requests), found.attempt.status) == (3, "exhausted")
    assert (found.attempt.correct, found.attempt.origin) == (False, "none")


# -- the loop


def test_codesteer_is_the_loop_with_its_steerer() -> None:
    steered = script([say("code"), say("refine", "Multiply."), say("return")], [WRONG, fenced(COMPUTES)], TESTED)
    found = answered(METHODS["codesteer"], steered)
    assert (found.record.config.method, found.record.config.faithful, found.record.config.without) == ("", False, [])
    assert found.did == [("code", "<<<13>>>"), ("refine", f"<<<{RIGHT}>>>")]
    assert (found.attempt.correct, found.attempt.checker, found.attempt.support) == (True, "pass", "verified")
    assert found.attempt.score is not None


def test_the_published_loop_judges_what_the_last_program_printed() -> None:
    """It asks a program for its result by name; a program that has printed it itself is none the worse for that."""
    replies = ["<<<Code>>>", fenced(COMPUTES), fenced("print('Correct')"), "<<<Return Answer>>>"]
    found = answered(METHODS["codesteer-faithful"], replies)
    assert found.record.config.faithful
    assert found.record.config.dialect == "codesteer-v1"
    assert found.did == [("code", f"<<<{RIGHT}>>>")]
    assert (found.attempt.correct, found.attempt.origin) == (True, "program")


def test_without_the_symbolic_checker_programs_are_not_rated() -> None:
    found = answered(METHODS["codesteer-no-symbolic"], script([say("code"), say("return")], [fenced(COMPUTES)], TESTED))
    assert found.record.config.without == ["symbolic"]
    assert (found.attempt.score, found.attempt.checker, found.attempt.correct) == (None, "pass", True)


def test_without_the_self_answer_checker_nobody_writes_a_test() -> None:
    found = answered(METHODS["codesteer-no-self-answer"], script([say("code"), say("return")], [fenced(COMPUTES)]))
    assert found.record.config.without == ["self-answer"]
    assert (found.attempt.checker, found.attempt.calls, found.attempt.correct) == ("", 3, True)
    assert found.attempt.score is not None


def test_without_a_choice_the_first_answer_is_a_program() -> None:
    found = answered(METHODS["codesteer-no-choice"], script([say("return")], [fenced(COMPUTES)], TESTED))
    assert found.record.config.start == "code"
    assert found.record.rounds[0].decision.source == "rule"
    assert found.attempt.correct


def test_fixed_rounds_make_every_round_though_the_steerer_would_end() -> None:
    steerer = [say("code"), say("return"), say("terminate")]
    programs = [fenced(COMPUTES), WRONG, fenced(COMPUTES + "\n")]
    found = answered(METHODS["codesteer-fixed-rounds"], script(steerer, programs, TESTED), rounds=3)
    assert found.record.config.without == ["stop"]
    assert found.did == [("code", f"<<<{RIGHT}>>>"), ("refine", "<<<13>>>"), ("refine", f"<<<{RIGHT}>>>")]
    assert (found.attempt.correct, found.attempt.status) == (True, "done")


# -- what holds for each


def reply_to(request: Request) -> Reply:
    """Sound words for whoever asks, by what is asked."""
    asked = request.last_user
    if "steer another model" in request.system:
        return Reply(say("return" if "Round " in asked else "code"))
    if "You are guiding" in request.turns[-1][1] or request.turns[0][1].startswith("You are guiding"):
        return Reply("<<<Return Answer>>>" if len(request.turns) > 1 else "<<<Code>>>")
    if "how sure you are" in asked:
        return Reply("Code: 9\nText: 1")
    return TESTED if "check(answer" in asked else fenced(COMPUTES, after=MARKED)


@pytest.mark.parametrize("name", METHODS)
def test_the_question_reaches_every_method_word_by_word(name: str) -> None:
    found = answered(METHODS[name], reply_to, rounds=2)
    firsts = [next(text for role, text in request.turns if role == "user") for request in found.requests]
    assert all(QUESTION in first for first in firsts)
    asked = [first for first in firsts if first.startswith(QUESTION)]
    assert asked or name in ("autogen-concat", "codesteer-faithful"), "the question comes first: prefix caches share it"
    assert found.record.question.prompt.strip() == QUESTION
    assert found.attempt.correct


@pytest.mark.parametrize("name", METHODS)
def test_a_stop_in_the_middle_of_a_call_ends_the_run(name: str) -> None:
    reached: list[Request] = []

    def hang(request: Request) -> Reply:
        reached.append(request)
        return Reply("Let me think about", hang_after=1)

    with serving_in_thread(hang) as server:
        wanted = METHODS[name].settings(RunSettings(target=model(server), journal=False))
        seen: list[Any] = []
        live = engine().submit(
            PROBLEM.question, wanted, procedure=METHODS[name].procedure, on_event=lambda event, _: seen.append(event)
        )

        async def stop_when_asked() -> None:
            async with asyncio.timeout(60):
                while not reached:
                    await asyncio.sleep(0.02)
            live.stop()

        asyncio.run(stop_when_asked())
        record = live.wait(60).record
    assert record.status == "stopped"
    assert type(seen[-1]).__name__ == "RunEnded"
    assert fold(seen) == changed_versions(record, seen)


def changed_versions(record: Any, seen: list[Any]) -> Any:
    """The record with the versions of its first event: the engine adds what only shows at the end."""
    return replace(record, versions=seen[0].versions)


@pytest.mark.parametrize("name", METHODS)
def test_budgets_hold_in_every_method(name: str) -> None:
    found = answered(METHODS[name], reply_to, tokens=20)
    # What is left is granted to the first call, which uses it up; the loop's test is written beside it.
    assert found.attempt.calls <= 2
    assert found.attempt.output_tokens <= 20 * found.attempt.calls
    assert found.attempt.hit == "tokens" or len(found.record.rounds) == 1


def test_methods_are_found_by_name_and_titles_tell_them_apart() -> None:
    assert method("codesteer") is METHODS["codesteer"]
    with pytest.raises(UnknownName, match="codesteer"):
        method("codestear")
    assert len({one.title for one in METHODS.values()}) == len(METHODS)
    for one in METHODS.values():
        assert one.procedure is None or one.procedure.name == one.name, "the record names the method"
