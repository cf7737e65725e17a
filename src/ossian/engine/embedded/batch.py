"""The flat arrays of one forward: what the model runner hands to the model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Places:
    """Where the K/V of a batch's tokens go and lie, in the layers of one kind."""

    slot_mapping: NDArray[np.int64]  # [num_tokens]: block id * block_size + offset
    block_tables: NDArray[np.int32]  # [num_seqs, max_num_blocks], padded with 0; -1 for blocks that left the window


@dataclass(frozen=True, slots=True)
class Batch:
    """The tokens of one step, every sequence's side by side.

    Sequence s owns the tokens [cu_seqlens_q[s], cu_seqlens_q[s + 1]); its last one is at position
    context_lens[s] - 1.
    """

    input_ids: NDArray[np.int32]  # [num_tokens]
    positions: NDArray[np.int32]  # [num_tokens]
    full: Places  # for the layers that see all positions
    sliding: Places  # for those with a sliding window
    cu_seqlens_q: NDArray[np.int32]  # [num_seqs + 1]
    context_lens: NDArray[np.int32]  # [num_seqs]: tokens in the cache, this step's included
    logits_indices: NDArray[np.int32]  # [num_logits]: the tokens whose logits are wanted, ascending

    @property
    def num_tokens(self) -> int:
        return len(self.input_ids)
