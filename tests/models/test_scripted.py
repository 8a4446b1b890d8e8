"""The scripted server itself, as a process of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import httpx

from codesteer_kernel.models import ChatRequest, Message, TextDelta, open_model
from tests.scripted import Reply, ScriptedServer


async def test_it_serves_both_wires_from_a_script_file(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    replies = [{"text": "second round", "match": "again", "times": None}, "first round", "by other wire"]
    script.write_text(json.dumps(replies))
    command = [sys.executable, "-m", "tests.scripted", "--script", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            url = json.loads(process.stdout.readline())["url"]
            said = []
            for name, text in (
                (f"openai/x@{url}/v1", "go"),
                (f"anthropic/x@{url}", "go"),
                (f"vllm/x@{url}/v1", "again"),
            ):
                model = open_model(name)
                request = ChatRequest(messages=(Message("user", text),))
                deltas = [delta async for delta in model.stream(request)]
                said.append("".join(delta.text for delta in deltas if isinstance(delta, TextDelta)))
                await model.aclose()
            assert said == ["first round", "by other wire", "second round"]
            async with httpx.AsyncClient() as client:
                asked = (await client.get(f"{url}/_requests")).json()
            assert [request["wire"] for request in asked] == ["openai", "anthropic", "openai"]
            assert all(request["finished"] for request in asked)
        finally:
            process.terminate()


async def test_a_script_that_runs_out_says_so() -> None:
    async with ScriptedServer([Reply("x", match="never")]) as server, httpx.AsyncClient() as client:
        body = {"messages": [{"role": "user", "content": "hello"}]}
        answer = await client.post(f"{server.url}/v1/chat/completions", json=body)
    assert answer.status_code == 400
    assert "no reply left for: 'hello'" in answer.json()["error"]["message"]


async def test_it_ends_while_requests_hang() -> None:
    async with ScriptedServer([Reply("x", first_delay=60)]) as server, httpx.AsyncClient() as client:
        body = {"messages": [{"role": "user", "content": "hello"}]}
        task = asyncio.create_task(client.post(f"{server.url}/v1/messages", json=body))
        while not server.requests:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
