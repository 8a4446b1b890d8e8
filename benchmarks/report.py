"""Every benchmark in one run, as a page: ``docs/performance.md``.

    python -m benchmarks [--only NAME...] [--out PAGE]

A benchmark is a module of this folder that is run as ``python -m benchmarks.NAME``; what it measures is what its own text
says, first of all in its first sentence. One that fails, or takes longer than an hour, is shown as failed, and the others
go on. Lines of its output that hold a ratio (``3.1 x``) stand above the whole of it. With ``--only`` the figures of the
others stay on the page as they are, and those measured anew say when.
"""

from __future__ import annotations

import ast
import datetime as dt
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

__all__ = ["BENCHMARKS", "NO_BENCHMARKS", "Outcome", "hardware", "measure", "page", "purpose"]

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"
LIMIT_S = 3600.0
BENCHMARKS = (
    "startup",
    "executor",
    "executor_leaks",
    "models",
    "embedded",
    "serving",
    "engine",
    "endurance",
    "loop",
    "store",
    "data",
    "symbolic",
    "view",
    "symbench",
    "lab",
    "vscode",
)
"""In the order of the page."""

NO_BENCHMARKS = {"__init__", "__main__", "report", "symbolic_programs"}
"""Modules that measure nothing: this page, and what collects programs for a labelled set."""

_RATIO = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?\s?(?:x|times)\b", re.IGNORECASE)
_MOST_RATIOS = 40
_MOST_LINES = 400


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one benchmark printed; ``code`` is its exit code, None where it was stopped for the time that it took."""

    name: str
    seconds: float
    code: int | None
    output: str
    faults: str = ""


def purpose(name: str, root: Path = ROOT) -> str:
    """The text of a benchmark on itself: what it measures, without its command."""
    tree = ast.parse((root / "benchmarks" / f"{name}.py").read_text(encoding="utf-8"))
    paragraphs = (ast.get_docstring(tree) or "").split("\n\n")
    return "\n\n".join(part for part in paragraphs if not part.startswith("    "))


def measure(name: str, *, limit: float = LIMIT_S, command: Sequence[str] | None = None) -> Outcome:
    """Run a benchmark to its end, or to the ``limit`` in seconds; ``command`` runs in its place, for tests."""
    given = list(command or (sys.executable, "-m", f"benchmarks.{name}"))
    began = time.monotonic()
    code: int | None
    try:
        done = subprocess.run(
            given, cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=limit, check=False
        )
        code, output, faults = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as late:
        code, output, faults = None, _text(late.stdout), _text(late.stderr)
    return Outcome(name=name, seconds=time.monotonic() - began, code=code, output=output, faults=faults)


def hardware() -> list[str]:
    """What the figures were measured on, a line each."""
    lines = [f"Processor: {_processor()}, {os.cpu_count()} logical cores"]
    memory = _first(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo"))
    lines += [f"Memory: {int(memory) / 1e6:.0f} GB"] if memory else []
    lines += [f"GPU: {_gpu()}"]
    lines += [f"System: {platform.system()} {platform.release()}, Python {platform.python_version()}"]
    return [*lines, f"Load before the first benchmark: {_load()}"]


def _load() -> str:
    """The load average of the last minute."""
    asked = getattr(os, "getloadavg", None)
    return f"{asked()[0]:.2f}" if asked else "unknown"


def page(
    outcomes: Iterable[Outcome],
    surroundings: Iterable[str],
    *,
    when: dt.datetime,
    commit: str,
    older: str = "",
) -> str:
    """The page, in Markdown; ``older`` is one on which the benchmarks not among ``outcomes`` stay as they are."""
    shown = {one.name: one for one in outcomes}
    measured = [f"- {line}" for line in surroundings] if shown else []
    rows, sections, first = _kept(older)
    at = f"Measured {when:%Y-%m-%d %H:%M} UTC at {commit}."
    anew = f"{at} Load before: {_load()}." if first else ""
    lines = [
        "# Performance",
        "",
        "Written by `make bench`, every benchmark of `benchmarks/` in one run; what was measured again later says when. Ratios to",
        "peers are measured side by side: they hold on other machines better than times do. To measure one: `python -m benchmarks.NAME`.",
        "",
        *(first or ([at, "", *measured] if measured else ["Nothing was measured yet."])),
        "",
        "| benchmark | what it measures | took | ended |",
        "|---|---|---|---|",
    ]
    for name in BENCHMARKS:
        told = purpose(name).split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
        one = shown.get(name)
        if one is None and name in rows:
            lines.append(rows[name])
            continue
        took = f"{one.seconds:.0f} s" if one else ""
        linked = f"[{name}](#bench-{name})" if one else name
        lines.append(f"| {linked} | {told} | {took} | {_ended(one)} |")
    for name in BENCHMARKS:
        if one := shown.get(name):
            lines += _section(one, anew)
        elif name in sections:
            lines += ["", f"(bench-{name})=", *sections[name]]
    return "\n".join(lines) + "\n"


def _kept(older: str) -> tuple[dict[str, str], dict[str, list[str]], list[str]]:
    """Of an older page: rows of its table and sections by name, and what it says of where and when it was measured."""
    above, *parts = re.split(r"^\(bench-(\w+)\)=\n", older, flags=re.MULTILINE)
    sections = {name: body.rstrip().splitlines() for name, body in zip(parts[::2], parts[1::2], strict=True)}
    lines = above.splitlines()
    rows = {name: line for name in sections for line in lines if line.startswith(f"| [{name}](#bench-{name}) |")}
    begun = next((place for place, line in enumerate(lines) if line.startswith("Measured ")), None)
    ended = next((place for place, line in enumerate(lines) if line.startswith("| benchmark |")), 0)
    return rows, sections, lines[begun : ended - 1] if begun is not None else []


def _section(one: Outcome, anew: str) -> list[str]:
    lines = [
        "",
        f"(bench-{one.name})=",
        f"## {one.name}",
        "",
        purpose(one.name),
        "",
        f"`python -m benchmarks.{one.name}`: {_ended(one)}.{f' {anew}' if anew else ''}",
    ]
    ratios = [line.rstrip() for line in one.output.splitlines() if _RATIO.search(line)][:_MOST_RATIOS]
    if ratios:
        lines += ["", "Ratios:", "", *_fenced(ratios)]
    printed = one.output.rstrip().splitlines()
    if len(printed) > _MOST_LINES:
        half = _MOST_LINES // 2
        printed = [*printed[:half], f"... {len(printed) - 2 * half} lines ...", *printed[-half:]]
    lines += ["", "All that it printed:", "", *_fenced(printed or ["(nothing)"])]
    if one.code != 0 and one.faults.strip():
        lines += ["", "And on its error stream, at the end:", "", *_fenced(one.faults.rstrip().splitlines()[-20:])]
    return lines


def _fenced(lines: Iterable[str]) -> list[str]:
    text = [line.replace(str(ROOT), ".") for line in lines]
    longest = max((len(run) for line in text for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *text, fence]


def _ended(one: Outcome | None) -> str:
    if one is None:
        return "not run"
    if one.code is None:
        return "**stopped**: it took too long"
    return "well" if one.code == 0 else f"**failed** (exit code {one.code})"


def _text(raw: str | bytes | None) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw or ""


def _processor() -> str:
    return _first(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo")) or platform.processor() or platform.machine()


def _first(pattern: str, path: Path) -> str:
    try:
        found = re.search(pattern, path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""
    return found[1].strip() if found else ""


def _gpu() -> str:
    if not shutil.which("nvidia-smi"):
        return "none"
    asked = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return ", ".join(done.stdout.split("\n")).strip(", ") if done.returncode == 0 else "none"


def commit() -> str:
    """The commit of the checkout, marked where it has changes."""
    asked = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else "no commit"


def report(names: Sequence[str], path: Path, tell: Callable[[str], None] = print) -> int:
    """Run the benchmarks called ``names`` and write the page after each; returns how many failed.

    Where they are not all, and the page is of the same machine, the others stay on it.
    """
    surroundings, when, at = hardware(), dt.datetime.now(dt.UTC), commit()
    older = path.read_text(encoding="utf-8") if path.exists() and set(names) < set(BENCHMARKS) else ""
    if not all(f"- {line}" in older for line in surroundings[:-1]):
        older = ""
    outcomes: list[Outcome] = []
    for name in names:
        tell(f"{name} ...")
        outcomes.append(measure(name))
        tell(f"{name}: {_ended(outcomes[-1])}, {outcomes[-1].seconds:.0f} s")
        path.write_text(page(outcomes, surroundings, when=when, commit=at, older=older), encoding="utf-8")
    return sum(one.code != 0 for one in outcomes)
