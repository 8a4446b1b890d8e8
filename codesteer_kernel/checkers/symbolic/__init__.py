"""The symbolic checker: how much real computing a program does, read off its syntax tree. Never raises.

A program goes through four rooms. :mod:`.source` parses it, as far as it can be read. :mod:`.statements` (on
:mod:`.calls`, :mod:`.expressions`, :mod:`.variables`) makes its flow graph: every value, what it is made of and what
decides it, in one walk; :mod:`.linking` joins calls and functions. :mod:`.judging` follows what is shown back to the
facts of the question (:mod:`.question`). What it needs is noted in :mod:`.marks` and spread by :mod:`.marking`:
:mod:`.working` says which operations count, :mod:`.choosing` which choices do, :mod:`.circles` what moves with a loop,
:mod:`.calling` who calls whom; :mod:`.methods` names what was found. :mod:`.counterfactual` asks whether what is shown
follows from what is stated, and has :mod:`.interpreting` carry small programs out for that. :mod:`.rating` turns it all into
a score and words. :mod:`.library` holds what is known of Python's libraries.
"""

from __future__ import annotations

from codesteer_kernel.checkers.symbolic.rating import TOO_SIMPLE, rate

__all__ = ["TOO_SIMPLE", "rate"]
