"""``python -m tests.scripted --port 0 --script FILE``: see the package's text."""

import argparse
import asyncio
import contextlib
import json
from pathlib import Path

from .server import Reply, ScriptedServer


async def _serve(script: Path, port: int, key: str) -> None:
    entries = json.loads(script.read_text(encoding="utf-8"))
    replies = [entry if isinstance(entry, str) else Reply(**entry) for entry in entries]
    async with ScriptedServer(replies, key=key, port=port) as server:
        print(json.dumps({"url": server.url}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.scripted")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--script", type=Path, required=True)
    parser.add_argument("--key", default="")
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(given.script, given.port, given.key))
