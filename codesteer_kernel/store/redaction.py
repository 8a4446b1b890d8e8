"""No key on disk: known secrets, and whatever has the shape of a key, are replaced before a line is written.

Most lines hold neither, so a line is searched for a few fixed beginnings first; only where one is found, its texts are
looked at one by one. Streamed texts come in pieces, and a key may be cut by the pieces: the last word of a piece is
written with the next one.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Iterable
from typing import Any

import msgspec

from codesteer_kernel.config import secrets_of_environment
from codesteer_kernel.models.keys import keys_of_keyring
from codesteer_kernel.record import Record, document
from codesteer_kernel.record import events as ev

__all__ = ["REDACTED", "Redactor", "known_secrets"]

REDACTED = "[redacted]"

# Beginnings of keys, and their shapes as the providers document them: model services, code hosts, clouds, tokens.
_BEGINNINGS = (
    *(
        "sk-",
        "sk_live_",
        "sk_test_",
        "rk_live_",
        "rk_test_",
        "hf_",
        "gsk_",
        "xai-",
        "r8_",
        "pplx-",
        "lsv2_",
        "nvapi-",
        "AIza",
        "ya29.",
        "eyJ",
    ),
    *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "npm_", "pypi-", "xox", "AKIA", "ASIA"),
)
_SHAPES = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"sk-(?=[\w-]{0,80}\d)[\w-]{20,}"
    r"|[sr]k_(?:live|test)_[A-Za-z0-9]{10,}"
    r"|(?:hf_|gsk_|xai-|r8_|pplx-|npm_)[A-Za-z0-9]{20,}"
    r"|(?:lsv2_|nvapi-|glpat-|github_pat_|ya29\.)[\w-]{20,}"
    r"|pypi-[\w-]{50,}"
    r"|gh[pousr]_[A-Za-z0-9]{36,}"
    r"|AIza[\w-]{35}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"
    r"|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"
    r")"
)
# Longer than any key: no more of a stream waits for its next piece.
_HELD = 512


def _words_of(kinds: Iterable[Any]) -> set[str]:
    return {word for kind in kinds for word in typing.get_args(kind)}


# The record's own words stay, even if somebody's password is one of them: without them no line could be read.
_OWN = _words_of(
    [document.Status, document.DecisionKind, document.Source, document.ExecutionStatus, document.VerdictKind]
) | _words_of([document.SupportLevel, document.Phase])
_OWN |= {kind.__struct_config__.tag for kind in typing.get_args(ev.Event)}


def known_secrets() -> set[str]:
    """Keys and tokens that this process can know: from its environment, and those it took from the keyring."""
    return secrets_of_environment() | keys_of_keyring()


class Redactor:
    """Cleans the events and the record of one run of ``secrets`` and of everything with the shape of a key."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted((secret for secret in secrets if secret), key=len, reverse=True)
        self._pattern = re.compile("|".join([*map(re.escape, known), _SHAPES.pattern]))
        escaped = [msgspec.json.encode(secret)[1:-1] for secret in known]
        self._marks = (*(beginning.encode() for beginning in _BEGINNINGS), *escaped)
        self._limit = max([_HELD, *map(len, known)])
        self._held: dict[tuple[int, str], str] = {}

    def text(self, text: str) -> str:
        """``text`` without keys."""
        return text if text in _OWN else self._pattern.sub(REDACTED, text)

    def event(self, event: ev.Event) -> bytes:
        """The event as a line of JSON; the last word of a streamed text comes with its next piece."""
        match event:
            case ev.AnswerDelta(round=index):
                stream = (index, "answer")
            case ev.StreamAdded(round=index, name=name):
                stream = (index, name)
            case _:
                return self._encoded(event)
        text = self._held.get(stream, "") + event.text
        cut = self._cut(text)
        self._held[stream] = text[cut:]
        return self._encoded(msgspec.structs.replace(event, text=text[:cut]))

    def record(self, record: Record) -> Record:
        """The record without keys; the same one if it has none."""
        data = msgspec.json.encode(record)
        return msgspec.json.decode(self._encoded(record), type=Record) if self._suspicious(data) else record

    def _encoded(self, value: msgspec.Struct) -> bytes:
        data = msgspec.json.encode(value)
        return msgspec.json.encode(self._clean(msgspec.to_builtins(value))) if self._suspicious(data) else data

    def _suspicious(self, data: bytes) -> bool:
        return any(mark in data for mark in self._marks)

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self._clean(item) for item in value]
        if isinstance(value, dict):
            # An image is no text, and half of one is none.
            return {
                self.text(key): item if key.startswith("image/") else self._clean(item) for key, item in value.items()
            }
        return value

    def _cut(self, text: str) -> int:
        """Where the part of a streamed text ends that can hold no beginning of a key."""
        tail = text[-self._limit :]
        if not tail or tail[-1].isspace():
            return len(text)
        word = tail.rsplit(None, 1)[-1]
        cut = len(text) - len(word)
        if len(word) == self._limit:
            for found in self._pattern.finditer(text):
                if found.start() < cut < found.end():
                    return found.start() if found.end() - found.start() <= self._limit else found.end()
        return cut
