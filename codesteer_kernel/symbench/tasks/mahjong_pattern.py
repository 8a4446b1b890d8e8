"""Mahjong: does the card drawn last make a pair a triple, or complete a run of letters?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from string import ascii_uppercase
from typing import Any

from codesteer_kernel.symbench.knobs import flag, whole
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.reading import integers, words
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_PASS, _PENG, _CHI = 0, 1, 2
_NAMES = {"pass": "0", "peng": "1", "chi": "2"}


class MahjongPattern(Task):
    """A hand of letters, some rounds of drawing and discarding; the verdict of the last round."""

    name = "mahjong_pattern"
    paper_name = "Mahjong"
    split = "seen"
    version = "1"
    about = "Follow a hand of letter cards and judge the card that is drawn last."
    rule = "1 (Peng) where the hand holds two more of the last card, else 2 (Chi) where it completes three letters in a row, else 0."
    longest = 2000
    knobs = {
        "hand": whole(13, 4, 40, "cards in hand"),
        "rounds": whole(4, 1, 60, "cards that are drawn, the judged one among them"),
        "chi": flag(True, "three letters in a row count too"),
    }
    levels = {
        "1": {"hand": 8, "rounds": 2, "chi": False},
        "2": {"hand": 10, "rounds": 3},
        "3": {"hand": 13, "rounds": 5},
        "4": {"hand": 16, "rounds": 12},
        "5": {"hand": 20, "rounds": 35},
        "paper-1": {"rounds": 1, "chi": False},
        "paper-2": {"rounds": 2, "chi": False},
        "paper-3": {"rounds": 3},
        "paper-4": {"rounds": 4},
        "paper-5": {"rounds": 5},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """Cards by chance, no letter more than twice at first; the last drawn one is chosen for a verdict."""
        hand = rng.sample(ascii_uppercase * 2, level["hand"])
        first, rounds = "".join(hand), []
        for _ in range(level["rounds"] - 1):
            hand.append(rng.choice(ascii_uppercase))
            rounds.append([hand[-1], hand.pop(rng.randrange(len(hand)))])
        wish = rng.choice((_PASS, _PENG, _CHI) if level["chi"] else (_PASS, _PENG))
        fitting = [card for card in ascii_uppercase if _verdict(hand, card, level["chi"]) == wish]
        card = rng.choice(fitting or ascii_uppercase)
        rounds.append([card, ""])
        verdict = _verdict(hand, card, level["chi"])
        return Draft({"hand": first, "rounds": rounds, "chi": level["chi"]}, str(verdict), {"unique": True})

    def ask(self, payload: Mapping[str, Any]) -> str:
        """Cards, rounds, the verdicts and which of them goes first."""
        rounds = "\n".join(
            f"Round {at}: the card {card} is drawn" + (f", then one card {gone} is put away." if gone else ".")
            for at, (card, gone) in enumerate(payload["rounds"], 1)
        )
        beyond = sorted({card for card, _ in payload["rounds"]}.union(payload["hand"]) - {*ascii_uppercase})
        after = (
            f"after Z come {' '.join(map(chr, range(91, ord(beyond[-1]) + 1)))}"
            if beyond
            else "after Z nothing follows"
        )
        chi = (
            "- Otherwise Chi, written 2: some two cards of the hand and the drawn card are three neighbouring letters of the "
            f"alphabet (such as A, B, C; {after}), in any order.\n"
            if payload["chi"]
            else ""
        )
        return (
            f"You hold these letter cards: {' '.join(payload['hand'])}\n\n{rounds}\n\n"
            "A drawn card is judged at once, against the cards that are in the hand just before it is drawn; then it joins the "
            "hand. What is put away later does not change the verdict.\n"
            "- Peng, written 1: the hand holds at least two cards with the same letter as the drawn card.\n"
            f"{chi}- Otherwise Pass, written 0.\n\n"
            "What is the verdict of the last round?\n"
            f"Write its number between <<< and >>>, for example <<<{1 if payload['chi'] else 0}>>>."
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """The number or the name of the right verdict, or both."""
        found = integers(" ".join(_NAMES.get(word.casefold(), word) for word in words(text)))
        if len(set(found)) != 1:
            raise Refused("wrong_shape", "One verdict was expected.")
        if found[0] not in ((_PASS, _PENG, _CHI) if payload["chi"] else (_PASS, _PENG)):
            raise Refused("rule:verdict", f"{found[0]} is no verdict of this game.")
        if found[0] != _last_verdict(payload):
            raise Refused("not_goal", "This is not the verdict of the last round.")
        return str(found[0])

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """By bookkeeping: how often a letter is in the hand before the last draw, without following the rounds."""
        payload = problem.payload
        card = payload["rounds"][-1][0]
        came = payload["hand"] + "".join(drawn for drawn, _ in payload["rounds"][:-1])
        went = "".join(gone for _, gone in payload["rounds"][:-1])
        held = [came.count(chr(code)) - went.count(chr(code)) for code in range(ord(card) - 2, ord(card) + 3)]
        there = "".join("1" if count > 0 else "0" for count in held)
        run = there.startswith("11") or there.endswith("11") or (there[1] == "1" and there[3] == "1")
        verdict = _PENG if held[2] >= 2 else _CHI if run and payload["chi"] else _PASS
        return [str(verdict)][:limit]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """The other verdicts, no verdict, and the verdicts of other rounds."""
        payload, right = problem.payload, int(answer)
        yield "next verdict", str((right + 1) % 3)
        yield "verdict before", str((right + 2) % 3)
        yield "no verdict", "3"
        yield "negative", "-1"
        yield "two verdicts", "0 1"
        before = {**payload, "rounds": [["Z", ""], *payload["rounds"]][:-1]}
        if _last_verdict(before) != right:
            yield "round before", str(_last_verdict(before))

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """Cards and rounds from the data; whether runs count, from the question.

        Some published samples deal signs beyond Z; they follow it in the order of their codes.
        """
        if "Peng" not in question or not published["rounds"]:
            raise ValueError("The question holds no game of cards.")
        rounds = [[str(turn["add"]), str(turn["remove"])] for turn in published["rounds"]]
        rounds[-1][1] = ""
        return {"hand": str(published["initial_cards"]), "rounds": rounds, "chi": '"Chi,"' in question}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's solution."""
        return str(published["solution"]) if "solution" in published else None

    def effort(self, problem: Problem) -> float:
        """Cards to look at over all rounds."""
        payload = problem.payload
        return float(len(payload["hand"]) + 5 * len(payload["rounds"]) + 5 * payload["chi"])

    def space(self, level: Level) -> float:
        """Hands alone."""
        return float(20 ** int(level["hand"]))


def _verdict(hand: list[str], card: str, chi: bool) -> int:
    """What a drawn card is worth to a hand."""
    if hand.count(card) >= 2:
        return _PENG
    if chi:
        below, lowest, above, highest = (chr(ord(card) + step) for step in (-1, -2, 1, 2))
        if (below in hand and (lowest in hand or above in hand)) or (above in hand and highest in hand):
            return _CHI
    return _PASS


def _last_verdict(payload: Mapping[str, Any]) -> int:
    hand = list(payload["hand"])
    for card, gone in payload["rounds"][:-1]:
        hand.append(card)
        if gone in hand:
            hand.remove(gone)
    return _verdict(hand, payload["rounds"][-1][0], payload["chi"])


TASK = MahjongPattern()
