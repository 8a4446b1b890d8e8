"""Tuning a steerer with TRL and PEFT.

``encoding`` makes tokens of rows and ``deciding`` finds the decisions among them; ``sft`` and ``dpo`` hold the two
trainers, ``trainers`` what they share, ``watching`` what looks after them; ``tune`` puts it all together; ``curves`` and
``card`` tell of it; ``pack`` makes a folder to use. ``configs/`` are settings that ship.

Needs the extra ``train``; torch and the trainers are loaded by the modules that use them, not by this door.
"""

from codesteer_kernel.training.tuning.settings import TuneSettings, read_settings

__all__ = ["TuneSettings", "read_settings"]
