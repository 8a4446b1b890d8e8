"""A run drawn in a terminal: what stands there while it goes on and when it has ended."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from codesteer_kernel.record import Record, decode_record, reduce
from codesteer_kernel.record.retelling import retell
from codesteer_kernel.render.terminal import LiveRounds, end_panel, round_panel

SAMPLES = Path(__file__).parents[1] / "record" / "samples" / "v1"


def sample(name: str) -> Record:
    return decode_record((SAMPLES / f"{name}.json").read_bytes())


def drawn(what: object, width: int = 100) -> str:
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=True, color_system=None).print(what)
    return out.getvalue()


@pytest.mark.parametrize("width", [40, 80, 160])
@pytest.mark.parametrize("name", ["done", "exhausted", "failed", "stopped", "figure", "in_words"])
def test_every_run_fits_its_terminal(name: str, width: int) -> None:
    record = sample(name)
    for one in record.rounds:
        text = drawn(round_panel(one), width)
        assert f"Round {one.index}" in text
        assert max(map(len, text.splitlines())) <= width
    text = drawn(end_panel(record), width)
    assert max(map(len, text.splitlines())) <= width
    if record.answer is not None:
        assert record.answer.text.split()[0] in text


def test_rounds_scroll_up_when_they_are_complete() -> None:
    record = sample("done")
    out = io.StringIO()
    so_far = Record()
    with LiveRounds(out, width=100, force_terminal=True, color_system=None) as live:
        for event in retell(record):
            so_far = reduce(so_far, event)
            live(event, so_far)
    text = out.getvalue()
    for one in record.rounds:
        assert text.count(f"Round {one.index}: ") >= 1
    assert "385" in text
    assert text.rindex("Round 1: ") < text.rindex("Round 2: ")


def test_nothing_that_models_wrote_drives_the_terminal() -> None:
    record = decode_record((Path(__file__).parents[1] / "widgets" / "samples" / "hostile.json").read_bytes())
    text = "".join(drawn(round_panel(one)) for one in record.rounds) + drawn(end_panel(record))
    assert "\x1b" not in text
    assert "\x07" not in text


def test_a_round_that_goes_on_shows_its_newest_lines() -> None:
    record = sample("done")
    one = record.rounds[0]
    long = "\n".join(f"line {n}" for n in range(200))
    going = msgspec.structs.replace(
        one, complete=False, answer=msgspec.structs.replace(one.answer, text=long, code=None), execution=None
    )
    text = drawn(round_panel(going, lines=20))
    assert "line 199" in text
    assert len(text.splitlines()) < 20
