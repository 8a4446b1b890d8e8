"""What data costs on its way into a program and back, against a pickle and a CSV through a pipe; and what loading costs.

    python -m benchmarks.data [--quick]

Frames of 10 MB, 100 MB and 1 GB (``--quick``: 1 and 10 MB). Each way is measured from the value in one process to the same
value in the other, where its last row is read. Starting the processes does not count, on either side; running a program
does, and is printed apart: it is most of what small frames cost. Ours copies twice each way, into a file and, coming back,
out of it: what a stranger may still hold open is not mapped. All run in turns. CSV over 100 MB is not waited for but scaled
from the size below.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import pickle
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.startup import printed
from codesteer_kernel.executor import Limits, open_executor, summarise

SIZES = (10, 100, 1000)
QUICK = (1, 10)
LARGEST_CSV = 100
ROWS = 10_000_000

# The other end of a pipe: reads a frame, says so, writes it back. The form is its argument.
_PEER = """
import io, pickle, struct, sys
import pandas as pd
read, write = sys.stdin.buffer, sys.stdout.buffer
write.write(b"!"); write.flush()
while head := read.read(8):
    data = read.read(struct.unpack("!Q", head)[0])
    frame = pickle.loads(data) if sys.argv[1] == "pickle" else pd.read_csv(io.BytesIO(data))
    frame.iloc[-1].sum()
    write.write(b"!"); write.flush(); read.read(1)
    back = pickle.dumps(frame, 5) if sys.argv[1] == "pickle" else frame.to_csv(index=False).encode()
    write.write(struct.pack("!Q", len(back))); write.write(back); write.flush()
"""

_LOADED = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
before = set(sys.modules)
shell.run_line_magic("load_ext", "codesteer")
heavy = ("torch", "transformers", "anthropic", "openai", "pandas", "numpy")
print(json.dumps([len(set(sys.modules) - before), [name for name in heavy if name in sys.modules and name not in before]]))
"""
_LOAD = """
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
start = time.perf_counter()
shell.run_line_magic("load_ext", "codesteer")
print(time.perf_counter() - start)
"""

Ways = tuple[float, float]


def frame_of(megabytes: int) -> pd.DataFrame:
    """A frame of ten columns of numbers."""
    rows = megabytes * 1_000_000 // 80
    return pd.DataFrame(np.random.default_rng(5).standard_normal((rows, 10)), columns=[f"c{n}" for n in range(10)])


def through_pipe(form: str, frame: pd.DataFrame) -> Ways:
    """Seconds in and out by a pipe."""
    dump: Callable[[Any], bytes] = (lambda one: pickle.dumps(one, 5)) if form == "pickle" else _to_csv
    load: Callable[[bytes], Any] = pickle.loads if form == "pickle" else (lambda data: pd.read_csv(io.BytesIO(data)))
    command = [sys.executable, "-c", _PEER, form]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as peer:
        write, read = peer.stdin, peer.stdout
        assert write is not None
        assert read is not None
        read.read(1)
        start = time.perf_counter()
        data = dump(frame)
        write.write(struct.pack("!Q", len(data)))
        write.write(data)
        write.flush()
        read.read(1)
        middle = time.perf_counter()
        write.write(b"!")
        write.flush()
        back = load(read.read(struct.unpack("!Q", read.read(8))[0]))
        back.iloc[-1].sum()
        end = time.perf_counter()
        write.close()
    return middle - start, end - middle


def _to_csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()


async def through_us(frame: pd.DataFrame, megabytes: int) -> Ways:
    """Seconds in and out by the executor, a program each."""
    room = 2 * megabytes + 100
    limits = Limits(input_mb=room, export_mb=room, file_mb=room, directory_mb=2 * room, memory_mb=6 * room)
    async with open_executor(limits=limits, spare=False) as executor:
        await executor.put("warm", frame.head(1))
        await executor.run("warm.sum()")
        start = time.perf_counter()
        await executor.put("frame", frame)
        await executor.run("frame.iloc[-1].sum()")
        middle = time.perf_counter()
        result = await executor.run("pass", export=("frame",))
        back = await executor.get("frame")
        end = time.perf_counter()
        assert result.ok, result.stderr
        assert len(back) == len(frame)
    return middle - start, end - middle


async def empty_program() -> float:
    """Seconds of a program that does nothing."""
    async with open_executor(spare=False) as executor:
        times = []
        for _ in range(5):
            start = time.perf_counter()
            await executor.run("pass")
            times.append(time.perf_counter() - start)
    return min(times)


def exchange(megabytes: int, runs: int, below: Ways | None) -> Ways:
    """Measure one size and print it; returns what CSV took."""
    frame = frame_of(megabytes)
    ours, pickled, csv = [], [], []
    for _ in range(runs):
        ours.append(asyncio.run(through_us(frame, megabytes)))
        pickled.append(through_pipe("pickle", frame))
        if megabytes <= LARGEST_CSV and not csv:
            csv.append(through_pipe("csv", frame))
    scaled = "" if csv else " (CSV scaled)"
    if not csv:
        assert below is not None
        csv.append((below[0] * megabytes / LARGEST_CSV, below[1] * megabytes / LARGEST_CSV))
    for place, way in enumerate(("in", "out")):
        us, pipe, text = (min(times[place] for times in found) for found in (ours, pickled, csv))
        print(
            f"{megabytes:5} MB {way:3}  ours {us * 1e3:8.0f} ms   pickle {pipe * 1e3:8.0f} ms   CSV {text * 1e3:9.0f} ms"
            f"   ours takes {us / pipe:5.2f} of pickle's time, {us / text:6.3f} of CSV's{scaled}",
            flush=True,
        )
    return csv[0]


def summary(rows: int, runs: int) -> None:
    """Time the summary of a long frame of mixed columns."""
    chance = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "n": np.arange(rows),
            "x": np.where(chance.random(rows) < 0.1, np.nan, chance.standard_normal(rows)),
            "when": pd.date_range("2020", periods=rows, freq="s"),
            "city": pd.Categorical.from_codes(chance.integers(0, 3, rows), ["Lima", "Oslo", "Rome"]),
            "id": pd.Series(np.arange(rows)).astype(str),
        }
    )
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        told = summarise("frame", frame)
        times.append(time.perf_counter() - start)
    print(f"summary of {rows:,} rows x {frame.shape[1]}: first {times[0] * 1e3:.0f} ms, best {min(times) * 1e3:.0f} ms")
    print(f"  {len(told.text)} characters: {told.text.splitlines()[1]}")


def loading(runs: int) -> None:
    """Time ``%load_ext codesteer`` in a shell that is there, and count what it loads."""
    times = sorted(printed(_LOAD) for _ in range(runs))
    done = subprocess.run([sys.executable, "-c", _LOADED], check=True, capture_output=True, text=True)
    count, heavy = json.loads(done.stdout)
    print(
        f"%load_ext codesteer: {times[len(times) // 2] * 1e3:.0f} ms (median of {runs}), {count} modules, "
        f"heavy ones: {', '.join(heavy) or 'none'}"
    )


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small frames only")
    quick = parser.parse_args().quick
    runs = 2 if quick else 3
    loading(3 if quick else 7)
    summary(ROWS // 10 if quick else ROWS, runs)
    print(f"an empty program: {asyncio.run(empty_program()) * 1e3:.0f} ms, part of each way of ours below")
    below: Ways | None = None
    for size in QUICK if quick else SIZES:
        below = exchange(size, runs if size < 500 else 1, below)


if __name__ == "__main__":
    main()
