"""Values as files in formats that cannot run code: JSON, npy without pickle, Arrow IPC, PNG, charts as MIME bundles.

Both sides use this module: the user's process writes what a program is given and reads what it made, the child does the
reverse. :func:`decode` treats its bytes as hostile and knows no pickle. A pickle goes one way only, in, when the user asks
for it (:func:`encode_pickle`), and is loaded by the program that uses it (:class:`Pickled`).

JSON holds more than JSON: a one-key object ``{"$tuple": [...]}`` stands for a type that JSON lacks, and ``{"$dict":
[[key, value], ...]}`` for a dictionary whose keys are not all plain strings.
"""

# The child works with descriptors and with paths that came as text.
# ruff: noqa: PTH123

from __future__ import annotations

import base64
import io
import itertools
import json
import mmap
import re
import struct
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Any

from . import rich

_ARROW_MAGIC = b"ARROW1\0\0"
PYARROW_OLDEST = (23, 0, 1)
"""Older versions have known holes in reading files from strangers (CVE-2023-47248, CVE-2026-25087)."""

_FRACTION = re.compile(r"-?\d+(/\d+)?")
_ZONE = re.compile(r"(?!dateutil)\w+(/[\w+-]+)*")
_MOST_VIEWS = 50
"""Frames of more columns come in one block: pandas is slow, and warns, when there are many."""
_LAYOUTS = ("csr", "csc", "coo")
_PANDAS_SCALARS = ("Timestamp", "Timedelta")
_TEMPORAL: dict[str, Any] = {"date": date, "datetime": datetime, "time": time}


class Refused(Exception):
    """The value has no safe format, or the bytes are not what they claim to be."""


class _Giant(Refused):
    """Small on the wire, large in memory."""

    def __init__(self, size: int, cap: int) -> None:
        super().__init__(f"it would take {size / 2**20:,.0f} MB in memory, more than the {cap / 2**20:,.0f} MB allowed")


class Missing(Exception):
    """A package is needed for this value and is not installed; the only argument is its name."""


def encode(value: Any, path: str) -> dict[str, Any]:
    """Write ``value`` to ``path``.

    Returns:
        The description that :func:`decode` needs: ``format`` (json, npy, sparse, arrow, png, chart), ``kind`` and
        format details.

    Raises:
        Refused: the type has no safe format; the message names it.
        Missing: pyarrow is needed and absent.
    """
    family = type(value).__module__.partition(".")[0]
    name = type(value).__name__
    if family == "numpy" and name == "ndarray" and not value.dtype.hasobject:
        return _encode_array(value, path)
    if family == "scipy" and hasattr(value, "tocsr"):
        return _encode_sparse(value, name, path)
    if family == "pandas" and name == "MultiIndex":
        raise Refused("a pandas.MultiIndex cannot be passed as data; to_frame() makes a table of it")
    if family == "pandas" and hasattr(value, "columns" if name == "DataFrame" else "to_frame"):
        return _encode_pandas(value, path)
    if family == "polars" and name in ("DataFrame", "Series"):
        table = value.to_arrow() if name == "DataFrame" else value.to_frame("value").to_arrow()
        return _write_arrow(table, path, f"polars.{name}", {"name": value.name} if name == "Series" else {})
    if family == "polars" and name == "LazyFrame":
        raise Refused("a polars.LazyFrame is a plan; collect() it first")
    if family == "pyarrow" and name in ("Table", "RecordBatch"):
        table = value if name == "Table" else _pyarrow().Table.from_batches([value])
        return _write_arrow(table, path, "pyarrow.Table", {})
    if family == "pyarrow" and hasattr(value, "null_count"):
        return _write_arrow(_pyarrow().table({"value": value}), path, "pyarrow.ChunkedArray", {})
    if rich.is_figure(value):
        with open(path, "wb") as file:
            file.write(rich.picture(value))
        return {"format": "png", "kind": "matplotlib.figure"}
    chart = rich.chart_of(value)
    if chart:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(chart, file)
        return {"format": "chart", "kind": f"{family}.{name}"}
    try:
        text = json.dumps(_plain(value))
    except RecursionError:
        raise Refused(f"a {name} that is nested too deeply, or contains itself, cannot be passed") from None
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return {"format": "json", "kind": name}


class Pickled:
    """A pickled input on its way through the supervisor, which does not open it."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def load(self) -> Any:
        """Rebuild the value; this runs code of whoever wrote it, so only a program may."""
        import pickle

        return pickle.loads(self._data)  # noqa: S301 - written by the user's own process, loaded behind the walls


def encode_pickle(value: Any, path: str) -> dict[str, Any]:
    """Write ``value`` to ``path`` as a pickle, by value where it can be; returns as :func:`encode`.

    Raises:
        Refused: it cannot be pickled.
        Missing: cloudpickle is absent.
    """
    try:
        import cloudpickle
    except ImportError:
        raise Missing("cloudpickle") from None
    try:
        data = cloudpickle.dumps(value)
    except Exception as error:  # noqa: BLE001 - any class may refuse in its own way
        raise Refused(f"a {type(value).__name__} cannot be pickled ({type(error).__name__}: {error})") from None
    with open(path, "wb") as file:
        file.write(data)
    return {"format": "pickle", "kind": type(value).__name__}


def load(about: dict[str, Any], path: str) -> Any:
    """The value of an input from the file that :func:`encode` or :func:`encode_pickle` wrote; a pickle stays closed.

    Raises:
        Refused: the file is damaged.
        Missing: a package is needed and absent.
    """
    with open(path, "rb") as file:
        if about["format"] == "pickle":
            return Pickled(file.read())
        if about["format"] == "json":
            return decode(about, file.read())
        # Mapped, so that what is large is read once only. Privately: what is written there is seen by the writer alone.
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    for page in range(0, len(data), mmap.PAGESIZE):
        data[page]  # in memory here it does not count as the memory of the programs that read it
    return decode(about, data)


def decode(about: dict[str, Any], data: bytes | memoryview, cap: int | None = None) -> Any:
    """Rebuild a value from the bytes that :func:`encode` wrote.

    A PNG comes back as ``bytes``, a chart as a dictionary of MIME type to text. Where ``data`` can be written to, an
    array is a view of it.

    Args:
        about: what :func:`encode` returned.
        data: what it wrote.
        cap: most bytes that the value may take in memory, whatever the size of ``data``; None for no limit.

    Raises:
        Refused: the bytes are damaged or forged.
        Missing: a package is needed and absent.
    """
    decoders: dict[str, Callable[[dict[str, Any], bytes | memoryview, int | None], Any]] = {
        "json": _decode_json,
        "npy": _decode_array,
        "sparse": _decode_sparse,
        "arrow": _decode_arrow,
        "png": _decode_png,
        "chart": _decode_chart,
    }
    form = about.get("format")
    if form not in decoders:
        raise Refused(f"unknown format {form!r}")
    try:
        return decoders[form](about, data, cap)
    except (Refused, Missing):
        raise
    except MemoryError:
        raise Refused(f"the {form} data does not fit into memory") from None
    except Exception as error:  # noqa: BLE001 - damage shows in as many ways as there are readers
        raise Refused(f"the {form} data is damaged: {type(error).__name__}: {error}") from None


# JSON


def _plain(value: Any) -> Any:
    """The JSON form of ``value``; raises :class:`Refused` for a type that has none."""
    kind = type(value)
    if value is None or kind in (bool, float, str):
        return value
    if kind is int:
        # Long decimal conversions are refused by the interpreter (over 4,300 digits), hexadecimal ones are not.
        return value if -(10**300) < value < 10**300 else {"$int": hex(value)}
    if kind is list:
        return [_plain(item) for item in value]
    if kind in (tuple, set, frozenset):
        return {f"${kind.__name__}": [_plain(item) for item in value]}
    if kind is dict:
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {key: _plain(item) for key, item in value.items()}
        return {"$dict": [[_plain(key), _plain(item)] for key, item in value.items()]}
    if kind in _TEMPORAL.values():
        return {f"${kind.__name__}": value.isoformat()}
    if kind is timedelta:
        return {"$timedelta": [value.days, value.seconds, value.microseconds]}
    if kind in (Decimal, Fraction):
        return {f"${kind.__name__}": str(value)}
    if kind is complex:
        return {"$complex": [value.real, value.imag]}
    if kind is bytes:
        return {"$bytes": base64.b64encode(value).decode("ascii")}
    if kind is range:
        return {"$range": [value.start, value.stop, value.step]}
    if isinstance(value, PurePath):
        return {"$path": str(value)}
    family = kind.__module__.partition(".")[0]
    if family == "numpy":
        return _plain_numpy(value, kind)
    if family == "pandas" and kind.__name__ in _PANDAS_SCALARS:
        zone = getattr(value, "tz", None)
        return {"$pandas": [kind.__name__, value.isoformat(), zone and str(zone)]}
    if family == "pandas" and kind.__name__ in ("NaTType", "NAType"):
        return {"$pandas": [kind.__name__, "", None]}
    if kind.__module__ == "collections" and isinstance(value, dict):  # Counter, defaultdict, OrderedDict
        return _plain(dict(value))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return _plain(tuple(value))
    raise Refused(f"a {kind.__module__}.{kind.__qualname__} cannot be passed as data".replace("builtins.", ""))


def _plain_numpy(value: Any, kind: type) -> Any:
    if kind.__name__ == "ndarray" and value.dtype.kind in "biufU":
        return {"$array": [value.dtype.str, list(value.shape), value.ravel().tolist()]}
    if kind.__name__ == "ndarray" and value.dtype.kind == "O":
        return {"$objects": [list(value.shape), [_plain(item) for item in value.ravel()]]}
    if getattr(value, "ndim", 1) == 0 and kind.__name__ != "ndarray" and value.dtype.kind in "mM":
        # Their item() is a bare count of nanoseconds where the standard library has no type that fine.
        return {"$temporal": [value.dtype.str, int(value.astype("i8"))]}
    if getattr(value, "ndim", 1) == 0 and hasattr(value, "item"):
        return _plain(value.item())
    raise Refused(f"a numpy.{kind.__name__} of {value.dtype} cannot be passed as data")


def _decode_json(about: dict[str, Any], data: bytes | memoryview, cap: int | None) -> Any:
    return json.loads(bytes(data), object_hook=_rich if cap is None else lambda found: _rich(found, cap))


def _rich(found: dict[str, Any], cap: int | None = None) -> Any:
    if len(found) != 1:
        return found
    ((tag, held),) = found.items()
    if tag == "$int":
        return int(held, 16)
    if tag == "$tuple":
        return tuple(held)
    if tag == "$set":
        return set(held)
    if tag == "$frozenset":
        return frozenset(held)
    if tag == "$dict":
        return dict(held)
    if tag[:1] == "$" and tag[1:] in _TEMPORAL:
        return _TEMPORAL[tag[1:]].fromisoformat(held)
    if tag == "$timedelta":
        return timedelta(*held)
    if tag == "$Decimal":
        return Decimal(held)
    if tag == "$Fraction":
        # "1e999999999" would be a fraction too, of a billion digits.
        if not _FRACTION.fullmatch(held):
            raise Refused("a fraction is not written as one")
        return Fraction(held)
    if tag == "$complex":
        return complex(*held)
    if tag == "$bytes":
        return base64.b64decode(held)
    if tag == "$array":
        import numpy as np

        kind, shape, items = held
        dtype = np.dtype(kind)
        if dtype.kind not in "biufU":
            raise Refused(f"an array of {kind!r} cannot be passed as data")
        if cap is not None and dtype.itemsize * len(items) > cap:
            raise _Giant(dtype.itemsize * len(items), cap)
        return np.array(items, dtype=kind).reshape(shape)
    if tag == "$objects":
        import numpy as np

        array = np.empty(len(held[1]), dtype=object)
        for place, item in enumerate(held[1]):  # all at once, lists of one length would be taken for rows
            array[place] = item
        return array.reshape(held[0])
    if tag == "$temporal":
        import numpy as np

        dtype = np.dtype(held[0])
        if dtype.kind not in "mM":
            raise Refused(f"a moment of {held[0]!r} cannot be passed as data")
        return np.array(held[1], dtype="i8").astype(dtype)[()]
    if tag == "$range":
        return range(*held)
    if tag == "$path":
        return Path(held)
    if tag == "$pandas":
        return _pandas_scalar(*held)
    return found


def _pandas_scalar(kind: str, text: str, zone: str | None) -> Any:
    try:
        import pandas as pd
    except ImportError:
        raise Missing("pandas") from None
    if kind == "NaTType":
        return pd.NaT
    if kind == "NAType":
        return pd.NA
    if kind not in _PANDAS_SCALARS:
        raise Refused(f"a pandas.{kind} cannot be passed as data")
    made = getattr(pd, kind)(text)
    # A name of another form could be the path of a file; the offset stands in the text already.
    return made.tz_convert(zone) if zone and _ZONE.fullmatch(zone) else made


# Arrays


def _encode_array(value: Any, path: str) -> dict[str, Any]:
    import numpy as np

    with open(path, "wb") as file:
        np.lib.format.write_array(file, value, allow_pickle=False)
    return {"format": "npy", "kind": "numpy.ndarray"}


def _decode_array(about: dict[str, Any], data: bytes | memoryview, cap: int | None) -> Any:
    import numpy as np

    # Not np.load: it would reserve whatever the header claims before looking at what is there.
    head = io.BytesIO(bytes(data[: 1 << 17]))
    version = np.lib.format.read_magic(head)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    if version not in ((1, 0), (2, 0)):
        raise Refused(f"npy version {version} is not used here")
    shape, fortran, dtype = read(head)
    count = 1
    for extent in shape:
        count *= extent
    body = memoryview(data)[head.tell() :]
    if dtype.hasobject or count < 0 or count * dtype.itemsize != len(body):
        raise Refused("the npy header does not fit the data")
    array = np.frombuffer(body, dtype=dtype, count=count) if count and dtype.itemsize else np.zeros(count, dtype)
    array = array.reshape(shape, order="F" if fortran else "C")
    return array if array.flags.writeable and array.flags.aligned else array.copy(order="K")


def _encode_sparse(value: Any, name: str, path: str) -> dict[str, Any]:
    """Three arrays one after another; what is neither csr, csc nor coo becomes csr."""
    import numpy as np

    if value.ndim != 2 or value.dtype.kind not in "biufc":
        raise Refused(f"a scipy.sparse.{name} of {value.dtype} in {value.ndim} dimensions cannot be passed as data")
    if value.format not in _LAYOUTS:
        value = value.tocsr()
    coo = value.format == "coo"
    arrays = (value.data, value.row, value.col) if coo else (value.data, value.indices, value.indptr)
    sizes = []
    with open(path, "wb") as file:
        for array in arrays:
            start = file.tell()
            np.lib.format.write_array(file, array, allow_pickle=False)
            sizes.append(file.tell() - start)
    return {
        "format": "sparse",
        "kind": f"scipy.sparse.{type(value).__name__}",
        "shape": [int(extent) for extent in value.shape],
        "sizes": sizes,
    }


def _decode_sparse(about: dict[str, Any], data: bytes | memoryview, cap: int | None) -> Any:
    try:
        import scipy.sparse as sparse
    except ImportError:
        raise Missing("scipy") from None
    layout, _, form = str(about.get("kind")).rpartition(".")[2].partition("_")
    shape, sizes = about["shape"], about["sizes"]
    whole = all(type(number) is int and number >= 0 for number in (*shape, *sizes))
    if layout not in _LAYOUTS or form not in ("array", "matrix") or not whole or len(shape) != 2:
        raise Refused("the sparse matrix is not described as one")
    if len(sizes) != 3 or sum(sizes) != len(data):
        raise Refused("the parts of the sparse matrix do not fit the data")
    first, second = sizes[0], sizes[0] + sizes[1]
    held = memoryview(data)
    values, left, right = (
        _decode_array(about, part, cap) for part in (held[:first], held[first:second], held[second:])
    )
    if any(array.ndim != 1 for array in (values, left, right)) or {left.dtype.kind, right.dtype.kind} != {"i"}:
        raise Refused("the parts of the sparse matrix are not what they should be")
    if values.dtype.kind not in "biufc":
        raise Refused(f"a sparse matrix of {values.dtype} cannot be passed as data")
    parts = (values, (left, right)) if layout == "coo" else (values, left, right)
    made = getattr(sparse, f"{layout}_{form}")(parts, shape=tuple(shape))
    if layout != "coo":
        # Every index is looked at: routines in C believe them.
        made.check_format(full_check=True)
    return made


# Tables


def _pyarrow() -> Any:
    try:
        import pyarrow as pa
    except ImportError:
        raise Missing("pyarrow") from None
    version = tuple(int(part) for part in pa.__version__.split(".")[:3] if part.isdigit())
    if version < PYARROW_OLDEST:
        raise Missing("pyarrow>=" + ".".join(map(str, PYARROW_OLDEST)))
    return pa


def _encode_pandas(value: Any, path: str) -> dict[str, Any]:
    pa = _pyarrow()
    extra: dict[str, Any] = {}
    name = type(value).__name__
    if name != "DataFrame":
        # An index travels as a series; a frame of one column carries both.
        name = "Series" if name == "Series" else "Index"
        extra["name"] = _plain(value.name)
        value = value.to_frame(index=False, name="value") if name == "Index" else value.to_frame("value")
    else:
        # Arrow has text column names only; the real ones travel beside the table.
        columns = list(value.columns)
        if (
            value.columns.nlevels > 1
            or any(type(column) is not str for column in columns)
            or len(set(columns)) < len(columns)
        ):
            extra["columns"] = _plain([tuple(c) if isinstance(c, tuple) else c for c in columns])
            extra["levels"] = [_plain(level) for level in value.columns.names]
            value = value.set_axis([f"c{place}" for place in range(len(columns))], axis=1)
    try:
        table = _nan_as_it_is(pa, pa.Table.from_pandas(value, nthreads=1), value)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise Refused(f"the {name} has a column that Arrow cannot hold: {error}") from None
    return _write_arrow(table, path, f"pandas.{name}", extra)


def _nan_as_it_is(pa: Any, table: Any, value: Any) -> Any:
    """The table with its NaNs as numbers and not as nulls, so that the column can be read in place."""
    for place, dtype in enumerate(value.dtypes):
        column = table.column(place)
        if getattr(dtype, "kind", "") == "f" and column.null_count and str(dtype) == f"float{8 * dtype.itemsize}":
            array = pa.array(value.iloc[:, place].to_numpy(), type=column.type, from_pandas=False)
            table = table.set_column(place, table.schema.field(place), array)
    return table


def _write_arrow(table: Any, path: str, kind: str, extra: dict[str, Any]) -> dict[str, Any]:
    pa = _pyarrow()
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return {"format": "arrow", "kind": kind, **extra}


def _decode_arrow(about: dict[str, Any], data: bytes | memoryview, cap: int | None) -> Any:
    pa = _pyarrow()
    options = pa.ipc.IpcReadOptions(use_threads=False)
    if bytes(data[:8]) != _ARROW_MAGIC:
        raise Refused("it is no Arrow file")
    # A file is a stream between a magic and an index of its messages. Read as a stream, no index can point elsewhere
    # than where the messages were looked at.
    stream = pa.py_buffer(data)[8:]
    if cap is not None:
        for message in pa.ipc.MessageReader.open_stream(stream):
            if _compressed(message.metadata.to_pybytes()):
                raise Refused("its buffers are compressed, and what they would become is not known")
    table = pa.ipc.open_stream(stream, options=options).read_all()
    if cap is not None:
        table.validate(full=True)
        for field in table.schema:
            _check_type(pa, field.type)
        size = sum(_weight(pa, chunk) for column in table.columns for chunk in column.chunks)
        if size > cap:
            raise _Giant(size, cap)
    kind = about.get("kind")
    if kind in ("pandas.DataFrame", "pandas.Series", "pandas.Index"):
        try:
            import pandas as pd
        except ImportError:
            raise Missing("pandas") from None
        frame = _frame(pd, table, memoryview(data))
        if kind == "pandas.Series":
            return frame["value"].rename(_again(about.get("name")))
        if kind == "pandas.Index":
            return pd.Index(frame["value"]).rename(_again(about.get("name")))
        if "columns" in about:
            columns, levels = _again(about["columns"]), _again(about["levels"])
            if len(levels) > 1:
                frame.columns = pd.MultiIndex.from_tuples(columns, names=levels)
            else:
                frame.columns = pd.Index(columns, name=levels[0])
        return frame
    if kind in ("polars.DataFrame", "polars.Series"):
        try:
            import polars as pl
        except ImportError:
            raise Missing("polars") from None
        frame = pl.from_arrow(table)
        return frame if kind == "polars.DataFrame" else frame["value"].rename(str(about.get("name", "")))
    return table["value"] if kind == "pyarrow.ChunkedArray" else table


def _frame(pd: Any, table: Any, data: memoryview) -> Any:
    """The table as a frame that can be changed, as a program expects of its inputs.

    What Arrow lends is read-only. Columns of plain numbers and dates become views of ``data`` where that can be written
    to; of many columns, or where it cannot, all are copied.
    """
    if data.readonly or table.num_columns > _MOST_VIEWS or not _disjoint(table):
        return table.to_pandas(use_threads=False).copy()
    import numpy as np

    frame = table.to_pandas(use_threads=False, split_blocks=True)
    start = np.frombuffer(data, np.uint8).__array_interface__["data"][0]
    columns: dict[int, Any] = {}
    for place in range(frame.shape[1]):
        held = frame.iloc[:, place]
        if isinstance(held.dtype, np.dtype) and held.dtype.kind in "biufmM" and len(held):
            array = held.to_numpy()
            offset = array.__array_interface__["data"][0] - start
            if 0 <= offset <= len(data) - array.nbytes and array.flags.c_contiguous:
                held = np.frombuffer(data, array.dtype, len(array), offset)
        elif not isinstance(held.dtype, np.dtype):
            held = held.copy()
        columns[place] = held
    made = pd.DataFrame(columns, index=frame.index.copy(deep=True), copy=False)
    made.columns = frame.columns
    return made


def _disjoint(table: Any) -> bool:
    """Whether every buffer has bytes of its own: only then does changing one column leave the others as they were."""
    chunks = [chunk for column in table.columns for chunk in column.chunks]
    chunks += [chunk.dictionary for chunk in chunks if hasattr(chunk, "dictionary")]
    buffers = [buffer for chunk in chunks for buffer in chunk.buffers() if buffer is not None and buffer.size]
    spans = sorted((buffer.address, buffer.address + buffer.size) for buffer in buffers)
    return all(one[1] <= following[0] for one, following in itertools.pairwise(spans))


def _compressed(metadata: bytes) -> bool:
    """Whether a message of the Arrow IPC format has compressed buffers.

    Its metadata is a flatbuffer: a table starts with the distance back to its list of field offsets. Numbers of fields
    and kinds are those of the format's ``Message.fbs``.
    """

    def field(table: int, number: int) -> int | None:
        listed = table - struct.unpack_from("<i", metadata, table)[0]
        place = 4 + 2 * number
        if place >= struct.unpack_from("<H", metadata, listed)[0]:
            return None
        offset = struct.unpack_from("<H", metadata, listed + place)[0]
        return table + offset if offset else None

    def follow(place: int) -> int:
        return int(place + struct.unpack_from("<I", metadata, place)[0])

    root = follow(0)
    kind, header = field(root, 1), field(root, 2)
    if kind is None or header is None:
        raise Refused("a message of it has no header")
    batch = follow(header)
    if metadata[kind] == 2:  # a dictionary holds a batch
        held = field(batch, 1)
        if held is None:
            raise Refused("a dictionary of it is empty")
        batch = follow(held)
    elif metadata[kind] != 3:  # not a batch
        return False
    return field(batch, 3) is not None


def _check_type(pa: Any, kind: Any, *, nested: bool = False) -> None:
    """Refuse types whose few bytes can stand for many values; :func:`encode` writes none of them."""
    again = (pa.types.is_run_end_encoded, pa.types.is_list_view, pa.types.is_large_list_view)
    views = (getattr(pa.types, name, None) for name in ("is_string_view", "is_binary_view"))
    if any(test(kind) for test in (*again, *views) if test is not None):
        raise Refused(f"Arrow type {kind} is not used here")
    if pa.types.is_dictionary(kind):
        if nested:
            raise Refused(f"Arrow type {kind} inside another is not used here")
        return _check_type(pa, kind.value_type, nested=True)
    if isinstance(kind, pa.BaseExtensionType):
        return _check_type(pa, kind.storage_type, nested=nested)
    for place in range(kind.num_fields):
        _check_type(pa, kind.field(place).type, nested=True)
    return None


def _weight(pa: Any, array: Any) -> int:
    """Bytes of an array; one whose values take no room (nothing but nulls) is counted as pointers to them."""
    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        return _weight(pa, array.storage)
    inner = 0
    if pa.types.is_struct(kind):
        inner = sum(_weight(pa, array.field(place)) for place in range(kind.num_fields))
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        inner = _weight(pa, array.values)
    elif pa.types.is_map(kind):
        inner = _weight(pa, array.keys) + _weight(pa, array.items)
    size = int(array.nbytes)
    return max(size, inner) if 8 * size >= len(array) else 8 * len(array) + inner


def _again(plain: Any) -> Any:
    return json.loads(json.dumps(plain), object_hook=_rich)


def _decode_png(about: dict[str, Any], data: bytes | memoryview, cap: int | None) -> bytes:
    picture = bytes(data)
    if not picture.startswith(b"\x89PNG\r\n\x1a\n"):
        raise Refused("the picture is not a PNG")
    return picture


def _decode_chart(about: dict[str, Any], data: bytes | memoryview, cap: int | None) -> dict[str, str]:
    chart = json.loads(bytes(data))
    if not isinstance(chart, dict) or not all(isinstance(text, str) for text in chart.values()):
        raise Refused("the chart is not a bundle of texts")
    return {mime: chart[mime] for mime in (*rich.CHARTS, "text/plain") if mime in chart}
