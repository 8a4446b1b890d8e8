"""``%%codesteer`` with a steerer that ``codesteer serve`` hosts: the path of the published 8B, on a tiny random Llama."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator

import openai
import pytest

from codesteer_kernel.record import decode_record
from codesteer_kernel.serving.overview import look
from tests.magics.notebook import Notebook
from tests.models import tiny_llama
from tests.run.scripts import CHECK, model, program
from tests.scripted import Reply, serving_in_thread
from tests.serving.process import HostProcess

pytestmark = pytest.mark.kernel
PROMPT = "What is the sum of the squares of 1 to 10?"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    """The steerer's host, found by itself; the weights are gone from where the notebook could load them."""
    weights = tiny_llama.build(tmp_path_factory.mktemp("steerer"))
    runtime = tempfile.mkdtemp(prefix="cs-")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", runtime)
        try:
            with HostProcess("--steerer", f"hf/{weights}", "--name", "tiny") as process:
                shutil.rmtree(weights)
                yield process
        finally:
            HostProcess.end_all()
            shutil.rmtree(runtime)


@pytest.fixture
def notebook(notebook: Notebook, host: HostProcess) -> Iterator[Notebook]:
    """The notebook, on the machine (the runtime folder, that is) of the host."""
    before = notebook.run("os.environ.get('XDG_RUNTIME_DIR', '')").result or "''"
    notebook.run(f"os.environ['XDG_RUNTIME_DIR'] = {os.environ['XDG_RUNTIME_DIR']!r}")
    yield notebook
    notebook.run(f"os.environ['XDG_RUNTIME_DIR'] = {before}")


def replies() -> list[Reply | str]:
    check = Reply(CHECK, match=r"function check\(answer", times=None)
    return [check, *(program(f"print({number} + 380)") for number in (1, 2, 5))]


@pytest.mark.parametrize("by_name", [True, False])
def test_a_host_steers_in_its_models_own_dialect(host: HostProcess, notebook: Notebook, by_name: bool) -> None:
    steerer = host.host.model if by_name else "hosted"
    before = look(host.host).served or 0
    with serving_in_thread(replies()) as server:
        cell = notebook.run(
            f"%%codesteer --target {model(server)} --steerer {steerer} --rounds 3 --max-tokens 40\n{PROMPT}"
        )
    assert cell.error is None
    record = decode_record(cell.run)
    assert record.config.dialect == "codesteer-v1"
    assert record.models.steerer == host.host.model
    assert f"is served by the host at {host.host.address}" in record.versions["hosts"]
    assert [one.decision.kind for one in record.rounds] == ["code", "refine", "refine"]
    assert record.rounds[-1].decision.guidance
    assert [one.result for one in record.rounds] == ["381", "382", "385"]
    # The host kept the conversation, so that only what was new was read.
    assert record.usage.cached_tokens > 0.5 * record.rounds[-1].usage.input_tokens
    assert (look(host.host).served or 0) > before


async def test_the_sdk_is_served_by_transformers(host: HostProcess) -> None:
    """Streams, scores, log-probabilities and seeds, without llama.cpp."""
    told = host.host
    async with openai.AsyncOpenAI(base_url=told.url, api_key=told.token(), max_retries=0) as client:
        turns = [{"role": "user", "content": "Code or text?"}, {"role": "assistant", "content": "<<<"}]
        whole = await client.chat.completions.create(model="tiny", messages=turns, max_tokens=8, temperature=0)  # type: ignore[arg-type]
        stream = await client.chat.completions.create(
            model="tiny",
            messages=turns,
            max_tokens=8,
            temperature=0,
            stream=True,  # type: ignore[arg-type]
        )
        pieces = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
        assert "".join(pieces) == whole.choices[0].message.content
        scored = await client.chat.completions.create(
            model="tiny",
            messages=turns,  # type: ignore[arg-type]
            max_tokens=1,
            logprobs=True,
            top_logprobs=2,
            extra_body={"structured_outputs": {"choice": ["Code", "Text"]}},
        )
        assert scored.choices[0].message.content in ("Code", "Text")
        likely = await client.chat.completions.create(
            model="tiny",
            messages=turns,
            max_tokens=1,
            logprobs=True,
            top_logprobs=3,  # type: ignore[arg-type]
        )
        assert likely.choices[0].logprobs is not None
        assert likely.choices[0].logprobs.content is not None
        assert len(likely.choices[0].logprobs.content[0].top_logprobs) == 3
        with pytest.raises(openai.BadRequestError, match="holds 8192"):
            await client.chat.completions.create(model="tiny", messages=[{"role": "user", "content": "word " * 9000}])
