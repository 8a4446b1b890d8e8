"""What ``codesteer serve`` and ``codesteer serve config`` are told: one parser for both."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Any, Literal, NoReturn

import msgspec

from codesteer_kernel.errors import BadInput

__all__ = ["CODESTEER_V1", "PORT", "Parser", "ServeSettings", "parse_serving", "serving_help"]

LOOPBACK = "127.0.0.1"
PORT = 8033
"""Taken where nobody says and it is free; discovery makes any other as good."""

CODESTEER_V1 = "codesteer-v1"
CODESTEER_V1_TOKENS = 8192
"""The window of the published weights, a Llama 3 8B."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class ServeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How to host one model. Empty and None: what suits it.

    Args:
        steerer: the model, as :func:`~codesteer_kernel.models.open_model` names it.
        name: what it is called by requests; default: the last part of ``steerer``, in lower case.
        host: address to listen on.
        port: likewise; default: 8033, or any where that is taken.
        socket: path of a Unix socket to listen on instead.
        token_file: where the token is, or shall be written.
        allow_hosts: further names by which the host may be called.
        slots: answers written at a time.
        queue: requests that may wait.
        max_model_len: window of a conversation in tokens.
        grace: seconds that running answers have when the host is stopped.
        engine: who computes; ``auto``: vLLM for ``hf/`` models where it is installed, else our local runtimes.
        vllm: the vLLM executable.
        dtype, quantization, tensor_parallel: for vLLM, as it names them.
        adapters: LoRA adapters for vLLM: name and path of each.
        more: further words for vLLM's command line.
    """

    steerer: str
    name: str = ""
    host: str = LOOPBACK
    port: int | None = None
    socket: str = ""
    token_file: str = ""
    allow_hosts: tuple[str, ...] = ()
    slots: int | None = None
    queue: int = 64
    max_model_len: int | None = None
    grace: float = 30.0
    engine: Literal["auto", "vllm", "local"] = "auto"
    vllm: str = ""
    dtype: str = ""
    quantization: str = ""
    tensor_parallel: int | None = None
    adapters: tuple[tuple[str, str], ...] = ()
    more: tuple[str, ...] = ()

    @property
    def served_name(self) -> str:
        """What requests call the model."""
        plain = self.steerer.partition("?")[0].rstrip("/")
        return self.name or plain.rpartition("/")[2].removesuffix(".gguf").lower()

    @property
    def source(self) -> str:
        """The repository or the folder of an ``hf/`` model."""
        return self.steerer.removeprefix("hf/")

    @property
    def is_codesteer_v1(self) -> bool:
        """Whether these are the published weights (or are named like them)."""
        return CODESTEER_V1 in self.steerer.lower()

    @property
    def window(self) -> int | None:
        """The window to ask for, in tokens; None for the model's own."""
        return self.max_model_len or (CODESTEER_V1_TOKENS if self.is_codesteer_v1 else None)

    def checked(self) -> ServeSettings:
        """Return these settings, or raise :class:`BadInput` naming the first that cannot work."""
        if not self.steerer:
            raise BadInput("No model was named.", "Write codesteer serve --steerer hf/yongchao98/CodeSteer-v1, say.")
        if not _NAME.fullmatch(self.served_name):
            raise BadInput(
                f"{self.served_name!r} cannot be a served name.", "Give one of letters, digits, . _ - by --name."
            )
        if self.socket and (self.port is not None or self.host != LOOPBACK):
            raise BadInput("--socket is instead of --host and --port.")
        if self.port is not None and not 0 <= self.port <= 65535:
            raise BadInput(f"--port is {self.port}.")
        for option in ("slots", "max_model_len", "tensor_parallel"):
            value = getattr(self, option)
            if value is not None and value < 1:
                raise BadInput(f"--{option.replace('_', '-')} is {value}.", "Give a number of at least 1.")
        if self.queue < 0 or not 0 <= self.grace < float("inf"):
            raise BadInput("--queue and --grace cannot be negative.")
        return self


class Parser(argparse.ArgumentParser):
    """An argparse parser whose faults are our typed errors."""

    def error(self, message: str) -> NoReturn:
        """Raise :class:`BadInput` instead of ending the process."""
        raise BadInput(f"{message[:1].upper()}{message[1:].rstrip('.')}.", "See codesteer serve --help.")


def _adapter(text: str) -> tuple[str, str]:
    name, _, path = text.partition("=")
    if not _NAME.fullmatch(name) or not path:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PATH")
    return name, path


def _parser() -> Parser:
    parser = Parser(
        prog="codesteer serve", add_help=False, allow_abbrev=False, argument_default=argparse.SUPPRESS, usage=_USAGE
    )
    add = parser.add_argument
    add(
        "--steerer",
        "-s",
        metavar="NAME",
        help="the model: hf/ORG/NAME, hf//FOLDER (?options), local/NAME, local/FILE.gguf",
    )
    add("--name", metavar="NAME", help="what requests call it (default: the end of its name)")
    add("--host", metavar="ADDRESS", help=f"listen here (default: {LOOPBACK})")
    add("--port", type=int, metavar="N", help=f"and on this port (default: {PORT}, or any if that is taken)")
    add("--socket", metavar="PATH", help="listen on a Unix socket (0600) instead")
    add("--token-file", metavar="FILE", help="the token clients must show; written if missing (default: a new token)")
    add("--allow-host", dest="allow_hosts", action="append", metavar="NAME", help="another name it may be called by")
    add("--slots", type=int, metavar="N", help="answers written at a time (default: 4; 1 with transformers)")
    add("--queue", type=int, metavar="N", help="requests that may wait (default: 64)")
    add("--max-model-len", type=int, metavar="N", help="tokens of one conversation (CodeSteer-v1: 8192)")
    add("--grace", type=float, metavar="S", help="seconds for running answers when it is stopped (default: 30)")
    add("--engine", choices=("auto", "vllm", "local"), help="who computes (default: vLLM where it can, else here)")
    add("--vllm", metavar="PATH", help="the vllm executable, where it is in another environment")
    add("--dtype", metavar="TYPE", help="for vLLM (default: bfloat16)")
    add("--quantization", metavar="METHOD", help="for vLLM: fp8, awq, bitsandbytes, ...")
    add("--tensor-parallel", type=int, metavar="N", help="for vLLM: spread the model over N GPUs")
    add(
        "--adapter",
        dest="adapters",
        type=_adapter,
        action="append",
        metavar="NAME=PATH",
        help="for vLLM: a LoRA adapter",
    )
    return parser


_USAGE = """codesteer serve --steerer NAME [options] [-- MORE FOR VLLM]
       codesteer serve status [--json]
       codesteer serve stop [NAME]
       codesteer serve config --ray-serve|--compose|--systemd --steerer NAME [options]"""


def serving_help() -> str:
    """The uses and options with one line each."""
    return _parser().format_help()


def parse_serving(words: Sequence[str]) -> ServeSettings:
    """Read the options of ``codesteer serve``; words after ``--`` are vLLM's.

    Raises:
        BadInput: an option or a value that cannot be used.
    """
    words = list(words)
    end = words.index("--") if "--" in words else len(words)
    given: dict[str, Any] = vars(_parser().parse_args(words[:end]))
    lists = {name: tuple(given.pop(name, ())) for name in ("adapters", "allow_hosts")}
    return ServeSettings(**({"steerer": ""} | given | lists), more=tuple(words[end + 1 :])).checked()
