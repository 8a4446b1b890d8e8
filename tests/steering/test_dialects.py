"""What steerers say, and what it is taken for: a closed set of decisions, whatever the text looks like."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.errors import UnknownName
from codesteer_kernel.record import Decision, Question, RunConfig
from codesteer_kernel.steering.dialects import DIALECTS, default_dialect, open_dialect
from codesteer_kernel.steering.dialects.codesteer_v1 import Guidance, parse_guidance
from codesteer_kernel.steering.dialects.instruct import parse_decision
from codesteer_kernel.steering.evidence import assess
from tests.steering.doubles import Speaker, calls_of
from tests.steering.rounds import program_round

KINDS = {"code", "text", "refine", "return", "terminate"}


# -- codesteer-v1


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("<<<Code>>>", "code"),
        ("<<<Text>>>", "text"),
        ("<<< code >>>", "code"),
        ("<<<CODE.>>>", "code"),
        ("The best way is coding. <<<Code>>>", "code"),
        ("<<<Return Answer>>>", "return"),
        ("<<<return  answer>>>", "return"),
        ("<<<Return>>>", "return"),
        ("<<<Terminate>>>", "terminate"),
        ("Maybe <<<Text>>>? No: <<<Code>>>", "code"),
        ("<<<Code>>> <<<>>>", "code"),
        ("<<<\nTerminate\n>>>\n", "terminate"),
    ],
)
def test_a_bracketed_control_word_is_a_decision(raw: str, kind: str) -> None:
    assert parse_guidance(raw) == Guidance(kind)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "guidance"),
    [
        ("<<<Use a loop and terminate early.>>>", "Use a loop and terminate early."),
        ("<<<Return Answer only when every case is tested.>>>", "Return Answer only when every case is tested."),
        ("<<<The code should not return text.>>>", "The code should not return text."),
        ("Do not terminate. Return answer later.", "Do not terminate. Return answer later."),
        ("Terminate", "Terminate"),
        ("<<<Check the sum", "Check the sum"),
        ("Check the sum>>>", "Check the sum"),
        ("<<<Code>>> then <<<Check the sum>>>", "Check the sum"),
        ("用 Python 计算", "用 Python 计算"),
        ("print(42)", "print(42)"),
        ("```python\nprint(42)\n```", "```python\nprint(42)\n```"),
    ],
)
def test_prose_with_control_words_in_it_is_guidance(raw: str, guidance: str) -> None:
    found = parse_guidance(raw)
    assert found is not None
    assert (found.kind, found.text) == ("refine", guidance)


@pytest.mark.parametrize("raw", ["", "   \n", "<<<>>>", "<<< >>>", "<<<", ">>>", "<<<\n>>><<<>>>"])
def test_nothing_said_is_no_decision(raw: str) -> None:
    assert parse_guidance(raw) is None


def test_guidance_is_bounded() -> None:
    found = parse_guidance("<<<" + "x" * 100_000 + ">>>")
    assert found is not None
    assert len(found.text) <= 4_000
    bare = parse_guidance("y" * 100_000)
    assert bare is not None
    assert len(bare.text) <= 4_000


@given(st.text() | st.text(alphabet="<>codeterminat Return Answer\n.", max_size=120))
def test_any_reply_is_a_known_decision_or_none(raw: str) -> None:
    found = parse_guidance(raw)
    assert found is None or (found.kind in KINDS and (found.kind == "refine") == bool(found.text))


# -- instruct


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_json_object_is_a_decision(kind: str) -> None:
    raw = json.dumps({"decision": kind, "guidance": " do it ", "reason": "why"})
    found = parse_decision(raw)
    assert found == Decision(
        kind=kind,  # type: ignore[arg-type]
        source="model",
        guidance="do it",
        guidance_source="model",
        reason="why",
        raw=raw,
    )


@pytest.mark.parametrize(
    "raw",
    [
        '```json\n{"decision": "code"}\n```',
        'Sure! {"decision": "code"} I hope that helps.',
        '{"decision": "code", "confidence": 0.9, "extra": {"nested": {"deep": [1, {"x": "}"}]}}}',
        '\ufeff \n{"decision": "code"}\n',
        '{"decision": "code", "guidance": "use {braces} and $dollars"}',
        '{"decision": "code", "guidance": "say \\"return\\" or {\\"decision\\": \\"terminate\\"}"}',
    ],
)
def test_an_object_among_other_text_is_found(raw: str) -> None:
    assert parse_decision(raw).kind == "code"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "code",
        "The decision is code.",
        "print(42)",
        "决定代码",
        "{",
        "}{",
        "{}",
        "[]",
        '["code"]',
        '{"decision": "Code or text"}',
        '{"decision": "stop"}',
        '{"decision": ["code"]}',
        '{"decision": {"decision": "code"}}',
        '{"answer": {"decision": "code"}}',
        '{"decision": "code", "guidance": 5}',
        '{"decision": "code"',
        '{"decision": "code"} or {"decision": "text"}',
        "{'decision': 'code'}",
        '{"decision": null}',
        "{" * 100_000,
        '{"a":' * 50_000 + "1" + "}" * 50_000,
        '{"decision": "code", "reason": "\udc80"',
    ],
)
def test_anything_else_is_refused_with_a_reason(raw: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse_decision(raw)


def test_long_words_of_a_steerer_are_bounded() -> None:
    found = parse_decision(json.dumps({"decision": "refine", "guidance": "g" * 100_000, "reason": "r" * 100_000}))
    assert len(found.guidance) <= 4_000
    assert len(found.reason) <= 300


@given(st.text() | st.text(alphabet='{}[]":, decision"code"\n', max_size=120))
def test_any_reply_is_a_decision_or_a_value_error(raw: str) -> None:
    with contextlib.suppress(ValueError):
        assert parse_decision(raw).kind in KINDS


# -- asked and understood


QUESTION = Question(prompt="How many {braces} for $5?")
GARBAGE = ["", "I would rather not say.", "{" * 1_000, "<<<>>>"]


def open_one(name: str, model: Speaker) -> object:
    return open_dialect(name, model, calls_of(rounds=1), QUESTION, RunConfig(dialect=name))


@pytest.mark.parametrize("raw", GARBAGE)
async def test_instruct_asks_once_more_then_chooses_code(raw: str) -> None:
    steerer = Speaker([raw, raw])
    decision = await open_one("instruct", steerer).choose()  # type: ignore[attr-defined]
    assert (decision.kind, decision.source, decision.raw) == ("code", "fallback", raw)
    assert len(steerer.requests) == 2
    assert "JSON" in steerer.requests[1].messages[-1].content


async def test_instruct_understands_the_repaired_reply() -> None:
    steerer = Speaker(["hm", '{"decision": "text", "reason": "a fact"}'])
    decision = await open_one("instruct", steerer).choose()  # type: ignore[attr-defined]
    assert (decision.kind, decision.source) == ("text", "model")


async def test_a_first_decision_is_code_or_text_only() -> None:
    for dialect, raw in (("instruct", '{"decision": "return"}'), ("codesteer-v1", "<<<Terminate>>>")):
        decision = await open_one(dialect, Speaker([raw, raw])).choose()  # type: ignore[attr-defined]
        assert (decision.kind, decision.source, decision.raw) == ("code", "fallback", raw)


@pytest.mark.parametrize("raw", GARBAGE)
async def test_codesteer_v1_asks_once_more_then_falls_back_to_code(raw: str) -> None:
    steerer = Speaker([raw, raw])
    decision = await open_one("codesteer-v1", steerer).choose()  # type: ignore[attr-defined]
    assert (decision.kind, decision.source, decision.raw) == ("code", "fallback", raw)
    assert steerer.requests[1].messages[-1].content.startswith("End your reply with <<<Code>>>")


@pytest.mark.parametrize(
    ("first", "second", "kind", "guidance"),
    [
        # Code instead of guidance, prose, another language, a bracket that never closes: mended by the second reply.
        ("```python\nprint(42)\n```", "<<<Search.>>>", "refine", "Search."),
        ("I would return the answer now.", "<<<Return Answer>>>", "return", ""),
        ("请用循环", "<<<Use a loop.>>>", "refine", "Use a loop."),
        ("<<<Check the sum", "<<<Terminate>>>", "terminate", ""),
        ("", "<<<Code>>>", "code", "Do not answer from memory"),
        ("x" * 100_000, "<<<Be brief.>>>", "refine", "Be brief."),
        # Not mended: the first reply's words are what there is.
        ("Use a loop.", "Really, use a loop.", "refine", "Use a loop."),
    ],
)
async def test_codesteer_v1_mends_a_reply_that_breaks_the_format(
    first: str, second: str, kind: str, guidance: str
) -> None:
    steerer = Speaker([first, second])
    rounds = [program_round(1)]
    decision = await open_one("codesteer-v1", steerer).review(rounds, assess(rounds))  # type: ignore[attr-defined]
    assert decision.kind == kind
    assert decision.guidance.startswith(guidance)
    assert first[:1_000] in decision.raw
    assert second in decision.raw


async def test_mini_takes_the_likelier_choice_and_says_how_sure_it_is() -> None:
    steerer = Speaker([], scores=[{"Code>>>": 0.2, "Text>>>": 0.8}])
    decision = await open_one("mini", steerer).choose()  # type: ignore[attr-defined]
    assert (decision.kind, decision.source) == ("text", "model")
    assert decision.confidence == pytest.approx(0.8)
    assert decision.probabilities == pytest.approx({"code": 0.2, "text": 0.8})


@pytest.mark.parametrize("dialect", ["instruct", "codesteer-v1"])
async def test_the_question_reaches_the_steerer_as_typed(dialect: str) -> None:
    steerer = Speaker(['{"decision": "code"} <<<Code>>>'] * 2)
    await open_one(dialect, steerer).choose()  # type: ignore[attr-defined]
    assert "How many {braces} for $5?" in steerer.requests[0].messages[-1].content


async def test_mini_shows_the_question_as_typed_too() -> None:
    steerer = Speaker([], scores=[{"Code>>>": 0.6, "Text>>>": 0.4}])
    await open_one("mini", steerer).choose()  # type: ignore[attr-defined]
    assert any("How many {braces} for $5?" in message.content for message in steerer.scored[0])


def test_an_unknown_dialect_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        open_one("instruckt", Speaker([]))
    assert "instruct" in caught.value.cure


def test_the_dialect_suits_the_model() -> None:
    assert default_dialect(Speaker([], name="openai/gpt")) == "instruct"
    assert default_dialect(Speaker([], name="local/tiny", local=True, score=True)) == "mini"
    assert default_dialect(Speaker([], name="hf/yongchao98/CodeSteer-v1", local=True, score=True)) == "codesteer-v1"
    assert default_dialect(Speaker([], name="hf/some/model", local=True, score=False)) == "instruct"
    assert set(DIALECTS) == {"mini", "instruct", "codesteer-v1"}
