"""From a record to a verdict: what of a run is judged, and by which rule. The same for every method; no model judges.

A run has one answer. What the winning round's program printed is judged, if it ended by itself and showed something; else
the words of that round around its program, in which models often state the answer as well. (The published scoring judged
both and counted the better one: codesteer.md, section 1.8.)

In that text the answer is what stands between ``<<<`` and ``>>>``. Where nothing does, a short text is brought into the form
that the question asks for, as our loop does with what it shows (``False`` is the No of a question for Yes or No); then the task
reads the places where models put an answer in a fixed order. The first that it can read as an answer at all is judged.
Whether a place can be read is a matter of its form alone, so that nothing is won by a second try.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Literal

from codesteer_kernel.record import Record
from codesteer_kernel.steering.extraction import SHORT_OUTPUT, without_code
from codesteer_kernel.steering.forms import Form, asked_form, shaped
from codesteer_kernel.symbench import Problem, Verdict, extract, get

__all__ = ["Origin", "judge", "judged_text"]

Origin = Literal["program", "text", "none"]

# Verdicts that say that a text is no answer to the question, rather than a wrong one.
_NO_ANSWER = {"empty", "unreadable", "wrong_shape", "too_long"}
# The questions ask for an answer "between <<< and >>>": whoever repeats that has not answered "and".
_QUOTED = re.compile(r"<<<[\s`'\"]*and[\s`'\"]*>>>")
# Where an unmarked answer may stand; the last one of each counts. First what is marked by half or by two brackets. All of
# them take time linear in the text, whatever a model repeats.
_HALF = re.compile(r"(?<!<)<<++([^<>\n]++)|(?<![^<>\n])([^<>\n]++)>>")
_BOXED = re.compile(r"\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}")
_LABEL = re.compile(
    r"^[ \t*_#>-]*(?:the )?(?:final |correct )?(?:answer|result|solution|output)\b", re.IGNORECASE | re.MULTILINE
)
_SAID = re.compile(r"\b(?:answer|result|solution)\b[^.\n]{0,80}?\b(?:is|are)\b:?[ \t]*", re.IGNORECASE)
_COLON = re.compile(r":[ \t*_]*\n")
_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
_IS = re.compile(r"\b(?:is|are|gives|equals)\b:?[ \t]+|[:=][ \t]+")
_STOP = re.compile(r"(?<=[^.\s])[.!][*)]*(?:\s|$)")
_SEARCHED = 20_000
"""So many characters at the end of an unmarked text are searched: an answer stands there."""


def judged_text(record: Record) -> tuple[str, Origin]:
    """The text that is judged: the winning round's output, else its words; the whole of it, not the result shown."""
    if record.answer is None:
        return "", "none"
    this = record.rounds[record.answer.round - 1]
    if this.execution is not None and this.execution.status == "ok":
        shown = [output.data.get("text/plain", "") for output in this.execution.outputs]
        printed = this.execution.stdout.strip() or "\n".join(filter(None, shown))
        if printed:
            return printed, "program"
    return without_code(this.answer.text) if this.answer.code is not None else this.answer.text, "text"


def judge(problem: Problem, record: Record) -> tuple[Verdict, Origin]:
    """Have the problem's own rules judge a run's answer."""
    text, origin = judged_text(record)
    text = _QUOTED.sub(" ", text)
    task = get(problem.task)
    first = task.verify(problem, text)
    if extract(text).found == "markers" or first.code not in _NO_ANSWER:
        return first, origin
    places = itertools.chain(_formed(text.strip(), problem), _places(text[-_SEARCHED:].strip()))
    verdicts = (task.verify(problem, place) for place in places)
    return next((one for one in verdicts if one.code not in _NO_ANSWER), first), origin


def _formed(text: str, problem: Problem) -> Iterator[str]:
    """A short text in the form that the question asks for, where that changes it."""
    form = asked_form(problem.question)
    if len(text) <= SHORT_OUTPUT and (formed := shaped(text, form)) != shaped(text, Form(marked=form.marked)):
        yield formed.removeprefix("<<<").removesuffix(">>>")


def _places(text: str) -> Iterator[str]:
    """Where an answer without markers may stand, likeliest first."""
    if half := _HALF.findall(text):
        yield "".join(half[-1])
    if boxed := _BOXED.findall(text):
        yield boxed[-1]
    # The label goes along: readers know it, and a heading is followed by the answer on a line of its own.
    if labels := list(_LABEL.finditer(text)):
        yield from _lengths(text[labels[-1].start() :], sentence=True)
    if said := list(_SAID.finditer(text)):
        yield from _lengths(text[said[-1].end() :], sentence=True)
    if colons := list(_COLON.finditer(text)):
        yield from _lengths(text[colons[-1].end() :])
    if bold := _BOLD.findall(text):
        yield bold[-1]
    paragraph = re.split(r"\n[ \t]*\n", text)[-1]
    line = paragraph.rpartition("\n")[2]
    yield from (paragraph, line, line[max((found.end() for found in _IS.finditer(line)), default=0) :])


def _lengths(text: str, *, sentence: bool = False) -> Iterator[str]:
    """A text to its end, its paragraph's and its line's; ``sentence``: to that of its first sentence as well."""
    text = text.strip()
    line = text.partition("\n")[0]
    yield from (text, re.split(r"\n[ \t]*\n", text, maxsplit=1)[0], line)
    if sentence:
        yield _STOP.split(line)[0]
