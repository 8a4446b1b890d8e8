"""What stands before every attacking program: the bait's addresses, and a few words to say things shortly."""

from __future__ import annotations

import json
import textwrap
from typing import Any

__all__ = ["source"]

_PREAMBLE = """\
import ctypes, json, os, signal, socket, stat, struct, subprocess, sys, time, types
bait = types.SimpleNamespace(**json.loads({values!r}))
libc = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None
x86 = os.name == "posix" and os.uname().machine == "x86_64"
daemon = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(20)", bait.word]  # found by its last word
def won():  # said backwards, so that no program says it by showing itself
    print(bait.word[::-1], flush=True)
def call(done):
    if done < 0: raise OSError(ctypes.get_errno(), "refused")
    return done
def report(data):
    while data: data = data[os.write(3, data):]
def frame(**content):
    text = json.dumps(content).encode()
    report(struct.pack("!I", len(text)) + text)
def out(name):  # where what is handed back lies
    place, _, number = os.getcwd().rpartition("w")
    return f"{{place}}o{{int(number) + 1}}/{{name}}"
def hand_back(about, content=b"", file="0"):
    open(out("0"), "wb").write(content)
    frame(frame="exports", values={{"x": {{"about": about, "file": file}}}})
    os._exit(0)
"""


def source(program: str, values: dict[str, Any]) -> str:
    """The program as it is run.

    Args:
        program: the attack's own lines, which may be indented as a whole.
        values: where the bait is, see :attr:`Bait.values`.
    """
    return _PREAMBLE.format(values=json.dumps(values)) + textwrap.dedent(program).strip("\n")
