"""Keys that are typed: once each, unseen, kept in memory only."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from codesteer_kernel.errors import MissingKey
from codesteer_kernel.models import keys
from codesteer_kernel.models.keys import find_key, known_keys, require_key, with_typed_keys
from codesteer_kernel.store.redaction import secrets_of_environment

pytestmark = pytest.mark.usefixtures("nothing_typed")


@pytest.fixture
def nothing_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_typed", {})


def typing(monkeypatch: pytest.MonkeyPatch, *answers: str | BaseException) -> list[str]:
    """Answer prompts in order; returns the prompts as they come."""
    prompts: list[str] = []
    left: Iterator[str | BaseException] = iter(answers)

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        answer = next(left)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    monkeypatch.setattr(getpass, "getpass", ask)
    return prompts


def both() -> tuple[str, str]:
    return require_key("FIRST_KEY", "first"), require_key("SECOND_KEY", "second")


def test_each_missing_key_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = typing(monkeypatch, " one ", "two")
    assert with_typed_keys(both) == ("one", "two")
    assert ["FIRST_KEY" in prompts[0], "SECOND_KEY" in prompts[1]] == [True, True]
    assert with_typed_keys(both) == ("one", "two")
    assert len(prompts) == 2


def test_typed_keys_are_known_to_the_redaction_and_not_to_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    typing(monkeypatch, "one", "two")
    with_typed_keys(both)
    assert {"one", "two"} <= known_keys()
    assert not {"one", "two"} & secrets_of_environment()


def test_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    typing(monkeypatch, "typed")
    with_typed_keys(lambda: require_key("FIRST_KEY", "first"))
    monkeypatch.setenv("FIRST_KEY", "set")
    assert find_key("FIRST_KEY") == "set"


@pytest.mark.parametrize("answer", ["", "  ", EOFError(), OSError(), NotImplementedError()])
def test_whoever_types_nothing_is_told_what_is_missing(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    prompts = typing(monkeypatch, answer)
    with pytest.raises(MissingKey, match="FIRST_KEY is not set"):
        with_typed_keys(both)
    assert len(prompts) == 1


def test_a_key_that_does_not_help_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = typing(monkeypatch, "wrong")

    def never() -> Callable[[], str]:
        raise MissingKey("It is refused.", variable="FIRST_KEY")

    with pytest.raises(MissingKey):
        with_typed_keys(never)
    assert len(prompts) == 1
