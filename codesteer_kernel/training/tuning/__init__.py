"""Tuning a steerer with TRL and PEFT: rows to tokens (``encoding``), the two trainers (``sft``, ``dpo``), their settings,
what watches over them, and the card that tells of them.

Needs the extra ``train``; torch and the trainers are loaded by the modules that use them, not by this door.
"""

from codesteer_kernel.training.tuning.settings import TuneSettings, read_settings

__all__ = ["TuneSettings", "read_settings"]
