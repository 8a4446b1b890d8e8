"""Configurations that others deploy: vLLM on Ray Serve (many replicas, many machines), Docker Compose, systemd.

Pure functions from :class:`~.settings.ServeSettings` to text. No secret is written into any of them.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from codesteer_kernel.errors import BadInput
from codesteer_kernel.models.templates import LLAMA3
from codesteer_kernel.serving.settings import PORT, Parser, ServeSettings, parse_serving
from codesteer_kernel.serving.vllm import KEY_VARIABLE, vllm_arguments

__all__ = ["compose", "config_command", "ray_serve", "systemd", "to_yaml"]

IMAGE = "vllm/vllm-openai:v0.32.0"
ONGOING = 16
"""Requests at one replica that autoscaling aims at: eight streams were the good point of an 8B model on one A100, and
a steerer's turns are short."""
START_SECONDS = 1800
_PLAIN = re.compile(r"[A-Za-z][A-Za-z_-]*")
_NO_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
_BLOCK = re.compile(r"([!-~][ -~]*\n){2,}")
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
_PATH = "/models"
_MOUNTED = "/run/secrets/token"


def config_command(words: Sequence[str]) -> str:
    """What ``codesteer serve config WORDS`` prints.

    Raises:
        BadInput: no kind, or more than one, or an option that cannot be used.
    """
    parser = Parser(prog="codesteer serve config", add_help=False, allow_abbrev=False)
    kind = parser.add_mutually_exclusive_group(required=True)
    for name in ("ray-serve", "compose", "systemd"):
        kind.add_argument(f"--{name}", dest="kind", action="store_const", const=name)
    parser.add_argument("--replicas", type=_range, default=(1, 4), metavar="MIN:MAX")
    parser.add_argument("--accelerator", default="", metavar="TYPE")
    parser.add_argument("--image", default=IMAGE, metavar="IMAGE")
    given, rest = parser.parse_known_args(list(words))
    settings = parse_serving(rest)
    match given.kind:
        case "ray-serve":
            return to_yaml(ray_serve(settings, replicas=given.replicas, accelerator=given.accelerator))
        case "compose":
            return to_yaml(compose(settings, image=given.image))
    return systemd(settings, [sys.executable, "-m", "codesteer_kernel.cli"])


def _range(text: str) -> tuple[int, int]:
    low, _, high = text.partition(":")
    if (
        not low.isdecimal()
        or not (high or low).isdecimal()
        or not 0 <= int(low) <= int(high or low)
        or not int(high or low)
    ):
        raise argparse.ArgumentTypeError(f"{text!r} is not MIN:MAX")
    return int(low), int(high or low)


def ray_serve(settings: ServeSettings, *, replicas: tuple[int, int] = (1, 4), accelerator: str = "") -> dict[str, Any]:
    """The file for ``serve run`` (or ``serve deploy``): vLLM replicas that scale, prompts sent where their prefix is.

    Raises:
        BadInput: the model, or an adapter, is nothing that Ray Serve can fetch.
    """
    _need_hf(settings, "Ray Serve")
    engine: dict[str, Any] = {"dtype": settings.dtype or "bfloat16", "enable_prefix_caching": True}
    engine["tensor_parallel_size"] = settings.tensor_parallel or 1
    if settings.window is not None:
        engine["max_model_len"] = settings.window
    if settings.slots is not None:
        engine["max_num_seqs"] = settings.slots
    if settings.quantization:
        engine["quantization"] = settings.quantization
    if settings.is_codesteer_v1:
        engine["chat_template"] = LLAMA3
    low, high = replicas
    model: dict[str, Any] = {
        "model_loading_config": {"model_id": settings.served_name, "model_source": settings.source},
        "engine_kwargs": engine,
        "deployment_config": {
            "autoscaling_config": {"min_replicas": low, "max_replicas": high, "target_ongoing_requests": ONGOING},
            "max_ongoing_requests": 4 * ONGOING,
            # Rounds of a question repeat its prefix: they are worth most where that is cached.
            "request_router_config": {
                "request_router_class": "ray.serve.llm.request_router.PrefixCacheAffinityRouter",
            },
        },
    }
    if accelerator:
        model["accelerator_type"] = accelerator
    if settings.adapters:
        engine |= {"enable_lora": True, "max_loras": len(settings.adapters)}
        model["lora_config"] = _lora(settings)
    return {
        "proxy_location": "EveryNode",
        "http_options": {"host": settings.host, "port": PORT if settings.port is None else settings.port},
        "applications": [
            {
                "name": settings.served_name,
                "route_prefix": "/",
                "import_path": "ray.serve.llm:build_openai_app",
                "args": {"llm_configs": [model]},
            }
        ],
    }


def _lora(settings: ServeSettings) -> dict[str, Any]:
    """Ray Serve fetches adapters by name from one folder in the cloud."""
    folders = set()
    for name, path in settings.adapters:
        folder, _, last = path.rstrip("/").rpartition("/")
        if "://" not in path or last != name:
            raise BadInput(
                f"Ray Serve cannot fetch the adapter {name} from {path}.",
                f"Put it into a bucket, in a folder of its name: --adapter {name}=s3://BUCKET/{name}",
            )
        folders.add(folder)
    if len(folders) > 1:
        raise BadInput("Ray Serve takes adapters from one folder.", "Put all adapters side by side.")
    return {"dynamic_lora_loading_path": folders.pop(), "max_num_adapters_per_replica": len(settings.adapters)}


def compose(settings: ServeSettings, *, image: str = IMAGE) -> dict[str, Any]:
    """A compose file: vLLM for ``hf/`` models, our own host for ``local/`` ones. The token is asked for, never written."""
    port = f"127.0.0.1:{PORT if settings.port is None else settings.port}:{PORT}"
    service: dict[str, Any] = {
        "ports": [port],
        "restart": "unless-stopped",
        "stop_grace_period": f"{round(settings.grace) + 15}s",
    }
    if not settings.steerer.startswith("hf/"):
        everywhere = "0.0.0.0"  # noqa: S104 - inside the container; the port is published on loopback
        here = msgspec.structs.replace(settings, host=everywhere, port=PORT, token_file=_MOUNTED, engine="local")
        service |= {
            "build": {"dockerfile_inline": "FROM python:3.12-slim\nRUN pip install --no-cache-dir codesteer\n"},
            "command": ["codesteer", "serve", *serve_words(here)],
            "environment": {"CODESTEER_CACHE": "/cache"},
            "volumes": ["weights:/cache"],
            "secrets": ["token"],
        }
        return {
            "services": {settings.served_name: service},
            "volumes": {"weights": {}},
            "secrets": {"token": {"file": "./token"}},
        }
    _need_hf(settings, "vLLM")
    mounts = ["weights:/root/.cache/huggingface"]
    inside = settings
    if settings.source.startswith(("/", "~", ".")):
        folder = f"{_PATH}/{settings.source.rstrip('/').rpartition('/')[2]}"
        mounts.append(f"{settings.source}:{folder}:ro")
        inside = msgspec.structs.replace(inside, steerer=f"hf/{folder}")
    mounts += [f"{path}:{_PATH}/{name}:ro" for name, path in settings.adapters]
    inside = msgspec.structs.replace(inside, adapters=tuple((name, f"{_PATH}/{name}") for name, _ in settings.adapters))
    arguments = vllm_arguments(inside, host="0.0.0.0", port=PORT)  # noqa: S104 - on loopback outside
    probe = f"import urllib.request as u; u.urlopen('http://127.0.0.1:{PORT}/health')"
    service |= {
        "image": image,
        "entrypoint": ["vllm"],
        # Compose reads $ as a variable.
        "command": [word.replace("$", "$$") for word in arguments],
        "environment": {KEY_VARIABLE: "${CODESTEER_TOKEN:?write CODESTEER_TOKEN=... into the file .env}"},
        "volumes": mounts,
        "ipc": "host",
        "healthcheck": {
            "test": ["CMD", "python3", "-c", probe],
            "interval": "10s",
            "start_period": f"{START_SECONDS}s",
        },
        "deploy": {
            "resources": {
                "reservations": {
                    "devices": [
                        {"driver": "nvidia", "count": settings.tensor_parallel or 1, "capabilities": ["gpu"]},
                    ]
                }
            }
        },
    }
    return {"services": {settings.served_name: service}, "volumes": {"weights": {}}}


def systemd(settings: ServeSettings, program: Sequence[str]) -> str:
    """A unit for ``~/.config/systemd/user``; ``program`` is what stands before ``serve``."""
    command = " ".join(_unit_word(word) for word in (*program, "serve", *serve_words(settings)))
    return f"""\
[Unit]
Description=CodeSteer host of {settings.served_name}
After=network.target

[Service]
ExecStart={command}
Restart=on-failure
# Bad input does not get better by trying again; answers cut at the end are no failure.
RestartPreventExitStatus=2
SuccessExitStatus=3
KillMode=mixed
TimeoutStartSec={START_SECONDS}
TimeoutStopSec={round(settings.grace) + 15}
NoNewPrivileges=yes

[Install]
WantedBy=default.target
"""


def _unit_word(word: str) -> str:
    """A word as systemd reads it: ``%`` and ``$`` mean something to it."""
    plain = word.replace("%", "%%").replace("$", "$$")
    if plain and not set(plain) & set(" \t\n\"'\\;"):
        return plain
    return json.dumps(plain, ensure_ascii=False)


def serve_words(settings: ServeSettings) -> list[str]:
    """The words after ``codesteer serve`` that say the same as ``settings``."""
    usual = ServeSettings(steerer="")
    words: list[str] = []
    for field in ServeSettings.__struct_fields__:
        value = getattr(settings, field)
        if value == getattr(usual, field) or field == "more":
            continue
        option = {"adapters": "--adapter", "allow_hosts": "--allow-host"}.get(field, f"--{field.replace('_', '-')}")
        values = value if isinstance(value, tuple) else (value,)
        for one in values:
            words += [
                option,
                "=".join(one) if isinstance(one, tuple) else f"{one:g}" if isinstance(one, float) else str(one),
            ]
    return [*words, *(["--", *settings.more] if settings.more else [])]


def _need_hf(settings: ServeSettings, what: str) -> None:
    if not settings.steerer.startswith("hf/") or "?" in settings.steerer:
        raise BadInput(f"{what} cannot host {settings.steerer}.", "It hosts hf/ORG/NAME and hf//FOLDER, as they are.")


def to_yaml(value: Any, depth: int = 0) -> str:
    """``value`` (dictionaries, lists, texts, whole numbers, truth values, None) as YAML: laid out for people."""
    pad = "  " * depth
    if isinstance(value, dict) and value:
        return "".join(f"{pad}{_scalar(key)}:{_inner(inner, depth)}" for key, inner in value.items())
    if isinstance(value, list) and value:
        # An item's first line stands behind its dash.
        return "".join(f"{pad}- {to_yaml(inner, depth + 1).removeprefix(pad + '  ')}" for inner in value)
    return f"{pad}{_scalar(value)}\n"


def _inner(value: Any, depth: int) -> str:
    """What stands behind a key."""
    if isinstance(value, dict | list) and value:
        return f"\n{to_yaml(value, depth + 1)}"
    if isinstance(value, str) and _BLOCK.fullmatch(value):
        return " |\n" + "".join(f"{'  ' * (depth + 1)}{line}\n" for line in value.splitlines())
    return f" {_scalar(value)}\n"


def _scalar(value: Any) -> str:
    """A plain word where it can be nothing else, else as JSON writes it, which YAML reads."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _NO_WORDS:
        return value
    # JSON leaves characters as they are that YAML takes for line breaks or refuses.
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
