"""A place to be attacked, in each tier that this machine has."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from codesteer_kernel.attacks import Attack, Tried, attack_tier
from codesteer_kernel.executor.tiers import TIERS, probe
from tests.executor.leaks import children, run_directories


@pytest.fixture(autouse=True, scope="session")
def own_temporary_folder() -> Iterator[None]:
    """Run directories of these tests alone, whatever else runs on the machine; the path stays short."""
    folder = tempfile.mkdtemp(prefix="ca-")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", folder)
        patch.setenv("TMPDIR", folder)
        yield
    shutil.rmtree(folder)


@pytest.fixture(scope="module", params=[tier.name for tier in TIERS])
def tried(request: pytest.FixtureRequest) -> dict[str, Tried]:
    """What came of the attacks in one tier, by name: those of the tests that are run, side by side.

    After all of them nothing is left: no process, no run directory, no bait.
    """
    tier = request.param
    walls = next(each.walls for each in TIERS if each.name == tier)
    missing = {name: reason for name, reason in probe().items() if reason and name in walls}
    if missing:
        pytest.skip(f"cannot be had here: {missing}")
    before = children(), run_directories()
    done = asyncio.run(_try(tier, _wanted(request, tier)))
    assert children() <= before[0]
    assert run_directories() <= before[1]
    assert not list(Path(tempfile.gettempdir()).glob("csa-*"))
    return done


def _wanted(request: pytest.FixtureRequest, tier: str) -> list[Attack]:
    parameters = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    return [given["attack"] for given in parameters if given.get("tried") == tier]


async def _try(tier: str, attacks: list[Attack]) -> dict[str, Tried]:
    return {one.attack.name: one async for one in attack_tier(tier, attacks)}
