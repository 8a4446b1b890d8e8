"""Self-estimate: the target says how sure it is of code and of text, and answers the way it is surer of.

A proposal of the paper before CodeSteer (codesteer.md, section 5): no column of the published table.
"""

from __future__ import annotations

import re

from codesteer_kernel.evaluation.method import Method
from codesteer_kernel.evaluation.methods.asking import by_program, in_words, request, turn
from codesteer_kernel.record import Decision
from codesteer_kernel.steering.acts import Acts, Ending
from codesteer_kernel.steering.procedure import Procedure
from codesteer_kernel.steering.support import last

__all__ = ["SELF_ESTIMATE", "read_estimate"]

_SCORE = r"\b{}\b\W{{0,4}}(\d+(?:\.\d+)?)"
_ESTIMATE_TOKENS = 64


def read_estimate(raw: str) -> Decision:
    """The way that a reply is surer of; code where they are even or it cannot be read, as a program can be seen to fail."""
    scores = {}
    for kind in ("code", "text"):
        found = re.findall(_SCORE.format(kind), raw, re.IGNORECASE)
        if not found:
            reason = f"The reply has no number for {kind}; code is the safe choice."
            return Decision(kind="code", source="fallback", reason=reason, raw=raw)
        scores[kind] = float(found[-1])
    reason = f"Sure of code by {scores['code']:g}, of text by {scores['text']:g} of 10."
    return Decision(kind="text" if scores["text"] > scores["code"] else "code", source="model", reason=reason, raw=raw)


async def _self_estimate(acts: Acts, rounds: int) -> Ending:
    acts.enter("choosing")
    asked = request(acts, [turn(acts, "estimate")], max_tokens=_ESTIMATE_TOKENS)
    reply = await acts.calls.stream(acts.roles.target, asked, role="target", purpose="estimate")
    decision = read_estimate(reply.text)
    if decision.kind == "code":
        await by_program(acts, [turn(acts, "code")], decision)
    else:
        await in_words(acts, [turn(acts, "text")], decision)
    return Ending("done")


SELF_ESTIMATE = Method(
    name="self-estimate",
    title="Self-estimate",
    about="the target scores its confidence in code and in text, then answers the way it is surer of; two calls",
    procedure=Procedure("self-estimate", _self_estimate, last),
)
