"""Runs the real model over sequences in any schedule, as an engine would, and collects every position's logits."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ossian.engine.embedded.batch import Batch, Places
from ossian.engine.embedded.checkpoint import Checkpoint
from ossian.engine.embedded.kv_cache import KVCache, kv_dtype
from ossian.engine.embedded.model import Model
from ossian.engine.embedded.weight_cache import WeightCache
from ossian.engine.embedded.weights import load_weights
from ossian.settings import EngineSettings

Float32: TypeAlias = NDArray[np.float32]
TokenIds: TypeAlias = NDArray[np.int32]
Step: TypeAlias = Sequence[tuple[int, int]]  # the step's parts: (sequence, number of its tokens)

NUM_BLOCKS = 320
BLOCK_SIZE = 32


class ModelRun:
    """A loaded checkpoint with a KV cache whose blocks are handed out in no particular order."""

    def __init__(
        self, folder: Path, max_num_batched_tokens: int = 1024, cache: WeightCache | None = None, **settings: Any
    ) -> None:
        engine = EngineSettings(max_num_batched_tokens=max_num_batched_tokens, **settings)
        checkpoint = Checkpoint(folder)
        dense_format = "bf16" if engine.precision == "exact" else engine.dense_format
        self._vocab_size = checkpoint.config.vocab_size
        self._model = Model(
            checkpoint.config,
            load_weights(checkpoint, dense_format, cache),
            KVCache(checkpoint.config, 2 * NUM_BLOCKS, BLOCK_SIZE, kv_dtype(engine)),
            engine,
        )

    def logits(self, sequences: Sequence[TokenIds], steps: Sequence[Step]) -> list[Float32]:
        """Logits of every position of every sequence.  # each [len(sequence), vocab_size]"""
        block_tables = _block_tables(sequences)
        num_cached = [0] * len(sequences)
        out = [np.empty((len(sequence), self._vocab_size), np.float32) for sequence in sequences]
        for step in steps:
            logits = self._model.forward(_batch(sequences, block_tables, num_cached, step))
            for index, part in _parts(step):
                stop = num_cached[index] + len(part)
                out[index][num_cached[index] : stop] = logits[part]
                num_cached[index] = stop
        assert num_cached == [len(sequence) for sequence in sequences]
        return out

    def logits_at(self, sequence: TokenIds, indices: list[int]) -> Float32:
        """Logits of some positions of one sequence, alone and in one step."""
        batch = _batch([sequence], _block_tables([sequence]), [0], [(0, len(sequence))])
        return self._model.forward(replace(batch, logits_indices=np.array(indices, np.int32))).copy()

    def whole(self, sequence: TokenIds) -> Float32:
        """Logits of one sequence, alone and in one step."""
        return self.logits([sequence], [[(0, len(sequence))]])[0]


def in_chunks(sequences: Sequence[TokenIds], *sizes: int) -> list[Step]:
    """Steps that take `sizes[i]` tokens of sequence i at a time, all sequences side by side until each ends."""
    steps: list[Step] = []
    starts = [0] * len(sequences)
    while any(start < len(sequence) for start, sequence in zip(starts, sequences, strict=True)):
        step = []
        for index, (sequence, size) in enumerate(zip(sequences, sizes, strict=True)):
            num_tokens = min(size, len(sequence) - starts[index])
            starts[index] += num_tokens
            step += [(index, num_tokens)] if num_tokens else []
        steps.append(step)
    return steps


def _parts(step: Step) -> Iterator[tuple[int, range]]:
    start = 0
    for index, num_tokens in step:
        yield index, range(start, start + num_tokens)
        start += num_tokens


def _block_tables(sequences: Sequence[TokenIds]) -> NDArray[np.int32]:
    num_blocks = [-(-len(sequence) // BLOCK_SIZE) for sequence in sequences]
    free = iter(np.random.default_rng(len(sequences)).permutation(NUM_BLOCKS))
    tables = np.zeros((len(sequences), max(num_blocks)), np.int32)
    for row, count in enumerate(num_blocks):
        tables[row, :count] = [next(free) for _ in range(count)]
    return tables


def _batch(
    sequences: Sequence[TokenIds], block_tables: NDArray[np.int32], num_cached: Sequence[int], step: Step
) -> Batch:
    rows = [index for index, _ in step]
    lens = np.array([num_tokens for _, num_tokens in step], np.int32)
    starts = np.array([num_cached[index] for index in rows], np.int32)
    positions = np.concatenate([np.arange(s, s + n, dtype=np.int32) for s, n in zip(starts, lens, strict=True)])
    token_rows = np.repeat(rows, lens)
    return Batch(
        input_ids=np.array([sequences[row][p] for row, p in zip(token_rows, positions, strict=True)], np.int32),
        positions=positions,
        full=_places(block_tables, rows, token_rows, positions),
        sliding=_places(block_tables + NUM_BLOCKS, rows, token_rows, positions),
        cu_seqlens_q=np.concatenate([[0], np.cumsum(lens)]).astype(np.int32),
        context_lens=starts + lens,
        logits_indices=np.arange(len(positions), dtype=np.int32),
    )


def _places(
    block_tables: NDArray[np.int32], rows: list[int], token_rows: NDArray[np.intp], positions: NDArray[np.int32]
) -> Places:
    blocks = block_tables[token_rows, positions // BLOCK_SIZE].astype(np.int64)
    return Places(blocks * BLOCK_SIZE + positions % BLOCK_SIZE, np.ascontiguousarray(block_tables[rows]))
