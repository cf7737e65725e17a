"""Packed weights as bytes, and back."""

import gc
import mmap
from typing import Literal

import numpy as np
import pytest

from ossian.engine.embedded import kernels
from ossian.engine.embedded.kernels import Float32, UInt8
from tests.engine.embedded.checkpoints import Random
from tests.engine.embedded.kernel_digests import digests_under_every_isa, packing_digest
from tests.engine.embedded.random_experts import RandomExperts

DIGESTS = {1: "d247f6635b036d97d61abe7638dca0826cf738a43146313d36a8f14f86d77413"}  # of packing_digest, by PACK_VERSION


def test_packing_gives_the_same_bytes_under_every_isa_and_the_ones_of_its_version() -> None:
    """Files keep them: when this fails because packing has changed, raise kPackVersion and add the new digest."""
    assert set(digests_under_every_isa("packing")) == {packing_digest()}
    assert packing_digest() == DIGESTS[kernels.PACK_VERSION]


def dense(has_bias: bool = True, dense_format: Literal["int8", "bf16"] = "int8") -> kernels.DenseWeight:
    random = Random(1)
    weight, bias = random.bf16(48, 96, std=1), random.bf16(48, std=1)
    return kernels.pack_dense(weight, bias if has_bias else None, dense_format)


def product(weight: kernels.DenseWeight) -> Float32:
    out = np.empty((3, weight.num_rows), np.float32)
    x = np.random.default_rng(2).standard_normal((3, weight.num_cols)).astype(np.float32)
    kernels.linear(x, weight, out)
    return out


def on_a_cache_line(data: UInt8) -> UInt8:
    """A copy in a mapping, as the file's would be."""
    mapped = mmap.mmap(-1, data.nbytes)
    copy = np.frombuffer(mapped, np.uint8)
    copy[:] = data
    return copy


@pytest.mark.parametrize("dense_format", ["int8", "bf16"])
@pytest.mark.parametrize("has_bias", [True, False])
def test_a_dense_weight_comes_back(dense_format: Literal["int8", "bf16"], has_bias: bool) -> None:
    weight = dense(has_bias, dense_format)
    back = kernels.dense_from_packed(on_a_cache_line(weight.packed), 48, 96, dense_format, has_bias=has_bias)
    assert (back.num_rows, back.num_cols, back.format, back.nbytes) == (48, 96, dense_format, weight.nbytes)
    np.testing.assert_array_equal(product(back), product(weight))


def test_experts_come_back() -> None:
    experts = RandomExperts(3, 64, 96).packed()
    back = kernels.experts_from_packed(on_a_cache_line(experts.packed), 3, 64, 96)
    assert (back.num_experts, back.hidden_size, back.intermediate_size) == (3, 64, 96)
    x = np.random.default_rng(0).standard_normal((4, 64)).astype(np.float32)
    ids, shares = np.array([[0, 1], [2, 0], [1, 2], [0, 2]], np.int32), np.full((4, 2), 0.5, np.float32)
    expected, out = np.zeros((2, 4, 64), np.float32)
    kernels.moe(x, experts, ids, shares, 7.0, expected)
    kernels.moe(x, back, ids, shares, 7.0, out)
    np.testing.assert_array_equal(out, expected)


def test_packed_is_a_view_that_keeps_the_weight_alive_and_is_not_written() -> None:
    weight = dense()
    view, expected = weight.packed, weight.packed.tobytes()
    assert not view.flags.owndata
    assert not view.flags.writeable
    del weight
    gc.collect()
    assert view.tobytes() == expected


def test_a_weight_uses_the_bytes_where_they_lie_and_keeps_them_alive() -> None:
    weight = dense()
    copy = on_a_cache_line(weight.packed)
    back = kernels.dense_from_packed(copy, 48, 96, "int8", has_bias=True)
    assert back.packed.ctypes.data == copy.ctypes.data
    del copy
    gc.collect()
    np.testing.assert_array_equal(product(back), product(weight))


def test_bytes_that_do_not_fit_are_refused() -> None:
    weight, experts = on_a_cache_line(dense().packed), on_a_cache_line(RandomExperts(2, 32, 64).packed().packed)
    with pytest.raises(ValueError, match=r"packed has \d+ bytes; it must have \d+ for these sizes"):
        kernels.dense_from_packed(weight[:-1], 48, 96, "int8", has_bias=True)
    with pytest.raises(ValueError, match="it must have"):
        kernels.dense_from_packed(weight, 48, 96, "int8", has_bias=False)
    with pytest.raises(ValueError, match="multiple of 16"):
        kernels.dense_from_packed(weight, 47, 96, "int8", has_bias=True)
    shifted = on_a_cache_line(np.concatenate([weight, weight]))[1 : weight.size + 1]
    with pytest.raises(ValueError, match="aligned to 64 bytes"):
        kernels.dense_from_packed(shifted, 48, 96, "int8", has_bias=True)
    with pytest.raises(ValueError, match="it must have"):
        kernels.experts_from_packed(experts, 1, 32, 64)
    with pytest.raises(TypeError, match="packed must be a C-contiguous uint8 array"):
        kernels.experts_from_packed(experts.view(np.uint16), 2, 32, 64)


def test_the_checksum_is_of_bytes() -> None:
    data = np.arange(200, dtype=np.uint8)
    assert kernels.checksum(data) == kernels.checksum(data.copy()) != kernels.checksum(data[:-1])
    assert kernels.checksum(np.empty(0, np.uint8)) == 0x9E3779B97F4A7C15
    with pytest.raises(TypeError, match="data must be a C-contiguous uint8 array"):
        kernels.checksum(data[::2])
