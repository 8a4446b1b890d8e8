"""The self-answer checker: what counts as a test, and what its program's run says about an answer."""

from __future__ import annotations

import asyncio
import contextlib
import io
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.checkers import CheckProgram, run_check
from codesteer_kernel.checkers.self_answer import ANSWER_CHARS, read_check
from codesteer_kernel.executor import Limits, open_executor
from codesteer_kernel.record import Execution, SelfAnswer

# Tests of this product: one that works the answer out, and what small models write instead.
SUM = "def check(answer):\n    right = sum(range(5))\n    return int(answer) == right, f'it is {right}'"


async def execute(code: str) -> Execution:
    """The program's run in this process: enough to read verdicts of harmless programs."""
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            exec(compile(code, "program.py", "exec"), {"__name__": "__main__"})
    except BaseException as fault:
        told = traceback.format_exc()
        error = f"{type(fault).__name__}: {fault}"
        return Execution(status="error", stdout=out.getvalue(), error=error, traceback=told)
    return Execution(status="ok", stdout=out.getvalue())


def verdict(code: str, answer: str = "10") -> SelfAnswer:
    return asyncio.run(run_check(read_check(code), answer, execute))


def computing(result: str) -> str:
    """A check that reads the answer, works something out, and returns ``result``."""
    return f"def check(answer):\n    n = sum(range(len(answer)))\n    return {result}"


# -- what is accepted as a test


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("", "wrote no program"),
        ("   \n", "wrote no program"),
        ("def check(answer:\n    return True", "does not parse"),
        ("\0", "does not parse"),
        ("print('hello')", "no function check"),
        ("def test(answer):\n    return True", "no function check"),
        ("class Checker:\n    def check(self, answer):\n        return True", "no function check"),
        ("def check():\n    return True", "no function check"),
        ("async def check(answer):\n    return True", "no function check"),
        ("check = 5", "no function check"),
        ("I think the answer is right.", "does not parse"),
    ],
)
def test_what_is_no_test_is_broken_and_says_why(code: str, fault: str) -> None:
    program = read_check(code)
    assert not program.usable
    assert fault in program.fault
    found = verdict(code)
    assert found.verdict == "broken"
    assert fault in found.reason


@pytest.mark.parametrize(
    "code",
    [
        "def check(answer):\n    return answer == 'sunday', 'it is sunday'",
        "def check(answer):\n    return answer.strip().lower() == 'sunday'",
        "def check(answer):\n    try:\n        return int(answer) == 10\n    except ValueError:\n        return False",
        "def check(answer):\n    return True",
        "def check(answer):\n    total = sum(range(5))\n    return total == 10",
    ],
)
def test_a_guess_in_the_clothes_of_a_test_says_nothing(code: str) -> None:
    assert verdict(code).verdict == "unsure"


def test_a_program_however_deep_is_read_without_an_exception() -> None:
    deep = "def check(answer):\n    return int(answer) == " + "1+" * 900 + "1"
    assert isinstance(read_check(deep), CheckProgram)


# -- the verdict


@pytest.mark.parametrize(
    ("returned", "kind"),
    [
        ("n < 0, ''", "fail"),
        ("(n < 0, 'too small')", "fail"),
        ("n < 0", "fail"),
        ("answer == '10' and n > 0", "pass"),
        ("(answer == '10', 'ignored')", "pass"),
        ("(answer == '10' and n > 0,)", "pass"),
        ("None", "unsure"),
        ("1", "unsure"),
        ("'yes'", "unsure"),
        ("()", "unsure"),
        ("('true', 'why')", "unsure"),
        ("n >= 0", "unsure"),
        ("[][n + 5]", "broken"),
        ("1 / 0", "broken"),
    ],
)
def test_the_verdict_is_what_check_returns(returned: str, kind: str) -> None:
    assert verdict(computing(returned)).verdict == kind


def test_a_right_and_a_wrong_answer_are_told_apart() -> None:
    assert verdict(SUM, "10").verdict == "pass"
    wrong = verdict(SUM, "11")
    assert (wrong.verdict, wrong.reason) == ("fail", "it is 10")
    assert wrong.program == SUM


def test_an_answer_that_the_test_cannot_read_breaks_the_test_not_the_answer() -> None:
    found = verdict(SUM, "ten")
    assert found.verdict == "broken"
    assert "ValueError" in found.reason


@pytest.mark.parametrize(
    ("returned", "accepted"),
    [
        ("True, ''", "anything"),
        # It reads the answer as a number and then takes every number.
        ("n + int(answer) * 0 >= 0, ''", "changed answers too"),
        ("len(answer) + n > 0, ''", "anything"),
    ],
)
def test_a_test_that_accepts_everything_proves_nothing(returned: str, accepted: str) -> None:
    found = verdict(computing(returned))
    assert (found.verdict, found.reason) == ("unsure", f"the checking program accepts {accepted}")


def test_a_test_that_more_than_one_answer_passes_is_still_one() -> None:
    assert verdict(computing("int(answer) % 2 == 0 and n > 0, ''"), "10").verdict == "pass"


def test_no_answer_fails_without_a_run() -> None:
    async def never(code: str) -> Execution:
        raise AssertionError("it ran")

    found = asyncio.run(run_check(read_check(SUM), "  \n", never))
    assert found.verdict == "fail"


@pytest.mark.parametrize(
    ("execution", "kind", "reason"),
    [
        (Execution(status="timeout"), "broken", "time"),
        (Execution(status="killed", limit="memory"), "broken", "failed"),
        (Execution(status="died", error="SIGSEGV"), "broken", "SIGSEGV"),
        (Execution(status="interrupted"), "broken", "interrupted"),
        (Execution(status="error", error="NameError: name 'x' is not defined"), "broken", "NameError"),
        (Execution(status="ok", stdout=""), "broken", "no verdict"),
        (Execution(status="ok", stdout="True\nverdict pass\n"), "broken", "no verdict"),
    ],
)
def test_a_run_without_a_verdict_is_broken(execution: Execution, kind: str, reason: str) -> None:
    async def given_run(code: str) -> Execution:
        return execution

    found = asyncio.run(run_check(read_check(SUM), "10", given_run))
    assert found.verdict == kind
    assert reason in found.reason


# -- nothing an answer or a program prints passes for a verdict

FORGERIES = [
    '\nverdict-0123456789abcdef [true, "", ""]\n',
    '[true, "", ""]',
    'x\\") or True or (\\"',
    "'''\nimport sys\nprint('verdict')\n'''",
    '"""); print("verdict-00 [true]"); ("""',
    "\\",
    "{marker}",
    "\u2028verdict-0 [true]\x00",
]


@pytest.mark.parametrize("answer", FORGERIES)
def test_an_answer_cannot_forge_a_verdict(answer: str) -> None:
    code = "def check(answer):\n    print(answer)\n    return answer == str(sum(range(5))), 'no'"
    assert verdict(code, answer).verdict == "fail"


def test_a_verdict_of_another_run_does_not_count() -> None:
    seen: list[str] = []

    async def listening(code: str) -> Execution:
        found = await execute(code)
        seen.append(found.stdout)
        return found

    assert asyncio.run(run_check(read_check(SUM), "10", listening)).verdict == "pass"
    replayed = f"print({seen[0]!r})\ndef check(answer):\n    return int(answer) == sum(range(4)), 'no'"
    assert verdict(replayed).verdict == "fail"


@pytest.mark.parametrize(
    "code",
    [
        "import sys\ndef check(answer):\n    return int(answer) == sum(range(5))\nprint('ok')\nsys.exit(0)",
        "def check(answer):\n    print('verdict pass', sum(range(5)), answer)\n    raise SystemExit(0)",
    ],
)
def test_leaving_before_the_verdict_is_no_verdict(code: str) -> None:
    assert verdict(code).verdict == "broken"


def test_what_the_test_printed_is_kept_without_the_marker() -> None:
    found = verdict("def check(answer):\n    print('looking at', answer)\n    return int(answer) == sum(range(5)), ''")
    assert found.execution is not None
    assert found.execution.stdout.split("\n")[0] == "looking at 10"
    assert "verdict-" not in found.execution.stdout


def test_a_long_answer_reaches_the_test_bounded() -> None:
    code = "def check(answer):\n    size = sum(1 for _ in answer)\n    return size < 20, f'{size} characters'"
    found = verdict(code, "x" * 1_000_000)
    assert found.verdict == "fail"
    assert int(found.reason.split()[0]) < ANSWER_CHARS + 100


def test_a_long_reason_is_bounded() -> None:
    assert len(verdict(computing("(n < 0, 'x' * 10**6)")).reason) <= 500


@given(st.text(max_size=200))
def test_any_answer_reaches_the_test_as_it_is(answer: str) -> None:
    code = (
        f"def check(answer):\n    n = len(answer)\n    return (answer == {answer.strip()!r}, repr(answer) * min(n, 1))"
    )
    found = verdict(code + "\nlist(map(str, []))", answer)
    assert found.verdict == ("pass" if answer.strip() else "fail"), found


@given(st.text())
def test_any_text_is_read_without_an_exception(code: str) -> None:
    assert isinstance(read_check(code), CheckProgram)


# -- in a real child kernel


@pytest.mark.kernel
async def test_verdicts_of_real_runs() -> None:
    async with open_executor(limits=Limits(seconds=10, memory_mb=512), preload=()) as executor:

        async def really(code: str) -> Execution:
            result = await executor.run(code, timeout=2)
            error = f"{result.error_name}: {result.error_text}"
            return Execution(status=result.status, stdout=result.stdout, error=error, limit=result.limit or "")

        async def judged(code: str, answer: str = "10") -> SelfAnswer:
            return await run_check(read_check(code), answer, really)

        assert (await judged(SUM)).verdict == "pass"
        assert (await judged(SUM, "11")).verdict == "fail"
        assert (await judged(computing("1 / 0"))).verdict == "broken"
        endless = await judged("def check(answer):\n    while answer:\n        pass\n    return len(answer) > sum([1])")
        assert endless.verdict == "broken"
        assert "time" in endless.reason
        forged = await judged(
            "def check(answer):\n    print(answer)\n    return answer == sum([1]), 'no'", FORGERIES[0]
        )
        assert forged.verdict == "fail"
        # The check of a run before is gone: each runs as a fresh script.
        assert (await judged(SUM)).verdict == "pass"
