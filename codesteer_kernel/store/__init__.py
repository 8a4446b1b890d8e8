"""The journal of runs on disk: nothing that was steered is lost.

While a run goes on, its events are appended to ``ID.jsonl``; when it ends, the record is written to ``ID.json`` and
the journal goes. A journal without a living writer is a run that was lost: it is folded and shown as far as it came.
"""

from codesteer_kernel.store.journal import Journal, RunRow, Store
from codesteer_kernel.store.keeper import Keeper

__all__ = ["Journal", "Keeper", "RunRow", "Store"]
