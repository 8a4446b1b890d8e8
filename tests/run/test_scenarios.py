"""The paths of the paper's figures, told by a scripted steerer and target, with real programs and both checkers."""

from __future__ import annotations

import codesteer
import pytest

from codesteer_kernel.run import Run
from tests.run.scripts import model, program, say, script
from tests.scripted import ScriptedServer, serving_in_thread

pytestmark = pytest.mark.kernel


def told_steerer(server: ScriptedServer) -> list[str]:
    """What the steerer was told, turn by turn."""
    return [request.last_user for request in server.requests if "You steer another model" in request.system]


def decisions(run: Run) -> list[str]:
    """The decision that opened each round, and the last one."""
    support = run.record.support
    assert support is not None
    assert support.decision is not None
    return [*(one.decision.kind for one in run.rounds), support.decision.kind]


def test_an_easy_product_is_answered_in_words() -> None:
    with serving_in_thread(script([say("text"), say("return")], ["12 times 9 is 108.\nAnswer: 108"])) as server:
        run = codesteer.solve("What is 12 * 9?", target=model(server))
    assert decisions(run) == ["text", "return"]
    assert run.rounds[0].result == "108"
    assert run.rounds[0].execution is None
    assert run.record.support is not None
    assert run.record.support.level == "unchecked"


def test_a_hard_product_is_left_to_a_program() -> None:
    check = (
        "```python\ndef check(answer):\n    return int(answer) % 1009 == 48271 * 99371 % 1009, 'wrong remainder'\n```"
    )
    steerer = [say("code", reason="ten digits are not for the head"), say("return")]
    with serving_in_thread(script(steerer, [program("print(48271 * 99371)")], check)) as server:
        run = codesteer.solve("What is 48271 * 99371?", target=model(server))
    assert decisions(run) == ["code", "return"]
    assert run.answer == "4796737541"
    assert run.record.support is not None
    assert run.record.support.level == "verified"


def test_the_game_of_24_needs_a_search_after_the_symbolic_checkers_warning() -> None:
    guess = "print('(4 + 8) * (7 - 8) + 24')"
    search = """
from fractions import Fraction
from itertools import permutations, product

def values(numbers):
    if len(numbers) == 1:
        yield Fraction(numbers[0]), str(numbers[0])
        return
    for cut in range(1, len(numbers)):
        for (a, x), (b, y) in product(values(numbers[:cut]), values(numbers[cut:])):
            yield a + b, f"({x} + {y})"
            yield a - b, f"({x} - {y})"
            yield a * b, f"({x} * {y})"
            if b:
                yield a / b, f"({x} / {y})"

print(next(text for order in permutations([4, 7, 8, 8]) for value, text in values(order) if value == 24))
"""
    check = """```python
import re
def check(answer):
    used = sorted(int(number) for number in re.findall(r"\\d+", answer))
    return used == [4, 7, 8, 8] and abs(eval(answer) - 24) < 1e-9, "not 24 of these four"
```"""
    steerer = [
        say("code"),
        say("refine", "The program computes nothing. Search all orders, operators and brackets systematically."),
        say("return"),
    ]
    with serving_in_thread(script(steerer, [program(guess), program(search)], check)) as server:
        run = codesteer.solve("Make 24 of 4, 7, 8, 8, each used once, with + - * /.", target=model(server))
        told = told_steerer(server)
    assert decisions(run) == ["code", "refine", "return"]
    first, second = run.rounds
    assert first.symbolic is not None
    assert second.symbolic is not None
    assert first.symbolic.suspicious
    assert first.symbolic.score < second.symbolic.score
    assert first.symbolic.note in told[1], "the steerer hears the warning"
    assert [one.self_answer.verdict for one in run.rounds if one.self_answer] == ["fail", "pass"]
    assert run.record.answer is not None
    assert run.record.answer.round == 2
    assert eval(run.answer) == pytest.approx(24)


def test_three_time_outs_and_then_words() -> None:
    endless = [program(f"n = {n}\nprint('trying', n, flush=True)\nwhile True:\n    n += 1") for n in range(3)]
    guidance = ["Plan fewer steps.", "Search smaller.", "Programs do not finish here. Reason step by step instead."]
    steerer = [say("code"), say("refine", guidance[0]), say("refine", guidance[1]), say("text", guidance[2])]
    with serving_in_thread(script([*steerer, say("return")], [*endless, "One step a box.\nAnswer: 4 steps"])) as server:
        run = codesteer.solve("How many steps lift these boxes?", target=model(server), code_seconds=0.5)
        told = told_steerer(server)
        asked = [request.last_user for request in server.requests if "Reason step by step instead" in request.last_user]
    assert decisions(run) == ["code", "refine", "refine", "text", "return"]
    assert [one.execution.status for one in run.rounds if one.execution] == ["timeout"] * 3
    assert all(one.execution.stdout.startswith("trying") for one in run.rounds if one.execution), "what came is kept"
    assert "timeout" in told[3]
    assert len(asked) == 1, "the guidance reaches the target"
    assert run.rounds[3].result == "4 steps"
    assert run.record.support is not None
    assert run.record.support.level == "unchecked"
