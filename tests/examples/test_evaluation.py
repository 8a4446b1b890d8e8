"""The example of an evaluation, executed with a tiny job whose model says what this test has it say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from codesteer_kernel.evaluation.jobs import Job
from codesteer_kernel.evaluation.ledger import read_attempts
from codesteer_kernel.run import RunSettings
from tests.evaluation.job_script import answering, problems_of
from tests.examples.sessions import EXAMPLES
from tests.run.scripts import model
from tests.scripted import serving_in_thread

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(600)]

KEPT = nbformat.read(EXAMPLES / "evaluation.ipynb", as_version=4)
TINY = Job(
    methods=("only-question", "codesteer"),
    tasks=("number_multiply",),
    levels=("paper-complexity",),
    sweeps={"letters": {"length": (20,)}},
    n=1,
    settings=RunSettings(rounds=2),
)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> tuple[nbformat.NotebookNode, Path]:
    """The notebook with other settings, run from its first cell to its last, and the folder of its job."""
    folder = tmp_path_factory.mktemp("evaluation")
    notebook = nbformat.read(EXAMPLES / "evaluation.ipynb", as_version=4)
    with serving_in_thread(answering(problems_of(TINY))) as server:
        told = {
            "TARGET": model(server),
            "METHODS": list(TINY.methods),
            "N": TINY.n,
            "FOLDER": str(folder / "job"),
            "SWEEPS": {
                task: {knob: list(values) for knob, values in knobs.items()} for task, knobs in TINY.sweeps.items()
            },
            "TASKS": list(TINY.tasks),
            "LEVELS": list(TINY.levels),
        }
        (settings,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ())]
        sides = re.findall(r"^([A-Z, ]+) =", settings.source, re.MULTILINE)
        names = {name for side in sides for name in side.split(", ")}
        assert names == set(told), "the settings that a reader may change"
        settings.source = "\n".join(f"{name} = {value!r}" for name, value in told.items())
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CODESTEER_HOME", str(folder / "home"))
            NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook, folder / "job"


def shown(notebook: nbformat.NotebookNode, source: str) -> dict[str, str]:
    """The output of the cell that says ``source``."""
    (cell,) = [one for one in notebook.cells if one.cell_type == "code" and source in one.source]
    return next(output.data for output in cell.outputs if "data" in output)


def test_it_measures_what_it_says(executed: tuple[nbformat.NotebookNode, Path]) -> None:
    notebook, job = executed
    attempts = read_attempts(job)
    assert {(one.method, one.task) for one in attempts} == {
        (method, task) for method in TINY.methods for task in ("letters", "number_multiply")
    }
    table = shown(notebook, "bench.table")["text/html"]
    assert "published" in table
    assert "GPT-4o" in table


@pytest.mark.parametrize("figure", ["bench.plot_cost", "bench.plot_complexity"])
def test_the_papers_figures_are_drawn_once(executed: tuple[nbformat.NotebookNode, Path], figure: str) -> None:
    (cell,) = [one for one in executed[0].cells if figure in one.source]
    pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == len(cell.outputs) == 1


def test_what_is_kept_has_its_outputs_and_nobodys_paths() -> None:
    nbformat.validate(KEPT)
    assert all(cell.outputs for cell in KEPT.cells if cell.cell_type == "code" and "import" in cell.source)
    assert not [output for cell in KEPT.cells for output in cell.get("outputs", ()) if output.output_type == "error"]
    assert shown(KEPT, "bench.plot_cost")["image/png"].startswith("iVBOR")
    assert shown(KEPT, "bench.plot_complexity")["image/png"].startswith("iVBOR")
    assert not re.search(r"/home/|/tmp/|/root/|/site-packages/|C:\\\\", json.dumps(KEPT))
