"""No key on disk: known secrets, and whatever has the shape of a key, are replaced before a line is written.

Most lines hold neither, so a line is searched for a few fixed beginnings first; only where one is found, its texts are
looked at one by one. Streamed texts come in pieces, and a key may be cut by the pieces: the last word of a piece is
written with the next one.
"""

from __future__ import annotations

import functools
import re
import typing
from collections.abc import Iterable
from typing import Any

import msgspec

from codesteer_kernel.config import secrets_of_environment
from codesteer_kernel.models.keys import known_keys
from codesteer_kernel.record import Record, document
from codesteer_kernel.record import events as ev

__all__ = ["REDACTED", "Redactor", "known_secrets", "own_words"]

REDACTED = "[redacted]"

# How keys begin, and their shapes as the providers document them: model services, code hosts, clouds, tokens.
_BEGINNINGS = (
    rb"sk-|[sr]k_(?:live|test)_|hf_|gsk_|xai-|r8_|pplx-|lsv2_|nvapi-|AIza|ya29\.|eyJ|gh[pousr]_|github_pat_|glpat-|npm_"
    rb"|pypi-|xox|A[KS]IA"
)
# No shape reads on from one place where it may begin to the next: hostile text costs no more than other text.
_SHAPES = re.compile(
    r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))(?:"
    r"sk-(?=[\w-]{0,80}\d)[\w-]{20,}"
    r"|[sr]k_(?:live|test)_[A-Za-z0-9]{10,}"
    r"|(?:hf_|gsk_|xai-|r8_|pplx-|npm_)[A-Za-z0-9]{20,}"
    r"|(?:lsv2_|nvapi-|glpat-|github_pat_|ya29\.)[\w-]{20,}"
    r"|pypi-[\w-]{50,}"
    r"|gh[pousr]_[A-Za-z0-9]{36,}"
    r"|AIza[\w-]{35}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"
    r"|(?:(?<![\w-])|(?<=\\[nrt]))eyJ[\w-]{10,}+\.eyJ[\w-]{10,}+\.[\w-]{10,}"
    r")"
)
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
# Longer than any key: no more of a stream waits for its next piece.
_HELD = 512


@functools.cache
def own_words() -> frozenset[str]:
    """The words that records and events are made of: names of fields, of events, of states.

    They stay, even if one of them is somebody's password: without them no line could be read.
    """
    kinds = [kind for room in (document, ev) for kind in vars(room).values() if isinstance(kind, type)]
    words: set[str] = set()
    for kind in kinds:
        if issubclass(kind, msgspec.Struct):
            words |= {*kind.__struct_fields__, str(kind.__struct_config__.tag)}
            for hint in typing.get_type_hints(kind).values():
                words |= _literals(hint)
    return frozenset(words - {""})


def _literals(hint: Any) -> set[str]:
    if typing.get_origin(hint) is typing.Literal:
        return set(typing.get_args(hint))
    return {word for part in typing.get_args(hint) for word in _literals(part)}


def known_secrets() -> set[str]:
    """Keys and tokens that this process can know: from its environment, and those it took from the keyring."""
    return secrets_of_environment() | known_keys()


class Redactor:
    """Cleans the events and the record of one run of ``secrets`` and of everything with the shape of a key."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted((secret for secret in secrets if secret), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known)) or r"(?!)")
        self._pattern = re.compile("|".join([*map(re.escape, known), _SHAPES.pattern]))
        escaped = (re.escape(msgspec.json.encode(secret)[1:-1]) for secret in known)
        self._suspicious = re.compile(b"|".join([_BEGINNINGS, *escaped])).search
        self._limit = max([_HELD, *map(len, known)])
        self._held: dict[tuple[int, str], str] = {}

    def text(self, text: str) -> str:
        """``text`` without keys; the record's own words stay."""
        return text if text in own_words() else self._pattern.sub(REDACTED, text)

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
        """The record without keys."""
        data = msgspec.json.encode(record)
        return msgspec.json.decode(self._encoded(record), type=Record) if self._suspicious(data) else record

    def _encoded(self, value: msgspec.Struct) -> bytes:
        data = msgspec.json.encode(value)
        return msgspec.json.encode(self._clean(msgspec.to_builtins(value))) if self._suspicious(data) else data

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self._clean(item) for item in value]
        if isinstance(value, dict):
            return {
                self.text(key): self._picture(item) if key in _PICTURES else self._clean(item)
                for key, item in value.items()
            }
        return value

    def _picture(self, data: str) -> str:
        """Base64 may look like a key by chance, and half a picture is none; it never holds a known key by chance."""
        return self._known.sub(REDACTED, data) if _BASE64.fullmatch(data) else self.text(data)

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
