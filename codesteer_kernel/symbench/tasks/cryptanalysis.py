"""Cryptanalysis: find a code of digits and letters from what is said about some guesses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations, permutations, product
from math import log2, perm
from random import Random
from string import ascii_uppercase, digits
from typing import Any

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.knobs import whole
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.reading import tokens
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

# What is said of the signs that are not in the code: all below the code's least one, all above its greatest, or else.
_BELOW, _ABOVE, _ELSE, _NONE = "below", "above", "else", ""
_Said = Sequence[Any]
"""Signs at their place, signs at another place, and one of the words above."""

# Codes that are compared with guesses, over all tries, before too few guesses are given up.
_COMPARED = 150_000
# Most codes for which what a first guess tells is kept for the next problem.
_KEPT = 1500
_CLAUSE = re.compile(
    r"(?P<count>one|both) (?:number|letter)s? (?:is|are) (?:(?P<right>correct and in the correct positions?)"
    r"|(?P<moved>correct but in the wrong positions?)|incorrect(?: and (?P<tag>too small|too large|"
    r"too early in the alphabet|too late in the alphabet|incorrect))?)"
)
_TAGS = {
    None: _ELSE,
    "incorrect": _ELSE,
    "too small": _BELOW,
    "too early in the alphabet": _BELOW,
    "too large": _ABOVE,
    "too late in the alphabet": _ABOVE,
}


class Cryptanalysis(Task):
    """Digits first, then letters, none twice; the guesses leave one code."""

    name = "cryptanalysis"
    paper_name = "Cryptanalysis"
    split = "unseen"
    version = "1"
    about = "Find the code of digits and letters that agrees with what is said about some guesses."
    rule = "The code has the stated form, repeats nothing, and everything said about every guess is true of it."
    longest = 2000
    knobs = {
        "digits": whole(2, 1, 4, "digits of the code"),
        "letters": whole(2, 1, 3, "letters of the code"),
        "alphabet": whole(26, 4, 26, "how many letters of the alphabet are used"),
        "guesses": whole(7, 2, 20, "guesses that are told about"),
    }
    levels = {
        "1": {"digits": 1, "letters": 1, "alphabet": 8, "guesses": 4},
        "2": {"digits": 2, "letters": 1, "alphabet": 15, "guesses": 5},
        "3": {"digits": 2, "letters": 2, "guesses": 7},
        "4": {"digits": 3, "letters": 2, "guesses": 8},
        "5": {"digits": 4, "letters": 3, "alphabet": 12, "guesses": 10},
        "paper-4-6": {"guesses": 5},
        "paper-7-9": {"guesses": 8},
        "paper-10-12": {"guesses": 11},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """A code, and guesses by chance until what is said about them rules out all others."""
        kinds = [(digits, level["digits"]), (ascii_uppercase[: level["alphabet"]], level["letters"])]
        code = [rng.sample(signs, count) for signs, count in kinds]
        chosen = [
            _telling(rng, secret, signs, level["guesses"]) for secret, (signs, _) in zip(code, kinds, strict=True)
        ]
        guesses = [
            {"guess": "".join([*first, *second]), "digits": _said(code[0], first), "letters": _said(code[1], second)}
            for first, second in zip(*chosen, strict=True)
        ]
        payload = {
            "digits": level["digits"],
            "letters": level["letters"],
            "alphabet": level["alphabet"],
            "guesses": guesses,
        }
        return Draft(payload, _spelled([*code[0], *code[1]]), {"unique": True})

    def ask(self, payload: Mapping[str, Any]) -> str:
        """Form of the code, meaning of what is said, guesses."""
        told = "\n".join(
            f"{at}. {guess['guess']}: {_told(guess['digits'], 'digit')}; {_told(guess['letters'], 'letter')}."
            for at, guess in enumerate(payload["guesses"], 1)
        )
        last = ascii_uppercase[payload["alphabet"] - 1]
        form = f"{_counted(payload['digits'], 'digit')} (0 to 9) followed by {_counted(payload['letters'], 'letter')} (A to {last})"
        example = [*"4071"[: payload["digits"]], *"BAD"[: payload["letters"]]]
        return (
            f"A code consists of {form}. No digit and no letter occurs twice in it. Some guesses were made, and of each "
            "something true is told, of digits and letters apart:\n"
            "- how many are in the code at the same place;\n"
            "- how many are in the code at another place;\n"
            "- of the others, which are not in the code: low, if all of them are below every digit (letter) of the code; high, "
            "if all of them are above every digit (letter) of the code; or neither. A letter is below another if it comes "
            "earlier in the alphabet.\n\n"
            f"{told}\n\n"
            f"What is the code? Write its signs between <<< and >>> as a list, for example <<<{_spelled(example)}>>>."
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """Form first, then every guess; the code is not compared with another one."""
        count = payload["digits"]
        # A sign is one letter of the text, however they are grouped.
        found = [*"".join(tokens(text.upper()))]
        if not found:
            raise Refused("unreadable", "There are no signs in the answer.")
        if len(found) != count + payload["letters"]:
            raise Refused("wrong_shape", f"The code has {count + payload['letters']} signs, {len(found)} found.")
        usable = ascii_uppercase[: payload["alphabet"]]
        if not all(sign in digits for sign in found[:count]) or not all(sign in usable for sign in found[count:]):
            raise Refused("wrong_shape", f"The code has {count} digits and then letters from A to {usable[-1]}.")
        if len(set(found)) != len(found):
            raise Refused("rule:repeated", "A sign occurs twice in the code.")
        for at, guess in enumerate(payload["guesses"], 1):
            for name, part, tried in (
                ("digits", found[:count], guess["guess"][:count]),
                ("letters", found[count:], guess["guess"][count:]),
            ):
                if _said(part, tried) != [*guess[name]]:
                    raise Refused(
                        "rule:guess", f"What is told about the {name} of guess {at} is not true of this code."
                    )
        return _spelled(found)

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """By sets of signs first, then their order; digits and letters apart."""
        payload = problem.payload
        count = payload["digits"]
        found: list[list[tuple[str, ...]]] = []
        for name, signs, size, start in (
            ("digits", digits, count, 0),
            ("letters", ascii_uppercase[: payload["alphabet"]], payload["letters"], count),
        ):
            told = [(guess["guess"][start : start + size], *guess[name]) for guess in payload["guesses"]]
            sets = [chosen for chosen in combinations(signs, size) if all(_fits(chosen, *line) for line in told)]
            found.append(
                [
                    order
                    for chosen in sets
                    for order in permutations(chosen)
                    if all(sum(map(str.__eq__, order, guess)) == right for guess, right, _, _ in told)
                ]
            )
        return [_spelled([*first, *second]) for first, second in product(*found)][:limit]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Neighbours of the code, its parts in another order, guesses."""
        payload, signs = problem.payload, tokens(answer)
        count = payload["digits"]
        if count > 1:
            yield "two digits swapped", _spelled([signs[1], signs[0], *signs[2:]])
        if payload["letters"] > 1:
            yield "two letters swapped", _spelled([*signs[:count], signs[count + 1], signs[count], *signs[count + 2 :]])
        others = [digit for digit in digits if digit not in signs]
        yield "one digit off", _spelled([rng.choice(others), *signs[1:]])
        others = [letter for letter in ascii_uppercase[: payload["alphabet"]] if letter not in signs]
        yield "one letter off", _spelled([*signs[:-1], rng.choice(others)])
        yield "letters first", _spelled([*signs[count:], *signs[:count]])
        yield "sign missing", _spelled(signs[:-1])
        yield "sign added", _spelled([*signs, signs[-1]])
        yield "a guess", _spelled([*rng.choice(payload["guesses"])["guess"]])

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """Guesses and what is said about them, all from the question."""
        lines = re.findall(r"^[0-9]+\. Guess: ([0-9]{2}[A-Z]{2}), Feedback: (.+)\.$", question, re.MULTILINE)
        said = re.search(r"following ([0-9]+) known conditions", question)
        if said is None or not lines or int(said[1]) != len(lines):
            raise ValueError("The question does not hold as many guesses as it says.")
        guesses = [
            {"guess": guess, "digits": _heard(text, "number"), "letters": _heard(text, "letter")}
            for guess, text in lines
        ]
        return {"digits": 2, "letters": 2, "alphabet": 26, "guesses": guesses}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's code."""
        return _spelled(published["answer"]) if "answer" in published else None

    def effort(self, problem: Problem) -> float:
        """Codes that there are, as yes-or-no questions, and guesses to compare."""
        payload = problem.payload
        codes = perm(10, payload["digits"]) * perm(payload["alphabet"], payload["letters"])
        return log2(codes) * len(payload["guesses"])

    def space(self, level: Level) -> float:
        """Codes and guesses."""
        codes = perm(10, int(level["digits"])) * perm(int(level["alphabet"]), int(level["letters"]))
        return float(codes) ** min(int(level["guesses"]), 8)


def _said(code: Sequence[str], guess: Sequence[str]) -> list[Any]:
    """What is told about the digits, or the letters, of a guess."""
    right = moved = 0
    below = above = True
    low, high = min(code), max(code)
    for own, sign in zip(code, guess, strict=True):
        if own == sign:
            right += 1
        elif sign in code:
            moved += 1
        else:
            below = below and sign < low
            above = above and sign > high
    tag = _NONE if right + moved == len(guess) else _BELOW if below else _ABOVE if above else _ELSE
    return [right, moved, tag]


def _telling(rng: Random, secret: Sequence[str], signs: str, count: int) -> list[tuple[str, ...]]:
    """``count`` guesses that leave the secret alone.

    Raises:
        BadInput: too few guesses for that.
    """
    everything = _orders(signs, len(secret))
    for _ in range(max(5, _COMPARED // len(everything))):
        rest = everything
        guesses: list[tuple[str, ...]] = []
        for _ in range(count):
            # Of a few guesses, the one that tells most; codes that are still possible tell more than others.
            best, left = tuple(rng.sample(signs, len(secret))), rest
            for _ in range(1 if len(rest) > 50 else 3 if len(rest) > 1 else 0):
                guess = rng.choice(rest) if rng.random() < 0.7 else tuple(rng.sample(signs, len(secret)))
                said = _said(secret, guess)
                if not guesses and len(rest) < _KEPT:
                    after = _agreeing(signs, guess)[tuple(said)]
                else:
                    after = [code for code in rest if _said(code, guess) == said]
                if guess != tuple(secret) and len(after) <= len(left):
                    best, left = guess, after
            guesses.append(best)
            rest = left
        if len(rest) == 1:
            return guesses
    raise BadInput("So few guesses do not settle a code of this size.", "Raise guesses.")


@lru_cache(maxsize=1024)
def _agreeing(signs: str, guess: tuple[str, ...]) -> dict[tuple[Any, ...], list[tuple[str, ...]]]:
    """All codes by what would be told about a guess."""
    codes: dict[tuple[Any, ...], list[tuple[str, ...]]] = {}
    for code in _orders(signs, len(guess)):
        codes.setdefault(tuple(_said(code, guess)), []).append(code)
    return codes


@lru_cache(maxsize=32)
def _orders(signs: str, count: int) -> list[tuple[str, ...]]:
    return list(permutations(signs, count))


def _fits(chosen: tuple[str, ...], guess: str, right: int, moved: int, tag: str) -> bool:
    """Whether a set of signs, in some order, can be what was told about a guess."""
    foreign = sorted(set(guess).difference(chosen))
    if len(guess) - len(foreign) != right + moved or bool(foreign) != bool(tag):
        return False
    low, high = chosen[0], chosen[-1]
    place = {"": True, _BELOW: foreign[-1:] < [low], _ABOVE: foreign[:1] > [high]}
    return place[tag] if tag in place else not place[_BELOW] and not place[_ABOVE]


def _told(said: _Said, noun: str) -> str:
    right, moved, tag = said
    parts = []
    if right:
        parts.append(f"{_counted(right, noun)} at the same place")
    if moved:
        parts.append(f"{_counted(moved, noun)} at another place")
    words = {_BELOW: "low", _ABOVE: "high", _ELSE: "neither low nor high"}
    if not parts:
        return f"no {noun} in the code, they are {words[tag]}"
    return ", ".join([*parts, *([f"the others {words[tag]}"] if tag else [])])


def _heard(text: str, noun: str) -> list[Any]:
    """What a published sentence says of digits or letters: two signs in all."""
    said: dict[str, int] = {"right": 0, "moved": 0}
    tag, others = _NONE, 0
    for clause in text.split("; "):
        if noun not in clause:
            continue
        found = _CLAUSE.fullmatch(clause)
        if found is None:
            raise ValueError(f"{clause!r} cannot be understood.")
        count = 1 if found["count"] == "one" else 2
        if found["right"] or found["moved"]:
            said["right" if found["right"] else "moved"] += count
        else:
            others += count
            tag = _TAGS[found["tag"]]
    if said["right"] + said["moved"] + others != 2:
        raise ValueError(f"{text!r} does not speak of two {noun}s.")
    return [said["right"], said["moved"], tag]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def _spelled(signs: Sequence[str]) -> str:
    return f"[{', '.join(signs)}]"


TASK = Cryptanalysis()
