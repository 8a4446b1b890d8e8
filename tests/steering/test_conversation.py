"""What a model that continues text is given to continue: an open fence, and behind it what its last reply calls for."""

from __future__ import annotations

import pytest

from codesteer_kernel.models.protocol import Abilities
from codesteer_kernel.record import Answer, Decision, Question, RunConfig
from codesteer_kernel.steering.conversation import FENCE, FUNCTION, RETRY, Conversation, anew
from codesteer_kernel.steering.extraction import only_answers
from tests.steering.doubles import Speaker

BEGIN = Decision(kind="code", source="rule", reason="")
AGAIN = Decision(kind="refine", source="rule", reason="", guidance="Find the mistake.")


def talk(opening: str = "", *, local: bool = True) -> Conversation:
    model = Speaker([], local=local)
    model.abilities = Abilities(prefill=True, local=local, opening=opening)
    return Conversation(Question(prompt="What is 6 * 7?"), model, RunConfig())


def continued(conversation: Conversation, decision: Decision) -> str:
    request = conversation.request(decision, code=True)
    assert request.messages[-1].role == "assistant"
    assert request.messages[-1].content == conversation.prefix
    return conversation.prefix


def test_a_program_begins_behind_an_open_fence_and_as_its_model_begins_best() -> None:
    assert continued(talk(), BEGIN) == FENCE
    assert continued(talk(FUNCTION), BEGIN) == FENCE + FUNCTION


@pytest.mark.parametrize(
    ("code", "opening"),
    [
        ("print(6 * 7)", RETRY),
        ("print('42')", FUNCTION),
        ("Yes", FUNCTION),
        (">>> 6 * 7\n42", FUNCTION),
        ("# Six times seven.", ""),
        (None, ""),
    ],
)
def test_what_follows_depends_on_what_came(code: str | None, opening: str) -> None:
    conversation = talk()
    continued(conversation, BEGIN)
    conversation.answered(Answer(text="a reply", code=code))
    assert continued(conversation, AGAIN) == FENCE + opening


def test_a_reply_in_circles_is_started_afresh_as_its_model_begins_best() -> None:
    conversation = talk(FUNCTION)
    continued(conversation, BEGIN)
    conversation.answered(Answer(text="x = 1\n" * 40, code="x = 1\n" * 40, stop="repetition"))
    assert continued(conversation, AGAIN) == FENCE + FUNCTION


@pytest.mark.parametrize("local", [True, False])
def test_a_small_model_is_told_the_question_again_where_words_follow_programs(local: bool) -> None:
    conversation = talk(local=local)
    words = Decision(kind="text", source="rule", guidance="Programs did not work for this.")
    conversation.request(BEGIN, code=True)
    conversation.answered(Answer(text="a reply", code="print(1 / 0)"))
    turn = conversation.request(words, code=False).messages[-1].content
    assert turn.startswith("Programs did not work for this.")
    assert ("What is 6 * 7?" in turn) is local
    assert turn.rstrip().endswith('on a last line that starts with "Answer:".')
    # It was told: no need to again, nor where a program is asked for.
    conversation.answered(Answer(text="43"))
    assert "What is 6 * 7?" not in conversation.request(words, code=False).messages[-1].content
    conversation.answered(Answer(text="43"))
    assert all("What is 6 * 7?" not in one.content for one in conversation.request(AGAIN, code=True).messages[7:])


def test_a_hosted_model_mends_its_programs_without_a_first_line_of_ours() -> None:
    conversation = talk(local=False)
    continued(conversation, BEGIN)
    conversation.answered(Answer(text="a reply", code="print(6 * 7)"))
    assert continued(conversation, AGAIN) == FENCE


@pytest.mark.parametrize(
    "code",
    [
        *("Yes", "-3, 4", "[1, 'a', (2, 3)]", "print('<<<16 * 63>>>')", "print(-7, 'left')", "f'{42}'"),
        *("Count: 2, Positions: [1, 3]", ">>> 16 * 63\n1008", "Take 3 steps, then turn."),
    ],
)
def test_an_answer_in_a_programs_place_is_told(code: str) -> None:
    assert only_answers(code)


@pytest.mark.parametrize(
    "code",
    [
        *(
            "",
            "# a plan",
            "print(16 * 63)",
            "x = 3\nprint(x)",
            "def f(",
            "for i in range(3):\n    x[",
            "total = 3 +\n4",
        ),
        *(
            "print(len('abc'))",
            "print(f'{2 + 2}')",
            "grid[0][1] += (",
            "import math",
            "'abc'.upper()",
        ),
    ],
)
def test_a_program_or_what_is_left_of_one_is_none(code: str) -> None:
    assert not only_answers(code)


@pytest.mark.parametrize("code", ["(" * 100_000, "-" * 900 + "1", "-" * 100_000 + "1", "Yes\n" * 50_000])
def test_texts_of_any_size_and_depth_are_told_without_a_fault(code: str) -> None:
    assert only_answers(code)


def test_a_program_from_the_start_is_asked_for_in_a_conversation_of_its_own() -> None:
    conversation = talk(FUNCTION)
    continued(conversation, BEGIN)
    conversation.answered(Answer(text="a reply", code="print(1 / 0)"))
    request = conversation.request(anew(AGAIN), code=True)
    assert len(request.messages) == 1
    assert conversation.prefix == ""
    assert request.stop == ()
    turn = request.messages[0].content
    assert turn.startswith("What is 6 * 7?")
    assert "plan" in turn
    assert "1 / 0" not in turn
    # Other words than before are answered otherwise without any warmth; the same words again are not.
    assert request.temperature == 0.0
    conversation.answered(Answer(text="a plan", code="print(7)"))
    second = conversation.request(anew(AGAIN), code=True)
    assert len(second.messages) == 1
    assert second.temperature > 0.0
    # What follows goes on from there.
    conversation.answered(Answer(text="a plan", code="print(8)"))
    assert len(conversation.request(BEGIN, code=False).messages) == 3


def test_no_seed_is_used_twice_when_a_conversation_begins_again() -> None:
    model = Speaker([], local=True)
    model.abilities = Abilities(prefill=True, local=True)
    conversation = Conversation(Question(prompt="What is 6 * 7?"), model, RunConfig(seed=5))
    seeds = []
    for decision in (BEGIN, anew(AGAIN), AGAIN, anew(AGAIN), anew(AGAIN)):
        seeds.append(conversation.request(decision, code=True).seed)
        conversation.answered(Answer(text="a reply", code="print(7 + 1)"))
    assert len(set(seeds)) == len(seeds)
