"""A program that stands in for vLLM: the same command line, key variable, wire format and signals; no model.

What it was started with goes to ``$STANDIN_TOLD`` (JSON). ``$STANDIN_MODE``: ``fail`` (ends while starting), ``die``
(ends after a while), ``stubborn`` (does not hear SIGTERM), anything else: behaves.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.scripted import Reply, ScriptedServer


async def serve(port: int, key: str, mode: str) -> None:
    """Answer until SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, (lambda: None) if mode == "stubborn" else stop.set)
    print("INFO loading weights", flush=True)
    await asyncio.sleep(0.3)
    async with ScriptedServer([Reply("<<<Code>>>", times=None)], key=key, port=port):
        print(f"INFO Application startup complete, key {key}", flush=True)
        if mode == "die":
            await asyncio.sleep(1.5)
            print("ERROR CUDA out of memory", flush=True)
            os._exit(7)
        await stop.wait()


def main() -> None:
    """Do as vLLM does."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("model")
    parser.add_argument("--port", type=int)
    given, _ = parser.parse_known_args()
    mode = os.environ.get("STANDIN_MODE", "")
    # Workers: one in its group, one that left it.
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    workers = [subprocess.Popen(sleep), subprocess.Popen(sleep, start_new_session=True)]
    told = {"argv": sys.argv, "environment": dict(os.environ), "workers": [worker.pid for worker in workers]}
    Path(os.environ["STANDIN_TOLD"]).write_text(json.dumps(told | {"pid": os.getpid()}))
    if mode == "fail":
        print("ERROR no such model", flush=True)
        raise SystemExit(3)
    asyncio.run(serve(given.port, os.environ["VLLM_API_KEY"], mode))


if __name__ == "__main__":
    main()
