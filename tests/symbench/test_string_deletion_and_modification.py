"""String Deletion and Modification: a stated schedule, the published sentences understood to the letter, quotes free."""

from __future__ import annotations

from dataclasses import replace

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem
from codesteer_kernel.symbench.proof import marked
from codesteer_kernel.symbench.tasks.string_deletion_and_modification import _applied

TASK = symbench.get("string_deletion_and_modification")

# Each published sentence, a string that it applies to and the result, a string that it does not apply to.
SENTENCES = [
    ("If the string prefix is 'ab', replace it with 'ca'.", "abb", "cab", "bab"),
    ("If the string suffix is 'ac', replace it with 'cb'.", "bac", "bcb", "aca"),
    ("If the string prefix is 'bc', delete the first two characters and append 'aa' to the end.", "bcb", "baa", "cbc"),
    ("If the string suffix is 'bb', delete the last two characters.", "abb", "a", "bba"),
    ("If the string prefix is 'cb', replace it with 'aa' and delete the last character.", "cbab", "aaa", "acb"),
    ("If the string prefix is 'ca', replace it with 'bb' and append 'c' to the end.", "caa", "bbac", "aca"),
    ("If the string suffix is 'cc', replace it with 'b' and prepend 'a' to the start.", "bcc", "abb", "ccb"),
    ("If the string prefix is 'aa', remove the first character.", "aab", "ab", "baa"),
    ("If the string contains 'abc', replace the first occurrence with 'cab'.", "babcabc", "bcababc", "acb"),
    ("If the string contains 'bca', delete the first occurrence entirely.", "abcabca", "abca", "bac"),
    ("If the string ends with 'ba', replace it with 'ab'.", "cba", "cab", "bac"),
    ("If the string starts with 'cc', remove the first two characters.", "ccb", "b", "bcc"),
    ("If the string contains 'acb', replace the first occurrence with its reverse ('bca').", "aacb", "abca", "abc"),
    ("If the string ends with 'ca', remove the last character.", "bca", "bc", "cab"),
    ("If the string starts with 'bb', remove the second character.", "bba", "ba", "abb"),
    ("If the string ends with 'aa', replace it with 'cc'.", "baa", "bcc", "aab"),
    (
        "If the string contains 'ca' (not at the start), remove the first occurrence found after the first character.",
        "cacab",
        "cab",
        "cab",
    ),
    (
        "If the string contains an even number of 'b's (and at least one 'b'), append 'ab' at the end.",
        "bcb",
        "bcbab",
        "acc",
    ),
    ("If the string length is greater than 15, remove the middle character.", "aaaaaaaabaaaaaaa", "a" * 15, "b" * 15),
    ("If the string starts with 'ac', replace the first two characters with 'zz'.", "acb", "zzb", "bac"),
]


def published(text: str, *sentences: str, asked: str = "") -> Problem:
    rules = "\n".join(f"{at}. {sentence}" for at, sentence in enumerate(sentences, 1))
    question = f'{rules}\n\nFor the string "{asked or text}", what is the final string?'
    payload = {"initial_string": text, "selected_rules": [*sentences]}
    return TASK.load({"task": TASK.name, "question": question, "payload": payload})


@pytest.mark.parametrize(("sentence", "text", "result", "untouched"), SENTENCES)
def test_every_published_sentence_means_what_it_says(sentence: str, text: str, result: str, untouched: str) -> None:
    assert TASK.verify(published(untouched, sentence), marked(untouched)).correct
    problem = published(text, sentence)
    assert TASK.solve(problem)
    assert first_step(problem) == result


def first_step(problem: Problem) -> str:
    after = _applied(problem.payload["rules"][0], problem.payload["text"])
    assert after is not None
    return after


def test_the_published_set_of_rules_is_the_published_sentences() -> None:
    rules = [published("a", sentence).payload["rules"][0] for sentence, *_ in SENTENCES]
    drawn = TASK.generate(0, {"pool": "paper", "rules": 14, "steps": 1}).payload["rules"]
    assert all(rule in rules for rule in drawn)


def test_an_unknown_sentence_is_refused() -> None:
    for sentence in (
        "If the string is long, make it short.",
        "If the string prefix is 'ab', replace it with 'ca', maybe.",
    ):
        with pytest.raises(ValueError):
            published("abc", sentence)
    with pytest.raises(ValueError):
        published("abc", SENTENCES[0][0], asked="cba")


def test_published_samples_start_again_after_every_step() -> None:
    rules = (SENTENCES[10][0], SENTENCES[15][0], SENTENCES[1][0])
    problem = published("acaba", *rules)
    assert problem.payload["schedule"] == "restart"
    assert problem.reference == "acaab"


def test_schedules_lead_to_different_ends() -> None:
    differing = 0
    for seed in range(40):
        problem = TASK.generate(seed, "3")
        once = replace(problem, payload={**problem.payload, "schedule": "once"})
        for answer in TASK.solve(once):
            same = answer == problem.reference
            differing += not same
            assert TASK.verify(problem, marked(answer)).correct is same
            assert TASK.verify(once, marked(answer)).correct
    assert differing


def test_an_endless_run_has_no_answer() -> None:
    problem = published("aaaa", "If the string suffix is 'aa', replace it with 'aaa'.")
    assert TASK.solve(problem) == []
    assert problem.reference == ""
    assert TASK.verify(problem, "<<<aaaa>>>").code == "not_goal"


@pytest.mark.parametrize(
    "layout",
    [
        '"caabaa"',
        "caabaa",
        "'caabaa'",
        "c a a b a a",
        "[caabaa]",
        "The final answer is: caabaa",
        'Final string: "caabaa"',
        "The final string is caabaa",
    ],
)
def test_sensible_layouts_are_read(layout: str) -> None:
    """The published scorer refuses the quotes that its question asks for."""
    assert TASK.verify(published("ababaa", SENTENCES[0][0]), marked(layout)).correct


def test_an_empty_string_can_be_the_answer() -> None:
    assert TASK.verify(published("bb", SENTENCES[3][0]), '<<< "" >>>').correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [("ababaa", "not_goal"), ("caaba", "not_goal"), ("ca abaa", "wrong_shape"), ("[]", "unreadable")],
)
def test_refusals_have_codes(answer: str, code: str) -> None:
    assert TASK.verify(published("ababaa", SENTENCES[0][0]), marked(answer)).code == code
