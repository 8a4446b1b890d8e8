"""Writes data/options.json: the options of a ``%%codesteer`` cell as the kernel side knows them, for completion and hover.

With ``--check`` it writes nothing and fails when the committed file is stale.
"""
# Run as a script, belongs to no package.
# ruff: noqa: INP001

from __future__ import annotations

import json
import sys
from pathlib import Path

from msgspec import to_builtins

from codesteer_kernel.command_table import commands_of
from codesteer_kernel.models.catalogue import CATALOGUE
from codesteer_kernel.models.prices import PRICES
from codesteer_kernel.models.providers import PROVIDERS
from codesteer_kernel.option_table import GROUPS, options_of

TARGET = Path(__file__).parents[1] / "data" / "options.json"


def table() -> str:
    """The file's text: the same on every machine, so no names of a user's own are in it."""
    embedded = [f"local/{one.name}" for one in CATALOGUE]
    hosted = [f"{provider}/" for provider in (*PROVIDERS, "hf")]
    content = {
        "groups": GROUPS,
        "options": [to_builtins(one) for one in options_of(in_shell=False)],
        "commands": [
            {"name": one.name, "usage": one.usage, "help": one.help, "takes": one.takes}
            for one in commands_of(in_shell=False)
        ],
        "models": ["embedded", "hosted", *embedded, *PRICES, *dict.fromkeys(hosted)],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Write or check."""
    text = table()
    if "--check" in sys.argv:
        if TARGET.read_text(encoding="utf-8") != text:
            print(f"{TARGET.name} is stale: run python extension/vscode/scripts/options.py", file=sys.stderr)
            return 1
        return 0
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
