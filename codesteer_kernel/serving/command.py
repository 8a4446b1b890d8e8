"""``codesteer serve``: host a model, look at the hosts, stop one, write a deployment's configuration."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence

import msgspec

from codesteer_kernel.errors import BadInput
from codesteer_kernel.serving.settings import parse_serving, serving_help

__all__ = ["serve_command"]


def serve_command(words: Sequence[str]) -> int:
    """Run ``codesteer serve WORDS``; returns the exit code.

    Raises:
        CodeSteerError: what keeps it from being done.
    """
    words = list(words)
    if not words or any(word in ("-h", "--help") for word in words):
        print(serving_help())
        return 0
    acts = {"status": _status, "stop": _stop, "config": _config}
    if words[0] in acts:
        return acts[words[0]](words[1:])
    return _serve(words)


def _serve(words: list[str]) -> int:
    from codesteer_kernel.serving.hosting import serve

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    return asyncio.run(serve(parse_serving(words), tell, lambda text: print(text, flush=True)))


def _status(words: list[str]) -> int:
    from codesteer_kernel.models.discovery import running_hosts
    from codesteer_kernel.serving.overview import look, status_text

    if words not in ([], ["--json"]):
        raise BadInput("codesteer serve status takes --json and nothing else.")
    states = [look(host) for host in running_hosts()]
    print(json.dumps(msgspec.to_builtins(states), indent=2) if words else status_text(states))
    return 0 if all(state.health == "ok" for state in states) else 1


def _stop(words: list[str]) -> int:
    from codesteer_kernel.serving.overview import stop_host

    if len(words) > 1 or any(word.startswith("-") for word in words):
        raise BadInput("codesteer serve stop takes one name, or none where one host runs.")
    host = stop_host(*words)
    print(f"{host.name} is stopped.")
    return 0


def _config(words: list[str]) -> int:
    from codesteer_kernel.serving.configs import config_command

    print(config_command(words), end="")
    return 0
