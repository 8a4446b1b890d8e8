"""Record -> HTML, Markdown, plain text, notebook, program: a run where our own view does not draw it. Pure functions."""

from codesteer_kernel.render.bundle import mime_bundle
from codesteer_kernel.render.charts import chart_bundles
from codesteer_kernel.render.html import to_html, to_page
from codesteer_kernel.render.markdown import to_markdown
from codesteer_kernel.render.notebook import to_notebook
from codesteer_kernel.render.program import to_program
from codesteer_kernel.render.telling import telling
from codesteer_kernel.render.text import printable, round_lines, to_text

__all__ = [
    "chart_bundles",
    "mime_bundle",
    "printable",
    "round_lines",
    "telling",
    "to_html",
    "to_markdown",
    "to_notebook",
    "to_page",
    "to_program",
    "to_text",
]
