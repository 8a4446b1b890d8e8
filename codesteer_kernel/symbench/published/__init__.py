"""The published samples: their layouts on disk, what is known to be wrong with them, how they were scored."""

from codesteer_kernel.symbench.published.compat import Score, Switches, score
from codesteer_kernel.symbench.published.errata import Defect, errata
from codesteer_kernel.symbench.published.layouts import Record, records
from codesteer_kernel.symbench.published.loading import Flavour, load_published, load_record

__all__ = [
    "Defect",
    "Flavour",
    "Record",
    "Score",
    "Switches",
    "errata",
    "load_published",
    "load_record",
    "records",
    "score",
]
