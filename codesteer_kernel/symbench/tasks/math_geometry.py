"""MATH Geometry: lengths, areas, volumes, angles and points with exact answers."""

from __future__ import annotations

from codesteer_kernel.symbench.knobs import whole
from codesteer_kernel.symbench.templates.geometry import TEMPLATES
from codesteer_kernel.symbench.templates.mathematics import Mathematics
from codesteer_kernel.symbench.templates.worded import knobs_for

__all__ = ["TASK"]


class MathGeometry(Mathematics):
    """Word problems of school geometry; the solver works with coordinates, sections, counting or equations."""

    name = "math_geometry"
    paper_name = "MATH Geometry"
    split = "seen"
    version = "1"
    about = "Solve a problem of school geometry exactly."
    rule = "The answer equals the right one exactly, in any notation of fractions, roots and pi."
    templates = TEMPLATES
    room = 20.0
    knobs = knobs_for([*TEMPLATES.values()], whole(120, 10, 500, "about the largest length in the question"))
    levels = {
        "1": {"steps": 1, "size": 30},
        "2": {"steps": 2, "size": 60},
        "3": {"steps": 3, "size": 100},
        "4": {"steps": 4, "size": 200},
        "5": {"steps": 5, "size": 400},
        "paper-train": {"steps": 0, "size": 40},
        "wide": {"steps": 0, "size": 500},
    }


TASK = MathGeometry()
