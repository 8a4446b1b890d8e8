"""Loading and unloading: the magics, and the rewrite that makes ``%%codesteer`` an awaited cell.

IPython has no asynchronous magics. In a kernel our cell magic returns a coroutine, and a transformer puts ``await``
before the call, so that the cell waits while the event loop goes on serving Stop buttons (ipykernel 7.4 and later).
"""

from __future__ import annotations

import re
from typing import Any

from codesteer import control

__all__ = ["await_cell", "load", "refuse_nesting", "unload"]

_CALL = "get_ipython().run_cell_magic('codesteer',"
_STEERING = re.compile(r"get_ipython\(\)\.run_line_magic\('codesteer', ['\"](rerun|fix|explain)\b")
_OTHER = re.compile(
    r"get_ipython\(\)\.run_cell_magic\('(?P<name>[^']+)', (?P<line>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"), ['\"](?:\\n|\s)*%%codesteer\b"
)
_LOADED = "_codesteer_magics"


def await_cell(lines: list[str]) -> list[str]:
    """Put ``await`` before a ``%%codesteer`` cell, and before a ``%codesteer`` line that steers and is a cell's last."""
    if lines and lines[0].startswith(_CALL):
        return ["await " + lines[0], *lines[1:]]
    last = next((place for place in range(len(lines) - 1, -1, -1) if lines[place].strip()), None)
    if last is not None and _STEERING.match(lines[last]):
        return [*lines[:last], "await " + lines[last], *lines[last + 1 :]]
    return lines


def refuse_nesting(lines: list[str]) -> list[str]:
    """Turn ``%%codesteer`` under another cell magic into a clear message: it cannot be awaited there."""
    found = _OTHER.match(lines[0]) if lines else None
    if found is None:
        return lines
    return [f"get_ipython().run_line_magic('codesteer', 'nested {found['name']}')\n"]


def load(shell: Any) -> None:
    """Register everything once."""
    if getattr(shell, _LOADED, None) is not None:
        return
    from codesteer.magic import CodeSteerMagics

    magics = CodeSteerMagics(shell)
    shell.register_magics(magics)
    shell.input_transformers_post.append(refuse_nesting)
    if getattr(shell, "kernel", None) is not None:
        shell.input_transformers_post.append(await_cell)
        control.register(shell.kernel)
    setattr(shell, _LOADED, magics)


def unload(shell: Any) -> None:
    """Take everything back; runs that go on are stopped."""
    from codesteer_kernel.run import engine

    for transformer in (await_cell, refuse_nesting):
        if transformer in shell.input_transformers_post:
            shell.input_transformers_post.remove(transformer)
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("codesteer", None)
    if getattr(shell, "kernel", None) is not None:
        control.unregister(shell.kernel)
    if getattr(shell, _LOADED, None) is not None:
        delattr(shell, _LOADED)
        engine().close()
