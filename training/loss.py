"""The loss of a step's batches, and its gradients."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from training.batches import IGNORED, Batch
from training.model import Group, forward
from training.nano_config import NanoConfig
from training.vocabulary import NOT_TRAINED, LayerTables, Tables

BALANCE = 0.003
NUM_DRAWN = 768  # at least so many tokens stand for all the model could say, but should not
NUM_ASKED, NUM_LIKELIEST = 128, 4  # of so many tokens to be said, so many likeliest
FILLED = 512  # sizes are filled up to a multiple: matrix products of few shapes are prepared once
COMPILED = ("cross_entropies", "cross_entropies_gradient")


def embedded(weights: dict[str, Tensor], tables: Tables, ids: Tensor) -> Tensor:
    """Embeddings of any tokens, [..., hidden_size]."""
    return chosen_rows(weights, "embed_tokens", ids, tables, tables.inputs)


def chosen_rows(weights: dict[str, Tensor], layer: str, ids: Tensor, tables: Tables, table: LayerTables) -> Tensor:
    """What spells each token, and beside it what was trained: for the token itself, or for its prefix and case."""
    row = table.row[ids]
    own = functional.embedding(row.clamp(min=0), weights[f"{layer}.rows"] * table.free)
    written = functional.embedding(tables.prefix[ids], weights[f"{layer}.prefixes"])
    written = written + functional.embedding(tables.case[ids], weights[f"{layer}.cases"])
    beside = torch.where((row != NOT_TRAINED).unsqueeze(-1), own, written)
    return table.derived[ids] * weights[f"{layer}.scale"] + beside


def num_missing(size: int) -> int:
    """How much is missing to the next multiple of FILLED."""
    return -size % FILLED


@torch.no_grad()
def mistakable(weights: dict[str, Tensor], tables: Tables, hidden: Tensor, targets: Tensor) -> Tensor:
    """Of the tokens without a trained output row those that the model finds likeliest where it is to say such a one.

    A random sample would seldom show the few that are spelled like the target. As in "Approximate nearest neighbor
    negative contrastive learning" (Xiong et al., 2020), with an exact search.
    """
    is_copy = (tables.outputs.row[targets] == NOT_TRAINED).nonzero().squeeze(1)
    asked = hidden[is_copy[torch.randperm(len(is_copy))[:NUM_ASKED]]]
    parts = [functional.linear(asked, weights[f"lm_head.{part}"]) for part in ("prefixes", "cases")]
    logits = functional.linear(torch.cat((asked * weights["lm_head.scale"], *parts), 1), tables.spelled)
    return tables.unseen[logits.topk(NUM_LIKELIEST, -1).indices.flatten()]


def candidates(present: Tensor, tables: Tables) -> tuple[Tensor, Tensor]:
    """Tokens without a trained output row to compare with, and the logarithm of how many tokens each stands for.

    Those of `present` stand for themselves, and so do those of their first pieces, with which a copy of a whole word is
    easily confused; a random sample stands for all others.
    """
    row = tables.outputs.row
    present = torch.cat((present, tables.beginning[present])).unique()
    present = present[row[present] == NOT_TRAINED]
    is_other = row == NOT_TRAINED
    is_other[present] = False
    others = is_other.nonzero().squeeze(1)
    num_drawn = NUM_DRAWN + num_missing(len(tables.outputs.ids) + len(present) + NUM_DRAWN)
    drawn = others[torch.randperm(len(others))[:num_drawn]]
    share = math.log(len(others) / num_drawn)
    return torch.cat((present, drawn)), torch.cat((torch.zeros(len(present)), torch.full((num_drawn,), share)))


def loss_of(
    weights: dict[str, Tensor], tables: Tables, config: NanoConfig, batches: Sequence[Batch]
) -> tuple[Tensor, Tensor, int]:
    """Summed cross entropy, balance loss, number of correct predictions."""
    ids = torch.cat([part for batch in batches for part in (batch.prefix, batch.inputs.flatten())])
    targets = torch.cat(
        [part for batch in batches for part in (torch.full_like(batch.prefix, IGNORED), batch.targets.flatten())]
    )
    emphasis = torch.cat(
        [part for batch in batches for part in (torch.zeros(len(batch.prefix)), batch.emphasis.flatten())]
    )
    groups = [Group(len(batch.prefix), *batch.inputs.shape) for batch in batches]
    filling = torch.zeros(num_missing(len(ids)), dtype=torch.long)
    hidden, balance = forward(weights, config, embedded(weights, tables, torch.cat((ids, filling))), groups)

    learned = (targets != IGNORED).nonzero().squeeze(1)
    likeliest = mistakable(weights, tables, hidden[learned], targets[learned])
    others, counts = candidates(torch.cat((ids, targets[learned], likeliest)), tables)
    compared = torch.cat((tables.outputs.ids, others))
    place = torch.zeros_like(tables.outputs.row).index_put((compared,), torch.arange(len(compared)))
    counts = torch.cat((torch.zeros(len(tables.outputs.ids)), counts))
    filling = torch.zeros(num_missing(len(learned)), dtype=torch.long)
    asked = torch.cat((learned, filling))
    logits = functional.linear(hidden[asked], chosen_rows(weights, "lm_head", compared, tables, tables.outputs))
    wanted = torch.cat((place[targets[learned]], filling))
    weight = torch.cat((emphasis[learned], filling.float()))
    loss, is_right = CrossEntropy.apply(logits, counts, wanted, weight)
    return loss, balance, int(is_right[: len(learned)].sum())


class CrossEntropy(torch.autograd.Function):  # type: ignore[misc]
    """Summed cross entropy of logits [num_tokens, num_candidates] in bfloat16, of which each stands for some tokens.

    `emphasis` [num_tokens] says how much each token counts. Also returned: for each token whether its target is the
    likeliest.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, counts: Tensor, targets: Tensor, emphasis: Tensor) -> tuple[Tensor, Tensor]:
        losses, largest_and_sum, is_right = cross_entropies(logits, counts, targets)
        ctx.save_for_backward(logits, counts, targets, largest_and_sum, emphasis)
        ctx.mark_non_differentiable(is_right)
        return (losses * emphasis).sum(), is_right

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, _: Any) -> tuple[Tensor, None, None, None]:
        logits, counts, targets, sums, emphasis = ctx.saved_tensors
        scale = (gradient * emphasis).unsqueeze(-1)
        return cross_entropies_gradient(logits, counts, targets, sums, scale), None, None, None


def cross_entropies(logits: Tensor, counts: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Each token's cross entropy, the logarithm of its partition sum, and whether the target is the likeliest."""
    x = logits.float() + counts
    largest = x.amax(-1, keepdim=True)
    total = torch.exp(x - largest).sum(-1, keepdim=True).log() + largest
    reached = x.gather(-1, targets.unsqueeze(-1))
    return (total - reached).squeeze(-1), total, (reached >= largest).squeeze(-1)


def cross_entropies_gradient(
    logits: Tensor, counts: Tensor, targets: Tensor, total: Tensor, gradient: Tensor
) -> Tensor:
    """The gradient of the logits."""
    shares = torch.exp(logits.float() + counts - total) * gradient
    return shares.scatter_add(-1, targets.unsqueeze(-1), -gradient).to(logits.dtype)


def gradients(
    weights: dict[str, Tensor], tables: Tables, config: NanoConfig, batches: Sequence[Batch]
) -> tuple[dict[str, Tensor], float, int]:
    """The gradients of the batches' summed loss, the loss, and the number of right predictions."""
    loss, balance, correct = loss_of(weights, tables, config, batches)
    objective = loss + BALANCE * balance * sum(batch.num_targets for batch in batches)
    return dict(zip(weights, torch.autograd.grad(objective, list(weights.values())), strict=True)), loss.item(), correct
