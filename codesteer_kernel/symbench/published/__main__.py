"""Write the table of errata anew: ``python -m codesteer_kernel.symbench.published FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from codesteer_kernel.symbench.published.errata import TABLE, tabulate
from codesteer_kernel.symbench.published.layouts import records

if __name__ == "__main__":
    TABLE.write_text(tabulate(records(Path(sys.argv[1]))), encoding="utf-8")
