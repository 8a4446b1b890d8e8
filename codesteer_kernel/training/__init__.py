"""Training: from runs to a tuned steerer.

``policies`` steer in set ways, so that runs differ; ``collecting`` makes such runs, ``trees`` branches them;
``selecting`` keeps the good ones. ``rows`` is what a trainer reads (conversations with weighted turns, preference
pairs), ``pairs`` how the paper scores them, ``published`` reads the authors' own files. ``mini`` trains the small head
of codesteer-mini.
"""

from codesteer_kernel.training.rows import Conversation, Pair, Turn

__all__ = ["Conversation", "Pair", "Turn"]
