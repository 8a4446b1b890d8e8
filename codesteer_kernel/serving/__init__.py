"""Host a steerer for many notebooks.

``hosting`` is a host's life. Who computes: ``vllm`` as a child process where it is installed, else our own runtimes
behind ``front`` (HTTP), ``queueing`` (who is next) and ``wire`` (the OpenAI format). ``settings`` are a host's options,
``addresses`` where it listens, ``metrics`` what it counts, ``overview`` what runs, ``configs`` what others deploy.
Notebooks find hosts by :mod:`codesteer_kernel.models.discovery`.
"""

from __future__ import annotations

from codesteer_kernel.serving.command import serve_command

__all__ = ["serve_command"]
