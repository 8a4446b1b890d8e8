"""Preference tuning: TRL's DPO on our tokens.

Its loss has no place for a pair's margin: the setting ``margin`` leaves close pairs out, and that is all it is used for.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset
from msgspec.structs import asdict
from trl import DPOConfig, DPOTrainer
from trl.trainer.dpo_trainer import DataCollatorForPreference

from codesteer_kernel.training.tuning.encoding import EncodedPair
from codesteer_kernel.training.tuning.settings import TuneSettings
from codesteer_kernel.training.tuning.trainers import Guarded, arguments, measuring

__all__ = ["GuardedDPOTrainer", "configuration", "trainer"]


class _Collator(DataCollatorForPreference):  # type: ignore[misc]  # TRL's classes are untyped here
    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        return {**super().torch_call(examples), "rows": [example["row"] for example in examples]}


class GuardedDPOTrainer(Guarded, DPOTrainer):  # type: ignore[misc]
    """DPO on pairs that are tokens already, with the rows of a bad batch named.

    Measurements have TRL's ``rewards/accuracies``: the share of held-out pairs whose chosen reply has become likelier,
    compared with the rejected one, than it was.
    """

    def _prepare_dataset(self, dataset: Dataset, *_: Any) -> Dataset:
        return dataset

    def _set_signature_columns_if_needed(self) -> None:
        self._signature_columns = ["prompt_ids", "chosen_ids", "rejected_ids", "row"]

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """TRL's loss of a batch; it must be a number."""
        inputs = dict(inputs)
        rows = inputs.pop("rows")
        found = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        if self.model.training:
            self.refuse_nonsense(found[0] if return_outputs else found, rows)
        return found


def configuration(settings: TuneSettings, folder: Path) -> DPOConfig:
    """The trainer's configuration. Made before the model is loaded, it tells loading what is spread over devices."""
    return DPOConfig(**arguments(settings, folder), max_length=settings.max_tokens, beta=settings.beta)


def trainer(
    config: DPOConfig,
    settings: TuneSettings,
    learned: Sequence[tuple[int, EncodedPair]],
    held: Sequence[tuple[int, EncodedPair]],
    model: Any,
    tokenizer: Any,
) -> GuardedDPOTrainer:
    """A trainer for preference pairs; what it is compared with is the model as it is now.

    Args:
        config: from :func:`configuration`.
        settings: the same.
        learned: pairs to learn from, with their numbers.
        held: pairs to measure on, likewise.
        model: what is tuned.
        tokenizer: the model's.
    """
    sets = [
        Dataset.from_list([{**asdict(pair), "row": number} for number, pair in rows]) if rows else None
        for rows in (learned, held)
    ]
    return GuardedDPOTrainer(
        model=model,
        args=measuring(config, held),
        train_dataset=sets[0],
        eval_dataset=sets[1],
        processing_class=tokenizer,
        data_collator=_Collator(pad_token_id=tokenizer.pad_token_id, max_length=settings.max_tokens),
    )
