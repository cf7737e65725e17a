"""The router and the experts: right, and the same bits however they are computed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ossian.engine.embedded import kernels
from tests.engine.embedded.machine_settings import assert_same_everywhere
from tests.engine.embedded.random_experts import SWIGLU_LIMIT, RandomExperts, dequantized, swiglu

EXPERTS = RandomExperts(num_experts=8, hidden_size=64, intermediate_size=96)


def random_floats(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def random_routing(num_tokens: int, num_experts: int = 8, k: int = 4) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    random = np.random.default_rng(num_tokens)
    expert_ids = np.stack([random.permutation(num_experts)[:k] for _ in range(num_tokens)]).astype(np.int32)
    return expert_ids, random.dirichlet(np.ones(k), num_tokens).astype(np.float32)


def moe(
    x: NDArray[np.float32],
    weights: kernels.ExpertWeights,
    routing: tuple[NDArray[np.int32], NDArray[np.float32]],
    *,
    exact: bool = False,
) -> NDArray[np.float32]:
    out = np.zeros_like(x)
    kernels.moe(x, weights, *routing, SWIGLU_LIMIT, out, exact=exact)
    return out


@pytest.mark.parametrize("num_tokens", [1, 2, 3, 7, 17, 33])
def test_exact_experts_equal_the_formula(num_tokens: int) -> None:
    x, routing, weights = random_floats(num_tokens, 64), random_routing(num_tokens), EXPERTS.packed()
    actual = assert_same_everywhere(lambda: moe(x, weights, routing, exact=True))
    expected = EXPERTS.expected(x, *routing)
    # The activations are rounded to bf16, so that a last bit in float32 can become one in bf16.
    np.testing.assert_allclose(actual, expected, atol=2e-3 * np.abs(expected).max())


@pytest.mark.parametrize("num_tokens", [1, 2, 3, 7, 17, 33])
def test_quantised_experts_are_near_the_formula(num_tokens: int) -> None:
    x, routing, weights = random_floats(num_tokens, 64), random_routing(num_tokens), EXPERTS.packed()
    actual = assert_same_everywhere(lambda: moe(x, weights, routing))
    expected = EXPERTS.expected(x, *routing)
    assert np.linalg.norm(actual - expected) < 0.02 * np.linalg.norm(expected)


def test_packing_is_the_same_everywhere() -> None:
    x, routing = random_floats(5, 64), random_routing(5)
    assert_same_everywhere(lambda: moe(x, EXPERTS.packed(), routing))


@given(num_tokens=st.integers(2, 40), token=st.integers(0, 39), exact=st.booleans())
@settings(max_examples=30, deadline=None)
def test_a_token_does_not_depend_on_its_batch(num_tokens: int, token: int, exact: bool) -> None:
    weights, x, (expert_ids, expert_weights) = (
        EXPERTS.packed(),
        random_floats(num_tokens, 64),
        random_routing(num_tokens),
    )
    one = slice(token % num_tokens, token % num_tokens + 1)
    together = moe(x, weights, (expert_ids, expert_weights), exact=exact)
    alone = moe(x[one], weights, (expert_ids[one], expert_weights[one]), exact=exact)
    assert alone.tobytes() == together[one].tobytes()


def test_every_token_may_go_to_one_expert() -> None:
    x, weights = random_floats(33, 64), EXPERTS.packed()
    routing = np.full((33, 1), 5, np.int32), np.ones((33, 1), np.float32)
    actual = moe(x, weights, routing, exact=True)
    np.testing.assert_allclose(actual, EXPERTS.expected(x, *routing), atol=2e-2)


def test_the_result_is_added_to_what_is_there() -> None:
    x, weights, routing, before = (
        random_floats(3, 64),
        EXPERTS.packed(),
        random_routing(3),
        random_floats(3, 64, seed=1),
    )
    out = before.copy()
    kernels.moe(x, weights, *routing, SWIGLU_LIMIT, out)
    np.testing.assert_array_equal(out, before + moe(x, weights, routing))


def test_nibble_order() -> None:
    """Byte 0x21 is 0.5 then 1 at scale 127; byte 0x9F is -12 then -1 at scale 128 (gpt-oss reference, section 8)."""
    blocks = np.zeros((1, 1, 2, 16), np.uint8)
    blocks[0, 0, 0, 0], blocks[0, 0, 1, 3] = 0x21, 0x9F
    values = dequantized(blocks, np.array([[[127, 128]]], np.uint8))[0, 0]
    assert values[:2].tolist() == [0.5, 1.0]
    assert values[32 + 6 : 32 + 8].tolist() == [-12.0, -1.0]


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("nibble", range(16))
def test_packed_weights_are_lossless(nibble: int, exact: bool) -> None:
    """Each expert is the identity times one E2M1 value, found again at every position."""
    experts = RandomExperts(1, 32, 32)
    experts.gate_up_blocks[:] = 0
    experts.gate_up_bias[:] = 0
    experts.gate_up_bias[:, 0::2] = 0x4080  # the gate is 4, the up is 0: every activation is the same
    experts.down_blocks[:] = 0
    experts.down_scales[:] = 127
    experts.down_bias[:] = 0
    rows = np.arange(32)
    experts.down_blocks[0, rows, 0, rows // 2] = np.where(rows % 2 == 0, nibble, nibble << 4)
    routing = np.zeros((1, 1), np.int32), np.ones((1, 1), np.float32)
    out = moe(np.zeros((1, 32), np.float32), experts.packed(), routing, exact=exact)
    activation = swiglu(np.array(4.0), np.array(0.0), SWIGLU_LIMIT)
    expected = dequantized(experts.down_blocks, experts.down_scales)[0].diagonal() * activation
    np.testing.assert_allclose(out[0], expected, rtol=4e-3)


@pytest.mark.parametrize(
    "gate, up, expected",
    [
        (0, 0, 0),
        (1, 0, 0.8457958),
        (1, 1, 1.6915915),
        (-1, 2, -0.4626127),
        (8, -9, -41.9997188),
        (20, 20, 55.9996250),
        (-20, 20, -2.6347e-13),
    ],
)
def test_swiglu_golden_values(gate: float, up: float, expected: float) -> None:
    """The golden values of the gpt-oss reference, through an expert whose projections are a bias and the identity."""
    experts = RandomExperts(1, 32, 32)
    experts.gate_up_blocks[:] = 0
    bias = np.array([gate, up], np.float32).view(np.uint32) >> 16
    experts.gate_up_bias[:] = np.tile(bias.astype(np.uint16), 32)
    experts.down_blocks[:] = 0
    experts.down_scales[:] = 127
    experts.down_bias[:] = 0
    rows = np.arange(32)
    experts.down_blocks[0, rows, 0, rows // 2] = np.where(rows % 2 == 0, 2, 2 << 4)
    routing = np.zeros((1, 1), np.int32), np.ones((1, 1), np.float32)
    out = moe(np.zeros((1, 32), np.float32), experts.packed(), routing)
    np.testing.assert_allclose(out[0], expected, rtol=2e-5)


def test_router_golden_values() -> None:
    logits = np.array([2, 1, 0.5, 3, -5, 0.25], np.float32)
    expert_ids, expert_weights = np.empty((1, 4), np.int32), np.empty((1, 4), np.float32)
    kernels.route(np.zeros((1, 32), np.float32), np.zeros((6, 32), np.float32), logits, expert_ids, expert_weights)
    assert expert_ids[0].tolist() == [3, 0, 1, 2]
    np.testing.assert_allclose(expert_weights[0], [0.6307955, 0.2320567, 0.0853689, 0.0517788], rtol=1e-6)


@pytest.mark.parametrize("num_tokens", [1, 3, 17])
@pytest.mark.parametrize("num_experts", [4, 32, 128])
def test_router_equals_the_formula(num_tokens: int, num_experts: int) -> None:
    x, weight = random_floats(num_tokens, 96), random_floats(num_experts, 96, seed=1)
    bias = random_floats(num_experts, seed=2)
    expert_ids, expert_weights = np.empty((num_tokens, 4), np.int32), np.empty((num_tokens, 4), np.float32)

    def compute() -> NDArray[np.float32]:
        kernels.route(x, weight, bias, expert_ids, expert_weights)
        return np.concatenate([expert_ids.astype(np.float32), expert_weights])

    assert_same_everywhere(compute)
    logits = x.astype(np.float64) @ weight.T + bias
    np.testing.assert_array_equal(expert_ids, np.argsort(-logits, axis=1)[:, :4])
    chosen = np.exp(np.take_along_axis(logits, expert_ids, 1))
    np.testing.assert_allclose(expert_weights, chosen / chosen.sum(axis=1, keepdims=True), rtol=1e-5)


def test_router_takes_the_lowest_index_of_equals() -> None:
    expert_ids, expert_weights = np.empty((2, 4), np.int32), np.empty((2, 4), np.float32)
    zeros = np.zeros((9, 32), np.float32)
    kernels.route(zeros[:2], zeros, np.zeros(9, np.float32), expert_ids, expert_weights)
    assert expert_ids.tolist() == [[0, 1, 2, 3]] * 2
    assert expert_weights.tolist() == [[0.25] * 4] * 2


def test_packed_experts_describe_themselves() -> None:
    packed = EXPERTS.packed()
    assert (packed.num_experts, packed.hidden_size, packed.intermediate_size) == (8, 64, 96)
    num_weights = 8 * 3 * 64 * 96
    assert packed.nbytes >= num_weights // 2 + num_weights // 32


def test_bad_arguments_are_named() -> None:
    x, weights = np.zeros((2, 64), np.float32), EXPERTS.packed()
    expert_ids, expert_weights = random_routing(2)
    with pytest.raises(ValueError, match=r"expert_ids has 8; it must be in \[0, 8\)"):
        moe(x, weights, (np.full((2, 4), 8, np.int32), expert_weights))
    with pytest.raises(ValueError, match="expert_weights has 3 in dimension 1; it must be 4, k of expert_ids"):
        moe(x, weights, (expert_ids, np.zeros((2, 3), np.float32)))
    with pytest.raises(ValueError, match="x has 32 in dimension 1; it must be 64, hidden_size of experts"):
        moe(np.zeros((2, 32), np.float32), weights, (expert_ids, expert_weights))
    five = np.empty((2, 5), np.int32), np.empty((2, 5), np.float32)
    with pytest.raises(ValueError, match="asks for 5 experts per token; it must be 1 to 4"):
        kernels.route(x, np.zeros((4, 64), np.float32), np.zeros(4, np.float32), *five)


def test_pack_experts_rejects_mismatched_tensors() -> None:
    experts = RandomExperts(2, 32, 64)
    experts.down_scales = experts.down_scales[:, :, :1].copy()
    with pytest.raises(ValueError, match="down_scales has 1 in dimension 2; it must be 2"):
        experts.packed()


@pytest.mark.parametrize("name", ["gate_up_scales", "down_scales"])
def test_pack_experts_rejects_nan_scales(name: str) -> None:
    experts = RandomExperts(2, 32, 64)
    getattr(experts, name)[1, 5, 0] = 255
    with pytest.raises(ValueError, match=f"{name} has a 255, which means NaN"):
        experts.packed()
