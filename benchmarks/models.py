"""Speed of the embedded models on this machine: ``python -m benchmarks.models [--models 135m 0.5b 1.5b] [--json]``.

Each weights file present is loaded by a worker of its own (whatever else runs is left alone). Printed: seconds to
load; prompt tokens read and answer tokens written per second; seconds for one scored choice on a prompt whose beginning
is cached; and what the prefix cache brings over five steering rounds in which steerer and target take turns, measured
with the cache on and off side by side in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time

from codesteer_kernel.config import default_threads
from codesteer_kernel.models import ChatRequest, Finish, Message, TokenUsage
from codesteer_kernel.models.catalogue import CATALOGUE, Entry, entry
from codesteer_kernel.models.local import LocalModel
from codesteer_kernel.models.pull import downloaded

TEXT = "count the letters of every word in a list and print the largest number that is not a multiple of three"
WORDS = TEXT.split()
ROUNDS = 5


def text(words: int, seed: int) -> str:
    """So many different-looking words; another seed shares no beginning."""
    return " ".join(WORDS[(seed + place * (1 + seed % 7)) % len(WORDS)] for place in range(words))


async def call(model: LocalModel, messages: list[Message], tokens: int, slot: str) -> tuple[float, float, TokenUsage]:
    """Seconds to the first token and to the end, and the usage, of one call."""
    begin = time.perf_counter()
    first = 0.0
    request = ChatRequest(messages=tuple(messages), max_tokens=tokens, slot=slot)
    async for delta in model.stream(request):
        first = first or time.perf_counter() - begin
        if isinstance(delta, Finish):
            return first, time.perf_counter() - begin, delta.usage
    raise AssertionError("a stream ends with Finish")


async def rounds(known: Entry, *, cache: bool, offset: int) -> tuple[float, int, int]:
    """Seconds, prompt tokens and cached tokens of five rounds in which the roles take turns on growing histories."""
    model = LocalModel(known, prefix_cache=cache)
    steerer = [Message("system", f"{offset} You guide. " + text(60, offset)), Message("user", text(60, offset + 1))]
    target = [Message("system", f"{offset} You answer. " + text(40, offset)), Message("user", text(60, offset + 1))]
    begin = time.perf_counter()
    read = cached = 0
    for number in range(ROUNDS):
        for history, slot in ((steerer, "steerer"), (target, "target")):
            _, _, usage = await call(model, history, 1, slot)
            read += usage.input_tokens
            cached += usage.cached_tokens
            history.append(Message("assistant", text(30, offset + number)))
            history.append(Message("user", text(60, offset + number + 2)))
    seconds = time.perf_counter() - begin
    await model.aclose()
    return seconds, read, cached


async def measure(known: Entry) -> dict[str, float | str]:
    """All figures of one model."""
    model = LocalModel(known)
    begin = time.perf_counter()
    await model.ready()
    load = time.perf_counter() - begin
    await call(model, [Message("user", "warm up")], 2, "target")
    first, _, usage = await call(model, [Message("user", text(400, 3))], 1, "target")
    prefill = (usage.input_tokens - usage.cached_tokens) / first
    first, end, usage = await call(model, [Message("user", "Write a Python program that sorts a list.")], 64, "target")
    decode = (usage.output_tokens - 1) / (end - first)
    question = [Message("system", text(120, 5)), Message("user", "How many r are in strawberry?")]
    question.append(Message("assistant", "<<<"))
    await model.score(question, ["Code", "Text"], slot="steerer")
    question[1] = Message("user", "What is the capital of France?")
    begin = time.perf_counter()
    await model.score(question, ["Code", "Text"], slot="steerer")
    score = time.perf_counter() - begin
    on, read, cached = await rounds(known, cache=True, offset=11)
    off, _, _ = await rounds(known, cache=False, offset=23)
    await model.aclose()
    return {
        "model": known.name,
        "load_seconds": round(load, 2),
        "prefill_tokens_per_second": round(prefill, 1),
        "decode_tokens_per_second": round(decode, 1),
        "score_seconds": round(score, 3),
        "rounds_cache_on_seconds": round(on, 2),
        "rounds_cache_off_seconds": round(off, 2),
        "prefix_cache_gain": round(off / on, 2),
        "cached_share": round(cached / read, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", help="catalogue names; default: all that are downloaded")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    wanted = [entry(name) for name in given.models] if given.models else list(reversed(CATALOGUE))
    results = []
    with tempfile.TemporaryDirectory(prefix="codesteer-bench-") as folder:
        os.environ |= {"XDG_RUNTIME_DIR": folder, "CODESTEER_WORKER_GRACE": "0.5"}
        for known in wanted:
            if not downloaded(known):
                print(f"{known.name}: not downloaded, left out")
                continue
            results.append(asyncio.run(measure(known)))
            if not given.json:
                print(f"\n{known.name} ({default_threads()} threads)")
                for name, value in results[-1].items():
                    if name != "model":
                        print(f"  {name.replace('_', ' '):28} {value}")
            time.sleep(1.5)
    if given.json:
        print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
