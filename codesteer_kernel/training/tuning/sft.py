"""Supervised tuning: TRL's trainer on our tokens, with the loss weighted turn by turn."""

from __future__ import annotations

from typing import Any

import torch
from trl import SFTTrainer
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from codesteer_kernel.training.tuning.encoding import IGNORED

__all__ = ["WeightedCollator", "WeightedSFTTrainer"]


class WeightedCollator(DataCollatorForLanguageModeling):  # type: ignore[misc]  # TRL's classes are untyped here
    """Batches tokens, labels and weights: padded, or, where rows were packed, one behind the other."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """The batch; ``weights`` has the shape of ``labels``."""
        self.padding_free = "seq_lengths" in examples[0]
        batch: dict[str, Any] = super().torch_call(examples)
        rows = [torch.tensor(example["weights"], dtype=torch.float32) for example in examples]
        if self.padding_free:
            rows = [torch.cat(rows)]
        weights = torch.zeros(batch["labels"].shape, dtype=torch.float32)
        for place, row in enumerate(rows):
            weights[place, : len(row)] = row
        # The first token of a packed row is nobody's to predict.
        weights[batch["labels"] == IGNORED] = 0.0
        return {**batch, "weights": weights}


class WeightedSFTTrainer(SFTTrainer):  # type: ignore[misc]
    """The mean over turns, by their weights, of the mean loss of a turn's tokens."""

    def _set_signature_columns_if_needed(self) -> None:
        self._signature_columns = ["input_ids", "labels", "weights", "seq_lengths"]

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The loss of a batch; ``num_items_in_batch`` counts tokens, which is not what is averaged here."""
        weights, labels = inputs.pop("weights"), inputs.pop("labels")
        outputs = model(**inputs, use_cache=False)
        targets = labels[:, 1:]
        losses = torch.nn.functional.cross_entropy(
            outputs.logits[:, :-1].float().transpose(1, 2), targets, ignore_index=IGNORED, reduction="none"
        )
        shares = weights[:, 1:].to(losses.device)
        loss = (losses * shares).sum() / shares.sum().clamp(min=1e-8)
        return (loss, outputs) if return_outputs else loss


def conversation_trainer(
    settings: TuneSettings, rows: Sequence[Conversation], model: Any, tokenizer: Any, folder: Path
) -> tuple[Any, tuple[int, int, int]]:
    """A trainer for conversations; and how many are learned from, held out, left out."""
    encoded, left = fitting(settings, rows, tokenizer)
    if left:
        rows = [row for row in rows if fits(row, settings, tokenizer)]
    learned, held = split(rows, settings.held_out)
    sets = [
        Dataset.from_list([msgspec.structs.asdict(encoded[place]) for place in places]) if places else None
        for places in (learned, held)
    ]
    if settings.packing:
        sets = [pack_dataset(one, settings.max_tokens) if one is not None else None for one in sets]
    trainer = WeightedSFTTrainer(
        model=model,
        args=SFTConfig(
            **arguments(settings, folder, measured=bool(held)),
            max_length=settings.max_tokens,
            dataset_kwargs={"skip_prepare_dataset": True},
        ),
        train_dataset=sets[0],
        eval_dataset=sets[1],
        processing_class=tokenizer,
        data_collator=WeightedCollator(pad_token_id=tokenizer.pad_token_id),
    )
    # What is averaged are turns, so the trainer must not divide by tokens once more.
    trainer.model_accepts_loss_kwargs = False
    return trainer, (len(learned), len(held), left)
