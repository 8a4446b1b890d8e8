# Loaded by path, belongs to no package.
# ruff: noqa: INP001
"""Build hook of the distribution: brings the built front ends into the wheel.

A wheel holds the widget's bundle and the JupyterLab extension; where they were not built, npm builds them. An editable
install never builds and places no extension, so that it works before any front end was built: `make setup` links it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatch_jupyter_builder.utils import npm_builder
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WIDGET = "widgets/codesteer_widgets/static"
LAB = "extension/lab/labextension"
TARGETS = (f"{WIDGET}/widget.js", f"{WIDGET}/style.css", f"{LAB}/package.json")
SHARED = "share/jupyter/labextensions/@codesteer/lab"


class FrontEndHook(BuildHookInterface):  # type: ignore[type-arg,unused-ignore]
    """Builds the front ends when they are missing and places the JupyterLab extension.

    ``SKIP_JUPYTER_BUILDER=1`` makes a wheel of what is there, without complaint.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before a wheel (``standard`` or ``editable``) or a source archive is made."""
        root = Path(self.root)
        missing = [target for target in TARGETS if not (root / target).is_file()]
        if missing and version == "standard" and not os.environ.get("SKIP_JUPYTER_BUILDER"):
            npm_builder(self.target_name, version, path=self.root, build_cmd="build", npm=["npm"])
            missing = [target for target in TARGETS if not (root / target).is_file()]
            if missing:
                raise FileNotFoundError(f"The front-end build left no {missing[0]}.")
        # Not for an editable install: there the extension is linked to its sources, and pip would write through the link.
        if self.target_name == "wheel" and version == "standard" and (root / LAB).is_dir():
            shared = build_data.setdefault("shared_data", {})
            shared[str(root / LAB)] = SHARED
            shared[str(root / "extension/lab/install.json")] = f"{SHARED}/install.json"
