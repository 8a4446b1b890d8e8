"""How the site is built: ``make docs``, or ``python -m sphinx -W docs out/site``.

Sphinx, because notebooks are pages of it (myst-nb draws their saved outputs, by the records' own HTML, without a kernel and
without a script), because it checks every link and anchor within the site, and because our docstrings are written for it.
Nothing of the site is loaded from another host; a test reads the built pages for that.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ipython_pygments_lexers import IPython3Lexer
from sphinx.highlighting import lexers

from codesteer_kernel import __version__

sys.path.insert(0, str(Path(__file__).parent))

project = "codesteer"
author = "the codesteer contributors"
version = release = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "myst_nb",
    "_extension",
]
exclude_patterns = ["_extension", "symbench"]

# Links to headings, as GitHub makes them; every one that leads nowhere is a warning, and so an error.
myst_heading_anchors = 4
myst_enable_extensions = ["html_image"]
# Notebooks show what they were saved with: the tests execute them (tests/examples).
nb_execution_mode = "off"
# Python in these pages is what a cell may hold, magics included.
lexers["python"] = IPython3Lexer()
# Options begin with two hyphens, not with a dash.
smartquotes = False

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_google_docstring = True
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = f"codesteer {version}"
html_static_path = ["_static"]
html_css_files = ["codesteer.css"]
html_copy_source = False
