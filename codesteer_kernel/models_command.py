"""``codesteer models ...`` and ``%codesteer models ...``: list, show, pull, remove and check models."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec

from codesteer_kernel.commands import table
from codesteer_kernel.errors import BadInput, UnknownName, nearest
from codesteer_kernel.models.aliases import expand
from codesteer_kernel.models.catalogue import Entry, default_model, entry
from codesteer_kernel.models.prices import Price
from codesteer_kernel.models.registry import is_path
from codesteer_kernel.render import printable

__all__ = ["run_models"]

T = TypeVar("T")


def run_models(words: list[str]) -> int:
    """Carry out ``models WORDS``; prints, and returns the exit code.

    Raises:
        BadInput, UnknownName: the words name no command, option or model.
        CodeSteerError: a pull or a removal failed.
    """
    commands: dict[str, Callable[[list[str]], int]] = {
        "list": _list,
        "show": _show,
        "pull": _pull,
        "rm": _remove,
        "check": _check,
    }
    name, rest = (words[0], words[1:]) if words and not words[0].startswith("-") else ("list", words)
    if name not in commands:
        hint = f"{nearest(name, commands)} There are {', '.join(commands)}.".strip()
        raise UnknownName(f"There is no command 'models {name}'.", hint)
    return commands[name](rest)


# ---------------------------------------------------------------------------------------------------------- commands


def _list(words: list[str]) -> int:
    from codesteer_kernel.models import list_models
    from codesteer_kernel.models.endpoints import ask_all, configured

    flags, _ = _read(words, ("--endpoints", "--json"), names=0)
    rows = list_models()
    reports = _wait(ask_all(configured())) if "--endpoints" in flags else None
    if "--json" in flags:
        _print_json({"models": rows} | ({} if reports is None else {"endpoints": reports}))
        return 0
    lines = [("MODEL", "SIZE", "HERE", "KEY", "PRICE", "NOTE")]
    for row in rows:
        size = "" if row.size is None else f"{row.size / 1e6:,.0f} MB"
        here = "" if row.downloaded is None else "yes" if row.downloaded else "no"
        key = f"{row.key_variable} ({'found' if row.key_present else 'missing'})" if row.key_variable else ""
        also = f"also {', '.join(row.aliases)}" if row.aliases else ""
        note = "; ".join(part for part in (row.note, also) if part)
        lines.append((f"{row.name}{' *' if row.default else ''}", size, here, key, _price(row.price), note))
    print(printable(table(lines)))
    print("\n* the embedded default. Prices: US dollars per million tokens read / written; none: not known.")
    print("Any model id of a provider is accepted. What servers have: codesteer models --endpoints")
    if reports is not None:
        shown = [("ENDPOINT", "ADDRESS", "MODELS")]
        for one in reports:
            ids = ", ".join(
                f"{model.id} ({model.context:,} tokens)" if model.context else model.id for model in one.models
            )
            shown.append((one.name, one.base_url, one.fault or ids or "none"))
        print("\n" + printable(table(shown)))
    return 0


def _show(words: list[str]) -> int:
    from codesteer_kernel.models.card import card

    flags, names = _read(words, ("--json",), names=1)
    known = card(names[0])
    if "--json" in flags:
        _print_json(known)
        return 0
    facts: list[tuple[str, str]] = [("model", known.name)]
    if known.via:
        facts.append(("your name", " -> ".join(known.via)))
    if known.address:
        facts.append(("address", known.address))
    if known.key_variable:
        facts.append(("key", f"{known.key_variable} ({'found' if known.key_present else 'missing'})"))
    if known.plugin:
        facts.append(("plug-in", known.plugin))
    cost = _price(known.price) or "not known"
    if known.price is not None and "/" in cost:
        cost += f" US dollars per million tokens, {known.price.read_on}"
    facts.append(("price", cost))
    facts.append(("context", f"{known.context:,} tokens" if known.context else "what its endpoint or its files say"))
    if known.abilities is not None:
        offered = [name for name, has in msgspec.structs.asdict(known.abilities).items() if has]
        facts.append(("abilities", ", ".join(offered) or "chat"))
    if (weights := known.weights) is not None:
        here = {True: "here, verified", False: "not here, or not verified", None: "here"}[weights.verified]
        size = "no file" if weights.size is None else f"{weights.size:,} bytes, {here}"
        facts += [("file", weights.file), ("size", size)]
        facts += [(name, value) for name, value in (("sha256", weights.sha256), ("licence", weights.licence)) if value]
        if weights.hub:
            facts.append(("source", weights.hub))
        if weights.memory_needed is not None:
            free = "unknown" if weights.memory_free is None else f"{weights.memory_free / 1e9:.1f} GB"
            facts.append(("memory", f"{weights.memory_needed / 1e9:.1f} GB needed, {free} free"))
        facts.append(("loaded", "no" if weights.worker is None else f"by process {weights.worker}"))
    facts += [(name, value) for name, value in (("note", known.note), ("fault", known.fault)) if value]
    print(printable(table(facts)))
    return 0


def _pull(words: list[str]) -> int:
    from codesteer_kernel.models.pull import pull_sync

    _, names = _read(words, (), names=None)
    for model in [_weights(name) for name in names] or [default_model()[0]]:
        bar = _Bar()
        try:
            path = pull_sync(model, bar)
        finally:
            bar.end()
        print(f"{model.name} is at {path}")
    return 0


def _remove(words: list[str]) -> int:
    from codesteer_kernel.models.removal import remove_weights

    _, names = _read(words, (), names=None)
    if not names:
        raise BadInput("Nothing is named to remove.", "Write codesteer models rm NAME.")
    for model in [_weights(name) for name in names]:
        freed = remove_weights(model)
        print(f"{model.name}: {freed / 1e6:,.0f} MB freed" if freed else f"{model.name} was not here")
    return 0


def _check(words: list[str]) -> int:
    from codesteer_kernel.models.check import SECONDS, check

    seconds = SECONDS
    if "--timeout" in words:
        place = words.index("--timeout")
        given = words[place + 1 : place + 2]
        try:
            seconds = float(given[0])
        except (IndexError, ValueError):
            raise BadInput("--timeout needs a number of seconds.") from None
        words = words[:place] + words[place + 2 :]
    flags, names = _read(words, ("--json",), names=1, also=("--timeout",))
    found = _wait(check(names[0], seconds=seconds))
    if "--json" in flags:
        _print_json(found)
        return 0 if found.fault is None else 1
    if found.fault is not None:
        cure = f"\n  {found.fault.cure}" if found.fault.cure else ""
        print(
            printable(
                f"{found.name} does not work ({found.fault.cause.replace('_', ' ')}).\n  {found.fault.message}{cure}"
            )
        )
        return 1
    facts = [("loaded in", _seconds(found.load_seconds)), ("first token after", _seconds(found.first_token))]
    facts.append(("done after", _seconds(found.seconds)))
    if found.tokens_per_second is not None:
        facts.append(("speed", f"{found.tokens_per_second:g} tokens/s"))
    if found.usage is not None:
        facts.append(("tokens", f"{found.usage.input_tokens} read, {found.usage.output_tokens} written"))
    facts.append(
        ("cost", "not known" if found.cost is None else f"{found.cost:.6f} US dollars" if found.cost else "free")
    )
    facts.append(("seen", ", ".join(found.seen)))
    if found.abilities is not None:
        facts.append(
            ("offers", ", ".join(name for name, has in msgspec.structs.asdict(found.abilities).items() if has))
        )
    facts.append(("said", repr(found.text[:60]) if found.text else ""))
    print(printable(f"{found.name} works.\n" + table([(f"  {name}", value) for name, value in facts if value])))
    return 0


# ------------------------------------------------------------------------------------------------------------- words


def _read(
    words: list[str], options: tuple[str, ...], *, names: int | None, also: tuple[str, ...] = ()
) -> tuple[set[str], list[str]]:
    """The flags and names among ``words``; ``names`` is how many there must be (None: any number)."""
    flags = {word for word in words if word.startswith("--")}
    for flag in flags - set(options):
        raise UnknownName(f"There is no option {flag}.", nearest(flag, (*options, *also)))
    found = [word for word in words if word not in flags]
    if names is not None and len(found) != names:
        wanted = "no model" if names == 0 else "one model"
        raise BadInput(f"{len(found)} models are named; this command takes {wanted}.", "See codesteer help.")
    return flags, found


def _weights(name: str) -> Entry:
    """The entry of the catalogue behind ``name``: its own name, with or without ``local/``, or an alias."""
    named = expand(name).name
    provider, slash, model = named.partition("/")
    if named == "embedded":
        return default_model()[0]
    if slash and (provider != "local" or is_path(model)):
        raise BadInput(
            f"{named} keeps no weights of ours on this machine.", "Name an embedded model: codesteer models."
        )
    return entry(model if slash else named)


def _wait(work: Coroutine[Any, Any, T]) -> T:
    """The outcome of ``work``, also where this thread has an event loop that runs: a notebook's."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def _print_json(found: Any) -> None:
    print(msgspec.json.format(msgspec.json.encode(found)).decode())


def _price(known: Price | None) -> str:
    if known is None:
        return ""
    return f"{known.input:g} / {known.output:g}" if known.input or known.output else "free"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f} s"


class _Bar:
    """A progress bar on stderr; one line per tenth where stderr is no terminal."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._shown = -1

    def __call__(self, event: Any) -> None:
        share = event.done / event.total if event.total else 0.0
        step = int(share * (200 if self._terminal else 10))
        if step == self._shown:
            return
        self._shown = step
        text = f"{event.note or event.source}: {event.done / 1e6:,.0f} of {event.total / 1e6:,.0f} MB ({share:.0%})"
        if self._terminal:
            filled = int(share * 30)
            sys.stderr.write(f"\r\x1b[K[{'#' * filled}{'.' * (30 - filled)}] {text}")
        else:
            sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def end(self) -> None:
        """Finish the line."""
        if self._terminal and self._shown >= 0:
            sys.stderr.write("\n")
