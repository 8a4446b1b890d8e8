"""The heads that ship: sound, small, of models in the catalogue, under the wording that is used, and told how they were made."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from codesteer_kernel.models.catalogue import CATALOGUE, DEFAULT, entry
from codesteer_kernel.models.local import LocalModel
from codesteer_kernel.steering.head import find_head, read_head
from codesteer_kernel.steering.prompts import load_prompts
from codesteer_kernel.symbench import get

FOLDER = resources.files("codesteer_kernel.steering.head.weights")
SHIPPED = sorted(one.name for one in FOLDER.iterdir() if one.name.endswith(".json"))
MOST_BYTES = 25_000_000


@pytest.fixture(autouse=True)
def _no_heads_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODESTEER_HOME", str(tmp_path))


def test_the_default_model_has_a_head() -> None:
    head = find_head(LocalModel(entry(DEFAULT)))
    assert head is not None
    assert head.weights == entry(DEFAULT).sha256
    assert head.review is not None


@pytest.mark.parametrize("name", SHIPPED)
def test_a_head_that_ships_is_used_and_says_how_it_was_made(name: str) -> None:
    data = (FOLDER / name).read_bytes()
    head = read_head(data, name)
    assert len(data) < MOST_BYTES
    assert head.prompts == load_prompts("mini").stamp, "the wording has changed since: train it again"
    assert head.weights in {one.sha256 for one in CATALOGUE}
    assert head.made["command"].startswith("codesteer train mini ")
    assert not any(target.startswith("simulated/") for target in head.made["targets"])
    assert {get(task).split for task in head.made["tasks"]} == {"seen"}


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_like_no_known_case_is_left_to_the_untuned_choice(name: str) -> None:
    head = read_head((FOLDER / name).read_bytes(), name)
    for one in (head.choice, head.review):
        assert one is not None
        assert one.nearness(dict.fromkeys(one.names, 1e6)) < 0.05
        assert one.nearness(dict(zip(one.names, one.mean, strict=True))) < 1, "an average question is of no known kind"
