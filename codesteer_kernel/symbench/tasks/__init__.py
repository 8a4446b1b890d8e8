"""The tasks, one a module. A module's ``TASK`` is found by itself: see docs/symbench.md, "Adding a task"."""

__all__: list[str] = []
