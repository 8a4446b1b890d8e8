"""What a dry run shows: every request that would leave, word for word, to whom, and what stays. Keys are replaced."""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec

from codesteer_kernel.egress import Letter, offline
from codesteer_kernel.steering.rehearsal import Asked
from codesteer_kernel.store.redaction import known_secrets

__all__ = ["KEY", "dry_run_json", "dry_run_text"]

KEY = "[key]"
"""What stands in the place of a key."""

_KEY_HEADERS = {"authorization", "x-api-key", "api-key", "proxy-authorization", "cookie"}


def dry_run_json(asked: Iterable[Asked]) -> str:
    """The same as data: a list of who would be asked, ``letter.body`` the very text of the request."""
    return json.dumps([msgspec.to_builtins(_without_keys(one)) for one in asked], indent=1, ensure_ascii=False)


def dry_run_text(asked: Iterable[Asked]) -> str:
    """What would be sent, for people."""
    shown = [_without_keys(one) for one in asked]
    sent = [one for one in shown if one.letter is not None]
    lines = ["Dry run: nothing was sent, loaded, run or kept."]
    lines += [f"Offline mode is {'on' if offline() else 'off'}. Requests known before the first answer: {len(sent)}."]
    for number, one in enumerate(sent, 1):
        assert one.letter is not None
        lines += ["", f"{number}. {_who(one)}", f"{one.letter.method} {one.letter.url}"]
        lines += [f"{name}: {value}" for name, value in one.letter.headers.items()]
        lines += ["", _body(one.letter)] if one.letter.body else []
    others = dict.fromkeys(_other(one) for one in shown if one.letter is None)
    lines += ["", *others] if others else []
    if any(one.role == "host" and one.letter and one.letter.url.endswith("/models") for one in shown):
        lines += ["", "A host that serves one of these models gets its requests instead."]
    if any(one.role != "host" for one in sent):
        lines += [
            "",
            "Later requests hold the same, the models' answers, and what programs printed (bounded, see the docs).",
        ]
    return "\n".join(lines)


def _who(one: Asked) -> str:
    when = f", if the first decision is {one.when}" if one.when else ""
    return f"To the {one.role} {one.model}".rstrip() + when


def _other(one: Asked) -> str:
    if one.way == "plug-in":
        return f"The {one.role} {one.model} is a plug-in's: what it sends, and to whom, only its maker can say."
    fetches = f" Its files would be fetched first, from {one.fetches}." if one.fetches else ""
    return f"The {one.role} {one.model} answers on this machine: no request of it leaves.{fetches}"


def _body(letter: Letter) -> str:
    try:
        return json.dumps(json.loads(letter.body), indent=2, ensure_ascii=False)
    except ValueError:
        return letter.body


def _without_keys(one: Asked) -> Asked:
    if one.letter is None:
        return one
    secrets = sorted(known_secrets(), key=len, reverse=True)

    def cleaned(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, KEY)
        return text

    headers = {
        name: KEY if name.lower() in _KEY_HEADERS else cleaned(value) for name, value in one.letter.headers.items()
    }
    letter = msgspec.structs.replace(
        one.letter, url=cleaned(one.letter.url), headers=headers, body=cleaned(one.letter.body)
    )
    return msgspec.structs.replace(one, letter=letter)
