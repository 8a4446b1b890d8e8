"""A steerer in small: a two-layer Llama with random weights, a byte-level tokenizer and the Llama 3 chat template.

``python -m tests.models.tiny_llama FOLDER`` writes one. The same arguments give the same weights on every machine.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from codesteer_kernel.models.hf import MARKER
from codesteer_kernel.models.templates import LLAMA3

SPECIAL = (
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
)
CORPUS = (
    "You guide another model. Decide whether textual reasoning or coding suits the task, and do not solve it.",
    "The program ended with status ok. It printed: 385. The target's answer is below. Testing program: pass.",
    "<<<Code>>> <<<Text>>> <<<Return Answer>>> print(sum(number ** 2 for number in range(1, 11)))",
)
WINDOW = 8_192


def tokenizer(special: tuple[str, ...] = SPECIAL, template: str = LLAMA3, turn_end: str = "<|eot_id|>") -> Any:
    """A byte-level BPE tokenizer of 400 tokens, learnt from a few sentences."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=list(special),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    made.train_from_iterator(CORPUS, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token=special[0],
        eos_token=turn_end,
        extra_special_tokens=[token for token in special[1:] if token != turn_end],
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = template
    return fast


def build(
    folder: Path, *, window: int = WINDOW, seed: int = 0, dialect: str | None = "codesteer-v1", template: str = LLAMA3
) -> Path:
    """Write weights (safetensors), tokenizer, template and the dialect's marker into ``folder``; return it."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    fast = tokenizer(template=template)
    generator = torch.random.get_rng_state()
    torch.manual_seed(seed)
    network = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(fast),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=window,
            initializer_range=0.2,
            bos_token_id=0,
            eos_token_id=4,
            pad_token_id=1,
        )
    )
    torch.random.set_rng_state(generator)
    folder.mkdir(parents=True, exist_ok=True)
    network.save_pretrained(folder)
    fast.save_pretrained(folder)
    if dialect is not None:
        (folder / MARKER).write_text(json.dumps({"dialect": dialect}))
    return folder


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
