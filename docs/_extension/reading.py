"""Pages are written for GitHub as well: what Sphinx would read differently is put in its words."""

from __future__ import annotations

import re

__all__ = ["for_sphinx"]

_PICTURE = re.compile(
    r'<picture>\s*<source media="\(prefers-color-scheme: dark\)" srcset="(?P<dark>[^"]+)">\s*'
    r'<img alt="(?P<alt>[^"]*)" src="(?P<light>[^"]+)">\s*</picture>'
)


def for_sphinx(text: str) -> str:
    """The page as Sphinx takes it.

    A picture in two themes becomes two images, of which the theme shows one. The examples stand beside ``docs`` in the
    repository and below it on the site.
    """
    text = _PICTURE.sub(_two_images, text)
    return text.replace("../examples/", "examples/")


def _two_images(found: re.Match[str]) -> str:
    images = [
        f"```{{image}} {found[theme]}\n:alt: {found['alt']}\n:class: only-{theme}\n```" for theme in ("light", "dark")
    ]
    return "\n\n".join(images)
