"""``codesteer doctor``: looks at everything a run needs and says what to do about what is missing.

With ``--attack`` it tries what generated programs are kept from: the attacks of :mod:`codesteer_kernel.attacks`, here.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Literal, NoReturn

import msgspec

from codesteer_kernel.config import available_memory, cache_dir, data_dir, default_threads, runtime_dir, writable
from codesteer_kernel.errors import BadInput, CodeSteerError

__all__ = ["Finding", "doctor", "examine", "report"]

State = Literal["ok", "note", "fault"]
ALL_TIERS = "all"
_LANES = max(2, min(4, os.cpu_count() or 2))
"""Attacks at once: most of their time is waiting."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing looked at: ``fault`` keeps the main job from working, ``note`` is worth knowing."""

    state: State
    subject: str
    found: str
    cure: str = ""


def doctor(words: Sequence[str]) -> int:
    """Run ``codesteer doctor`` with these words and print what it finds; returns 0 when nothing is wrong, else 1.

    Raises:
        BadInput: an option that there is not, an attack or a tier of no known name.
        ExecutorError: the tier cannot be had here.
    """
    parser = _Parser(prog="codesteer doctor", add_help=False, allow_abbrev=False)
    parser.add_argument("--attack", nargs="*", metavar="NAME")
    parser.add_argument("--tier", metavar="TIER")
    given = parser.parse_args(list(words))
    if given.attack is not None:
        return asyncio.run(_attack(given.attack, given.tier))
    if given.tier is not None:
        raise BadInput(
            "--tier says where attacks are tried.", "Write for example: codesteer doctor --attack --tier best"
        )
    findings = examine()
    print(report(findings))
    return 1 if any(one.state == "fault" for one in findings) else 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadInput(f"codesteer doctor: {message}.", "See codesteer help.")


async def _attack(names: Sequence[str], tier: str | None) -> int:
    """Try attacks in a tier, or in all that can be had, and print the outcomes."""
    from codesteer_kernel.attacks import Tried, attack_tier, chosen, outcome_table
    from codesteer_kernel.executor.tiers import TIERS, describe

    attacks = chosen(names)
    missing = {wall.name for wall, reason in describe() if reason}
    every = [each.name for each in TIERS if not each.walls & missing]
    tiers = every if tier == ALL_TIERS else [None if tier in (None, "best") else tier]
    tries: list[Tried] = []
    shown = sys.stderr.isatty()
    for one in tiers:
        done = 0
        async for tried in attack_tier(one, attacks, lanes=_LANES):
            tries.append(tried)
            done += 1
            if shown:
                line = f"{tried.tier}: {done} of {len(attacks)} attacks, {tried.attack.name}"
                print(f"\r\x1b[K{line[:100]}", end="", file=sys.stderr, flush=True)
    if shown:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    print(outcome_table(tries, each=bool(names)))
    return 1 if any(tried.broken for tried in tries) else 0


def examine() -> list[Finding]:
    """Look at everything; takes about a second (it starts a child kernel). Never raises."""
    findings: list[Finding] = []
    for look in (_python, _kernel, _front_ends, _folders, _memory, _models, _keys, _proxies, _limits, _executor):
        try:
            findings += look()
        except CodeSteerError as fault:
            findings.append(Finding(state="fault", subject=_subject(look), found=fault.message, cure=fault.cure))
        except Exception as fault:  # noqa: BLE001  # the doctor reports faults, also its own
            findings.append(Finding(state="fault", subject=_subject(look), found=f"{type(fault).__name__}: {fault}"))
    return findings


def report(findings: list[Finding]) -> str:
    """The findings as text, a line each, cures indented below."""
    marks = {"ok": "ok  ", "note": "note", "fault": "FAULT"}
    lines = []
    for one in findings:
        lines.append(f"{marks[one.state]:5} {one.subject}: {one.found}")
        if one.cure:
            lines.append(f"      {one.cure}")
    faults = sum(one.state == "fault" for one in findings)
    lines.append("Everything the main job needs is here." if not faults else f"{faults} fault(s) found.")
    return "\n".join(lines)


def _subject(look: Callable[[], object]) -> str:
    return look.__name__.strip("_").replace("_", " ")


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _python() -> Iterator[Finding]:
    yield Finding(state="ok", subject="python", found=f"{sys.version.split()[0]} at {sys.executable}")
    yield Finding(state="ok", subject="codesteer", found=_version("codesteer") or "from a source tree")


def _kernel() -> Iterator[Finding]:
    version = _version("ipykernel") or "0"
    major, minor = (int(part) for part in version.split(".")[:2])
    if (major, minor) >= (7, 4):
        yield Finding(state="ok", subject="ipykernel", found=f"{version}: Stop buttons work while a cell runs")
    else:
        yield Finding(
            state="note",
            subject="ipykernel",
            found=f"{version}: the Stop button is heard only after the cell; use the kernel's interrupt",
            cure="pip install --upgrade 'ipykernel>=7.4'",
        )


def _front_ends() -> Iterator[Finding]:
    if importlib.util.find_spec("codesteer_widgets") is None:
        yield Finding(state="fault", subject="widget", found="not installed", cure="pip install codesteer")
    else:
        from codesteer_widgets import is_built

        built = is_built()
        yield Finding(
            state="ok" if built else "note",
            subject="widget",
            found="built" if built else "not built: runs show as text while they go on",
            cure="" if built else "npm ci && npm run build (source tree only)",
        )
    extension = Path(sys.prefix) / "share/jupyter/labextensions/@codesteer/lab/package.json"
    if _version("jupyterlab") is None:
        yield Finding(state="note", subject="JupyterLab", found="not in this environment (fine for VS Code and shells)")
    elif extension.exists():
        yield Finding(state="ok", subject="JupyterLab extension", found="installed")
    else:
        yield Finding(
            state="note",
            subject="JupyterLab extension",
            found="not in this environment: finished runs show as HTML",
            cure="Install codesteer also where JupyterLab itself runs.",
        )


def _folders() -> Iterator[Finding]:
    for subject, folder in (("cache", cache_dir()), ("journal", data_dir())):
        writable(folder)
        yield Finding(state="ok", subject=subject, found=str(folder))
    yield Finding(state="ok", subject="runtime folder", found=str(runtime_dir()))


def _memory() -> Iterator[Finding]:
    available = available_memory()
    if available is None:
        yield Finding(state="note", subject="memory", found="this system does not tell how much is free")
        return
    free = available / 1e9
    yield Finding(
        state="ok" if free >= 2.5 else "note",
        subject="memory",
        found=f"{free:.1f} GB free, {default_threads()} thread(s) for local models",
        cure="" if free >= 2.5 else "Close something, or use local/qwen2.5-coder-0.5b.",
    )


def _models() -> Iterator[Finding]:
    from codesteer_kernel.models import list_models

    if importlib.util.find_spec("xllamacpp") is None:
        yield Finding(
            state="fault", subject="local runtime", found="xllamacpp is missing", cure="pip install xllamacpp"
        )
    for row in list_models():
        if row.default:
            here = bool(row.downloaded)
            yield Finding(
                state="ok" if here else "note",
                subject="embedded model",
                found=f"{row.name}{'' if here else ' is not downloaded yet; the first run does it'}",
                cure="" if here else "codesteer models pull",
            )


def _keys() -> Iterator[Finding]:
    from codesteer_kernel.models import list_models

    found = sorted({row.key_variable for row in list_models() if row.key_variable and row.key_present})
    # Names only: a value is never read here, let alone shown.
    yield Finding(state="ok", subject="keys", found=", ".join(found) or "none found (the embedded models need none)")


def _proxies() -> Iterator[Finding]:
    names = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE", "HF_ENDPOINT")
    found = [name for name in names if os.environ.get(name) or os.environ.get(name.lower())]
    yield Finding(state="ok", subject="network settings", found=", ".join(found) or "none")


def _limits() -> Iterator[Finding]:
    from codesteer_kernel.policy import policy

    rules = policy()
    if rules.files:
        found = "; ".join(rules.lines()) or "nothing"
        yield Finding(state="ok", subject="administrator", found=f"{', '.join(map(str, rules.files))} limits {found}")


def _executor() -> Iterator[Finding]:
    from codesteer_kernel.executor.tiers import FLOOR_VARIABLE, describe

    tier = asyncio.run(_probe())
    yield Finding(state="ok", subject="child kernel", found=f"works, isolation: {tier}")
    if sys.platform != "linux":
        yield Finding(
            state="note",
            subject="isolation",
            found="is tested on Linux only; what is said of it here was tried just now, and nothing more",
            cure="See docs/security.md, Platforms, for what this system is missing.",
        )
    for wall, missing in describe():
        if not missing:
            yield Finding(state="ok", subject=f"wall {wall.name}", found=f"stops {wall.stops}")
        elif wall.name != "bubblewrap" or "namespaces" not in tier:
            yield Finding(
                state="note",
                subject=f"wall {wall.name}",
                found=f"cannot be had ({missing}); it would stop {wall.stops}",
                cure=wall.cure,
            )
    if floor := os.environ.get(FLOOR_VARIABLE):
        yield Finding(state="ok", subject="isolation floor", found=f"{floor} ({FLOOR_VARIABLE})")


async def _probe() -> str:
    from codesteer_kernel.executor import open_executor

    async with open_executor(preload=(), spare=False) as executor:
        with contextlib.suppress(TimeoutError):
            result = await executor.run("print(6 * 7)", timeout=10)
            if result.status == "ok" and result.stdout.strip() == "42":
                return result.tier
    raise CodeSteerError("A child kernel started but did not run a program.", "Report it with this output.")
