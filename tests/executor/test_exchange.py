"""Values go in and come back exactly, in formats that cannot run code; what is forged is refused."""

from __future__ import annotations

import collections
import datetime as dt
import json
import os
import struct
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.errors import BadInput, ExecutorError, MissingDependency, UnknownName
from codesteer_kernel.executor import Chart, Executor, Limits, open_executor
from codesteer_kernel.executor.child import values
from codesteer_kernel.executor.exchange import read, write

kernel = pytest.mark.kernel

PLAIN = [
    None,
    True,
    -7,
    10**5000,
    1.5,
    float("inf"),
    "grüße 🎈",
    "\udc80",
    b"\x00\xff",
    [1, [2, []]],
    (1, (2,)),
    {1, 2},
    frozenset("a"),
    {"a": 1, "b": {"c": None}},
    {1: "x", (1, 2): "y"},
    {"$tuple": [1]},
    dt.date(2024, 2, 29),
    dt.datetime(2024, 1, 1, 12, 30, tzinfo=dt.UTC),
    dt.time(1, 2, 3),
    dt.timedelta(days=-1, microseconds=5),
    Decimal("1.10"),
    Fraction(1, 3),
    complex(1, -2),
    range(1, 9, 2),
    Path("data.csv"),
    pd.Timestamp("2024-02-29 12:00:00.000000001", tz="Europe/Berlin"),
    pd.Timedelta(1, "ns"),
    np.datetime64("2024-02-29T12:00:00.000000001"),
    np.timedelta64(3, "D"),
]


def round_trip(value: Any, folder: Path) -> Any:
    path = folder / "value"
    about = json.loads(json.dumps(values.encode(value, str(path))))
    return values.decode(about, path.read_bytes())


@pytest.mark.parametrize("value", PLAIN, ids=lambda value: type(value).__name__)
def test_plain_values_survive(value: Any, tmp_path: Path) -> None:
    back = round_trip(value, tmp_path)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("value", [pd.NaT, pd.NA], ids=["NaT", "NA"])
def test_missing_values_survive(value: Any, tmp_path: Path) -> None:
    assert round_trip([value], tmp_path)[0] is value


def test_collections_come_as_the_plain_ones(tmp_path: Path) -> None:
    class Point(NamedTuple):
        x: int
        y: int

    assert round_trip(collections.Counter("aab"), tmp_path) == {"a": 2, "b": 1}
    assert round_trip(collections.OrderedDict(a=Point(1, 2)), tmp_path) == {"a": (1, 2)}


@pytest.mark.parametrize("zone", ["dateutil//etc/passwd", "../../etc/passwd", "/etc/passwd"])
def test_a_time_zone_that_names_a_file_opens_none(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps({"$pandas": ["Timestamp", "2024-01-01T00:00:00+01:00", zone]}).encode()
    moment = values.decode({"format": "json"}, text)
    assert str(moment) == "2024-01-01 00:00:00+01:00"


keys = st.text() | st.integers() | st.sampled_from(["$tuple", "$dict", "$int"])
data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary() | st.dates(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(keys, inner),
    max_leaves=10,
)


@given(value=data)
def test_any_plain_value_survives(value: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert round_trip(value, tmp_path_factory.getbasetemp()) == value


ARRAYS = [
    np.arange(12, dtype="int16").reshape(3, 4),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.zeros((0, 3)),
    np.array(3.5),
    np.array(["a", "bc"]),
    np.array([1 + 2j]),
    np.array([("a", 1)], dtype=[("s", "U3"), ("n", "i4")]),
    np.array(["2024-01-01"], dtype="datetime64[D]"),
    np.array(["a", None, (1, 2)], dtype=object),
    np.array([["a"], [1]], dtype=object),
    pd.Series([[1, 2], [3, 4]]).to_numpy(),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: str(array.dtype))
def test_arrays_survive(array: np.ndarray, tmp_path: Path) -> None:
    back = round_trip(array, tmp_path)
    np.testing.assert_array_equal(back, array)
    assert back.dtype == array.dtype
    assert back.flags.writeable


FRAMES = [
    pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [1.5, float("nan")]}),
    pd.DataFrame({"t": pd.to_datetime(["2024-01-01", "2024-06-01"]).tz_localize("Europe/Berlin")}),
    pd.DataFrame({"k": pd.Categorical(["u", "v", "u"])}),
    pd.DataFrame({"l": [[1, 2], [3]]}),
    pd.DataFrame({"a": [1]}, index=["row"]),
    pd.DataFrame({"a": []}),
    pd.DataFrame([[1, 2]], columns=[0, 1]),
    pd.DataFrame([[1, 2]], columns=["a", "a"]),
    pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", "y"])),
]


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: str(list(frame.columns)))
def test_frames_survive(frame: pd.DataFrame, tmp_path: Path) -> None:
    back = round_trip(frame, tmp_path)
    if "l" in frame:
        back["l"] = back["l"].map(list)
    pd.testing.assert_frame_equal(back, frame, check_column_type=False)
    back.iloc[:, :] = frame  # what comes back can be changed


def test_series_and_tables_survive(tmp_path: Path) -> None:
    series = pd.Series([1.0, 2.0], name="s", index=["a", "b"])
    pd.testing.assert_series_equal(round_trip(series, tmp_path), series)
    table = pa.table({"a": [1, 2]})
    assert round_trip(table, tmp_path).equals(table)
    assert round_trip(pa.array([1, None]), tmp_path).to_pylist() == [1, None]
    index = pd.Index([2, 1], name="i")
    pd.testing.assert_index_equal(round_trip(index, tmp_path), index)
    days = pd.date_range("2024", periods=3, tz="Europe/Berlin")
    assert round_trip(days, tmp_path).equals(days)


def test_polars_frames_and_series_stay_polars(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"s": ["a", None], "n": [1, 2], "d": [dt.date(2024, 1, 1), None], "l": [[1], []]})
    frame = frame.with_columns(polars.col("s").cast(polars.Categorical).alias("c"))
    path = tmp_path / "value"
    about = values.encode(frame, str(path))
    back = values.decode(about, path.read_bytes(), 10**6)
    assert isinstance(back, polars.DataFrame)
    assert back.equals(frame)
    assert back.schema == frame.schema
    series = polars.Series("s", [1.5, None])
    assert round_trip(series, tmp_path).equals(series)
    with pytest.raises(values.Refused, match="collect"):
        values.encode(frame.lazy(), str(path))


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
@pytest.mark.parametrize("kind", ["array", "matrix"])
def test_sparse_matrices_stay_sparse(form: str, kind: str, tmp_path: Path) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    matrix = getattr(sparse, f"{form}_{kind}")(np.array([[0, 1.5, 0], [2, 0, 0]]))
    back = round_trip(matrix, tmp_path)
    assert type(back).__name__ == (f"{form}_{kind}" if form in ("csr", "csc", "coo") else f"csr_{kind}")
    np.testing.assert_array_equal(back.toarray(), matrix.toarray())
    assert back.dtype == matrix.dtype


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [2, 1]},
        {"shape": [-2, 3]},
        {"shape": [2, 3, 1]},
        {"shape": [True, 3]},
        {"sizes": [0, 0, 0]},
        {"sizes": [10**9, 0, 0]},
        {"kind": "scipy.sparse.lil_array"},
        {"kind": "os.system_array"},
        {"kind": "scipy.sparse.csc_array"},
        {"kind": "scipy.sparse.coo_array"},
    ],
    ids=str,
)
def test_forged_sparse_matrices_are_refused(change: dict[str, Any], tmp_path: Path) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    path = tmp_path / "0"
    about = values.encode(sparse.csr_array(np.array([[0, 1.5, 0], [2, 0, 0]])), str(path)) | change
    with pytest.raises(ExecutorError, match="refused"):
        read("x", {"about": about, "file": "0"}, tmp_path, 10)


def test_sparse_indices_are_looked_at(tmp_path: Path) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    for bad in ([0, 5], [0, -1]):
        matrix = sparse.csr_array(np.array([[1.0, 0, 0], [0, 1, 0]]))
        matrix.indices[:] = bad
        about = values.encode(matrix, str(tmp_path / "0"))
        with pytest.raises(ExecutorError, match="refused"):
            read("x", {"about": about, "file": "0"}, tmp_path, 10)


def test_charts_come_back_as_data(tmp_path: Path) -> None:
    altair = pytest.importorskip("altair")
    plotly = pytest.importorskip("plotly.graph_objects")
    made = [altair.Chart(pd.DataFrame({"a": [1]})).mark_bar().encode(x="a:Q"), plotly.Figure(plotly.Bar(y=[1, 2]))]
    for chart, family in zip(made, ("vegalite", "plotly"), strict=True):
        about = values.encode(chart, str(tmp_path / "0"))
        back = read("x", {"about": about, "file": "0"}, tmp_path, 10)
        assert isinstance(back, Chart)
        shown = [mime for mime in back._repr_mimebundle_() if family in mime]
        assert len(shown) == 1


@pytest.mark.parametrize(
    "value",
    [object(), print, [object()], np.array([object()]), lambda: 0, pd.DataFrame({"a": [object()]}), type],
    ids=["object", "builtin", "nested", "array", "function", "frame", "class"],
)
def test_other_types_are_refused_by_name(value: Any, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="'thing' cannot be passed"):
        write("thing", value, tmp_path, 10)


def test_a_value_that_contains_itself_is_refused(tmp_path: Path) -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(BadInput, match="nested too deeply"):
        write("loop", loop, tmp_path, 10)


@pytest.mark.parametrize(
    "value",
    [np.zeros(2_000_000), "x" * 3_000_000, pd.DataFrame({"a": np.zeros(2_000_000)})],
    ids=["array", "text", "frame"],
)
def test_size_is_capped(value: Any, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        write("big", value, tmp_path, 1)
    assert "more than the 1 MB allowed" in caught.value.message
    assert "Limits(input_mb=...)" in caught.value.cure


def test_without_pyarrow_the_cure_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependency) as caught:
        write("frame", pd.DataFrame({"a": [1]}), tmp_path, 1)
    assert "codesteer[data]" in caught.value.cure


# What comes back is not trusted.


def forged_npy(shape: tuple[int, ...], descr: str = "<f8", body: bytes = b"\0" * 8) -> bytes:
    header = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body


@pytest.mark.parametrize(
    ("about", "content"),
    [
        ({"format": "npy"}, forged_npy((10**12,))),
        ({"format": "npy"}, forged_npy((-1,))),
        ({"format": "npy"}, forged_npy((1,), "|O")),
        ({"format": "npy"}, b"\x93NUMPY\x03\x00"),
        ({"format": "npy"}, b""),
        ({"format": "json"}, b"{"),
        ({"format": "json"}, b"[" * 100_000),
        ({"format": "json"}, b'{"$array": ["|O", [1], [1]]}'),
        ({"format": "json"}, b'{"$array": ["<U100000000", [1], ["a"]]}'),
        ({"format": "json"}, b'{"$Fraction": "1e999999999"}'),
        ({"format": "arrow", "kind": "pandas.DataFrame"}, b"ARROW1\0\0 nonsense"),
        ({"format": "png"}, b"<svg onload=alert(1)>"),
        ({"format": "chart"}, b"[1]"),
        ({"format": "chart"}, b'{"text/html": {}}'),
        ({"format": "json"}, b'{"$temporal": ["|O", 1]}'),
        ({"format": "json"}, b'{"$pandas": ["read_pickle", "/etc/passwd", null]}'),
        ({"format": "pickle"}, b"cos\nsystem\n(S'true'\ntR."),
    ],
)
def test_forged_data_is_refused(about: dict[str, Any], content: bytes, tmp_path: Path) -> None:
    (tmp_path / "0").write_bytes(content)
    with pytest.raises(ExecutorError, match="refused"):
        read("x", {"about": about, "file": "0"}, tmp_path, 10)


def arrow(table: pa.Table, compression: str | None = None) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


GIANTS = {
    "compressed": (lambda: arrow(pa.table({"a": np.zeros(20_000_000)}), "zstd"), "compressed"),
    "compressed dictionary": (lambda: arrow(pa.table({"a": pa.array(["x"]).dictionary_encode()}), "lz4"), "compressed"),
    "nulls": (lambda: arrow(pa.table({"a": pa.nulls(10**9)})), "7,629 MB in memory"),
    "nulls in a list": (
        lambda: arrow(pa.table({"a": pa.ListArray.from_arrays([0, 10**9], pa.nulls(10**9))})),
        "7,629 MB in memory",
    ),
    "runs": (lambda: arrow(pa.table({"a": pa.RunEndEncodedArray.from_arrays([10**9], [1])})), "run_end_encoded"),
    "views": (lambda: arrow(pa.table({"a": pa.array(["x" * 99], pa.string_view())})), "string_view"),
    "stream": (lambda: arrow(pa.table({"a": [1]}))[8:], "no Arrow file"),
}


@pytest.mark.parametrize("name", GIANTS)
def test_arrow_that_is_larger_than_it_looks_is_refused(name: str, tmp_path: Path) -> None:
    make, reason = GIANTS[name]
    content = make()
    assert len(content) < 1_000_000
    (tmp_path / "0").write_bytes(content)
    with pytest.raises(ExecutorError, match=f"'thing' was refused: .*{reason}"):
        read("thing", {"about": {"format": "arrow", "kind": "pandas.DataFrame"}, "file": "0"}, tmp_path, 1)


def test_columns_that_share_their_bytes_are_parted(tmp_path: Path) -> None:
    content = arrow(pa.table({"a": np.arange(64), "b": np.arange(64)}))
    own, shared = struct.pack("<qq", 512, 512), struct.pack("<qq", 0, 512)
    place = content.rindex(own)
    forged = content[:place] + shared + content[place + len(own) :]
    columns = pa.ipc.open_stream(pa.py_buffer(forged)[8:]).read_all().columns
    assert len({column.chunk(0).buffers()[1].address for column in columns}) == 1, "the bytes are not shared"
    (tmp_path / "0").write_bytes(forged)
    frame = read("x", {"about": {"format": "arrow", "kind": "pandas.DataFrame"}, "file": "0"}, tmp_path, 1)
    frame.loc[0, "a"] = 99
    assert frame["b"].tolist() == list(range(64))


def test_what_is_read_in_place_can_be_changed_and_changes_nothing_else(tmp_path: Path) -> None:
    made = {"x": [0.5, np.nan], "n": [1, 2], "t": pd.to_datetime(["2024-01-01", "2024-01-02"]), "s": ["a", "b"]}
    frame = pd.DataFrame(
        made | {"z": pd.to_datetime(["2024-01-01"] * 2).tz_localize("UTC"), "k": pd.Categorical(["u", "v"])}
    )
    about = values.encode(frame, str(tmp_path / "0"))
    data = bytearray((tmp_path / "0").read_bytes())
    back = values.decode(about, memoryview(data))
    pd.testing.assert_frame_equal(back, frame)
    before = bytes(data)
    back.loc[0, ["x", "n"]] = [7.5, 9]
    assert bytes(data) != before, "it was a copy"
    back.loc[0, "t"] = pd.Timestamp("2030-01-01")
    back.loc[0, "s"] = "c"
    back.loc[0, "z"] = pd.Timestamp("2030-01-01", tz="UTC")
    back.loc[0, "k"] = "v"
    assert back.iloc[0].tolist()[:2] == [7.5, 9]
    pd.testing.assert_frame_equal(back.iloc[1:], frame.iloc[1:])


def test_nulls_and_categories_of_ordinary_size_come_back(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"none": [None] * 1000, "kind": pd.Categorical(["u", "v"] * 500), "deep": [[None, 1.0]] * 1000}
    )
    about = values.encode(frame, str(tmp_path / "0"))
    back = read("x", {"about": about, "file": "0"}, tmp_path, 1)
    assert back.shape == (1000, 3)
    assert back["none"].isna().all()


def test_changed_arrow_bytes_never_crash(tmp_path: Path) -> None:
    path = tmp_path / "value"
    about = values.encode(pd.DataFrame({"s": ["a", "bb", None] * 20, "n": range(60)}), str(path))
    code = (
        "import sys, json, random\nfrom codesteer_kernel.executor.child import values\n"
        "about, good = json.loads(sys.argv[1]), open(sys.argv[2], 'rb').read()\n"
        "chance = random.Random(5)\n"
        "for _ in range(300):\n"
        "    data = bytearray(good)\n"
        "    for _ in range(chance.randint(1, 8)): data[chance.randrange(len(data))] = chance.randrange(256)\n"
        "    try: values.decode(about, bytes(data))\n"
        "    except values.Refused: pass\n"
        "print('alive')"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, json.dumps(about), str(path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=100,
    )
    assert done.stdout == "alive\n", done.stderr


def test_links_pipes_and_giants_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("1")
    about = {"format": "json"}
    (tmp_path / "1").symlink_to(secret)
    os.mkfifo(tmp_path / "2")
    os.link(secret, tmp_path / "3")
    (tmp_path / "4").mkdir()
    for file in "1234":
        with pytest.raises(ExecutorError, match="refused"):
            read("x", {"about": about, "file": file}, tmp_path, 10)
    with (tmp_path / "5").open("wb") as sparse:
        sparse.truncate(1 << 40)
    with pytest.raises(BadInput, match="export_mb"):
        read("x", {"about": about, "file": "5"}, tmp_path, 10)
    for file in ("../secret", "/etc/passwd", "", None, 3):
        with pytest.raises(ExecutorError, match="forged"):
            read("x", {"about": about, "file": file}, tmp_path, 10)


@kernel
async def test_inputs_reach_every_program(executor: Executor) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3]})
    await executor.put("frame", frame)
    await executor.put("rates", {"x": (1, 2), "when": dt.date(2024, 1, 1)})
    await executor.put("grid", np.eye(2))
    code = "frame['b'] = frame['a'] * 2\ngrid[0, 0] = 9\nrates.clear()\nprint(frame['b'].sum(), grid.sum(), len(rates))"
    for _ in range(2):
        result = await executor.run(code)
        assert result.stdout == "12 10.0 0\n", result.stderr
    await executor.put("rates", 5)
    assert (await executor.run("print(rates)")).stdout == "5\n"


@kernel
async def test_a_pickle_goes_in_when_asked_and_never_comes_out(executor: Executor) -> None:
    class Point:
        def __init__(self, x: int) -> None:
            self.x = x

    factor = 3
    with pytest.raises(BadInput) as caught:
        await executor.put("f", lambda x: x * factor)
    assert "pickle=True" in caught.value.cure
    await executor.put("f", lambda x: x * factor, pickle=True)
    await executor.put("point", Point(4), pickle=True)
    for _ in range(2):
        result = await executor.run("print(f(point.x))\npoint.x = 100", export=("point",))
        assert result.stdout == "12\n", result.stderr
    with pytest.raises(BadInput, match="Point cannot be passed"):
        await executor.get("point")
    with pytest.raises(BadInput, match="cannot be pickled"):
        await executor.put("file", sys.stdout.buffer, pickle=True)


class Bomb:
    def __reduce__(self) -> Any:
        return os._exit, (3,)


@kernel
async def test_a_pickle_is_opened_by_the_program_alone(executor: Executor) -> None:
    await executor.put("bomb", Bomb(), pickle=True)
    result = await executor.run("print('never')")
    assert (result.status, result.exit_code, result.stdout) == ("error", 3, "")
    await executor.put("bomb", 0)
    assert (await executor.run("print(bomb)")).stdout == "0\n"


def test_without_cloudpickle_the_cure_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    with pytest.raises(MissingDependency) as caught:
        write("f", len, tmp_path, 1, pickle=True)
    assert "codesteer[data]" in caught.value.cure


@kernel
async def test_exports_come_back(executor: Executor) -> None:
    code = (
        "import numpy as np, pandas as pd, datetime\n"
        "total = {'n': 3, 'when': datetime.date(2024, 1, 1)}\ngrid = np.arange(4)\n"
        "frame = pd.DataFrame({'a': [1]})\nodd = (n for n in [])\n"
    )
    names = ("total", "grid", "frame", "odd", "absent")
    result = await executor.run(code, export=names)
    assert result.ok, result.stderr
    assert await executor.get("total") == {"n": 3, "when": dt.date(2024, 1, 1)}
    np.testing.assert_array_equal(await executor.get("grid"), np.arange(4))
    pd.testing.assert_frame_equal(await executor.get("frame"), pd.DataFrame({"a": [1]}))
    with pytest.raises(BadInput, match="generator"):
        await executor.get("odd")
    with pytest.raises(UnknownName, match="without setting"):
        await executor.get("absent")
    with pytest.raises(UnknownName, match="exported no 'code'"):
        await executor.get("code")
    await executor.run("pass")
    with pytest.raises(UnknownName):
        await executor.get("total")


@kernel
async def test_a_forged_export_is_refused(executor: Executor) -> None:
    code = (
        "import json, os, struct\n"
        "frame = json.dumps({'frame': 'exports', 'values': {'x': {'about': {'format': 'json'}, 'file': '0'}}}).encode()\n"
        "out = os.getcwd().rpartition('/w')\nos.symlink('/etc/passwd', f'{out[0]}/o{int(out[2]) + 1}/0')\n"
        "os.write(3, struct.pack('!I', len(frame)) + frame)\n"
        "os._exit(0)"
    )
    assert (await executor.run(code, export=("x",))).ok
    with pytest.raises(ExecutorError, match="refused"):
        await executor.get("x")
    noise = await executor.run("import os\nos.write(3, b'\\xff' * 100)\nprint('still')")
    assert (noise.status, noise.stdout) == ("ok", "still\n")


@kernel
async def test_figures_are_exported_as_pictures(executor: Executor) -> None:
    pytest.importorskip("matplotlib")
    await executor.run("import matplotlib.pyplot as plt\nfig, ax = plt.subplots()", export=("fig",))
    picture = await executor.get("fig")
    assert picture._repr_png_() == picture
    assert picture.startswith(b"\x89PNG")
    await executor.put("again", picture)
    assert (await executor.run("print(again[1:4])")).stdout == "b'PNG'\n"


@kernel
@pytest.mark.parametrize("name", ["", "1a", "a b", "class", "__main__", "a.b", None])
async def test_names_are_checked(name: Any) -> None:
    async with open_executor(limits=Limits(), preload=()) as executor:
        with pytest.raises(BadInput, match="name of a variable"):
            await executor.put(name, 1)
        with pytest.raises(BadInput, match="name of a variable"):
            await executor.run("pass", export=(name,))


@pytest.mark.parametrize("value", [{"seconds": 0}, {"seconds": -1}, {"memory_mb": 0}, {"seconds": float("nan")}])
def test_limits_are_checked(value: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="makes no sense"):
        Limits(**value)
