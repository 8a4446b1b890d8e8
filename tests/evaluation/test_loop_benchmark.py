"""The benchmark of the two loops: the server and both loops do what the committed script says."""

from __future__ import annotations

import pytest

from benchmarks.loop import GOALS, Script, bench

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize("kind", GOALS)
async def test_both_loops_play_the_script_to_its_right_answer(kind: str) -> None:
    with bench(pace=0.0) as this:
        try:
            _, _, ours = await this.solve(this.ours(kind), kind)
            ours_asked = [role for role, *_ in this.script.asked]
            this.script.asked.clear()
            _, _, published = await this.solve(this.published(kind), kind)
            published_asked = [role for role, *_ in this.script.asked]
        finally:
            await this.pool.close()
            await this.model.aclose()
    assert [len(record.rounds) for record in (ours, published)] == [3, 3]
    assert [one.result for one in ours.rounds] == [one.result for one in published.rounds]
    assert [one.self_answer.verdict for one in ours.rounds if one.self_answer] == ["fail", "fail", "pass"]
    assert sorted(ours_asked) == ["checker"] + ["steerer"] * 4 + ["target"] * 3
    assert published_asked == ["steerer", "target", "checker"] * 3 + ["steerer"]
    assert this.fresh.started == 7, "a process for each answer, for each test, and for the final answer once more"
    assert published.config.faithful
    assert (ours.usage.calls, published.usage.calls) == (8, 10)


def test_time_in_which_several_models_answer_counts_once() -> None:
    script = Script()
    script.asked += [("target", "bare", 10.0, 2.0), ("checker", "bare", 10.5, 1.0), ("steerer", "bare", 13.0, 1.0)]
    assert script.busy(9.0, 20.0) == pytest.approx(3.0)
    assert script.busy(11.0, 13.5) == pytest.approx(1.5)
    assert script.busy(14.5, 20.0) == 0.0
