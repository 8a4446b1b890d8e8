"""Chat templates: conversations to text, and text to tokens in which nobody's words can pose as control tokens.

:class:`Shield` serves every local backend. :class:`Prompter` puts it to work on a transformers tokenizer.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from typing import Any

from .protocol import Message

__all__ = ["CHATML", "LLAMA3", "TEMPLATES", "Prompter", "Shield"]

LLAMA3 = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' + message.content | trim + '<|eot_id|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"
)
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
TEMPLATES = {"llama3": LLAMA3, "chatml": CHATML}
_MARKERS = {LLAMA3: ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"), CHATML: ("<|im_start|>", "<|im_end|>")}
_TURN_ENDS = ("<|eot_id|>", "<|im_end|>")


class Shield:
    """Keeps what people and models write from turning into control tokens.

    :meth:`cover` puts a mark inside every control token's text in a message; templates carry it along unseen.
    :meth:`split` then tells the template's own control tokens from covered ones, and takes the marks out again.

    Args:
        special: the texts of the model's control tokens.
    """

    MARK = "\ufdd0"
    """A noncharacter: Unicode promises that no text holds it."""

    def __init__(self, special: Iterable[str]) -> None:
        texts = sorted({text for text in special if len(text) > 1}, key=len, reverse=True)
        either = "|".join(map(re.escape, texts)) or "(?!)"
        self._begins = re.compile(f"(?=(?:{either}))(.)", re.DOTALL)
        self._whole = re.compile(f"({either})")

    def cover(self, content: str) -> str:
        """``content``, with no control token left in it that :meth:`split` would take for one."""
        return self._begins.sub(rf"\1{self.MARK}", content.replace(self.MARK, ""))

    def covered(self, text: str) -> bool:
        """Whether ``text`` holds anything covered; if not, it can be tokenised as it is."""
        return self.MARK in text

    def split(self, text: str) -> list[tuple[str, bool]]:
        """``text`` in pieces: ``(text, whether it is a control token)``; the pieces of plain text have no marks."""
        pieces = [(piece, bool(place % 2)) for place, piece in enumerate(self._whole.split(text))]
        return [(piece.replace(self.MARK, ""), control) for piece, control in pieces if piece]

    def plain(self, text: str) -> str:
        """``text`` without marks: what the conversation says."""
        return text.replace(self.MARK, "")


class Prompter:
    """Renders and tokenises conversations for one transformers tokenizer. Safe to use from several threads.

    The tokenizer's own template is used, unless ``template`` is given; one without a template gets the one that its
    control tokens belong to.

    Raises:
        ValueError: there is no template for this tokenizer.
    """

    def __init__(self, tokenizer: Any, template: str = "") -> None:
        special = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
        own = tokenizer.chat_template
        if not template and not own:
            template = next((text for text, markers in _MARKERS.items() if special.issuperset(markers)), "")
            if not template:
                raise ValueError("it has no chat template")
        self._template = template
        self._tokenizer = tokenizer
        self._shield = Shield(special)
        self._lock = threading.Lock()
        ends = [token for token in _TURN_ENDS if token in special and token in (template or str(own))]
        self.turn_ends = tuple(tokenizer.convert_tokens_to_ids(ends))

    def render(self, messages: Sequence[Message]) -> str:
        """The prompt as text for :meth:`tokens`; a last assistant turn stays open, to its last blank.

        Raises:
            Exception: whatever the template, a program of the model's author, raises to refuse the conversation.
        """
        turns = [{"role": message.role, "content": self._shield.cover(message.content)} for message in messages]
        continued = messages[-1].role == "assistant"
        text = str(
            self._tokenizer.apply_chat_template(
                turns,
                chat_template=self._template or None,
                tokenize=False,
                add_generation_prompt=not continued,
                continue_final_message=continued,
            )
        )
        last = turns[-1]["content"]
        if continued and not text.endswith(last):
            # Templates trim; what is to be continued counts to its last blank.
            text += last[len(last.rstrip()) :]
        return text

    def tokens(self, text: str) -> list[int]:
        """Token ids of a rendered prompt, or of one with more text behind it."""
        if not self._shield.covered(text):
            return self._encode(text, control=True)
        return [token for piece, control in self._shield.split(text) for token in self._encode(piece, control=control)]

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of generated tokens, without control tokens."""
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True))

    def _encode(self, text: str, *, control: bool) -> list[int]:
        with self._lock:  # the option is a switch inside the tokenizer
            found = self._tokenizer(text, add_special_tokens=False, split_special_tokens=not control)
        return [int(token) for token in found["input_ids"]]
