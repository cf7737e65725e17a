"""The loss of a batch, and its gradients."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from training.batches import IGNORED, Batch
from training.model import forward
from training.nano_config import NanoConfig
from training.vocabulary import NOT_TRAINED, Tables

BALANCE = 0.003
NUM_DRAWN = 768  # tokens that stand for all the model could say, but should not
COMPILED = ("cross_entropies", "cross_entropies_gradient")


def embedded(weights: dict[str, Tensor], tables: Tables, ids: Tensor) -> Tensor:
    """Embeddings of any tokens, [..., hidden_size]."""
    return chosen_rows(weights, "embed_tokens", ids, tables.input_row[ids], tables.embedding, tables)


def chosen_rows(
    weights: dict[str, Tensor], layer: str, ids: Tensor, row: Tensor, derived: Tensor, tables: Tables
) -> Tensor:
    """Trained rows where a token has one, derived ones for all others."""
    trained = functional.embedding(row.clamp(min=0), weights[f"{layer}.rows"])
    written = functional.embedding(tables.prefix[ids], weights[f"{layer}.prefixes"])
    written = written + functional.embedding(tables.case[ids], weights[f"{layer}.cases"])
    made = derived[ids] * weights[f"{layer}.scale"] + written
    return torch.where((row != NOT_TRAINED).unsqueeze(-1), trained, made)


def candidates(batch: Batch, tables: Tables) -> tuple[Tensor, Tensor]:
    """Tokens without a trained output row to compare with, and the logarithm of how many tokens each stands for.

    Those of the batch stand for themselves, a random sample for all others.
    """
    present = torch.cat((batch.prefix, batch.inputs.flatten(), batch.targets[batch.targets != IGNORED])).unique()
    present = present[tables.output_row[present] == NOT_TRAINED]
    drawn = torch.randint(len(tables.output_row), (NUM_DRAWN,)).unique()
    drawn = drawn[(tables.output_row[drawn] == NOT_TRAINED) & ~torch.isin(drawn, present)]
    num_others = int((tables.output_row == NOT_TRAINED).sum()) - len(present)
    share = math.log(num_others / len(drawn))
    return torch.cat((present, drawn)), torch.cat((torch.zeros(len(present)), torch.full((len(drawn),), share)))


def loss_of(weights: dict[str, Tensor], tables: Tables, config: NanoConfig, batch: Batch) -> tuple[Tensor, Tensor, int]:
    """Summed cross entropy, balance loss, number of correct predictions."""
    hidden, balance = forward(
        weights, config, embedded(weights, tables, batch.prefix), embedded(weights, tables, batch.inputs)
    )
    learned = batch.targets != IGNORED
    ids, counts = candidates(batch, tables)
    others = chosen_rows(weights, "lm_head", ids, tables.output_row[ids], tables.output, tables)
    trained = weights["lm_head.rows"]
    logits = functional.linear(hidden[learned], torch.cat((trained, others)))
    counts = torch.cat((torch.zeros(len(trained)), counts))
    place = tables.output_row.index_put((ids,), torch.arange(len(ids)) + len(trained))
    targets = place[batch.targets[learned]]
    return (
        CrossEntropy.apply(logits, counts, targets, batch.emphasis[learned]),
        balance,
        int(((logits + counts).argmax(-1) == targets).sum()),
    )


class CrossEntropy(torch.autograd.Function):  # type: ignore[misc]
    """Summed cross entropy of logits [num_tokens, num_candidates] in bfloat16, of which each stands for some tokens.

    `emphasis` [num_tokens] says how much each token counts.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, counts: Tensor, targets: Tensor, emphasis: Tensor) -> Tensor:
        losses, largest_and_sum = cross_entropies(logits, counts, targets)
        ctx.save_for_backward(logits, counts, targets, largest_and_sum, emphasis)
        return (losses * emphasis).sum()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        logits, counts, targets, sums, emphasis = ctx.saved_tensors
        scale = (gradient * emphasis).unsqueeze(-1)
        return cross_entropies_gradient(logits, counts, targets, sums, scale), None, None, None


def cross_entropies(logits: Tensor, counts: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Each token's cross entropy, and the logarithm of its partition sum."""
    x = logits.float() + counts
    total = x.logsumexp(-1, keepdim=True)
    return total.squeeze(-1) - x.gather(-1, targets.unsqueeze(-1)).squeeze(-1), total


def cross_entropies_gradient(
    logits: Tensor, counts: Tensor, targets: Tensor, total: Tensor, gradient: Tensor
) -> Tensor:
    """The gradient of the logits."""
    shares = torch.exp(logits.float() + counts - total)
    is_target = torch.arange(logits.shape[1]) == targets.unsqueeze(-1)
    return ((shares - is_target.float()) * gradient).to(logits.dtype)


def gradients(
    weights: dict[str, Tensor], tables: Tables, config: NanoConfig, batch: Batch
) -> tuple[dict[str, Tensor], float, int]:
    """The gradients of a batch's summed loss, the loss, and the number of right predictions."""
    loss, balance, correct = loss_of(weights, tables, config, batch)
    objective = loss + BALANCE * balance * batch.num_targets
    return dict(zip(weights, torch.autograd.grad(objective, list(weights.values())), strict=True)), loss.item(), correct
