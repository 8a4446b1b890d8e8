"""``codesteer serve status`` and ``codesteer serve stop``: the hosts of this user on this machine."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import Any

import msgspec

from codesteer_kernel.egress import client
from codesteer_kernel.errors import CodeSteerError, ModelError, UnknownName, nearest
from codesteer_kernel.models.discovery import Host, Notice, running_hosts
from codesteer_kernel.serving.metrics import total

__all__ = ["State", "look", "status_text", "stop_host"]

ASK_SECONDS = 2.0
NAMES = {
    "codesteer": {
        "running": "codesteer_requests_running",
        "waiting": "codesteer_requests_waiting",
        "served": "codesteer_requests_total",
        "written": "codesteer_output_tokens_total",
        "rate": "codesteer_tokens_per_second",
    },
    "vllm": {
        "running": "vllm:num_requests_running",
        "waiting": "vllm:num_requests_waiting",
        "served": "vllm:request_success_total",
        "written": "vllm:generation_tokens_total",
    },
}
"""How each engine calls what is shown."""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A host and how it is: ``health`` is ``ok``, or what is wrong; counts are None where it does not answer.

    ``rate`` is in tokens written a second: over the last minute, or since the start where the engine counts no other.
    """

    host: Host
    health: str
    running: int | None = None
    waiting: int | None = None
    served: int | None = None
    written: int | None = None
    rate: float | None = None


def look(host: Host) -> State:
    """Ask ``host`` how it is; takes two seconds at most."""
    import httpx

    transport = httpx.HTTPTransport(uds=host.socket) if host.socket else None
    base = host.url.removesuffix("/v1")
    try:
        token = host.token()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with client(httpx.Client, host.url, transport=transport, timeout=ASK_SECONDS, headers=headers) as asking:
            health = asking.get(f"{base}/health").status_code
            answer = asking.get(f"{base}/metrics")
    except (httpx.HTTPError, CodeSteerError) as fault:
        return State(host=host, health=f"does not answer ({type(fault).__name__})")
    said = "ok" if health == 200 else f"unwell ({health})"
    if answer.status_code != 200:
        return State(host=host, health=said)
    found: dict[str, Any] = {field: total(answer.text, name) for field, name in NAMES[host.engine].items()}
    rate = found.pop("rate", None)
    if rate is None:
        rate = found["written"] / max(1.0, time.time() - host.since)
    return State(host=host, health=said, rate=rate, **{field: int(value) for field, value in found.items()})


def status_text(states: list[State]) -> str:
    """The hosts as a table."""
    if not states:
        return "No host is running. Start one: codesteer serve --steerer NAME"
    rows = [("NAME", "MODEL", "ADDRESS", "PROCESS", "SINCE", "RUNNING", "WAITING", "SERVED", "TOKENS/S", "HEALTH")]
    for state in states:
        host = state.host
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(host.since))
        running = _count(state.running) + (f"/{host.slots}" if host.slots else "")
        rate = "" if state.rate is None else f"{state.rate:.1f}"
        counts = (running, _count(state.waiting), _count(state.served), rate)
        rows.append((host.name, host.model, host.address, str(host.pid), since, *counts, state.health))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _count(value: int | None) -> str:
    return "?" if value is None else str(value)


def stop_host(name: str = "", *, seconds: float = 60.0) -> Host:
    """Stop the host called ``name`` (or the only one), and wait until it has; returns what it was.

    Raises:
        UnknownName: there is no such host, or more than one and no name.
        ModelError: it does not stop within ``seconds``.
    """
    hosts = {host.name: host for host in running_hosts()}
    if not name and len(hosts) == 1:
        name = next(iter(hosts))
    if name not in hosts:
        known = f"Running: {', '.join(hosts)}." if hosts else "None is running."
        raise UnknownName(
            f"There is no host called {name!r}." if name else "Which host?", nearest(name, hosts) or known
        )
    host = hosts[name]
    notice = Notice(name)
    # The name is held as long as the process lives, so the number is still its own.
    with contextlib.suppress(ProcessLookupError):
        os.kill(host.pid, signal.SIGTERM)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if notice.claim():
            notice.release()
            return host
        time.sleep(0.1)
    raise ModelError(
        f"The host {name} (process {host.pid}) still finishes answers.", "Ask again, or end it: kill it by its process."
    )
