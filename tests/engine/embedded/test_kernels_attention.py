"""Paged attention: right to float32, and the same bits however a query is computed."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossian.engine.embedded import kernels
from ossian.engine.embedded.kernels import KVType
from tests.engine.embedded.kernel_digests import attention_digest, digests_under_every_isa
from tests.engine.embedded.paged_context import PagedContext, Shape, attend_together

SHAPES = [
    Shape(),
    Shape(16, 2, 64, 32, 128),
    Shape(3, 1, 32, 16, 20),
    Shape(7, 1, 48, 48),
    Shape(20, 1, 64, 64, 33),
    Shape(6, 2, 80, 128),
    Shape(2, 2, 16, 80, 40),
]
FIXED = [replace(shape, dtype=dtype) for dtype in (np.int16, np.int8) for shape in SHAPES]


@pytest.fixture
def _threads_restored() -> Iterator[None]:
    yield
    kernels.set_num_threads(0)


TOLERANCES: dict[KVType, float] = {np.uint16: 1e-5, np.int16: 0.03, np.int8: 0.2}  # expected() has bf16 keys and values


def assert_right(context: PagedContext, begin: int, end: int) -> None:
    actual = context.attend(begin, end)
    np.testing.assert_allclose(actual, context.expected(begin, end), rtol=0, atol=TOLERANCES[context.shape.dtype])


@pytest.mark.parametrize("shape", SHAPES + FIXED, ids=str)
def test_equals_the_formula(shape: Shape) -> None:
    context = PagedContext(shape, 150)
    assert_right(context, 0, 150)
    assert_right(context, 149, 150)
    assert_right(context, 60, 69)


@pytest.mark.parametrize("window", [0, 127, 128, 129])
@pytest.mark.parametrize("length", [1, 63, 64, 65, 127, 128, 129, 257])
def test_equals_the_formula_around_blocks_and_windows(length: int, window: int) -> None:
    context = PagedContext(Shape(8, 1, 32, 32, window), length)
    assert_right(context, max(0, length - 130), length)
    assert_right(context, length - 1, length)


def test_a_window_ends_between_two_keys() -> None:
    context = PagedContext(Shape(8, 1, 64, 32, 128), 300)
    before = context.attend(299, 300)
    context.qkv[171] *= -3  # the last key outside the window of position 299
    context.__dict__.pop("_bf16_kv", None)
    context.place(np.random.default_rng(5))
    np.testing.assert_array_equal(context.attend(299, 300), before)
    context.qkv[172] *= -3  # the first inside
    context.__dict__.pop("_bf16_kv", None)
    context.place(np.random.default_rng(5))
    assert not np.array_equal(context.attend(299, 300), before)


@pytest.mark.parametrize("dtype", [np.uint16, np.int16])
@pytest.mark.parametrize("window", [0, 128])
def test_equals_the_formula_past_position_4096(window: int, dtype: KVType) -> None:
    context = PagedContext(Shape(8, 1, 64, 32, window, dtype), 4500)
    assert_right(context, 4095, 4098)
    assert_right(context, 4499, 4500)


def test_a_sink_of_minus_infinity_is_plain_softmax() -> None:
    context = PagedContext(Shape(), 70)
    context.sinks[:] = -np.inf
    constant = 0.5
    context.qkv[:, -64:] = constant  # the weights of a plain softmax sum to 1, so equal values come out as they are
    context.__dict__.pop("_bf16_kv", None)
    context.place(context.rng)
    np.testing.assert_allclose(context.attend(0, 70), constant, rtol=1e-6)


@pytest.mark.parametrize("sink", [1e3, 3e38, np.inf])
def test_a_large_sink_takes_all_the_weight(sink: float) -> None:
    context = PagedContext(Shape(), 70)
    context.sinks[:] = sink
    np.testing.assert_array_equal(context.attend(0, 70), 0)


def test_the_sink_adds_to_the_denominator_alone() -> None:
    """The specification's example: logits [0.5, 1, -2] and sink 0.25 give [0.2849322, 0.4697738, 0.0233887]."""
    context = PagedContext(Shape(1, 1, 16, 16), 3)
    context.sinks[:] = 0.25
    context.qkv[:] = 0
    context.qkv[2, 0] = 4  # the scale is 1 / 4, so the first component of a key is its logit
    context.qkv[:, 16] = [0.5, 1, -2]
    context.qkv[:, 32:35] = np.eye(3)
    context.__dict__.pop("_bf16_kv", None)
    context.place(context.rng)
    np.testing.assert_allclose(context.attend(2, 3)[0, :3], [0.2849322, 0.4697738, 0.0233887], atol=1e-7)


@pytest.mark.parametrize("shape", SHAPES + FIXED, ids=str)
@pytest.mark.parametrize("chunk", [1, 7, 64, 129])
def test_chunks_of_a_prefill_give_the_bits_of_the_whole(shape: Shape, chunk: int) -> None:
    context = PagedContext(shape, 300)
    chunks = [context.attend(begin, min(300, begin + chunk)) for begin in range(0, 300, chunk)]
    np.testing.assert_array_equal(np.concatenate(chunks), context.attend(0, 300))


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_batch_gives_each_sequence_the_bits_it_has_alone(data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from(SHAPES + FIXED))
    chunks = []
    for seed in range(data.draw(st.integers(1, 5))):
        context = PagedContext(shape, data.draw(st.integers(1, 200)), seed)
        context.sinks = np.linspace(-1, 1, shape.num_attention_heads, dtype=np.float32)
        chunks.append((context, data.draw(st.integers(0, context.length)), context.length))
    alone = [context.attend(begin, end) for context, begin, end in chunks]
    np.testing.assert_array_equal(attend_together(chunks), np.concatenate(alone))


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.int8])
def test_the_place_of_the_blocks_does_not_matter(dtype: KVType) -> None:
    context = PagedContext(Shape(dtype=dtype), 300)
    before = context.attend(250, 300)
    context.place(np.random.default_rng(99))
    np.testing.assert_array_equal(context.attend(250, 300), before)


@pytest.mark.usefixtures("_threads_restored")
@pytest.mark.parametrize("window", [0, 700])
def test_a_decode_at_depth_gives_the_bits_of_a_prefill_however_many_threads_share_it(window: int) -> None:
    context = PagedContext(Shape(16, 2, 32, 32, window, np.int16), 1700)
    whole = context.attend(0, 1700)
    for num_threads in (1, 2, 9):  # with nine each computes a part of the keys
        kernels.set_num_threads(num_threads)
        np.testing.assert_array_equal(context.attend(1699, 1700), whole[1699:])
        np.testing.assert_array_equal(context.attend(1500, 1509), whole[1500:1509])


@pytest.mark.parametrize("dtype, worst", [(np.int16, 0.51 / 4095), (np.int8, 0.51 / 127)])
def test_a_fixed_point_value_is_half_a_step_off_at_most(dtype: KVType, worst: float) -> None:
    """A token that sees itself alone, with no sink, comes out as its value."""
    context = PagedContext(Shape(8, 1, 64, 32, 1, dtype), 50)
    context.sinks[:] = -np.inf
    values = context.qkv[:, -64:]
    error = np.abs(context.attend(0, 50).reshape(50, 8, 64) - values[:, None])
    assert np.all(error <= worst * np.abs(values).max(axis=1)[:, None, None] + 1e-6)


def test_a_token_does_not_see_later_ones() -> None:
    """What the cache holds past a query, of its own block too, does not touch it."""
    short = PagedContext(Shape(), 100)
    long = PagedContext(Shape(), 100)
    long.k_cache[long.block_table[50 // 32], :, :, 50 % 32 + 1 :] = 0x7F80  # +inf from position 51 on
    long.v_cache[long.block_table[50 // 32], :, 50 % 32 + 1 :, :] = 0x7FC0
    np.testing.assert_array_equal(long.attend(40, 51), short.attend(40, 51))


@pytest.mark.usefixtures("_threads_restored")
def test_threads_and_instruction_sets_give_the_same_bits() -> None:
    digests = set(digests_under_every_isa("attention"))
    for num_threads in (1, 2, 3):
        kernels.set_num_threads(num_threads)
        digests.add(attention_digest())
    assert len(digests) == 1


@pytest.mark.parametrize(
    "change, message",
    [
        ({"cu_seqlens_q": [0, 9]}, "cu_seqlens_q must run from 0 to the 10 tokens"),
        ({"cu_seqlens_q": [0, 5, 10]}, "cu_seqlens_q has 3"),
        ({"context_lens": [9]}, r"context_lens\[0\] is 9"),
        ({"context_lens": [129]}, r"context_lens\[0\] is 129"),
        ({"block_tables": [[0, 99, 1, 2]]}, r"block_tables\[0\]\[1\] is 99"),
        ({"block_tables": [[0, 1, 2, -1]]}, r"block_tables\[0\]\[3\] is -1"),
        ({"sliding_window": -1}, "sliding_window"),
    ],
)
def test_what_does_not_fit_together_is_refused(change: dict[str, object], message: str) -> None:
    context = PagedContext(Shape(), 128)
    integers = {"block_tables": [[0, 1, 2, 3]], "cu_seqlens_q": [0, 10], "context_lens": [128], "sliding_window": 0}
    integers |= change
    with pytest.raises(ValueError, match=message):
        kernels.paged_attention(
            context.qkv[:10],
            context.k_cache,
            context.v_cache,
            np.array(integers["block_tables"], np.int32),
            np.array(integers["cu_seqlens_q"], np.int32),
            np.array(integers["context_lens"], np.int32),
            context.sinks,
            int(str(integers["sliding_window"])),
            np.empty((10, 512), np.float32),
        )


@pytest.mark.parametrize("dtype", [np.uint16, np.int16])
def test_blocks_before_the_window_may_be_gone(dtype: KVType) -> None:
    context = PagedContext(Shape(sliding_window=40, dtype=dtype), 200)
    before = context.attend(190, 200)
    context.block_table[:4] = -1  # position 190 sees from 151 on, in block 4
    np.testing.assert_array_equal(context.attend(190, 200), before)
