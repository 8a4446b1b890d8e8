"""Steering: the loop in which a small model guides a large one to an answer, by text or by code.

:func:`steer` is the engine: a question goes in, an ordered stream of events comes out, until the run ends. The rest of
the room: ``dialects`` (how a steerer is asked and understood), ``evidence`` (what a round showed, and which decisions
it allows), ``conversation`` (what the target is told), ``extraction`` (code and short answers in text), ``support``
(which answer wins), ``procedure`` (other ways to answer, for comparisons), ``calls`` (model calls, counted and inside the budget).
"""

from codesteer_kernel.steering.loop import Roles, steer

__all__ = ["Roles", "steer"]
