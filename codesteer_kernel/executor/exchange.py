"""Values across the wall: inputs written for programs, exports read back."""

from __future__ import annotations

import keyword
import os
import shutil
import stat
from pathlib import Path
from typing import Any

from codesteer_kernel.errors import BadInput, CodeSteerError, ExecutorError, MissingDependency, UnknownName
from codesteer_kernel.executor.child import values
from codesteer_kernel.executor.child.capture import clean
from codesteer_kernel.executor.pictures import Chart, Picture

__all__ = ["PROGRAM", "check_file_name", "check_name", "copy_in", "missing", "read", "read_file", "write"]

MEGABYTE = 1024 * 1024
PROGRAM = "program.py"
"""The program itself lies under this name beside its files."""
_READ = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
"""How to open what a stranger made; the last is for Windows, which otherwise changes line ends."""
_OF_THE_EXTRA = ("pyarrow", "pandas", "cloudpickle")


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
    if isinstance(value, Picture):
        value = bytes(value)
    try:
        about = values.encode_pickle(value, str(path)) if pickle else values.encode(value, str(path))
    except values.Refused as error:
        raise BadInput(
            f"The input {name!r} cannot be passed: {error}.",
            "Pass plain data, a numpy array, or a pandas, polars or pyarrow table"
            + ("." if pickle else ", or say pickle=True."),
        ) from None
    except values.Missing as error:
        raise missing(name, error) from None
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
        raise missing(name, told["package"])
    file, about = told.get("file"), told.get("about")
    if not (isinstance(file, str) and file.isdigit() and isinstance(about, dict)):
        raise ExecutorError(f"The export of {name!r} is forged or damaged.")
    data = _open_safely(f"export of {name!r}", folder / file, cap_mb)
    try:
        value = values.decode(about, memoryview(data), cap_mb * MEGABYTE)
    except values.Refused as error:
        raise ExecutorError(f"The export of {name!r} was refused: {error}.") from None
    except values.Missing as error:
        raise missing(name, error) from None
    if about["format"] == "png":
        return Picture(value)
    return Chart(value) if about["format"] == "chart" else value


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
    return bytes(_open_safely(f"file {name!r}", path, cap_mb))


def _open_safely(what: str, path: Path, cap_mb: int) -> bytearray:
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
                "Raise it with --out-max MB (Limits(export_mb=...)), or take a part of it.",
            )
        data = bytearray(facts.st_size)
        del data[file.readinto(data) :]
        return data


def _bytes(value: Any) -> int:
    """Bytes of an array or a table as far as it says so itself; 0 otherwise."""
    try:
        if type(value).__module__.startswith("pandas."):
            usage = value.memory_usage(index=True)
            return int(usage if isinstance(usage, int) else usage.sum())
        if hasattr(value, "estimated_size"):  # polars
            return int(value.estimated_size())
        return int(getattr(value, "nbytes", 0))
    except (TypeError, ValueError, AttributeError):
        return 0


def _too_large(name: str, size: int, cap_mb: int) -> CodeSteerError:
    return BadInput(
        f"The input {name!r} has {size / MEGABYTE:.0f} MB, more than the {cap_mb} MB allowed.",
        "Raise it with --in-max MB (Limits(input_mb=...)), or pass a part of it.",
    )


def missing(name: str, package: object) -> CodeSteerError:
    """The error for a value whose transport needs a package that is not there."""
    wanted = "'codesteer[data]'" if str(package).startswith(_OF_THE_EXTRA) else f"{package}"
    return MissingDependency(f"Passing {name!r} needs {package}.", f"Install it with: pip install {wanted}")
