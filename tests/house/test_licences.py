"""The list of what is carried is fresh, whole, and knows every licence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from scripts import sbom
from scripts.sbom import Unknown, carried, document, page, required

ROOT = Path(__file__).parents[2]


def test_the_files_are_fresh() -> None:
    made = document()
    cure = "Run: make sbom"
    assert json.loads(sbom.SBOM.read_text(encoding="utf-8")) == made, cure
    assert sbom.PAGE.read_text(encoding="utf-8") == page(made), cure


def test_every_component_has_a_licence_that_is_known() -> None:
    made = document()
    assert len(made["components"]) > 15
    for one in made["components"]:
        licence = one["licenses"][0]
        assert licence.get("expression") or licence["license"]["id"], one["name"]
    assert made["bomFormat"] == "CycloneDX"


def test_what_is_bundled_is_what_the_builders_say_that_they_bundled() -> None:
    listed = ROOT / "extension/lab/labextension/static/third-party-licenses.json"
    names = {one["name"] for one in carried(ROOT)}
    assert {"marked", "dompurify", "highlight.js", "anser", "diff"} <= names
    if listed.is_file():
        told = {one["name"] for one in json.loads(listed.read_text(encoding="utf-8"))["packages"]}
        assert {name for name in told if not name.startswith("@codesteer/")} == names


def test_a_plain_install_is_listed_as_pyproject_asks() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {one["properties"][1]["value"] for one in required(ROOT)}
    assert asked == set(project["dependencies"])


def test_a_licence_that_nobody_declares_stops_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("package-lock.json", "widgets/package.json", "extension/lab/package.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    lock = json.loads((tmp_path / "package-lock.json").read_text(encoding="utf-8"))
    del lock["packages"]["node_modules/marked"]["license"]
    (tmp_path / "package-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    with pytest.raises(Unknown, match="marked"):
        carried(tmp_path)
    with pytest.raises(Unknown, match="no-such-package"):
        sbom._declared("no-such-package")
