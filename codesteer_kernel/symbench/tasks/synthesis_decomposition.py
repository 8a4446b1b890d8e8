"""Synthesis Decomposition: crops are exchanged for products until no method works."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from codesteer_kernel.symbench.knobs import option, whole
from codesteer_kernel.symbench.recipes import SCHEDULES, Method, RecipeTask

__all__ = ["TASK"]

_CROPS, _PRODUCTS = ["A", "B", "C"], ["X", "Y"]
_PAPER: dict[str, list[Method]] = {
    "paper-2": [
        {"takes": {"A": 1, "B": 1}, "gives": {"X": 1}},
        {"takes": {"A": 3}, "gives": {"X": 2}},
    ],
    "paper-3": [
        {"takes": {"A": 1, "B": 1, "C": 1}, "gives": {"X": 1}},
        {"takes": {"A": 1, "B": 1}, "gives": {"C": 2}},
        {"takes": {"C": 2}, "gives": {"X": 1}},
    ],
    "paper-4": [
        {"takes": {"A": 2, "B": 1, "C": 1}, "gives": {"X": 3}},
        {"takes": {"A": 1, "B": 1}, "gives": {"C": 2}},
        {"takes": {"C": 2, "X": 1}, "gives": {"Y": 1}},
        {"takes": {"A": 1, "X": 2}, "gives": {"Y": 1}},
    ],
}
_METHOD = re.compile(
    r"^Method ([0-9]+): (.+) can be exchanged for (.+), and this can be done only once per cycle\.$", re.MULTILINE
)
_THING = re.compile(r"([0-9]+) units? of (?:crop|product) ([ABCXY])")


class SynthesisDecomposition(RecipeTask):
    """Crops A, B, C and products X, Y; what is left and what was made."""

    name = "synthesis_decomposition"
    paper_name = "Synthesis Decompo."
    split = "unseen"
    version = "1"
    about = "Exchange crops for products by given methods until none works, and count what there is."
    rule = "All amounts agree with the methods, carried out by the stated schedule until none can be carried out."
    knobs = {
        "least": whole(5, 0, 60, "lowest amount of a kind at the start"),
        "most": whole(15, 1, 60, "highest amount of a kind at the start"),
        "recipes": option("random", (*_PAPER, "random"), "a published set of methods, or methods drawn anew"),
        "methods": whole(4, 2, 8, "how many methods are drawn"),
        "schedule": option("once", tuple(SCHEDULES), "in which order the methods are carried out"),
    }
    levels = {
        "1": {"least": 1, "most": 4, "methods": 2},
        "2": {"least": 2, "most": 8, "methods": 3},
        "3": {"least": 4, "most": 14, "methods": 4},
        "4": {"least": 8, "most": 25, "methods": 6},
        "5": {"least": 16, "most": 50, "methods": 8},
        "exhaust": {"schedule": "exhaust"},
        "restart": {"schedule": "restart"},
        "paper-1": {"least": 2, "most": 6, "recipes": "paper-2"},
        "paper-3": {"least": 2, "most": 8, "recipes": "paper-3"},
        "paper-5": {"least": 2, "most": 8, "recipes": "paper-4"},
    }

    def kit(self, recipes: str) -> tuple[list[str], list[str], list[Method]]:
        """The smaller published sets know fewer crops and products."""
        crops = _CROPS[:2] if recipes == "paper-2" else _CROPS
        products = _PRODUCTS if recipes in ("paper-4", "random") else _PRODUCTS[:1]
        return crops, products, _PAPER.get(recipes, [])

    def ask(self, payload: Mapping[str, Any]) -> str:
        """Methods, schedule, start, and the order of the amounts."""
        methods = "\n".join(
            f"Method {at}: {_listed(method['takes'])} are exchanged for {_listed(method['gives'])}."
            for at, method in enumerate(payload["methods"], 1)
        )
        names = [*payload["start"], *payload["made"]]
        example = [3, 0, 12, 1, 5][: len(names)]
        return (
            f"A farm has the crops {', '.join(payload['start'])} and can exchange them for the "
            f"product{'s' * (len(payload['made']) > 1)} {' and '.join(payload['made'])}:\n\n"
            f"{methods}\n\n"
            f"{SCHEDULES[payload['schedule']].format(last=len(payload['methods']))}\n\n"
            f"At the start there are {_listed(payload['start'])}, and no products. How much of each is there at the end?\n"
            f"Write the amounts between <<< and >>> as a list in the order {', '.join(names)}, for example <<<{example}>>>."
        )

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """Methods from the question ("product C" is crop C), the start from the data.

        The text says "once per cycle" of each method, which names the schedule.
        """
        found = _METHOD.findall(question)
        asked = re.search(r"as a list showing \[([^\]]+)\]", question)
        if asked is None or [int(number) for number, _, _ in found] != list(range(1, len(found) + 1)) or not found:
            raise ValueError("The question holds no numbered methods or no answer form.")
        start = {name: int(amount) for name, amount in published["initial_state"].items()}
        made = [name for name in re.findall(r"(?:remaining|obtained)_([A-Z])", asked[1]) if name not in start]
        methods = [{"takes": _things(takes), "gives": _things(gives)} for _, takes, gives in found]
        return {"start": start, "made": made, "methods": methods, "schedule": "once"}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's answer, which lists five amounts whether they are asked or not."""
        answer = published.get("solution", {}).get("answer")
        if answer is None:
            return None
        crops = published["initial_state"]
        products = _PRODUCTS if published["complexity"] > 4 else _PRODUCTS[:1]
        return f"[{', '.join(one for name, one in zip('ABCXY', answer, strict=True) if name in crops or name in products)}]"


def _listed(amounts: Mapping[str, int]) -> str:
    return " and ".join(f"{amount} unit{'s' * (amount > 1)} of {name}" for name, amount in amounts.items())


def _things(text: str) -> dict[str, int]:
    """``2 units of crop A and 1 unit of crop B`` as amounts; every word has to be understood."""
    if re.sub(r"\s|\band\b", "", _THING.sub("", text)):
        raise ValueError(f"{text!r} is no list of amounts.")
    return {name: int(amount) for amount, name in _THING.findall(text)}


TASK = SynthesisDecomposition()
