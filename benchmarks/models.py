"""Speed of the models on this machine, side by side: ``python -m benchmarks.models [--models 135m 0.5b 1.5b] [--json]``.

Each weights file present is loaded by a worker of its own (whatever else runs is left alone). For each, in one run:

- *decision*: seconds until the first decision, on a prompt whose fixed part is cached: scored (what ``mini`` does)
  against generated, as the same short tag and as the JSON that ``instruct`` asks for;
- *rounds*: prompt tokens read and seconds (passed, and of CPU) of five steering rounds with the prefix cache against
  without;
- *speed*: prompt tokens read and answer tokens written per second (passed, and of CPU) against bare ``xllamacpp`` in a
  process of its own, taking turns; with ``--transformers`` (needs torch, transformers and gguf; converts the file first) also against
  transformers' own ``generate`` on the same weights, and against our backend on it;
- *stop*: seconds until a closed stream has returned to its caller, and until the lane is free, while reading a long
  prompt and while writing.

Other work on the machine shows: the load average is printed, medians are taken, contenders take turns.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from codesteer_kernel.config import default_threads
from codesteer_kernel.models import ChatModel, ChatRequest, Finish, Message, TextDelta, TokenUsage
from codesteer_kernel.models.catalogue import CATALOGUE, Entry, entry, weights_path
from codesteer_kernel.models.hf import HfModel
from codesteer_kernel.models.local import LocalModel
from codesteer_kernel.models.pull import downloaded
from codesteer_kernel.models.templates import Shield
from codesteer_kernel.steering.dialects.instruct import SCHEMA
from codesteer_kernel.steering.prompts import load_prompts

TEXT = "count the letters of every word in a list and print the largest number that is not a multiple of three"
WORDS = TEXT.split()
ROUNDS = 5
REPEATS = 3
STOPS = 5
WRITTEN = 48
READ = 200
COUNT = "1, 2, 3, 4, 5,"
QUESTIONS = (
    "How many r are in strawberry?",
    "What is the capital of France?",
    "Which day of the week was 2000-02-29?",
    "Who wrote the play Hamlet?",
    "What is the sum of all primes below 500?",
    "Why is the sky blue?",
)
BARE = """
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.port, params.hostnames = sys.argv[1], 0, ["127.0.0.1"]
params.n_ctx, params.n_parallel = 4096, 1
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = int(sys.argv[2])
params.verbosity = 0
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""

Speed = tuple[float, float, float]
"""Prompt tokens read per second, and answer tokens written per second and per second of CPU."""
SPEEDS = ("prefill", "decode", "decode_cpu")


def text(words: int, seed: int) -> str:
    """So many different-looking words; another seed shares no beginning."""
    return " ".join(WORDS[(seed + place * (1 + seed % 7)) % len(WORDS)] for place in range(words))


async def call(
    model: ChatModel, messages: list[Message], tokens: int, slot: str, **more: Any
) -> tuple[float, float, TokenUsage]:
    """Seconds to the first token and to the end, and the usage, of one call."""
    begin = time.perf_counter()
    first = 0.0
    request = ChatRequest(messages=tuple(messages), max_tokens=tokens, slot=slot, **more)
    async for delta in model.stream(request):
        if isinstance(delta, TextDelta):
            first = first or time.perf_counter() - begin
        if isinstance(delta, Finish):
            return first or time.perf_counter() - begin, time.perf_counter() - begin, delta.usage
    raise AssertionError("a stream ends with Finish")


# ----------------------------------------------------------------------------------------------------------- decision


async def decisions(model: LocalModel | HfModel, prefix: str = "decision") -> dict[str, float]:
    """Seconds of the first decision, two or three ways, and how many times longer than scoring the others take."""
    mini, instruct = load_prompts("mini"), load_prompts("instruct")
    short = [Message("system", mini.text("system"))]
    for example in mini.examples():
        short += [Message("user", example["user"]), Message("assistant", example["assistant"])]
    long = [Message("system", instruct.text("system"))]

    async def scored(question: str) -> None:
        turn = Message("user", mini.text("choose", question=question))
        await model.score([*short, turn, Message("assistant", "<<<")], ["Code>>>", "Text>>>"], slot="steerer")

    async def tag(question: str) -> None:
        turn = Message("user", mini.text("choose", question=question))
        await call(model, [*short, turn], 16, "target", stop=(">>>",))

    async def typed(question: str) -> None:
        turn = Message("user", instruct.text("choose", question=question))
        await call(model, [*long, turn], 200, "target", json_schema=SCHEMA)

    taken: dict[str, float] = {}
    ways = {"scored": scored, "tag": tag, **({"json": typed} if model.abilities.structured else {})}
    for name, way in ways.items():
        await way("Warm up?")
        taken[name] = statistics.median([await timed(way(question)) for question in QUESTIONS])
    return {
        **{f"{prefix}_{name}_seconds": seconds for name, seconds in taken.items()},
        **{f"{prefix}_{name}_ratio": taken[name] / taken["scored"] for name in ways if name != "scored"},
    }


async def timed(work: Awaitable[Any]) -> float:
    """Seconds that ``work`` takes."""
    begin = time.perf_counter()
    await work
    return time.perf_counter() - begin


# ------------------------------------------------------------------------------------------------------------- rounds


async def rounds(known: Entry, *, cache: bool, offset: int) -> tuple[float, float, int]:
    """Seconds, the worker's CPU seconds and prompt tokens read of a steerer's five rounds: 375 to 975 tokens."""
    model = LocalModel(known, prefix_cache=cache)
    host = await model._leased()
    history = [Message("system", f"{offset} You guide. " + text(200, offset)), Message("user", text(145, offset + 1))]
    begin, cpu = time.perf_counter(), cpu_seconds(host.pid)
    read = 0
    for number in range(ROUNDS):
        _, _, usage = await call(model, history, 1, "steerer")
        read += usage.input_tokens - usage.cached_tokens
        history.append(Message("assistant", text(45, offset + number)))
        history.append(Message("user", text(90, offset + number + 2)))
    seconds = time.perf_counter() - begin, cpu_seconds(host.pid) - cpu
    await model.aclose()
    return *seconds, read


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used: what other work on the machine does not change much."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def caching(known: Entry) -> dict[str, float]:
    """The rounds with and without the prefix cache, in turns."""
    kinds = {"cache_on": True, "cache_off": False}
    turns = [
        {name: await rounds(known, cache=cache, offset=20 * turn + 10 * cache) for name, cache in kinds.items()}
        for turn in range(2)
    ]
    found: dict[str, float] = {}
    for place, what in enumerate(("seconds", "cpu_seconds", "tokens_read")):
        on, off = (statistics.mean(turn[name][place] for turn in turns) for name in kinds)
        found |= {f"rounds_{what}_cache_on": on, f"rounds_{what}_cache_off": off, f"rounds_{what}_ratio": off / on}
    return found


# -------------------------------------------------------------------------------------------------------------- speed


@asynccontextmanager
async def bare(
    known: Entry, render: Callable[[int], Awaitable[str]]
) -> AsyncIterator[Callable[[int], Awaitable[Speed]]]:
    """A contender: bare ``xllamacpp``, its own settings but for the number of threads."""
    command = [sys.executable, "-c", BARE, str(weights_path(known)), str(default_threads())]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()

        async def measure(seed: int) -> Speed:
            body = {"prompt": await render(seed), "n_predict": WRITTEN, "temperature": 0, "stream": True}
            begin = time.perf_counter()
            first = 0.0
            async with client.stream("POST", "/completion", json=body) as reply:
                async for line in reply.aiter_lines():
                    if not line.startswith("data: "):
                        continue
                    event = json.loads(line[6:])
                    if not first:
                        first, cpu = time.perf_counter() - begin, cpu_seconds(process.pid)
                    if event.get("stop"):
                        written = event["tokens_predicted"] - 1
                        end = time.perf_counter() - begin
                        used = cpu_seconds(process.pid) - cpu
                        return event["tokens_evaluated"] / first, written / (end - first), written / used
            raise AssertionError("a stream ends with stop")

        try:
            async with httpx.AsyncClient(base_url=url, timeout=600, trust_env=False) as client:
                yield measure
        finally:
            process.kill()


def counting(seed: int) -> tuple[Message, Message]:
    """A prompt of its own for each seed, whose answer is long and the same for every contender."""
    return Message("user", f"{text(READ, seed)}\nNow count from 1 to 100."), Message("assistant", COUNT)


def ours(model: ChatModel, pid: int) -> Callable[[int], Awaitable[Speed]]:
    """A contender: a model of ours, driven as a run drives it, computing in the process ``pid``."""

    async def measure(seed: int) -> Speed:
        begin = time.perf_counter()
        first = 0.0
        request = ChatRequest(messages=counting(seed), max_tokens=WRITTEN, slot="target")
        async for delta in model.stream(request):
            if not first:
                first, cpu = time.perf_counter() - begin, cpu_seconds(pid)
            if isinstance(delta, Finish):
                written = delta.usage.output_tokens - 1
                end = time.perf_counter() - begin
                read = delta.usage.input_tokens - delta.usage.cached_tokens
                return read / first, written / (end - first), written / (cpu_seconds(pid) - cpu)
        raise AssertionError("a stream ends with Finish")

    return measure


def generating(model: HfModel) -> Callable[[int], Awaitable[Speed]]:
    """A contender: transformers' own ``generate`` on the network of ``model``."""
    import torch

    def run(seed: int) -> Speed:
        assert model._network is not None
        module = model._network.module
        _, tokens = model._prompt(counting(seed))
        ids = torch.tensor([tokens])
        seconds, cpu = [], []
        for new in (1, WRITTEN):
            begin, used = time.perf_counter(), time.process_time()
            with torch.inference_mode():
                module.generate(
                    ids,
                    attention_mask=torch.ones_like(ids),
                    max_new_tokens=new,
                    min_new_tokens=new,
                    do_sample=False,
                    pad_token_id=0,
                )
            seconds.append(time.perf_counter() - begin)
            cpu.append(time.process_time() - used)
        written = WRITTEN - 1
        return len(tokens) / seconds[0], written / (seconds[1] - seconds[0]), written / (cpu[1] - cpu[0])

    async def measure(seed: int) -> Speed:
        return await asyncio.to_thread(run, seed)

    return measure


async def speeds(contenders: dict[str, Callable[[int], Awaitable[Speed]]]) -> dict[str, float]:
    """Speeds of each contender, measured in turns, and ours (the first) over each: medians of the turns' ratios."""
    taken: dict[str, list[Speed]] = {name: [] for name in contenders}
    for turn in range(REPEATS + 1):
        for number, (name, measure) in enumerate(contenders.items()):
            taken[name].append(await measure(100 * number + turn))
    for turns in taken.values():
        del turns[0]  # to warm up
    first = next(iter(taken.values()))
    found = {}
    for name, turns in taken.items():
        for place, what in enumerate(SPEEDS):
            found[f"{what}_{name}_tokens_per_second"] = statistics.median(turn[place] for turn in turns)
            if turns is not first:
                ratios = [own[place] / other[place] for own, other in zip(first, turns, strict=True)]
                found[f"{what}_ratio_to_{name}"] = statistics.median(ratios)
    return found


def converted(known: Entry, folder: Path) -> Path:
    """The weights as a folder that transformers loads: unpacked from the GGUF file."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    given = {"pretrained_model_name_or_path": weights_path(known).parent, "gguf_file": known.file}
    module = AutoModelForCausalLM.from_pretrained(**given, dtype=torch.float32)
    # Unpacked they are plain weights, which it would still refuse to save as quantised ones.
    module.hf_quantizer, module.is_quantized = None, False
    del module.config.quantization_config
    module.save_pretrained(folder)
    AutoTokenizer.from_pretrained(**given).save_pretrained(folder)
    return folder


# --------------------------------------------------------------------------------------------------------------- stop


async def stops(
    model: LocalModel | HfModel, busy: Callable[[], Awaitable[bool]], prefix: str = "stop"
) -> dict[str, float]:
    """Seconds from closing a stream until the caller has it back, and until nothing is ``busy``: the worst of some."""
    taken: dict[str, list[float]] = {}
    for phase, words in (("reading", 2_200), ("writing", 5)):
        for number in range(STOPS):
            turns = (Message("user", f"{number} {text(words, number)}"),)
            request = ChatRequest(messages=turns, max_tokens=2_000, temperature=1.0, slot="target")
            async with aclosing(model.stream(request)) as stream:
                reading = asyncio.ensure_future(anext(stream))
                if phase == "writing":
                    await reading
                else:
                    while not await busy():
                        await asyncio.sleep(0.005)
                    await asyncio.sleep(0.2 * number)
                begin = time.perf_counter()
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
            taken.setdefault(f"{prefix}_{phase}_closed_seconds", []).append(time.perf_counter() - begin)
            while await busy():
                await asyncio.sleep(0.005)
            taken.setdefault(f"{prefix}_{phase}_free_seconds", []).append(time.perf_counter() - begin)
    return {name: max(seconds) for name, seconds in taken.items()}


async def worker_stops(model: LocalModel) -> dict[str, float]:
    """The stops of a worker's lanes."""
    url, key = await model.endpoint()
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:

        async def busy() -> bool:
            return any(slot["is_processing"] for slot in (await client.get("/slots")).json())

        return await stops(model, busy)


async def network_stops(model: HfModel) -> dict[str, float]:
    """The stops of a network in this process."""

    async def busy() -> bool:
        return model._busy.locked()

    return await stops(model, busy, "hf_stop")


async def measure(known: Entry, folder: Path | None) -> dict[str, float | str]:
    """All figures of one model; ``folder`` holds the same weights for transformers, where it is to compete."""
    model = LocalModel(known)
    load = await timed(model.ready())
    found: dict[str, float] = {"load_seconds": load}
    await call(model, [Message("user", "warm up")], 2, "target")
    found |= await decisions(model)
    found |= await caching(known)

    async def render(seed: int) -> str:
        host = await model._leased()
        async with model._client(host) as client:
            return await model._prompt(client, counting(seed), Shield(host.special))

    async with bare(known, render) as other:
        contenders = {"ours": ours(model, (await model._leased()).pid), "bare": other}
        networks = {}
        for dtype in _dtypes() if folder else ():
            networks[dtype] = HfModel(f"{folder}?dtype={dtype}")
            await networks[dtype].ready()
            contenders[f"generate_{dtype}"] = generating(networks[dtype])
        if networks:
            contenders["hf_float32"] = ours(networks["float32"], os.getpid())
            found |= await decisions(networks["float32"], "hf_decision")
            found |= await network_stops(networks["float32"])
        found |= await speeds(contenders)
        for network in networks.values():
            await network.aclose()
    found |= await worker_stops(model)
    await model.aclose()
    return {"model": known.name, **{name: round(value, 3) for name, value in found.items()}}


def _dtypes() -> list[str]:
    from codesteer_kernel.models.hf_load import survey

    return ["float32", "bfloat16"] if survey().cpu_bf16 else ["float32"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="*", help="catalogue names; default: all that are downloaded")
    parser.add_argument("--transformers", action="store_true", help="let transformers compete on the first of them")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    wanted = [entry(name) for name in given.models] if given.models else list(reversed(CATALOGUE))
    results = []
    with tempfile.TemporaryDirectory(prefix="cs-bench-") as folder:
        os.environ |= {"XDG_RUNTIME_DIR": folder, "CODESTEER_WORKER_GRACE": "0.5"}
        weights = converted(wanted[0], Path(folder) / "weights") if given.transformers else None
        for known in wanted:
            if not downloaded(known):
                print(f"{known.name}: not downloaded, left out")
                continue
            before = os.getloadavg()[0]
            results.append(asyncio.run(measure(known, weights if known is wanted[0] else None)))
            results[-1] |= {"load_average_before": round(before, 2), "load_average_after": round(os.getloadavg()[0], 2)}
            if not given.json:
                print(f"\n{known.name} ({default_threads()} threads)")
                for name, value in results[-1].items():
                    if name != "model":
                        print(f"  {name.replace('_', ' '):44} {value}")
            time.sleep(1.5)
    if given.json:
        print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
