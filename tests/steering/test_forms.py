"""Answers in the form that the question asks for, and never another answer."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.steering.forms import Form, asked_form, shaped
from tests.steering.doubles import Programs
from tests.steering.running import CODE, QUESTION, Run, say

FORMS = {
    "Is 17 prime? Answer yes or no.": Form("yes_no", ("yes", "no")),
    "Reply True/False.": Form("yes_no", ("True", "False")),
    "Which?\nOptions:\n(A) one\n(B) two\n(C) three": Form("option", ("A", "B", "C")),
    "What is pi, rounded to 3 decimal places?": Form("decimals", places=3),
    "Give two decimals.": Form("decimals", places=2),
    "Reply with a JSON list of pairs.": Form("json"),
    "Give the flat list, comma-separated.": Form("commas"),
    "Give the answer as an integer.": Form("integer"),
    "Write only the number between <<< and >>>, as <<<7>>>.": Form("number", marked=True),
    "Write only the number, with decimals if it is not a whole number.": Form("number"),
    "Return the equation in the format <<<answer>>>.": Form(marked=True),
    "What is 6 * 7?": Form(),
    "Compare (A) with the rest.": Form(),
    "I like yes, and integers too": Form(),
}


@pytest.mark.parametrize("prompt", FORMS)
def test_the_form_is_read_off_the_question(prompt: str) -> None:
    assert asked_form(prompt) == FORMS[prompt]


YES = Form("yes_no", ("yes", "no"))
ABC = Form("option", ("A", "B", "C"))


@pytest.mark.parametrize(
    ("answer", "form", "text"),
    [
        ("The answer is Yes.", YES, "yes"),
        ("True", YES, "yes"),
        ("0", YES, "no"),
        ("yes and no", YES, "yes and no"),
        ("It is (B).", ABC, "(B)"),
        ("b", ABC, "(B)"),
        ("C) three", ABC, "(C)"),
        ("(A) or (B)", ABC, "(A) or (B)"),
        ("D", ABC, "D"),
        ("3.14159", Form("decimals", places=3), "3.142"),
        ("The area is 2.5 cm", Form("decimals", places=2), "2.50"),
        ("1,234.5", Form("decimals", places=2), "1234.50"),
        ("0.125", Form("decimals", places=2), "0.13"),
        ("3 or 4", Form("decimals", places=2), "3 or 4"),
        ("42.0", Form("integer"), "42"),
        ("It takes 12,432.00 metres.", Form("number"), "12432.00"),
        ("7/3", Form("number"), "7/3"),
        ("3 of 4 cars", Form("number"), "3 of 4 cars"),
        ("-4", Form("number"), "-4"),
        ("4.5", Form("integer"), "4.5"),
        ("1e3", Form("integer"), "1000"),
        ("[(1, 2), (3, 4)]", Form("json"), "[[1, 2], [3, 4]]"),
        ("{'a': 1}", Form("json"), '{"a": 1}'),
        ("no list", Form("json"), "no list"),
        ("[1, 'b', 3]", Form("commas"), "1, b, 3"),
        ("8/(3-8/3)", Form(marked=True), "<<<8/(3-8/3)>>>"),
        ("<<<5>>>", Form(marked=True), "<<<5>>>"),
        ("  as it is ", Form(), "as it is"),
    ],
)
def test_an_answer_is_brought_into_its_form(answer: str, form: Form, text: str) -> None:
    assert shaped(answer, form) == text


ANY_FORM = st.sampled_from([*FORMS.values(), Form("decimals", places=30)])


@given(st.text(), ANY_FORM)
def test_any_answer_is_shaped_and_shaping_again_changes_nothing(answer: str, form: Form) -> None:
    once = shaped(answer, form)
    assert shaped(once, form) == once


@given(st.text())
def test_any_question_has_a_form(prompt: str) -> None:
    assert isinstance(asked_form(prompt), Form)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_rounding_keeps_the_value(number: Decimal) -> None:
    assert abs(Decimal(shaped(f"{number:f}", Form("decimals", places=2))) - number) <= Decimal("0.005")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=4)))
def test_json_keeps_the_value(value: object) -> None:
    told = shaped(repr(value), Form("json"))
    assert json.loads(told) == value if isinstance(value, list) else told == repr(value).strip()


async def test_the_final_answer_has_the_form_and_the_result_stays_as_printed() -> None:
    question = type(QUESTION)(prompt="What is 1/3, to 2 decimal places?")
    run = Run(
        [CODE.format("1 / 3")], [say("code"), say("return")], Programs(["0.3333\n"], [(True, "")]), question=question
    )
    record = await run.finish()
    assert record.answer is not None
    assert (record.answer.text, record.answer.result) == ("0.33", "0.3333")
