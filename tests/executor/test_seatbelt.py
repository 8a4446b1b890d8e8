"""The wall of macOS: its profile word by word, the try whether it stands, and all that is around it.

``sandbox-exec`` itself is macOS's alone. Elsewhere a stand-in takes its place which takes the same words and puts up no
wall, so that the kernel, the warden and the watchdog behind it are the real ones.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from codesteer_kernel.errors import ExecutorError
from codesteer_kernel.executor import Limits, open_executor, seatbelt, tiers
from codesteer_kernel.executor.child import census
from codesteer_kernel.executor.surroundings import interpreter
from tests.executor.leaks import children

kernel = pytest.mark.kernel
NO_PS = pytest.mark.skipif(not Path(census.PS[0]).exists(), reason="this machine has no ps")


def expressions(text: str) -> list[object]:
    """A profile as nested lists; raises unless every bracket and string is closed."""
    words = re.findall(r'\s*(?:(#?"(?:\\.|[^"\\])*")|([()])|([^\s()"]+))', text)
    stack: list[list[object]] = [[]]
    for string, bracket, atom in words:
        if bracket == "(":
            stack.append([])
        elif bracket == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(string or atom)
    assert len(stack) == 1
    read = "".join("".join(word) for word in words)
    assert re.sub(r"\s", "", read) == re.sub(r"\s", "", text), "nothing was left over"
    return stack[0]


def allowed(text: str, operation: str) -> list[object]:
    """All filters under which an operation is allowed; an empty list in it says without any."""
    found: list[object] = []
    for rule in expressions(text):
        assert isinstance(rule, list)
        operations = [word for word in rule[1:] if isinstance(word, str)]
        if rule[0] == "allow" and operation in operations:
            found += [word for word in rule[1:] if isinstance(word, list)] or [[]]
    return found


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A folder behind a link, as ``/tmp`` is on macOS, and what the link leads to."""
    real = tmp_path.resolve() / "private"
    (real / "run").mkdir(parents=True)
    (tmp_path / "link").symlink_to(real)
    return tmp_path / "link" / "run", real / "run"


def test_what_is_not_allowed_is_denied() -> None:
    rules = expressions(seatbelt.profile(["/usr/lib"], "/private/tmp/run"))
    assert rules[:2] == [["version", "1"], ["deny", "default"]]
    assert all(isinstance(rule, list) and rule[0] == "allow" for rule in rules[2:])


def test_only_the_run_directory_can_be_written(folders: tuple[Path, Path]) -> None:
    linked, real = folders
    text = seatbelt.profile(["/usr/lib", "/dev/urandom"], str(linked))
    own = [["subpath", f'"{real}"'], ["subpath", f'"{linked}"']]
    assert allowed(text, "file*") == own
    assert allowed(text, "file-write*") == []
    assert {str(each[1]) for each in allowed(text, "file-write-data")} == {
        f'"{device}"' for device in seatbelt._DEVICES
    }


def test_reading_is_limited_to_what_is_named(folders: tuple[Path, Path]) -> None:
    text = seatbelt.profile(["/usr/lib", "/dev/urandom"], str(folders[0]))
    read = {tuple(each) for each in allowed(text, "file-read*")}
    devices = {("literal", f'"{device}"') for device in seatbelt._DEVICES}
    resolved = os.path.realpath("/usr/lib")
    assert read - devices == {
        ("literal", '"/"'),
        ("subpath", '"/usr/lib"'),
        ("subpath", f'"{resolved}"'),
        ("literal", '"/dev/urandom"'),
    }
    # Their ancestors can be looked at, not into.
    assert {str(each[1]) for each in allowed(text, "file-read-metadata")} >= {'"/usr"', '"/dev"', '"/"'}
    assert not any(each[0] == "subpath" for each in allowed(text, "file-read-metadata"))


def test_links_are_followed_before_they_are_named(folders: tuple[Path, Path]) -> None:
    linked, real = folders
    text = seatbelt.profile([], str(linked))
    ancestors = {str(each[1]) for each in allowed(text, "file-read-metadata")}
    assert f'"{linked.parent}"' in ancestors, "the link itself must be read"
    assert f'"{real.parent}"' in ancestors


def test_the_network_is_the_run_directory(folders: tuple[Path, Path]) -> None:
    text = seatbelt.profile([], str(folders[0]))
    for operation, end in (("network-bind", "local"), ("network-inbound", "local"), ("network-outbound", "remote")):
        assert allowed(text, operation) == [
            [end, "unix-socket", ["subpath", f'"{path}"']] for path in (folders[1], folders[0])
        ]
    assert allowed(text, "network*") == []
    assert allowed(text, "system-socket") == [["socket-domain", "AF_UNIX"]]


def test_signals_and_facts_stay_inside() -> None:
    text = seatbelt.profile([], "/private/tmp/run")
    assert allowed(text, "signal") == allowed(text, "process-info*") == [["target", "same-sandbox"]]
    names = {str(each[1]).strip('"') for each in allowed(text, "sysctl-read")}
    assert not any(name and "kern.proc".startswith(name) for name in names)
    assert [] not in allowed(text, "mach-lookup"), "services are named, one by one"


@pytest.mark.parametrize("name", ['a"b', "a\\", "a (allow default)", 'a")(allow default)(deny "', "a\nb", "ü 🎈"])
def test_no_path_says_more_than_itself(name: str, tmp_path: Path) -> None:
    plain, odd = (seatbelt.profile([str(tmp_path / each)], str(tmp_path / "run")) for each in ("plain", name))
    rules, others = expressions(plain), expressions(odd)
    assert len(rules) == len(others)
    quoted = '"' + str((tmp_path / name).resolve()).replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert ["subpath", quoted] in allowed(odd, "file-read*")


def test_the_command_takes_the_profile_as_a_word() -> None:
    assert seatbelt.wrap("(version 1)") == ["/usr/bin/sandbox-exec", "-p", "(version 1)"]


# The try


def stand_in(folder: Path, script: str) -> str:
    path = folder / "sandbox-exec"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.skipif(sys.platform == "darwin", reason="here the wall is real")
def test_a_wall_that_stops_nothing_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = interpreter(sys.executable)
    monkeypatch.setattr(seatbelt, "SANDBOX_EXEC", str(tmp_path / "absent"))
    assert seatbelt.probe(sys.executable, read) == "there is no sandbox-exec"
    monkeypatch.setattr(seatbelt, "SANDBOX_EXEC", stand_in(tmp_path, 'shift 2; exec "$@"'))
    assert seatbelt.probe(sys.executable, read) == "a file outside could be read"
    refused = "echo 'sandbox-exec: sandbox_apply: Operation not permitted' >&2; exit 71"
    monkeypatch.setattr(seatbelt, "SANDBOX_EXEC", stand_in(tmp_path, refused))
    assert seatbelt.probe(sys.executable, read) == "sandbox-exec: sandbox_apply: Operation not permitted"


@pytest.mark.skipif(sys.platform != "linux", reason="Landlock stands in for the wall")
def test_a_wall_that_stands_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from codesteer_kernel.executor.child import sandbox

    if sandbox.landlock_abi() < 6:
        pytest.skip("no Landlock that keeps signals inside")
    # It goes behind Landlock with what the profile names, then runs the command.
    script = tmp_path / "landlocked.py"
    script.write_text(
        "import os, re, sys\nfrom codesteer_kernel.executor.child import sandbox\n"
        'own = re.search(r\'allow file\\* \\(subpath "([^"]+)"\', sys.argv[2])[1]\n'
        "assert sandbox.landlock(['/usr', '/lib', '/lib64', *sys.path, sys.prefix, sys.base_prefix], [own])\n"
        "os.execv(sys.argv[3], sys.argv[3:])\n"
    )
    source = Path(__file__).parents[2]
    words = f'PYTHONPATH={source} exec {sys.executable} {script} "$@"'
    monkeypatch.setattr(seatbelt, "SANDBOX_EXEC", stand_in(tmp_path, words))
    assert seatbelt.probe(sys.executable, interpreter(sys.executable)) == ""


@pytest.mark.skipif(sys.platform != "darwin", reason="sandbox-exec is macOS's")
def test_the_wall_stands_on_macos() -> None:
    assert tiers.probe()["seatbelt"] == ""


# The kernel behind it


@pytest.fixture
def macos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine with the walls of macOS, but for the one command that Linux cannot have."""
    monkeypatch.setattr(seatbelt, "SANDBOX_EXEC", stand_in(tmp_path, 'shift 2; exec "$@"'))
    monkeypatch.setattr(tiers, "WALLS", tiers.walls_of("darwin"))
    monkeypatch.setattr(tiers, "TIERS", tiers.tiers_of("darwin"))
    monkeypatch.setattr(tiers, "_probe", lambda python, bubblewrap: {"limits": "", "seatbelt": ""})
    monkeypatch.delenv(tiers.FLOOR_VARIABLE, raising=False)
    return


@kernel
@NO_PS
async def test_the_kernel_works_behind_it(macos: None, leak_check: None) -> None:
    async with open_executor(preload=(), limits=Limits(seconds=20, memory_mb=300), spare=False) as executor:
        result = await executor.run("print(41 + 1)")
        assert (result.stdout, result.tier) == ("42\n", "limits+seatbelt")
        kernels = children()
        hungry = await executor.run("x = []\nwhile True: x.append(bytearray(10_000_000))")
        assert (hungry.status, hungry.limit) == ("killed", "memory")
        brood = (
            "import os, time\nfor _ in range(6):\n    if os.fork() == 0:\n        x = bytearray(90_000_000)\n"
            "        time.sleep(30)\ntime.sleep(30)"
        )
        assert (await executor.run(brood)).limit == "memory"
        many = "import os, time\nfor _ in range(20):\n    if os.fork() == 0:\n        time.sleep(30)\ntime.sleep(30)"
        crowd = await executor.run(many, limits=Limits(processes=10, seconds=20))
        # An ordinary user gets an error from the system first.
        assert (crowd.status, crowd.limit) == ("killed", "processes") or crowd.error_name == "BlockingIOError"
        left = "import subprocess, time\nsubprocess.Popen(['sleep', '100'], start_new_session=True)\ntime.sleep(0.5)\nprint(1)"
        assert (await executor.run(left)).stdout == "1\n"
        assert children() == kernels, "what left the group was found by the tree that was seen"
        assert (await executor.run("while True: pass", timeout=1)).status == "timeout"
        assert (await executor.run("print(1)")).ok
        assert children() == kernels


@kernel
@NO_PS
async def test_spawned_programs_are_behind_it_too(
    macos: None, monkeypatch: pytest.MonkeyPatch, leak_check: None
) -> None:
    monkeypatch.setattr(census, "HAS_PROC", False)
    limits = Limits(seconds=20, memory_mb=300)
    async with open_executor(method="spawn", preload=(), floor="seatbelt", limits=limits) as executor:
        result = await executor.run("print(41 + 1)")
        assert (result.stdout, result.tier) == ("42\n", "limits+seatbelt+spawned")
        hungry = await executor.run("x = []\nwhile True: x.append(bytearray(10_000_000))")
        assert (hungry.status, hungry.limit) == ("killed", "memory")


@kernel
async def test_a_floor_of_macos_is_met(macos: None, leak_check: None) -> None:
    async with open_executor(preload=(), tier="seatbelt", floor="seatbelt", spare=False) as executor:
        assert (await executor.run("print(1)")).tier == "limits+seatbelt"


async def test_walls_of_another_system_are_missing_here(macos: None) -> None:
    with pytest.raises(ExecutorError, match="no landlock") as caught:
        tiers.choose(None, "landlock", "python")
    assert "Use Linux 5.13" in caught.value.cure


def test_tiers_of_each_system_rise() -> None:
    names = {
        system: [tier.name for tier in tiers.tiers_of(system)] for system in ("linux", "darwin", "win32", "freebsd")
    }
    assert names == {
        "linux": ["limits", "landlock", "seccomp", "namespaces", "bubblewrap"],
        "darwin": ["limits", "seatbelt"],
        "win32": ["limits"],
        "freebsd": ["limits"],
    }
    for system in names:
        rising = tiers.tiers_of(system)
        assert all(weaker.walls < stronger.walls for weaker, stronger in pairwise(rising))
