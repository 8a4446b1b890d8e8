"""Cryptanalysis: a list is a list, the candidate is checked against the guesses and not against a stored code."""

from __future__ import annotations

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench import Problem
from codesteer_kernel.symbench.proof import marked
from codesteer_kernel.symbench.tasks import cryptanalysis

TASK = symbench.get("cryptanalysis")
GUESSES = [
    (
        "38TA, Feedback: one number is correct but in the wrong position; one number is incorrect and too large; "
        "one letter is correct and in the correct position; one letter is incorrect and too late in the alphabet."
    ),
    "10GY, Feedback: both numbers are incorrect and too small; both letters are incorrect and too late in the alphabet.",
    "19QH, Feedback: both numbers are incorrect; both letters are incorrect and too late in the alphabet.",
    (
        "12EF, Feedback: both numbers are incorrect and too small; one letter is correct but in the wrong position; "
        "one letter is incorrect and incorrect."
    ),
    (
        "65TL, Feedback: one number is correct but in the wrong position; one number is incorrect and too large; "
        "both letters are incorrect and too late in the alphabet."
    ),
]


def published(*guesses: str, answer: str = "53FA") -> Problem:
    lines = "\n".join(f"{at}. Guess: {guess}" for at, guess in enumerate(guesses, 1))
    question = f"Please deduce the correct password based on the following {len(guesses)} known conditions:\nA lock.\n{lines}\n"
    return TASK.load({"task": TASK.name, "question": question, "payload": {"answer": [*answer]}})


def test_the_published_sentences_are_understood() -> None:
    problem = published(*GUESSES)
    assert problem.payload["guesses"][0] == {"guess": "38TA", "digits": [0, 1, "above"], "letters": [1, 0, "above"]}
    assert problem.payload["guesses"][2]["digits"] == [0, 0, "else"]
    assert TASK.solve(problem, 2) == ["[5, 3, F, A]"]
    assert problem.reference == "[5, 3, F, A]"


@pytest.mark.parametrize(
    ("sentence", "digits", "letters"),
    [
        (
            "both numbers are correct and in the correct positions; both letters are correct but in the wrong positions",
            [2, 0, ""],
            [0, 2, ""],
        ),
        (
            (
                "one number is correct and in the correct position; one number is correct but in the wrong position; "
                "both letters are incorrect and too early in the alphabet"
            ),
            [1, 1, ""],
            [0, 0, "below"],
        ),
        (
            "one number is incorrect and incorrect; one number is correct but in the wrong position; both letters are incorrect",
            [0, 1, "else"],
            [0, 0, "else"],
        ),
    ],
)
def test_every_kind_of_sentence_is_understood(sentence: str, digits: list[object], letters: list[object]) -> None:
    guess = published(*GUESSES, f"90ZX, Feedback: {sentence}.").payload["guesses"][-1]
    assert (guess["digits"], guess["letters"]) == (digits, letters)


@pytest.mark.parametrize(
    "guess",
    [
        "38TA, Feedback: one number is correct; both letters are incorrect.",
        "38TA, Feedback: both numbers are incorrect.",
        "38TA, Feedback: one number is incorrect and too large; both letters are incorrect.",
        "3TAA, Feedback: both numbers are incorrect; both letters are incorrect.",
    ],
)
def test_other_sentences_are_refused(guess: str) -> None:
    with pytest.raises(ValueError):
        published(guess)


@pytest.mark.parametrize(
    "layout", ['["5", "3", "F", "A"]', "53FA", "5 3 F A", "[5,3,F,A]", "('5','3','F','A')", "5, 3, f, a", "53 FA"]
)
def test_sensible_layouts_are_read(layout: str) -> None:
    """The published scorer refuses the list that its question asks for."""
    assert TASK.verify(published(*GUESSES), marked(layout)).correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("35FA", "rule:guess"),
        ("53AF", "rule:guess"),
        ("FA53", "wrong_shape"),
        ("53F", "wrong_shape"),
        ("53FAA", "wrong_shape"),
        ("55FA", "rule:repeated"),
        ("fifty-three FA", "wrong_shape"),
        ("[]", "unreadable"),
        ("[5, 3, F, \u00c4]", "wrong_shape"),
    ],
)
def test_refusals_have_codes(answer: str, code: str) -> None:
    assert TASK.verify(published(*GUESSES), marked(answer)).code == code


def test_generated_guesses_leave_one_code() -> None:
    for level in ("1", "3", "paper-4-6"):
        for seed in range(5):
            problem = TASK.generate(seed, level)
            assert TASK.solve(problem, 5) == [problem.reference]
            assert len(problem.payload["guesses"]) == problem.level["guesses"]


def test_too_few_guesses_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cryptanalysis, "_COMPARED", 0)
    with pytest.raises(BadInput):
        TASK.generate(0, {"digits": 4, "guesses": 2})
