"""Record -> HTML, Markdown, plain text: what a run looks like where our own view does not draw it. Pure functions."""

from codesteer_kernel.render.bundle import mime_bundle
from codesteer_kernel.render.charts import chart_bundles
from codesteer_kernel.render.html import to_html
from codesteer_kernel.render.markdown import to_markdown
from codesteer_kernel.render.text import printable, round_lines, to_text

__all__ = ["chart_bundles", "mime_bundle", "printable", "round_lines", "to_html", "to_markdown", "to_text"]
