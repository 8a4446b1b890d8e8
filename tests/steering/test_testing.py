"""When checking programs are written, mended, and written for one answer alone."""

from __future__ import annotations

from codesteer_kernel.executor import Result
from codesteer_kernel.record import RunConfig
from tests.steering.doubles import Programs, Speaker
from tests.steering.running import CHECK, CODE, Run, say

BROKEN = Result(
    status="error",
    error_name="ValueError",
    error_text="invalid literal for int()",
    traceback="  File 'program.py', line 2\n    int(answer)\nValueError: invalid literal for int()\n",
)
GUESS = "```python\ndef check(answer):\n    return answer == '41', 'no'\n```"


def asked(run: Run) -> list[str]:
    return [request.messages[-1].content for request in run.checker.requests]


async def test_one_program_tests_every_round() -> None:
    run = Run(
        [CODE.format(41), CODE.format(42)],
        [say("code"), say("refine", "Again."), say("return")],
        Programs(["41\n", "42\n"], [(False, "it is 42"), (True, "")]),
        checker=[CHECK],
    )
    record = await run.finish()
    assert [one.self_answer.verdict for one in record.rounds if one.self_answer] == ["fail", "pass"]
    assert len(asked(run)) == 1


async def test_a_broken_test_is_mended_once_by_its_writer_who_sees_the_error() -> None:
    run = Run(
        [CODE.format(42)],
        [say("code"), say("return")],
        Programs(["42\n"], [BROKEN, (True, "")]),
        checker=[CHECK, CHECK.replace("int(answer)", "int(answer.strip())")],
    )
    record = await run.finish()
    verdict = record.rounds[0].self_answer
    assert verdict is not None
    assert verdict.verdict == "pass"
    assert "answer.strip()" in verdict.program
    first, second = asked(run)
    assert "invalid literal for int()" in second
    assert "int(answer)" in second, "with the line it happened in"
    history = run.checker.requests[1].messages
    assert history[0].content == first
    assert "def check(answer)" in history[1].content


async def test_a_test_that_stays_broken_gives_way_to_one_for_the_answer_alone() -> None:
    run = Run(
        [CODE.format(42)],
        [say("code"), say("return")],
        Programs(["42\n"], [BROKEN, BROKEN, (True, "")]),
        checker=[CHECK] * 3,
    )
    record = await run.finish()
    assert record.rounds[0].self_answer is not None
    assert record.rounds[0].self_answer.verdict == "pass"
    assert len(asked(run)) == 3
    assert asked(run)[2].endswith("42")


async def test_a_guess_is_no_test_and_the_same_answer_is_tested_by_the_same_program() -> None:
    run = Run(
        [CODE.format(42), CODE.format("6 * 7"), CODE.format(43)],
        [say("code"), say("refine", "Again."), say("refine", "Again."), say("return")],
        Programs(["42\n", "42\n", "43\n"], [(False, "no"), (False, "no"), (True, "")]),
        checker=[GUESS, CHECK, CHECK],
    )
    record = await run.finish()
    assert [one.self_answer.verdict for one in record.rounds if one.self_answer] == ["fail", "fail", "pass"]
    assert len(asked(run)) == 3, "one for the question, one for each answer that differs"


async def test_a_small_local_writer_is_not_shown_the_answer() -> None:
    checker = Speaker([GUESS], name="local/small", local=True)
    run = Run([CODE.format(42)], [say("code"), say("return")], Programs(["42\n"]), checker=checker)
    record = await run.finish()
    assert record.rounds[0].self_answer is not None
    assert record.rounds[0].self_answer.verdict == "unsure"
    assert len(asked(run)) == 1


async def test_tests_have_a_time_limit_of_their_own() -> None:
    granted: list[float | None] = []

    class Timed(Programs):
        async def run(self, code: str, *, timeout: float | None = None, **more: object) -> Result:
            granted.append(timeout)
            return await super().run(code, timeout=timeout)

    run = Run(
        [CODE.format(42)],
        [say("code"), say("return")],
        Timed(["42\n"], [(True, "")]),
        config=RunConfig(dialect="instruct", code_seconds=60, check_seconds=3),
    )
    await run.finish()
    assert granted == [3]
