"""Supervised tuning: TRL's trainer on our tokens, with the loss weighted turn by turn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset, Features, List, Value
from msgspec.structs import asdict
from trl import SFTConfig, SFTTrainer
from trl.data_utils import pack_dataset
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from codesteer_kernel.training.tuning.deciding import Fork
from codesteer_kernel.training.tuning.encoding import Encoded
from codesteer_kernel.training.tuning.settings import TuneSettings
from codesteer_kernel.training.tuning.trainers import Guarded, arguments, measuring

__all__ = ["Collator", "WeightedSFTTrainer", "configuration", "trainer"]

_FEATURES = {"input_ids": Value("int32"), "weights": Value("float32"), "rows": Value("int32")}


def dataset_of(rows: Sequence[tuple[int, Encoded]], *, pack_to: int = 0) -> Dataset:
    """Encoded rows with their numbers as columns; every token knows its row, which packing keeps.

    Args:
        rows: each with its number.
        pack_to: several rows in one sequence of at most so many tokens; 0: each row by itself.
    """
    columns = [
        {"input_ids": row.input_ids, "weights": row.weights, "rows": [number] * len(row.input_ids)}
        for number, row in rows
    ]
    made = Dataset.from_list(columns, features=Features({name: List(kind) for name, kind in _FEATURES.items()}))
    return pack_dataset(made, pack_to) if pack_to else made


class Collator(DataCollatorForLanguageModeling):  # type: ignore[misc]  # TRL's classes are untyped here
    """Batches rows: padded, or, where they were packed, one behind the other and blind for each other.

    To TRL's batch it adds ``weights`` (of the shape of ``input_ids``), the numbers of the ``rows``, and the ``forks`` of
    rows that are measured, each with the place of its row in the batch.
    """

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """The batch."""
        self.padding_free = "seq_lengths" in examples[0]
        batch: dict[str, Any] = super().torch_call(examples)
        weights = [torch.tensor(example["weights"], dtype=torch.float32) for example in examples]
        if self.padding_free:
            weights = [torch.cat(weights)]
        batch["weights"] = torch.nn.utils.rnn.pad_sequence(weights, batch_first=True)
        batch["rows"] = sorted({row for example in examples for row in example["rows"]})
        batch["forks"] = [(place, fork) for place, one in enumerate(examples) for fork in one.get("forks", ())]
        return batch


class WeightedSFTTrainer(Guarded, SFTTrainer):  # type: ignore[misc]
    """The mean over a step's turns, by their weights, of the mean loss of a turn's tokens.

    It is the step's mean, not a mean of its passes' means: how rows are batched, packed or spread over devices changes
    nothing. Measurements add ``decision_accuracy``, the share of held-out decisions that the model would take.
    """

    loss_is_scaled_for_ga = True

    def _set_signature_columns_if_needed(self) -> None:
        self._signature_columns = ["input_ids", "weights", "rows", "forks", "seq_lengths"]

    def _get_num_items_in_batch(self, batch_samples: list[dict[str, Any]], device: Any) -> Any:
        """The weight of all turns of a step, on all devices."""
        if not batch_samples:
            return None
        here = torch.stack([batch["weights"].sum() for batch in batch_samples]).sum()
        return self.accelerator.gather(here.to(device)).sum()

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The share of a batch in its step's loss; alone, where no step is, its own mean."""
        inputs = dict(inputs)
        weights, labels, rows, forks = (inputs.pop(name) for name in ("weights", "labels", "rows", "forks"))
        # Logits at one token tell the next. Only those that somebody learns from are made: a vocabulary is large.
        shares = weights[:, 1:]
        columns = shares.any(dim=0).nonzero().flatten()
        outputs = model(**inputs, use_cache=False, logits_to_keep=columns)
        shares, targets = shares[:, columns], labels[:, 1:][:, columns]
        logits = outputs.logits.float()
        losses = torch.nn.functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
        total = (losses * shares.to(losses.device)).sum()
        if self.model.training:
            self.refuse_nonsense(total, rows)
        else:
            right = decided_right(logits, columns.tolist(), forks)
            self._sums += torch.tensor([total.item(), shares.sum().item(), sum(right), len(right)], dtype=torch.float64)
        if num_items_in_batch is None:
            loss = total / shares.sum()
        else:
            # The devices' gradients are averaged, and the weight is that of all.
            loss = total / num_items_in_batch * self.accelerator.num_processes
        return (loss, outputs) if return_outputs else loss

    def evaluation_loop(self, *args: Any, metric_key_prefix: str = "eval", **options: Any) -> Any:
        """Measure: the loss over all held-out turns, and how many of their decisions are right."""
        self._sums = torch.zeros(4, dtype=torch.float64)
        output = super().evaluation_loop(*args, metric_key_prefix=metric_key_prefix, **options)
        sums = self.accelerator.reduce(self._sums.float().to(self.accelerator.device), reduction="sum").tolist()
        loss, weight, right, count = sums
        output.metrics[f"{metric_key_prefix}_loss"] = loss / weight
        if count:
            output.metrics[f"{metric_key_prefix}_decision_accuracy"] = right / count
            output.metrics[f"{metric_key_prefix}_decisions"] = int(count)
        return output


def decided_right(logits: Any, columns: Sequence[int], forks: Sequence[tuple[int, dict[str, Any]]]) -> list[bool]:
    """Which decisions the model would take as they were taken.

    Args:
        logits: of shape (rows, columns, vocabulary).
        columns: the places of the tokens that were read last.
        forks: a row of the batch, and the fork's fields.
    """
    where = {column: index for index, column in enumerate(columns)}
    decisions: dict[tuple[int, int], list[bool]] = defaultdict(list)
    for row, said in forks:
        fork = Fork(**said)
        here = logits[row, where[fork.place - 1]]
        if fork.among == "decisions":
            right = bool((here[fork.taken] > here[fork.others]).all())
        else:
            likeliest = int(here.argmax())
            right = likeliest == fork.taken or (fork.among == "guidance" and likeliest not in fork.others)
        decisions[row, fork.turn].append(right)
    return [all(every) for every in decisions.values()]


def configuration(settings: TuneSettings, folder: Path) -> SFTConfig:
    """The trainer's configuration. Made before the model is loaded, it tells loading what is spread over devices."""
    return SFTConfig(
        **arguments(settings, folder),
        max_length=settings.max_tokens,
        dataset_kwargs={"skip_prepare_dataset": True},
    )


def trainer(
    config: SFTConfig,
    settings: TuneSettings,
    learned: Sequence[tuple[int, Encoded]],
    held: Sequence[tuple[int, Encoded, list[Fork]]],
    model: Any,
    tokenizer: Any,
) -> WeightedSFTTrainer:
    """A trainer for conversations.

    Args:
        config: from :func:`configuration`.
        settings: the same.
        learned: rows to learn from, with their numbers.
        held: rows to measure on, with their numbers and forks.
        model: what is tuned.
        tokenizer: the model's.
    """
    measured = None
    if held:
        measured = dataset_of([(number, row) for number, row, _ in held])
        measured = measured.add_column("forks", [[asdict(fork) for fork in forks] for *_, forks in held])
    return WeightedSFTTrainer(
        model=model,
        args=measuring(config, held),
        train_dataset=dataset_of(learned, pack_to=settings.max_tokens if settings.packing else 0),
        eval_dataset=measured,
        processing_class=tokenizer,
        data_collator=Collator(pad_token_id=tokenizer.pad_token_id),
    )
