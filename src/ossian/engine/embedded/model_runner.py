"""Scheduled sequences → Batch → logits."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ossian.engine.embedded.batch import Batch, Places
from ossian.engine.embedded.kernels import Float32, Int32
from ossian.engine.embedded.sequence import GrowingArray, Sequence


class ForwardModel(Protocol):
    """What the runner needs of a model."""

    def forward(self, batch: Batch) -> Float32:
        """Compute a batch: write its K/V to the cache and return the logits, [num_logits, vocab_size].

        The caller may change them; the next forward may overwrite them.
        """
        ...


class ModelRunner:
    """Runs the model on the sequences of a step."""

    def __init__(self, model: ForwardModel, block_size: int) -> None:
        self.model = model
        self.block_size = block_size

    def run(self, scheduled: list[Sequence]) -> Float32:
        """Compute the scheduled tokens; the order of the logits is the one that score_prompts expects."""
        return self.model.forward(build_batch(scheduled, self.block_size))


def build_batch(scheduled: list[Sequence], block_size: int) -> Batch:
    """Lay the sequences' scheduled tokens side by side."""
    starts = np.array([sequence.num_cached_tokens for sequence in scheduled], np.int32)
    lens = np.array([sequence.num_scheduled_tokens for sequence in scheduled], np.int32)
    cu_seqlens_q = np.zeros(len(scheduled) + 1, np.int32)
    np.cumsum(lens, out=cu_seqlens_q[1:])
    row = np.repeat(np.arange(len(scheduled)), lens)  # [num_tokens]: the sequence of each token
    positions = np.arange(cu_seqlens_q[-1], dtype=np.int32) + (starts - cu_seqlens_q[:-1])[row]
    full = _places([sequence.block_table for sequence in scheduled], row, positions, block_size)
    sliding = [sequence.sliding_block_table for sequence in scheduled]
    return Batch(
        input_ids=_input_ids(scheduled),
        positions=positions,
        full=full,
        sliding=_places(sliding, row, positions, block_size) if len(sliding[0]) else full,
        cu_seqlens_q=cu_seqlens_q,
        context_lens=starts + lens,
        logits_indices=_logits_indices(scheduled),
    )


def _input_ids(scheduled: list[Sequence]) -> Int32:
    return np.concatenate([sequence.scheduled_token_ids for sequence in scheduled])


def _places(tables: list[GrowingArray], row: NDArray[np.intp], positions: Int32, block_size: int) -> Places:
    block_tables = np.zeros((len(tables), max(map(len, tables))), np.int32)
    for index, table in enumerate(tables):
        block_tables[index, : len(table)] = table.values
    blocks = block_tables[row, positions // block_size].astype(np.int64)
    return Places(blocks * block_size + positions % block_size, block_tables)


def _logits_indices(scheduled: list[Sequence]) -> Int32:
    indices: list[int] = []
    first = 0
    for sequence in scheduled:
        offset = first - sequence.num_cached_tokens
        indices.extend(offset + position for position in sequence.prompt_logits_positions)
        first += sequence.num_scheduled_tokens
        if sequence.is_sampled:
            indices.extend(range(first - 1 - len(sequence.draft), first))
    return np.array(indices, np.int32)
