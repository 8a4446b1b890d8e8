"""The example of a steerer made in miniature, executed with fewer problems and steps than it shows."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.examples.sessions import EXAMPLES

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(900)]

KEPT = nbformat.read(EXAMPLES / "training.ipynb", as_version=4)
FEW = {"FOLDER": "small", "TASKS": "pooling", "PROBLEMS": 10, "STEPS": 4}


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> tuple[nbformat.NotebookNode, Path]:
    """The notebook with other settings, run from its first cell to its last, and the folder of its work."""
    folder = tmp_path_factory.mktemp("training")
    notebook = nbformat.read(EXAMPLES / "training.ipynb", as_version=4)
    (settings,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ())]
    assert set(re.findall(r"^([A-Z]+) =", settings.source, re.MULTILINE)) == set(FEW)
    settings.source = "\n".join(f"{name} = {value!r}" for name, value in FEW.items())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CODESTEER_HOME", str(folder / "home"))
        patch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
        NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook, folder / "small"


def test_runs_become_a_steerer_that_is_asked(executed: tuple[nbformat.NotebookNode, Path]) -> None:
    notebook, folder = executed
    assert (folder / "steerer" / "model.safetensors").is_file()
    assert (folder / "dpo" / "adapter_model.safetensors").is_file()
    last = [cell for cell in notebook.cells if cell.cell_type == "code"][-1]
    odds = eval(last.outputs[-1].data["text/plain"])
    assert list(odds) == ["tiny", "sft", "steerer"]
    assert all(sum(choice.values()) == pytest.approx(1.0, abs=0.002) for choice in odds.values())
    # A few steps do not make it good; they do make it another.
    assert odds["tiny"] != odds["sft"]


@pytest.mark.parametrize("stage", ["tune(sft", "tune(dpo"])
def test_every_tuning_shows_its_curves(executed: tuple[nbformat.NotebookNode, Path], stage: str) -> None:
    (cell,) = [one for one in executed[0].cells if stage in one.source]
    assert [one for one in cell.outputs if "image/png" in one.get("data", {})]
    assert not [one for one in cell.outputs if one.get("name") == "stderr"]


def test_what_is_kept_has_its_outputs_and_nobodys_paths() -> None:
    nbformat.validate(KEPT)
    assert all(cell.outputs for cell in KEPT.cells if cell.cell_type == "code" and "import" in cell.source)
    assert not [output for cell in KEPT.cells for output in cell.get("outputs", ()) if output.output_type == "error"]
    assert sum("image/png" in one.get("data", {}) for cell in KEPT.cells for one in cell.get("outputs", ())) == 2
    assert not re.search(r"/home/|/tmp/|/root/|/site-packages/|C:\\\\", json.dumps(KEPT))
