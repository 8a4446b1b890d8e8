"""codesteer-mini: facts that are pure and bounded, heads that are sound or refused, and decisions that follow them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.errors import BadInput
from codesteer_kernel.models.protocol import Message, ReadOut, TokenUsage
from codesteer_kernel.record import Question, Round, RunConfig
from codesteer_kernel.run import RunSettings, engine
from codesteer_kernel.steering.dialects import head_of, open_dialect
from codesteer_kernel.steering.evidence import assess
from codesteer_kernel.steering.head import Head, Likeness, find_head, question_facts, read_head, readout_facts
from codesteer_kernel.steering.head.file import encode_head, heads_dir
from codesteer_kernel.steering.head.question import LOWEST
from codesteer_kernel.steering.head.situation import situation_facts
from codesteer_kernel.steering.prompts import load_prompts
from tests.steering.doubles import Programs, Speaker, calls_of
from tests.steering.rounds import program_round, text_round
from tests.steering.running import Run

WEIGHTS = "f" * 64
COUNTING = "How many times does the letter r occur in 'strawberry'? 1, 2 or 3? Write <<<n>>>."
TELLING = "Why is the sky blue? Explain it to a child."


class Read(Speaker):
    """A speaker that can be read out: token n of any probes has log-probability -n."""

    weights = WEIGHTS

    async def read_out(self, messages: Sequence[Message], choices: Sequence[str], probes: Sequence[int]) -> ReadOut:
        scored = await self.score(messages, choices)
        return ReadOut(
            probabilities=scored.probabilities,
            probes={token: -float(token) for token in probes},
            usage=TokenUsage(input_tokens=10, output_tokens=5),
        )

    async def single_tokens(self, words: Sequence[str]) -> dict[str, int]:
        return {word: place for place, word in enumerate(words, 1)}


def case(weight: float, **facts: float) -> Likeness:
    """A head that knows one case, with these facts, and finds what is like it ``weight`` (log-odds) a yes."""
    names = [name.replace("__", ".") for name in facts]
    count = len(names)
    return Likeness(
        names=names,
        mean=[0.0] * count,
        scale=[1.0] * count,
        shares=[1 / count] * count,
        width=0.5,
        known=[list(facts.values())],
        weights=[weight],
    )


def head(choice: Likeness | None = None, review: Likeness | None = None, **changes: object) -> Head:
    made = {
        "model": "local/read",
        "weights": WEIGHTS,
        "prompts": load_prompts("mini").stamp,
        "probes": {"Math": 3},
        "choice": choice or case(1.0, q__asks=0.5),
        "review": review,
    }
    return Head(**(made | changes))  # type: ignore[arg-type]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's own heads, empty."""
    monkeypatch.setenv("CODESTEER_HOME", str(tmp_path))
    heads_dir().mkdir(parents=True)
    return heads_dir()


def keep(folder: Path, one: Head, name: str = "one.json") -> Head:
    data = encode_head(one)
    (folder / name).write_bytes(data)
    return read_head(data, name)


# -- facts


@given(st.text(max_size=400))
def test_facts_of_any_question_are_the_same_names_and_bounded(text: str) -> None:
    facts = question_facts(text)
    assert set(facts) == set(question_facts(""))
    assert all(-1 <= value <= 1 for value in facts.values())
    assert facts == question_facts(text)


def test_facts_tell_counting_from_explaining() -> None:
    counting, telling = question_facts(COUNTING), question_facts(TELLING)
    for name in ("q.numbers", "q.of.count", "q.marked", "q.quotes"):
        assert counting[name] > telling[name], name
    assert telling["q.of.tell"] > counting["q.of.tell"]
    assert question_facts("Which?\n(A) one\n(B) two\n")["q.form.option"] == 1


def test_a_huge_question_is_read_in_bounded_time_and_form() -> None:
    assert question_facts("9" * 5_000_000 + "[(" * 1_000) == question_facts("9" * 20_000)


@given(
    st.floats(0, 1),
    st.dictionaries(st.text(min_size=1, max_size=4), st.floats(-100, 0), min_size=1, max_size=5),
    st.floats(-5, 5),
)
def test_of_probed_tokens_only_differences_count(code: float, probes: dict[str, float], more: float) -> None:
    facts = readout_facts(code, probes)
    assert all(LOWEST <= value <= -LOWEST for value in facts.values())
    if all(log + more > LOWEST for log in probes.values()) and all(log > LOWEST for log in probes.values()):
        moved = readout_facts(code, {word: log + more for word, log in probes.items()})
        assert facts == pytest.approx(moved, abs=1e-9)


SOME_ROUNDS = [
    [text_round(1, "7")],
    [text_round(1, "7"), program_round(2, "7", verdict="pass", kind="code")],
    [program_round(1, "8", verdict="fail", reason="no"), program_round(2, "8")],
    [program_round(1, status="error", error="NameError: x")],
    [program_round(1, program=None), text_round(2, text="", complete=False)],
]


@pytest.mark.parametrize("rounds", SOME_ROUNDS)
def test_facts_of_any_rounds_are_the_same_names_and_bounded(rounds: list[Round]) -> None:
    facts = situation_facts(Question(prompt=COUNTING), rounds, assess(rounds), 99.0)
    assert set(facts) == set(situation_facts(Question(prompt=""), SOME_ROUNDS[0], assess(SOME_ROUNDS[0]), 0.0))
    assert facts.pop("s.odds") == 40
    assert all(-1 <= value <= 1 for value in facts.values())


def test_words_and_a_program_that_agree_are_told_from_two_programs() -> None:
    both = [text_round(1, "7"), program_round(2, "7", kind="code")]
    programs = [program_round(1, "7"), program_round(2, "7")]
    one, other = (situation_facts(Question(prompt="?"), rounds, assess(rounds), 0.0) for rounds in (both, programs))
    assert (one["s.agree_other_way"], one["s.agree_text"], one["s.agree_code"]) == (1, 1, 0)
    assert (other["s.agree_other_way"], other["s.agree_text"], other["s.agree_code"]) == (0, 0, 1)


# -- heads


def test_a_known_case_speaks_for_its_like_and_what_is_like_none_gets_the_bias() -> None:
    one = Likeness(
        names=["a", "b"],
        mean=[1.0, 0.0],
        scale=[2.0, 1.0],
        shares=[0.75, 0.25],
        width=0.5,
        known=[[1.0, 0.0], [-3.0, 0.0]],
        weights=[3.0, -2.0],
        bias=-1.0,
    )
    assert one.log_odds({"a": 3.0, "b": 0.0}) == pytest.approx(-1 + 3, abs=1e-3)
    assert one.log_odds({"a": -5.0}) == pytest.approx(-1 - 2, abs=1e-3), "what is not given counts as the mean"
    assert one.log_odds({"a": 3.0, "b": 1.0}) == pytest.approx(-1 + 3 * math.exp(-0.25 / (2 * 0.25)), abs=1e-3)
    assert one.log_odds({"a": 1e9, "b": 1e9}) == pytest.approx(-1, abs=1e-3)
    assert one.log_odds({"a": 1e9}) == one.log_odds({"a": 9.0}), "beyond four deviations all is equally far"
    assert one.nearness({"a": 3.0}) == 1
    assert one.nearness({"a": 3.0, "b": 1.5}) == pytest.approx(2 * math.exp(-0.25 * 1.5**2 / (2 * 0.25)), abs=1e-3)
    assert one.nearness({"a": 1e9, "b": 1e9}) < 0.01
    assert one.probability({"a": 3.0}) == pytest.approx(1 / (1 + math.exp(-2)), abs=1e-3)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"format": 2}, "format 2"),
        ({"choice": msgspec.structs.replace(case(1.0, a=0.0), mean=[])}, "equally many"),
        ({"choice": msgspec.structs.replace(case(1.0, a=0.0), known=[[0.0], [1.0, 2.0]])}, "equally many"),
        ({"choice": msgspec.structs.replace(case(1.0, a=0.0), weights=[])}, "equally many"),
        ({"choice": msgspec.structs.replace(case(1.0, a=0.0), scale=[0.0])}, "not above 0"),
        ({"choice": msgspec.structs.replace(case(1.0, a=0.0), width=0.0)}, "not above 0"),
        ({"review": msgspec.structs.replace(case(1.0, a=0.0, b=0.0), names=["a", "a"])}, "twice"),
    ],
)
def test_an_unsound_head_is_refused_with_its_file(change: dict[str, object], fault: str) -> None:
    with pytest.raises(BadInput, match=fault) as caught:
        read_head(encode_head(head(**change)), "some.json")
    assert caught.value.message.startswith("some.json is no head of codesteer-mini")


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff\xfe", b"[" * 9_000, b'{"model": 3}'])
def test_what_is_no_head_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput, match=r"x\.json is no head"):
        read_head(data, "x.json")


def test_equal_heads_are_equal_bytes_and_their_stamp_names_them() -> None:
    data = encode_head(head())
    assert data == encode_head(msgspec.json.decode(data, type=Head))
    one, other = read_head(data, "a"), read_head(encode_head(head(case(2.0, q__asks=0.5))), "b")
    assert one.stamp.startswith("mini-head@1:")
    assert one.stamp != other.stamp


def test_a_head_is_found_for_its_own_weights_and_wording_alone(own: Path) -> None:
    keep(own, head(weights="0" * 64), "a.json")
    keep(own, head(prompts="mini@0:00000000"), "b.json")
    assert find_head(Read([])) is None
    mine = keep(own, head(), "c.json")
    assert find_head(Read([])) == mine
    assert find_head(Speaker([])) is None, "a model that cannot be read out has none"


def test_a_head_is_used_for_the_targets_that_it_learned_from(own: Path) -> None:
    steerer, other = Read([]), Speaker([], name="double/other")
    found = {}
    for learned in ({}, {steerer.name: 3}, {other.name: 3, "double/third": 1}):
        keep(own, head(made={"targets": learned}))
        found[tuple(learned)] = [head_of(steerer, target, RunConfig()) is not None for target in (steerer, other)]
    assert list(found.values()) == [[True, True], [True, False], [False, True]]
    # The steerer's own weights under another name are what it learned from all the same.
    renamed = Read([], name="double/renamed")
    keep(own, head(model=steerer.name, made={"targets": {steerer.name: 3}}))
    assert head_of(steerer, renamed, RunConfig()) is not None
    assert head_of(steerer, renamed, RunConfig(without=["head"])) is None


def test_a_broken_file_of_the_users_own_is_named(own: Path) -> None:
    (own / "broken.json").write_text("no")
    with pytest.raises(BadInput, match=r"broken\.json is no head"):
        find_head(Read([]))


# -- decisions


async def choose(steerer: Speaker, config: RunConfig | None = None) -> tuple[object, str]:
    dialect = open_dialect("mini", steerer, calls_of(rounds=1), Question(prompt=COUNTING), config or RunConfig())
    return await dialect.choose(), dialect.stamp


async def test_the_head_decides_where_there_is_one_and_can_be_left_out(own: Path) -> None:
    known = keep(own, head(case(math.log(4), r__odds=math.log(1 / 4))))
    scores = [{"Code>>>": 0.2, "Text>>>": 0.8}] * 2
    steerer = Read([], scores=scores)
    decision, stamp = await choose(steerer)
    assert (decision.kind, decision.source) == ("code", "model")  # type: ignore[attr-defined]
    assert decision.probabilities == pytest.approx({"code": 0.8, "text": 0.2})  # type: ignore[attr-defined]
    assert stamp.endswith(known.stamp)
    decision, stamp = await choose(steerer, RunConfig(without=["head"]))
    assert decision.probabilities == pytest.approx({"code": 0.2, "text": 0.8})  # type: ignore[attr-defined]
    assert "mini-head" not in stamp
    assert len(steerer.scored) == 2, "one pass a decision, with a head or without"
    assert steerer.scored[0] == steerer.scored[1]


async def test_probes_and_the_question_reach_the_head(own: Path) -> None:
    # Math has -3 and Word -1: one below their middle; the question has its mark.
    for math_fact, marked, kind in ((-1.0, 1.0, "text"), (-3.0, 1.0, "code"), (-1.0, -1.0, "code")):
        keep(own, head(case(-2.0, r__Math=math_fact, q__marked=marked), probes={"Math": 3, "Word": 1}))
        decision, _ = await choose(Read([], scores=[{"Code>>>": 0.9, "Text>>>": 0.1}]))
        assert decision.kind == kind, "only what is like the known question is text"  # type: ignore[attr-defined]
    keep(own, head(case(2.0, r__Math=-1.0, q__marked=1.0), probes={"Math": 3, "Word": 1}))
    decision, _ = await choose(Read([], scores=[{"Code>>>": 0.5, "Text>>>": 0.5}]))
    assert decision.confidence == pytest.approx(1 / (1 + math.exp(-2.0)))  # type: ignore[attr-defined]


@pytest.mark.parametrize(("weight", "kind", "share"), [(9.0, "return", 0.999), (-9.0, "refine", 0.999)])
async def test_later_rounds_follow_the_head(own: Path, weight: float, kind: str, share: float) -> None:
    keep(own, head(review=case(weight, s__test__pass=1.0, r__odds=0.0)))
    returning, first = {"Return>>>": 0.5, "Refine>>>": 0.5}, {"Code>>>": 0.5, "Text>>>": 0.5}
    steerer = Read([], scores=[returning, first, returning])
    dialect = open_dialect("mini", steerer, calls_of(rounds=1), Question(prompt=COUNTING), RunConfig())
    rounds = [program_round(1, verdict="pass")]
    decision = await dialect.review(rounds, assess(rounds))
    assert decision.kind == kind
    assert decision.confidence == pytest.approx(share, abs=2e-3)
    assert sum(decision.probabilities.values()) == pytest.approx(1)
    await dialect.review(rounds, assess(rounds))
    assert len(steerer.scored) == 3, "a question whose first choice was made for it is read out once"


async def test_a_question_of_a_kind_that_the_head_does_not_know_is_left_to_the_untuned_choice(own: Path) -> None:
    keep(own, head(msgspec.structs.replace(case(-9.0, q__marked=-4.0, r__odds=4.0), bias=-9.0)))
    for code in (0.7, 0.2):
        decision, _ = await choose(Read([], scores=[{"Code>>>": code, "Text>>>": 1 - code}]))
        assert decision.probabilities == pytest.approx({"code": code, "text": 1 - code}, abs=0.01)  # type: ignore[attr-defined]


async def test_an_answer_of_a_kind_that_the_head_does_not_know_is_left_to_the_untuned_choice(own: Path) -> None:
    keep(own, head(review=case(-9.0, s__test__pass=-4.0, r__odds=4.0)))
    scores = [{"Return>>>": 0.8, "Refine>>>": 0.2}, {"Code>>>": 0.5, "Text>>>": 0.5}]
    rounds = [program_round(1, verdict="pass")]
    shares = []
    for config in (RunConfig(), RunConfig(without=["head"])):
        dialect = open_dialect("mini", Read([], scores=scores), calls_of(rounds=1), Question(prompt=COUNTING), config)
        shares.append((await dialect.review(rounds, assess(rounds))).probabilities)
    assert shares[0] == pytest.approx(shares[1], abs=1e-3)


async def test_without_a_head_for_later_rounds_the_untuned_choice_stays(own: Path) -> None:
    keep(own, head())
    rounds = [program_round(1, verdict="pass")]
    shares = []
    for config in (RunConfig(), RunConfig(without=["head"])):
        steerer = Read([], scores=[{"Return>>>": 0.3, "Refine>>>": 0.7}])
        dialect = open_dialect("mini", steerer, calls_of(rounds=1), Question(prompt=COUNTING), config)
        shares.append((await dialect.review(rounds, assess(rounds))).probabilities)
    assert shares[0] == shares[1]


async def test_the_record_of_a_run_names_the_head(own: Path) -> None:
    known = keep(own, head(case(1.0, r__odds=math.log(9)), review=case(9.0, s__code=1.0)))
    steerer = Read([], scores=[{"Code>>>": 0.9, "Text>>>": 0.1}, {"Return>>>": 0.1, "Refine>>>": 0.9}])
    config = RunConfig(dialect="mini", without=["self-answer"])
    run = Run(["```python\nprint(6 * 7)\n```"], steerer, Programs(["42"]), config=config)
    record = await run.finish()
    assert record.config.prompts.endswith(f"+{known.stamp}")
    assert (record.rounds[0].decision.kind, record.answer and record.answer.result) == ("code", "42")
    assert record.support is not None
    assert record.support.decision is not None
    assert record.support.decision.kind == "return", "the head found the answer right, the model alone did not"


def test_a_run_whose_head_is_broken_does_not_begin(own: Path) -> None:
    (own / "broken.json").write_text("no")
    settings = RunSettings(target="local/smollm2-135m")
    with pytest.raises(BadInput, match=r"broken\.json is no head"):
        engine().check(settings)
    engine().check(msgspec.structs.replace(settings, without=("head",)))
