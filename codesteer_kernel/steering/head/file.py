"""Heads as JSON files: what one holds, where they lie, and which one belongs to a model.

A head knows one file of weights and one wording of the prompts, and is never used with others: what a model reads out
there means something else. A model that has none is steered by the untuned choice.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Self

import msgspec

from codesteer_kernel.config import data_dir
from codesteer_kernel.errors import BadInput
from codesteer_kernel.models.protocol import ChatModel, ReadsOut
from codesteer_kernel.steering.head.likeness import Likeness
from codesteer_kernel.steering.prompts import load_prompts

__all__ = ["FORMAT", "Head", "encode_head", "find_head", "heads_dir", "read_head"]

FORMAT = 1


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A trained head.

    Attributes:
        format: of this file.
        model: the steerer that it belongs to, for people; what counts is ``weights``, the SHA-256 of its file.
        prompts: the stamp of the dialect's wording in which it was trained.
        probes: the tokens that are read beside the choices: their word, and the model's number for them.
        choice: log-odds that code is right rather than text, from facts of the question and the read-out.
        review: log-odds that the present answer is right, from facts of the rounds and the same read-out; None: the
            untuned choice stays.
        made: how it was made: the command, seeds, counts of data, settings, what was measured.
        stamp: names the file by its content, ``mini-head@FORMAT:hash``; set when it is read.
    """

    format: int = FORMAT
    model: str
    weights: str
    prompts: str
    probes: dict[str, int] = {}
    choice: Likeness
    review: Likeness | None = None
    made: dict[str, Any] = {}
    stamp: str = ""

    def knows(self, target: ChatModel) -> bool:
        """Whether it learned from what ``target`` can do, or does not say from whom."""
        learned = self.made.get("targets") or {target.name: 0}
        same = bool(self.weights) and getattr(target, "weights", "") == self.weights
        return target.name in learned or (same and self.model in learned)

    def checked(self) -> Self:
        """The same, known to be sound; raises :class:`BadInput`."""
        if self.format != FORMAT:
            raise BadInput(f"It has format {self.format}; this version reads {FORMAT}.")
        self.choice.checked()
        if self.review is not None:
            self.review.checked()
        return self


def encode_head(head: Head) -> bytes:
    """The head as its file's bytes: equal heads, equal bytes."""
    plain = msgspec.to_builtins(head)
    plain.pop("stamp")
    return b"{\n" + b",\n".join(_entry(name, plain[name]) for name in sorted(plain)) + b"\n}\n"


def _entry(name: str, value: object) -> bytes:
    """One entry of the file on a line of its own: the known cases are many numbers."""
    return msgspec.json.encode(name) + b": " + msgspec.json.encode(value, order="sorted")


def read_head(data: bytes, name: str) -> Head:
    """A head from its file's bytes; ``name`` is the file's, for errors.

    Raises:
        BadInput: they are no head, one of another format, or one with unsound numbers.
    """
    try:
        head = msgspec.json.decode(data, type=Head).checked()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, BadInput) as fault:
        told = fault.message if isinstance(fault, BadInput) else str(fault)
        raise BadInput(f"{name} is no head of codesteer-mini: {told}", "Train it again, or remove the file.") from None
    mark = hashlib.sha256(data).hexdigest()[:8]
    return msgspec.structs.replace(head, stamp=f"mini-head@{head.format}:{mark}")


def heads_dir() -> Path:
    """Where heads of the user's own lie; they go before those that ship."""
    return data_dir() / "heads"


def find_head(model: ChatModel) -> Head | None:
    """The head that belongs to ``model`` under the present wording of its prompts; None: there is none.

    Raises:
        BadInput: a file in :func:`heads_dir` is no head.
    """
    if not isinstance(model, ReadsOut) or not model.weights:
        return None
    wanted = (model.weights, load_prompts("mini").stamp)
    for path in sorted(heads_dir().glob("*.json")):
        head = read_head(_bytes(path), str(path))
        if (head.weights, head.prompts) == wanted:
            return head
    return next((head for head in _shipped() if (head.weights, head.prompts) == wanted), None)


@lru_cache(maxsize=1)
def _shipped() -> tuple[Head, ...]:
    folder = resources.files(f"{__package__}.weights")
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".json")), key=lambda one: one.name)
    return tuple(read_head(one.read_bytes(), one.name) for one in files)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise BadInput(f"{path} cannot be read ({fault.strerror}).", "Remove the file, or let it be read.") from None
