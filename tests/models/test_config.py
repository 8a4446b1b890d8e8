from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from codesteer_kernel import config
from codesteer_kernel.errors import BadInput, CacheNotWritable


def test_folders_follow_our_variables_then_xdg_then_home(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CODESTEER_CACHE", "CODESTEER_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/ada")
    assert config.cache_dir() == Path("/home/ada/.cache/codesteer")
    assert config.data_dir() == Path("/home/ada/.local/share/codesteer")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg/cache")
    monkeypatch.setenv("XDG_DATA_HOME", "/xdg/data")
    assert config.cache_dir() == Path("/xdg/cache/codesteer")
    assert config.data_dir() == Path("/xdg/data/codesteer")
    monkeypatch.setenv("CODESTEER_CACHE", "/mine")
    monkeypatch.setenv("CODESTEER_HOME", "/runs")
    assert config.cache_dir() == Path("/mine")
    assert config.data_dir() == Path("/runs")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CacheNotWritable, match="file/below"):
        config.writable(tmp_path / "file" / "below")


def test_the_runtime_folder_is_private_and_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path) if len(str(tmp_path)) <= 60 else "/tmp")
    folder = config.runtime_dir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(os.fsencode(folder / "0123456789ab.sock")) < 100
    folder.chmod(0o755)
    assert stat.S_IMODE(config.runtime_dir().stat().st_mode) == 0o700


def test_a_runtime_folder_that_is_a_link_is_refused(monkeypatch: pytest.MonkeyPatch, runtime: Path) -> None:
    (runtime / "elsewhere").mkdir()
    (runtime / "codesteer").symlink_to(runtime / "elsewhere")
    with pytest.raises(CacheNotWritable):
        config.runtime_dir()
    (runtime / "codesteer").unlink()


def test_threads_leave_a_core_free_and_obey_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CODESTEER_THREADS", raising=False)
    assert 1 <= config.default_threads() <= max(1, (os.cpu_count() or 1) - 1)
    monkeypatch.setenv("CODESTEER_THREADS", "7")
    assert config.default_threads() == 7
    for wrong in ("0", "-1", "many", "1.5"):
        monkeypatch.setenv("CODESTEER_THREADS", wrong)
        with pytest.raises(BadInput, match="CODESTEER_THREADS"):
            config.default_threads()


@pytest.mark.parametrize("wrong", ["soon", "-1", "inf", "nan"])
def test_a_wrong_grace_period_is_named(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("CODESTEER_WORKER_GRACE", wrong)
    with pytest.raises(BadInput, match="CODESTEER_WORKER_GRACE"):
        config.worker_grace()


def test_memory_is_a_plausible_number_of_bytes() -> None:
    free = config.available_memory()
    assert free is not None
    assert 2**20 < free < 2**50


def test_children_get_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ("ANTHROPIC_API_KEY", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "my_api_key")
    for name in secrets:
        monkeypatch.setenv(name, "hush")
    monkeypatch.setenv("HARMLESS", "fine")
    child = config.child_environment()
    assert "hush" not in child.values()
    assert child["HARMLESS"] == "fine"
    assert "PATH" in child
