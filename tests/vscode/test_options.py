"""The options that VS Code offers are those of the kernel side."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "extension" / "vscode" / "scripts" / "options.py"


def test_the_committed_options_are_those_of_the_kernel_side() -> None:
    checked = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
