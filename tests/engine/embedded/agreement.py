"""How far logits are from the oracle's, and how far they may be.

The oracle is Hugging Face's model in float32. In exact mode ours may be no further from it than Hugging Face's own
model in bfloat16 is; in default mode the distributions may hardly differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_MEAN_KL = 0.01
MIN_TOP1 = 0.97


@dataclass(frozen=True, slots=True)
class Agreement:
    """Figures over every position of a scenario."""

    errors: NDArray[np.float64]  # [num_positions]: mean |logit - oracle's|
    mean_kl: float  # mean KL(oracle || logits), nats
    top1: float  # share of positions with the oracle's most likely token

    @property
    def mean_error(self) -> float:
        return float(self.errors.mean())

    @property
    def worst_error(self) -> float:
        return float(self.errors.max())


def agreement(oracle: Sequence[NDArray[Any]], logits: Sequence[NDArray[Any]]) -> Agreement:
    """Compare the logits of some sequences, each [num_tokens, vocab_size]."""
    p, q = (np.concatenate(list(part)).astype(np.float64) for part in (oracle, logits))
    log_p, log_q = _log_softmax(p), _log_softmax(q)
    kl = np.sum(np.exp(log_p) * (log_p - log_q), axis=-1)  # [num_tokens]
    return Agreement(
        errors=np.abs(p - q).mean(axis=-1),
        mean_kl=float(kl.mean()),
        top1=float(np.mean(p.argmax(axis=-1) == q.argmax(axis=-1))),
    )


def _log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    normed: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return normed
