"""Answers that choose: one of some lettered options, or yes and no."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from codesteer_kernel.symbench.problem import Refused

__all__ = ["lettered", "listed", "pick", "yes_or_no"]

_OPTION = re.compile(r"^\(([A-Z])\) (.+)$", re.MULTILINE)
_LEAD = re.compile(
    r"(?:the\s+)?(?:option\s+|choice\s+)?(?:[(\[]\s*)?([A-Za-z])(?:\s*[)\]]|(?=$|[\s.:,=-]))[\s.:,=-]*(.*)",
    re.IGNORECASE | re.DOTALL,
)
_AROUND = "\"'`*()[]{}<>.:,;! \t\n"


def listed(question: str) -> list[str]:
    """The texts of the options ``(A) ...`` behind the line ``Options:`` of a published question.

    Raises:
        ValueError: there are fewer than two, or their letters are not A, B, C, ...
    """
    found = _OPTION.findall(question.partition("Options:\n")[2])
    if len(found) < 2 or [letter for letter, _ in found] != [chr(65 + at) for at in range(len(found))]:
        raise ValueError("The question lists no options.")
    return [text.strip() for _, text in found]


def lettered(options: Sequence[str]) -> str:
    """The options as lines ``(A) text``."""
    return "\n".join(f"({chr(65 + at)}) {text}" for at, text in enumerate(options))


def pick(text: str, options: Sequence[str]) -> int:
    """The number of the chosen option: by its letter, its whole text, or both where they agree.

    Raises:
        Refused: ``unreadable``, or ``rule:option`` where there is no such option or letter and text disagree.
    """
    plain = re.sub(r"\\text(?:bf)?\{([^{}]*)\}", r"\1", text).strip(" \t\n\"'`*")
    spelled = [_folded(option) for option in options]
    if _folded(plain) in spelled:
        return spelled.index(_folded(plain))
    lead = _LEAD.fullmatch(plain.rstrip("."))
    if lead is None:
        raise Refused("unreadable", "This is none of the options.")
    at = ord(lead[1].upper()) - 65
    rest = _folded(lead[2])
    if not 0 <= at < len(options):
        raise Refused("rule:option", f"There is no option {lead[1].upper()}.")
    if rest and rest != spelled[at]:
        raise Refused(
            *(
                ("rule:option", "The letter and the text behind it are different options.")
                if rest in spelled
                else ("unreadable", "Behind the letter stands something that is not its option.")
            )
        )
    return at


def yes_or_no(text: str, yes: Collection[str] = (), no: Collection[str] = ()) -> bool:
    """Whether the answer is yes.

    Args:
        text: the answer: ``Yes``, ``(no)``, ``"YES"``, or one of the sentences, alone or behind the word.
        yes: sentences that say the same as the word.
        no: the same for the other word.

    Raises:
        Refused: ``unreadable`` for both, neither or more.
    """
    folded = _folded(text.strip().lstrip("-\u2022 "))
    means = {"yes": True, "no": False, **{_folded(one): True for one in yes}, **{_folded(one): False for one in no}}
    if folded in means:
        return means[folded]
    word, _, rest = folded.partition(" ")
    word, rest = word.rstrip(",.;:"), rest.lstrip(",.;:- ")
    if word in ("yes", "no") and rest in means and means[rest] == means[word]:
        return means[word]
    raise Refused("unreadable", "The answer is neither yes nor no.")


def _folded(text: str) -> str:
    return " ".join(text.casefold().split()).strip(_AROUND)
