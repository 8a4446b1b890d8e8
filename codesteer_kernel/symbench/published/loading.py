"""Published samples as problems, in two flavours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.problem import Problem
from codesteer_kernel.symbench.published.errata import errata
from codesteer_kernel.symbench.published.layouts import Record, records
from codesteer_kernel.symbench.registry import get

__all__ = ["Flavour", "load_published", "load_record"]

Flavour = Literal["fixed", "compat"]
# Nothing right can be said where these hold.
_HOPELESS = {"no_answer", "lost_number"}


def load_published(folder: Path, task: str | None = None, flavour: Flavour = "fixed") -> Iterator[Problem]:
    """The published samples below a folder, in natural order.

    ``fixed``: our complete wording, right references; samples without a right answer are left out. ``compat``: the
    published wording and answer, right or not, and in ``facts["published"]`` the data that
    :func:`~codesteer_kernel.symbench.published.compat.score` needs. Both name what is wrong in ``facts["errata"]``.

    Args:
        folder: the published ``dataset_gather`` folder, or one that holds it.
        task: load this task's samples only.
        flavour: ``fixed`` or ``compat``.

    Raises:
        BadInput: no such folder, no known layout in it, or a sample that cannot be read.
    """
    for record in records(folder, task):
        problem = load_record(record, flavour)
        if problem is not None:
            yield problem


def load_record(record: Record, flavour: Flavour = "fixed") -> Problem | None:
    """One sample; None where the flavour leaves it out.

    Raises:
        BadInput: the sample is not of its task's published form.
    """
    task = get(record["task"])
    try:
        problem = task.load(record)
    except (KeyError, TypeError, ValueError) as fault:
        raise BadInput(f"{record['sample_id']} is not of its published form: {fault}") from fault
    defects = errata(record, problem)
    facts = {**problem.facts, "flavour": flavour, "errata": [asdict(defect) for defect in defects]}
    if flavour == "compat":
        gold = task.published(record["payload"])
        reference = problem.reference if gold is None else gold
        return replace(problem, reference=reference, facts={**facts, "published": dict(record["payload"])})
    if _HOPELESS & {defect.kind for defect in defects}:
        return None
    return replace(problem, question=task.restate(problem), facts=facts)
