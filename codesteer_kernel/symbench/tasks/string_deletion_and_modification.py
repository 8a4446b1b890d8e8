"""String Deletion and Modification: rules rewrite a string until none applies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.knobs import option, whole
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.strings import string
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

# A rule: where it looks ("start", "end", "first", "later", "even", "longer"), for what, what is put instead, and what is
# done to the whole string then: ["append", letters], ["prepend", letters], ["drop"] or [].
_Rule = Mapping[str, Any]

_SCHEDULES = {
    "restart": (
        "In every step, look through the rules from rule 1 on and apply, once, the first one whose condition holds. Then "
        "look again from rule 1 on. Stop when no condition holds."
    ),
    "once": (
        "Go down the list from rule 1 to rule {last}. Apply each rule once when you come to it, if its condition holds; "
        "otherwise skip it. After rule {last} go on with rule 1. Stop when you have gone down the whole list without "
        "applying any rule."
    ),
    "exhaust": (
        "Go down the list from rule 1 to rule {last}. When you come to a rule, apply it again and again as long as its "
        "condition holds, then go on to the next one. After rule {last} go on with rule 1. Stop when no condition holds."
    ),
}
_MOST_STEPS = 300
_LONGEST = 400
_TRIES = 3000

# The published sentences, as patterns; they are also the published set of rules.
_PUBLISHED: list[tuple[str, dict[str, Any]]] = [
    (r"If the string prefix is 'Q', replace it with 'P'\.", {"where": "start"}),
    (
        r"If the string prefix is 'Q', replace it with 'P' and append 'T' to the end\.",
        {"where": "start", "then": "append"},
    ),
    (
        r"If the string prefix is 'Q', replace it with 'P' and delete the last character\.",
        {"where": "start", "then": "drop"},
    ),
    (
        r"If the string prefix is 'Q', delete the first two characters and append 'T' to the end\.",
        {"where": "start", "keep": 0, "then": "append"},
    ),
    (r"If the string prefix is 'Q', remove the first character\.", {"where": "start", "keep": 1}),
    (r"If the string starts with 'Q', remove the first two characters\.", {"where": "start", "keep": 0}),
    (r"If the string starts with 'Q', remove the second character\.", {"where": "start", "keep": -1}),
    (r"If the string starts with 'Q', replace the first two characters with 'P'\.", {"where": "start"}),
    (r"If the string (?:suffix is|ends with) 'Q', replace it with 'P'\.", {"where": "end"}),
    (
        r"If the string suffix is 'Q', replace it with 'P' and prepend 'T' to the start\.",
        {"where": "end", "then": "prepend"},
    ),
    (r"If the string suffix is 'Q', delete the last two characters\.", {"where": "end", "keep": 0}),
    (r"If the string ends with 'Q', remove the last character\.", {"where": "end", "keep": -1}),
    (r"If the string contains 'Q', replace the first occurrence with 'P'\.", {"where": "first"}),
    (r"If the string contains 'Q', replace the first occurrence with its reverse \('P'\)\.", {"where": "first"}),
    (r"If the string contains 'Q', delete the first occurrence entirely\.", {"where": "first", "keep": 0}),
    (
        r"If the string contains 'Q' \(not at the start\), remove the first occurrence found after the first character\.",
        {"where": "later", "keep": 0},
    ),
    (
        r"If the string contains an even number of 'Q's \(and at least one 'Q'\), append 'T' at the end\.",
        {"where": "even", "then": "append"},
    ),
    (r"If the string length is greater than N, remove the middle character\.", {"where": "longer"}),
]
_PAPER: list[_Rule] = [
    {"where": "start", "what": "ab", "put": "ca", "then": []},
    {"where": "end", "what": "ac", "put": "cb", "then": []},
    {"where": "start", "what": "bc", "put": "", "then": ["append", "aa"]},
    {"where": "end", "what": "bb", "put": "", "then": []},
    {"where": "start", "what": "cb", "put": "aa", "then": ["drop"]},
    {"where": "start", "what": "ca", "put": "bb", "then": ["append", "c"]},
    {"where": "end", "what": "cc", "put": "b", "then": ["prepend", "a"]},
    {"where": "start", "what": "aa", "put": "a", "then": []},
    {"where": "first", "what": "abc", "put": "cab", "then": []},
    {"where": "first", "what": "bca", "put": "", "then": []},
    {"where": "end", "what": "ba", "put": "ab", "then": []},
    {"where": "start", "what": "cc", "put": "", "then": []},
    {"where": "first", "what": "acb", "put": "bca", "then": []},
    {"where": "end", "what": "ca", "put": "c", "then": []},
    {"where": "start", "what": "bb", "put": "b", "then": []},
    {"where": "end", "what": "aa", "put": "cc", "then": []},
    {"where": "later", "what": "ca", "put": "", "then": []},
    {"where": "even", "what": "b", "put": "", "then": ["append", "ab"]},
    {"where": "longer", "what": 15, "put": "", "then": []},
    {"where": "start", "what": "ac", "put": "zz", "then": []},
]


class StringDeletionAndModification(Task):
    """A string of a, b, c and a list of rules with a schedule; the string where no rule applies is asked."""

    name = "string_deletion_and_modification"
    paper_name = "String Deletion&Modifi."
    split = "seen"
    version = "1"
    about = "Rewrite a string by rules until none applies."
    rule = (
        "The answer is the string that is left when the rules, applied by the stated schedule, have come to their end."
    )
    knobs = {
        "length": whole(15, 3, 120, "letters of the string"),
        "rules": whole(6, 1, 14, "how many rules there are"),
        "pool": option("random", ("paper", "random"), "the published twenty rules, or rules drawn anew"),
        "steps": whole(5, 1, 60, "least number of steps to the end"),
        "schedule": option("restart", tuple(_SCHEDULES), "in which order the rules are applied"),
    }
    levels = {
        "1": {"length": 8, "rules": 3, "steps": 2},
        "2": {"length": 12, "rules": 5, "steps": 4},
        "3": {"length": 18, "rules": 6, "steps": 7},
        "4": {"length": 30, "rules": 8, "steps": 10},
        "5": {"length": 50, "rules": 10, "steps": 16},
        "once": {"schedule": "once"},
        "exhaust": {"schedule": "exhaust"},
        "paper-1": {"length": 15, "rules": 6, "steps": 4, "pool": "paper"},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """String and rules by chance, until one comes to its end late enough."""
        for _ in range(_TRIES):
            rules = rng.sample(_PAPER, level["rules"]) if level["pool"] == "paper" else _drawn(rng, level["rules"])
            text = "".join(rng.choices("abc", k=level["length"]))
            payload = {"text": text, "rules": rules, "schedule": level["schedule"]}
            # What takes much longer than asked is mostly endless.
            states, ended = _states(payload, 20 + 3 * level["steps"])
            if ended and len(states) > level["steps"] and states[-1]:
                return Draft(payload, states[-1], {"unique": True, "steps": len(states) - 1})
        raise BadInput("No string that takes so many steps was found.", "Lower steps or raise length.")

    def ask(self, payload: Mapping[str, Any]) -> str:
        """String, rules, schedule."""
        rules = "\n".join(f"{at}. {_said(rule)}" for at, rule in enumerate(payload["rules"], 1))
        return (
            f"Rewrite a string by these rules:\n\n{rules}\n\n"
            f"{_SCHEDULES[payload['schedule']].format(last=len(payload['rules']))}\n\n"
            f'The string is "{payload["text"]}". What is it at the end?\n'
            'Write it between <<< and >>>, for example <<<"cabba">>>.'
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """The string must be the last one."""
        found = string(text)
        states, ended = _states(payload)
        if not ended:
            raise Refused("not_goal", "These rules never come to an end.")
        if found != states[-1]:
            on_the_way = found in states
            raise Refused(
                "not_goal", "A rule still applies to this string." if on_the_way else "This is not the last string."
            )
        return found

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """By patterns and templates, pass by pass; an endless run has no answer."""
        payload = problem.payload
        rewriters = [_rewriter(rule) for rule in payload["rules"]]
        text, schedule = str(payload["text"]), payload["schedule"]
        budget, changed = _MOST_STEPS, True
        while changed:
            changed = False
            for rewrite in rewriters:
                after = rewrite(text)
                while after is not None:
                    text, changed, budget = after, True, budget - 1
                    if budget < 0 or len(text) > _LONGEST:
                        return []
                    after = rewrite(text) if schedule == "exhaust" else None
                if changed and schedule == "restart":
                    break
        return [text][:limit]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Strings on the way, other schedules, slips of the pen."""
        payload = problem.payload
        states, _ = _states(payload)
        at = rng.randrange(len(answer))
        wrong = {
            "nothing done": states[0],
            "one step short": states[-2] if len(states) > 1 else f"{answer}a",
            "two steps short": states[-3] if len(states) > 2 else f"{answer}b",
            "letter added": f"{answer}a",
            "letter lost": answer[:at] + answer[at + 1 :] or "b",
            "letter changed": answer[:at] + ("b" if answer[at] == "a" else "a") + answer[at + 1 :],
        }
        for schedule in _SCHEDULES:
            others, ended = _states({**payload, "schedule": schedule})
            if ended and others[-1]:
                wrong[f"schedule {schedule}"] = others[-1]
        for kind, value in wrong.items():
            if value != answer:
                yield kind, f'"{value}"'

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """String and rules from the data.

        The text leaves the schedule open; the published answers come from starting at the first rule after every step.
        """
        text = str(published["initial_string"])
        sentences = [str(sentence) for sentence in published["selected_rules"]]
        if f'For the string "{text}",' not in question or any(sentence not in question for sentence in sentences):
            raise ValueError("The question holds another string or other rules than the data.")
        return {"text": text, "rules": [_read(sentence) for sentence in sentences], "schedule": "restart"}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's final string, in quotes."""
        return f'"{published["final_string"]}"' if "final_string" in published else None

    def effort(self, problem: Problem) -> float:
        """Conditions to look at on the way."""
        states, _ = _states(problem.payload)
        return float(len(states) * len(problem.payload["rules"]))

    def space(self, level: Level) -> float:
        """Strings; some of them come to an end too early."""
        return 3.0 ** min(100, int(level["length"])) * float(level["rules"])


def _applied(rule: _Rule, text: str) -> str | None:
    """What a rule makes of a string; None where its condition does not hold."""
    where, what, put, then = rule["where"], rule["what"], rule["put"], rule["then"]
    if where == "start":
        if not text.startswith(what):
            return None
        text = put + text[len(what) :]
    elif where == "end":
        if not text.endswith(what):
            return None
        text = text[: len(text) - len(what)] + put
    elif where in ("first", "later"):
        at = text.find(what, 1 if where == "later" else 0)
        if at < 0:
            return None
        text = text[:at] + put + text[at + len(what) :]
    elif where == "even":
        count = text.count(what)
        if not count or count % 2:
            return None
    else:
        if len(text) <= what:
            return None
        text = text[: len(text) // 2] + text[len(text) // 2 + 1 :]
    if then:
        text = {"append": text + then[-1], "prepend": then[-1] + text, "drop": text[:-1]}[then[0]]
    return text


def _states(payload: Mapping[str, Any], most: int = _MOST_STEPS) -> tuple[list[str], bool]:
    """All strings from the first to the last, and whether it came to an end."""
    rules: Sequence[_Rule] = payload["rules"]
    states, at, idle = [str(payload["text"])], 0, 0
    while idle < len(rules):
        after = _applied(rules[at], states[-1])
        if after is None:
            idle += 1
            at = (at + 1) % len(rules)
            continue
        states.append(after)
        if len(states) > most or len(after) > _LONGEST:
            return states, False
        idle = 0
        if payload["schedule"] == "restart":
            at = 0
        elif payload["schedule"] == "once":
            at = (at + 1) % len(rules)
    return states, True


def _rewriter(rule: _Rule) -> Any:
    """A rule as a pattern and a template: a function from a string to the next one or None."""
    where, what, put, then = rule["where"], rule["what"], rule["put"], rule["then"]
    pattern = {
        "start": f"(?P<l>){what}(?P<r>.*)",
        "end": f"(?P<l>.*){what}(?P<r>)",
        "first": f"(?P<l>.*?){what}(?P<r>.*)",
        "later": f"(?P<l>.+?){what}(?P<r>.*)",
        "even": f"(?P<l>[^{what}]*(?:{what}[^{what}]*{what}[^{what}]*)+)(?P<r>)",
    }.get(where, "")
    front = then[-1] if then[:1] == ["prepend"] else ""
    back = then[-1] if then[:1] == ["append"] else ""

    def rewrite(text: str) -> str | None:
        half = len(text) // 2
        middle = f"(?P<l>.{{{half}}}).(?P<r>.*)" if where == "longer" and len(text) > what else "(?!)"
        found = re.fullmatch(pattern or middle, text)
        if found is None:
            return None
        after = f"{front}{found['l']}{put}{found['r']}{back}"
        return re.sub(".$", "", after) if then == ["drop"] else after

    return rewrite


def _drawn(rng: Random, count: int) -> list[_Rule]:
    """Different rules by chance; most of them do not lengthen the string."""
    rules: list[_Rule] = []
    while len(rules) < count:
        where = rng.choice(("start", "start", "end", "end", "first", "first", "first", "later", "even", "longer"))
        what: str | int = "".join(rng.choices("abc", k=rng.choice((2, 2, 3))))
        put = "".join(rng.choices("abc", k=rng.randint(0, len(str(what)))))
        then: list[str] = []
        if where in ("start", "end") and rng.random() < 0.35:
            then = rng.choice((["append", rng.choice("abc")], ["prepend", rng.choice("abc")], ["drop"]))
        if where == "even":
            what, put, then = rng.choice("abc"), "", ["append", rng.choice(("ab", "bc", "ca"))]
        elif where == "longer":
            what, put = rng.randint(8, 30), ""
        rule = {"where": where, "what": what, "put": put, "then": then}
        # One rule about length, one a letter about counts, no condition twice.
        alike = [other for other in rules if other["where"] == where and (where == "longer" or other["what"] == what)]
        if what != put and not alike:
            rules.append(rule)
    return rules


def _said(rule: _Rule) -> str:
    """A rule in words."""
    where, what, put, then = rule["where"], rule["what"], rule["put"], rule["then"]
    instead = f"replace these letters by '{put}'" if put else "remove these letters"
    found = f"replace that occurrence by '{put}'" if put else "remove that occurrence"
    said = {
        "start": f"If the string starts with '{what}', {instead}",
        "end": f"If the string ends with '{what}', {instead}",
        "first": f"If '{what}' occurs in the string, take its leftmost occurrence and {found}",
        "later": (
            f"If '{what}' occurs in the string at the second letter or later, take the leftmost such occurrence and {found}"
        ),
        "even": f"If the letter '{what}' occurs an even number of times, at least twice",
        "longer": (
            f"If the string has more than {what} letters, remove the middle one (of an even number of letters, the right one "
            "of the two in the middle)"
        ),
    }[where]
    if not then:
        return f"{said}."
    after = {
        "append": "append '{}' at the end of the string",
        "prepend": "put '{}' in front of the string",
        "drop": "remove the last letter of the string",
    }
    link = "," if where == "even" else "; then"
    return f"{said}{link} {after[then[0]].format(then[-1])}."


def _read(sentence: str) -> _Rule:
    """A published sentence as a rule.

    Raises:
        ValueError: it is none of them.
    """
    for shape, form in _PUBLISHED:
        pattern = re.sub(r"(?<=')Q(?=')", "(?P<what>[a-z]+)", shape, count=1)
        pattern = re.sub(r"(?<=')Q(?=')", "(?P=what)", pattern)
        pattern = re.sub(r"(?<=')([PT])(?=')", r"(?P<\1>[a-z]+)", pattern).replace("than N", "than (?P<what>[0-9]+)")
        found = re.fullmatch(pattern, sentence)
        if found is None:
            continue
        groups = found.groupdict()
        what = groups["what"]
        keep = form.get("keep")
        # Removing one letter of a pattern is replacing the pattern by the rest.
        kept = {None: groups.get("P") or "", 0: "", 1: what[1:], -1: what[:-1]}[keep]
        then = [form["then"], *([groups["T"]] if "T" in groups else [])] if "then" in form else []
        if form["where"] == "longer":
            return {"where": "longer", "what": int(what), "put": "", "then": []}
        return {"where": form["where"], "what": what, "put": kept, "then": then}
    raise ValueError(f"{sentence!r} is no known rule.")


TASK = StringDeletionAndModification()
