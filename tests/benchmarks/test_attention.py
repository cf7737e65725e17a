"""What benchmarks/attention.py counts."""

import numpy as np
import pytest

from benchmarks.attention import Bench


def test_a_chunk_multiplies_each_query_with_the_keys_it_sees_and_their_values() -> None:
    seconds, rate = Bench(np.int16, max_len=64, chunk=16, seconds=0).prefill(32)
    keys_seen = sum(position + 1 for position in range(32, 48))
    assert seconds * rate == pytest.approx(2 * 64 * 64 * keys_seen)  # scores and values, heads, head_dim


@pytest.mark.parametrize("dtype, item_bytes", [(np.int16, 2), (np.int8, 1)])
def test_a_decode_reads_keys_and_values_with_their_scales(
    dtype: type[np.int16] | type[np.int8], item_bytes: int
) -> None:
    seconds, rate = Bench(dtype, max_len=64, chunk=1, seconds=0).decode(40)
    assert seconds * rate == pytest.approx(41 * 2 * 8 * (64 * item_bytes + 4))  # keys and values, heads
