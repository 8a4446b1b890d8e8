"""The history that all notebooks and shells of a user share, also when a kernel dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from codesteer_kernel.store import Store
from tests.magics.notebook import RUN, Notebook
from tests.run.scripts import model, program, say, script, two_rounds
from tests.scripted import Reply, serving_in_thread

pytestmark = pytest.mark.kernel
PROMPT = "What is the sum of the squares of 1 to 10?"


@pytest.fixture
def notebooks(home: Path) -> Iterator[tuple[Notebook, Notebook]]:
    """Two notebooks of one user, with a history of their own."""
    pair = (Notebook(), Notebook())
    try:
        for one in pair:
            one.run("%load_ext codesteer\n%config CodeSteer.live = 'text'")
        yield pair
    finally:
        for one in pair:
            one.close()


def shell(*words: str) -> str:
    command = [sys.executable, "-m", "codesteer_kernel.cli", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def test_a_run_whose_kernel_died_is_lost_with_what_it_had_and_listed_everywhere(
    notebooks: tuple[Notebook, Notebook],
) -> None:
    dying, living = notebooks
    hanging = script(
        [say("code"), say("refine", "Again.")],
        [program("print(55)"), Reply("half of a long word of mine", delay=0.1, hang_after=6)],
    )
    with serving_in_thread(hanging) as server:
        pid = int(dying.run("import os; print(os.getpid())").stdout)
        cell = dying.start(f"%%codesteer --target {model(server)}\nHow many squares are there?")
        dying.until(cell, lambda: len(server.requests) == 5 and server.requests[-1].pieces_sent == 6)
        dying.until(cell, lambda: "half of" in Store().load("last").rounds[-1].answer.text)
        assert " running " in shell("runs"), "a run that goes on in another process is one"
        os.kill(pid, signal.SIGKILL)
    with serving_in_thread(two_rounds()) as server:
        living.run(f"%%codesteer --target {model(server)}\n{PROMPT}")
    with serving_in_thread(two_rounds()) as server:
        shell("solve", "--quiet", "--target", model(server), f"In a shell: {PROMPT}")
    listed = [row.status for row in Store().rows()]
    assert listed == ["done", "done", "lost"]
    lost = Store().rows()[-1].id
    # The same list, in a shell and in a notebook that knows nothing of the others.
    text = shell("runs")
    assert living.run("%codesteer runs").stdout == text
    lines = text.splitlines()
    assert ["In a shell: " in lines[1], PROMPT in lines[2], "How many squares" in lines[3]] == [True, True, True]
    assert lines[3].split()[:3] == [lost, "lost", "2"]
    # What it had: the whole first round, and of the second as far as it came.
    shown = shell("show", lost)
    for part in ("55", "the sum is 385", "Again.", "half", "went away"):
        assert part in shown
    drawn = living.run(f"%codesteer show {lost[:-2]}")
    assert drawn.run["status"] == "lost"
    assert [one["result"] for one in drawn.run["rounds"]] == ["55", ""]
    assert "went away" in drawn.outputs[0]["text/html"]


def test_a_lost_run_can_be_asked_again_and_gone_on_from(notebooks: tuple[Notebook, Notebook]) -> None:
    dying, living = notebooks
    with serving_in_thread(script([say("text")], [Reply("one two three", hang_after=2)])) as server:
        pid = int(dying.run("import os; print(os.getpid())").stdout)
        cell = dying.start(f"%%codesteer --target {model(server)} --seed 9\n{PROMPT}")
        dying.until(cell, lambda: len(server.requests) == 2 and server.requests[-1].pieces_sent == 2)
        os.kill(pid, signal.SIGKILL)
        lost = Store().rows()[0].id
    with serving_in_thread([*two_rounds(), *two_rounds()]) as server:
        again = living.run(f"%codesteer rerun {lost} --target {model(server)}")
        follow = living.run(f"%%codesteer --continue {lost} --target {model(server)}\nAnd the cubes?")
    assert (again.run["question"]["prompt"], again.run["config"]["seed"]) == (PROMPT, 9)
    assert follow.run["question"]["follows"] == lost
    assert PROMPT in follow.run["question"]["context"]
    assert RUN in follow.outputs[0]
