"""Files that a shell's ``--in`` names, as values."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from codesteer_kernel.errors import BadInput, CodeSteerError, MissingDependency, UnknownName
from codesteer_kernel.reading import read_inputs

FRAME = pd.DataFrame({"name": ["Ann", "Bob"], "n": [1, 2], "x": [0.5, None]})


def write(path: Path) -> None:
    """FRAME in the form that the ending says."""
    match path.name.partition(".")[2]:
        case "csv" | "csv.gz":
            FRAME.to_csv(path, index=False)
        case "tsv":
            FRAME.to_csv(path, index=False, sep="\t")
        case "parquet":
            FRAME.to_parquet(path)
        case "feather":
            FRAME.to_feather(path)
        case "xlsx":
            FRAME.to_excel(path, index=False)
        case "json":
            path.write_text(FRAME.to_json(orient="records"))
        case "jsonl":
            path.write_text(FRAME.to_json(orient="records", lines=True) + "\n\n")


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "tsv", "parquet", "feather", "xlsx", "json", "jsonl", "CSV"])
def test_a_table_is_a_frame(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"my orders.{ending.lower()}"
    write(path)
    path = path.rename(tmp_path / f"my orders.{ending}")
    (got,) = read_inputs([str(path)]).items()
    assert got[0] == "my_orders"
    pd.testing.assert_frame_equal(got[1], FRAME, check_dtype=False)


def test_a_name_can_be_given_and_files_that_are_no_data_stay_files(tmp_path: Path) -> None:
    np.save(tmp_path / "2d.npy", np.eye(2))
    (tmp_path / "note.txt").write_text("über")
    (tmp_path / "params.json").write_text('{"a": [1, 2]}')
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    got = read_inputs(
        [
            f"eye={tmp_path}/2d.npy",
            *(str(tmp_path / name) for name in ("2d.npy", "note.txt", "params.json", "picture.png")),
        ]
    )
    assert list(got) == ["eye", "_2d", "note", "params", "picture.png"]
    assert got["eye"].tolist() == [[1, 0], [0, 1]]
    assert (got["note"], got["params"], got["picture.png"]) == ("über", {"a": [1, 2]}, tmp_path / "picture.png")


def test_each_sheet_of_a_book_is_a_frame(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path) as book:
        FRAME.to_excel(book, sheet_name="May 2026", index=False)
        FRAME.head(1).to_excel(book, sheet_name="June", index=False)
    assert {name: len(frame) for name, frame in read_inputs([str(path)]).items()} == {
        "book_May_2026": 2,
        "book_June": 1,
    }


@pytest.mark.parametrize(
    ("name", "content", "fault", "part"),
    [
        ("a.csv", "", BadInput, "a.csv cannot be read as csv: No columns"),
        ("a.parquet", "no parquet", BadInput, "cannot be read as parquet"),
        ("a.json", "{", BadInput, "cannot be read as json"),
        ("a.xlsx", "no book", BadInput, "a.xlsx"),
        ("a.npy", "no array", BadInput, "cannot be read as npy"),
        ("b.csv", None, UnknownName, "Did you mean 'a.csv'?"),
    ],
)
def test_what_cannot_be_read_is_said(
    tmp_path: Path, name: str, content: str | None, fault: type[CodeSteerError], part: str
) -> None:
    (tmp_path / "a.csv").write_text("n\n1\n")
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(fault) as caught:
        read_inputs([str(tmp_path / name)])
    assert part in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for ending in ("csv", "tsv"):
        (tmp_path / f"a.{ending}").write_text("n\n1\n")
    with pytest.raises(BadInput, match="--in NAME="):
        read_inputs([str(tmp_path / "a.csv"), str(tmp_path / "a.tsv")])


def test_an_array_of_objects_is_not_unpickled(tmp_path: Path) -> None:
    trap: Any = np.array([print], dtype=object)
    np.save(tmp_path / "trap.npy", trap, allow_pickle=True)
    with pytest.raises(BadInput, match="allow_pickle=False"):
        read_inputs([str(tmp_path / "trap.npy")])


@pytest.mark.parametrize(("file", "missing"), [("a.csv", "pandas"), ("a.xlsx", "openpyxl")])
def test_what_is_not_installed_is_named(
    tmp_path: Path, file: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / file)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingDependency, match=f"pip install {missing}"):
        read_inputs([str(tmp_path / file)])
