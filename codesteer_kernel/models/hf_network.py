"""A causal network of transformers that remembers what it read: next-token logits, prefix caches, stops between layers."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["Network", "Sampler", "Stopped"]

CPU_CHUNK, CUDA_CHUNK = 256, 2048
"""Prompt tokens of one pass: bounds the memory of activations. A stop is heard within a pass, before each layer."""

LANES = 3
"""Prefixes kept: one each for steerer, target and checker."""


_NEVER = threading.Event()


class Stopped(Exception):
    """The caller set the stop event."""


class Network:
    """``module`` and its lanes: caches of what was last read under a name.

    Not safe for two threads at a time; whoever owns it takes turns.

    Args:
        module: a transformers model for causal language modelling, loaded.
        prefix_cache: keep caches between calls.
    """

    def __init__(self, module: Any, *, prefix_cache: bool = True) -> None:
        self.module = module
        self.lanes: dict[str, _Lane] = {}
        self._prefix_cache = prefix_cache
        self._stop = _NEVER
        self._chunk = CUDA_CHUNK if module.device.type == "cuda" else CPU_CHUNK
        inner = (
            module.get_base_model() if hasattr(module, "peft_config") and hasattr(module, "get_base_model") else module
        )
        accepted = inspect.signature(inner.forward).parameters
        # The argument was renamed within version 5.
        self._cache_name = "cache" if "cache" in accepted else "past_key_values"
        self._options: dict[str, Any] = {"logits_to_keep": 1} if "logits_to_keep" in accepted else {}
        for layer in _layers(inner):
            layer.register_forward_pre_hook(self._listen)

    def _listen(self, *_: Any) -> None:
        if self._stop.is_set():
            raise Stopped

    def read(self, tokens: Sequence[int], lane: str, stop: threading.Event) -> tuple[Any, int]:
        """Logits (one per token of the vocabulary) for what follows ``tokens``, and how many tokens were not read again.

        What was read before a stop is kept too: the same prompt goes on from there.

        Raises:
            Stopped: ``stop`` was set.
        """
        import torch

        held = self._lane(lane)
        kept = held.keep(tokens)
        given = {self._cache_name: held.cache, "use_cache": True, **self._options}
        logits = None
        self._stop = stop
        try:
            with torch.inference_mode():
                for begin in range(kept, len(tokens), self._chunk):
                    self._listen()
                    piece = list(tokens[begin : begin + self._chunk])
                    ids = torch.tensor([piece], device=self.module.device)
                    logits = self.module(input_ids=ids, **given).logits[0, -1]
                    held.tokens += piece
        finally:
            self._stop = _NEVER
        assert logits is not None  # keep() always leaves a token to read
        return logits.float(), kept

    def _lane(self, name: str) -> _Lane:
        held = self.lanes.pop(name, None) if self._prefix_cache else None
        if held is None:
            held = _Lane(self.module.config)
        # The longest unused lane goes first.
        self.lanes[name] = held
        while len(self.lanes) > LANES:
            del self.lanes[next(iter(self.lanes))]
        return held

    def generate(
        self,
        tokens: Sequence[int],
        *,
        most: int,
        ends: frozenset[int],
        lane: str,
        sampler: Sampler,
        stop: threading.Event,
    ) -> Iterator[tuple[int, int]]:
        """New tokens, one at a time, each with the count of prompt tokens that were cached.

        Ends after a token of ``ends`` (which is yielded), or after ``most``.

        Raises:
            Stopped: ``stop`` was set.
        """
        logits, cached = self.read(tokens, lane, stop)
        so_far = list(tokens)
        for left in range(most, 0, -1):
            token = sampler.pick(logits)
            yield token, cached
            if token in ends or left == 1:
                return
            so_far.append(token)
            logits, _ = self.read(so_far, lane, stop)


class _Lane:
    """``tokens`` that were read, and the keys and values that came of them."""

    def __init__(self, config: Any) -> None:
        self._config = config
        self._reset()

    def _reset(self) -> None:
        from transformers import DynamicCache

        self.tokens: list[int] = []
        self.cache: Any = DynamicCache(config=self._config)

    def keep(self, wanted: Sequence[int]) -> int:
        """Cut to the longest beginning shared with ``wanted``, at most all but its last token; returns its length."""
        shared = 0
        for ours, theirs in zip(self.tokens, wanted[:-1], strict=False):
            if ours != theirs:
                break
            shared += 1
        if not self._cut(shared):
            self._reset()
        del self.tokens[shared if self.tokens else 0 :]
        return len(self.tokens)

    def _cut(self, length: int) -> bool:
        """Cut every layer (a stop leaves them uneven) to ``length``; False where a layer cannot be cut."""
        from transformers.cache_utils import DynamicLayer

        for layer in self.cache.layers:
            surplus = layer.get_seq_length() - length
            if surplus and type(layer) is not DynamicLayer:
                return False  # windows and states that forget cannot go back
            if surplus:
                layer.crop(-surplus)
        return True


class Sampler:
    """Picks the next token: the likeliest at temperature 0, else a draw of its own, which no other random state touches.

    Args:
        temperature: 0 and up.
        seed: repeats the draws; None draws anew.
        device: where the logits are.
        top_k: draw from so many of the likeliest alone; None from all.
        top_p: draw from the likeliest that together have this probability; None from all.
    """

    def __init__(
        self, temperature: float, seed: int | None, device: Any, *, top_k: int | None = None, top_p: float | None = None
    ) -> None:
        import torch

        self._temperature = temperature
        self._top_k, self._top_p = top_k or 0, top_p or 1.0
        self._generator = torch.Generator(device)
        if seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(seed)

    def pick(self, logits: Any) -> int:
        """The next token's id."""
        import torch

        if self._temperature <= 0:
            return int(logits.argmax())
        odds = torch.softmax(logits / self._temperature, dim=-1)
        if not self._top_k and self._top_p >= 1:
            return int(torch.multinomial(odds, 1, generator=self._generator))
        ranked, ids = odds.topk(min(self._top_k or len(odds), len(odds)))
        before = ranked.cumsum(0) - ranked
        ranked = ranked[before < self._top_p * ranked.sum()]
        return int(ids[torch.multinomial(ranked, 1, generator=self._generator)])


def _layers(module: Any) -> list[Any]:
    """The decoder's layers: the one list of modules that is as long as the configuration says."""
    import torch

    count = getattr(module.config.get_text_config(), "num_hidden_layers", 0)
    lists = (part for part in module.modules() if isinstance(part, torch.nn.ModuleList))
    return next((list(part) for part in lists if len(part) == count), [])
