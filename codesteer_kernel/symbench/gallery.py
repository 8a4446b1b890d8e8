"""The gallery page: every task with its rule, its knobs and three problems, drawn where a picture says more.

python -m codesteer_kernel.symbench.gallery docs
"""

from __future__ import annotations

import html
import sys
from collections.abc import Mapping
from pathlib import Path

from codesteer_kernel.symbench.registry import tasks
from codesteer_kernel.symbench.task import Task

__all__ = ["gallery", "write_gallery"]

_PAGE = "symbench-gallery.md"
_PICTURES = "symbench"
_EXAMPLES = 3
_INTRODUCTION = """\
# SymBench gallery

Written by `python -m codesteer_kernel.symbench.gallery docs`. Three problems of each task, levels 1 to 3, seed 0, each
with a right answer. `codesteer symbench show TASK --level L --seed N --answer` makes any other.
"""


def gallery() -> dict[str, str]:
    """The page and its pictures: text by path below the documentation's folder."""
    files: dict[str, str] = {}
    contents = ["| task | in the paper | split | what is asked |", "|---|---|---|---|"]
    parts = []
    for name, task in tasks().items():
        contents.append(f"| [{name}](#{name}) | {task.paper_name} | {task.split} | {task.about} |")
        parts.append(_section(task, files))
    files[_PAGE] = "\n".join([_INTRODUCTION, *contents, "", *parts])
    return files


def write_gallery(folder: Path) -> None:
    """Write the page and its pictures below ``folder``; pictures that are no longer drawn are removed."""
    files = gallery()
    for old in (folder / _PICTURES).glob("*.svg"):
        if f"{_PICTURES}/{old.name}" not in files:
            old.unlink()
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def _section(task: Task, files: dict[str, str]) -> str:
    lines = [
        f"## {task.name}",
        "",
        f"{task.about} {task.rule}",
        "",
        "| knob | default | allowed | |",
        "|---|---|---|---|",
    ]
    lines += [f"| `{name}` | {knob.default} | {knob.bounds} | {knob.help} |" for name, knob in task.knobs.items()]
    lines += [
        "",
        "Levels: " + "; ".join(f"`{name}` {_settings(level)}" for name, level in task.levels.items()) + ".",
        "",
    ]
    for level in [level for level in task.levels if level.isdigit()][:_EXAMPLES]:
        lines += _example(task, level, files)
    return "\n".join(lines)


def _example(task: Task, level: str, files: dict[str, str]) -> list[str]:
    problem = task.generate(0, level)
    lines = ["<details>", f"<summary>Level {level}</summary>", "", _fenced(problem.question), ""]
    for words, answer in (("", None), ("-solved", problem.reference)):
        picture = task.draw(problem, answer)
        path = f"{_PICTURES}/{task.name}-{level}{words}.svg"
        if picture is not None and picture not in files.values():
            files[path] = picture
            lines += [f'<img src="{path}" alt="{html.escape(_alt(task, level, bool(words)))}">', ""]
    return [*lines, "A right answer:", "", _fenced(f"<<<{problem.reference}>>>"), "", "</details>", ""]


def _alt(task: Task, level: str, solved: bool) -> str:
    return f"{task.paper_name}, level {level}{', solved' if solved else ''}"


def _settings(level: Mapping[str, object]) -> str:
    return "(" + (", ".join(f"{knob} {value}" for knob, value in level.items()) or "defaults") + ")"


def _fenced(text: str) -> str:
    return f"~~~~text\n{text.strip()}\n~~~~"


if __name__ == "__main__":
    write_gallery(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
