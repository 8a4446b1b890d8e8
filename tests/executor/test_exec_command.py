"""``codesteer exec``: files in, one result a line out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.kernel
KEYS = ["status", "stdout", "stderr", "error", "traceback", "seconds", "cpu_seconds", "peak_mb", "tier", "cut"]


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "codesteer_kernel.cli", "exec", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


@pytest.fixture
def write(tmp_path: Path):
    def make(name: str, source: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        return path

    return make


def test_one_result_a_line(write) -> None:
    files = [
        write("good.py", "print('grüße')\nprint('x' * 200_000)"),
        write("bad.py", "import sys\nprint('err', file=sys.stderr)\n1 / 0"),
        write("slow.py", "print('on', flush=True)\nwhile True: pass"),
        write("hungry.py", "x = []\nwhile True: x.append(bytearray(10_000_000))"),
        write("long.py", "open('f', 'wb').write(bytes(3_000_000))"),
        write("old.py", "# -*- coding: latin-1 -*-\nprint('gr\xfc\xdfe')".encode("latin-1")),
        write("after.py", "print(41 + 1)"),
    ]
    done = run(*files, "--timeout", 1.5, "--memory", 200, "--file-size", 1, "--json")
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1, done.stderr
    assert all(list(result) == KEYS for result in results)
    good, bad, slow, hungry, long, old, after = results
    assert (good["status"], good["error"], good["traceback"]) == ("ok", "", "")
    assert good["stdout"].startswith("grüße\n")
    assert good["cut"] == {"stdout": len("grüße\n".encode()) + 200_001 - 2 * 32 * 1024}
    assert (bad["status"], bad["error"]) == ("error", "ZeroDivisionError: division by zero")
    assert bad["stderr"].startswith("err\nTraceback")
    assert "line 3" in bad["traceback"]
    assert (slow["status"], slow["stdout"]) == ("timeout", "on\n")
    assert slow["seconds"] >= 1.5
    assert hungry["status"] == "killed"
    assert "200 MB of memory" in hungry["error"]
    assert (long["status"], long["error"]) == ("error", "OSError: [Errno 27] File too large")
    assert old["stdout"] == "grüße\n"
    assert (after["status"], after["stdout"], after["cut"]) == ("ok", "42\n", {})
    assert after["peak_mb"] > 1
    assert after["tier"] == good["tier"]


def test_the_readable_form(write) -> None:
    done = run(write("a.py", "print('out')"), write("b.py", "print('more')\nraise SystemExit(3)"))
    assert done.returncode == 1
    assert done.stdout == "out\nmore\n"
    assert "a.py: ok; " in done.stderr
    assert "b.py: error (SystemExit: 3); " in done.stderr
    assert run(write("c.py", "print(1)"), "--json").returncode == 0


def test_files_as_cells_of_one_session(write) -> None:
    files = [
        write("one.py", "x = 1\nprint('one')"),
        write("two.py", "x += 1\nx / 0"),
        write("three.py", "print(x)\nexit()"),
        write("four.py", "print('x' in globals())"),
    ]
    done = run("--cells", *files, "--json")
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert all(list(result) == [*KEYS, "state"] for result in results)
    assert [result["stdout"] for result in results] == ["one\n", "", "2\n", "False\n"]
    assert [result["status"] for result in results] == ["ok", "error", "ok", "ok"]
    assert [result["state"] for result in results] == ["kept", "kept", "lost", "kept"]
    assert "four.py: The session has ended (it left with exit code 0)" in done.stderr
    readable = run("--cells", files[0], files[2])
    assert (readable.returncode, readable.stdout) == (0, "one\n1\n")
    assert "state lost" in readable.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "required: FILE"),
        (["absent.py"], "The file 'absent.py' cannot be read: No such file or directory."),
        (["."], "The file '.' cannot be read: Is a directory."),
        ([__file__, "--timeout", "soon"], "argument --timeout: invalid float value: 'soon'"),
        ([__file__, "--memory", "-1"], "memory_mb=-1 makes no sense"),
        ([__file__, "--fast"], "unrecognized arguments: --fast"),
        ([__file__, "--tier", "moat"], "moat"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(words: list[str], message: str) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
