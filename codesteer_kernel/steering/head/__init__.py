"""codesteer-mini: a small trained head that turns what a steerer model reads out into decisions.

``question`` and ``situation`` read facts by rule, ``linear`` weighs facts, ``file`` keeps heads and finds the one that
belongs to a model. Heads are trained by :mod:`codesteer_kernel.training.mini`; those that ship lie in ``weights``.
"""

from codesteer_kernel.steering.head.file import Head, find_head, read_head
from codesteer_kernel.steering.head.linear import Linear
from codesteer_kernel.steering.head.question import question_facts, readout_facts
from codesteer_kernel.steering.head.situation import situation_facts

__all__ = ["Head", "Linear", "find_head", "question_facts", "read_head", "readout_facts", "situation_facts"]
