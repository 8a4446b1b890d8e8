"""Proof that a task keeps its promises: generate, verify, solve, mutate, fuzz, compare, measure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from codesteer_kernel.symbench.models import MODELLED, answers_by_model
from codesteer_kernel.symbench.problem import Problem, canonical
from codesteer_kernel.symbench.task import Task

__all__ = ["CODES", "Proof", "blind", "duplicates", "hostile_texts", "marked", "prove", "right_by_search"]

CODES = frozenset({"ok", "empty", "unreadable", "wrong_shape", "too_long", "not_goal"})
"""The codes of verdicts besides ``rule:<name>``."""
_SEARCHED = 500
_FAULTS = 20


@dataclass(slots=True)
class Proof:
    """What was tried on one task and what was found.

    Attributes:
        task: its name.
        problems: problems made, over all levels.
        solutions: the solver's answers that were verified.
        mutants: mutants that were refused.
        kinds: fewest kinds of refused mutants at a level.
        spared: mutants that were accepted and are right by the solver's own list.
        unique: problems that claim one answer, and have no second by search.
        modelled: problems on which a constraint model agrees with the task.
        modelled_seconds: what the models took.
        fuzzed: hostile texts that were judged.
        slowest: seconds of the process for the slowest verdict, over answers and hostile texts.
        efforts: mean effort by level.
        duplicates: share of repeated problems among the seeds that were tried, where they were.
        seconds: how long it took.
        faults: promises that were broken, one sentence each; empty for a task that is proven.
    """

    task: str
    problems: int = 0
    solutions: int = 0
    mutants: int = 0
    kinds: int = 0
    spared: int = 0
    unique: int = 0
    modelled: int = 0
    modelled_seconds: float = 0.0
    fuzzed: int = 0
    slowest: float = 0.0
    efforts: dict[str, float] = field(default_factory=dict)
    duplicates: float | None = None
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    def fault(self, sentence: str) -> None:
        """Keep a broken promise; the first ones are enough."""
        if len(self.faults) < _FAULTS:
            self.faults.append(sentence)


def marked(answer: str) -> str:
    """The answer as a model would write it."""
    return f"<<<{answer}>>>"


def hostile_texts() -> Iterator[tuple[str, str]]:
    """Texts that no answer looks like, and texts that look like one and are endless; by name."""
    yield "nothing", ""
    yield "blanks", " \n\t "
    yield "open marker", "<<<"
    yield "empty markers", "<<<>>>"
    yield "nested markers", "<<<<<<1>>>>>>"
    yield "no answer", "<<<No answer found>>>"
    yield "code", "<<<__import__('os').system('true')>>>"
    yield "powers", "<<<9**9**9**9**9>>>"
    yield "unicode digits", "<<<\u0663\u0664, \u0967\u0968, \u00b2\u00b3, \uff11\uff12>>>"
    yield "lone surrogate", "<<<\ud800\udfff>>>"
    yield "null", "<<<\x00\x01\x02>>>"
    yield "nan", "<<<nan, inf, -inf, NaN, 1e999, -0>>>"
    yield "long number", marked("9" * 6000)
    yield "long fraction", marked("1/" + "3" * 6000)
    yield "long exponent", "<<<1e99999999>>>"
    yield "brackets", marked("[" * 9000 + "]" * 9000)
    yield "round brackets", marked("(" * 9000 + "1" + ")" * 9000)
    yield "braces", marked("\\frac{" * 3000 + "1" + "}" * 3000)
    yield "minus signs", marked("-" * 19000 + "1")
    yield "stars", marked("*" * 19000)
    yield "commas", marked("," * 19000)
    yield "blanks between", marked("1" + " " * 19000 + "1")
    yield "quotes", marked("\"'" * 9000)
    yield "words", marked("a " * 9900)
    yield "letters", marked("a" * 19000)
    yield "numbers", marked("1 " * 9900)
    yield "sum", marked("1+" * 9900 + "1")
    yield "steps", marked("Step 1: Move A from 1 to 2\n" * 700)
    yield "json", '{"a": [[[[{}]]]], "b": null, "Agent[0.5, 0.5]": "move(box_red, target_red)"}'
    yield "megabyte of digits", "7" * 1_000_000
    yield "megabyte of markers", "<" * 500_000 + ">" * 500_000
    yield "megabyte of pairs", "<<<>>>" * 166_666
    yield "megabyte of fences", "```\n" * 250_000
    yield "megabyte of lines", "a\n" * 500_000
    yield "megabyte of blanks", " " * 1_000_000
    yield "megabyte marked", marked("1," * 499_997)


def prove(
    task: Task, count: int, seeds: int = 0, tell: Callable[[str], None] = lambda _: None, *, models: bool = False
) -> Proof:
    """Try all promises of a task on ``count`` problems at each level.

    Args:
        task: the task.
        count: problems a level, seeds 0 to count - 1.
        seeds: how many seeds are compared for duplicates; 0 for none.
        tell: called with what is looked at next.
        models: let constraint models agree where there are some; needs the ``solvers`` extra.

    Raises:
        MissingDependency: models are asked for and the extra is not installed.
    """
    proof = Proof(task.name)
    started = time.perf_counter()
    for level in task.levels:
        tell(f"{task.name} {level}")
        kinds: set[str] = set()
        efforts = 0.0
        for seed in range(count):
            problem = task.generate(seed, level)
            proof.problems += 1
            efforts += task.effort(problem)
            if task.generate(seed, level) != problem:
                proof.fault(f"Level {level}, seed {seed}: generated twice, two problems.")
            if Problem.from_json(problem.to_json()) != problem:
                proof.fault(f"Level {level}, seed {seed}: the problem does not survive JSON.")
            _answers(proof, task, problem)
            if models and task.name in MODELLED:
                _by_model(proof, task, problem)
            kinds |= _mutants(proof, task, problem, Random(seed))  # noqa: S311 - which mutants, no secret
        proof.efforts[level] = efforts / count
        proof.kinds = min(proof.kinds or len(kinds), len(kinds))
        if len(kinds) < 3:
            proof.fault(f"Level {level}: {len(kinds)} kinds of mutants were refused; three are due.")
        _hostile(proof, task, task.generate(0, level))
    _rising(proof, task)
    if seeds:
        tell(f"{task.name} duplicates")
        _distinct(proof, task, seeds)
    proof.seconds = time.perf_counter() - started
    return proof


def right_by_search(task: Task, problem: Problem, answer: str) -> bool:
    """Whether the solver's own list of right answers holds this one."""
    spelled = task.verify(problem, marked(answer)).extracted
    return spelled in {task.verify(problem, marked(other)).extracted for other in task.solve(problem, _SEARCHED)}


def duplicates(task: Task, seeds: int, level: Any = None) -> float:
    """The share of problems among those of ``seeds`` seeds that repeat an earlier one."""
    seen = {canonical(dict(task.generate(seed, level).payload)) for seed in range(seeds)}
    return 1 - len(seen) / seeds


def blind(problem: Problem) -> Problem:
    """The problem without what a solver may not know."""
    return replace(problem, reference="", facts={})


def _where(problem: Problem) -> str:
    return f"Level {dict(problem.level)}, seed {problem.seed}"


def _answers(proof: Proof, task: Task, problem: Problem) -> None:
    """Reference and solutions are right; where one answer is claimed, no second is found."""
    unique = problem.facts.get("unique") is True
    verdict = _timed(proof, task, problem, marked(problem.reference))
    if not verdict.correct:
        proof.fault(f"{_where(problem)}: the reference is refused: {verdict.reason}")
    solutions = task.solve(blind(problem), 2 if unique else 1)
    if not solutions:
        proof.fault(f"{_where(problem)}: the solver finds nothing.")
    for solution in solutions:
        found = _timed(proof, task, problem, marked(solution))
        proof.solutions += 1
        if not found.correct:
            proof.fault(f"{_where(problem)}: the solver's answer is refused: {found.reason}")
        if unique and found.extracted != verdict.extracted:
            proof.fault(f"{_where(problem)}: one answer is claimed, another is right too.")
    proof.unique += unique


def _by_model(proof: Proof, task: Task, problem: Problem) -> None:
    """A model's answers are right, and there are two exactly where the task says so."""
    started = time.perf_counter()
    answers = answers_by_model(blind(problem), 2)
    proof.modelled_seconds += time.perf_counter() - started
    for answer in answers:
        verdict = task.verify(problem, marked(answer))
        if not verdict.correct:
            proof.fault(f"{_where(problem)}: a model's answer is refused: {verdict.reason}")
    if not answers or (problem.facts.get("unique") is not None and problem.facts["unique"] != (len(answers) == 1)):
        proof.fault(f"{_where(problem)}: a model finds {len(answers)} answers where {problem.facts} is claimed.")
    proof.modelled += 1


def _mutants(proof: Proof, task: Task, problem: Problem, rng: Random) -> set[str]:
    """The kinds of mutants that are refused; one that is accepted must be right by search."""
    kinds = set()
    for kind, mutant in task.mutate(problem, problem.reference, rng):
        verdict = _timed(proof, task, problem, marked(mutant))
        if not verdict.correct:
            kinds.add(kind)
            proof.mutants += 1
        elif right_by_search(task, problem, mutant):
            proof.spared += 1
        else:
            proof.fault(f"{_where(problem)}: a mutant ({kind}) is accepted: {mutant[:80]}")
    return kinds


def _hostile(proof: Proof, task: Task, problem: Problem) -> None:
    for name, text in hostile_texts():
        verdict = _timed(proof, task, problem, text)
        proof.fuzzed += 1
        if verdict.correct and not right_by_search(task, problem, text):
            proof.fault(f"{_where(problem)}: a hostile text ({name}) is accepted.")


def _timed(proof: Proof, task: Task, problem: Problem, text: str) -> Any:
    started = time.process_time()
    verdict = task.verify(problem, text)
    proof.slowest = max(proof.slowest, time.process_time() - started)
    if verdict.code not in CODES and not verdict.code.startswith("rule:"):
        proof.fault(f"{_where(problem)}: {verdict.code!r} is no code of a verdict.")
    return verdict


def _rising(proof: Proof, task: Task) -> None:
    """The mean effort does not fall from one numbered level to the next, and rises over all."""
    means = [proof.efforts[level] for level in task.levels if level.isdigit()]
    if means != sorted(means) or means[0] >= means[-1]:
        proof.fault(f"The effort does not rise with the levels: {', '.join(f'{mean:,.0f}' for mean in means)}.")


def _distinct(proof: Proof, task: Task, seeds: int) -> None:
    """Under 1 % duplicates, or no more than chance makes in a small space."""
    proof.duplicates = duplicates(task, seeds)
    allowed = max(0.01, seeds / task.space(task.resolve()))
    if proof.duplicates > allowed:
        proof.fault(f"{proof.duplicates:.1%} of the problems of {seeds:,} seeds repeat an earlier one.")
