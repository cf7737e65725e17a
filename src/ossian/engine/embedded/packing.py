"""Where a model's large weights come from: packed from the checkpoint, or as they were packed before.

What they are for is weights.py's knowledge.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, Protocol, TypeAlias

import numpy as np

from ossian.engine.embedded import kernels
from ossian.engine.embedded.checkpoint import Checkpoint, expected_tensors
from ossian.engine.embedded.kernels import BFloat16, DenseWeight, ExpertWeights, Float32, UInt8
from ossian.engine.embedded.memory import free_memory
from ossian.engine.embedded.packed_file import PackedFile
from ossian.engine.embedded.shard import ITEM_BYTES
from ossian.errors import CheckpointError, PackedFileError

DenseFormat: TypeAlias = Literal["int8", "bf16"]

INT8_SHARE = (1 + 2 / 32) / 2  # of bf16: 32 values of 8 bits share a scale of 16

_MXFP4_PARTS = ("blocks", "scales", "bias")


class WeightSource(Protocol):
    """Gives the weights of a checkpoint, packed."""

    def dense(self, names: list[str], *, has_bias: bool = True) -> DenseWeight:
        """Return one weight from the rows of several."""
        ...

    def experts(self, prefix: str) -> ExpertWeights:
        """Return one layer's experts."""
        ...


def packed_bytes(checkpoint: Checkpoint, dense_format: DenseFormat) -> int:
    """Return about how many bytes packed weights take: experts as they are, attention and lm_head in their format."""
    share = {"int8": INT8_SHARE, "bf16": 1.0}[dense_format]
    tensors = {name: math.prod(shape) * ITEM_BYTES[dtype] for name, dtype, shape in expected_tensors(checkpoint.config)}
    dense = sum(num for name, num in tensors.items() if name.endswith(("_proj.weight", "lm_head.weight")))
    return sum(tensors.values()) - tensors["model.embed_tokens.weight"] - round((1 - share) * dense)


class Packer:
    """Packs weights by name, dropping the pages of each behind itself, so that loading never holds the model twice.

    Raises CheckpointError for values that are not numbers.
    """

    def __init__(self, checkpoint: Checkpoint, dense_format: DenseFormat) -> None:
        self._checkpoint = checkpoint
        self._dense_format = dense_format
        # Where memory cannot hold both forms, the system would look for pages to evict while we wait: twice as slow.
        is_tight = 2 * checkpoint.num_bytes > free_memory()
        self._drop = checkpoint.forget if is_tight else checkpoint.drop_pages
        self.packed: dict[str, UInt8] = {}  # all that was packed so far

    def dense(self, names: list[str], *, has_bias: bool = True) -> DenseWeight:
        weight = _rows([self._checkpoint.tensor(f"{name}.weight") for name in names])
        bias = _rows([numbers(self._checkpoint, f"{name}.bias") for name in names]) if has_bias else None
        with _damage_located(", ".join(names)):
            packed = kernels.pack_dense(weight, bias, self._dense_format)
        for name in names:
            self._drop(f"{name}.weight")
        self.packed[names[0]] = packed.packed
        return packed

    def experts(self, prefix: str) -> ExpertWeights:
        parts = [f"{prefix}.{proj}_{part}" for proj in ("gate_up_proj", "down_proj") for part in _MXFP4_PARTS]
        for proj in ("gate_up_proj", "down_proj"):
            numbers(self._checkpoint, f"{prefix}.{proj}_bias")
        with _damage_located(prefix):
            packed = kernels.pack_experts(*(self._checkpoint.tensor(name) for name in parts))
        for name in parts:
            self._drop(name)
        self.packed[prefix] = packed.packed
        return packed


class PackedReader:
    """Takes weights from a file that holds what a Packer packed.

    Raises PackedFileError when the file has not what this checkpoint needs.
    """

    def __init__(self, checkpoint: Checkpoint, dense_format: DenseFormat, file: PackedFile) -> None:
        self._checkpoint = checkpoint
        self._dense_format = dense_format
        self._file = file

    def dense(self, names: list[str], *, has_bias: bool = True) -> DenseWeight:
        shapes = [self._checkpoint.shape(f"{name}.weight") for name in names]
        num_rows, num_cols = sum(shape[0] for shape in shapes), shapes[0][1]
        with _misfit_located(names[0]):
            packed = self._file.bytes_of(names[0])
            return kernels.dense_from_packed(packed, num_rows, num_cols, self._dense_format, has_bias=has_bias)

    def experts(self, prefix: str) -> ExpertWeights:
        config = self._checkpoint.config
        with _misfit_located(prefix):
            packed = self._file.bytes_of(prefix)
            return kernels.experts_from_packed(
                packed, config.num_local_experts, config.hidden_size, config.intermediate_size
            )


def float32(checkpoint: Checkpoint, name: str) -> Float32:
    """Widen a small tensor. Raises CheckpointError for values that are not numbers."""
    widened = (numbers(checkpoint, name).astype(np.uint32) << 16).view(np.float32)
    checkpoint.drop_pages(name)
    return widened


def numbers(checkpoint: Checkpoint, name: str) -> BFloat16:
    """Return a tensor that is small enough to look through; -inf is allowed, as a sink without weight."""
    tensor: BFloat16 = checkpoint.tensor(name)
    if np.any(((tensor & 0x7FFF) > 0x7F80) | (tensor == 0x7F80)):
        raise CheckpointError(f"tensor {name!r} has a NaN or +inf; download the checkpoint again.")
    return tensor


def _rows(tensors: list[BFloat16]) -> BFloat16:
    return tensors[0] if len(tensors) == 1 else np.concatenate(tensors)


@contextmanager
def _damage_located(place: str) -> Iterator[None]:
    """The kernels refuse values that are not numbers; only here is it known whose they are."""
    try:
        yield
    except ValueError as error:
        raise CheckpointError(f"{place}: {error}; download the checkpoint again.") from None


@contextmanager
def _misfit_located(place: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise PackedFileError(f"{place}: {error}") from None
