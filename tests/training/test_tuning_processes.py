"""One process for each device, as ``accelerate launch`` starts them: together they tune as one does alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from codesteer_kernel.training.tuning.curves import read_curves
from codesteer_kernel.training.tuning.tune import tune
from tests.models import tiny_llama
from tests.training.small_rows import conversations, row, settings, written

pytestmark = pytest.mark.timeout(900)

TOGETHER = """
import sys
from pathlib import Path
from tests.training.small_rows import settings
from codesteer_kernel.training.tuning.tune import tune

base, data, folder = map(Path, sys.argv[1:])
tune(settings(base, batch=1, steps=3), data, folder)
"""


def test_two_processes_with_one_row_each_learn_what_one_learns_from_two(tmp_path: Path) -> None:
    base = tiny_llama.build(tmp_path / "base")
    # Rows of one turn and of two: were the processes' means averaged, the shorter would count more.
    rows = [*conversations(12), *(row(f"Another, {place}", "<<<Text>>>") for place in range(8))]
    data = written(tmp_path, rows)
    script = tmp_path / "together.py"
    script.write_text(TOGETHER)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    here = os.environ | {"OMP_NUM_THREADS": "1"}
    two = tmp_path / "two"
    done = subprocess.run(
        [*launch, str(script), str(base), str(data), str(two)],
        cwd=Path(__file__).parents[2],
        env=here,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    alone = tune(settings(base, batch=2, steps=3), data, tmp_path / "one")
    (ours, theirs) = (
        [line[name] for line in read_curves(folder) for name in ("loss", "eval_loss") if name in line]
        for folder in (tmp_path / "one", two)
    )
    assert theirs == pytest.approx(ours, rel=1e-4)
    assert len(ours) == 3 + 2
    assert (two / "model.safetensors").is_file()
    assert (two / "README.md").read_text().count("| decision accuracy |") == 1
    assert alone.done
