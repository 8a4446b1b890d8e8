"""Constrained Linear Arrangement: which cards did the opponent play, given my cards and the results?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from math import perm
from random import Random
from typing import Any

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.knobs import flag, option, whole
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.reading import tokens
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_CARDS = {
    "elements": ["Wood", "Fire", "Earth", "Metal", "Water"],
    "stick_game": ["Stick", "Tiger", "Chicken", "Worm"],
    "animal": ["Elephant", "Lion", "Tiger", "Leopard", "Wolf", "Dog", "Cat", "Mouse"],
}
_RULES = {
    "elements": (
        "- Wood generates Fire, Fire generates Earth, Earth generates Metal, Metal generates Water, Water generates Wood. "
        "Who plays a card that generates the other card loses the round.\n"
        "- Wood overcomes Earth, Earth overcomes Water, Water overcomes Fire, Fire overcomes Metal, Metal overcomes Wood. "
        "Who plays a card that overcomes the other card wins the round.\n"
        "- Equal cards are a draw."
    ),
    "stick_game": (
        "- Stick beats Tiger, Tiger beats Chicken, Chicken beats Worm, Worm beats Stick.\n"
        "- All other pairs are a draw: equal cards, Stick and Chicken, Tiger and Worm."
    ),
    "animal": (
        "- From strong to weak the animals are Elephant, Lion, Tiger, Leopard, Wolf, Dog, Cat, Mouse. The stronger one wins the "
        "round.\n"
        "- One exception: Mouse wins against Elephant.\n"
        "- Equal cards are a draw."
    ),
}
# Whom each card beats, written out for the solver.
_BEATS = {
    "elements": {"A": "CE", "B": "DA", "C": "EB", "D": "AC", "E": "BD"},
    "stick_game": {"A": "B", "B": "C", "C": "D", "D": "A"},
    "animal": {
        "A": "BCDEFG",
        "B": "CDEFGH",
        "C": "DEFGH",
        "D": "EFGH",
        "E": "FGH",
        "F": "GH",
        "G": "H",
        "H": "A",
    },
}
_RESULTS = ("win", "loss", "draw")
_ROUND = re.compile(r"\bround\s+[0-9]{1,2}\s*[:.)=-]?", re.IGNORECASE)
_TRIES = 4000


class ConstrainedLinearArrangement(Task):
    """Three card games; every sequence of the opponent's cards that explains all results is right."""

    name = "constrained_linear_arrangement"
    paper_name = "Cons. Linear Arrange."
    split = "seen"
    version = "1"
    about = "Deduce the opponent's cards from one's own cards and the results of the rounds."
    rule = "One card a round, no card twice, and each gives the stated result against mine; any such sequence is right."
    longest = 2000
    knobs = {
        "game": option("animal", tuple(_CARDS), "which cards and rules"),
        "rounds": whole(6, 2, 8, "rounds that are told; no more than the game has cards"),
        "unique": flag(False, "only one sequence explains the results"),
    }
    levels = {
        "1": {"game": "stick_game", "rounds": 3},
        "2": {"game": "elements", "rounds": 4},
        "3": {"game": "animal", "rounds": 4},
        "4": {"game": "animal", "rounds": 6},
        "5": {"game": "animal", "rounds": 8},
        "unique": {"game": "elements", "rounds": 5, "unique": True},
        "paper-elements-3": {"game": "elements", "rounds": 3},
        "paper-elements-5": {"game": "elements", "rounds": 5},
        "paper-stick-4": {"game": "stick_game", "rounds": 4},
        "paper-animal-3": {"game": "animal", "rounds": 3},
        "paper-animal-5": {"game": "animal", "rounds": 5},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """Both players' cards by chance; the referee judges each round."""
        game, rounds = level["game"], level["rounds"]
        cards = _deck(game)
        if rounds > len(cards):
            raise BadInput(f"{game} has {len(cards)} cards only.", f"Set rounds to {len(cards)} or less.")
        for _ in range(_TRIES):
            mine, theirs = rng.sample(cards, rounds), rng.sample(cards, rounds)
            results = [_result(game, one, other) for one, other in zip(mine, theirs, strict=True)]
            payload = {"game": game, "mine": mine, "results": results}
            if not level["unique"] or _ways(payload) == 1:
                return Draft(payload, _spelled(theirs), {"unique": level["unique"] or None})
        raise BadInput("No game with one explanation was found.", "Change rounds, or leave unique off.")

    def ask(self, payload: Mapping[str, Any]) -> str:
        """Cards, rules, rounds."""
        names = _CARDS[payload["game"]]
        cards = ", ".join(f"{letter} ({name})" for letter, name in zip(_deck(payload["game"]), names, strict=True))
        words = {"win": "I won", "loss": "I lost", "draw": "draw"}
        rounds = "\n".join(
            f"Round {at}: I played {card} ({names[ord(card) - 65]}), result: {words[result]}."
            for at, (card, result) in enumerate(zip(payload["mine"], payload["results"], strict=True), 1)
        )
        return (
            f"Two players each hold these {len(names)} cards: {cards}. In every round both lay down one card at the same time; "
            "a card that was played is gone for its player.\n\n"
            f"{_RULES[payload['game']]}\n\n{rounds}\n\n"
            "Which cards did the opponent play? If several sequences explain all results, any of them will do.\n"
            "Write the opponent's letters between <<< and >>>, one for each round in order, parted by commas, for example "
            "<<<C,A,B>>> for three rounds."
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """One card a round, each once, each with the stated result."""
        cards, mine = _deck(payload["game"]), payload["mine"]
        found = _read(text, _CARDS[payload["game"]], len(mine))
        if not found:
            raise Refused("unreadable", "There are no cards in the answer.")
        for card in found:
            if card not in cards:
                raise Refused("unreadable", f"{card[:20]!r} is no card of this game.")
        if len(found) != len(mine):
            raise Refused("wrong_shape", f"{len(mine)} rounds were played, {len(found)} cards found.")
        if len(set(found)) != len(found):
            raise Refused("rule:once", "A card is played twice.")
        for at, (one, other, result) in enumerate(zip(mine, found, payload["results"], strict=True), 1):
            if _result(payload["game"], one, other) != result:
                raise Refused("rule:result", f"The card of round {at} gives another result.")
        return _spelled(found)

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """By a table of who beats whom: the cards that may stand in each round, narrowest round first."""
        payload = problem.payload
        beats = _BEATS[payload["game"]]
        fitting = [
            beats[card]
            if result == "win"
            else card
            if result == "draw"
            else "".join(o for o in beats if card in beats[o])
            for card, result in zip(payload["mine"], payload["results"], strict=True)
        ]
        if payload["game"] == "stick_game":
            # The only game in which different cards draw.
            fitting = [
                "".join(o for o in beats if o not in beats[card] and card not in beats[o]) if result == "draw" else rest
                for card, result, rest in zip(payload["mine"], payload["results"], fitting, strict=True)
            ]
        order = sorted(range(len(fitting)), key=lambda at: (len(fitting[at]), at))

        def played(chosen: dict[int, str]) -> Iterator[str]:
            if len(chosen) == len(order):
                yield _spelled([chosen[at] for at in range(len(order))])
                return
            at = order[len(chosen)]
            for card in fitting[at]:
                if card not in chosen.values():
                    yield from played({**chosen, at: card})

        return [*islice(played({}), limit)]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """One card that gives another result, cards lost, added, repeated or unknown, and my own cards."""
        payload, cards = problem.payload, answer.split(",")
        game, mine, results = payload["game"], payload["mine"], payload["results"]
        at = rng.randrange(len(cards))
        wrong = [card for card in _deck(game) if _result(game, mine[at], card) != results[at]]
        yield "one round wrong", _spelled([*cards[:at], rng.choice(wrong), *cards[at + 1 :]])
        yield "card missing", _spelled(cards[:-1])
        yield "card added", _spelled([*cards, cards[0]])
        yield "card played twice", _spelled([cards[1], *cards[1:]])
        yield "no such card", _spelled([*cards[:-1], "Z"])
        if any(result != "draw" for result in results):
            yield "my own cards", _spelled(mine)

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """Game, cards and results from the data, which the question must repeat."""
        game, mine, results = str(published["game_type"]), [*published["player_moves"]], [*published["results"]]
        if game not in _CARDS or len(mine) != len(results) or not set(results) <= set(_RESULTS):
            raise ValueError("The data is of no known game.")
        rounds = re.findall(r"^Round [0-9]+: ([A-H]), (win|loss|draw)\.$", question, re.MULTILINE)
        if not set(mine) <= set(_deck(game)) or rounds != [*zip(mine, results, strict=True)]:
            raise ValueError("The question tells of other rounds than the data.")
        return {"game": game, "mine": mine, "results": results}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's solution."""
        return _spelled(published["solution"]) if "solution" in published else None

    def effort(self, problem: Problem) -> float:
        """Sequences that the opponent could have played."""
        return float(perm(len(_deck(problem.payload["game"])), len(problem.payload["mine"])))

    def space(self, level: Level) -> float:
        """My cards, and results; with one explanation asked, a small part of them."""
        rounds = int(level["rounds"])
        games = perm(len(_deck(str(level["game"]))), rounds) * 2.0**rounds
        return games / 50 if level["unique"] else games


def _deck(game: str) -> list[str]:
    return [chr(65 + at) for at in range(len(_CARDS[game]))]


def _result(game: str, mine: str, theirs: str) -> str:
    """The referee's word on one round, for the player of ``mine``."""
    cards = len(_CARDS[game])
    # Cards are numbered along the cycle (elements, sticks) or from strong to weak (animals).
    ahead = (ord(theirs) - ord(mine)) % cards
    if ahead == 0:
        return "draw"
    if game == "elements":
        # One ahead I generate, and lose; two ahead I overcome; from behind it is the other way round.
        return "win" if ahead in (2, 4) else "loss"
    if game == "stick_game":
        return {1: "win", 2: "draw", 3: "loss"}[ahead]
    if {mine, theirs} == {"A", "H"}:
        return "win" if mine == "H" else "loss"
    return "win" if mine < theirs else "loss"


def _ways(payload: Mapping[str, Any]) -> int:
    """How many sequences explain the results, counted over the sets of cards that are gone."""
    cards = _deck(payload["game"])
    ways = {0: 1}
    for mine, result in zip(payload["mine"], payload["results"], strict=True):
        fitting = [1 << at for at, card in enumerate(cards) if _result(payload["game"], mine, card) == result]
        after: dict[int, int] = {}
        for gone, count in ways.items():
            for card in fitting:
                if not gone & card:
                    after[gone | card] = after.get(gone | card, 0) + count
        ways = after
    return sum(ways.values())


def _read(text: str, names: Sequence[str], rounds: int) -> list[str]:
    """Cards by letter, by name, or by letter and name; "Round 1:" may stand before each."""
    letters = {name.casefold(): chr(65 + at) for at, name in enumerate(names)}
    found = tokens(_ROUND.sub(" ", text))
    cards = [letters.get(token.casefold(), token.upper()) for token in found]
    paired = len(found) == 2 * rounds and all(token.casefold() in letters for token in found[1::2])
    return cards[::2] if paired and cards[::2] == cards[1::2] and len(found[0]) == 1 else cards


def _spelled(cards: Sequence[str]) -> str:
    return ",".join(cards)


TASK = ConstrainedLinearArrangement()
