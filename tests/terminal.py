"""Processes that can be interrupted, whoever runs the tests."""

from __future__ import annotations

import signal
import subprocess
from typing import Any


def interruptible(command: list[str], **options: Any) -> subprocess.Popen[str]:
    """Start ``command`` as a terminal would.

    Tests that run in the background (under nohup, say) ignore SIGINT, and whatever they start would ignore it too.
    """
    return subprocess.Popen(
        command, text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), **options
    )
