"""The loop: what is asked of whom, what the record says in the end, and how a run ends before its time."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest
from msgspec.structs import replace

from codesteer_kernel.errors import EndpointUnreachable, ExecutorError, RateLimited
from codesteer_kernel.executor import Result
from codesteer_kernel.models.protocol import TokenUsage
from codesteer_kernel.record import Budget, Question, RunConfig, fold
from codesteer_kernel.record import events as ev
from codesteer_kernel.steering import Roles, acts, steer
from tests.steering.doubles import Hang, Programs, Speaker
from tests.steering.running import CHECK, CODE, QUESTION, UNTESTED, Run, say

# -- whole runs


async def test_a_program_that_passes_its_test_is_the_answer() -> None:
    run = Run([CODE.format("6 * 7")], [say("code"), say("return")], Programs(["42\n"], [(True, "")]))
    record = await run.finish()
    assert record.status == "done"
    assert record.answer is not None
    assert record.support is not None
    assert (record.answer.text, record.answer.round, record.answer.code) == ("42", 1, "print(6 * 7)")
    assert record.support.level == "verified"
    assert record.support.decision is not None
    assert record.support.decision.kind == "return"
    first = record.rounds[0]
    assert (first.decision.kind, first.decision.source) == ("code", "model")
    assert first.execution is not None
    assert (first.execution.status, first.execution.tier) == ("ok", "double")
    assert first.symbolic is not None
    assert first.self_answer is not None
    assert (first.self_answer.verdict, first.complete) == ("pass", True)
    assert record.models.target == "openai/target"
    assert record.config.prompts.startswith("instruct@")
    assert record.timing.split


async def test_a_failed_test_leads_to_a_second_round_that_knows_of_it() -> None:
    run = Run(
        [CODE.format("6 + 7"), CODE.format("6 * 7")],
        [say("code"), say("refine", "Multiply, do not add."), say("return")],
        Programs(["13\n", "42\n"], [(False, "it is 42"), (True, "")]),
    )
    record = await run.finish()
    assert [one.self_answer.verdict for one in record.rounds if one.self_answer] == ["fail", "pass"]
    assert record.answer is not None
    assert (record.answer.text, record.answer.round) == ("42", 2)
    assert record.rounds[1].decision.guidance == "Multiply, do not add."
    assert "Multiply, do not add." in run.told_target(1)
    # The evidence reaches the steerer: what was printed, and what the test said.
    shown = run.steerer.requests[1].messages[-1].content
    for part in ("13", "fail", "it is 42"):
        assert part in shown
    # One checking program, written once, run on both answers.
    assert len(run.checker.requests) == 1
    assert sum("def check" in code for code in run.programs.ran) == 2


async def test_words_are_taken_for_an_answer_and_marked_unchecked() -> None:
    run = Run(["It is Paris.\nAnswer: Paris"], [say("text"), say("return")])
    record = await run.finish()
    assert record.status == "done"
    assert record.answer is not None
    assert record.support is not None
    assert (record.answer.result, record.support.level) == ("Paris", "unchecked")
    assert not run.programs.ran


async def test_the_prompt_reaches_every_model_as_typed_and_the_histories_only_grow() -> None:
    run = Run(
        [CODE.format(1), CODE.format(2)],
        [say("code"), say("refine", "Again."), say("return")],
        Programs(["1\n", "2\n"], [(False, "no"), (True, "")]),
    )
    await run.finish()
    for model in (run.target, run.steerer, run.checker):
        assert any(QUESTION.prompt in message.content for message in model.requests[0].messages)
        for earlier, later in zip(model.requests, model.requests[1:], strict=False):
            assert later.messages[: len(earlier.messages)] == earlier.messages


async def test_the_text_streams_as_events_before_it_is_whole() -> None:
    run = Run(["Answer: " + "word " * 400], [say("text"), say("return")])
    record = await run.finish()
    deltas = [event.text for event in run.events if isinstance(event, ev.AnswerDelta)]
    assert "".join(deltas) == record.rounds[0].answer.text
    ended = next(number for number, event in enumerate(run.events) if isinstance(event, ev.Answered))
    assert any(isinstance(event, ev.AnswerDelta) for event in run.events[:ended])


async def test_terminate_ends_with_the_best_there_is() -> None:
    run = Run([CODE.format("6 * 7")], [say("code"), say("terminate")], Programs(["42\n"], [(False, "no")]))
    record = await run.finish()
    assert record.status == "done"
    assert record.support is not None
    assert record.support.level == "doubtful"
    assert record.answer is not None


async def test_the_best_supported_answer_wins_over_the_last() -> None:
    run = Run(
        [CODE.format("6 * 7"), CODE.format("6 + 7")],
        [say("code"), say("refine", "Check again."), say("return")],
        Programs(["42\n", "13\n"], [(True, ""), (False, "it is 42")]),
    )
    record = await run.finish()
    assert record.answer is not None
    assert (record.answer.text, record.answer.round) == ("42", 1)


async def test_a_crashed_program_is_never_returned() -> None:
    """Rules decide what is plain: a steerer that returns a crash does not end the run while rounds are left."""
    crash = Result(status="error", error_name="NameError", error_text="name 'x' is not defined")
    run = Run(
        [CODE.format("x"), CODE.format("6 * 7")],
        [say("code"), say("return"), say("return")],
        Programs([crash, "42\n"], [(True, "")]),
    )
    record = await run.finish()
    assert record.status == "done"
    assert record.answer is not None
    assert (record.answer.text, record.answer.round) == ("42", 2)
    assert "NameError" in run.told_target(1)


@pytest.mark.parametrize("mends", [True, False])
async def test_a_target_that_does_not_mend_is_asked_for_another_program_from_the_start(mends: bool) -> None:
    crash = Result(status="error", error_name="NameError", error_text="name 'x' is not defined")
    run = Run(
        [CODE.format("x"), CODE.format("6 * 7")],
        [say("code"), say("refine"), say("return")],
        Programs([crash, "42\n"], [(True, "")]),
    )
    run.target.abilities = replace(run.target.abilities, mends=mends)
    record = await run.finish()
    assert record.answer is not None
    assert record.answer.text == "42"
    decision = record.rounds[1].decision
    assert decision.guidance_source == "template"
    # The record says what the target was told.
    told = run.target.requests[1].messages
    assert (len(told) == 3, "NameError" in decision.guidance) == (mends, mends)
    assert ("plan" in told[-1].content, decision.guidance.startswith("Write another program")) == (not mends, not mends)


@pytest.mark.parametrize("local", [True, False])
async def test_a_local_target_is_asked_anew_where_its_program_was_cut_off(local: bool) -> None:
    run = Run(
        [("```python\nx = 1\nx =", "length"), CODE.format("6 * 7")],
        [say("code"), say("refine"), say("return")],
        Programs(["42\n"], [(True, "")]),
    )
    run.target.abilities = replace(run.target.abilities, local=local)
    record = await run.finish()
    assert record.answer is not None
    assert record.rounds[1].decision.guidance.startswith("Write another program") is local
    assert len(run.target.requests[1].messages) == (1 if local else 3)


async def test_what_a_steerer_says_in_its_own_words_is_told() -> None:
    crash = Result(status="error", error_name="NameError", error_text="name 'x' is not defined")
    run = Run(
        [CODE.format("x"), CODE.format("6 * 7")],
        [say("code"), say("refine", "Multiply the two numbers."), say("return")],
        Programs([crash, "42\n"], [(True, "")]),
    )
    run.target.abilities = replace(run.target.abilities, mends=False)
    record = await run.finish()
    assert record.rounds[1].decision.guidance == "Multiply the two numbers."
    assert "Multiply the two numbers." in run.told_target(1)


async def test_a_program_without_a_test_still_answers() -> None:
    run = Run([CODE.format("6 * 7")], [say("code"), say("return")], Programs(["42\n"]), checker=["I cannot."] * 3)
    record = await run.finish()
    assert record.rounds[0].self_answer is not None
    assert record.rounds[0].self_answer.verdict == "broken"
    assert record.support is not None
    assert record.support.level == "executed"


async def test_tests_can_be_turned_off() -> None:
    run = Run([CODE.format("6 * 7")], [say("code"), say("return")], Programs(["42\n"]), checker=[], config=UNTESTED)
    record = await run.finish()
    assert record.rounds[0].self_answer is None
    assert not run.checker.requests


@pytest.mark.parametrize(
    ("dialect", "said"), [("instruct", say("return")), ("codesteer-v1", "<<<Return Answer>>>"), ("mini", "")]
)
async def test_a_steerer_that_did_not_choose_knows_the_question_all_the_same(dialect: str, said: str) -> None:
    config = RunConfig(dialect=dialect, start="code", without=["self-answer"])
    scores = [{"Return>>>": 0.9, "Refine>>>": 0.1}] if dialect == "mini" else []
    steerer = Speaker([said] if said else [], scores=scores, name="openai/steerer")
    run = Run([CODE.format("6 * 7 + 0")], steerer, Programs(["42\n"]), config=config)
    record = await run.finish()
    assert (record.status, record.rounds[0].decision.source) == ("done", "rule")
    turns = steerer.scored[0] if scores else list(steerer.requests[0].messages)
    asked = next(place for place, turn in enumerate(turns) if QUESTION.prompt in turn.content)
    assert turns[asked + 1].role == "assistant"
    assert "code" in turns[asked + 1].content.lower()
    assert "42" in turns[-2 if scores else -1].content


async def test_the_symbolic_checker_can_be_left_out() -> None:
    config = RunConfig(dialect="instruct", without=["symbolic"])
    run = Run([CODE.format("42")], [say("code"), say("return")], Programs(["42\n"], [(True, "")]), config=config)
    record = await run.finish()
    assert [(one.symbolic, one.self_answer is not None) for one in record.rounds] == [(None, True)]
    assert "Symbolic checker" not in run.steerer.requests[1].messages[-1].content
    assert record.config.without == ["symbolic"]


@pytest.mark.parametrize("ends", ["return", "terminate"])
async def test_the_word_to_stop_can_be_left_out(ends: str) -> None:
    """Every round is made: where the steerer would end, the rules have the target look at its answer again."""
    config = RunConfig(dialect="instruct", without=["self-answer", "stop"])
    answers = [CODE.format(f"6 * 7 + {number}") for number in (0, 1, 2)]
    run = Run(
        answers, [say("code"), say(ends), say(ends)], Programs(["42\n"] * 3), config=config, budget=Budget(rounds=3)
    )
    record = await run.finish()
    assert record.status == "done"
    assert [one.decision.kind for one in record.rounds] == ["code", "refine", "refine"]
    assert {one.decision.source for one in record.rounds[1:]} == {"fallback"}
    assert ends in record.rounds[1].decision.reason
    assert "Read the question again" in run.told_target(1)


async def test_a_scored_steerer_that_may_not_stop_is_never_offered_to() -> None:
    config = RunConfig(dialect="mini", without=["self-answer", "stop"])
    steerer = Speaker([], scores=[{"Code>>>": 0.9, "Text>>>": 0.1}], local=True)
    target = Speaker([CODE.format("42 * 1"), CODE.format("42 * 1")], name="openai/target")
    run = Run(target, steerer, Programs(["42\n", "42\n"]), config=config, budget=Budget(rounds=2))
    record = await run.finish()
    assert [one.decision.kind for one in record.rounds] == ["code", "refine"]
    assert len(steerer.scored) == 1, "one decision is left, so nobody is asked"


async def test_a_program_cut_at_the_token_limit_is_not_run() -> None:
    run = Run(
        [("```python\nfor n in range(", "length"), CODE.format("6 * 7")],
        [say("code"), say("refine", "Shorter."), say("return")],
        Programs(["42\n"], [(True, "")]),
    )
    record = await run.finish()
    assert record.rounds[0].execution is None
    assert record.rounds[0].answer.stop == "length"
    assert record.answer is not None
    assert record.answer.round == 2


async def test_a_value_shown_but_not_printed_is_a_result() -> None:
    from codesteer_kernel.executor import RichOutput

    shown = Result(status="ok", outputs=[RichOutput(kind="result", data={"text/plain": "42"})])
    run = Run([CODE.format("6 * 7")], [say("code"), say("return")], Programs([shown], [(True, "")]))
    record = await run.finish()
    assert record.answer is not None
    assert record.answer.text == "42"


async def test_steer_is_the_door() -> None:
    roles = Roles(*(Speaker([text]) for text in ("Answer: 4", say("text"), "")))
    roles.steerer._replies.append(say("return"))  # type: ignore[attr-defined]
    events = [event async for event in steer(QUESTION, roles, Programs([]), config=RunConfig(dialect="instruct"))]  # type: ignore[arg-type]
    record = fold(events)
    assert (record.status, record.answer.text if record.answer else "") == ("done", "Answer: 4")


# -- values asked for by --out


@pytest.mark.parametrize("last", ["return", "refine"])
async def test_values_of_the_winning_program_are_bound_however_the_run_ends(last: str) -> None:
    programs = Programs(["42\n"], [(True, "")])
    programs.values["total"] = 42
    run = Run(
        [CODE.format("6 * 7")],
        [say("code"), say(last, "Again.")],
        programs,
        question=Question(prompt="6 * 7?", outputs=["total", "missing"]),
        budget=Budget(rounds=1),
    )
    record = await run.finish()
    assert record.status == ("done" if last == "return" else "exhausted")
    assert run.steering.values == {"total": 42}
    total, missing = record.bound
    assert (total.name, total.type, total.error) == ("total", "int", "")
    assert "missing" in missing.error


async def test_words_bind_nothing_and_say_so() -> None:
    run = Run(["Answer: 4"], [say("text"), say("return")], question=Question(prompt="?", outputs=["total"]))
    record = await run.finish()
    assert [one.name for one in record.bound] == ["total"]
    assert record.bound[0].error


# -- budgets


@pytest.mark.parametrize(
    ("budget", "hit"),
    [
        (Budget(rounds=1), "rounds"),
        (Budget(rounds=5, tokens=70), "tokens"),
        (Budget(rounds=5, cost=0.000015), "cost"),
        (Budget(rounds=5, seconds=0.5), "seconds"),
        # In millions of characters: both models' answers and what the first program prints, and not much more.
        (Budget(rounds=5, output_mb=0.00034), "output"),
    ],
)
async def test_a_budget_ends_the_run_by_name_and_keeps_the_answer(budget: Budget, hit: str) -> None:
    # A known price, so that money can run out: the third case has enough for one round.
    name, usage = "openai/gpt-4o-mini", TokenUsage(input_tokens=10, output_tokens=5)
    second = [Hang("Let me")] if hit == "seconds" else [CODE.format("6 + 7")]
    run = Run(
        Speaker([CODE.format("6 * 7"), *second], name=name, usage=usage),
        Speaker([say("code"), say("refine", "Again."), say("refine", "Again.")], name=name, usage=usage),
        Programs(["42\n", "13\n"], [(True, ""), (False, "")]),
        checker=Speaker([CHECK], name=name, usage=usage),
        budget=budget,
    )
    record = await run.finish()
    assert (record.status, record.budget.hit) == ("exhausted", hit)
    assert record.answer is not None
    assert record.support is not None
    assert record.answer.text == "42"
    assert record.support.level == "verified"
    assert len(record.rounds) <= 2


async def test_tokens_left_bound_the_next_call() -> None:
    run = Run(["Answer: 4"], [say("text"), say("return")], budget=Budget(tokens=100))
    await run.finish()
    assert run.steerer.requests[0].max_tokens <= 100
    assert run.target.requests[0].max_tokens <= 85


async def test_a_budget_that_is_used_up_at_once_leaves_an_honest_record() -> None:
    run = Run([], [], budget=Budget(tokens=1))
    record = await run.finish()
    assert (record.status, record.budget.hit, record.rounds, record.answer) == ("exhausted", "tokens", [], None)


async def test_a_program_gets_no_more_time_than_the_run_has() -> None:
    granted: list[float] = []

    class Timed(Programs):
        async def stream(self, code: str, *, timeout: float | None = None, **more: Any) -> Any:
            granted.append(timeout or 0.0)
            async for event in super().stream(code, timeout=timeout, **more):
                yield event

    run = Run([CODE.format(1)], [say("code"), say("return")], Timed(["1\n"], [(True, "")]), budget=Budget(seconds=7))
    await run.finish()
    assert all(seconds <= 7 for seconds in granted)
    assert len(granted) == 2


# -- stop


def hanging(phase: str) -> tuple[Run, Hang]:
    """A run that hangs in ``phase``."""
    hang = Hang("The first wor")
    target: list[Any] = [CODE.format("6 * 7")]
    steerer: list[Any] = [say("code"), say("return")]
    outcomes: list[Any] = ["42\n"]
    verdicts: list[Any] = [(True, "")]
    checker: list[Any] = [CHECK]
    match phase:
        case "choosing":
            steerer = [hang]
        case "answering":
            target = [hang]
        case "executing":
            outcomes = [hang]
        case "checking":
            verdicts = [hang]
        case "writing the check":
            checker = [hang]
        case "steering":
            steerer = [say("code"), hang]
    return Run(target, steerer, Programs(outcomes, verdicts), checker=checker), hang


@pytest.mark.parametrize("phase", ["choosing", "answering", "executing", "checking", "writing the check", "steering"])
async def test_stop_ends_every_phase_and_keeps_what_there_is(phase: str) -> None:
    run, hang = hanging(phase)
    ending = asyncio.create_task(run.finish())
    async with asyncio.timeout(10):
        await hang.reached.wait()
    await asyncio.sleep(0.1)
    run.steering.stop.set()
    record = await ending
    assert record.status == "stopped"
    assert record.error is None
    assert record.progress is None
    if phase in ("choosing", "answering", "writing the check", "steering"):
        assert hang.closed, "the model's stream stayed open"
    else:
        assert run.programs.interrupted
    if phase == "answering":
        # Partial text stays in its round, but is not sold as an answer.
        assert record.rounds[0].answer.text == "The first wor"
        assert not record.rounds[0].answer.complete
        assert record.answer is None
    elif phase == "executing":
        assert record.rounds[0].execution is not None
        assert record.rounds[0].execution.stdout == "The first wor"
    elif phase != "choosing":
        assert record.answer is not None
        assert record.answer.text == "42"


async def test_stop_ends_the_call_that_goes_on_beside_the_answer() -> None:
    """A hosted checker writes while the target answers: its call too is closed, and counted before the run ends."""
    answer, check = Hang("The first wor"), Hang("def check")
    run = Run([answer], [say("code")], checker=[check])
    ending = asyncio.create_task(run.finish())
    async with asyncio.timeout(10):
        await answer.reached.wait()
        await check.reached.wait()
    run.steering.stop.set()
    record = await ending
    assert (record.status, record.usage.calls) == ("stopped", 3)
    assert answer.closed
    assert check.closed


async def test_a_check_that_nobody_waits_for_ends_with_the_run() -> None:
    check = Hang("def check")
    run = Run(["I cannot write a program for this."], [say("code"), say("terminate")], checker=[check])
    record = await run.finish()
    assert (record.status, record.usage.calls) == ("done", 4)
    assert check.closed


async def test_stop_before_the_first_step_is_a_stopped_run() -> None:
    run = Run([], [Hang()])
    run.steering.stop.set()
    record = await run.finish()
    assert record.status == "stopped"


async def test_leaving_the_iteration_ends_the_run() -> None:
    run, hang = hanging("answering")
    events = run.steering.events()
    async for event in events:
        if isinstance(event, ev.AnswerDelta):
            break
    await events.aclose()  # type: ignore[attr-defined]
    assert hang.closed
    assert len(asyncio.all_tasks()) == 1


# -- faults


async def test_a_checker_that_fails_costs_the_test_not_the_answer() -> None:
    replies = [CODE.format("6 * 7")], [say("code"), say("return")]
    run = Run(*replies, Programs(["42\n"]), checker=[RateLimited("Too fast.")])
    record = await run.finish()
    assert record.status == "done"
    verdict = record.rounds[0].self_answer
    assert verdict is not None
    assert verdict.verdict == "broken"
    assert "Too fast." in verdict.reason
    assert record.support is not None
    assert record.support.level == "executed"


@pytest.mark.parametrize("role", ["steerer", "target"])
@pytest.mark.parametrize(
    "fault",
    [
        EndpointUnreachable("Nothing answered at http://127.0.0.1:9.", "Check the address."),
        RateLimited("The endpoint limits its rate.", "Wait a little."),
    ],
)
async def test_a_model_that_fails_fails_the_run_with_its_words(role: str, fault: Any) -> None:
    replies: dict[str, list[Any]] = {"steerer": [say("code"), say("return")], "target": [CODE.format(1)]}
    replies[role] = [fault]
    record = await Run(replies["target"], replies["steerer"], Programs(["1\n"])).finish()
    assert record.status == "failed"
    assert record.error is not None
    assert (record.error.code, record.error.message, record.error.cure) == (fault.code, fault.message, fault.cure)


async def test_a_failure_keeps_the_answer_of_earlier_rounds() -> None:
    run = Run(
        [CODE.format("6 * 7"), RateLimited("Too fast.")],
        [say("code"), say("refine", "Again.")],
        Programs(["42\n"], [(True, "")]),
    )
    record = await run.finish()
    assert record.status == "failed"
    assert record.answer is not None
    assert record.answer.text == "42"


async def test_an_executor_that_fails_fails_the_run() -> None:
    class Broken(Programs):
        async def stream(self, code: str, **more: Any) -> Any:
            raise ExecutorError("The child kernel cannot start.", "Free some memory.")
            yield

    record = await Run([CODE.format(1)], [say("code")], Broken([])).finish()
    assert record.error is not None
    assert (record.status, record.error.code) == ("failed", "executor_error")


async def test_our_own_mistake_is_a_failed_run_too() -> None:
    record = await Run([ZeroDivisionError("oops")], [say("code")]).finish()
    assert record.error is not None
    assert (record.status, record.error.code) == ("failed", "internal")
    assert "ZeroDivisionError" in record.error.message


async def test_no_usable_answer_is_a_failure_not_an_empty_success() -> None:
    crash = Result(status="error", error_name="E", error_text="x")
    run = Run([CODE.format(1)], [say("code"), say("terminate")], Programs([crash]))
    record = await run.finish()
    assert record.error is not None
    assert (record.status, record.error.code, record.answer) == ("failed", "no_answer", None)


@pytest.mark.parametrize("text", ["half \ud83d", "\udc80\udcff", "\x00\x1b[2J", "\u202e\u2066"])
async def test_broken_characters_of_a_model_do_not_break_the_record(text: str) -> None:
    run = Run(
        [f"Answer: {text}x"], [say("text"), json.dumps({"decision": "return", "reason": text}, ensure_ascii=False)]
    )
    record = await run.finish()
    assert record.status == "done"
    assert [ev.encode_event(event) for event in run.events]


# -- the scored steerer


async def test_a_local_steerer_scores_and_rules_decide_where_one_way_is_left() -> None:
    crash = Result(status="error", error_name="NameError", error_text="name 'x' is not defined")
    steerer = Speaker(
        [],
        name="local/tiny",
        local=True,
        scores=[{"Code>>>": 0.9, "Text>>>": 0.1}, {"Return>>>": 0.7, "Refine>>>": 0.3}],
    )
    run = Run(
        [CODE.format("x"), CODE.format("6 * 7")],
        steerer,
        Programs([crash, "42\n"], [(True, "")]),
        config=RunConfig(dialect="mini"),
    )
    record = await run.finish()
    first, second = record.rounds
    assert (first.decision.kind, first.decision.source) == ("code", "model")
    assert first.decision.confidence == pytest.approx(0.9)
    assert (second.decision.kind, second.decision.source, second.decision.guidance_source) == (
        "refine",
        "rule",
        "template",
    )
    assert record.support is not None
    assert record.support.decision is not None
    assert (record.support.decision.kind, record.support.decision.source) == ("return", "model")
    assert record.status == "done"


async def test_a_program_that_is_slow_to_read_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()
    monkeypatch.setattr(acts, "rate", lambda *_, **__: let_go.wait(20))
    monkeypatch.setattr(acts, "_RATING_SECONDS", 0.05)
    run = Run([CODE.format(1)], [say("code"), say("return")], Programs(["1\n"]), config=UNTESTED)
    record = await run.finish()
    let_go.set()
    assert record.status == "done"
    assert record.rounds[0].symbolic is not None
    assert record.rounds[0].symbolic.partial
    assert "too long" in record.rounds[0].symbolic.note
