"""codesteer-mini: a small trained head that turns what a steerer model reads out into decisions.

``question`` and ``situation`` read facts by rule, ``likeness`` compares them with known cases, ``file`` keeps heads and
finds the one that belongs to a model. Heads are trained by :mod:`codesteer_kernel.training.mini`; those that ship lie in ``weights``.
"""

from codesteer_kernel.steering.head.file import Head, find_head, read_head
from codesteer_kernel.steering.head.likeness import Likeness
from codesteer_kernel.steering.head.question import question_facts, readout_facts, readout_of
from codesteer_kernel.steering.head.situation import situation_facts

__all__ = [
    "Head",
    "Likeness",
    "find_head",
    "question_facts",
    "read_head",
    "readout_facts",
    "readout_of",
    "situation_facts",
]
