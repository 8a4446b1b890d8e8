"""MATH Counting and Probability: how many, and how likely, with exact answers."""

from __future__ import annotations

from codesteer_kernel.symbench.knobs import whole
from codesteer_kernel.symbench.templates.counting import TEMPLATES
from codesteer_kernel.symbench.templates.mathematics import Mathematics
from codesteer_kernel.symbench.templates.worded import knobs_for

__all__ = ["TASK"]


class MathCountingProbability(Mathematics):
    """Word problems of counting and chance; the solver counts step by step, enumerates, or solves equations."""

    name = "math_counting_probability"
    paper_name = "MATH Count&Probab."
    split = "seen"
    version = "1"
    about = "Solve a problem of counting or probability exactly."
    rule = "The answer equals the right one exactly, in any notation of whole numbers and fractions."
    templates = TEMPLATES
    room = 400.0
    knobs = knobs_for([*TEMPLATES.values()], whole(45, 6, 60, "about the largest number of things in the question"))
    levels = {
        "1": {"steps": 1, "size": 10},
        "2": {"steps": 2, "size": 15},
        "3": {"steps": 3, "size": 20},
        "4": {"steps": 4, "size": 30},
        "5": {"steps": 5, "size": 40},
        "paper-train": {"steps": 0, "size": 12},
        "wide": {"steps": 0, "size": 60},
    }


TASK = MathCountingProbability()
