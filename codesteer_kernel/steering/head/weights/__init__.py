"""Heads that ship with the package: one JSON file for each steerer model (see :mod:`..file`)."""

__all__: list[str] = []
