"""What a model is told of an input: enough to write a program, bounded, and nothing of what is hidden."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from codesteer_kernel.errors import BadInput, UnknownName
from codesteer_kernel.executor import Showing, check_hidden, summarise, without_hidden


def test_a_frame_is_summarised() -> None:
    frame = pd.DataFrame({"city": ["Oslo", "Rome", "Lima", "Nara"], "n": [1, 2, 3, 4]})
    summary = summarise("cities", frame)
    assert summary.type == "pandas.DataFrame"
    assert summary.shape == [4, 2]
    assert summary.columns == [("city", str(frame["city"].dtype)), ("n", "int64")]
    assert summary.sample == "city | n\nOslo | 1\nRome | 2\nLima | 3"
    assert summary.text.startswith("cities: pandas.DataFrame, shape 4 x 2\ncolumns: city (")


def test_other_values_are_summarised() -> None:
    assert summarise("x", 3).text == "x: int\nvalue: 3"
    assert summarise("x", [1] * 1000).text == "x: list, shape 1000\nvalue: [1, 1, 1, 1, 1, 1, 1, 1, ...]"
    assert summarise("x", {"a": 1}).sample == "{'a': 1}"
    assert "int64" in summarise("x", np.arange(100)).type
    assert summarise("x", pa.table({"a": [1]})).columns == [("a", "int64")]
    assert summarise("x", pd.Series([1], name="s")).columns == [("s", "int64")]


@pytest.mark.parametrize(
    "value",
    [
        "x" * 10**6,
        list(range(10**6)),
        {str(n): "y" * 1000 for n in range(1000)},
        pd.DataFrame({f"c{n}": ["z" * 1000] * 5 for n in range(500)}),
        np.zeros((100, 100, 10)),
        [[["deep" * 100] * 100] * 100],
    ],
    ids=["text", "list", "dict", "frame", "array", "nested"],
)
def test_summaries_are_bounded(value: Any) -> None:
    assert len(summarise("x", value).text) < 2200


def test_a_hostile_repr_does_no_harm() -> None:
    class Bad:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    assert "Bad" in summarise("x", Bad()).text


def test_columns_say_range_values_and_nulls() -> None:
    frame = pd.DataFrame(
        {
            "n": [3, 1, 2],
            "x": [0.5, float("nan"), float("nan")],
            "city": ["Rome", None, "Oslo"],
            "when": pd.to_datetime(["2024-01-02", "2024-01-01", "2024-06-30"]),
            "empty": [None, None, None],
            "same": [7, 7, 7],
        }
    )
    text = summarise("frame", frame).text
    assert "n (int64, 1 to 3)" in text
    assert "x (float64, always 0.5, 2 null)" in text
    assert "'Oslo' or 'Rome', 1 null)" in text
    assert ", 2024-01-01 to 2024-06-30)" in text
    assert "empty (object, all null)" in text
    assert "same (int64, always 7)" in text


def test_an_index_that_counts_is_told() -> None:
    frame = pd.DataFrame({"n": [1, 2]}, index=pd.Index(["a", "b"], name="key"))
    assert "index: key (" in summarise("frame", frame).text
    assert "index" not in summarise("frame", frame.reset_index()).text
    both = pd.DataFrame({"n": [1, 2]}, index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["k", None]))
    assert ", 'a' or 'b'), unnamed (int64, 1 to 2)" in summarise("both", both).text


def test_what_was_not_all_read_says_about() -> None:
    rows = 200_000
    frame = pd.DataFrame({"n": np.arange(rows), "x": np.where(np.arange(rows) % 4, 1.0, np.nan)})
    text = summarise("big", frame).text
    assert "n (int64, about 0 to 1999" in text
    assert "% null" in text
    assert "(float64, always 1, 4 null)" in summarise("small", frame.head(16)).text
    # Arrow counts its nulls itself.
    assert "50,000 null" in summarise("table", pa.table({"x": pa.array([1, None, 2, 3] * 50_000)})).text


def test_polars_and_sparse_matrices_are_summarised() -> None:
    polars = pytest.importorskip("polars")
    told = summarise("p", polars.DataFrame({"n": [1, None], "s": ["a", "b"]})).text
    assert told.startswith(
        "p: polars.DataFrame, shape 2 x 2\ncolumns: n (Int64, always 1, 1 null), s (String, 'a' or 'b')"
    )
    sparse = pytest.importorskip("scipy.sparse")
    told = summarise("m", sparse.csr_array(np.eye(3))).text
    assert told.startswith("m: scipy.csr_array of float64, shape 3 x 3")
    assert "3 stored" in told


SECRET = "Wilhelmina"
HIDDEN = {
    "frame": pd.DataFrame({"name": [SECRET], "n": [1]}),
    "index": pd.DataFrame({"n": [1]}, index=pd.Index([SECRET], name="Name")),
    "categories": pd.DataFrame({"name": pd.Categorical([SECRET])}),
    "series": pd.Series([SECRET], name="name"),
    "levels": pd.DataFrame([[SECRET]], columns=pd.MultiIndex.from_tuples([("who", "name")])),
    "arrow": pa.table({"name": [SECRET]}),
    "dictionary": {"name": SECRET, "n": 1},
    "records": [{"name": SECRET}],
    "deep": {"people": [{"name": [SECRET]}]},
    "cells": pd.DataFrame({"d": [{"name": SECRET}]}),
    "structured": np.array([(SECRET, 1)], dtype=[("name", "U20"), ("n", "i4")]),
}


@pytest.mark.parametrize("form", HIDDEN)
@pytest.mark.parametrize("pattern", ["name", "NAM*", "x.n?me"])
def test_hidden_values_are_nowhere(form: str, pattern: str) -> None:
    assert SECRET in repr(summarise("x", HIDDEN[form]))
    summary = summarise("x", HIDDEN[form], Showing(hide=(pattern,)))
    assert SECRET not in repr(summary)
    assert "name" in summary.text.lower() or form == "deep", "that it is there is told"


@pytest.mark.parametrize("form", HIDDEN)
def test_with_the_schema_alone_no_value_is_told(form: str) -> None:
    summary = summarise("x", HIDDEN[form], Showing(schema_only=True))
    assert SECRET not in repr(summary)
    assert summary.sample == ""


def test_categories_in_a_type_are_values_too() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"name": polars.Series([SECRET], dtype=polars.Enum([SECRET]))})
    for showing in (Showing(hide=("name",)), Showing(schema_only=True)):
        assert SECRET not in repr(summarise("x", frame, showing))


@pytest.mark.parametrize("form", [form for form in HIDDEN if form not in ("series", "cells")])
def test_what_is_hidden_can_be_taken_out(form: str) -> None:
    kept = without_hidden("x", HIDDEN[form], ("name",))
    assert SECRET not in repr(kept)
    assert SECRET in repr(HIDDEN[form]), "the user's own value is left alone"
    assert without_hidden("x", HIDDEN[form], ("other",)) is HIDDEN[form]


def test_of_a_single_column_nothing_can_be_taken() -> None:
    with pytest.raises(BadInput, match="'x'"):
        without_hidden("x", HIDDEN["series"], ("name",))


def test_a_slip_in_what_is_to_be_hidden_is_an_error() -> None:
    inputs = {"x": HIDDEN["frame"], "y": {"other": 1}}
    check_hidden(inputs, ("name", "other", "x.n", "s*"))
    with pytest.raises(UnknownName) as caught:
        check_hidden(inputs, ("nmae",))
    assert "'nmae'" in caught.value.message
    assert "'name'" in caught.value.cure


# Files.


def test_a_file_is_told_by_its_first_lines_and_not_by_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f"name;age\n{SECRET};44\nBo;45\n")
    told = summarise("people.csv", path)
    assert told.type == "file"
    assert told.text == f"people.csv: 29 bytes\ncolumns: name, age\nfirst lines:\nname | age\n{SECRET} | 44\nBo | 45"
    assert str(tmp_path) not in repr(told)
    variable = summarise("people", path)
    assert variable.type == "pathlib.Path"
    assert variable.text.startswith("people: pathlib.Path of the file 'people.csv' (29 bytes)")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("p.csv", f"name,age\n{SECRET},44\n"),
        ("p.csv", f"{SECRET},44\n{SECRET},45\n"),
        ("p.csv", f"{SECRET}~44\n"),
        ("p.tsv", f"name\tage\n{SECRET}\t44\n"),
        ("p.txt", f"name {SECRET}"),
        ("p.json", '{"name": "' + SECRET + '"}'),
    ],
)
def test_of_files_nothing_hidden_is_told(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    assert SECRET in summarise(name, path).text
    for showing in (Showing(hide=("na*",)), Showing(schema_only=True)):
        assert SECRET not in repr(summarise(name, path, showing))


def test_files_that_hold_no_text_are_told_by_their_size(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(bytes(range(256)) * 10)
    assert summarise("data.bin", path).text == "data.bin: 3 kB"
    with pytest.raises(BadInput, match=r"absent\.csv"):
        summarise("absent.csv", tmp_path / "absent.csv")


def test_dates_and_times_are_told_as_they_are_written() -> None:
    assert summarise("day", dt.date(2024, 2, 29)).sample == "datetime.date(2024, 2, 29)"
