"""Records outlive versions: those in ``samples`` were written by real runs and are read for ever, as they are.

A sample is never written anew. When the schema version is raised, samples of the new one go into a folder of their own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from codesteer_kernel.errors import BadInput
from codesteer_kernel.record import Record, decode_record, encode_record, fold
from codesteer_kernel.record import events as ev
from codesteer_kernel.record.document import SCHEMA_VERSION
from codesteer_kernel.record.migrations import MIGRATIONS, migrated
from codesteer_kernel.record.schema import record_schema

SAMPLES = Path(__file__).parent / "samples"
RECORDS = sorted(SAMPLES.glob("v*/*.json"))
JOURNALS = sorted(SAMPLES.glob("v*/*.jsonl"))
EXPECTED = {
    "done": ("done", 2, "385", "verified"),
    "exhausted": ("exhausted", 1, "", "none"),
    "failed": ("failed", 1, "", "none"),
    "figure": ("done", 1, "x 6", "executed"),
    "in_words": ("done", 1, "Paris", "unchecked"),
    "stopped": ("stopped", 1, "", "none"),
}


def test_there_are_samples_of_every_version() -> None:
    versions = {int(path.parent.name.removeprefix("v")) for path in RECORDS}
    assert versions == {*MIGRATIONS, SCHEMA_VERSION}
    assert {int(path.parent.name.removeprefix("v")) for path in JOURNALS} == versions


def test_there_is_a_step_from_every_older_version() -> None:
    assert sorted(MIGRATIONS) == list(range(min(MIGRATIONS, default=SCHEMA_VERSION), SCHEMA_VERSION))


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_sample_is_read_and_still_says_what_it_said(path: Path) -> None:
    record = decode_record(path.read_bytes())
    assert (record.schema, record.id[:8]) == (SCHEMA_VERSION, "20261125")
    jsonschema.Draft202012Validator(record_schema()).validate(json.loads(encode_record(record)))
    level = record.support.level if record.support else ""
    result = record.answer.result if record.answer else ""
    assert (record.status, len(record.rounds), result, level) == EXPECTED[path.stem]
    # Nothing of it is lost: all that the sample says is in what is written now.
    assert part_of(json.loads(path.read_bytes()), json.loads(encode_record(record)))


@pytest.mark.parametrize("path", JOURNALS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_journal_of_a_lost_run_is_read_to_its_end(path: Path) -> None:
    events = [ev.decode_event(line) for line in path.read_bytes().splitlines()]
    record = fold(events)
    assert (record.status, record.seq, len(record.rounds)) == ("running", len(events), 2)
    assert record.rounds[1].execution is not None
    assert record.rounds[1].execution.stdout == "385\n"


def part_of(old: Any, new: Any) -> bool:
    """Whether ``new`` holds everything that ``old`` does."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(key in new and part_of(old[key], new[key]) for key in old)
    if isinstance(old, list):
        return isinstance(new, list) and len(old) == len(new) and all(map(part_of, old, new))
    return bool(old == new)


# -- the mechanism, tried on versions that never were

# Version -1 called the prompt "ask"; version 0 kept it at the top.
ANCIENT = {"schema": -1, "id": "a", "status": "done", "ask": "How many?", "mood": "good"}


def from_minus_one(plain: dict[str, Any]) -> dict[str, Any]:
    return {"prompt" if name == "ask" else name: value for name, value in plain.items()}


def from_zero(plain: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in plain.items() if name != "prompt"}
    return {**rest, "question": {"prompt": plain["prompt"]}}


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MIGRATIONS, -1, from_minus_one)
    monkeypatch.setitem(MIGRATIONS, 0, from_zero)


@pytest.mark.usefixtures("steps")
@pytest.mark.parametrize("form", [dict, json.dumps, msgspec.json.encode])
def test_an_old_record_is_carried_over_step_by_step(form: Any) -> None:
    record = decode_record(form(ANCIENT))
    assert record == decode_record('{"schema": 1, "id": "a", "status": "done", "question": {"prompt": "How many?"}}')
    assert decode_record(encode_record(record)) == record


@pytest.mark.usefixtures("steps")
def test_carrying_over_leaves_the_old_document_as_it_was() -> None:
    before = json.dumps(ANCIENT)
    assert migrated(ANCIENT, 1)["schema"] == 1
    assert json.dumps(ANCIENT) == before
    assert migrated({"schema": 1, "id": "b"}, 1) == {"schema": 1, "id": "b"}


@pytest.mark.usefixtures("steps")
@pytest.mark.parametrize("text", ['{"schema": 0}', '{"schema": 0, "prompt": 7}', '{"schema": 0, "prompt": null}'])
def test_an_old_record_that_is_malformed_is_no_record(text: str) -> None:
    with pytest.raises(BadInput, match="not a CodeSteer run record"):
        decode_record(text)


def test_a_version_older_than_all_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match="schema version 0; this version of codesteer reads 1"):
        decode_record('{"schema": 0}')
    assert decode_record('{"schema": 1}') == Record()
