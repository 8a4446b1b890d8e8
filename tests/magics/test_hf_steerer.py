"""``%%codesteer --steerer hf/PATH``: the path of the published 8B steerer, end to end on a tiny random Llama."""

from __future__ import annotations

from pathlib import Path

import pytest

from codesteer_kernel.record import decode_record
from tests.magics.notebook import Notebook
from tests.models import tiny_llama
from tests.run.scripts import CHECK, model, program
from tests.scripted import Reply, serving_in_thread

pytestmark = pytest.mark.kernel
PROMPT = "What is the sum of the squares of 1 to 10?"


@pytest.fixture(scope="module")
def steerer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama.build(tmp_path_factory.mktemp("steerer"))


def replies() -> list[Reply | str]:
    check = Reply(CHECK, match=r"function check\(answer", times=None)
    return [check, *(program(f"print({number} + 380)") for number in (1, 2, 5))]


def test_a_folder_of_weights_steers_in_its_own_dialect(notebook: Notebook, steerer: Path) -> None:
    with serving_in_thread(replies()) as server:
        cell = notebook.run(
            f"%%codesteer --target {model(server)} --steerer hf/{steerer} --rounds 3 --max-tokens 40\n{PROMPT}"
        )
        asked = [request for request in server.requests if "function check" not in request.last_user]
    assert cell.error is None
    record = decode_record(cell.run)
    assert record.config is not None
    assert record.config.dialect == "codesteer-v1"
    assert record.config.prompts.startswith("codesteer_v1")
    assert record.models is not None
    assert record.models.steerer == f"hf/{steerer}"
    # Random weights name neither code nor text: the safe choice, with what they said in the record.
    assert [one.decision.kind for one in record.rounds] == ["code", "refine", "refine"]
    first, *later = (one.decision for one in record.rounds)
    assert first.source == "fallback"
    assert first.raw
    # Later they guide, in whatever words; the target is told them as they are.
    assert [decision.source for decision in later] == ["model", "model"]
    for decision, request in zip(later, asked[1:], strict=True):
        assert decision.guidance
        assert decision.guidance in request.last_user
    assert [one.result for one in record.rounds] == ["381", "382", "385"]
    assert record.status == "exhausted"
    assert record.answer is not None
    assert record.answer.result == "385"
    # The conversation only grows, so the cache spares what an earlier round has read.
    assert record.usage.cached_tokens > 0.5 * record.rounds[-1].usage.input_tokens


def test_the_window_of_8192_tokens_is_kept(notebook: Notebook, steerer: Path) -> None:
    with serving_in_thread(replies()) as server:
        cell = notebook.run(
            f"%%codesteer --target {model(server)} --steerer local/{steerer}\n{'How many are there? ' * 2000}"
        )
        assert server.requests == []
    record = decode_record(cell.run)
    assert record.status == "failed"
    assert record.error is not None
    assert record.error.code == "context_overflow"
    assert "holds 8192" in record.error.message
    assert record.rounds == []
