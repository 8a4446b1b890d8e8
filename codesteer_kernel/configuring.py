"""The defaults of all runs as traits: what ``%config CodeSteer`` shows, and what the command line and Python start from.

They are set in ``codesteer_config.py`` or ``codesteer_config.json`` in one of Jupyter's configuration folders:

    c.CodeSteer.target = "anthropic/claude-sonnet-5"
    c.CodeSteer.rounds = 3

The folders win in the order in which ``jupyter --paths`` lists them, Python over JSON in each; a profile (:mod:`.options`) wins over all
of them, and what is typed over the profile. What the administrator limits (:mod:`.policy`) is limited after all that.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets import Bool, Enum, Float, Int, TraitError, Unicode, default, observe, validate
from traitlets.config import Config, Configurable
from traitlets.config.loader import JSONFileConfigLoader, PyFileConfigLoader

from codesteer_kernel.config import RUNS_VARIABLE, TIER_VARIABLE, runs_bytes
from codesteer_kernel.egress import OFFLINE_VARIABLE, offline
from codesteer_kernel.errors import BadConfig, nearest
from codesteer_kernel.option_table import OPTIONS

if TYPE_CHECKING:
    from codesteer_kernel.run import RunSettings

__all__ = ["CodeSteer", "config_files", "configured", "read_config"]

_NAMES = ("codesteer_config.json", "codesteer_config.py")


def _told(option: str) -> str:
    found = next(one for one in OPTIONS if one.names[0] == f"--{option}")
    return f"{found.help[:1].upper()}{found.help[1:]}." + (f" None: {found.default}." if found.default else "")


class CodeSteer(Configurable):
    """The settings of a run that has no options. They have the options' names, with underscores."""

    profile = Unicode("", help="A profile of your configuration file, for every run.").tag(config=True)
    target = Unicode("embedded", help="The model that answers, as provider/model.").tag(config=True)
    steerer = Unicode("", help="The model that guides it; empty: the target steers itself.").tag(config=True)
    checker = Unicode("", help="The model that writes testing programs; empty: the target; none: no tests.").tag(
        config=True
    )
    host = Unicode("", help="The address of a host of models; empty: found by itself; none: load all here.").tag(
        config=True
    )
    temperature = Float(0.0, help=_told("temperature")).tag(config=True)
    seed = Int(0, allow_none=True, help=_told("seed")).tag(config=True)
    thinking = Int(None, allow_none=True, help=_told("thinking")).tag(config=True)
    repeat_partial = Bool(False, help=_told("repeat-partial")).tag(config=True)
    max_tokens = Int(None, allow_none=True, help=_told("max-tokens")).tag(config=True)
    rounds = Int(5, help=_told("rounds")).tag(config=True)
    timeout = Float(None, allow_none=True, help="Budget of a run in seconds.").tag(config=True)
    tokens = Int(None, allow_none=True, help="Budget of a run in tokens, read and written.").tag(config=True)
    cost = Float(None, allow_none=True, help="Budget of a run in US dollars.").tag(config=True)
    max_output = Float(None, allow_none=True, help="Budget of what models and programs put out, in MB.").tag(
        config=True
    )
    code_timeout = Float(20.0, help="Limit of one program in seconds.").tag(config=True)
    check_timeout = Float(15.0, help="Limit of one test in seconds.").tag(config=True)
    memory = Int(2048, help="Memory limit of one program in MB.").tag(config=True)
    in_max = Int(512, help="Largest input in MB.").tag(config=True)
    out_max = Int(64, help="Largest value to bring back in MB.").tag(config=True)
    schema_only = Bool(False, help="Tell models names and types of the inputs' columns, and no value.").tag(config=True)
    hide = Unicode(
        "", help="Columns whose values models are not told, separated by commas; * and ? as in file names."
    ).tag(config=True)
    drop = Bool(False, help=_told("drop")).tag(config=True)
    start = Enum(["", "code", "text"], default_value="", help=_told("start")).tag(config=True)
    samples = Int(1, help=_told("samples")).tag(config=True)
    dialect = Unicode("", help=_told("dialect")).tag(config=True)
    faithful = Bool(False, help=_told("faithful")).tag(config=True)
    without = Unicode("", help=f"{_told('without')[:-1]}; separated by commas.").tag(config=True)
    journal = Bool(True, help="Keep runs on disk.").tag(config=True)
    runs_mb = Float(help="Room for kept runs, in MB; the oldest go first.").tag(config=True)
    isolation = Unicode(help="The weakest isolation to accept, for kernels that start from now on; empty: any.").tag(
        config=True
    )

    offline = Bool(
        help="Ask nobody beyond this machine: no hosted model, no download, no gateway, no network for programs."
    ).tag(config=True)

    @default("runs_mb")
    def _usual_room(self) -> float:
        return runs_bytes() / 1e6

    @default("isolation")
    def _usual_isolation(self) -> str:
        return os.environ.get(TIER_VARIABLE, "")

    @default("offline")
    def _usual_offline(self) -> bool:
        return offline()

    # These hold for the whole process, whoever keeps a run, starts a kernel or asks somebody in it.
    @observe("runs_mb")
    def _make_room(self, change: Any) -> None:
        os.environ[RUNS_VARIABLE] = f"{change['new']:g}"

    @observe("isolation")
    def _isolate(self, change: Any) -> None:
        os.environ[TIER_VARIABLE] = change["new"]

    # Not an observer, which hears of changes alone: a file's plain False must not undo the variable, and a typed one must.
    @validate("offline")
    def _go_offline(self, proposal: Any) -> Any:
        os.environ[OFFLINE_VARIABLE] = "1" if proposal["value"] else "0"
        return proposal["value"]

    def settings(self) -> RunSettings:
        """The settings of a run that has no options.

        Raises:
            UnknownName, BadConfig: the profile is not there, or is wrong.
        """
        # Not before a run is started: the notebook extension loads this module, and that has to be quick.
        from codesteer_kernel.options import parse_options
        from codesteer_kernel.run import RunSettings

        found = RunSettings(
            target=self.target,
            steerer=self.steerer or None,
            checker=self.checker or None,
            host=self.host,
            temperature=self.temperature,
            seed=self.seed,
            thinking=self.thinking,
            repeat_partial=self.repeat_partial,
            max_tokens=self.max_tokens,
            rounds=self.rounds,
            seconds=self.timeout,
            tokens=self.tokens,
            cost=self.cost,
            output_mb=self.max_output,
            code_seconds=self.code_timeout,
            check_seconds=self.check_timeout,
            memory_mb=self.memory,
            input_mb=self.in_max,
            export_mb=self.out_max,
            schema_only=self.schema_only,
            hide=_listed(self.hide),
            drop=self.drop,
            start=self.start or None,
            samples=self.samples,
            dialect=self.dialect or None,
            faithful=self.faithful,
            without=_listed(self.without),
            journal=self.journal,
        )
        return parse_options(["--profile", self.profile], defaults=found).settings if self.profile else found


def _listed(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())


def config_files() -> list[Path]:
    """The files that are looked at, the weakest first; they need not exist."""
    from jupyter_core.paths import jupyter_config_path

    return [Path(folder) / name for folder in reversed(jupyter_config_path()) for name in _NAMES]


def read_config() -> Config:
    """What the files say together.

    Raises:
        BadConfig: one cannot be read; a file of Python is run, as Jupyter's own are.
    """
    found = Config()
    for path in config_files():
        if not path.is_file():
            continue
        loader = JSONFileConfigLoader if path.suffix == ".json" else PyFileConfigLoader
        try:
            found.merge(loader(path.name, str(path.parent)).load_config())
        except Exception as fault:  # noqa: BLE001 - a program of the user's: whatever it does, its file is named
            raise BadConfig(
                f"{path} cannot be read ({type(fault).__name__}: {fault}).", "Mend it or move it away."
            ) from None
    unknown = sorted(set(found.get("CodeSteer", {})) - set(CodeSteer.class_trait_names(config=True)) - {"live"})
    if unknown:
        hint = nearest(unknown[0], CodeSteer.class_trait_names(config=True)) or "See codesteer config."
        raise BadConfig(f"A configuration file sets CodeSteer.{unknown[0]}, which means nothing.", hint)
    return found


def configured() -> CodeSteer:
    """The defaults as the files say.

    Raises:
        BadConfig: a file cannot be read, or says what a setting cannot be.
    """
    try:
        return CodeSteer(config=read_config())
    except TraitError as fault:
        raise BadConfig(f"A configuration file says what cannot be: {fault}", "See codesteer config.") from None
