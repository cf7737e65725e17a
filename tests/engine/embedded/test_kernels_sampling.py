"""Sampling: the filters keep what they should, draws follow the distribution, and nothing but (seed, step) decides."""

import math
from collections.abc import Iterator
from typing import Unpack

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ossian.engine.embedded import kernels
from ossian.engine.embedded.kernels import Float32
from tests.engine.embedded.kernel_digests import digests_under_every_isa, sampling_digest
from tests.engine.embedded.sampling_rows import (
    Row,
    bitmask,
    distribution,
    draws,
    model_like_logits,
    ranked,
    sample_rows,
    softmax,
)

VOCAB_SIZE = 201_088  # gpt-oss

# Values that are often equal, some that cannot occur, over sizes around chunks of 16, 32 and 64.
logit_rows = st.lists(
    st.one_of(st.sampled_from([-1.0, 0.0, -0.0, 0.5, 2.0, -math.inf]), st.floats(-30, 30, width=32)),
    min_size=1,
    max_size=200,
).map(lambda values: np.array(values, np.float32))

FILTERS: list[Row] = [
    {},
    {"temperature": 0.5},
    {"top_k": 1},
    {"top_k": 5},
    {"top_p": 0.6},
    {"top_p": 1e-6},
    {"min_p": 0.2},
    {"temperature": 2.0, "top_k": 12, "top_p": 0.9, "min_p": 0.05},
]


@pytest.fixture
def _threads_restored() -> Iterator[None]:
    yield
    kernels.set_num_threads(0)


def kept(logits: Float32, num_draws: int = 400, **row: Unpack[Row]) -> set[int]:
    """The tokens that some seed draws: with few and not too unlikely tokens, all that the filters keep."""
    return set(draws(logits, num_draws, **row).tolist())


@given(logits=logit_rows, data=st.data())
@settings(deadline=None)
def test_greedy_is_the_first_best_allowed_token(logits: Float32, data: st.DataObject) -> None:
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(logits), max_size=len(logits))))
    masked = np.where(allowed, logits, -np.inf).astype(np.float32)
    assume(masked.max() > -np.inf)
    assert sample_rows(logits[None], temperature=0, token_mask=bitmask(allowed))[0] == np.argmax(masked)


@given(logits=logit_rows, data=st.data())
@settings(deadline=None)
def test_the_mask_hides_tokens_in_place(logits: Float32, data: st.DataObject) -> None:
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(logits), max_size=len(logits))))
    masked = np.where(allowed, logits, -np.inf).astype(np.float32)
    assume(masked.max() > -np.inf)
    row = logits[None].copy()
    one = np.ones(1, np.float32)
    kernels.sample(
        row, one, np.zeros(1, np.int32), one, 0 * one, np.zeros(1, np.uint64), np.zeros(1, np.int64),
        [bitmask(allowed)], np.zeros(1, np.int32),
    )  # fmt: skip
    np.testing.assert_array_equal(row[0], masked)


@given(
    logits=logit_rows,
    temperature=st.sampled_from([0.1, 0.7, 1.0, 2.0]),
    top_k=st.integers(0, 210),
    top_p=st.sampled_from([0.0, 1e-9, 0.1, 0.5, 0.9, 0.999, 1.0]),
    min_p=st.sampled_from([0.0, 0.01, 0.3, 1.0]),
    seed=st.integers(0, 2**64 - 1),
)
@settings(deadline=None, max_examples=300)
def test_every_draw_has_a_probability(
    logits: Float32, temperature: float, top_k: int, top_p: float, min_p: float, seed: int
) -> None:
    assume(logits.max() > -np.inf)
    row = Row(temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p)
    token_id = sample_rows(logits[None], seeds=seed, **row)[0]
    # At a filter's edge float32 may decide otherwise than float64: a token right behind it passes too.
    row |= Row(top_p=min(1.0, top_p + 1e-5), min_p=max(0.0, min_p - 1e-5))
    assert distribution(logits, **row)[token_id] > 0


@given(logits=logit_rows, top_p=st.floats(0.01, 0.99))
@settings(deadline=None, max_examples=60)
def test_top_p_keeps_the_fewest_tokens_that_reach_it(logits: Float32, top_p: float) -> None:
    assume(logits.max() > -np.inf)
    tokens = sorted(kept(logits, top_p=top_p), key=ranked(logits).tolist().index)
    probabilities = softmax(logits)
    last = ranked(logits).tolist().index(tokens[-1])
    before = probabilities[ranked(logits)[:last]].sum()
    assert before < np.float32(top_p) + 1e-6  # without its last token it would not reach top_p: it is minimal


@pytest.mark.parametrize("top_p", [0.1, 0.3, 0.5, 0.75, 0.9])
def test_top_p_reaches_its_sum(top_p: float) -> None:
    logits = np.linspace(2, 0, 12, dtype=np.float32)  # every token likely enough to be drawn in 3000 seeds
    tokens = kept(logits, 3000, top_p=top_p)
    probabilities = softmax(logits)
    assert probabilities[list(tokens)].sum() >= top_p
    assert tokens == set(range(len(tokens)))
    assert probabilities[: len(tokens) - 1].sum() < top_p


@pytest.mark.parametrize("k", [1, 2, 3, 7, 8, 50])
def test_top_k_keeps_exactly_k_and_of_equals_the_first(k: int) -> None:
    logits = np.repeat(np.array([0, 1, 0.5], np.float32), [30, 5, 30])
    assert kept(logits, 3000, top_k=k) == set(ranked(logits)[:k].tolist())


def test_min_p_is_relative_to_the_best_token() -> None:
    logits = np.log(np.array([0.05, 0.5, 0.26, 0.19], np.float32))
    assert kept(logits, min_p=0.5) == {1, 2}
    assert kept(logits, min_p=0.3) == {1, 2, 3}
    assert kept(logits, min_p=1) == {1}
    assert kept(logits, min_p=0) == {0, 1, 2, 3}


def test_filters_come_in_order() -> None:
    probabilities = np.array([0.4, 0.3, 0.2, 0.1])
    logits = np.log(probabilities).astype(np.float32)
    # top_k leaves 4/7 and 3/7, so that top_p 0.5 is reached by the first alone; of the whole it would be two
    assert kept(logits, top_k=2, top_p=0.5) == {0}
    assert kept(logits, top_p=0.5) == {0, 1}
    # the temperature flattens first: 0.4 and 0.3 become 0.3254 and 0.2818
    assert kept(logits, temperature=2.0, top_p=0.5) == {0, 1}
    assert kept(logits, temperature=2.0, top_p=0.65) == {0, 1, 2}
    # min_p comes last: it drops tokens, but top_p has counted them
    assert kept(logits, top_p=0.85, min_p=0.6) == {0, 1}


@pytest.mark.parametrize("row", FILTERS, ids=str)
def test_draws_follow_the_distribution(row: Row) -> None:
    """A chi-square test with fixed seeds: once it passes, it always does."""
    num_draws = 20_000
    logits = np.random.default_rng(3).standard_normal(100).astype(np.float32) * 1.5
    expected = distribution(logits, **row) * num_draws
    counts = np.bincount(draws(logits, num_draws, **row), minlength=100)
    assert counts[expected == 0].sum() == 0
    likely = expected >= 5
    observed = np.append(counts[likely], counts[~likely].sum())
    wanted = np.append(expected[likely], expected[~likely].sum())
    chi_square = ((observed - wanted) ** 2 / np.maximum(wanted, 1e-9)).sum()
    degrees = max(1, len(observed) - 1)
    assert chi_square < degrees + 4 * math.sqrt(2 * degrees) + 4  # beyond the 0.999 quantile


def test_draws_differ_by_seed_and_by_step_and_repeat() -> None:
    logits = np.zeros((1000, 1000), np.float32)
    by_seed = sample_rows(logits, seeds=range(1000))
    by_step = sample_rows(logits, steps=range(1000))
    assert by_seed.tolist() != by_step.tolist()
    for token_ids in (by_seed, by_step):
        assert len(set(token_ids.tolist())) > 550  # 632 are expected
    np.testing.assert_array_equal(sample_rows(logits, seeds=range(1000)), by_seed)
    assert len(set(sample_rows(logits[:3], seeds=[1, 1 + 2**32, 2**63], steps=2**40).tolist())) > 1


def test_a_row_does_not_depend_on_those_beside_it() -> None:
    rows = np.stack([model_like_logits(5000, seed) for seed in range(6)])
    together = sample_rows(rows, seeds=range(6), steps=3, top_p=0.95)
    alone = [sample_rows(row[None], seeds=seed, steps=3, top_p=0.95)[0] for seed, row in enumerate(rows)]
    assert together.tolist() == alone


@pytest.mark.usefixtures("_threads_restored")
def test_threads_and_instruction_sets_give_the_same_bits() -> None:
    digests = set(digests_under_every_isa("sampling"))
    for num_threads in (1, 2, 3):
        kernels.set_num_threads(num_threads)
        digests.add(sampling_digest())
    assert len(digests) == 1


@pytest.mark.parametrize("row", [*FILTERS, {"top_k": 5000}, {"top_k": 150_000, "top_p": 0.5}], ids=str)
@pytest.mark.parametrize("spread", [0.0, 0.3, 3.0])
def test_the_whole_vocabulary(row: Row, spread: float) -> None:
    """With `spread` 0 all tokens are equal: the filters then go by id."""
    logits = np.random.default_rng(9).standard_normal(VOCAB_SIZE).astype(np.float32) * np.float32(spread)
    probabilities = distribution(logits, **row)
    num_kept = np.count_nonzero(probabilities)
    token_ids = draws(logits, 20, **row)
    position = np.empty(VOCAB_SIZE, np.int64)
    position[ranked(logits)] = np.arange(VOCAB_SIZE)
    assert (position[token_ids] <= num_kept + 2 + num_kept // 10_000).all()


@pytest.mark.parametrize("temperature", [1e-45, 1e-30, 1e-3])
def test_a_tiny_temperature_is_greedy(temperature: float) -> None:
    logits = model_like_logits(3000)
    logits[777] = 40
    assert kept(logits, 50, temperature=temperature) == {777}


def test_a_tiny_top_p_keeps_the_best_token_alone() -> None:
    logits = np.zeros(1000, np.float32)
    for top_p in (0.0, 1e-45, 1e-9, 9e-4):
        assert kept(logits, 50, top_p=top_p) == {0}


@pytest.mark.parametrize("bad", [np.nan, -np.nan, np.inf])
@pytest.mark.parametrize("position", [0, 15, 16, 63, 64, 99])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_row_that_is_no_distribution_is_refused_and_the_others_are_sampled(
    bad: float, position: int, temperature: float
) -> None:
    rows = np.tile(model_like_logits(100), (3, 1))
    rows[1, position] = bad
    token_ids = np.zeros(3, np.int32)
    three = np.ones(3, np.float32)
    with pytest.raises(ValueError, match=r"logits\[1\] has a NaN or \+inf"):
        kernels.sample(
            rows, temperature * three, np.zeros(3, np.int32), three, 0 * three, np.zeros(3, np.uint64),
            np.zeros(3, np.int64), [None] * 3, token_ids,
        )  # fmt: skip
    assert token_ids[1] == -1
    assert token_ids[0] == token_ids[2] == sample_rows(rows[:1], temperature=temperature)[0]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_row_without_an_allowed_token_is_refused(temperature: float) -> None:
    logits = model_like_logits(100)[None]
    with pytest.raises(ValueError, match=r"logits\[0\] is -inf for every token, or its token mask allows none"):
        sample_rows(logits, temperature=temperature, token_mask=np.zeros(4, np.uint32))
    with pytest.raises(ValueError, match="at least one must be allowed"):
        sample_rows(np.full((1, 100), -np.inf, np.float32), temperature=temperature)


@pytest.mark.parametrize(
    "row, message",
    [
        ({"temperature": -0.1}, r"temperature\[0\] is -0.1"),
        ({"temperature": math.inf}, r"temperature\[0\] is inf"),
        ({"temperature": math.nan}, r"temperature\[0\] is nan"),
        ({"top_k": -1}, r"top_k\[0\] is -1"),
        ({"top_p": 1.5}, r"top_p\[0\] is 1.5"),
        ({"top_p": math.nan}, r"top_p\[0\] is nan"),
        ({"min_p": -0.5}, r"min_p\[0\] is -0.5"),
    ],
    ids=str,
)
def test_values_out_of_range_are_refused_by_name(row: Row, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draws(np.zeros(10, np.float32), 1, **row)


def test_a_token_mask_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="token_masks has 3 in dimension 0; it must be 4"):
        sample_rows(np.zeros((1, 100), np.float32), token_mask=np.zeros(3, np.uint32))


@given(logits=logit_rows, n=st.integers(0, 20), data=st.data())
@settings(deadline=None)
def test_top_logprobs_are_the_best_of_the_log_softmax(logits: Float32, n: int, data: st.DataObject) -> None:
    assume(logits.max() > -np.inf)
    token_id = data.draw(st.integers(0, len(logits) - 1))
    with np.errstate(divide="ignore"):
        expected = np.log(softmax(logits))
    logprob, ids, logprobs = kernels.top_logprobs(logits, token_id, n)
    best = [i for i in ranked(logits)[:n].tolist() if logits[i] > -np.inf]
    assert ids.tolist() == best
    np.testing.assert_allclose(logprobs, expected[best], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(logprob, expected[token_id], rtol=1e-6, atol=1e-6)


def test_top_logprobs_of_the_whole_vocabulary() -> None:
    logits = model_like_logits(VOCAB_SIZE)
    logprob, ids, logprobs = kernels.top_logprobs(logits, 5, 20)
    expected = np.log(softmax(logits))
    assert ids.tolist() == ranked(logits)[:20].tolist()
    np.testing.assert_allclose(logprobs, expected[ids], rtol=0, atol=2e-6)
    assert logprob == pytest.approx(expected[5], abs=2e-6)


@pytest.mark.parametrize("token_id", [-1, 10])
def test_top_logprobs_refuse_ids_outside_the_vocabulary(token_id: int) -> None:
    with pytest.raises(ValueError, match=rf"token_id is {token_id}; it must be in \[0, 10\)"):
        kernels.top_logprobs(np.zeros(10, np.float32), token_id, 1)


@given(data=st.data())
@settings(deadline=None)
def test_penalties_equal_the_formula(data: st.DataObject) -> None:
    ids = st.lists(st.integers(0, 49), max_size=100)
    prompt, output = (np.array(data.draw(ids), np.int32) for _ in range(2))
    presence, frequency = (data.draw(st.sampled_from([-2.0, -0.5, 0.0, 0.25, 2.0])) for _ in range(2))
    repetition = data.draw(st.sampled_from([0.5, 1.0, 1.25, 2.0]))
    logits = model_like_logits(50)
    seen = np.isin(np.arange(50), np.concatenate([prompt, output]))
    counts = np.bincount(output, minlength=50)
    expected = logits.astype(np.float64)
    expected = np.where(seen, np.where(expected > 0, expected / repetition, expected * repetition), expected)
    expected -= frequency * counts + presence * (counts > 0)
    kernels.apply_penalties(logits, prompt, output, presence, frequency, repetition)
    np.testing.assert_allclose(logits, expected, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize(
    "prompt, output, repetition, message",
    [
        ([50], [], 1.0, r"prompt_token_ids\[0\] is 50; it must be in \[0, 50\)"),
        ([], [0, -1], 1.0, r"output_token_ids\[1\] is -1"),
        ([], [], 0.0, "repetition_penalty is 0.0"),
    ],
)
def test_penalties_refuse_what_they_cannot_apply(
    prompt: list[int], output: list[int], repetition: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        kernels.apply_penalties(
            np.zeros(50, np.float32), np.array(prompt, np.int32), np.array(output, np.int32), 0, 0, repetition
        )
