"""Letters: how often, and where, a letter stands in a word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import accumulate
from random import Random
from string import ascii_lowercase
from typing import Any

from codesteer_kernel.symbench.knobs import whole
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.reading import tokens
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_NAMES = {"count": "count", "positions": "positions", "position": "positions"}


class Letters(Task):
    """A made-up word and one letter; the count and the 1-based positions are asked."""

    name = "letters"
    paper_name = "Letters"
    split = "unseen"
    version = "1"
    about = "Count a letter in a word and list its positions."
    rule = "Count and positions (from 1) agree with the word; each position is listed once, in any order."
    knobs = {
        "length": whole(15, 5, 800, "letters of the word"),
        "hits": whole(3, 0, 40, "how often the letter occurs; at most half of the word"),
    }
    levels = {
        "1": {"length": 8, "hits": 2},
        "2": {"length": 15, "hits": 3},
        "3": {"length": 30, "hits": 5},
        "4": {"length": 100, "hits": 9},
        "5": {"length": 400, "hits": 25},
        "none": {"length": 15, "hits": 0},
        "paper-5-10": {"length": 8, "hits": 2},
        "paper-10-15": {"length": 13, "hits": 2},
        "paper-15-20": {"length": 18, "hits": 3},
        "paper-20-25": {"length": 23, "hits": 3},
        "paper-25-30": {"length": 28, "hits": 4},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """Places first, then a word around them."""
        length = level["length"]
        hits = min(level["hits"], length // 2)
        letter = rng.choice(ascii_lowercase)
        others = ascii_lowercase.replace(letter, "")
        places = sorted(rng.sample(range(length), hits))
        word = rng.choices(others, k=length)
        for place in places:
            word[place] = letter
        reference = _spelled([place + 1 for place in places])
        return Draft({"word": "".join(word), "letter": letter}, reference, {"unique": True})

    def ask(self, payload: Mapping[str, Any]) -> str:
        """Word, letter, where counting starts, and how to say that there is none."""
        return (
            f"How many times does the letter '{payload['letter']}' occur in the word '{payload['word']}', "
            "and at which positions? The first letter of the word has position 1.\n"
            "Write the count and all positions between <<< and >>> in this form: "
            "<<<Count: 2, Positions: [1, 3]>>>. If the letter does not occur, write <<<Count: 0, Positions: []>>>."
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """Both the count and the list must be right; a repeated position is a fault."""
        count, positions = _read(text)
        if len(set(positions)) != len(positions):
            raise Refused("rule:repeated", "A position is listed twice.")
        if count != len(positions):
            raise Refused("rule:count", f"The count is {count}, but {len(positions)} positions are listed.")
        right = [match.start() + 1 for match in re.finditer(re.escape(payload["letter"]), payload["word"])]
        if sorted(positions) != right:
            raise Refused("not_goal", "The positions are not those of the letter.")
        return _spelled(right)

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """By cutting the word at the letter and adding up the pieces."""
        pieces = problem.payload["word"].split(problem.payload["letter"])
        ends = accumulate(len(piece) + 1 for piece in pieces[:-1])
        return [_spelled(list(ends))][:limit]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Counting slips, and the habit of counting from 0."""
        count, positions = _read(answer)
        length = len(problem.payload["word"])
        free = sorted(set(range(1, length + 1)) - set(positions))
        extra = rng.choice(free)
        yield "count off by one", f"Count: {count + 1}, Positions: {positions}"
        yield "position too many", _spelled(sorted([*positions, extra]))
        yield "past the end", _spelled([*positions, length + 1])
        if positions:
            yield "from zero", _spelled([place - 1 for place in positions])
            yield "position missing", _spelled(positions[:-1])
            yield "position twice", _spelled([*positions, positions[-1]])

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """Word and letter, from the data or from the question."""
        match = re.match(r"How many '(.)'s are in the word '([^'\s]+)'", question)
        letter, word = match.groups() if match else (published.get("letter"), published.get("word"))
        if not (isinstance(word, str) and isinstance(letter, str) and word and len(letter) == 1):
            raise ValueError("There is no word or no letter.")
        return {"word": word, "letter": letter}

    def effort(self, problem: Problem) -> float:
        """Letters to look at and positions to write."""
        word, letter = str(problem.payload["word"]), problem.payload["letter"]
        return len(word) + 5 * word.count(letter)

    def space(self, level: Level) -> float:
        """Choices of the other letters."""
        return float(25 ** max(0, min(200, int(level["length"]) - int(level["hits"]))))


def _read(text: str) -> tuple[int, list[int]]:
    """Count and positions of ``Count: 2, Positions: [1, 3]``, of JSON, or of the bare numbers in that order."""
    names, values = [], []
    for token in tokens(text.replace(":", " ").replace("=", " ")):
        if token.isascii() and token.isdigit() and len(token) < 10:
            values.append(int(token))
        elif token.casefold() in _NAMES:
            names.append(_NAMES[token.casefold()])
        else:
            raise Refused("unreadable", f"{token[:40]!r} is neither a number nor one of the two names.")
    if not values:
        raise Refused("unreadable", "There is no count in the answer.")
    if names and names[0] == "positions" and "count" in names:
        return values[-1], values[:-1]
    return values[0], values[1:]


def _spelled(positions: list[int]) -> str:
    return f"Count: {len(positions)}, Positions: {positions}"


TASK = Letters()
