"""The runs on disk: nothing that was steered is lost, nothing secret is kept.

While a run goes on, its events are appended to ``ID.jsonl`` (:mod:`.journal`), cleaned of keys (:mod:`.redaction`); when
it ends, the record is written to ``ID.json`` and the journal goes. A journal that nobody holds is a run that was lost:
it is folded and shown as far as it came. :class:`Store` lists runs quickly (:mod:`.index`), and keeps them within a size.
"""

from codesteer_kernel.store.index import RunRow
from codesteer_kernel.store.journal import Journal
from codesteer_kernel.store.keeper import Keeper
from codesteer_kernel.store.marks import Marks
from codesteer_kernel.store.store import Store

__all__ = ["Journal", "Keeper", "Marks", "RunRow", "Store"]
