"""Knobs: what may be set about a task's difficulty, within which bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codesteer_kernel.errors import BadInput, UnknownName, nearest
from codesteer_kernel.symbench.problem import Level, Value

__all__ = ["Knob", "checked", "flag", "option", "real", "whole"]


@dataclass(frozen=True, slots=True)
class Knob:
    """One setting of a generator.

    Attributes:
        kind: ``int``, ``float``, ``bool`` or ``str``.
        default: the value where a level names none.
        help: one line.
        low, high: inclusive bounds of numbers.
        choices: the allowed words of a ``str`` knob.
    """

    kind: type[Value]
    default: Value
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def bounds(self) -> str:
        """The allowed values, for people."""
        if self.kind is bool:
            return "true or false"
        return ", ".join(self.choices) if self.choices else f"{self.low} to {self.high}"

    def read(self, text: str) -> Value:
        """The value that is typed so; whether it lies within the bounds is another question.

        Raises:
            BadInput: it is not of the knob's type.
        """
        try:
            return {"true": True, "false": False}[text] if self.kind is bool else self.kind(text)
        except (KeyError, ValueError):
            raise BadInput(f"{text!r} is no value of this knob.", f"Allowed: {self.bounds}.") from None

    def admits(self, value: object) -> bool:
        """Whether ``value`` has the knob's type and lies within its bounds."""
        if self.kind is float:
            fits = isinstance(value, int | float) and not isinstance(value, bool)
        else:
            fits = type(value) is self.kind
        if not fits or (self.choices and value not in self.choices):
            return False
        if isinstance(value, int | float) and self.kind is not bool:
            return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)
        return True


def whole(default: int, low: int, high: int, about: str) -> Knob:
    """A knob for whole numbers from ``low`` to ``high``."""
    return Knob(int, default, about, low, high)


def real(default: float, low: float, high: float, about: str) -> Knob:
    """A knob for numbers from ``low`` to ``high``."""
    return Knob(float, default, about, low, high)


def flag(default: bool, about: str) -> Knob:
    """A knob that is on or off."""
    return Knob(bool, default, about)


def option(default: str, choices: tuple[str, ...], about: str) -> Knob:
    """A knob that is one of some words."""
    return Knob(str, default, about, choices=choices)


def checked(task: str, knobs: Mapping[str, Knob], chosen: Level) -> dict[str, Value]:
    """Every knob with its value: the defaults, ``chosen`` laid over them.

    Raises:
        UnknownName: a knob that the task does not have.
        BadInput: a value outside a knob's bounds.
    """
    for name, value in chosen.items():
        if name not in knobs:
            raise UnknownName(f"{task} has no knob {name!r}.", nearest(name, knobs) or f"It has {', '.join(knobs)}.")
        if not knobs[name].admits(value):
            raise BadInput(f"{name}={value!r} does not fit {task}.", f"Allowed: {knobs[name].bounds}.")
    return {name: chosen.get(name, knob.default) for name, knob in knobs.items()}
