"""The score of a program and what is said of it. ``docs/symbolic.md`` has the table of points for people."""

from __future__ import annotations

import msgspec

from codesteer_kernel.checkers.symbolic.caching import reads_cache
from codesteer_kernel.checkers.symbolic.counterfactual import follows_truths, only_copies
from codesteer_kernel.checkers.symbolic.judging import Findings, judge
from codesteer_kernel.checkers.symbolic.question import Question
from codesteer_kernel.checkers.symbolic.source import Source, read
from codesteer_kernel.checkers.symbolic.spelling import mend_names
from codesteer_kernel.checkers.symbolic.statements import flow_of
from codesteer_kernel.checkers.symbolic.swapping import shows_swapped
from codesteer_kernel.record import Symbolic

__all__ = ["COMPUTES", "GIVEN", "METHOD_POINTS", "MOST", "PER_COMPLEXITY", "TOO_SIMPLE", "UNREAD", "rate"]

# A program at or under it deserves a second look, as in the published checker (score <= 2).
TOO_SIMPLE = 2.0
MOST = 10.0
# Something is worked out and reaches the output: above TOO_SIMPLE, however short the program.
COMPUTES = 2.5
# Nothing is worked out, but what is shown comes from outside the program.
GIVEN = 1.0
# What was read of a long program works nothing out; what was not read may.
UNREAD = 2.5
METHOD_POINTS = {
    "constraint solver": 4.0,
    "symbolic algebra": 3.5,
    "dynamic programming": 3.5,
    "search": 3.0,
    "recursion": 2.5,
    "nested loops": 2.0,
    "simulation": 2.0,
    "iteration": 1.5,
    "comprehension": 1.0,
    "data frames": 1.5,
    "numeric": 1.0,
    "dates": 1.0,
    "text": 0.5,
    "aggregation": 1.0,
    "branching": 0.5,
    "functions": 0.5,
    "arithmetic": 0.5,
}
# Points for each unit of effective complexity, and the most they can come to.
PER_COMPLEXITY = (0.25, 1.5)
# Lines of endless loops that are named.
_NAMED = 5


def rate(program: str, question: str = "", *, cut: bool = False) -> Symbolic:
    """Rate ``program`` as an answer to ``question`` (empty: not known). Never raises, and never hands the program to Python.

    ``cut``: the program is known to be cut off; work that would have reached the missing output counts then.

    Deterministic, and blind to comments, layout and the names of variables (but for truth values that
    are called after somebody of whom the question says whether he lies, bits that it states by name, and a name that is
    nowhere bound, which may be another one misspelt). Of a program longer than ``MOST_READ``
    characters only the beginning and the end are judged: it is then ``partial``, never suspicious, never too simple.
    """
    source = read(program)
    partial = bool(source.fault) or source.unread > 0
    cut = cut or source.cut
    asked = Question(question)
    found = judge(flow_of(source.tree), asked, broken=partial, cut=cut, begun=source.begun)
    if not found.works and mend_names(source.tree):
        found = judge(flow_of(source.tree), asked, broken=partial, cut=cut, begun=source.begun)
    if source.transcript:
        # What it would run, its writer says, gave what stands below.
        found = msgspec.structs.replace(
            found, works=False, shows=True, outside=False, idle=False, methods=[], loops=[], branches=0
        )
    elif asked.tells_swaps and not partial and shows_swapped(source.tree):
        # Exchanges are what is asked for, though nothing is made by them.
        if not found.works:
            found = msgspec.structs.replace(found, works=True, idle=False, methods=["simulation"])
    elif found.works and not partial and not cut and (only_copies(source.tree) or reads_cache(source.tree)):
        # Whatever it does, it shows what it was written with.
        found = msgspec.structs.replace(found, works=False, idle=True, methods=[], loops=[], branches=0)
    elif (
        found.shows and not found.works and not partial and follows_truths(source.tree, asked.tells_of, asked.tells_bit)
    ):
        # It reasons from a truth that the question states, which looks like any other literal.
        found = msgspec.structs.replace(found, works=True, idle=False, methods=["branching"])
    complexity = sum(depth * count for depth, count in enumerate(found.loops, 1)) + found.branches
    # What does not run shows nothing: that is for the run to say.
    suspicious = found.shows and not found.works and not found.outside and (source.transcript or not partial)
    return Symbolic(
        score=_score(found, source, complexity),
        methods=found.methods,
        suspicious=suspicious,
        note=_note(found, source, suspicious),
        loops=found.loops,
        branches=found.branches,
        complexity=complexity,
        endless=found.endless[:_NAMED],
        partial=partial,
    )


def _score(found: Findings, source: Source, complexity: int) -> float:
    if not found.works:
        if source.unread:
            return UNREAD
        return GIVEN if found.outside else 0.0
    each, most = PER_COMPLEXITY
    points = COMPUTES + sum(METHOD_POINTS[method] for method in found.methods) + min(most, each * complexity)
    return min(MOST, points)


def _note(found: Findings, source: Source, suspicious: bool) -> str:
    """A few plain sentences."""
    sentences = []
    if source.fault:
        place = f" in line {source.line}" if source.line else ""
        rest = "; what can be read was judged" if source.tree.body else ""
        sentences.append(f"The program does not parse{place} ({source.fault}){rest}.")
    if source.unread:
        sentences.append(f"The program is long: {source.unread:,} characters in its middle were not judged.")
    if source.unread and not found.works:
        sentences.append("What was judged works nothing out.")
    elif found.works:
        by = f": {', '.join(found.methods)}" if found.methods else ""
        sentences.append(f"The program computes its answer{by}.")
    elif source.transcript:
        sentences.append("The program is the transcript of a session: its results are typed in.")
    elif suspicious:
        sentences.append("The program prints what it was written with: nothing is computed.")
    elif found.outside:
        sentences.append("The program only passes on what it is given.")
    elif source.tree.body:
        sentences.append("The program computes nothing that it shows or keeps.")
    if found.idle:
        sentences.append("What it works out does not reach its output.")
    if found.foreign and suspicious:
        sentences.append("The question does not state what is printed, so it comes from nowhere.")
    if found.endless:
        lines = ", ".join(map(str, found.endless[:_NAMED]))
        sentences.append(f"Nothing ends the loop in line {lines}.")
    return " ".join(sentences)
