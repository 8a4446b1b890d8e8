"""The notebook goes away in the middle of a run: kernel restarted, notebook closed; and two notebooks at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from codesteer_kernel.executor.child.processes import descendants
from codesteer_kernel.store import Store
from tests.magics.notebook import Notebook
from tests.run.scripts import model, program, say, script, two_rounds
from tests.scripted import Reply, ScriptedServer, serving_in_thread

pytestmark = pytest.mark.kernel
PROMPT = "What is the sum of the squares of 1 to 10?"


@pytest.fixture
def notebook() -> Iterator[Notebook]:
    """A notebook of the test's own: it does not survive it."""
    made = Notebook()
    try:
        made.run("%load_ext codesteer", seconds=200)
        yield made
    finally:
        made.close()


def until(holds: Callable[[], Any], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)


def hanging() -> list[Reply | str]:
    """One round that works, and a second answer that does not end."""
    return script(
        [say("code"), say("refine", "Again.")], [program("print(55)"), Reply("word " * 60, delay=0.02, hang_after=40)]
    )


def begin(notebook: Notebook, server: ScriptedServer) -> set[int]:
    """A run that hangs in its second round; returns every process that there is of the notebook's."""
    cell = notebook.start(f"%%codesteer --target {model(server)} --checker none\n{PROMPT}")
    notebook.until(cell, lambda: server.requests and server.requests[-1].pieces_sent == 40, seconds=200)
    return set(descendants(os.getpid()))


def alive(pids: set[int]) -> set[int]:
    """Those that still run; a zombie does not."""
    found = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            found.add(pid)
    return found


def assert_kept_as_lost() -> None:
    record = Store().load("last")
    assert record.status == "lost"
    assert record.rounds[0].result == "55", "the round that was done is kept"
    assert record.rounds[1].answer.text.startswith("word word"), "and of the other one what had been seen"


def test_a_kernel_that_is_restarted_leaves_the_rounds_and_no_process(notebook: Notebook) -> None:
    with serving_in_thread(hanging()) as server:
        before = begin(notebook, server)
        notebook._manager.restart_kernel(now=True)
        until(lambda: not alive(before))
        until(lambda: server.requests[-1].disconnected)
        assert_kept_as_lost()
        notebook.client.wait_for_ready(timeout=200)
    with serving_in_thread(two_rounds()) as server:
        notebook.run("%load_ext codesteer", seconds=200)
        cell = notebook.run(f"%%codesteer --target {model(server)}\n{PROMPT}", seconds=200)
    assert cell.run["answer"]["text"] == "385", "the restarted kernel steers"


def test_a_notebook_that_is_closed_leaves_the_rounds_and_no_process(notebook: Notebook) -> None:
    with serving_in_thread(hanging()) as server:
        before = begin(notebook, server)
        notebook.client.stop_channels()
        notebook._manager.shutdown_kernel()
        until(lambda: not alive(before))
        until(lambda: server.requests[-1].disconnected)
    record = Store().load("last")
    # Asked to end, the kernel has time to stop the run; killed, it has not.
    assert record.status in ("stopped", "lost")
    assert record.rounds[0].result == "55"


def test_a_front_end_that_goes_away_does_not_stop_the_run(notebook: Notebook) -> None:
    replies = script([say("code"), say("return")], [Reply(program("print(55)"), delay=0.02)])
    with serving_in_thread(replies) as server:
        cell = notebook.start(f"%%codesteer --target {model(server)} --checker none\n{PROMPT}")
        notebook.until(cell, lambda: len(server.requests) > 1, seconds=200)
        notebook.client.stop_channels()
        until(lambda: Store().rows() and Store().rows()[0].status == "done")
    assert Store().load("last").answer.text == "55"


_SCRIPT = """
import json, sys, codesteer
runs = [codesteer.solve(sys.argv[2], target=sys.argv[1]) for _ in range(int(sys.argv[3]))]
print(json.dumps([[run.id, run.status, run.answer] for run in runs]))
"""


def test_two_notebooks_at_once_do_not_get_in_each_others_way() -> None:
    def answer(request: Any) -> Reply | str:
        if "You steer another model" in request.system:
            return say("return" if "Round 1" in request.last_user else "code")
        if "check(answer" in request.last_user:
            return "```python\ndef check(answer):\n    return int(answer) == 385, 'the sum'\n```"
        return program("print(sum(n * n for n in range(1, 11)))")

    with serving_in_thread(answer) as server:
        command = [sys.executable, "-c", _SCRIPT, model(server), PROMPT, "3"]
        both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        told = [one.communicate(timeout=280) for one in both]
    assert [one.returncode for one in both] == [0, 0], told
    runs = [run for out, _ in told for run in json.loads(out.splitlines()[-1])]
    assert len({run[0] for run in runs}) == 6
    assert {tuple(run[1:]) for run in runs} == {("done", "385")}
    assert {row.id for row in Store().rows()} == {run[0] for run in runs}, "the list of one has the runs of both"
