"""codesteer-mini: a small head on a steerer model's own probabilities, trained on what came of code and of text.

``outcomes`` has problems answered both ways, ``examples`` reads what came of that (and of whole steered runs),
``readings`` asks the steerer model what it reads out there. ``regression`` is the arithmetic, ``learning`` fits heads and
chooses between them by tasks held out, ``measuring`` and ``report`` say how well they decide, ``making`` does all of it.
"""

__all__: list[str] = []
