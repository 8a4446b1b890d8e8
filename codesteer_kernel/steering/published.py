"""The published protocol between the loop and its models, as pure functions (codesteer.md, sections 1.2 to 1.7).

Both the dialect of the published weights and the faithful loop speak it. The words come from ``codesteer_v1.toml``.
"""

from __future__ import annotations

import re
from typing import Literal

from codesteer_kernel.checkers.published import Published
from codesteer_kernel.record import Execution
from codesteer_kernel.steering.prompts import Prompts

__all__ = ["first_block", "read_signal", "told_execution", "told_review", "told_symbolic"]

Signal = Literal["code", "text", "return", "terminate", "guidance"]

# Section 1.4: the first block with this very fence counts, no other.
_BLOCK = re.compile(r"```python\n(.*?)\n```", re.DOTALL)
# Section 1.4: longer outputs gave way to a note. 2,000 tokens there; four characters are about a token.
_OUTPUT_CHARS = 8_000


def first_block(text: str) -> str | None:
    """The program that the published loop runs: the first block, where its fence is exactly as expected."""
    found = _BLOCK.search(text)
    return found[1] if found else None


def read_signal(raw: str) -> Signal:
    """What the published loop takes a steerer's reply for: words anywhere in it, in this order (section 1.5)."""
    if "<<<Code>>>" in raw:
        return "code"
    if "<<<Text>>>" in raw:
        return "text"
    if "Return Answer" in raw:
        return "return"
    return "terminate" if "Terminate" in raw else "guidance"


def told_execution(prompts: Prompts, execution: Execution) -> str:
    """What is added to an answer once its program has run."""
    if execution.status == "timeout" and not execution.stdout:
        return prompts.text("executed_errors", errors=_errors(execution))
    if len(execution.stdout) + len(execution.stderr) > _OUTPUT_CHARS:
        return prompts.text("executed_long")
    return prompts.text("executed", output=execution.stdout, errors=_errors(execution))


def told_review(prompts: Prompts, response: str, check: str, symbolic: str | None) -> str:
    """The evidence of one round; ``symbolic`` is None where there was no program."""
    if symbolic is None:
        return prompts.text("review_text", response=response, check=check)
    return prompts.text("review_code", response=response, check=check, symbolic=symbolic)


def told_symbolic(prompts: Prompts, rated: Published) -> str:
    """The summary of the published symbolic checker, section by section."""
    if rated.fault:
        return rated.fault + prompts.text("too_simple")
    lines: list[str] = []
    for title, kinds in (
        ("search", ("loop", "itertools")),
        ("symbolic", ("eval", "format")),
        ("numeric", ("operator",)),
    ):
        found = [prompts.text(f"symbolic.{reason}") for reason in rated.reasons if reason in kinds]
        if found:
            lines += [prompts.text(f"symbolic.{title}"), *found]
    lines.append(prompts.text("symbolic.score", score=str(rated.score)))
    return "\n".join(lines) + (prompts.text("too_simple") if rated.too_simple else "")


def _errors(execution: Execution) -> str:
    if execution.status == "timeout":
        return f"{execution.stderr}\n{execution.error}"
    return execution.stderr or execution.error
