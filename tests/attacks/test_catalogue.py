"""The catalogue itself: large, whole, and honest about what it promises; the doctor who tries it; the bait."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from codesteer_kernel.attacks import CATALOGUE, FAMILIES, OUTCOMES, Attack, Tried, attack_tier, chosen, outcome_table
from codesteer_kernel.attacks import catalogue as catalogue_room
from codesteer_kernel.attacks.attack import promised
from codesteer_kernel.attacks.bait import Bait
from codesteer_kernel.cli import main
from codesteer_kernel.errors import ExecutorError, UnknownName
from codesteer_kernel.executor.tiers import TIERS, tiers_of

Output = pytest.CaptureFixture[str]
KNOWN_WALLS = {wall for system in ("linux", "darwin") for wall in tiers_of(system)[-1].walls} | {
    "landlock 4",
    "landlock 6",
}


def test_there_are_many_and_each_has_a_name_of_its_own() -> None:
    assert len(CATALOGUE) >= 80
    assert [name for name, count in Counter(attack.name for attack in CATALOGUE).items() if count > 1] == []
    assert {attack.family for attack in CATALOGUE} == set(FAMILIES)
    assert not {attack.name for attack in CATALOGUE} & set(FAMILIES)


def test_each_is_a_program_or_a_text_and_walls_are_walls() -> None:
    for attack in CATALOGUE:
        assert bool(attack.program) != (attack.reader is not None), attack.name
        assert set(attack.walls) <= KNOWN_WALLS, attack.name
        if attack.program:
            compile(
                attack.program.strip() and "if True:\n" + "\n".join(f" {line}" for line in attack.program.splitlines()),
                attack.name,
                "exec",
            )


@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_no_tier_promises_less_than_a_weaker_one(system: str) -> None:
    for attack in CATALOGUE:
        ranks = [OUTCOMES.index(promised(attack, tier.walls)) for tier in tiers_of(system)]
        assert ranks == sorted(ranks, reverse=True), attack.name


def test_what_the_best_tier_of_linux_does_not_stop_is_known_by_name() -> None:
    best = tiers_of("linux")[-1].walls
    left = {
        attack.name for attack in CATALOGUE if promised(attack, best) == "not stopped" and "linux" in attack.systems
    }
    assert left == {
        "a test that replaces the way to tell the verdict",
        "a test that reads the marker in its own source",
    }


def test_an_older_landlock_promises_less() -> None:
    (attack,) = chosen(["connect by TCP"])
    walls = {"limits", "landlock"}
    assert promised(attack, walls, 3) == "not stopped"
    assert promised(attack, walls, 4) == promised(attack, {*walls, "seccomp"}, 3) == "stopped"


def test_families_and_names_choose_attacks() -> None:
    assert chosen([]) == list(CATALOGUE)
    assert {attack.family for attack in chosen(["keys"])} == {"keys"}
    assert [attack.name for attack in chosen(["connect by TCP", "a loop"])] == ["connect by TCP", "a loop"]
    with pytest.raises(UnknownName, match="Did you mean 'network'"):
        chosen(["netwrk"])


# The bait


def test_the_bait_notices_what_happens_to_it_and_is_as_it_was_again() -> None:
    with Bait() as bait:
        assert bait.touched() == []
        precious = Path(bait.values["precious"])
        precious.write_text("changed")
        os.kill(bait.values["decoy"], 9)
        daemon = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)", bait.word])
        found = set()
        # A process that has been killed takes a moment to be gone.
        for _ in range(200):
            found |= {one.partition(" (")[0] for one in bait.touched()}
            if len(found) == 3:
                break
        daemon.wait()
        assert found == {"precious was changed", "a process was ended", "a process outlived its program"}
        assert precious.read_text() != "changed"
        assert bait.touched() == []
        folder = Path(bait.values["home"]).parent
    assert not folder.exists()


def test_a_program_shows_what_it_reached_by_what_it_prints() -> None:
    bait = Bait()
    with bait:
        assert bait.read("nothing") == bait.read(bait.word) == []
        assert bait.read(f"x{bait.canary}x") == ["it read what is private"]
        assert bait.read(bait.word[::-1]) == ["it reached what it was after"]


# The doctor


def attacked(attack: Attack, outcome: str | None, promise: str = "stopped") -> Tried:
    return msgspec.convert({"attack": attack, "tier": "seccomp", "promise": promise, "outcome": outcome}, Tried)


def test_the_table_counts_and_names_what_is_worse_than_promised() -> None:
    one, two, three, four = CATALOGUE[:4]
    tries = [
        attacked(one, "stopped"),
        attacked(two, "not stopped"),
        attacked(three, "not stopped", "not stopped"),
        attacked(four, None),
    ]
    table = outcome_table(tries)
    assert "Tier seccomp:" in table
    assert f"! not stopped {two.name} (promised: stopped)" in table
    known = table.partition("as docs/security.md says:")[2].partition("Worse than promised:")[0]
    assert three.name in known
    assert two.name not in known
    assert table.endswith("Attacks tried: 3; worse than docs/security.md promises: 1.")
    assert outcome_table(tries[:1]).endswith("Attacks tried: 1; worse than docs/security.md promises: none.")


@pytest.mark.kernel
def test_the_doctor_attacks_and_tells(capsys: Output) -> None:
    code = main(["doctor", "--attack", "read its own environment", "a run's name that is a path", "--tier", "limits"])
    told = capsys.readouterr().out
    assert code == 0
    assert "Tier limits:" in told
    assert "stopped     read its own environment" in told
    assert "Attacks tried: 2; worse than docs/security.md promises: none." in told


@pytest.mark.kernel
def test_a_broken_promise_is_a_failure(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    liar = Attack(name="say that it won", family="files", program="won()")
    monkeypatch.setattr(catalogue_room, "CATALOGUE", (liar,))
    assert main(["doctor", "--attack", "say that it won", "--tier", "limits"]) == 1
    assert "! not stopped say that it won (promised: stopped)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--attack", "nosuch"], "no attack and no family 'nosuch'"),
        (["--attack", "--tier", "strong"], "no isolation tier 'strong'"),
        (["--tier", "limits"], "--tier says where attacks are tried"),
        (["--atack"], "--atack"),
    ],
)
def test_what_cannot_be_understood_is_said(words: list[str], said: str, capsys: Output) -> None:
    assert main(["doctor", *words]) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""


def test_a_tier_that_cannot_be_had_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = {"limits": "", **dict.fromkeys(TIERS[-1].walls - {"limits"}, "it is off")}
    monkeypatch.setattr("codesteer_kernel.executor.tiers._probe", lambda python, bubblewrap: reasons)

    async def attack() -> list[Tried]:
        return [tried async for tried in attack_tier(TIERS[-1].name, CATALOGUE)]

    with pytest.raises(ExecutorError, match="it is off"):
        asyncio.run(attack())


@pytest.mark.skipif(sys.platform != "linux", reason="processors are given to processes as Linux has it")
def test_a_process_that_was_signalled_is_found_so_however_busy_the_machine_is() -> None:
    one = {min(os.sched_getaffinity(0))}
    spinning = [sys.executable, "-c", "print(flush=True)\nwhile True: pass"]
    with Bait() as bait, subprocess.Popen(spinning, stdout=subprocess.PIPE) as spinner:
        assert spinner.stdout is not None
        spinner.stdout.readline()
        os.sched_setaffinity(spinner.pid, one)
        try:
            for number, told in (
                (signal.SIGTERM, "a process was ended (-15)"),
                (signal.SIGKILL, "a process was ended (-9)"),
                (signal.SIGURG, "a process was signalled"),
            ):
                decoy = bait.values["decoy"]
                os.sched_setaffinity(decoy, one)
                os.setpriority(os.PRIO_PROCESS, decoy, 19)
                os.kill(decoy, number)
                assert bait.touched() == [told]
        finally:
            spinner.kill()
