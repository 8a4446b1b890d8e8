"""The JSON Schema of the record: ``python -m codesteer_kernel.record.schema`` writes it beside this file."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import msgspec

from codesteer_kernel.record.document import MIME_TYPE, Record

SCHEMA_FILE = Path(__file__).with_name("run.v1.schema.json")


def record_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a record."""
    schema = msgspec.json.schema(Record)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "CodeSteerRun",
        "$comment": MIME_TYPE,
    } | {name: _cleaned(value) for name, value in schema.items()}


def _cleaned(part: Any) -> Any:
    """Descriptions without the margin of the docstrings they come from, which Python keeps before 3.13 and drops since."""
    if isinstance(part, dict):
        return {
            name: inspect.cleandoc(value) if name == "description" and isinstance(value, str) else _cleaned(value)
            for name, value in part.items()
        }
    return [_cleaned(one) for one in part] if isinstance(part, list) else part


def schema_text() -> str:
    """Return the schema as it is committed."""
    return json.dumps(record_schema(), indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
