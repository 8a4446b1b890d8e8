"""Executes the example notebooks with a scripted session: what models say comes from a file, over a provider's wire.

python -m tests.examples.sessions [NAME...]     executes them in place: the outputs that are committed
"""

from __future__ import annotations

import os
import sys
import sysconfig
import tempfile
import tomllib
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from codesteer_kernel.record import MIME_TYPE, Record, decode_record
from tests.run.scripts import model, say
from tests.scripted import Reply, serving_in_thread

__all__ = ["EXAMPLES", "NAMES", "executed", "records", "replies"]

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = sorted(path.stem for path in (EXAMPLES / "sessions").glob("*.toml"))


def replies(session: Path) -> list[Reply]:
    """What the models of a session say, each role's replies in order."""
    told = tomllib.loads(session.read_text(encoding="utf-8"))
    steerer = [
        Reply(say(one["decision"], one.get("guidance", ""), one["reason"]), system="You steer another model")
        for one in told["steerer"]
    ]
    # The last question first: a follow-up repeats the one before it.
    check = [
        Reply(one["text"], match="(?s)" + r"\s+".join(one["match"].split()) + r".*function check\(answer", times=None)
        for one in reversed(told["check"])
    ]
    return [*steerer, *check, *(Reply(one["text"]) for one in told["target"])]


def executed(name: str) -> nbformat.NotebookNode:
    """The notebook, run from its first cell to its last by a kernel of its own.

    Raises:
        CellExecutionError: a cell failed.
    """
    notebook = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    with (
        serving_in_thread(replies(EXAMPLES / "sessions" / f"{name}.toml")) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        settings = Path(folder) / "codesteer_config.py"
        settings.write_text(f"c.CodeSteer.target = {model(server)!r}\nc.CodeSteer.live = 'text'\n")
        before = dict(os.environ)
        os.environ |= {"JUPYTER_CONFIG_PATH": folder, "CODESTEER_HOME": f"{folder}/home"}
        try:
            NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(EXAMPLES)}}).execute()
        finally:
            os.environ.clear()
            os.environ |= before
        assert not server.unused, "the notebook asked for less than its session holds"
    return notebook


def records(notebook: nbformat.NotebookNode) -> list[Record]:
    """The runs in its outputs, in order."""
    return [
        decode_record(output["data"][MIME_TYPE])
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if MIME_TYPE in output.get("data", {})
    ]


def main(names: list[str]) -> None:
    for name in names or NAMES:
        notebook = executed(name)
        for cell in notebook.cells:
            # Of no interest to a reader, and different each time.
            cell.metadata.pop("execution", None)
        # Tracebacks name files of this machine's packages.
        packages = f"{Path(sysconfig.get_path('purelib')).parent}/"
        (EXAMPLES / f"{name}.ipynb").write_text(
            nbformat.writes(notebook).replace(packages, "") + "\n", encoding="utf-8"
        )
        print(name, [one.answer.text if one.answer else one.status for one in records(notebook)])


if __name__ == "__main__":
    main(sys.argv[1:])
