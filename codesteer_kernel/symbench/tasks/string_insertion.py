"""String Insertion: a letter goes behind each place where one of some patterns ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.knobs import flag, whole
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.strings import string
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_LETTERS = "ABCDEFGHI"
_TRIES = 400


class StringInsertion(Task):
    """Patterns are the windows of a circle of letters; the string hides some of them."""

    name = "string_insertion"
    paper_name = "String Insertion"
    split = "seen"
    version = "1"
    about = "Insert a letter behind every occurrence of some patterns in a string."
    rule = "The answer is the string with one letter inserted behind each occurrence of a pattern in the original."
    knobs = {
        "length": whole(24, 4, 600, "letters of the string; more where the insertions need it"),
        "insertions": whole(4, 0, 60, "occurrences of patterns"),
        "letters": whole(5, 3, 9, "different letters, which is also the number of patterns"),
        "window": whole(4, 2, 5, "letters of a pattern; fewer than there are letters"),
        "overlap": flag(True, "some occurrences overlap"),
        "shuffled": flag(True, "the circle of letters and the inserted letters are drawn, not A, B, C, ..."),
    }
    levels = {
        "1": {"length": 12, "insertions": 2, "overlap": False},
        "2": {"length": 20, "insertions": 4},
        "3": {"length": 40, "insertions": 7},
        "4": {"length": 90, "insertions": 14, "letters": 6},
        "5": {"length": 180, "insertions": 28, "letters": 7},
        "none": {"length": 20, "insertions": 0},
        "paper-1": {"length": 16, "insertions": 3, "overlap": False, "shuffled": False},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """The string grows by filling letters and chains of patterns, which insert themselves as they are added."""
        window, hits = level["window"], level["insertions"]
        if window >= level["letters"]:
            raise BadInput("Patterns need more letters than they are long.", "Raise letters or lower window.")
        circle = list(_LETTERS[: level["letters"]])
        if level["shuffled"]:
            rng.shuffle(circle)
        patterns = ["".join((circle * 2)[at : at + window]) for at in range(len(circle))]
        rules = [
            [pattern, rng.choice(circle) if level["shuffled"] else pattern[0]]
            for pattern in (sorted(patterns) if level["shuffled"] else patterns)
        ]
        letter = dict(rules)
        ending = {pattern[:-1]: pattern[-1] for pattern in patterns}
        chains = _chains(rng, hits, level["overlap"])
        needed = sum(window + chain - 1 for chain in chains)
        spare = max(level["length"] - needed, len(chains) + 1)
        cuts = sorted(rng.randrange(spare - len(chains)) for _ in chains) if chains else []
        gaps = [after - before + 1 for before, after in zip([0, *cuts], [*cuts, spare - len(chains)], strict=True)]
        text = result = ""
        for gap, chain in zip(gaps, [*chains, 0], strict=True):
            for _ in range(_TRIES):
                filling = _filling(rng, text[-window + 1 :], gap, circle, ending)
                start = rng.randrange(len(circle))
                added = "".join((circle * (chain + 2))[start : start + window + chain - 1]) if chain else ""
                seam = text[-window + 1 :] + filling + added if text else filling + added
                if sum(seam.startswith(tuple(patterns), at) for at in range(len(seam))) == chain:
                    break
            else:
                raise BadInput("No such string was found.", "Lower insertions or raise letters.")
            text += filling + added
            result += filling + added[: window - 1]
            for at in range(window, len(added) + 1):
                result += added[at - 1] + letter[added[at - window : at]]
        return Draft({"text": text, "rules": rules}, result, {"unique": True, "insertions": hits})

    def ask(self, payload: Mapping[str, Any]) -> str:
        """String, patterns, and that they are looked for once, in the original."""
        rules = "\n".join(f"- behind {pattern}, insert {letter}" for pattern, letter in payload["rules"])
        return (
            "Insert letters into a string by these rules:\n\n"
            f"{rules}\n\n"
            "Every occurrence of a pattern in the original string counts, also where occurrences overlap; the letter goes "
            "directly behind the last letter of the occurrence. Inserted letters do not make or break occurrences: all of "
            "them are found in the original string first, then the letters are inserted.\n\n"
            f"The string is {payload['text']}\n\nWhat does it become?\n"
            "Write the new string between <<< and >>>, for example <<<ABCDAE>>>."
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """The string must be the one with all insertions and nothing else."""
        found, right = string(text), _inserted(payload["text"], payload["rules"])
        if found == payload["text"] != right:
            raise Refused("not_goal", "Nothing was inserted.")
        if len(found) != len(right):
            raise Refused("not_goal", f"The string has too {'many' if len(found) > len(right) else 'few'} letters.")
        if found != right:
            raise Refused("not_goal", "This is not the string with all insertions.")
        return found

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """By a pattern that looks behind at each gap between letters."""
        rules = problem.payload["rules"]
        behind = re.compile("|".join(f"(?<={pattern})()" for pattern, _ in rules))
        return [behind.sub(lambda place: rules[(place.lastindex or 0) - 1][1], problem.payload["text"])][:limit]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Insertions missed, misplaced or done again; letters lost or added."""
        text, rules = problem.payload["text"], problem.payload["rules"]
        letters = dict(rules)
        in_turn = re.sub("|".join(letters), lambda found: found[0] + letters[found[0]], text)
        before = re.sub("|".join(letters), lambda found: letters[found[0]] + found[0], text)
        last = next((at for at in range(len(text), 0, -1) if text[:at].endswith(tuple(letters))), 0)
        at = rng.randrange(len(answer))
        wrong = {
            "nothing inserted": text,
            "letter lost": answer[:at] + answer[at + 1 :],
            "letter added": answer + answer[-1],
            "two letters swapped": answer[1] + answer[0] + answer[2:],
            "last insertion missed": _inserted(text[:last][:-1], rules) + text[last - 1 :] if last else text,
            "overlapping ones skipped": in_turn,
            "inserted in front": before,
            "done twice": _inserted(answer, rules),
        }
        for kind, value in wrong.items():
            if value != answer:
                yield kind, value

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """The string from the data, the patterns from the question."""
        rules = re.findall(
            r"^[0-9]+\. If there is a substring ([A-Z]+) in the string, insert the character ([A-Z]) after that substring\.$",
            question,
            re.MULTILINE,
        )
        text = str(published["original_string"])
        if not rules or f"Given the string {text}," not in question:
            raise ValueError("The question holds no patterns or another string.")
        return {"text": text, "rules": [list(rule) for rule in rules]}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's modified string."""
        return published.get("modified_string")

    def effort(self, problem: Problem) -> float:
        """Places to compare with every pattern."""
        return float(len(problem.payload["text"]) * len(problem.payload["rules"]))

    def space(self, level: Level) -> float:
        """Filling letters and chosen patterns."""
        filling = int(level["length"]) - int(level["insertions"]) * int(level["window"])
        free = max(2, min(200, filling)) + int(level["insertions"]) // 2
        return float(int(level["letters"]) ** free)


def _chains(rng: Random, hits: int, overlap: bool) -> list[int]:
    """How many occurrences, each a letter further, stand in one piece; one piece has several where overlap is asked."""
    chains: list[int] = []
    while hits:
        chain = min(hits, rng.choice((1, 2, 3)) if overlap else 1)
        chains.append(max(chain, min(hits, 2)) if overlap and not chains else chain)
        hits -= chains[-1]
    rng.shuffle(chains)
    return chains


def _filling(rng: Random, text: str, length: int, circle: Sequence[str], ending: Mapping[str, str]) -> str:
    """Letters behind ``text`` that complete no pattern; at most one letter at a time would."""
    window = len(next(iter(ending)))
    start = len(text)
    while len(text) < start + length:
        letter = rng.choice(circle)
        if ending.get(text[-window:]) != letter:
            text += letter
    return text[start:]


def _inserted(text: str, rules: Sequence[Any]) -> str:
    """The string with its insertions, from one occurrence to the next."""
    letters: dict[str, str] = dict(rules)
    widths = sorted({len(pattern) for pattern in letters})
    pieces, last = [], 0
    for at in range(1, len(text) + 1):
        for width in widths:
            letter = letters.get(text[at - width : at]) if at >= width else None
            if letter is not None:
                pieces += [text[last:at], letter]
                last = at
    return "".join([*pieces, text[last:]])


TASK = StringInsertion()
