"""Fingerprints of what each task generates, one file a task; run it for the tasks whose version changed.

python tests/symbench/golden.py [TASK...]
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from codesteer_kernel import symbench

FOLDER = Path(__file__).parent / "golden"
SEEDS = (0, 1, 2**40)


def fingerprint(task: symbench.Task) -> dict[str, str]:
    """The task's version and a hash over the problems of some seeds at every level."""
    digest = hashlib.sha256()
    for level in task.levels:
        for seed in SEEDS:
            digest.update(task.generate(seed, level).to_json().encode())
    return {"version": task.version, "sha256": digest.hexdigest()}


def main(names: list[str]) -> None:
    """Write the fingerprints of the named tasks, or of all."""
    FOLDER.mkdir(exist_ok=True)
    for name in names or symbench.tasks():
        text = json.dumps(fingerprint(symbench.get(name)), indent=2)
        (FOLDER / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
