"""Real weights (SmolLM2) are read out: the choice as it is scored, and further tokens in the same pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from codesteer_kernel.models.catalogue import Entry
from codesteer_kernel.models.local import LocalModel
from codesteer_kernel.record import Question
from codesteer_kernel.steering.dialects.mini import choice_turn, log_odds, opening, reading_turn
from codesteer_kernel.steering.head import Head, Likeness, find_head
from codesteer_kernel.steering.head.file import encode_head, heads_dir
from codesteer_kernel.steering.prompts import load_prompts
from codesteer_kernel.training.mini.readings import PROBES

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]


async def test_what_is_read_out_is_what_is_scored(
    runtime: Path, smollm: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODESTEER_HOME", str(tmp_path))
    model = LocalModel(smollm, prefix_cache=False)
    try:
        probes = await model.single_tokens(PROBES.split())
        assert len(probes) > 40
        turns = reading_turn(opening(), choice_turn(Question(prompt="What is 17 * 23?")))
        choices = ["Code>>>", "Text>>>"]
        scored = await model.score(turns, choices)
        read = await model.read_out(turns, choices, list(probes.values()))
        assert read.probabilities == pytest.approx(scored.probabilities, rel=1e-3)
        assert read.usage.input_tokens == scored.usage.input_tokens, "one pass, as for the choice alone"
        # Of the probes as of the choices: what two tokens are worth beside each other is what they are worth alone.
        apart = read.probes[probes["Code"]] - read.probes[probes["Text"]]
        assert apart == pytest.approx(log_odds(scored.probabilities["Code>>>"]), abs=0.02)
        assert len(set(read.probes.values())) > 30
        # And a head that belongs to these weights is found for them.
        one = Likeness(names=["q.asks"], mean=[0.0], scale=[1.0], shares=[1.0], width=1.0, known=[[0.5]], weights=[1.0])
        head = Head(model=model.name, weights=smollm.sha256, prompts=load_prompts("mini").stamp, choice=one)
        heads_dir().mkdir(parents=True)
        (heads_dir() / "smollm.json").write_bytes(encode_head(head))
        found = find_head(model)
        assert found is not None
        assert found.choice == one
    finally:
        await model.aclose()
