"""How an input is told to a model: type, shape, columns, ranges, a few rows. Bounded in size and in time.

Facts are read from at most 10,000 rows, fewer of wide tables, spread over the whole; where those are not all rows, they
say ``about``.
"""

from __future__ import annotations

import csv
import itertools
import math
import re
import reprlib
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import Any

import msgspec

from codesteer_kernel.errors import BadInput, UnknownName, nearest
from codesteer_kernel.executor.child.capture import clean, shorten

__all__ = ["InputSummary", "Showing", "check_hidden", "summarise", "without_hidden"]

_ROWS = 10_000
_CELLS = 100_000
_TEXT_ROWS = 1_000
"""Of texts fewer rows are read: each may be long."""
_COLUMNS = 40
_PERIODS = 2 * 3 * 5 * 7 * 11 * 13 * 31
_FACTS = 950
_LINE = 240
_TEXT = 2000
_CELL = 80
_HEAD = 64 * 1024
"""Bytes of a file that are looked at."""
_FEW = 5
"""So many different texts are listed; a column with more has no list."""

_SHORT_TYPE = re.compile(r"u?int|float|double|half|bool|date|time|duration|decimal", re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?[\d.,]+(e[-+]?\d+)?|", re.IGNORECASE)


class Showing(msgspec.Struct, frozen=True, kw_only=True):
    """What of the inputs models may see.

    Attributes:
        schema_only: names and types alone, no value.
        hide: patterns (``*`` and ``?``, in any case) of columns, index levels and keys of dictionaries, of which models
            see the name and the type; also as ``input.column``.
    """

    schema_only: bool = False
    hide: tuple[str, ...] = ()

    def hides(self, name: str, column: object) -> bool:
        """Whether the values of ``column`` of the input ``name`` are hidden; a column may have a name of several parts."""
        parts = [str(part) for part in (column if isinstance(column, tuple) else (column,))]
        known = [text.lower() for part in parts for text in (part, f"{name}.{part}")]
        return any(fnmatchcase(text, pattern.lower()) for pattern in self.hide for text in known)


class InputSummary(msgspec.Struct, frozen=True):
    """What a model is told about a named input.

    Attributes:
        name: of the variable, or of the file.
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


def summarise(name: str, value: Any, showing: Showing | None = None) -> InputSummary:
    """Describe ``value`` for a prompt. A path stands for the file that it names.

    Raises:
        BadInput: a file that cannot be read.
    """
    showing = showing or Showing()
    if isinstance(value, PurePath):
        return _file(name, Path(value), showing)
    kind = type(value)
    family = kind.__module__.partition(".")[0]
    label = kind.__name__ if family == "builtins" else f"{family}.{kind.__name__}"
    shape: list[int] = []
    table: _Table | None = None
    sample = ""
    loaded = family in sys.modules
    if loaded and _is_table(value, family):
        table = _table(name, value, family)
        shape = table.shape
    elif loaded and family in ("numpy", "scipy") and hasattr(value, "dtype") and hasattr(value, "shape"):
        shape = [int(extent) for extent in value.shape]
        if value.dtype.names:
            table = _fields(value)
        else:
            label = f"{label} of {value.dtype}"
            sample = _array(value, name, showing)
    elif isinstance(value, (list, tuple, set, frozenset, dict, str, bytes, range)):
        shape = [len(value)]
        sample = _start(value, name, showing)
    else:
        sample = _Brief(name, showing).safely(value)
    head = f"{name}: {label}" + (f", shape {' x '.join(map(str, shape))}" if shape else "")
    if table is not None:
        return _tell(name, label, head, table, showing)
    return _finish(name, label, shape, [], "" if showing.schema_only else sample, [head], "value: ")


# Tables


class _Column(msgspec.Struct):
    name: Any
    type: str
    read: Callable[[int], list[Any]]
    """``read(step)``: every ``step``-th value; a step of 0 reads the first three."""
    nulls: int | None = None
    """How many are null, where that is known without counting."""


class _Table(msgspec.Struct):
    shape: list[int]
    columns: list[_Column]
    index: list[_Column] = []


def _is_table(value: Any, family: str) -> bool:
    """Whether it has columns, or is one."""
    name = type(value).__name__
    if family == "pandas":
        return name == "DataFrame" or hasattr(value, "to_frame")
    if family == "polars":
        return name in ("DataFrame", "Series")
    return family == "pyarrow" and (hasattr(value, "schema") or hasattr(value, "null_count"))


def _table(name: str, value: Any, family: str) -> _Table:
    if family == "pandas":
        return _pandas(name, value)
    single = not hasattr(value, "columns")
    rows = len(value)
    if family == "polars":
        series = [value] if single else [value.to_series(place) for place in range(min(value.width, _COLUMNS))]
        columns = [
            _Column(
                one.name or name, str(one.dtype), _stepping(one, lambda part: part.to_list()), int(one.null_count())
            )
            for one in series
        ]
        return _Table([rows] if single else [rows, value.width], columns)
    names = [name] if single else list(value.schema.names)
    series = [value] if single else [value.column(place) for place in range(min(value.num_columns, _COLUMNS))]
    columns = [
        _Column(label, str(one.type), _picking(one), int(one.null_count))
        for label, one in zip(names, series, strict=False)
    ]
    return _Table([rows] if single else [rows, len(names)], columns)


def _pandas(name: str, value: Any) -> _Table:
    def column(label: Any, held: Any, dtype: Any) -> _Column:
        whole = getattr(dtype, "kind", "O") in "biu" and not hasattr(dtype, "na_value")
        return _Column(label, str(dtype), _stepping(held, lambda part: part.tolist()), 0 if whole else None)

    def level(place: int, label: Any) -> _Column:
        kinds = getattr(value.index, "dtypes", None)
        kind = value.index.dtype if kinds is None else kinds.iloc[place]
        listed = lambda part: part.get_level_values(place).tolist()  # noqa: E731
        return _Column(label, str(kind), _stepping(value.index, listed))

    shape = [int(extent) for extent in value.shape]
    single = name if getattr(value, "name", None) is None else value.name
    if not hasattr(value, "index"):
        return _Table(shape, [column(single, value, value.dtype)])
    plain = type(value.index).__name__ == "RangeIndex"
    index = [] if plain else [level(place, label) for place, label in enumerate(value.index.names[:_COLUMNS])]
    if len(shape) == 1:
        return _Table(shape, [column(single, value.iloc, value.dtype)], index)
    # By place: names need not be unique.
    labels = enumerate(zip(value.columns[:_COLUMNS], value.dtypes.iloc[:_COLUMNS], strict=True))
    return _Table(shape, [column(label, value.iloc[:, place].iloc, kind) for place, (label, kind) in labels], index)


def _fields(value: Any) -> _Table:
    columns = [
        _Column(field, str(value.dtype[field]), _stepping(value[field].reshape(-1), lambda part: part.tolist()))
        for field in value.dtype.names[:_COLUMNS]
    ]
    return _Table([*map(int, value.shape), len(value.dtype.names)], columns)


def _stepping(held: Any, listed: Callable[[Any], list[Any]]) -> Callable[[int], list[Any]]:
    return lambda step: listed(held[::step] if step else held[:3])


def _picking(held: Any) -> Callable[[int], list[Any]]:
    def read(step: int) -> list[Any]:
        if step <= 1:
            return list((held if step else held[:3]).to_pylist())
        import pyarrow as pa

        return list(held.take(pa.array(range(0, len(held), step))).to_pylist())

    return read


def _tell(name: str, label: str, head: str, table: _Table, showing: Showing) -> InputSummary:
    rows = table.shape[0] if table.shape else 1
    most = _CELLS // max(1, len(table.columns))
    listed = [(_label(one.name), _type(one, name, showing)) for one in table.columns]
    told = [
        f"{text} ({', '.join((kind, *_facts(one, rows, name, showing, most)))})"
        for one, (text, kind) in zip(table.columns, listed, strict=True)
    ]
    if sum(map(len, told)) > _FACTS:  # better all names than the facts of a few
        told = [f"{text} ({kind})" for text, kind in listed]
    lines = [head, "columns: " + _fitting(told, table.shape[-1] if len(table.shape) > 1 else 1)]
    if table.index:
        levels = [
            f"{_label(one.name) if one.name is not None else 'unnamed'} "
            f"({', '.join((_type(one, name, showing), *_facts(one, rows, name, showing)))})"
            for one in table.index
        ]
        lines.append("index: " + _fitting(levels, len(levels)))
    seen = [
        (text, one) for (text, _), one in zip(listed, table.columns, strict=True) if not showing.hides(name, one.name)
    ]
    sample = ""
    if seen and not showing.schema_only:
        cells = [one.read(0) for _, one in seen]
        brief = _Brief(name, showing)
        rows_shown = [[text for text, _ in seen], *(map(brief.cell, row) for row in zip(*cells, strict=False))]
        sample = "\n".join(_line(" | ".join(row)) for row in rows_shown)
    return _finish(name, label, table.shape, listed, sample, lines, "first rows:\n")


def _label(name: Any) -> str:
    return shorten(str(name), _CELL).replace("\n", " ")


def _line(text: str) -> str:
    return text if len(text) <= _LINE else text[:_LINE] + " ..."


def _type(column: _Column, name: str, showing: Showing) -> str:
    """A column's type; of one whose values are not told without the parameters, which may be values."""
    if showing.schema_only or showing.hides(name, column.name):
        kind = re.split(r"[(\[<]", column.type)[0]
        return kind if showing.schema_only else f"{kind}, values hidden"
    return shorten(column.type, _CELL)


def _facts(column: _Column, rows: int, name: str, showing: Showing, most: int = _ROWS) -> list[str]:
    """Range or values, and nulls, from at most so many rows."""
    if showing.schema_only or showing.hides(name, column.name) or not rows:
        return []
    step = _step(rows, min(most, _ROWS) if _SHORT_TYPE.match(column.type) else _TEXT_ROWS)
    items = column.read(step)
    present = [item for item in items if not _is_null(item)]
    if not present:
        return ["all null" if step == 1 or column.nulls == rows else "mostly null"]
    about = "" if step == 1 else "about "
    facts = []
    try:
        if isinstance(present[0], (str, bool)):
            different = sorted(set(present))
            if len(different) <= _FEW and isinstance(present[0], str):
                facts.append(about + " or ".join(repr(shorten(one, _CELL // 2)) for one in different))
        elif isinstance(present[0], (int, float, Decimal, date, time, timedelta)):
            low, high = _number(min(present)), _number(max(present))
            facts.append(about + (f"{low} to {high}" if low != high else f"always {low}"))
    except TypeError:  # values that cannot be compared, or not be put into a set
        pass
    nulls = column.nulls if column.nulls is not None or step > 1 else len(items) - len(present)
    if nulls:
        facts.append(f"{nulls:,} null")
    elif nulls is None and len(present) < len(items):
        facts.append(f"about {max(1, round(100 * (1 - len(present) / len(items))))}% null")
    return facts


def _step(rows: int, most: int) -> int:
    """The distance between the rows that are read; it shares no factor with the periods that data has."""
    step = -(-rows // most)
    while step > 1 and math.gcd(step, _PERIODS) > 1:
        step += 1
    return step


def _is_null(item: Any) -> bool:
    if isinstance(item, Decimal):
        return item.is_nan()
    return item is None or type(item).__name__ in ("NAType", "NaTType") or (isinstance(item, float) and item != item)


def _number(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value).removesuffix(" 00:00:00")


def _fitting(told: list[str], total: int) -> str:
    """As many as fit, and how many do not."""
    used = list(itertools.takewhile(lambda end: end <= _FACTS, itertools.accumulate(len(one) + 2 for one in told)))
    more = total - len(used)
    return ", ".join(told[: len(used)]) + (f", and {more:,} more" if more > 0 else "")


def _finish(
    name: str, label: str, shape: list[int], columns: list[tuple[str, str]], sample: str, lines: list[str], before: str
) -> InputSummary:
    sample = clean(shorten(sample, _TEXT // 2))
    if sample:
        lines = [*lines, before + sample]
    return InputSummary(name, label, shape, columns, sample, clean(shorten("\n".join(lines), _TEXT)))


# Other values


def _array(value: Any, name: str, showing: Showing) -> str:
    if not value.shape:
        return repr(value)
    if hasattr(value, "nnz"):  # scipy.sparse
        return f"{int(value.nnz):,} stored" + (
            f", {_array(value.data, name, showing)}" if hasattr(value, "data") else ""
        )
    if value.dtype.kind == "O":
        return _Brief(name, showing).safely(list(value.flat[:8]))
    first = str(value.flat[:8].tolist())[1:-1] + (", ..." if value.size > 8 else "")
    if value.dtype.kind not in "iufmM" or value.size <= 8:
        return first
    step = _step(int(value.size), _ROWS)
    # Of an array that does not lie in one piece the beginning has to do: a flat view would be a copy of it all.
    whole = value.flags.c_contiguous or value.flags.f_contiguous
    items = value.ravel(order="K")[::step] if whole else value.flat[:_ROWS]
    column = _Column(name, str(value.dtype), lambda _: items.tolist())
    facts = _facts(column, int(value.size), name, Showing())
    return ", ".join([first, *facts]) if facts else first


def _start(value: Any, name: str, showing: Showing) -> str:
    """The beginning of a collection, without making text of all of it."""
    if isinstance(value, (str, bytes)):
        cut = len(value) > _TEXT // 4
        return repr(value[: _TEXT // 4] if cut else value) + (" ..." if cut else "")
    if isinstance(value, range):
        return repr(value)
    brief = _Brief(name, showing)
    items = [brief.item(value, one) for one in itertools.islice(value, 8)]
    if len(value) > 8:
        items.append("...")
    left, right = "[]" if isinstance(value, list) else "()" if isinstance(value, tuple) else "{}"
    return left + ", ".join(items) + right


class _Brief(reprlib.Repr):
    """Short text of any value, without what is hidden."""

    def __init__(self, name: str, showing: Showing) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = 2 * _CELL
        self._name = name
        self._showing = showing

    def safely(self, value: Any) -> str:
        try:
            return str(self.repr(value))
        except Exception:  # noqa: BLE001 - a stranger's repr may raise anything
            return f"<{type(value).__name__}>"

    def item(self, holder: Any, item: Any) -> str:
        """One item of a collection; of a dictionary a key with its value."""
        if not isinstance(holder, dict):
            return self.safely(item)
        hidden = self._showing.hides(self._name, item)
        return f"{self.safely(item)}: {'<hidden>' if hidden else self.safely(holder[item])}"

    def cell(self, value: Any) -> str:
        """One cell of a table, on one line."""
        plain = isinstance(value, (str, int, float, date, time, timedelta, Decimal)) or value is None
        return shorten(_number(value) if plain else self.safely(value), _CELL).replace("\n", " ")

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        if level <= 0:
            return "{...}"
        items = []
        for key in itertools.islice(x, self.maxdict):
            held = "<hidden>" if self._showing.hides(self._name, key) else self.repr1(x[key], level - 1)
            items.append(f"{self.repr1(key, level - 1)}: {held}")
        return "{" + ", ".join(items + ["..."] * (len(x) > self.maxdict)) + "}"


# Files


def _file(name: str, path: Path, showing: Showing) -> InputSummary:
    """A file: its name and size, and of text the beginning. Of the folders above it nothing is told."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(_HEAD)
    except OSError as error:
        raise BadInput(f"The file {str(path)!r} cannot be read: {error.strerror}.") from None
    kind = "pathlib.Path" if name.isidentifier() else "file"
    if kind == "file":
        head = f"{name}: {_size(size)}"
    else:
        head = f"{name}: pathlib.Path of the file {path.name!r} ({_size(size)}) in the working directory"
    try:
        text = start.decode("utf-8-sig") if len(start) == size else start[: start.rfind(b"\n") + 1].decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    rows = _separated(path, text)
    if rows:
        names = rows[0]
        doubtful = len(names) == 1 or any(_NUMBER.fullmatch(cell.strip()) for cell in names)
        if doubtful and (showing.schema_only or showing.hide):  # the first row may hold values
            return _finish(name, kind, [], [], "", [head], "")
        columns = [(_label(one), "text") for one in names[:_COLUMNS]]
        told_columns = [f"{text} (values hidden)" if showing.hides(name, text) else text for text, _ in columns]
        lines = [head, "columns: " + _fitting(told_columns, len(names))]
        seen = [place for place, (text, _) in enumerate(columns) if not showing.hides(name, text)]
        cells = [[shorten(row[one], _CELL) for one in seen if one < len(row)] for row in rows]
        sample = "\n".join(_line(" | ".join(row)) for row in cells)
        return _finish(name, kind, [], columns, "" if showing.schema_only else sample, lines, "first lines:\n")
    # Where the columns of other text are nobody knows: with anything to hide, all of it is hidden.
    shown = "" if showing.schema_only or showing.hide or "\0" in text else shorten(text[: _TEXT // 2], _TEXT // 2)
    return _finish(name, kind, [], [], shown.rstrip(), [head], "it begins:\n")


def _separated(path: Path, text: str) -> list[list[str]]:
    """The first rows of a file of separated values; empty for any other file."""
    if path.suffix.lower() not in (".csv", ".tsv", ".tab") or not text:
        return []
    try:
        dialect: Any = csv.Sniffer().sniff(text[:4096], ",;\t|")
    except csv.Error:
        dialect = csv.excel_tab if path.suffix.lower() != ".csv" else csv.excel
    try:
        return [row for row in itertools.islice(csv.reader(text.splitlines(), dialect), 4) if row]
    except csv.Error:
        return []


def _size(size: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


# Hiding


def check_hidden(inputs: Mapping[str, Any], hide: tuple[str, ...]) -> None:
    """Raise :class:`UnknownName` for a plain name that hides nothing: a slip there would show what is to be hidden.

    A pattern with ``*`` or ``?`` may match nothing.
    """
    if not hide:
        return
    names = [(name, column) for name, value in inputs.items() for column in _names(name, value)]
    known = {str(part) for _, column in names for part in (column if isinstance(column, tuple) else (column,))}
    for pattern in hide:
        one = Showing(hide=(pattern,))
        if set(pattern) & set("*?[") or any(one.hides(name, column) for name, column in names):
            continue
        raise UnknownName(
            f"--hide names {pattern!r}, which no input has as a column.",
            nearest(pattern, known) or f"Write {pattern + '*'!r} for one that need not exist.",
        )


def without_hidden(name: str, value: Any, hide: tuple[str, ...]) -> Any:
    """``value`` without its hidden columns or keys.

    Raises:
        BadInput: a file or a single column, out of which nothing can be taken.
    """
    showing = Showing(hide=hide)
    hidden = [column for column in _names(name, value) if showing.hides(name, column)]
    if not hidden:
        return value
    family = type(value).__module__.partition(".")[0]
    if isinstance(value, (dict, list, tuple)):
        return _without_keys(value, name, showing)
    if family == "pandas" and hasattr(value, "columns"):
        levels = [
            place for place, level in enumerate(value.index.names) if level is not None and showing.hides(name, level)
        ]
        kept = value.loc[:, [not showing.hides(name, column) for column in value.columns]]
        return kept.reset_index(level=levels, drop=True) if levels else kept
    if family == "polars" and hasattr(value, "columns"):
        return value.drop(hidden)
    if family == "pyarrow" and hasattr(value, "schema"):
        return value.select([column for column in value.schema.names if column not in hidden])
    if family == "numpy" and value.dtype.names:
        return value[[field for field in value.dtype.names if field not in hidden]]
    raise BadInput(
        f"Nothing can be taken out of the input {name!r}.", "Read it into a table first, or leave out --drop."
    )


def _names(name: str, value: Any) -> Iterator[Any]:
    """The names of everything in ``value`` that can be hidden."""
    family = type(value).__module__.partition(".")[0]
    if isinstance(value, PurePath):
        try:
            with Path(value).open("rb") as file:
                rows = _separated(Path(value), file.read(_HEAD).decode("utf-8-sig", "replace"))
        except OSError:
            return
        yield from rows[0] if rows else ()
    elif isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from _names(name, item) if isinstance(item, (dict, list, tuple)) else ()
    elif isinstance(value, (list, tuple)):
        for item in itertools.islice(value, _ROWS):
            yield from _names(name, item) if isinstance(item, (dict, list, tuple)) else ()
    elif family == "pandas":
        yield from getattr(value, "columns", ())
        yield from (level for level in getattr(getattr(value, "index", None), "names", ()) if level is not None)
        if not hasattr(value, "columns"):
            yield name if getattr(value, "name", None) is None else value.name
    elif family == "polars" and hasattr(value, "dtype"):
        yield value.name or name
    elif family == "polars":
        yield from getattr(value, "columns", ())
    elif family == "pyarrow":
        yield from value.schema.names if hasattr(value, "schema") else (name,)
    elif family == "numpy":
        yield from getattr(getattr(value, "dtype", None), "names", None) or ()


def _without_keys(value: Any, name: str, showing: Showing) -> Any:
    if isinstance(value, dict):
        return {key: _without_keys(held, name, showing) for key, held in value.items() if not showing.hides(name, key)}
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(_without_keys(item, name, showing) for item in value)
    return value
