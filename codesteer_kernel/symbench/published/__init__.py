"""The published samples: their layouts on disk, what is known to be wrong with them, how they were scored."""

from codesteer_kernel.symbench.published.layouts import Record, records

__all__ = ["Record", "records"]
