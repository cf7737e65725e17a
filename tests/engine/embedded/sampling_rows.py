"""Calling the sampling kernel with a few words, and its distribution as written down, in float64."""

from collections.abc import Sequence
from typing import TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from ossian.engine.embedded import kernels
from ossian.engine.embedded.kernels import Bitmask, Float32, Int32


class Row(TypedDict, total=False):
    """How a row is sampled."""

    temperature: float
    top_k: int
    top_p: float
    min_p: float


def model_like_logits(vocab_size: int, seed: int = 0) -> Float32:
    """Most tokens are unlikely, a few are not, and some are equal."""
    rng = np.random.default_rng(seed)
    logits = rng.standard_normal(vocab_size).astype(np.float32) * 3
    likely = rng.integers(0, vocab_size, max(1, vocab_size // 100))
    logits[likely] += 6
    logits[likely[::3]] = logits[likely[0]]
    return logits


def bitmask(allowed: NDArray[np.bool_]) -> Bitmask:
    """Bit i % 32 of word i // 32 is allowed[i]."""
    padded = np.zeros(-(-len(allowed) // 32) * 32, np.bool_)
    padded[: len(allowed)] = allowed
    return np.packbits(padded, bitorder="little").view("<u4").astype(np.uint32)


def sample_rows(
    logits: Float32,
    seeds: int | Sequence[int] = 0,
    steps: int | Sequence[int] = 0,
    token_mask: Bitmask | None = None,
    **row: Unpack[Row],
) -> Int32:
    """One token id for each row; the logits are not changed."""
    num_rows = len(logits)
    token_ids = np.full(num_rows, -7, np.int32)
    kernels.sample(
        np.array(logits, np.float32),
        np.full(num_rows, row.get("temperature", 1), np.float32),
        np.full(num_rows, row.get("top_k", 0), np.int32),
        np.full(num_rows, row.get("top_p", 1), np.float32),
        np.full(num_rows, row.get("min_p", 0), np.float32),
        np.broadcast_to(np.array(seeds, np.uint64), num_rows).copy(),
        np.broadcast_to(np.array(steps, np.int64), num_rows).copy(),
        [token_mask] * num_rows,
        token_ids,
    )
    return token_ids


def draws(logits: Float32, num_draws: int, **row: Unpack[Row]) -> Int32:
    """The tokens that seeds 0, 1, 2 … draw from one row."""
    return sample_rows(np.tile(logits, (num_draws, 1)), seeds=range(num_draws), **row)


def ranked(logits: Float32) -> NDArray[np.int64]:
    """Ids from the most to the least likely; equal ones by id."""
    return np.argsort(-logits.astype(np.float64), kind="stable")


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    wide = logits.astype(np.float64)
    weights = np.exp(wide - wide.max())
    return np.asarray(weights / weights.sum())


def distribution(logits: Float32, **row: Unpack[Row]) -> NDArray[np.float64]:
    """Each token's probability: temperature, top_k, top_p, min_p, in this order, from float32 values."""
    top_k, top_p, min_p = row.get("top_k", 0), float(np.float32(row.get("top_p", 1))), row.get("min_p", 0.0)
    probabilities = softmax(logits / np.float64(row.get("temperature", 1)))
    ids = ranked(logits)
    if top_k:
        probabilities[ids[top_k:]] = 0
    probabilities /= probabilities.sum()
    if top_p < 1:
        before = np.cumsum(probabilities[ids]) - probabilities[ids]
        dropped = before >= top_p
        dropped[0] = False
        probabilities[ids[dropped]] = 0
    probabilities[probabilities < min_p * probabilities.max()] = 0
    return np.asarray(probabilities / probabilities.sum())
