import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.engine.embedded.kernels import KVType
from ossian.engine.embedded.kv_cache import (
    KVCache,
    array_of_layers,
    block_bytes,
    kv_dtype,
    max_len_in,
    num_blocks_in,
)
from ossian.engine.embedded.model_config import ModelConfig, model_config_from_json
from ossian.errors import ConfigurationError
from ossian.settings import EngineSettings
from tests.engine.embedded.checkpoints import tiny_config

TINY = model_config_from_json(tiny_config())


SLIDING, FULL = "sliding_attention", "full_attention"


def test_the_arrays_of_each_pair_of_layers() -> None:
    cache = KVCache(TINY, num_blocks=5, block_size=16)
    assert [array.shape for array in cache.k] == [(5, 2, 32, 16)]
    assert [array.shape for array in cache.v] == [(5, 2, 16, 32)]
    assert {array.dtype for array in (*cache.k, *cache.v)} == {np.dtype(np.uint16)}


@pytest.mark.parametrize(
    "layer_types, expected",
    [
        ([SLIDING, FULL] * 3, [0, 0, 1, 1, 2, 2]),
        ([FULL, SLIDING, SLIDING, SLIDING], [0, 0, 1, 2]),
        ([FULL] * 3, [0, 1, 2]),
        ([SLIDING] * 3, [0, 1, 2]),
    ],
)
def test_layers_of_one_kind_never_share_an_array(layer_types: list[str], expected: list[int]) -> None:
    config = model_config_from_json(tiny_config(num_hidden_layers=len(layer_types), layer_types=layer_types))
    assert array_of_layers(config) == expected
    cache = KVCache(config, 2, 16)
    assert len(cache.k) == len(cache.v) == max(expected) + 1
    for layer, index in enumerate(expected):
        k, v = cache.of_layer(layer)
        assert k is cache.k[index]
        assert v is cache.v[index]
    assert cache.nbytes == 2 * block_bytes(config, 16)


def test_blocks_are_copied_in_every_array_as_if_all_were_read_first() -> None:
    config = model_config_from_json(tiny_config(num_hidden_layers=4))
    cache = KVCache(config, num_blocks=4, block_size=16)
    arrays = [*cache.k, *cache.v]
    rng = np.random.default_rng(0)
    for array in arrays:
        array[:] = rng.integers(0, 1 << 16, array.shape, np.uint16)
    before = [array.copy() for array in arrays]
    cache.copy_blocks([1, 2], [2, 3])
    for array, old in zip(arrays, before, strict=True):
        assert np.array_equal(array, old[[0, 1, 1, 2]])
    cache.copy_blocks([0, 1], [1, 0])
    for array, old in zip(arrays, before, strict=True):
        assert np.array_equal(array, old[[1, 0, 1, 2]])


@given(st.integers(2, 60), st.sampled_from([16, 32, 48]), st.integers(0, 200))
def test_a_longest_sequence_fits_and_one_block_more_does_not(num_blocks: int, block_size: int, window: int) -> None:
    """Whoever computes the last token holds all blocks of the full layers, and those it sees of the sliding ones."""
    max_len = max_len_in(num_blocks, block_size, window)
    assert max_len >= block_size
    assert num_held(max_len, block_size, window) <= num_blocks
    assert num_held(max_len + block_size, block_size, window) > num_blocks


def num_held(num_tokens: int, block_size: int, window: int) -> int:
    """The most blocks held at a time by a sequence of so many tokens that computes one a step."""
    windows = [
        range(max(0, position - window + 1) // block_size, position // block_size + 1) for position in range(num_tokens)
    ]
    return -(-num_tokens // block_size) + (max(map(len, windows)) if window else 0)


def test_slots_that_no_token_filled_are_finite() -> None:
    cache = KVCache(TINY, num_blocks=2, block_size=16)
    assert not any(array.any() for array in (*cache.k, *cache.v))


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.int8])
@pytest.mark.parametrize("block_size", [16, 32, 64])
def test_block_bytes_are_what_the_arrays_take(block_size: int, dtype: KVType) -> None:
    assert KVCache(TINY, 3, block_size, dtype).nbytes == 3 * block_bytes(TINY, block_size, dtype)


def test_a_scale_of_four_bytes_stands_behind_each_token_of_a_head() -> None:
    heads, head_dim = TINY.num_key_value_heads, TINY.head_dim
    assert block_bytes(TINY, 32, np.uint16) == 2 * 32 * heads * head_dim * 2
    assert block_bytes(TINY, 32, np.int16) == 2 * 32 * heads * (head_dim * 2 + 4)
    assert block_bytes(TINY, 32, np.int8) == 2 * 32 * heads * (head_dim + 4)


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.int8])
def test_arrays_begin_with_a_cache_line(dtype: KVType) -> None:
    cache = KVCache(model_config_from_json(tiny_config(num_hidden_layers=4)), 3, 32, dtype)
    for array in (*cache.k, *cache.v):
        assert array.ctypes.data % 64 == 0
        assert array.flags.c_contiguous
        assert array.dtype == dtype


@pytest.mark.parametrize(
    "settings, dtype",
    [
        (EngineSettings(), np.int16),
        (EngineSettings(kv_cache_dtype="int8"), np.int8),
        (EngineSettings(precision="exact"), np.uint16),
        (EngineSettings(precision="exact", kv_cache_dtype="int8"), np.uint16),
    ],
)
def test_keys_and_values_are_fixed_point_unless_the_mode_is_exact(settings: EngineSettings, dtype: KVType) -> None:
    assert kv_dtype(settings) is dtype


def test_the_context_of_gpt_oss_20b_takes_3_gb() -> None:
    """And a last window of the sliding layers: 5 blocks of 32 tokens."""
    config = ModelConfig(24, 32, layer_types=("sliding_attention", "full_attention") * 12)
    num_blocks = num_blocks_in(3_221_225_472 + 5 * block_bytes(config, 32), config, 32)
    assert block_bytes(config, 32) == 32 * 24_576
    assert max_len_in(num_blocks, 32, 128) == 131_072


def test_num_blocks_rounds_down() -> None:
    one = block_bytes(TINY, 32)
    assert [num_blocks_in(num_bytes, TINY, 32) for num_bytes in (2 * one, 3 * one - 1, 3 * one)] == [2, 2, 3]


def test_too_few_bytes_name_the_setting_and_the_number() -> None:
    with pytest.raises(ConfigurationError) as error:
        num_blocks_in(1000, TINY, 32)
    assert str(error.value) == (
        "The KV cache gets 1000 bytes, and the 2 blocks that 32 tokens need take 16384; "
        "give engine.kv_cache_bytes more, or free memory."
    )
