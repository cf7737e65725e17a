"""The arrays of a step, against the plainest way to write them down."""

from hypothesis import given
from hypothesis import strategies as st

from ossian.engine.base import EngineRequest, SamplingParams
from ossian.engine.embedded.model_runner import ModelRunner, build_batch
from ossian.engine.embedded.sequence import Sequence
from tests.engine.embedded.doubles import PrefixModel, prefix_logits

BLOCK_SIZE = 4


@st.composite
def scheduled_sequences(draw: st.DrawFn) -> list[Sequence]:
    """Sequences with disjoint blocks, some of their tokens cached and some scheduled."""
    block_ids = iter(draw(st.permutations(range(96))))
    sequences = []
    for _ in range(draw(st.integers(1, 4))):
        sampling = SamplingParams(num_prompt_logprobs=draw(st.none() | st.just(0)))
        one = Sequence(
            EngineRequest("r", draw(st.lists(st.integers(0, 63), min_size=1, max_size=40)), sampling), (), 99
        )
        for _ in range(-(-one.num_tokens // BLOCK_SIZE) + 1):  # and one for a draft
            one.block_table.append(next(block_ids))
            one.sliding_block_table.append(next(block_ids))
        one.num_cached_tokens = draw(st.integers(0, one.num_tokens - 1))
        one.prompt_logprobs += [None] * (one.num_cached_tokens if one.wants_prompt_logprobs else 0)
        one.num_scheduled_tokens = draw(st.integers(1, one.num_uncached_tokens))
        if one.is_sampled:
            one.draft = draw(st.lists(st.integers(0, 63), max_size=BLOCK_SIZE))
            one.num_scheduled_tokens += len(one.draft)
        sequences.append(one)
    return sequences


@given(scheduled_sequences())
def test_a_batch_lays_the_scheduled_tokens_side_by_side(sequences: list[Sequence]) -> None:
    batch = build_batch(sequences, BLOCK_SIZE)
    input_ids: list[int] = []
    positions: list[int] = []
    slots: list[int] = []
    sliding_slots: list[int] = []
    logits_indices: list[int] = []
    for row, one in enumerate(sequences):
        table = one.block_table.values.tolist()
        assert batch.full.block_tables[row, : len(table)].tolist() == table
        assert not batch.full.block_tables[row, len(table) :].any()
        assert batch.sliding.block_tables[row, : len(table)].tolist() == one.sliding_block_table.values.tolist()
        assert batch.cu_seqlens_q[row] == len(input_ids)
        assert batch.context_lens[row] == one.num_cached_tokens + one.num_scheduled_tokens
        for position in range(one.num_cached_tokens, one.num_cached_tokens + one.num_scheduled_tokens):
            scores_prompt = one.wants_prompt_logprobs and position + 1 < one.num_prompt_tokens
            if scores_prompt or position + 1 >= one.num_tokens:
                logits_indices.append(len(input_ids))
            input_ids.append([*one.tokens.values.tolist(), *one.draft][position])
            positions.append(position)
            slots.append(table[position // BLOCK_SIZE] * BLOCK_SIZE + position % BLOCK_SIZE)
            block_id = int(one.sliding_block_table.values[position // BLOCK_SIZE])
            sliding_slots.append(block_id * BLOCK_SIZE + position % BLOCK_SIZE)
    assert batch.cu_seqlens_q[-1] == batch.num_tokens == len(input_ids)
    assert len(batch.context_lens) == len(sequences)
    assert batch.input_ids.tolist() == input_ids
    assert batch.positions.tolist() == positions
    assert batch.full.slot_mapping.tolist() == slots
    assert batch.sliding.slot_mapping.tolist() == sliding_slots
    assert batch.logits_indices.tolist() == logits_indices


@given(scheduled_sequences())
def test_every_array_is_as_the_kernels_want_it(sequences: list[Sequence]) -> None:
    batch = build_batch(sequences, BLOCK_SIZE)
    block_tables = [places.block_tables for places in (batch.full, batch.sliding)]
    slot_mappings = [places.slot_mapping for places in (batch.full, batch.sliding)]
    int32 = [batch.input_ids, batch.positions, *block_tables, batch.cu_seqlens_q, batch.context_lens]
    int32.append(batch.logits_indices)
    assert {str(array.dtype) for array in int32} == {"int32"}
    assert {str(array.dtype) for array in slot_mappings} == {"int64"}
    assert all(array.flags.c_contiguous for array in int32)
    assert all(array.flags.c_contiguous for array in slot_mappings)


def test_the_logits_are_the_models() -> None:
    one = Sequence(EngineRequest("r", (5, 6, 7)), (), 99)
    one.block_table.append(1)
    one.num_scheduled_tokens = 3
    model = PrefixModel()
    model.allocate(2, BLOCK_SIZE, window=0)
    assert ModelRunner(model, BLOCK_SIZE).run([one]).tolist() == [prefix_logits([5, 6, 7]).tolist()]
