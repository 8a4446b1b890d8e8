"""Data files of a shell's ``--in`` as values: a table becomes a frame, whatever is no data stays a file.

A notebook has variables, a shell has files: ``--in orders.csv`` is the frame ``orders``, ``--in sales=2026/q1.parquet`` the
frame ``sales``. Nothing is fetched and nothing is unpickled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from codesteer_kernel.errors import BadInput, MissingDependency, UnknownName, nearest

__all__ = ["read_inputs"]

_PACKED = {".gz", ".bz2", ".xz", ".zst"}
_NAMED = re.compile(r"([^\W\d]\w*)=(.+)")


def read_inputs(words: Iterable[str]) -> dict[str, Any]:
    """The values of ``PATH`` and ``NAME=PATH``, by name: that of the file without its ending, made an identifier.

    csv, tsv (also packed as gz, bz2, xz, zst), parquet, feather and xlsx (a frame for each sheet) are read into pandas
    frames, json and jsonl too where they hold rows, npy into an array, txt and md into text. Any other file is passed as
    it is, and programs find it under its own name.

    Raises:
        UnknownName: there is no such file.
        BadInput: it cannot be read as what its ending says, or two inputs have one name.
        MissingDependency: pandas, or what it reads this kind of file with, is not installed.
    """
    found: dict[str, Any] = {}
    for word in words:
        named = _NAMED.fullmatch(word)
        path = Path(named[2] if named and not Path(word).exists() else word).expanduser()
        if not path.is_file():
            near = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
            raise UnknownName(f"--in names {str(path)!r}, which is no file.", nearest(path.name, near))
        for name, value in _values(path, named[1] if named else "").items():
            if name in found:
                raise BadInput(f"Two inputs have the name {name!r}.", f"Name one of them yourself: --in NAME={path}")
            found[name] = value
    return found


def _values(path: Path, wanted: str) -> dict[str, Any]:
    """What a file gives, by name."""
    stem = path.with_suffix("") if path.suffix in _PACKED else path
    read = _READERS.get(stem.suffix.lower())
    if read is None:
        return {wanted or path.name: path.absolute()}
    name = wanted or _identifier(stem.stem)
    try:
        value = read(path)
    except ImportError:
        needed = _missing(stem.suffix.lower())
        raise MissingDependency(f"{path.name} cannot be read without {needed}.", f"Run: pip install {needed}") from None
    except Exception as fault:  # noqa: BLE001 - the readers of other packages raise what they like
        told = (str(fault).strip() or type(fault).__name__).splitlines()[0].rstrip(".")
        raise BadInput(f"{path} cannot be read as {stem.suffix[1:]}: {told}.") from None
    if stem.suffix.lower() == ".xlsx":
        sheets = {_identifier(f"{name}_{sheet}"): frame for sheet, frame in value.items()}
        return sheets if len(sheets) > 1 else {name: next(iter(value.values()))}
    return {name: value}


def _missing(ending: str) -> str:
    """The package that a file of this ending waits for."""
    try:
        import pandas as pd  # noqa: F401
    except ImportError:
        return "numpy" if ending == ".npy" else "pandas"
    return "openpyxl" if ending == ".xlsx" else "pyarrow"


def _identifier(text: str) -> str:
    name = re.sub(r"\W", "_", text)
    return f"_{name}" if not name or name[0].isdigit() else name


def _csv(path: Path) -> Any:
    import pandas as pd

    return pd.read_csv(path)


def _tsv(path: Path) -> Any:
    import pandas as pd

    return pd.read_csv(path, sep="\t")


def _parquet(path: Path) -> Any:
    import pandas as pd

    return pd.read_parquet(path)


def _feather(path: Path) -> Any:
    import pandas as pd

    return pd.read_feather(path)


def _xlsx(path: Path) -> Any:
    import pandas as pd

    return pd.read_excel(path, sheet_name=None)


def _npy(path: Path) -> Any:
    import numpy as np

    return np.load(path, allow_pickle=False)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _json(path: Path) -> Any:
    return _framed(json.loads(_text(path)))


def _jsonl(path: Path) -> Any:
    return _framed([json.loads(line) for line in _text(path).splitlines() if line.strip()])


def _framed(value: Any) -> Any:
    """Rows as a frame; anything else as it is."""
    if not (isinstance(value, list) and value and all(isinstance(row, dict) for row in value)):
        return value
    import pandas as pd

    return pd.DataFrame(value)


_READERS: dict[str, Callable[[Path], Any]] = {
    ".csv": _csv,
    ".tsv": _tsv,
    ".parquet": _parquet,
    ".feather": _feather,
    ".arrow": _feather,
    ".xlsx": _xlsx,
    ".npy": _npy,
    ".json": _json,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".txt": _text,
    ".md": _text,
}
