"""The methods, one small file each; :func:`method` finds one by name."""

from __future__ import annotations

from codesteer_kernel.errors import UnknownName, nearest
from codesteer_kernel.evaluation.method import Method
from codesteer_kernel.evaluation.methods.ablations import ABLATIONS
from codesteer_kernel.evaluation.methods.all_code_cot import ALL_CODE_COT
from codesteer_kernel.evaluation.methods.all_text_cot import ALL_TEXT_COT
from codesteer_kernel.evaluation.methods.autogen_concat import AUTOGEN_CONCAT
from codesteer_kernel.evaluation.methods.code_interpreter import CODE_INTERPRETER
from codesteer_kernel.evaluation.methods.code_text_choice import CODE_TEXT_CHOICE
from codesteer_kernel.evaluation.methods.code_text_sum import CODE_TEXT_SUM
from codesteer_kernel.evaluation.methods.codesteer import CODESTEER
from codesteer_kernel.evaluation.methods.codesteer_faithful import CODESTEER_FAITHFUL
from codesteer_kernel.evaluation.methods.first_answers import FIRST_ANSWERS
from codesteer_kernel.evaluation.methods.only_question import ONLY_QUESTION
from codesteer_kernel.evaluation.methods.policies import POLICY_METHODS
from codesteer_kernel.evaluation.methods.self_estimate import SELF_ESTIMATE
from codesteer_kernel.evaluation.methods.symbolic_agent import SYMBOLIC_AGENT

__all__ = ["METHODS", "method"]

METHODS: dict[str, Method] = {
    one.name: one
    for one in (
        ONLY_QUESTION,
        ALL_TEXT_COT,
        ALL_CODE_COT,
        CODE_TEXT_CHOICE,
        CODE_TEXT_SUM,
        SELF_ESTIMATE,
        AUTOGEN_CONCAT,
        CODE_INTERPRETER,
        SYMBOLIC_AGENT,
        CODESTEER,
        CODESTEER_FAITHFUL,
        *ABLATIONS,
        *FIRST_ANSWERS,
        *POLICY_METHODS,
    )
}


def method(name: str) -> Method:
    """The method of that name.

    Raises:
        UnknownName: there is none.
    """
    if name not in METHODS:
        raise UnknownName(f"There is no method {name!r}.", nearest(name, METHODS) or f"Known: {', '.join(METHODS)}.")
    return METHODS[name]
