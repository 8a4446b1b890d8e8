"""What a release is checked for before it goes out, and the one place of the version."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

import codesteer_kernel
from codesteer_kernel.run import _versions
from scripts import release, version
from scripts.release import VSIX_HAS, WHEEL_HAS, Broken, bare_environment, check_vsix, check_wheel

ROOT = Path(__file__).parents[2]


def zipped(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def wheel(folder: Path, *, without: str = "", more: str = "", stated: str = "1.2.3") -> Path:
    files = {name: "" for name in WHEEL_HAS if name != without}
    files |= {"codesteer-1.2.3.dist-info/METADATA": f"Metadata-Version: 2.4\nName: codesteer\nVersion: {stated}\n"}
    return zipped(folder / "codesteer-1.2.3-py3-none-any.whl", files | ({more: ""} if more else {}))


def vsix(folder: Path, *, without: str = "", more: str = "", stated: str = "1.2.3") -> Path:
    files = {name: "" for name in VSIX_HAS if name != without}
    manifest = json.loads((ROOT / "extension/vscode/package.json").read_text(encoding="utf-8"))
    if "extension/package.json" in files:
        files["extension/package.json"] = json.dumps(manifest | {"version": stated})
    return zipped(folder / "codesteer-1.2.3.vsix", files | ({more: ""} if more else {}))


def test_a_whole_release_passes(tmp_path: Path) -> None:
    check_wheel(wheel(tmp_path), "1.2.3")
    check_vsix(vsix(tmp_path), "1.2.3")


@pytest.mark.parametrize("name", [*WHEEL_HAS])
def test_a_wheel_that_lacks_something_does_not(name: str, tmp_path: Path) -> None:
    with pytest.raises(Broken, match="lacks"):
        check_wheel(wheel(tmp_path, without=name), "1.2.3")


@pytest.mark.parametrize("name", [*VSIX_HAS])
def test_a_vsix_that_lacks_something_does_not(name: str, tmp_path: Path) -> None:
    with pytest.raises(Broken, match="lacks"):
        check_vsix(vsix(tmp_path, without=name), "1.2.3")


@pytest.mark.parametrize(
    "name", ["tests/x.py", "codesteer/__pycache__/x", "a/node_modules/b.js", "x.map", "src/a.ts", "k/.env"]
)
def test_what_nobody_should_get_does_not_travel(name: str, tmp_path: Path) -> None:
    with pytest.raises(Broken, match="holds"):
        check_wheel(wheel(tmp_path, more=name), "1.2.3")
    with pytest.raises(Broken, match="holds"):
        check_vsix(vsix(tmp_path, more=f"extension/{name}"), "1.2.3")


def test_another_version_does_not_go_out(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="version"):
        check_wheel(wheel(tmp_path, stated="1.2.4"), "1.2.3")
    with pytest.raises(Broken, match="version"):
        check_vsix(vsix(tmp_path, stated="1.2.4"), "1.2.3")


def test_a_clean_environment_has_no_tools_and_no_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    (tmp_path / "bin").mkdir()
    found = bare_environment(tmp_path)
    assert found["PATH"] == str(tmp_path / "bin")
    assert not {"OPENAI_API_KEY", "PYTHONPATH"} & set(found)
    shutil.copy(sys.executable, tmp_path / "bin" / "node")
    with pytest.raises(Broken, match="node"):
        bare_environment(tmp_path)


def test_nothing_to_release_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(release, "DIST", tmp_path)
    assert release.main(["--no-build"]) == 1
    assert "No release" in capsys.readouterr().err


# -- the version


def test_there_is_one_version() -> None:
    assert version.current() == codesteer_kernel.__version__
    assert {found for _, found in version.copies()} == {version.current()}
    assert len(list(version.copies())) >= 8, "four manifests, and the lock's copies of them"
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'dynamic = ["version"]' in project
    assert 'path = "codesteer_kernel/__init__.py"' in project
    assert "codesteer" in _versions(), "records name it"


def test_it_is_changed_in_one_place_and_written_to_the_others(tmp_path: Path) -> None:
    for name in ("codesteer_kernel/__init__.py", *version.MANIFESTS, "package-lock.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    before = (tmp_path / "package-lock.json").read_text(encoding="utf-8")
    assert version.write(version.current(), tmp_path) == [], "writing what is there changes nothing"
    assert (tmp_path / "package-lock.json").read_text(encoding="utf-8") == before
    assert set(version.write("7.8.9", tmp_path)) == {
        "codesteer_kernel/__init__.py",
        *version.MANIFESTS,
        "package-lock.json",
    }
    assert version.current(tmp_path) == "7.8.9"
    assert {found for _, found in version.copies(tmp_path)} == {"7.8.9"}
    assert version.main(["seven"]) == 2
