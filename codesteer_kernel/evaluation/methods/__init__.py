"""The methods, one small file each; :func:`method` finds one by name."""

from __future__ import annotations

from codesteer_kernel.errors import UnknownName, nearest
from codesteer_kernel.evaluation.method import Method
from codesteer_kernel.evaluation.methods.all_code_cot import ALL_CODE_COT
from codesteer_kernel.evaluation.methods.all_text_cot import ALL_TEXT_COT
from codesteer_kernel.evaluation.methods.codesteer import CODESTEER
from codesteer_kernel.evaluation.methods.only_question import ONLY_QUESTION
from codesteer_kernel.evaluation.methods.policies import POLICY_METHODS

__all__ = ["METHODS", "method"]

METHODS: dict[str, Method] = {
    one.name: one for one in (ONLY_QUESTION, ALL_TEXT_COT, ALL_CODE_COT, CODESTEER, *POLICY_METHODS)
}


def method(name: str) -> Method:
    """The method of that name.

    Raises:
        UnknownName: there is none.
    """
    if name not in METHODS:
        raise UnknownName(f"There is no method {name!r}.", nearest(name, METHODS) or f"Known: {', '.join(METHODS)}.")
    return METHODS[name]
