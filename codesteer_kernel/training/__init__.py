"""Training: from runs to a tuned steerer.

``collecting`` makes runs by set policies, ``growing`` and ``branching`` make trees of them; ``runs`` reads finished ones
and refuses what is for measuring, ``joining`` makes trees of those, ``gathering`` makes rows of all. ``selecting`` keeps the
good conversations. ``rows`` is what a trainer reads (conversations with weighted turns, preference pairs), ``pairs`` how the
paper scores them, ``account`` what they cost, ``published`` reads the authors' own files. ``mini`` trains the small head of
codesteer-mini, ``tuning`` tunes models.
"""

from codesteer_kernel.training.rows import Conversation, Pair, Turn

__all__ = ["Conversation", "Pair", "Turn"]
