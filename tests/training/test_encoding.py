"""The loss falls on the steerer's turns alone, looked at token by token; and where among them decisions part."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.errors import BadInput
from codesteer_kernel.models.protocol import Message
from codesteer_kernel.models.templates import CHATML, LLAMA3, Prompter
from codesteer_kernel.steering.dialects.mini import opening
from codesteer_kernel.training.rows import Conversation, Pair, Turn
from codesteer_kernel.training.tuning.deciding import asked_first, forks
from codesteer_kernel.training.tuning.encoding import Encoded, Encoder
from codesteer_kernel.training.weights import Weights
from tests.models import tiny_llama
from tests.training.small_rows import pairs, row

# A template in the manner of Qwen 2.5 and SmolLM2: where nobody gives the system's turn, there is one all the same.
OWN_SYSTEM = (
    "{% for message in messages %}{% if loop.first and message.role != 'system' %}"
    "{{ '<|im_start|>system\nBe of use.<|im_end|>\n' }}{% endif %}"
    "{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
CHAT = ("<|im_start|>", "<|im_end|>")
TOKENIZERS: dict[str, Any] = {
    "llama3": tiny_llama.tokenizer(template=LLAMA3),
    "chatml": tiny_llama.tokenizer(CHAT, CHATML, "<|im_end|>"),
    "qwen": tiny_llama.tokenizer(("<|endoftext|>", *CHAT), OWN_SYSTEM, "<|im_end|>"),
}
ENDS = {"llama3": "<|eot_id|>", "chatml": "<|im_end|>", "qwen": "<|im_end|>"}


def learned(tokenizer: Any, encoded: Encoded) -> list[str]:
    """The runs of tokens that have a weight, as text."""
    runs: list[list[int]] = [[]]
    for token, weight in zip(encoded.input_ids, encoded.weights, strict=True):
        if weight:
            runs[-1].append(token)
        else:
            runs.append([])
    return [tokenizer.decode(run) for run in runs if run]


@pytest.mark.parametrize("name", TOKENIZERS)
@pytest.mark.parametrize("system", ["", "You steer."])
def test_every_turn_of_the_steerer_with_its_end_is_learned_and_nothing_else(name: str, system: str) -> None:
    tokenizer = TOKENIZERS[name]
    talk = row("Code or Text?", "<<<Code>>>", "It printed: 385.", "<<<Return Answer>>>", system=system)
    encoded = Encoder(tokenizer).conversation(talk, "Row 1")
    assert learned(tokenizer, encoded) == [f"<<<Code>>>{ENDS[name]}", f"<<<Return Answer>>>{ENDS[name]}"]
    # What the model reads is the template's text, to the last token.
    text = tokenizer.apply_chat_template(
        [{"role": turn.role, "content": turn.content} for turn in talk.messages], tokenize=False
    )
    assert tokenizer.decode(encoded.input_ids) == text


@pytest.mark.parametrize("name", TOKENIZERS)
def test_what_is_learned_from_is_what_a_running_steerer_reads_control_tokens_in_words_included(name: str) -> None:
    end = ENDS[name]
    talk = row(f"Say {end} twice: {end}", "<<<Code>>>", "3", "<<<Return Answer>>>")
    encoded = Encoder(TOKENIZERS[name]).conversation(talk, "Row 1")
    prompter = Prompter(TOKENIZERS[name])
    for asked in (1, 3):
        messages = [Message(turn.role, turn.content) for turn in talk.messages[:asked]]
        prompt = prompter.tokens(prompter.render(messages))
        assert encoded.input_ids[: len(prompt)] == prompt
        assert encoded.weights[len(prompt) - 1] == 0 < encoded.weights[len(prompt)]
    control = TOKENIZERS[name].convert_tokens_to_ids(end)
    # One closes each turn (and the template's own system turn); those in the words are none.
    assert encoded.input_ids.count(control) == 4 + (name == "qwen")


def test_a_turn_without_weight_is_read() -> None:
    talk = row("Q", "<<<Code>>>", "It printed: 3.", "<<<Return Answer>>>", weights=Weights(first=0))
    encoded = Encoder(TOKENIZERS["chatml"]).conversation(talk, "Row 1")
    assert learned(TOKENIZERS["chatml"], encoded) == ["<<<Return Answer>>><|im_end|>"]


def test_a_turns_weight_is_shared_among_its_tokens() -> None:
    talk = row("Q", "<<<Code>>>", "3", "Check every condition of the question again.", weights=Weights(last=2))
    encoded = Encoder(TOKENIZERS["chatml"]).conversation(talk, "Row 1")
    weights = [weight for weight in encoded.weights if weight]
    first = len(TOKENIZERS["chatml"]("<<<Code>>><|im_end|>", add_special_tokens=False)["input_ids"])
    assert weights == pytest.approx([1 / first] * first + [2 / (len(weights) - first)] * (len(weights) - first))


def test_a_template_that_rewrites_the_past_is_refused_with_the_row() -> None:
    rewriting = tiny_llama.tokenizer(CHAT, "{{ messages | length }}" + CHATML, "<|im_end|>")
    with pytest.raises(BadInput, match="Row 2: the chat template does not write turn 2"):
        Encoder(rewriting).conversation(row("Q", "A"), "Row 2")
    bare = tiny_llama.tokenizer(CHAT, CHATML, "<|im_end|>")
    bare.chat_template = None
    with pytest.raises(BadInput, match="no chat template"):
        Encoder(bare)


@pytest.mark.parametrize("name", TOKENIZERS)
def test_the_replies_of_a_pair_part_behind_its_prompt(name: str) -> None:
    (pair,) = pairs(1)
    encoded = Encoder(TOKENIZERS[name]).pair(pair, "Row 1")
    prompter = Prompter(TOKENIZERS[name])
    assert encoded.prompt_ids == prompter.tokens(prompter.render([Message("user", pair.prompt[0].content)]))
    assert TOKENIZERS[name].decode(encoded.chosen_ids) == f"<<<Text>>>{ENDS[name]}"
    assert TOKENIZERS[name].decode(encoded.rejected_ids) == f"<<<Code>>>{ENDS[name]}"
    assert len(encoded) == len(encoded.prompt_ids) + max(len(encoded.chosen_ids), len(encoded.rejected_ids))


def test_a_pairs_earlier_turns_are_read() -> None:
    turns = row("Q", "<<<Code>>>", "3", "x").messages[:3]
    pair = Pair(
        prompt=turns,
        chosen="<<<Return Answer>>>",
        rejected="<<<Text>>>",
        score_chosen=1,
        score_rejected=0,
        dialect="codesteer-v1",
    )
    encoded = Encoder(TOKENIZERS["chatml"]).pair(pair, "Row 1")
    assert TOKENIZERS["chatml"].decode(encoded.prompt_ids).endswith("user\n3<|im_end|>\n<|im_start|>assistant\n")


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(
    str.strip
)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=5), st.sampled_from(sorted(TOKENIZERS)))
def test_whatever_the_words_what_is_learned_is_what_the_steerer_said(talk: list[tuple[str, str]], name: str) -> None:
    tokenizer = TOKENIZERS[name]
    encoded = Encoder(tokenizer).conversation(row(*(text for pair in talk for text in pair)), "Row 1")
    # Llama's template trims.
    said = [(reply.strip() if name == "llama3" else reply) + ENDS[name] for _, reply in talk]
    found = learned(tokenizer, encoded)
    assert len(found) == len(said)
    # A token may straddle the border to the prompt; then that one is left out, never one of the prompt let in.
    assert all(whole.endswith(part) for whole, part in zip(said, found, strict=True))
    assert sum(encoded.weights) == pytest.approx(len(talk))


# ---------------------------------------------------------------------------------------------------------- decisions


def parted(talk: Conversation) -> list[tuple[int, str, set[str], str]]:
    """The forks of a conversation: turn, what was taken, what else there was, how they are compared."""
    tokenizer = TOKENIZERS["chatml"]
    encoder = Encoder(tokenizer)
    found = forks(talk, encoder, "Row 1")
    ids = encoder.conversation(talk, "Row 1").input_ids
    assert all(ids[fork.place] == fork.taken for fork in found)
    return [
        (fork.turn, tokenizer.decode([fork.taken]), {tokenizer.decode([one]) for one in fork.others}, fork.among)
        for fork in found
    ]


def test_the_first_choice_is_between_two_and_later_ones_among_all_words() -> None:
    first, *later = parted(row("Q", "<<<Text>>>", "E", "<<<Return Answer>>>"))
    assert (first[0], first[3]) == (1, "decisions")
    assert first[1] not in first[2]
    assert len(first[2]) == 1
    assert {(turn, among) for turn, _, _, among in later} == {(3, "words")}


def test_guidance_is_no_control_word_and_what_is_in_no_dialects_words_is_not_judged() -> None:
    *_, guided = parted(row("Q", "<<<Code>>>", "E", "<<<Mend the loop.>>>"))
    assert guided[0] == 3
    assert guided[3] == "guidance"
    assert parted(row("Q", "Let us say <<<Code>>>")) == []


def test_small_steerers_are_judged_among_the_words_that_they_score() -> None:
    examples = [msgspec.convert({"role": one.role, "content": one.content}, Turn) for one in opening()]
    talk = row("The question", "<<<Code>>>", "E", "<<<Refine>>>", dialect="mini")
    whole = Conversation(messages=[*examples, *talk.messages], dialect="mini")
    found = parted(whole)
    assert {fork[3] for fork in found} == {"decisions"}
    choice = [fork for fork in found if fork[0] == len(examples) + 1]
    assert sum(len(fork[2]) for fork in choice) == 1
    assert asked_first(whole.messages, "mini") == "The question"


def test_typed_decisions_part_where_the_decision_stands() -> None:
    said = '{"decision":"code","guidance":"","reason":"It is exact."}'
    ((turn, _, others, among),) = parted(row("Q", said, dialect="instruct"))
    assert (turn, among, len(others)) == (1, "decisions", 1)
    assert parted(row("Q", "code, I think", dialect="instruct")) == []
