"""The commands of ``%codesteer`` and ``codesteer`` as data: what their help and tab completion are made of."""

from __future__ import annotations

import textwrap
from typing import Literal

import msgspec

from codesteer_kernel.option_table import Completes

__all__ = ["COMMANDS", "Command", "commands_help", "commands_of"]

Place = Literal["both", "notebook", "shell"]


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command.

    Args:
        usage: its name and what follows it.
        help: what it does, one line.
        at: where there is such a command.
        takes: what its words are looked for among.
        flags: its own options.
        options: whether it takes the options of a run as well.
        parts: commands of its own, with what their words are looked for among.
    """

    usage: str
    help: str
    at: Place = "both"
    takes: Completes = ""
    flags: tuple[str, ...] = ()
    options: bool = False
    parts: dict[str, Completes] = {}

    @property
    def name(self) -> str:
        """Its first word."""
        return self.usage.partition(" ")[0]


_MODELS: dict[str, Completes] = {"list": "", "show": "model", "pull": "embedded", "rm": "embedded", "check": "model"}

COMMANDS: tuple[Command, ...] = (
    Command(usage='solve "QUESTION" [options]', help="one steered run", at="shell", options=True),
    Command(
        usage='check "QUESTION" --answer TEXT | --program FILE',
        help="the checkers' word on an answer of yours; nothing is steered",
        at="shell",
        options=True,
    ),
    Command(
        usage="exec FILE... [--cells] [--timeout S] [--memory MB] [--file-size MB] [--tier T] [--json]",
        help="run Python files in the executor, limited and isolated; --cells: in one process that keeps its names",
        at="shell",
        takes="file",
        flags=("--cells", "--timeout", "--memory", "--file-size", "--tier", "--json"),
    ),
    Command(
        usage="models [show|pull|rm|check NAME] [--endpoints] [--json]",
        help="models that can be named, and what servers report; all of one, fetch, delete, ask it one thing",
        parts=_MODELS,
        flags=("--endpoints", "--json", "--timeout"),
    ),
    Command(
        usage="prompts [import PATH | forget]",
        help="the wording in force; PATH: a checkout of the public reference",
        at="shell",
        parts={"import": "file", "forget": ""},
    ),
    Command(usage="runs [N]", help="the newest runs, of all notebooks and shells"),
    Command(
        usage="show [RUN] [--json|--html|--markdown]",
        help="one run; a beginning of its name is enough",
        at="shell",
        takes="run",
        flags=("--json", "--html", "--markdown"),
    ),
    Command(usage="show [RUN]", help="draw a run again; a beginning of its name is enough", at="notebook", takes="run"),
    Command(
        usage="preview NAMES [--hide COLUMNS] [--schema-only] [--drop]",
        help="what models would be told of these inputs, word for word",
        at="notebook",
        takes="input",
        flags=("--hide", "--schema-only", "--drop"),
    ),
    Command(usage="insert [RUN]", help="put its program into a cell below", at="notebook", takes="run"),
    Command(usage="rerun RUN [options]", help="ask its question again", at="notebook", takes="run", options=True),
    Command(usage="explain [RUN]", help="have its program explained", at="notebook", takes="run", options=True),
    Command(
        usage="fix [options]",
        help="mend the cell that failed last; the mended one is put below",
        at="notebook",
        options=True,
    ),
    Command(usage="diff RUN RUN", help="two runs side by side: answers, programs, checks, cost", takes="run"),
    Command(
        usage="export [RUN] [--format md|html|ipynb|py|json|jsonl] [-o FILE] [--force]",
        help="a run as a file; py is the program that gave the answer",
        takes="run",
        flags=("--format", "-o", "--force"),
    ),
    Command(usage="replay [RUN] [--speed X]", help="a run again, as it happened", takes="run", flags=("--speed",)),
    Command(
        usage="pin [RUN] [--off]",
        help="keep a run when old ones are removed to make room",
        takes="run",
        flags=("--off",),
    ),
    Command(usage="forget RUN...", help="delete runs", at="notebook", takes="run"),
    Command(usage="rm RUN...", help="delete runs", at="shell", takes="run"),
    Command(
        usage="symbench list | show | generate | verify | prove | load",
        help="problems with verifiers; symbench --help",
        at="shell",
        flags=("--help",),
        parts=dict.fromkeys(("list", "show", "generate", "verify", "prove", "load"), ""),
    ),
    Command(
        usage="bench run | resume | status | report | compare | methods",
        help="methods on tasks, measured; bench --help",
        at="shell",
        flags=(
            *(
                "--methods",
                "--tasks",
                "--levels",
                "--knob",
                "--n",
                "--seed",
                "--target",
                "--steerer",
                "--order",
                "--output",
            ),
            *("--concurrency", "--budget-money", "--budget-time", "--retry-failed", "--dry-run", "--plain", "--json"),
            *("--ray", "--ray-actors", "--ray-cpus", "--ray-gpus", "--ray-resource", "--title", "--no-runs", "--help"),
        ),
        parts={
            "run": "",
            "resume": "file",
            "status": "file",
            "report": "file",
            "compare": "file",
            "judge": "file",
            "methods": "",
        },
    ),
    Command(
        usage="train trajectories | pairs | import | sft | dpo | pack | outcomes | mini",
        help="a steerer of your own: data from runs, tuning; train --help",
        at="shell",
        flags=("--help",),
        parts={
            "trajectories": "",
            "pairs": "",
            "import": "file",
            "sft": "file",
            "dpo": "file",
            "pack": "file",
            "outcomes": "",
            "mini": "file",
        },
    ),
    Command(
        usage="serve --steerer NAME",
        help="host a model for many notebooks; serve --help",
        at="shell",
        flags=("--steerer", "--help"),
        parts={"status": "", "stop": "", "config": ""},
    ),
    Command(usage="status", help="what goes on, what is loaded, where files are"),
    Command(usage="config", help="the defaults of all runs, the files that set them, the administrator's limits"),
    Command(
        usage="doctor [--attack [FAMILY | NAME]... [--tier TIER | all]]",
        help="look at everything a run needs; --attack: try what programs are kept from, harmlessly, and tell what came of it",
        at="shell",
        flags=("--attack", "--tier"),
    ),
    Command(usage="doctor", help="look at everything a run needs", at="notebook"),
    Command(
        usage="completion bash|zsh|fish",
        help="a script for your shell that completes all this",
        at="shell",
        parts={"bash": "", "zsh": "", "fish": ""},
    ),
    Command(usage="help", help="this text and all options"),
)


def commands_of(*, in_shell: bool) -> list[Command]:
    """The commands that there are in a notebook, or in a shell."""
    return [one for one in COMMANDS if one.at in ("both", "shell" if in_shell else "notebook")]


def commands_help(*, in_shell: bool) -> str:
    """The commands, with a line or two each."""
    start = "codesteer" if in_shell else "%codesteer"
    lines = [] if in_shell else _told("%%codesteer [options]", "steer the cell's text to an answer")
    for one in commands_of(in_shell=in_shell):
        lines += _told(f"{start} {one.usage}", one.help)
    return "\n".join(lines)


def _told(usage: str, told: str) -> list[str]:
    wrapped = textwrap.wrap(told, 78)
    if len(usage) > 34:
        return [f"  {usage}", *(f"{'':38}{line}" for line in wrapped)]
    return [f"  {usage:<36}{wrapped[0]}", *(f"{'':38}{line}" for line in wrapped[1:])]
