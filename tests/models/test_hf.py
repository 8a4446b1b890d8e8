"""The transformers backend on a tiny random network, made here."""

from __future__ import annotations

import math
from contextlib import aclosing
from pathlib import Path

import pytest

from codesteer_kernel.errors import ContextOverflow, ModelError, WeightsMissing
from codesteer_kernel.models import ChatRequest, Finish, Message, TextDelta
from codesteer_kernel.models.hf import HfModel

TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% if not loop.last or m.role != 'assistant' %}<|end|>"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A two-layer Llama with random weights and a byte tokenizer."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(0)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    specials = ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
    tokenizer = Tokenizer(models.BPE({token: place for place, token in enumerate(specials + letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|end|>", additional_special_tokens=specials[1:]
    )
    fast.chat_template = TEMPLATE
    config = LlamaConfig(
        vocab_size=len(specials) + len(letters),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        bos_token_id=None,
        eos_token_id=0,
        pad_token_id=0,
    )
    out = tmp_path_factory.mktemp("tiny")
    LlamaForCausalLM(config).save_pretrained(out)
    fast.save_pretrained(out)
    return out


ASK = (Message("user", "Hello"),)


async def answer(model: HfModel, messages: tuple[Message, ...] = ASK, **options: object) -> tuple[str, Finish]:
    deltas = [delta async for delta in model.stream(ChatRequest(messages=messages, **options))]  # type: ignore[arg-type]
    assert isinstance(deltas[-1], Finish)
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)), deltas[-1]


async def test_it_streams_what_generate_makes(folder: Path) -> None:
    import torch

    model = HfModel(str(folder))
    text, finish = await answer(model, max_tokens=20)
    tokens = model._tokenizer("<|user|>Hello<|end|><|assistant|>", return_tensors="pt", add_special_tokens=False)
    with torch.inference_mode():
        whole = model._network.generate(**tokens, max_new_tokens=20, do_sample=False, pad_token_id=0)
    made = whole[0, tokens["input_ids"].shape[1] :]
    assert text == model._tokenizer.decode(made, skip_special_tokens=True)
    assert finish.usage.input_tokens == tokens["input_ids"].shape[1] == 8
    assert finish.usage.output_tokens == len(made)
    assert finish.reason == ("end" if made[-1] == 0 else "length")
    assert model.context_window == 256
    await model.aclose()


async def test_a_seed_repeats_a_sampled_answer(folder: Path) -> None:
    model = HfModel(str(folder))
    one, two, other = [(await answer(model, max_tokens=30, temperature=1.0, seed=seed))[0] for seed in (1, 1, 2)]
    assert one == two != other
    await model.aclose()


async def test_a_stop_string_ends_the_generation(folder: Path) -> None:
    model = HfModel(str(folder))
    whole, _ = await answer(model, max_tokens=40, temperature=1.0, seed=5)
    stop = whole[10:13]
    text, finish = await answer(model, max_tokens=200, temperature=1.0, seed=5, stop=(stop,))
    assert text == whole[: whole.index(stop)]
    assert finish.reason == "stop_string"
    await model.aclose()


async def test_an_assistant_turn_is_continued_to_its_last_blank(folder: Path) -> None:
    model = HfModel(str(folder))
    await model.ready()
    prompt, _ = model._prompt((*ASK, Message("assistant", "Answer: \n")))
    assert prompt == "<|user|>Hello<|end|><|assistant|>Answer: \n"
    await model.aclose()


async def test_closing_a_stream_ends_the_generation(folder: Path) -> None:
    model = HfModel(str(folder))
    request = ChatRequest(messages=ASK, max_tokens=100_000, temperature=1.0, seed=1)
    await model.ready()
    model._network.generation_config.eos_token_id = []  # never ends by itself
    async with aclosing(model.stream(request)) as stream:
        await anext(stream)
    assert model._busy.acquire(timeout=20)
    model._busy.release()
    await model.aclose()


async def test_choices_get_the_probabilities_of_a_forward_pass(folder: Path) -> None:
    import torch

    model = HfModel(str(folder))
    turns = (*ASK, Message("assistant", "<<<"))
    found = (await model.score(turns, ["Code", "Text", "Tell"])).probabilities
    assert sum(found.values()) == pytest.approx(1)

    def logits(text: str, letters: str) -> list[float]:
        ids = model._tokenizer(text, return_tensors="pt", add_special_tokens=False)
        with torch.inference_mode():
            last = model._network(**ids).logits[0, -1]
        places = model._tokenizer.convert_tokens_to_ids(list(letters))
        return torch.softmax(last[places].float(), 0).tolist()  # type: ignore[no-any-return]

    base = "<|user|>Hello<|end|><|assistant|><<<"
    code, text = logits(base, "CT")
    x, l = logits(base + "Te", "xl")  # noqa: E741
    assert found["Code"] == pytest.approx(code, rel=1e-4)
    assert found["Text"] == pytest.approx(text * x, rel=1e-4)
    assert found["Tell"] == pytest.approx(text * l, rel=1e-4)
    assert math.isclose(sum(found.values()), 1)
    await model.aclose()


async def test_a_prompt_over_the_window_is_counted(folder: Path) -> None:
    model = HfModel(str(folder), context=100)
    with pytest.raises(ContextOverflow, match=r"1003 tokens .* 100"):
        await answer(model, (Message("user", "x" * 1000),))
    await model.aclose()


async def test_what_is_not_there_is_named(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(WeightsMissing, match="no folder"):
        await HfModel(str(tmp_path / "none")).ready()
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError):
        await HfModel(str(tmp_path)).ready()
