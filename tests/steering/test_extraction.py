"""Programs and short answers, read out of whatever models write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.steering.extraction import (
    agree,
    code_block,
    normalised,
    result_of_output,
    result_of_text,
    with_call,
    without_code,
)

PROGRAM = "for n in range(3):\n    print(n)"


@pytest.mark.parametrize(
    "text",
    [
        f"```python\n{PROGRAM}\n```",
        f"```Python\n{PROGRAM}\n```",
        f"```PYTHON\n{PROGRAM}\n```",
        f"```py\n{PROGRAM}\n```",
        f"```python3\n{PROGRAM}\n```",
        f"```ipython\n{PROGRAM}\n```",
        f"```python   \n{PROGRAM}\n```   ",
        f"``` python\n{PROGRAM}\n```",
        f'```python title="solve.py"\n{PROGRAM}\n```',
        f"```\n{PROGRAM}\n```",
        f"~~~python\n{PROGRAM}\n~~~",
        f"~~~\n{PROGRAM}\n~~~",
        f"````python\n{PROGRAM}\n````",
        f"```python\n{PROGRAM}```",
        f"```python\n{PROGRAM}\n   ```",
        f"```python\n\n\n{PROGRAM}\n\n\n```",
        f"```python\n{PROGRAM}\n",
        f"```python\n{PROGRAM}",
        f"Here is the program:\n\n```python\n{PROGRAM}\n```\n\nIt prints three numbers.",
        f"Here it is: ```python\n{PROGRAM}\n``` and that is all.",
        f"```python\nprint('first try')\n```\nNo, wait.\n```python\n{PROGRAM}\n```",
        f"```\nprint('untagged')\n```\n```python\n{PROGRAM}\n```\n```\nx = 1\n```",
        f"```python\n{PROGRAM}\n```\nIts output:\n```\n0\n1\n2\n```",
        f"```bash\npip install nothing\n```\n```python\n{PROGRAM}\n```\n```json\n{{}}\n```",
        f"```python\n{PROGRAM}\n```\n```python\n```",
        "```python\r\n" + PROGRAM.replace("\n", "\r\n") + "\r\n```\r\n",
        "1. Run this:\n\n   ```python\n   for n in range(3):\n       print(n)\n   ```\n",
    ],
)
def test_the_program_is_found(text: str) -> None:
    assert code_block(text) == PROGRAM


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The answer is 42.",
        "`print(1)` prints one.",
        "```print(1)```",
        '```json\n{"a": 1}\n```',
        "```bash\necho 1\n```",
        "```\n1 2 3\n4 5 6\n```",
        "```python\n```",
        "```python\n\n   \n```",
        "``python\nprint(1)\n``",
        "print(1)",
    ],
)
def test_no_program_is_made_up(text: str) -> None:
    assert code_block(text) is None


def test_a_cut_program_is_found_as_far_as_it_came() -> None:
    assert code_block("```python\nfor n in range(3):\n    pri") == "for n in range(3):\n    pri"


@given(st.text())
def test_any_text_is_searched(text: str) -> None:
    found = code_block(text)
    assert found is None or found.strip()


@given(st.text(alphabet="`~ \npython3x=1.", max_size=200))
def test_any_tangle_of_fences_is_searched(text: str) -> None:
    found = code_block(text)
    assert found is None or (found.strip() and "```" not in found.replace("````", ""))


# A model that has lost the thread repeats one token to its limit. Each of these took from seconds to minutes once.
@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece", ["`", "~", "```\n", "``` ", " ", "\n", "*", "answer: ", "<<<", ">>>", "\\boxed{", "1,"]
)
def test_a_model_that_repeats_itself_does_not_stop_the_engine(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    code_block(text)
    result_of_text(text)
    normalised(result_of_output(text))
    normalised("1." + text + "0" * 50_000 + "1")


@pytest.mark.parametrize(
    ("stdout", "result"),
    [
        ("42\n", "42"),
        ("  42  ", "42"),
        ("", ""),
        ("\n\n", ""),
        ("<<<42>>>", "42"),
        ("checking...\n<<<41>>>\n<<<42>>>\ndone", "42"),
        ("<<< 1 2\n3 4 >>>", "1 2\n3 4"),
        ("a\nb\nc", "a\nb\nc"),
        ("step\n" * 200 + "Total: 7\n", "Total: 7"),
        ("x" * 1_000, "x" * 400),
    ],
)
def test_the_result_of_a_program_is_read_from_its_output(stdout: str, result: str) -> None:
    assert result_of_output(stdout) == result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Answer: 42", "42"),
        ("answer = 42", "42"),
        ("Let me think.\n\n**Answer:** 42", "42"),
        ("**Final Answer**: 42.", "42"),
        ("## Answer: Sunday", "Sunday"),
        ("Answer:\n42", "42"),
        ("Answer: 41\nNo.\nAnswer: 42", "42"),
        ("It is <<<42>>>.", "42"),
        ("Answer: 41, or rather <<<42>>>", "42"),
        (r"so $\boxed{42}$", "42"),
        ("The answer is forty-two.", ""),
        ("Answer:", ""),
        ("", ""),
    ],
)
def test_the_result_of_prose_is_read_where_it_is_marked(text: str, result: str) -> None:
    assert result_of_text(text) == result


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("42", "42"),
        ("42", " 42.\n"),
        ("42", "42.0"),
        ("3.5", "3.50"),
        ("1,234,567", "1234567"),
        ("Sunday", "sunday"),
        ("**Sunday**", "Sunday."),
        ("The answer is 42", "42"),
        ("Answer: 42", "Result: 42"),
        ("42 km", "42"),
        ("1 2\n3 4", "1 2 3 4"),
        ("-7", "x = -7"),
        ("[1, 2]", "[1,  2]"),
        ("$5$", "5"),
    ],
)
def test_answers_that_say_the_same_agree(one: str, other: str) -> None:
    assert agree(one, other)
    assert agree(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("42", "43"),
        ("42", "-42"),
        ("100", "1"),
        ("10", "100"),
        ("0.5", "5"),
        ("", ""),
        ("", "42"),
        ("...", "..."),
        ("Sunday", "Monday"),
        ("3 of 4", "3"),
        ("3 of 4", "3 of 5"),
        ("1 2 3", "1 2"),
        ("yes", "no"),
    ],
)
def test_answers_that_differ_do_not_agree(one: str, other: str) -> None:
    assert not agree(one, other)
    assert not agree(other, one)


@given(st.text(max_size=60), st.text(max_size=60))
def test_agreement_has_no_direction(one: str, other: str) -> None:
    assert agree(one, other) == agree(other, one)


@given(st.text(max_size=60))
def test_an_answer_agrees_with_itself_unless_it_says_nothing(one: str) -> None:
    assert agree(one, one) == bool(normalised(one))


@given(st.integers() | st.decimals(allow_nan=False, allow_infinity=False, places=3))
def test_numbers_keep_their_value(number: object) -> None:
    assert float(normalised(str(number))) == float(str(number))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Plan.\n```python\nprint(1)\n```\nDone.", "Plan.\n\nDone."),
        ("```python\nprint(1)", ""),
        ("```\nx = 1\n```\nThe board:\n```\n1 2\n```", "\nThe board:\n```\n1 2\n```"),
        ("```json\n{}\n``` and ```", "```json\n{}\n``` and ```"),
        ("no code", "no code"),
    ],
)
def test_the_words_around_programs(text: str, left: str) -> None:
    assert without_code(text) == left


SOLVE = "def solve():\n    return 6 * 7"
CALL = "\n\n# Added, as nothing called it:\nresult = solve()\nif result is not None:\n    print(result)\n"


@pytest.mark.parametrize(
    "program",
    [
        SOLVE,
        f"import math\n\nN = 3\n\n{SOLVE}\n\n",
        f'"""What it does."""\nfrom math import pi\n\ndef half(n):\n    return n / 2\n\n{SOLVE}',
        "TABLE = dict(a=1)\n\ndef solve(n=3, *rest, deep=False, **more):\n    return n",
        "def solve():\n    print(6 * 7)",
        "class Box:\n    pass\n\ndef solve():\n    return Box()",
    ],
)
def test_a_function_that_a_program_forgets_to_call_is_called(program: str) -> None:
    assert with_call(program) == program.rstrip() + CALL


@pytest.mark.parametrize(
    "program",
    [
        "",
        "x = ",
        f"{SOLVE}\n\nsolve()",
        f"{SOLVE}\n\nprint(solve())",
        f"{SOLVE}\n\nif __name__ == '__main__':\n    print(solve())",
        f"print('begin')\n\n{SOLVE}",
        "def solve(n):\n    return n",
        "def solve(*, n):\n    return n",
        "async def solve():\n    return 1",
        "@cached\ndef solve():\n    return 1",
        "def show():\n    print(solve())\n\ndef solve():\n    return 1",
        "def show():\n    print(1)\n\nx = show()\n\ndef solve():\n    return 1",
        "class Solver:\n    def solve(self):\n        return 1",
        "for n in range(3):\n    print(n)\n\n" + SOLVE,
        "(" * 5000,
    ],
)
def test_any_other_program_stays_as_it_is(program: str) -> None:
    assert with_call(program) == program


@given(st.text())
def test_whatever_is_no_program_is_given_back(text: str) -> None:
    assert with_call(text).startswith(text.rstrip())
