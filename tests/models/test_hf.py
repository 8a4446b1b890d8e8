"""The transformers backend on a tiny random Llama: what it generates, what it reads again, how it is stopped."""

from __future__ import annotations

import asyncio
import json
import math
import random
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

import pytest

from codesteer_kernel.errors import (
    BadInput,
    ContextOverflow,
    MissingDependency,
    ModelError,
    OutOfMemory,
    WeightsMissing,
)
from codesteer_kernel.models import ChatRequest, Finish, Message, TextDelta, hf_load, open_model
from codesteer_kernel.models.hf import HfModel
from codesteer_kernel.models.hf_network import LANES, Network, Sampler, Stopped
from codesteer_kernel.models.placement import Machine
from codesteer_kernel.models.pull import ProgressEvent
from tests.models import tiny_llama

ASK = (Message("user", "Hello"),)
HELLO = "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHello<|eot_id|>"
ASSISTANT = "<|start_header_id|>assistant<|end_header_id|>\n\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama.build(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
async def model(folder: Path) -> AsyncIterator[HfModel]:
    """Loaded, in float32: the CPU's own choice may be 16 bits, which round differently by the size of a pass."""
    made = HfModel(str(folder), dtype="float32")
    await made.ready()
    yield made
    await made.aclose()


def network(model: HfModel) -> Network:
    assert model._network is not None
    return model._network


def tokens(model: HfModel, text: str) -> list[int]:
    assert model._prompter is not None
    return model._prompter.tokens(text)


async def answer(model: HfModel, messages: tuple[Message, ...] = ASK, **options: object) -> tuple[str, Finish]:
    deltas = [delta async for delta in model.stream(ChatRequest(messages=messages, **options))]  # type: ignore[arg-type]
    assert isinstance(deltas[-1], Finish)
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)), deltas[-1]


@contextmanager
def counted(model: HfModel) -> Iterator[list[int]]:
    """The number of tokens of each pass through the network."""
    passes: list[int] = []
    embedding = network(model).module.get_input_embeddings()
    hook = embedding.register_forward_hook(lambda _, given, __: passes.append(given[0].shape[-1]))
    yield passes
    hook.remove()


# -------------------------------------------------------------------------------------------------------- generating


async def test_it_streams_what_generate_makes(model: HfModel) -> None:
    import torch

    text, finish = await answer(model, max_tokens=20)
    prompt = tokens(model, HELLO + ASSISTANT)
    ids = torch.tensor([prompt])
    with torch.inference_mode():
        whole = network(model).module.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=20, do_sample=False, pad_token_id=1
        )
    made = whole[0, len(prompt) :].tolist()
    assert model._prompter is not None
    assert text == model._prompter.decode(made)
    assert finish.usage.input_tokens == len(prompt)
    assert finish.usage.output_tokens == len(made) == 20
    assert finish.reason == "length"
    assert model.context_window == tiny_llama.WINDOW


async def test_a_seed_repeats_a_sampled_answer_and_the_users_random_numbers_stay(model: HfModel) -> None:
    import torch

    before = torch.random.get_rng_state()
    one, two, other = [(await answer(model, max_tokens=30, temperature=1.0, seed=seed))[0] for seed in (1, 1, 2)]
    assert one == two != other
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_sampler_keeps_to_the_likeliest() -> None:
    import torch

    logits = torch.log(torch.tensor([0.05, 0.5, 0.15, 0.3]))

    def drawn(**options: object) -> set[int]:
        sampler = Sampler(options.pop("temperature", 1.0), 0, "cpu", **options)  # type: ignore[arg-type]
        return {sampler.pick(logits) for _ in range(300)}

    assert drawn() == {0, 1, 2, 3}
    assert drawn(top_k=2) == {1, 3}
    assert drawn(top_p=0.45) == {1}
    assert drawn(top_p=0.7) == {1, 3}
    assert drawn(top_k=3, top_p=0.9) == {1, 2, 3}
    assert drawn(temperature=0.0) == {1}


async def test_a_stop_string_ends_the_generation(model: HfModel) -> None:
    whole, _ = await answer(model, max_tokens=40, temperature=1.0, seed=5)
    stop = whole[10:13]
    text, finish = await answer(model, max_tokens=200, temperature=1.0, seed=5, stop=(stop,))
    assert text == whole[: whole.index(stop)]
    assert finish.reason == "stop_string"


async def test_the_end_of_the_turn_ends_the_answer(model: HfModel) -> None:
    """Whatever the model's own configuration calls its end: the template's end of a turn is one."""
    assert tokens(model, "<|eot_id|>")[0] in model._ends
    _, finish = await answer(model, max_tokens=40)
    made = network(model).lanes[""].tokens[finish.usage.input_tokens :]
    model._ends = frozenset({made[4]})
    _, finish = await answer(model, max_tokens=40)
    assert finish.reason == "end"
    assert finish.usage.output_tokens < 40


async def test_what_would_leave_the_window_is_not_generated(folder: Path) -> None:
    model = HfModel(str(folder), context=40)
    await model.ready()
    model._ends = frozenset()
    _, finish = await answer(model, max_tokens=1000)
    assert finish.usage.input_tokens + finish.usage.output_tokens == 40
    assert finish.reason == "length"
    await model.aclose()


async def test_a_prompt_over_the_window_is_counted_before_anything_is_read(model: HfModel) -> None:
    long = (Message("user", "How many? " * 4000),)
    with counted(model) as passes:
        with pytest.raises(ContextOverflow, match=r"The prompt has \d{5} tokens .* holds 8192"):
            await answer(model, long)
        with pytest.raises(ContextOverflow, match=r"8192"):
            await model.score((*long, Message("assistant", "<<<")), ["Code", "Text"])
    assert passes == []


# ------------------------------------------------------------------------------------------------------ prefix cache


async def test_only_what_is_new_is_read_over_five_rounds(model: HfModel, folder: Path) -> None:
    """The counter in the usage is what the network really was spared, and the answers are those of a fresh start."""
    forgetful = HfModel(str(folder), dtype="float32", prefix_cache=False)
    turns = [Message("system", "You guide another model."), Message("user", "What is the sum of 1 to 10?")]
    previous = 0
    for number in range(5):
        with counted(model) as passes:
            text, finish = await answer(model, tuple(turns), max_tokens=12, slot="steerer")
        usage = finish.usage
        assert sum(passes) == usage.input_tokens - usage.cached_tokens + usage.output_tokens - 1
        assert usage.cached_tokens >= previous
        assert number == 0 or usage.input_tokens - usage.cached_tokens < 80
        previous = usage.input_tokens
        again, finish = await answer(forgetful, tuple(turns), max_tokens=12, slot="steerer")
        assert again == text
        assert finish.usage.cached_tokens == 0
        turns += [Message("assistant", text), Message("user", f"It printed {number}. The testing program: fail.")]
    await forgetful.aclose()


async def test_each_role_keeps_its_own_prefix(model: HfModel) -> None:
    asked = {slot: (Message("user", f"You are the {slot}."),) for slot in ("steerer", "target", "checker")}
    for slot, turns in asked.items():
        await answer(model, turns, max_tokens=2, slot=slot)
    for slot, turns in asked.items():
        _, finish = await answer(model, turns, max_tokens=2, slot=slot)
        # The last token is read again: what follows it was asked.
        assert finish.usage.cached_tokens == finish.usage.input_tokens - 1
    await answer(model, ASK, max_tokens=2, slot="another")
    assert len(network(model).lanes) == LANES


async def test_a_prefix_that_parts_early_is_cut_there(model: HfModel) -> None:
    first, second = (Message("user", "The same beginning, then an end."),), (Message("user", "The same beginning."),)
    await answer(model, first, max_tokens=8, slot="s")
    text, finish = await answer(model, second, max_tokens=8, slot="s")
    assert 0 < finish.usage.cached_tokens < finish.usage.input_tokens - 1
    assert text == (await answer(model, second, max_tokens=8, slot="fresh"))[0]


def test_a_cache_that_forgets_is_used_only_where_it_is_continued() -> None:
    """Layers with a sliding window cannot go back to where they were."""
    import torch
    from transformers import MistralConfig, MistralForCausalLM

    torch.manual_seed(0)
    module = MistralForCausalLM(
        MistralConfig(
            vocab_size=64,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            sliding_window=8,
        )
    ).eval()
    words = [random.Random(0).randrange(64) for _ in range(40)]
    kept, fresh, never = Network(module), Network(module), threading.Event()
    kept.read(words[:30], "a", never)
    for wanted, cached in ((words, 30), (words, 0), ([*words[:35], 5, 6], 0)):
        logits, reused = kept.read(wanted, "a", never)
        assert reused == cached
        fresh.lanes.clear()
        assert torch.allclose(logits, fresh.read(wanted, "a", never)[0], atol=1e-5)


# ----------------------------------------------------------------------------------------------------------- stopping


async def test_closing_a_stream_ends_the_generation(model: HfModel) -> None:
    model._ends = frozenset()  # never ends by itself
    request = ChatRequest(messages=ASK, max_tokens=100_000, temperature=1.0, seed=1)
    async with aclosing(model.stream(request)) as stream:
        await anext(stream)
    assert model._busy.acquire(timeout=20)
    model._busy.release()


class Countdown(threading.Event):
    """Set by being asked so many times."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self._left = left

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


def test_a_stop_is_heard_before_every_layer_and_what_was_read_stays_good(model: HfModel) -> None:
    """Wherever the stop comes, the same prompt then gives the logits of an undisturbed reading."""
    import torch

    prompt = [random.Random(1).randrange(300) for _ in range(700)]  # three passes of two layers
    whole, _ = network(model).read(prompt, "undisturbed", threading.Event())
    stops = 0
    for left in range(12):
        network(model).lanes.pop("stopped", None)
        try:
            network(model).read(prompt, "stopped", Countdown(left))
        except Stopped:
            stops += 1
        logits, kept = network(model).read(prompt, "stopped", threading.Event())
        assert kept in (0, 256, 512, 699)
        assert torch.allclose(logits, whole, atol=1e-5)
    assert stops == 9  # one check before each pass, one before each layer of it


async def test_closing_a_stream_in_the_middle_of_the_prompt_frees_the_model(model: HfModel) -> None:
    network(model)._chunk = 16
    turns = (Message("user", "count " * 1200),)
    task = asyncio.create_task(anext(model.stream(ChatRequest(messages=turns, max_tokens=5, slot="target"))))
    held = network(model).lanes
    async with asyncio.timeout(20):
        while "target" not in held or not held["target"].tokens:
            await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert model._busy.acquire(timeout=20)
    read = len(held["target"].tokens)
    model._busy.release()
    assert 0 < read < 1200, "it read on to the end"
    _, finish = await answer(model, turns, max_tokens=2, slot="target")
    assert finish.usage.cached_tokens == read


async def test_cancelling_a_score_frees_the_model(model: HfModel) -> None:
    network(model)._chunk = 16
    turns = (Message("user", "count " * 1200), Message("assistant", "<<<"))
    task = asyncio.create_task(model.score(turns, ["Code", "Text"], slot="steerer"))
    while not model._busy.locked():
        await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert model._busy.acquire(timeout=20)
    model._busy.release()


# ------------------------------------------------------------------------------------------------------------ scoring


async def test_choices_get_the_probabilities_of_a_forward_pass(model: HfModel) -> None:
    import torch

    turns = (*ASK, Message("assistant", "<<<"))
    choices = ["Code>>>", "Text>>>", "Tell>>>"]
    with counted(model) as passes:
        choice = await model.score(turns, choices, slot="steerer")
    base = HELLO + ASSISTANT + "<<<"
    whole = {name: tokens(model, base + name) for name in choices}

    def shares(prompt: list[int], candidates: list[int]) -> list[float]:
        with torch.inference_mode():
            last = network(model).module(torch.tensor([prompt])).logits[0, -1]
        return torch.softmax(last[candidates].float(), 0).tolist()  # type: ignore[no-any-return]

    def part(names: list[str]) -> int:
        return next(place for place in range(100) if len({whole[name][place] for name in names}) > 1)

    first, later = part(choices), part(choices[1:])
    if later == first:
        expected = shares(whole["Code>>>"][:first], [whole[name][first] for name in choices])
    else:
        code, other = shares(whole["Code>>>"][:first], [whole[name][first] for name in choices[:2]])
        text, tell = shares(whole["Text>>>"][:later], [whole[name][later] for name in choices[1:]])
        expected = [code, other * text, other * tell]
    assert list(choice.probabilities.values()) == pytest.approx(expected, rel=1e-4)
    assert math.isclose(sum(choice.probabilities.values()), 1)
    # One pass over the prompt; where choices part again, only what lies between is read.
    assert sum(passes) == choice.usage.input_tokens - choice.usage.cached_tokens
    assert passes[0] == first
    assert sum(passes) <= later
    again = await model.score(turns, choices, slot="steerer")
    assert again.probabilities == pytest.approx(choice.probabilities)
    assert again.usage.cached_tokens > 0
    with pytest.raises(BadInput, match="assistant"):
        await model.score(ASK, choices)


# ------------------------------------------------------------------------------------------------- opening and loading


async def test_a_folder_is_opened_by_either_name_and_with_options(folder: Path) -> None:
    for name in (f"local/{folder}", f"hf/{folder}", f"hf/{folder}?dtype=float32&context=100"):
        model = open_model(name)
        assert isinstance(model, HfModel)
        assert model.name == f"hf/{name.partition('/')[2]}"
        notes: list[ProgressEvent] = []
        await model.ready(notes.append)
        await asyncio.sleep(0)
        assert "GB of memory" in notes[-1].note
        assert "GB free" in notes[-1].note
        assert (await answer(model, max_tokens=2))[1].usage.output_tokens == 2
        await model.aclose()
    assert model.context_window == 100
    assert "as float32" in notes[-1].note


def test_options_that_cannot_be_are_refused_when_the_model_is_opened(folder: Path) -> None:
    with pytest.raises(BadInput, match=r"no option 'quantise'.*'quantize'"):
        open_model(f"hf/{folder}?quantise=4bit")
    with pytest.raises(BadInput, match="5bit"):
        open_model(f"hf/{folder}?quantize=5bit")
    with pytest.raises(BadInput, match="gpu_gb is -1"):
        open_model(f"hf/{folder}?gpu_gb=-1")
    with pytest.raises(BadInput, match="names no model"):
        open_model("hf/?device=cpu")


async def test_what_does_not_fit_is_refused_before_loading(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hf_load, "survey", lambda: Machine(memory=400_000_000))
    monkeypatch.setattr(hf_load, "load_network", None)
    with pytest.raises(OutOfMemory, match=r"needs 0\.5 GB of memory and 0\.4 GB is free.*smaller model"):
        await HfModel(str(folder)).ready()


async def test_an_option_names_the_package_that_it_needs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hf_load, "survey", lambda: Machine(packages=frozenset({"accelerate"})))
    with pytest.raises(MissingDependency, match="pip install bitsandbytes"):
        await HfModel(str(folder), quantize="4bit").ready()
    found = hf_load.find_spec
    monkeypatch.setattr(hf_load, "find_spec", lambda name: None if name == "peft" else found(name))
    with pytest.raises(MissingDependency, match="pip install peft"):
        await HfModel(str(folder), adapter=str(folder)).ready()


async def test_what_is_not_there_is_named(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(WeightsMissing, match="no folder"):
        await HfModel(str(tmp_path / "none")).ready()
    with pytest.raises(WeightsMissing, match="no weights as safetensors"):
        await HfModel(str(tmp_path)).ready()
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{?")
    with pytest.raises(ModelError, match="could not be read"):
        await HfModel(str(tmp_path)).ready()


async def test_a_tokenizer_without_a_template_gets_the_one_of_its_control_tokens(tmp_path: Path, folder: Path) -> None:
    bare = tiny_llama.build(tmp_path, template="")
    plain, own = HfModel(str(bare)), HfModel(str(folder))
    for model in (plain, own):
        await model.ready()
    assert plain._prompt(ASK) == own._prompt(ASK)
    other = HfModel(f"{folder}?template=chatml")
    await other.ready()
    assert other._prompt(ASK)[0] == "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n"


async def test_it_loads_again_after_it_was_closed(model: HfModel) -> None:
    text, _ = await answer(model, max_tokens=5)
    await model.aclose()
    await model.aclose()
    assert (await answer(model, max_tokens=5))[0] == text


@pytest.mark.filterwarnings("ignore::FutureWarning")  # peft uses what transformers is about to rename
async def test_an_adapter_changes_the_answers_of_its_base(tmp_path: Path, folder: Path) -> None:
    """On top of the weights, by option or as a folder of its own that names its base."""
    peft = pytest.importorskip("peft", reason="adapters need peft")
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(3)
    base = AutoModelForCausalLM.from_pretrained(folder)
    config = peft.LoraConfig(task_type="CAUSAL_LM", r=4, target_modules=["q_proj", "o_proj"], init_lora_weights=False)
    peft.get_peft_model(base, config).save_pretrained(tmp_path)
    (tmp_path / "codesteer.json").write_text('{"dialect": "mini"}')
    plain = HfModel(str(folder), dtype="float32")
    tuned = HfModel(f"{folder}?adapter={tmp_path}&dtype=float32")
    alone = HfModel(str(tmp_path), dtype="float32")
    texts = [(await answer(model, max_tokens=12))[0] for model in (plain, tuned, alone)]
    assert texts[0] != texts[1] == texts[2]
    assert (await answer(tuned, max_tokens=12))[1].usage.cached_tokens > 0
    assert [model.dialect for model in (plain, tuned, alone)] == ["codesteer-v1", "mini", "mini"]


def test_a_marker_names_the_dialect(tmp_path: Path) -> None:
    assert HfModel(str(tmp_path)).dialect is None
    (tmp_path / "codesteer.json").write_text(json.dumps({"dialect": "codesteer-v1"}))
    assert HfModel(str(tmp_path)).dialect == "codesteer-v1"
    (tmp_path / "codesteer.json").write_text("[]")
    with pytest.raises(ModelError, match=r"codesteer\.json cannot be read"):
        _ = HfModel(str(tmp_path)).dialect
