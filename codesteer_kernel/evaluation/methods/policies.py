"""Set policies in the steerer's place, one method each: what any steerer is measured against."""

from __future__ import annotations

from functools import partial

from codesteer_kernel.evaluation.method import Method
from codesteer_kernel.steering.acts import Acts, Ending
from codesteer_kernel.steering.policies import POLICIES, Policy, Rule
from codesteer_kernel.steering.procedure import Procedure
from codesteer_kernel.steering.steered import steered

__all__ = ["POLICY_METHODS"]


async def _steered(acts: Acts, rounds: int, rule: Rule) -> Ending:
    return await steered(acts, rounds, dialect=Policy(rule, acts.question, acts.config.seed or 0))


def _method(rule: Rule) -> Method:
    name = f"policy-{rule.name}"
    title = f"Policy: {rule.name.replace('-', ' ')}"
    return Method(name=name, title=title, about=rule.about, procedure=Procedure(name, partial(_steered, rule=rule)))


POLICY_METHODS = tuple(_method(rule) for rule in POLICIES.values())
