"""The defaults of runs: traits, configuration files, profiles, and who wins."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import codesteer
import pytest
from codesteer.solving import settings_of
from traitlets import TraitError
from traitlets.config import Config

from codesteer_kernel.cli import main
from codesteer_kernel.configuring import CodeSteer, config_files, configured
from codesteer_kernel.errors import BadConfig, NotAllowed, UnknownName
from codesteer_kernel.option_table import OPTIONS
from codesteer_kernel.run import RunSettings
from tests.run.scripts import model, say, script
from tests.scripted import serving_in_thread


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The user's folder of Jupyter's configuration, and one that comes before it."""
    for variable, folder in (("JUPYTER_CONFIG_DIR", "user"), ("JUPYTER_CONFIG_PATH", "first")):
        monkeypatch.setenv(variable, str(tmp_path / folder))
        (tmp_path / folder).mkdir()
    monkeypatch.setenv("JUPYTER_NO_CONFIG", "")
    # What setting some traits sets for the process is taken back.
    for variable in ("CODESTEER_RUNS_MB", "CODESTEER_TIER_FLOOR"):
        monkeypatch.setenv(variable, "")
        monkeypatch.delenv(variable)
    monkeypatch.setenv("CODESTEER_CONFIG", str(tmp_path / "own.toml"))
    yield tmp_path
    for variable in ("CODESTEER_RUNS_MB", "CODESTEER_TIER_FLOOR"):
        os.environ.pop(variable, None)


def user(folders: Path, text: str, name: str = "codesteer_config.py") -> None:
    (folders / "user" / name).write_text(text)


def test_without_a_file_the_defaults_are_those_of_a_run() -> None:
    assert configured().settings() == RunSettings()


def test_every_setting_of_a_run_is_a_trait() -> None:
    values = {
        "target": "a/b", "steerer": "c/d", "checker": "none", "host": "none", "temperature": 0.5, "seed": 3,
        "thinking": 7, "repeat_partial": True, "max_tokens": 9, "rounds": 2, "timeout": 3.5, "tokens": 4, "cost": 0.5, "max_output": 1.5,
        "code_timeout": 1.0, "check_timeout": 2.0, "memory": 300, "in_max": 5, "out_max": 6, "schema_only": True,
        "hide": "a, b*", "drop": True, "start": "code", "samples": 2, "dialect": "mini", "faithful": True,
        "without": "symbolic, stop",
        "journal": False,
    }  # fmt: skip
    settings = CodeSteer(config=Config({"CodeSteer": values})).settings()
    usual = RunSettings()
    assert not [one for one in RunSettings.__struct_fields__ if getattr(settings, one) == getattr(usual, one)]
    assert (settings.seconds, settings.output_mb, settings.hide) == (3.5, 1.5, ("a", "b*"))
    typed = {one.names[0][2:].replace("-", "_") for one in OPTIONS if one.dest in RunSettings.__struct_fields__}
    assert typed - {"no_journal"} <= set(values)


def test_folders_win_in_the_order_of_jupyter_and_python_over_json(folders: Path) -> None:
    user(folders, json.dumps({"CodeSteer": {"rounds": 2, "samples": 3}}), "codesteer_config.json")
    assert (configured().rounds, configured().samples) == (2, 3)
    user(folders, "c.CodeSteer.rounds = 4\nc.CodeSteer.memory = 500\n")
    # JUPYTER_CONFIG_PATH is what jupyter --paths names first.
    (folders / "first" / "codesteer_config.json").write_text(json.dumps({"CodeSteer": {"rounds": 7}}))
    found = configured()
    assert (found.rounds, found.samples, found.memory) == (7, 3, 500)
    assert config_files()[-1] == folders / "first" / "codesteer_config.py"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("c.CodeSteer.rounds = 'many'", "rounds"),
        ("c.CodeSteer.start = 'soon'", "start"),
        ("c.CodeSteer.round = 3", "Did you mean 'rounds'?"),
        ("c.CodeSteer.rounds = ", "codesteer_config.py"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(folders: Path, text: str, part: str) -> None:
    user(folders, text)
    with pytest.raises(BadConfig) as caught:
        configured()
    assert part in str(caught.value)


def test_a_profile_wins_over_the_files_and_what_is_typed_over_the_profile(folders: Path) -> None:
    user(folders, "c.CodeSteer.rounds = 7\nc.CodeSteer.memory = 500\nc.CodeSteer.profile = 'thrifty'\n")
    (folders / "own.toml").write_text("[profiles.thrifty]\nrounds = 2\nchecker = 'none'\n")
    settings = configured().settings()
    assert (settings.rounds, settings.memory_mb, settings.checker) == (2, 500, "none")
    assert settings_of({"rounds": 3}).rounds == 3
    user(folders, "c.CodeSteer.profile = 'nosuch'")
    with pytest.raises(UnknownName):
        configured().settings()


def test_room_and_isolation_hold_for_the_process(folders: Path) -> None:
    defaults = configured()
    assert (defaults.runs_mb, defaults.isolation) == (500, "")
    user(folders, "c.CodeSteer.runs_mb = 50\nc.CodeSteer.isolation = 'landlock'\n")
    defaults = configured()
    assert (os.environ["CODESTEER_RUNS_MB"], os.environ["CODESTEER_TIER_FLOOR"]) == ("50", "landlock")
    with pytest.raises(TraitError):
        defaults.runs_mb = "much"


@pytest.mark.kernel
def test_solve_in_python_and_in_a_shell_starts_from_the_files(
    folders: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replies = script([say("text"), say("return")] * 2, ["Answer: 42"] * 2)
    with serving_in_thread(replies) as server:
        user(folders, f"c.CodeSteer.target = {model(server)!r}\nc.CodeSteer.checker = 'none'\nc.CodeSteer.rounds = 2\n")
        run = codesteer.solve("6 * 7?")
        assert main(["solve", "6 * 7?", "--json"]) == 0
    assert (run.record.budget.rounds, run.answer) == (2, "Answer: 42")
    assert json.loads(capsys.readouterr().out)["budget"]["rounds"] == 2


def test_config_shows_values_files_and_limits(
    folders: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    user(folders, "c.CodeSteer.rounds = 7\n")
    limits = folders / "policy.toml"
    limits.write_text("[limits]\nrounds = 6\nisolation = 'landlock'\n[models]\nallow = ['embedded']\n")
    monkeypatch.setattr("codesteer_kernel.policy.FILES", (limits,))
    assert main(["config"]) == 0
    text = capsys.readouterr().out
    for name in CodeSteer.class_trait_names(config=True):
        assert f"CodeSteer.{name} " in text
    for part in ("usually 5", str(folders / "user" / "codesteer_config.py"), str(limits), "rounds: at most 6"):
        assert part in text
    for part in ("isolation: at least landlock", "models: embedded"):
        assert part in text
    with pytest.raises(NotAllowed, match="--rounds is 7"):
        codesteer.solve("6 * 7?")
