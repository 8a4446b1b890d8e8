"""Values across the wall: inputs written for programs, exports read back, and how an input is told to a model."""

from __future__ import annotations

import keyword
import os
import shutil
import stat
import sys
from pathlib import Path
from typing import Any

import msgspec

from codesteer_kernel.errors import BadInput, CodeSteerError, ExecutorError, MissingDependency, UnknownName
from codesteer_kernel.executor.child import values
from codesteer_kernel.executor.child.capture import clean, shorten

__all__ = [
    "PROGRAM",
    "InputSummary",
    "check_file_name",
    "check_name",
    "copy_in",
    "read",
    "read_file",
    "summarise",
    "write",
]

MEGABYTE = 1024 * 1024
PROGRAM = "program.py"
"""The program itself lies under this name beside its files."""
_READ = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
"""How to open what a stranger made; the last is for Windows, which otherwise changes line ends."""
_COLUMNS = 40
_TEXT = 2000
_CELL = 80


def write(name: str, value: Any, folder: Path, cap_mb: int, *, pickle: bool = False) -> dict[str, Any]:
    """Write an input into ``folder``; returns what the supervisor needs to load it.

    ``pickle`` says to pickle it, whatever it is.

    Raises:
        BadInput: no safe format, or larger than ``cap_mb``.
        MissingDependency: pyarrow is needed.
    """
    large = _bytes(value)
    if large > cap_mb * MEGABYTE:
        raise _too_large(name, large, cap_mb)
    path = folder / "value"
    try:
        about = values.encode_pickle(value, str(path)) if pickle else values.encode(value, str(path))
    except values.Refused as error:
        raise BadInput(
            f"The input {name!r} cannot be passed: {error}.",
            "Pass plain data, a numpy array, or a pandas, polars or pyarrow table"
            + ("." if pickle else ", or say pickle=True."),
        ) from None
    except values.Missing as error:
        raise _missing(name, error) from None
    if path.stat().st_size > cap_mb * MEGABYTE:
        raise _too_large(name, path.stat().st_size, cap_mb)
    return {"about": about, "path": str(path)}


def read(name: str, told: Any, folder: Path, cap_mb: int) -> Any:
    """Read an export back. ``told`` and the file come from the program's side and are not trusted.

    Raises:
        UnknownName, BadInput, ExecutorError, MissingDependency: see :meth:`Executor.get`.
    """
    if not isinstance(told, dict):
        raise ExecutorError(f"The export of {name!r} is forged or damaged.")
    if told.get("missing"):
        raise UnknownName(f"The program ended without setting {name!r}.")
    if "refused" in told:
        raise BadInput(
            f"The value of {name!r} cannot come back: {clean(str(told['refused']))}.",
            "Let the program turn it into plain data, an array or a table.",
        )
    if "package" in told:
        raise _missing(name, told["package"])
    file, about = told.get("file"), told.get("about")
    if not (isinstance(file, str) and file.isdigit() and isinstance(about, dict)):
        raise ExecutorError(f"The export of {name!r} is forged or damaged.")
    data = _open_safely(f"export of {name!r}", folder / file, cap_mb)
    try:
        return values.decode(about, data, cap_mb * MEGABYTE)
    except values.Refused as error:
        raise ExecutorError(f"The export of {name!r} was refused: {error}.") from None
    except values.Missing as error:
        raise _missing(name, error) from None


def check_name(name: str) -> None:
    """Raise :class:`BadInput` unless ``name`` can be that of a variable."""
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name) or name.startswith("__"):
        raise BadInput(f"{name!r} cannot be the name of a variable.", "Use letters, digits and underscores.")


def check_file_name(name: str) -> None:
    """Raise :class:`BadInput` unless ``name`` is the plain name of a file, without folders, that any system takes."""
    plain = isinstance(name, str) and name.isprintable() and not set(name) & set('/\\:*?"<>|') and name == name.strip()
    if not plain or name in ("", ".", "..", PROGRAM) or len(os.fsencode(name)) > 200:
        raise BadInput(
            f"{name!r} cannot be the name of a program's file.", f"Use a plain name without folders, not {PROGRAM!r}."
        )


def copy_in(source: Path, target: Path, cap_mb: int) -> None:
    """Copy a file of the user's for programs to read.

    Raises:
        BadInput: no such file, or larger than ``cap_mb``.
    """
    try:
        if not stat.S_ISREG(source.stat().st_mode):
            raise BadInput(f"{str(source)!r} is not a file.")
        if source.stat().st_size > cap_mb * MEGABYTE:
            raise _too_large(source.name, source.stat().st_size, cap_mb)
        shutil.copyfile(source, target)
    except OSError as error:
        raise BadInput(f"The file {str(source)!r} cannot be read: {error.strerror}.") from None


def read_file(name: str, folder: Path, cap_mb: int) -> bytes:
    """The bytes of a file that a program left in ``folder``.

    Raises:
        UnknownName: there is none.
        BadInput: larger than ``cap_mb``.
        ExecutorError: not a plain file; links are not followed.
    """
    path = folder / name
    if not path.exists() and not path.is_symlink():
        raise UnknownName(f"The last program left no file {name!r}.")
    return _open_safely(f"file {name!r}", path, cap_mb)


def _open_safely(what: str, path: Path, cap_mb: int) -> bytes:
    """The bytes of a file that a stranger made: no link, no pipe, no device, no giant."""
    # Windows cannot refuse a link while opening; whoever could put one here since has ended.
    if path.is_symlink():
        raise ExecutorError(f"The {what} was refused: it is a link.")
    try:
        descriptor = os.open(path, _READ)
    except OSError as error:
        raise ExecutorError(f"The {what} was refused: {error.strerror}.") from None
    facts = os.fstat(descriptor)
    foreign = hasattr(os, "getuid") and facts.st_uid != os.getuid()
    if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1 or foreign:
        os.close(descriptor)
        raise ExecutorError(f"The {what} was refused: it is not a plain file of its own.")
    with os.fdopen(descriptor, "rb") as file:
        if facts.st_size > cap_mb * MEGABYTE:
            raise BadInput(
                f"The {what} has {facts.st_size / MEGABYTE:.0f} MB, more than the {cap_mb} MB allowed.",
                "Raise Limits(export_mb=...), or take a part of it.",
            )
        return file.read(cap_mb * MEGABYTE)


def _bytes(value: Any) -> int:
    """Bytes of an array or a table as far as it says so itself; 0 otherwise."""
    try:
        if type(value).__module__.startswith("pandas."):
            usage = value.memory_usage(index=True)
            return int(usage if isinstance(usage, int) else usage.sum())
        return int(getattr(value, "nbytes", 0))
    except (TypeError, ValueError, AttributeError):
        return 0


def _too_large(name: str, size: int, cap_mb: int) -> CodeSteerError:
    return BadInput(
        f"The input {name!r} has {size / MEGABYTE:.0f} MB, more than the {cap_mb} MB allowed.",
        "Raise Limits(input_mb=...), or pass a part of it.",
    )


def _missing(name: str, package: object) -> CodeSteerError:
    return MissingDependency(f"Passing {name!r} needs {package}.", "Install it with: pip install 'codesteer[data]'")


class InputSummary(msgspec.Struct, frozen=True):
    """What a model is told about a named input.

    Attributes:
        name: of the variable.
        type: qualified, for example ``pandas.DataFrame``.
        shape: rows and columns, extents of an array, or the length of a collection; empty for scalars.
        columns: column name and type, the first 40.
        sample: a few rows, or the value itself where it is short.
        text: all of it in a few lines, at most about 2,000 characters.
    """

    name: str
    type: str
    shape: list[int]
    columns: list[tuple[str, str]]
    sample: str
    text: str


def summarise(name: str, value: Any) -> InputSummary:
    """Describe ``value`` for a prompt: type, shape, columns, a few rows; bounded, whatever it holds."""
    kind = type(value)
    family = kind.__module__.partition(".")[0]
    label = kind.__name__ if family == "builtins" else f"{family}.{kind.__name__}"
    shape: list[int] = []
    columns: list[tuple[str, str]] = []
    if family in ("pandas", "polars", "pyarrow") and family in sys.modules and hasattr(value, "shape"):
        shape = [int(extent) for extent in value.shape]
        columns, sample = _table(value, family)
    elif family == "numpy" and "numpy" in sys.modules and hasattr(value, "dtype"):
        shape = [int(extent) for extent in value.shape]
        label = f"{label} of {value.dtype}"
        sample = str(value.ravel()[:8].tolist())[1:-1] + (", ..." if value.size > 8 else "") if shape else repr(value)
    elif isinstance(value, (list, tuple, set, frozenset, dict, str, bytes)):
        shape = [len(value)]
        sample = _start(value)
    else:
        sample = _brief(value)
    sample = clean(shorten(sample, _TEXT // 2))
    lines = [f"{name}: {label}" + (f", shape {' x '.join(map(str, shape))}" if shape else "")]
    if columns:
        more = (shape[1] if len(shape) > 1 else 1) - len(columns)
        listed = ", ".join(f"{column} ({held})" for column, held in columns)
        lines.append("columns: " + shorten(listed, _TEXT // 2) + (f", and {more} more" if more > 0 else ""))
    lines.append(("first rows:\n" if columns else "value: ") + sample)
    return InputSummary(name, label, shape, columns, sample, clean(shorten("\n".join(lines), _TEXT)))


def _table(value: Any, family: str) -> tuple[list[tuple[str, str]], str]:
    if family == "pyarrow":
        fields = [(str(field.name), str(field.type)) for field in list(value.schema)[:_COLUMNS]]
        return fields, "\n".join(_brief(row) for row in value.slice(0, 3).to_pylist())
    if len(value.shape) == 1:
        return [(str(value.name), str(value.dtype))], ", ".join(_brief(item) for item in value.head(5).to_list())
    names = list(value.columns)[:_COLUMNS]
    kinds = [str(kind) for kind in list(value.dtypes)[:_COLUMNS]]
    fields = [(shorten(str(name), _CELL), kind) for name, kind in zip(names, kinds, strict=True)]
    head = value.iloc[:3, :_COLUMNS] if family == "pandas" else value.head(3)[:, :_COLUMNS]
    rows = head.itertuples(index=False) if family == "pandas" else head.rows()
    lines = [" | ".join(name for name, _ in fields)]
    lines += [" | ".join(shorten(str(cell), _CELL).replace("\n", " ") for cell in row) for row in rows]
    return fields, "\n".join(lines)


def _start(value: Any) -> str:
    """The beginning of a collection, without making text of all of it."""
    if isinstance(value, (str, bytes)):
        return repr(value if len(value) <= _TEXT // 4 else value[: _TEXT // 4]) + (
            " ..." if len(value) > _TEXT // 4 else ""
        )
    items = []
    for place, item in enumerate(value):
        if place == 8:
            items.append("...")
            break
        items.append(f"{_brief(item)}: {_brief(value[item])}" if isinstance(value, dict) else _brief(item))
    left, right = "[]" if isinstance(value, list) else "()" if isinstance(value, tuple) else "{}"
    return left + ", ".join(items) + right


def _brief(value: Any) -> str:
    import reprlib

    short = reprlib.Repr()
    short.maxstring = short.maxother = short.maxlong = 2 * _CELL
    try:
        return str(short.repr(value))
    except Exception:  # noqa: BLE001 - a stranger's repr may raise anything
        return f"<{type(value).__name__}>"
