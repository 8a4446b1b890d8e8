"""What the form for a new cell is told by the kernel."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from codesteer.composing import offer

from tests.magics.notebook import Notebook

ASK = '__import__("codesteer.composing").composing.tell()'


class Hostile:
    @property
    def shape(self) -> Any:
        raise RuntimeError("I will not say.")


def shell(**values: Any) -> Any:
    return SimpleNamespace(user_ns={"hidden": 1, **values}, user_ns_hidden={"hidden": 1})


def test_variables_are_told_by_type_and_shape() -> None:
    table = SimpleNamespace(shape=(1000, 3))
    told = offer(
        shell(table=table, numbers=[1, 2], text="abc", one=1, odd=Hostile(), _own=1, f=len, module=json, K=int)
    )
    assert [(one["name"], one["type"], one["shape"]) for one in told["variables"]] == [
        ("numbers", "list", "2"),
        ("odd", "Hostile", ""),
        ("one", "int", ""),
        ("table", "SimpleNamespace", "1000 x 3"),
        ("text", "str", "3"),
    ]
    assert json.loads(json.dumps(told)) == told


def test_models_say_whether_their_key_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    told = offer(shell())
    keys = {one["name"].partition("/")[0]: one["key"] for one in told["models"]}
    assert keys["local"] == ""
    assert keys["anthropic"] == "present"
    assert keys["openai"] == "missing"
    assert "sk-secret" not in json.dumps(told)
    assert not told["loaded"]
    assert told["defaults"]["target"] == "embedded"


@pytest.mark.kernel
def test_a_kernel_tells_without_a_trace(notebook: Notebook) -> None:
    notebook.run("%config CodeSteer.rounds = 7\nprices = [3, 5, 8]\nbefore = set(dir())")
    told = json.loads(notebook.run(ASK).stdout)
    assert told["loaded"]
    assert told["defaults"]["rounds"] == 7
    assert {"name": "prices", "type": "list", "shape": "3"} in told["variables"]
    left = notebook.run("print([name for name in dir() if name not in before and not name.startswith('_i')])").stdout
    assert left.strip() == "['before']"
    notebook.run("%config CodeSteer.rounds = 5")
