"""SymBench: tasks that generate, verify and solve their own problems.

:func:`get` gives a :class:`Task` by name. ``task.generate(seed, level)`` makes a :class:`Problem` (a question, the data
behind it, a right answer), ``task.verify(problem, answer)`` judges what a model wrote and says why, ``task.solve``
finds right answers by another way than the generator, ``task.load`` reads a published sample. Everything is pure,
seeded by hashes and needs the standard library only. One task a file in :mod:`.tasks`; :mod:`.reading` reads answers in
any sensible layout, :mod:`.extraction` finds them in a model's text.
"""

from codesteer_kernel.symbench.extraction import Extraction, extract
from codesteer_kernel.symbench.knobs import Knob
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused, Verdict
from codesteer_kernel.symbench.registry import get, tasks
from codesteer_kernel.symbench.task import Task

__all__ = [
    "Draft",
    "Extraction",
    "Knob",
    "Level",
    "Problem",
    "Refused",
    "Task",
    "Verdict",
    "extract",
    "get",
    "tasks",
]
