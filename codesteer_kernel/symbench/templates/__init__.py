"""Word problems as data: each template draws numbers, tells a story, and knows the answer in two independent ways."""

from codesteer_kernel.symbench.templates.template import Numbers, Result, Template
from codesteer_kernel.symbench.templates.worded import Worded

__all__ = ["Numbers", "Result", "Template", "Worded"]
