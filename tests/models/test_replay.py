"""A finished run's record answers in place of its models: the same rounds, without a key; another turn is named."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import codesteer
import msgspec
import pytest

from codesteer_kernel.errors import BadInput, ReplayMismatch, UnknownName
from codesteer_kernel.models import ChatRequest, Delta, Finish, Message, TextDelta, open_model
from codesteer_kernel.models.catalogue import Entry
from codesteer_kernel.record import Record, encode_record
from codesteer_kernel.run import Run, RunFailed, engine, read_run
from codesteer_kernel.store import Store
from tests.run.scripts import CHECK, WIRES, model, program, say, script, two_rounds
from tests.scripted import Reply, serving_in_thread

PROMPT = "What is the sum of the squares of 1 to 10? Mind {braces}, $dollars and 'quotes'."
kernel = pytest.mark.kernel


@pytest.fixture(autouse=True)
def _own_home(home: Path) -> None:
    """Every test journals into a folder of its own."""


def facts(run: Run) -> list[dict[str, Any]]:
    """What the rounds say, without what clocks and counters say."""
    rounds: list[dict[str, Any]] = msgspec.to_builtins(run.rounds)
    for one in rounds:
        for name in ("usage", "timing"):
            del one[name]
        for execution in (one["execution"], (one["self_answer"] or {}).get("execution")):
            for name in ("seconds", "cpu_seconds", "peak_mb"):
                (execution or {}).pop(name, None)
    return rounds


def recorded(*replies: Reply | str, wire: str = "openai", prompt: str = PROMPT, **settings: Any) -> Run:
    """A run on a scripted server, which is gone afterwards."""
    with serving_in_thread(list(replies) or two_rounds()) as server:
        return codesteer.solve(prompt, target=model(server, wire), **settings)


# -- whole runs


@kernel
@pytest.mark.parametrize("wire", [*WIRES, "vllm"])
def test_the_same_rounds_and_answer_without_model_or_key(wire: str) -> None:
    if wire == "vllm":  # continues a turn: its answers begin with our fence, its check with our head
        replies = two_rounds()
        check = "    return int(answer) == sum(n * n for n in range(1, 11)), 'the sum is 385'"
        tails = ["print(sum(n for n in range(1, 11)))", "print(sum(n * n for n in range(1, 11)))"]
        replies[3:] = [Reply(check, match=r"function check\(answer", times=None), *map(Reply, tails)]
        with serving_in_thread(replies) as server:
            first = codesteer.solve(PROMPT, target=f"vllm/scripted@{server.url}/v1", checker=None)
    else:
        first = recorded(wire=wire)
    again = codesteer.solve(PROMPT, target=f"replay/{first.id}")
    assert again.answer == first.answer == "385"
    assert again.code == first.code
    assert facts(again) == facts(first)
    assert again.record.support == first.record.support
    assert (again.record.usage.output_tokens, again.record.usage.cost) == (0, 0.0)
    assert again.record.models.target == f"replay/{first.id}"


@kernel
def test_last_a_beginning_and_a_file_name_a_record_too(tmp_path: Path) -> None:
    first = recorded()
    path = tmp_path / "kept.json"
    path.write_text(first.to_json())
    for source in ("last", first.id[:-2], str(path)):
        run = codesteer.solve(PROMPT, target=f"replay/{source}", journal=False)
        assert (run.answer, len(run.rounds)) == ("385", 2)


@kernel
def test_it_can_be_replayed_twice_at_once_and_by_role() -> None:
    first = recorded()
    name = f"replay/{first.id}"

    async def both() -> list[Run]:
        work = [codesteer.asolve(PROMPT, target=name, steerer=name, checker=name) for _ in range(2)]
        return list(await asyncio.gather(*work))

    assert [facts(run) for run in asyncio.run(both())] == [facts(first)] * 2


@kernel
def test_a_scored_run_speaks_its_own_dialect_again() -> None:
    """The first choice with its probabilities; later ones as they were decided."""
    scored = [
        Reply("Code", logprobs={"Code": -0.1, "Text": -2.4}, match="Code or Text"),
        Reply("Ret", logprobs={"Return": -3.0, "Ref": -0.2}, match="Return or Refine"),
        Reply("Ret", logprobs={"Return": -0.1, "Ref": -3.0}, match="Return or Refine"),
    ]
    with serving_in_thread(
        [*scored, Reply("print(55)\n"), Reply("\n    return sum(n * n for n in range(1, 11))\nprint(solve())\n")]
    ) as server:
        first = codesteer.solve(PROMPT, target=f"vllm/scripted@{server.url}/v1", dialect="mini", checker="none")
    assert [one.decision.kind for one in first.rounds] == ["code", "refine"]
    again = codesteer.solve(PROMPT, target="replay/last", checker="none")
    assert again.record.config.dialect == "mini"
    assert again.answer == first.answer == "385"
    assert [one.decision.kind for one in again.rounds] == ["code", "refine"]
    assert again.rounds[0].decision == first.rounds[0].decision
    assert [one.answer for one in again.rounds] == [one.answer for one in first.rounds]


@kernel
def test_a_steerer_that_had_to_be_asked_twice_is_asked_twice_again() -> None:
    replies = script(["no JSON", "none again", "nor here", "never"], [program("print(5)")], "No.")
    first = recorded(*replies, rounds=1, checker="none")
    assert first.rounds[0].decision.source == "fallback"
    again = codesteer.solve(PROMPT, target="replay/last", rounds=1, checker="none")
    assert facts(again)[0]["decision"]["kind"] == "code"
    assert again.status == first.status
    assert again.record.usage.calls == first.record.usage.calls == 5


@kernel
def test_the_published_dialect_is_taken_up_by_itself() -> None:
    replies = [
        "<<<Code>>>",
        program("print(2 + 3)"),
        "<<<Add again.>>>",
        program("print(2 + 2)"),
        "<<<Return Answer>>>",
    ]
    first = recorded(*replies, prompt="2 + 2?", dialect="codesteer-v1", checker="none")
    again = codesteer.solve("2 + 2?", target="replay/last", checker="none")
    assert again.record.config.dialect == "codesteer-v1"
    assert (again.answer, facts(again)) == ("4", facts(first))


@kernel
def test_the_published_loop_is_replayed_by_the_published_loop() -> None:
    replies = [
        "<<<Code>>>",
        program("print(2 + 3)"),
        CHECK,
        "Add again.",
        program("print(2 + 2)"),
        CHECK,
        "Return Answer",
    ]
    first = recorded(*replies, prompt="2 + 2?", faithful=True)
    assert [one.decision.kind for one in first.rounds] == ["code", "refine"]
    again = codesteer.solve("2 + 2?", target="replay/last", faithful=True)
    assert (again.status, again.answer, facts(again)) == ("done", "4", facts(first))


@kernel
@pytest.mark.real
def test_a_run_of_a_local_model_takes_the_same_rounds_again(smollm: Entry, runtime: Path) -> None:
    first = codesteer.solve("What is 12 * 12?", target=f"local/{smollm.name}", rounds=3, raise_on_failure=False)
    again = codesteer.solve("What is 12 * 12?", target=f"replay/{first.id}", rounds=3, raise_on_failure=False)
    engine().close()
    assert first.rounds[0].decision.source == "model"
    assert [one.decision.kind for one in again.rounds] == [one.decision.kind for one in first.rounds]
    assert [one.answer for one in again.rounds] == [one.answer for one in first.rounds]
    assert (again.status, again.answer) == (first.status, first.answer)


# -- another turn


@kernel
def test_another_question_is_told_at_the_first_call() -> None:
    recorded()
    with pytest.raises(RunFailed, match=r"Call 1 of the steerer .*sum of the squares") as caught:
        codesteer.solve("Something else?", target="replay/last")
    assert caught.value.code == "replay_mismatch"
    assert caught.value.run.rounds == []


@kernel
def test_a_program_that_prints_something_else_is_told_at_the_next_call(tmp_path: Path) -> None:
    first = recorded(*script([say("code"), say("return")], [program("print('a' 'b')  # never: ac")]), checker="none")
    assert first.answer == "ab"
    # What a program prints is not ours to change between two runs: the record is changed instead.
    record = json.loads(first.to_json())
    record["rounds"][0]["execution"]["stdout"] = "ac\n"
    (tmp_path / "other.json").write_text(json.dumps(record))
    with pytest.raises(RunFailed, match=r"(?s)Call 2 of the steerer .*'ac'"):
        codesteer.solve(PROMPT, target=f"replay/{tmp_path / 'other.json'}", checker="none")


@kernel
def test_more_rounds_than_there_are_end_with_the_record() -> None:
    replies = script([say("code"), say("refine", "Again.")], [program("print(5)")], "No.")
    recorded(*replies, rounds=1, checker="none")
    with pytest.raises(RunFailed, match=r"no call 2 of the target.*at most 1 rounds") as caught:
        codesteer.solve(PROMPT, target="replay/last", checker="none")
    assert caught.value.run.answer == "5"
    assert codesteer.solve(PROMPT, target="replay/last", checker="none", rounds=1).status == "exhausted"


@kernel
def test_a_run_made_without_tests_says_so_when_it_is_asked_for_one() -> None:
    recorded(*script([say("code"), say("return")], [program("print(5)")]), checker="none")
    run = codesteer.solve(PROMPT, target="replay/last")
    assert run.answer == "5"
    assert run.rounds[0].self_answer is not None
    assert run.rounds[0].self_answer.verdict == "broken"
    assert "no checking program" in run.rounds[0].self_answer.reason


# -- the model by itself


def record_of(**fields: Any) -> Record:
    """A record of one answered round of text."""
    plain = {
        "schema": 1,
        "id": "20260101-000000-aaaaaa",
        "status": "done",
        "question": {"prompt": "Why?"},
        "config": {"dialect": "instruct"},
        "rounds": [
            {
                "index": 1,
                "decision": {"kind": "text", "source": "model", "raw": say("text")},
                "answer": {"text": "Because it is so, in many words.", "complete": True, "stop": "length"},
            }
        ],
    }
    return msgspec.convert(plain | fields, Record)


def put(record: Record) -> str:
    """Journal ``record`` and return the name of its replay."""
    Store().open(record.id).close(record)
    return f"replay/{record.id}"


async def ask(name: str, text: str = "Why?", *, slot: str = "target", **options: Any) -> list[Delta]:
    replay = open_model(name, **options)
    return [delta async for delta in replay.stream(ChatRequest(messages=(Message("user", text),), slot=slot))]


async def test_it_streams_in_small_pieces_at_the_speed_that_is_asked_for() -> None:
    name = put(record_of())
    deltas = await ask(name, speed=0)
    pieces = [delta.text for delta in deltas if isinstance(delta, TextDelta)]
    assert "".join(pieces) == "Because it is so, in many words."
    assert len(pieces) == 7
    assert isinstance(deltas[-1], Finish)
    assert deltas[-1].reason == "length"
    begin = time.monotonic()
    await ask(name, speed=100)
    assert time.monotonic() - begin >= 0.3, "32 characters at 100 a second"


async def test_a_stopped_run_ends_where_it_was_stopped() -> None:
    half = {"index": 1, "decision": {"kind": "text", "source": "model"}, "answer": {"text": "Beca"}}
    with pytest.raises(ReplayMismatch, match=r"\(stopped\) holds no call 1 of the target"):
        await ask(put(record_of(status="stopped", rounds=[half])))


async def test_it_speaks_in_a_run_only() -> None:
    with pytest.raises(BadInput, match="in a run only"):
        await ask(put(record_of()), slot="")


def test_a_record_that_was_cut_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_bytes(encode_record(record_of(cut=7_000)))
    with pytest.raises(BadInput, match="cut by 7,000 bytes"):
        open_model(f"replay/{tmp_path / 'cut.json'}")


@pytest.mark.parametrize("speed", [-1.0, float("inf"), float("nan")])
def test_a_speed_that_makes_no_sense_is_refused(speed: float) -> None:
    with pytest.raises(BadInput, match="characters a second"):
        open_model(put(record_of(id=f"20260101-000000-{abs(hash(speed)) % 10**6:06}")), speed=speed)


def test_records_that_are_not_there_or_are_none(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="no finished run 'last'"):
        open_model("replay/last")
    put(record_of())
    put(record_of(id="20260101-000000-bbbbbb"))
    with pytest.raises(UnknownName, match="2 finished runs"):
        open_model("replay/2026")
    with pytest.raises(UnknownName, match="20260101-000000-aaaaaa"):
        open_model("replay/20260101-000000-aaaaab")
    with pytest.raises(UnknownName, match="cannot be read"):
        open_model(f"replay/{tmp_path / 'nothing.json'}")
    (tmp_path / "other.json").write_text('{"a": 1}')
    with pytest.raises(BadInput, match="not a CodeSteer run record"):
        open_model(f"replay/{tmp_path / 'other.json'}")
    assert read_run("last").id == "20260101-000000-bbbbbb"
