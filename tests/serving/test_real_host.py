"""``codesteer serve`` with real (small) weights: the official SDK over TCP and over a Unix socket, many clients, the end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from codesteer_kernel.cli import main
from codesteer_kernel.models import ChatRequest, Finish, Message, TextDelta
from codesteer_kernel.models.catalogue import Entry
from codesteer_kernel.models.discovery import HOST_URL, Directory, Host, running_hosts
from codesteer_kernel.models.local import LocalModel
from codesteer_kernel.models.served import HostClient, ServedModel
from codesteer_kernel.serving.overview import look
from tests.models.conftest import wait_until
from tests.serving.process import HostProcess

pytestmark = pytest.mark.real

MODEL = "local/smollm2-135m"
CODE: Any = [
    {"role": "user", "content": "Write a Python program that prints the first five square numbers."},
    {"role": "assistant", "content": "```python\n"},
]
LONG: Any = [{"role": "user", "content": "Count from one to a thousand, in words."}]


@pytest.fixture(scope="module", params=["TCP", "a Unix socket"])
def host(request: pytest.FixtureRequest, runtime: Path, smollm: Entry) -> Iterator[Host]:
    """One host of two slots, reached in two ways."""
    way = ["--port", "0"] if request.param == "TCP" else ["--socket", str(runtime / "steerer.sock")]
    with HostProcess("--steerer", MODEL, "--slots", "2", "--name", "smol", *way) as process:
        yield process.host
    assert running_hosts() == []


def sdk(host: Host) -> openai.AsyncOpenAI:
    transport = httpx2.AsyncHTTPTransport(uds=host.socket) if host.socket else None
    return openai.AsyncOpenAI(
        base_url=host.url,
        api_key=host.token() or "none",
        max_retries=0,
        http_client=openai.DefaultAsyncHttpxClient(transport=transport, trust_env=False),
    )


async def streamed(client: openai.AsyncOpenAI, messages: Any, **options: Any) -> tuple[str, Any]:
    stream = await client.chat.completions.create(
        model="smol", messages=messages, stream=True, stream_options={"include_usage": True}, temperature=0, **options
    )
    chunks = [chunk async for chunk in stream]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    return text, chunks[-1].usage


async def test_the_sdk_is_served(host: Host) -> None:
    async with sdk(host) as client:
        assert [model.id async for model in client.models.list()] == ["smol"]
        whole = await client.chat.completions.create(model="smol", messages=CODE, max_tokens=24, temperature=0)
        text, usage = await streamed(client, CODE, max_tokens=24)
        assert whole.choices[0].message.content == text
        assert not text.startswith("```"), "the turn is continued, not begun again"
        assert whole.choices[0].finish_reason == "length"
        assert usage.completion_tokens == 24
        assert usage.prompt_tokens == whole.usage.prompt_tokens > 20  # type: ignore[union-attr]
        stop = text.split()[2]
        cut = await client.chat.completions.create(
            model="smol", messages=CODE, max_tokens=24, temperature=0, stop=[stop]
        )
        assert cut.choices[0].message.content == text[: text.index(stop)]
        assert cut.choices[0].finish_reason == "stop"
        sampled = [(await streamed(client, LONG, max_tokens=20, seed=seed))[0] for seed in (1, 1)]
        assert sampled[0] == sampled[1]


async def test_answers_and_scores_are_those_of_the_model(host: Host, smollm: Entry) -> None:
    local, served = LocalModel(smollm), HostClient(host)
    turns = (Message("user", "How many r are in strawberry? Code or Text?"), Message("assistant", "<<<"))
    here, there = [await model.score(turns, ["Code", "Text"]) for model in (local, served)]
    assert there.probabilities == pytest.approx(here.probabilities, abs=0.02)
    request = ChatRequest(messages=turns[:1], max_tokens=12)
    texts = []
    for model in (local, served):
        deltas = [delta async for delta in model.stream(request)]
        assert isinstance(deltas[-1], Finish)
        texts.append("".join(delta.text for delta in deltas if isinstance(delta, TextDelta)))
    assert texts[0] == texts[1] != ""
    await local.aclose()


async def test_log_probabilities_of_the_next_token(host: Host, smollm: Entry) -> None:
    async with sdk(host) as client:
        answer = await client.chat.completions.create(
            model="smol", messages=CODE, max_tokens=1, temperature=0, logprobs=True, top_logprobs=5
        )
        logprobs = answer.choices[0].logprobs
        assert logprobs is not None
        assert logprobs.content is not None
        (token,) = logprobs.content
        assert answer.choices[0].message.content == token.token == token.top_logprobs[0].token
        logs = [top.logprob for top in token.top_logprobs]
        assert len(logs) == 5
        assert logs == sorted(logs, reverse=True)
        assert all(log <= 0 for log in logs)


async def test_structured_output(host: Host) -> None:
    schema = {"type": "object", "properties": {"yes": {"type": "boolean"}}, "required": ["yes"]}
    form: Any = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    async with sdk(host) as client:
        text, _ = await streamed(client, LONG, max_tokens=60, response_format=form)
        assert text.lstrip().startswith("{")


async def test_a_prompt_that_is_too_long_is_refused_with_both_counts(host: Host) -> None:
    async with sdk(host) as client:
        long: Any = [{"role": "user", "content": "word " * 5000}]
        with pytest.raises(openai.BadRequestError, match=r"\d{4} tokens .* 4096") as refused:
            await client.chat.completions.create(model="smol", messages=long)
        assert refused.value.code == "context_length_exceeded"


async def test_eight_clients_at_once(host: Host) -> None:
    """Two slots, eight clients: all are served, each with what is its own."""

    async def one(number: int) -> tuple[str, int]:
        async with sdk(host) as client:
            asked: Any = [{"role": "user", "content": f"Say the number {number} and nothing else."}]
            text, usage = await streamed(client, asked, max_tokens=8, user=f"client-{number}")
            return text, usage.completion_tokens

    before = look(host).served or 0
    answers = await asyncio.gather(*(one(number) for number in range(8)))
    assert all(text and tokens for text, tokens in answers)
    alone = [await one(number) for number in (0, 5)]
    assert [answers[0], answers[5]] == alone
    wait_until(lambda: look(host).served == before + 10)
    assert (look(host).running, look(host).waiting) == (0, 0)


async def test_conversations_keep_their_prefixes_though_others_speak_between(host: Host) -> None:
    async with sdk(host) as client:
        histories: list[Any] = [
            [{"role": "system", "content": f"You are guide {name}. " + f"Word {name}. " * 30}] for name in "abc"
        ]
        shares = []
        for turn in range(3):
            for history in histories:
                history.append({"role": "user", "content": f"Turn {turn}: what next?"})
                text, usage = await streamed(client, history, max_tokens=4)
                history.append({"role": "assistant", "content": text})
                shares.append(usage.prompt_tokens_details.cached_tokens / usage.prompt_tokens)
        assert all(share > 0.5 for share in shares[3:]), shares


async def test_a_client_that_leaves_frees_its_slot(host: Host) -> None:
    async with sdk(host) as client:
        streams = [
            await client.chat.completions.create(
                model="smol", messages=LONG, max_tokens=3000, stream=True, temperature=0
            )
            for _ in range(2)
        ]
        for stream in streams:
            await anext(aiter(stream))
        assert look(host).running == 2
        for stream in streams:
            await stream.close()
        wait_until(lambda: look(host).running == 0)
        text, _ = await streamed(client, CODE, max_tokens=2)
        assert text


async def test_who_may_come_in(host: Host) -> None:
    if host.socket:
        assert Path(host.socket).stat().st_mode & 0o777 == 0o600
        assert host.token() == ""
        return
    assert host.url.startswith("http://127.0.0.1:")
    assert Path(host.token_file).stat().st_mode & 0o777 == 0o600
    async with openai.AsyncOpenAI(base_url=host.url, api_key="wrong", max_retries=0) as stranger:
        with pytest.raises(openai.AuthenticationError) as refused:
            await stranger.chat.completions.create(model="smol", messages=LONG)
        assert host.token() not in str(refused.value) + str(refused.value.response.headers)


def test_status_tells_of_it(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "status"]) == 0
    table = capsys.readouterr().out
    for word in ("smol", MODEL, host.address, str(host.pid), "0/2", "ok"):
        assert word in table
    assert main(["serve", "status", "--json"]) == 0
    assert '"health": "ok"' in capsys.readouterr().out
    assert main(["status"]) == 0
    assert f"smol ({MODEL}) at {host.address}" in capsys.readouterr().out


async def test_it_is_found_by_its_address(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a notebook on another machine, or of another user with the key, finds it."""
    monkeypatch.setenv(HOST_URL, host.address)
    monkeypatch.setenv("CODESTEER_STEERER_KEY", host.token())
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/tmp")  # where no note is
    found = Directory().find({MODEL})
    assert found is not None
    assert (found.pid, found.context, found.abilities) == (0, 4096, host.abilities)
    model = ServedModel(found)
    await model.ready()
    choice = await model.score([Message("user", "A or B?"), Message("assistant", "")], ["A", "B"])
    assert sum(choice.probabilities.values()) == pytest.approx(1)
