"""Evaluations in a notebook: ``from codesteer import bench``. Jobs as pandas frames, the paper's table and figures of them.

A frame has a row for each attempt and may be filtered before it is drawn. Published numbers stand beside what was measured,
marked as published wherever they are shown. pandas and matplotlib (``pip install 'codesteer[eval]'``) are loaded on use.
"""

from codesteer.bench.drawing import plot_complexity, plot_cost
from codesteer.bench.frames import load, table
from codesteer.bench.running import run

__all__ = ["load", "plot_complexity", "plot_cost", "run", "table"]
