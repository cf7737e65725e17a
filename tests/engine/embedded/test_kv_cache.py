import numpy as np
import pytest

from ossian.engine.embedded.kv_cache import KVCache, block_bytes, num_blocks_in
from ossian.engine.embedded.model_config import ModelConfig, model_config_from_json
from ossian.errors import ConfigurationError
from tests.engine.embedded.checkpoints import tiny_config

TINY = model_config_from_json(tiny_config())


def test_the_arrays_of_each_layer() -> None:
    cache = KVCache(TINY, num_blocks=5, block_size=16)
    assert [array.shape for array in cache.k] == [(5, 2, 32, 16)] * 2
    assert [array.shape for array in cache.v] == [(5, 2, 16, 32)] * 2
    assert {array.dtype for array in (*cache.k, *cache.v)} == {np.dtype(np.uint16)}


def test_slots_that_no_token_filled_are_finite() -> None:
    cache = KVCache(TINY, num_blocks=2, block_size=16)
    assert not any(array.any() for array in (*cache.k, *cache.v))


@pytest.mark.parametrize("block_size", [16, 32, 64])
def test_block_bytes_are_what_the_arrays_take(block_size: int) -> None:
    assert KVCache(TINY, 3, block_size).nbytes == 3 * block_bytes(TINY, block_size)


def test_the_context_of_gpt_oss_20b_takes_6_gb() -> None:
    """Twice the 3.22 GB of a cache that would drop old positions of sliding layers."""
    assert num_blocks_in(2 * 3_221_225_472, ModelConfig(24, 32), 32) * 32 == 131072


def test_num_blocks_rounds_down() -> None:
    one = block_bytes(TINY, 32)
    assert [num_blocks_in(num_bytes, TINY, 32) for num_bytes in (one, 2 * one - 1, 2 * one)] == [1, 1, 2]


def test_too_few_bytes_name_the_setting_and_the_number() -> None:
    with pytest.raises(ConfigurationError) as error:
        num_blocks_in(1000, TINY, 32)
    assert str(error.value) == (
        "The KV cache gets 1000 bytes, and one block of 32 tokens takes 16384; "
        "give engine.kv_cache_bytes more, or free memory."
    )
