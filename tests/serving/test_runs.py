"""Steered runs on a host that they found by themselves, and on when it is gone. Real weights, real child kernels."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codesteer_kernel.errors import BadInput, EndpointUnreachable
from codesteer_kernel.models.catalogue import Entry
from codesteer_kernel.models.discovery import HOST_URL, running_hosts
from codesteer_kernel.record import events as ev
from codesteer_kernel.run import Run, RunSettings, engine, read_run
from codesteer_kernel.serving.overview import look
from tests.serving.process import HostProcess

pytestmark = [pytest.mark.real, pytest.mark.kernel]

MODEL = "local/smollm2-135m"
PROMPT = "What is 6 times 7?"


@pytest.fixture(autouse=True)
def _own_home(home: Path) -> None:
    """Every test journals into a folder of its own."""


@pytest.fixture(autouse=True, scope="module")
def _closed() -> Iterator[None]:
    yield
    engine().close()


def solve(on_event: Any = None, **settings: Any) -> tuple[Run, list[Any]]:
    """One round on the smallest model; the run and its events."""
    events: list[Any] = []

    def hear(event: ev.Event, record: Any) -> None:
        events.append(event)
        if on_event is not None:
            on_event(event)

    usual = {"target": MODEL, "rounds": 1, "max_tokens": 24, "checker": "none"}
    return engine().submit(PROMPT, RunSettings(**(usual | settings)), on_event=hear).wait(120), events


def notes(events: list[Any]) -> list[str]:
    return [event.note for event in events if isinstance(event, ev.PhaseEntered) and event.phase == "loading"]


@pytest.mark.parametrize("steerer", [MODEL, "hosted", "smol", "hosted/smol", None])
def test_a_run_takes_the_host_that_serves_its_model(runtime: Path, smollm: Entry, steerer: str | None) -> None:
    with HostProcess("--steerer", MODEL, "--name", "smol") as process:
        host = process.host
        run, events = solve(steerer=steerer)
        said = f"{MODEL} is served by the host at {host.address}."
        assert run.record.versions["hosts"] == said
        assert said in notes(events)
        assert run.record.models.steerer == MODEL
        # What suits the model here suits it there: scored choices, the limits of a local model.
        assert run.record.config.dialect == "mini"
        assert run.record.rounds[0].decision.confidence is not None
        assert run.record.usage.cost == 0.0
        assert read_run("last").record == run.record
        assert (look(host).served or 0) >= 3


def test_none_is_a_host_that_is_not_taken(runtime: Path, smollm: Entry) -> None:
    with HostProcess("--steerer", MODEL) as process:
        run, _ = solve(host="none")
        assert "hosts" not in run.record.versions
        assert look(process.host).served == 0


def test_the_next_run_finds_that_the_host_is_gone(runtime: Path, smollm: Entry) -> None:
    process = HostProcess("--steerer", MODEL).ready()
    run, _ = solve()
    assert "is served by" in run.record.versions["hosts"]
    process.signal(signal.SIGKILL)
    process.wait()
    run, _ = solve()
    assert "hosts" not in run.record.versions
    assert run.record.rounds[0].complete
    with pytest.raises(EndpointUnreachable, match="codesteer serve"):
        solve(steerer="hosted")


def test_a_run_goes_on_here_when_its_host_dies_on_the_way(runtime: Path, smollm: Entry) -> None:
    process = HostProcess("--steerer", MODEL).ready()
    address = process.host.address

    def kill(event: ev.Event) -> None:
        if isinstance(event, ev.RoundStarted) and process.process.poll() is None:
            process.signal(signal.SIGKILL)
            process.process.wait(10)

    run, events = solve(kill)
    process.wait()
    said = f"The host of smollm2-135m at {address} is gone; {MODEL} is loaded here instead."
    assert run.record.versions["hosts"] == said
    assert said in notes(events)
    assert run.record.rounds[0].complete
    assert run.record.rounds[0].answer.text
    assert read_run("last").record.versions["hosts"] == said


def test_an_address_that_does_not_answer_is_told(runtime: Path, smollm: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOST_URL, "http://127.0.0.1:9/v1")
    run, events = solve()
    assert "http://127.0.0.1:9/v1 does not answer" in run.record.versions["hosts"]
    assert any("Models are loaded here instead" in note for note in notes(events))
    assert running_hosts() == []
    with pytest.raises(BadInput, match="address"):
        solve(host="nonsense")
