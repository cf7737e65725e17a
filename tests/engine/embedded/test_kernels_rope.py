"""RoPE: the reference's rotation at every position, and keys and values in their slots."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from ossian.engine.embedded import kernels
from tests.engine.embedded.kernel_digests import digests_under_every_isa, rope_digest
from tests.engine.embedded.paged_context import to_bf16
from tests.engine.embedded.rope_batch import CONCENTRATION, RopeBatch, yarn_inv_freq

# The specification's (cos, sin) with the concentration, by position and frequency.
GOLDEN = {
    (1, 0): (0.7275568, 1.1331026),
    (1, 8): (1.3448355, 0.0683944),
    (1, 12): (1.3465425, 0.0091498),
    (1, 17): (1.3465736, 0.0001741),
    (128, 0): (-0.9330352, 0.9709303),
    (128, 8): (1.3138486, 0.2950631),
    (128, 12): (0.8685587, 1.0290122),
    (4096, 0): (1.0826325, -0.8007292),
    (4096, 8): (0.9515423, 0.9527999),
    (4096, 12): (-1.2170616, 0.5762132),
    (4096, 17): (1.1620446, 0.6803769),
    (131071, 17): (-0.4348546, -1.2744261),
    (131071, 31): (1.3455163, 0.05335),
}

SHAPES = [(1, 1, 16, 16), (8, 2, 64, 32), (3, 1, 48, 16), (4, 4, 80, 48)]


@pytest.fixture
def _threads_restored() -> Iterator[None]:
    yield
    kernels.set_num_threads(0)


def rotated(
    heads: NDArray[np.float32], positions: NDArray[np.int32], inv_freq: NDArray[np.float32]
) -> NDArray[np.float64]:
    """The formula in float64, from the float32 angles of the reference.  # [num_tokens, heads, head_dim]"""
    angles = (positions.astype(np.float32)[:, None] * inv_freq).astype(np.float64)[:, None, :]
    cos, sin = np.cos(angles) * CONCENTRATION, np.sin(angles) * CONCENTRATION
    x, y = np.split(heads.astype(np.float64), 2, axis=-1)
    return np.concatenate([x * cos - y * sin, y * cos + x * sin], axis=-1)


@pytest.mark.parametrize("position, dim", GOLDEN)
def test_gives_the_golden_values(position: int, dim: int) -> None:
    batch = RopeBatch(1, 1, 1)
    batch.inv_freq, batch.positions[0] = yarn_inv_freq(), position
    batch.qkv[:] = 0
    batch.qkv[0, dim] = 1  # a unit vector turns into (cos, sin)
    batch.run()
    # float32 rounds the angle, the golden values do not: half a unit in the last place of it, times the slope
    tolerance = 1e-6 + CONCENTRATION * float(np.spacing(np.float32(position) * batch.inv_freq[dim]))
    np.testing.assert_allclose(batch.qkv[0, [dim, dim + 32]], GOLDEN[position, dim], rtol=0, atol=tolerance)


@pytest.mark.parametrize("shape", SHAPES)
def test_rotates_queries_and_keys_and_leaves_values(shape: tuple[int, int, int, int]) -> None:
    batch = RopeBatch(37, *shape)
    before = batch.heads.copy()
    batch.run()
    turned = batch.num_rotated
    expected = rotated(before[:, :turned], batch.positions, batch.inv_freq)
    np.testing.assert_allclose(batch.heads[:, :turned], expected, rtol=0, atol=3e-6)
    np.testing.assert_array_equal(batch.heads[:, turned:], before[:, turned:])


@pytest.mark.parametrize("shape", SHAPES)
def test_stores_rounded_keys_and_values_in_their_slots_and_nothing_elsewhere(shape: tuple[int, int, int, int]) -> None:
    batch = RopeBatch(37, *shape)
    k_cache, v_cache = batch.k_cache.copy(), batch.v_cache.copy()
    batch.run()
    keys, values = np.split(to_bf16(batch.heads[:, batch.num_attention_heads :]), 2, axis=1)
    for token, slot in enumerate(batch.slot_mapping):
        block, offset = divmod(int(slot), k_cache.shape[3])
        k_cache[block, :, :, offset] = keys[token]
        v_cache[block, :, offset, :] = values[token]
    np.testing.assert_array_equal(batch.k_cache, k_cache)
    np.testing.assert_array_equal(batch.v_cache, v_cache)


def test_rounds_ties_to_even_and_keeps_what_is_not_finite() -> None:
    batch = RopeBatch(1, 1, 1, 16, 16)
    ties = np.array([1.00390625, 1.01171875, -1.00390625, 3.4e38, np.inf, -np.inf, 1e-45, -0.0], np.float32)
    batch.qkv[0, 32:40] = ties
    batch.qkv[0, 40] = np.nan
    batch.run()
    block, offset = divmod(int(batch.slot_mapping[0]), 16)
    stored = batch.v_cache[block, 0, offset]
    assert stored[:8].tolist() == [0x3F80, 0x3F82, 0xBF80, 0x7F80, 0x7F80, 0xFF80, 0, 0x8000]
    assert stored[8] & 0x7F80 == 0x7F80
    assert stored[8] & 0x7F


def test_a_token_gets_the_same_bits_in_any_batch() -> None:
    together, alone = RopeBatch(20), RopeBatch(20)
    together.run()
    for token in range(20):
        one = RopeBatch(20)
        for name in ("qkv", "positions", "slot_mapping"):
            setattr(one, name, getattr(one, name)[token : token + 1].copy())
        one.k_cache, one.v_cache = alone.k_cache, alone.v_cache
        one.run()
        np.testing.assert_array_equal(one.qkv[0], together.qkv[token])
    np.testing.assert_array_equal(alone.k_cache, together.k_cache)
    np.testing.assert_array_equal(alone.v_cache, together.v_cache)


@pytest.mark.usefixtures("_threads_restored")
def test_threads_and_instruction_sets_give_the_same_bits() -> None:
    digests = set(digests_under_every_isa("rope"))
    for num_threads in (1, 2, 3):
        kernels.set_num_threads(num_threads)
        digests.add(rope_digest())
    assert len(digests) == 1


@pytest.mark.parametrize("slot", [-1, 96])
def test_a_slot_outside_the_cache_is_refused(slot: int) -> None:
    batch = RopeBatch(33)
    batch.slot_mapping[5] = slot
    with pytest.raises(ValueError, match=rf"slot_mapping\[5\] is {slot}; it must be in \[0, 96\)"):
        batch.run()


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("positions", np.zeros(3, np.int32), "positions has 3 in dimension 0"),
        ("positions", np.zeros(4, np.int64), "positions must be a C-contiguous int32 array"),
        ("inv_freq", np.zeros(16, np.float32), "inv_freq has 16"),
        ("num_attention_heads", 7, "qkv has 768 in dimension 1"),
        ("num_attention_heads", 0, "num_attention_heads must be 1 or more"),
        ("v_cache", np.zeros((2, 2, 64, 32), np.uint16), "v_cache has 64 in dimension 2"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_by_name(name: str, value: object, message: str) -> None:
    batch = RopeBatch(4)
    setattr(batch, name, value)
    with pytest.raises((TypeError, ValueError), match=message):
        batch.run()
