"""The house's rules: imports go down the floors, nothing heavy is loaded early, every room has a door."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "codesteer_kernel": ROOT / "codesteer_kernel",
    "codesteer": ROOT / "magics" / "codesteer",
    "codesteer_widgets": ROOT / "widgets" / "codesteer_widgets",
}
# DESIGN section 2, from the ground up. On floors marked SIDEWAYS rooms may lean on a neighbour, but never in a circle.
FLOORS = [
    {"errors", "config", "record", "option_table", "command_table", "policy", "egress", "locking", "together"},
    {"models", "executor", "render", "symbench"},
    {"checkers"},
    {"steering", "store"},
    {
        "batch",
        "cluster",
        "cluster_options",
        "dry_run",
        "run",
        "options",
        "commands",
        "subcommands",
        "history",
        "reading",
        "completing",
        "configuring",
    },
    {"attacks", "evaluation", "serving"},
    {"training"},
    {
        "codesteer_widgets",
        "codesteer",
        "bench_command",
        "cli",
        "doctor",
        "exec_command",
        "models_command",
        "solve_command",
        "shells",
        "symbench_command",
        "train_command",
    },
]
SIDEWAYS = {0, 4, 7}
LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
HEAVY = {
    *("torch", "transformers", "anthropic", "openai", "pandas", "numpy", "pyarrow", "matplotlib", "xllamacpp", "ray"),
    *("jupyterlab", "anywidget", "ipywidgets", "jupyter_client", "keyring", "hypothesis"),
}


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of ours, by its dotted name."""
    for package, folder in PACKAGES.items():
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            yield ".".join((package, *(part for part in parts if part != "__init__"))), path


def room_of(module: str) -> str | None:
    """The room that a module belongs to; None for the bare kernel package and for foreign modules."""
    package, _, rest = module.partition(".")
    if package == "codesteer_kernel":
        return rest.partition(".")[0] or None
    return package if package in PACKAGES else None


def imports(name: str, path: Path) -> Iterator[str]:
    """Dotted names of everything that a module imports, wherever in it the import stands."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            yield from (f"{base}.{alias.name}" for alias in node.names)


ROOM_IMPORTS = {
    (room, other)
    for name, path in modules()
    for target in imports(name, path)
    if (room := room_of(name)) and (other := room_of(target)) and room != other and not other.startswith("_")
}


def test_every_room_has_its_floor() -> None:
    rooms = {room_of(name) for name, _ in modules()} - {None}
    assert rooms <= set(LEVEL), f"rooms on no floor: {rooms - set(LEVEL)}"


def test_imports_only_go_down() -> None:
    assert ROOM_IMPORTS, "the imports could not be read"
    for room, other in sorted(ROOM_IMPORTS):
        down = LEVEL[other] < LEVEL[room] or (LEVEL[other] == LEVEL[room] and LEVEL[room] in SIDEWAYS)
        assert down, f"{room} (floor {LEVEL[room]}) imports {other} (floor {LEVEL[other]})"


def test_no_room_leans_on_itself_through_others() -> None:
    graph: dict[str, set[str]] = {}
    for room, other in ROOM_IMPORTS:
        graph.setdefault(room, set()).add(other)
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as circle:
        pytest.fail(f"rooms import each other in a circle: {' -> '.join(circle.args[1])}")


def test_the_reader_of_imports_sees_every_kind(tmp_path: Path) -> None:
    source = tmp_path / "loop.py"
    source.write_text(
        "import codesteer_kernel.run\n"
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from codesteer.magic import CodeSteer\n"
        "def late():\n    from ..store import Store\n    from . import calls\n    from .. import cli as other\n"
    )
    found = {room_of(name) for name in imports("codesteer_kernel.steering.loop", source)}
    assert found == {"run", "codesteer", "store", "steering", "cli", None}


def test_symbench_stands_alone_but_for_the_typed_errors() -> None:
    assert {other for room, other in ROOM_IMPORTS if room == "symbench"} <= {"errors"}


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "helper", "misc", "common"}
    assert not [name for name, _ in modules() if drawers & set(name.split("."))]


def test_every_module_says_what_it_is_for() -> None:
    silent = [name for name, path in modules() if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert not silent


def test_every_room_names_what_it_offers() -> None:
    for name, path in modules():
        if path.name == "__init__.py" and name.count(".") == 1:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names = {target.id for node in tree.body if isinstance(node, ast.Assign) for target in node.targets}
            assert "__all__" in names, f"{name} does not say what it offers"


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after ``code``."""
    told = "\nimport sys, json\nprint(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code + told], capture_output=True, text=True, timeout=60, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import codesteer_kernel",
        "import codesteer",
        "import codesteer_widgets",
        "import codesteer_kernel.cli, codesteer_kernel.models, codesteer_kernel.executor, codesteer_kernel.run",
        "import codesteer_kernel.doctor, codesteer_kernel.commands, codesteer_kernel.options",
        "import codesteer.bench, codesteer_kernel.evaluation.report, codesteer_kernel.evaluation.comparing",
    ],
)
def test_importing_loads_nothing_heavy(code: str) -> None:
    assert not HEAVY & loaded_by(code)


def test_loading_the_extension_loads_nothing_heavy() -> None:
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance(history_length=0)\n"
        "shell.run_line_magic('load_ext', 'codesteer')\n"
    )
    loaded = loaded_by(code)
    assert "codesteer_kernel" in loaded
    assert not HEAVY & loaded
