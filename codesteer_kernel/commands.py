"""What ``%codesteer NAME`` and ``codesteer NAME`` show: the same text in a notebook and in a shell."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence

from traitlets.config import Config

from codesteer_kernel.config import cache_dir, default_threads, runs_bytes
from codesteer_kernel.configuring import CodeSteer, config_files
from codesteer_kernel.models.aliases import own_names
from codesteer_kernel.policy import policy
from codesteer_kernel.record import Record
from codesteer_kernel.run import Engine, engine
from codesteer_kernel.steering.dialects import DIALECTS
from codesteer_kernel.steering.prompts import load_prompts
from codesteer_kernel.store import Store

__all__ = ["config_text", "diff_text", "prompts_text", "runs_text", "status_text", "table"]


def config_text(defaults: CodeSteer) -> str:
    """Every default that runs start from, where they come from, and what the administrator limits."""
    usual = CodeSteer(config=Config())
    rows = [("SETTING", "VALUE", "")]
    for name in sorted(defaults.trait_names(config=True)):
        value = getattr(defaults, name)
        changed = name in usual.trait_names() and value != getattr(usual, name)
        rows.append((f"CodeSteer.{name}", repr(value), f"usually {getattr(usual, name)!r}" if changed else ""))
    files = [str(path) for path in config_files() if path.is_file()]
    lines = [table(rows), "", f"Configuration files: {', '.join(files) or 'none'}"]
    lines.append(
        f"Folders they are looked for in: {', '.join(dict.fromkeys(str(path.parent) for path in config_files()))}"
    )
    own = own_names()
    lines.append(f"Aliases and profiles: {own.path} ({len(own.models)} and {len(own.profiles)})")
    rules = policy()
    lines.append(f"Limits of the administrator: {', '.join(map(str, rules.files)) or 'none'}")
    return "\n".join([*lines, *(f"  {line}" for line in rules.lines())])


def diff_text(one: Record, other: Record) -> str:
    """Two runs side by side: how they ended, what they cost, and their programs as a unified diff."""
    facts: list[tuple[str, Callable[[Record], str]]] = [
        ("question", lambda record: _cut(" ".join(record.question.prompt.split()), 44)),
        ("target", lambda record: record.models.target),
        ("steerer", lambda record: record.models.steerer),
        ("status", lambda record: record.status),
        ("answer", lambda record: _cut(" ".join(record.answer.text.split()), 44) if record.answer else ""),
        ("support", lambda record: record.support.level if record.support else ""),
        ("decisions", lambda record: " ".join(this.decision.kind for this in record.rounds)),
        ("tests", lambda record: " ".join(this.self_answer.verdict for this in record.rounds if this.self_answer)),
        ("seconds", lambda record: f"{record.timing.seconds:.1f}"),
        ("tokens", lambda record: f"{record.usage.input_tokens + record.usage.output_tokens:,}"),
        ("cost", lambda record: "unknown" if record.usage.cost is None else f"${record.usage.cost:.4f}"),
    ]
    rows = [("", one.id, other.id), *((name, fact(one), fact(other)) for name, fact in facts)]
    codes = [(record.answer.code or "" if record.answer else "").splitlines() for record in (one, other)]
    lines = difflib.unified_diff(codes[0], codes[1], one.id, other.id, lineterm="")
    return "\n".join([table(rows), "", *lines]).rstrip()


def prompts_text() -> str:
    """The prompt files in force: name, version and hash, as records name them."""
    rows = [("FOR", "PROMPTS")]
    rows += [(name, load_prompts(name.replace("-", "_")).stamp) for name in (*DIALECTS, "target")]
    return table(rows)


def runs_text(store: Store | None = None, limit: int = 20) -> str:
    """The newest runs, a line each."""
    found = (store or Store()).rows(limit)
    if not found:
        return "No run was journalled yet: run a %%codesteer cell, or codesteer solve."
    rows = [("RUN", "STATUS", "ROUNDS", "SECONDS", "QUESTION", "ANSWER")]
    rows += [
        (
            f"{row.id}{' *' if row.kept else ''}",
            row.status,
            str(row.rounds),
            f"{row.seconds:.1f}",
            _cut(row.prompt, 48),
            _cut(row.answer, 32),
        )
        for row in found
    ]
    return table(rows) + ("\n\n* pinned or rated: never removed to make room." if any(r.kept for r in found) else "")


def status_text(host: Engine | None = None) -> str:
    """What goes on in this process, which local models are loaded on this machine, where files are kept."""
    from codesteer_kernel.models.discovery import running_hosts
    from codesteer_kernel.models.hosts import running

    live = (host or engine()).live
    loaded = [f"  {one.model}, process {one.pid}" for one in running()]
    served = [f"  {one.name} ({one.model}) at {one.address}, process {one.pid}" for one in running_hosts()]
    lines = [f"Runs going on here: {', '.join(one.id for one in live) or 'none'}"]
    lines += ["Local models loaded on this machine:", *(loaded or ["  none"])]
    lines += ["Hosts on this machine:", *(served or ["  none"])]
    lines.append(f"Threads for local models: {default_threads()}")
    lines.append(f"Weights and logs: {cache_dir()}")
    store = Store()
    count, size = store.size()
    lines.append(f"Journal of runs: {store.folder} ({count} runs, {size / 1e6:,.1f} of {runs_bytes() / 1e6:,.0f} MB)")
    return "\n".join(lines)


def table(rows: Sequence[Sequence[str]]) -> str:
    """The rows as text, columns aligned."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."
