"""Counters of a host, and their Prometheus text form (version 0.0.4): written by ours, read from anybody's."""

from __future__ import annotations

import re
import time
from collections import Counter, deque

from codesteer_kernel.models.protocol import TokenUsage

__all__ = ["Metrics", "total"]

BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Upper bounds in seconds: from a cached prompt on a GPU to a long queue on a laptop."""

RATE_SECONDS = 60.0
_SAMPLE = re.compile(r"^(?P<name>[A-Za-z_:][\w:]*)(?:\{[^}]*\})? (?P<value>\S+)")


class _Histogram:
    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        self.counts[next((place for place, bound in enumerate(BUCKETS) if value <= bound), len(BUCKETS))] += 1
        self.sum += value

    def lines(self, name: str) -> list[str]:
        passed, lines = 0, []
        for bound, count in zip((*map(str, BUCKETS), "+Inf"), self.counts, strict=True):
            passed += count
            lines.append(f'{name}_bucket{{le="{bound}"}} {passed}')
        return [*lines, f"{name}_sum {self.sum:.6f}", f"{name}_count {passed}"]


class Metrics:
    """What a host has done since it started. Counts and times only: nothing that was said."""

    def __init__(self) -> None:
        self.began = time.time()
        self.requests: Counter[str] = Counter()
        """By outcome: ``ok``, ``refused`` (the client's fault), ``full``, ``failed``, ``left`` (the client went), ``cut``."""
        self.prompt_tokens = self.cached_tokens = self.output_tokens = 0
        self.waited, self.first_token = _Histogram(), _Histogram()
        self._written: deque[tuple[float, int]] = deque()

    def wrote(self, tokens: TokenUsage) -> None:
        """Count the tokens of one answer."""
        self.prompt_tokens += tokens.input_tokens
        self.cached_tokens += tokens.cached_tokens
        self.output_tokens += tokens.output_tokens
        self._written.append((time.monotonic(), tokens.output_tokens))
        self._forget()

    @property
    def tokens_per_second(self) -> float:
        """Tokens written a second, over the answers that ended in the last minute."""
        self._forget()
        return sum(count for _, count in self._written) / min(RATE_SECONDS, max(1.0, time.time() - self.began))

    def _forget(self) -> None:
        before = time.monotonic() - RATE_SECONDS
        while self._written and self._written[0][0] < before:
            self._written.popleft()

    def text(self, *, running: int, waiting: int, slots: int) -> str:
        """The Prometheus text form; the arguments are what the queue says now."""
        lines: list[str] = []

        def put(name: str, kind: str, said: str, *samples: str) -> None:
            lines.extend((f"# HELP {name} {said}", f"# TYPE {name} {kind}", *samples))

        def one(name: str, kind: str, said: str, value: float) -> None:
            put(name, kind, said, f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}")

        name = "codesteer_requests_total"
        outcomes = [f'{name}{{outcome="{outcome}"}} {count}' for outcome, count in sorted(self.requests.items())]
        put(name, "counter", "Requests that ended, by outcome.", *outcomes)
        one("codesteer_requests_running", "gauge", "Requests that are answered now.", running)
        one("codesteer_requests_waiting", "gauge", "Requests that wait for a slot.", waiting)
        one("codesteer_slots", "gauge", "Requests that can be answered at a time.", slots)
        one("codesteer_prompt_tokens_total", "counter", "Tokens of prompts.", self.prompt_tokens)
        one("codesteer_cached_tokens_total", "counter", "Tokens of prompts that a cache held.", self.cached_tokens)
        one("codesteer_output_tokens_total", "counter", "Tokens written.", self.output_tokens)
        one("codesteer_tokens_per_second", "gauge", "Tokens written a second, last minute.", self.tokens_per_second)
        one("codesteer_start_time_seconds", "gauge", "Unix time of the start.", round(self.began))
        name = "codesteer_queue_seconds"
        put(name, "histogram", "Seconds that requests waited for a slot.", *self.waited.lines(name))
        name = "codesteer_first_token_seconds"
        put(name, "histogram", "Seconds from a slot to the first token.", *self.first_token.lines(name))
        return "\n".join(lines) + "\n"


def total(text: str, name: str) -> float:
    """The sum of a metric's samples over its labels; 0 where there is none."""
    found = (_SAMPLE.match(line) for line in text.splitlines())
    return sum(float(sample["value"]) for sample in found if sample and sample["name"] == name)
