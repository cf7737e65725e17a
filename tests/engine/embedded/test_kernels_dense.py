"""Embedding, RMSNorm and dense layers: right, and the same bits however they are computed."""

from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ossian.engine.embedded import kernels
from tests.engine.embedded.bfloat16 import from_bf16, rounded, to_bf16
from tests.engine.embedded.machine_settings import assert_same_everywhere

DenseFormat: TypeAlias = Literal["int8", "bf16"]

NUM_TOKENS = [1, 2, 3, 7, 17, 33]


def random_floats(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def linear(x: NDArray[np.float32], weight: kernels.DenseWeight) -> NDArray[np.float32]:
    out = np.empty((len(x), weight.num_rows), np.float32)
    kernels.linear(x, weight, out)
    return out


def relative_error(actual: NDArray[np.float32], expected: NDArray[np.floating]) -> float:
    return float(np.linalg.norm(actual - expected) / np.linalg.norm(expected))


def test_embed_widens_rows(tmp_path: Path) -> None:
    table = to_bf16(random_floats(10, 48))
    input_ids = np.array([3, 9, 0, 3], np.int32)
    out = np.empty((4, 48), np.float32)
    (tmp_path / "table").write_bytes(b"abc" + table.tobytes())
    with (tmp_path / "table").open("rb") as file:
        kernels.embed(file.fileno(), 3, 10, input_ids, out)
    np.testing.assert_array_equal(out, from_bf16(table)[input_ids])


@pytest.mark.parametrize("bad", [-1, 10])
def test_embed_rejects_ids_outside_the_vocabulary(bad: int) -> None:
    with pytest.raises(ValueError, match=r"input_ids\[1\] is .*; it must be in \[0, 10\)"):
        kernels.embed(0, 0, 10, np.array([0, bad], np.int32), np.empty((2, 32), np.float32))


@pytest.mark.parametrize("num_tokens", NUM_TOKENS)
@pytest.mark.parametrize("size", [1, 16, 50, 2880])
def test_rms_norm_equals_the_formula(num_tokens: int, size: int) -> None:
    x, weight = random_floats(num_tokens, size) * 5, random_floats(size, seed=1)

    def compute() -> NDArray[np.float32]:
        out = np.empty_like(x)
        kernels.rms_norm(x, weight, 1e-5, out)
        return out

    wide = x.astype(np.float64)
    expected = wide / np.sqrt(np.mean(wide**2, axis=1, keepdims=True) + 1e-5) * weight
    np.testing.assert_allclose(assert_same_everywhere(compute), expected, rtol=2e-6)


@pytest.mark.parametrize("num_tokens", NUM_TOKENS)
def test_linear_bf16_equals_the_formula(num_tokens: int) -> None:
    weight, bias, x = (
        to_bf16(random_floats(80, 96)),
        to_bf16(random_floats(80, seed=1)),
        random_floats(num_tokens, 96, seed=2),
    )
    packed = kernels.pack_dense(weight, bias, "bf16")
    expected = rounded(x).astype(np.float64) @ from_bf16(weight).T.astype(np.float64) + from_bf16(bias)
    np.testing.assert_allclose(assert_same_everywhere(lambda: linear(x, packed)), expected, rtol=1e-6, atol=2e-5)


@pytest.mark.parametrize("num_tokens", NUM_TOKENS)
def test_linear_int8_is_near_the_formula(num_tokens: int) -> None:
    weight, bias, x = (
        to_bf16(random_floats(80, 96)),
        to_bf16(random_floats(80, seed=1)),
        random_floats(num_tokens, 96, seed=2),
    )
    packed = kernels.pack_dense(weight, bias, "int8")
    expected = x @ from_bf16(weight).T + from_bf16(bias)
    assert relative_error(assert_same_everywhere(lambda: linear(x, packed)), expected) < 0.01


@pytest.mark.parametrize("dense_format", ["int8", "bf16"])
def test_packing_is_the_same_everywhere(dense_format: DenseFormat) -> None:
    weight, x = to_bf16(random_floats(176, 64)), random_floats(5, 64)
    assert_same_everywhere(lambda: linear(x, kernels.pack_dense(weight, None, dense_format)))


@given(num_tokens=st.integers(2, 40), token=st.integers(0, 39), is_exact=st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_token_does_not_depend_on_its_batch(num_tokens: int, token: int, is_exact: bool) -> None:
    token %= num_tokens
    packed = kernels.pack_dense(to_bf16(random_floats(48, 64)), None, "bf16" if is_exact else "int8")
    x = random_floats(num_tokens, 64, seed=num_tokens)
    assert linear(x[token : token + 1], packed).tobytes() == linear(x, packed)[token].tobytes()


@pytest.mark.parametrize("dense_format", ["int8", "bf16"])
def test_linear_adds_to_what_is_there(dense_format: DenseFormat) -> None:
    packed = kernels.pack_dense(to_bf16(random_floats(32, 32)), None, dense_format)
    x, before = random_floats(3, 32, seed=1), random_floats(3, 32, seed=2)
    out = before.copy()
    kernels.linear(x, packed, out, accumulate=True)
    np.testing.assert_array_equal(out, before + linear(x, packed))


def test_linear_shows_a_nan() -> None:
    packed = kernels.pack_dense(to_bf16(random_floats(16, 64)), None, "int8")
    x = random_floats(2, 64)
    x[1, 40] = np.nan
    out = linear(x, packed)
    assert np.isfinite(out[0]).all()
    assert np.isnan(out[1]).all()


def test_int8_weights_of_127_steps_are_kept_exactly() -> None:
    weight = np.zeros((16, 32), np.float32)
    weight[:] = np.arange(-16, 16) * 8 - 1  # -129 … 119: within a block, the largest is 127 steps of a bf16 scale
    weight = np.clip(weight, -127, 127)
    packed = kernels.pack_dense(to_bf16(weight), None, "int8")
    unit = np.eye(32, dtype=np.float32)
    np.testing.assert_allclose(linear(unit, packed).T, weight, rtol=1e-6)


def test_pack_dense_reads_an_unaligned_tensor() -> None:
    weight = to_bf16(random_floats(16, 32))
    raw = np.zeros(16 * 32 * 2 + 1, np.uint8)
    raw[1:] = weight.view(np.uint8).reshape(-1)
    unaligned = np.frombuffer(raw.data, np.uint16, 16 * 32, 1).reshape(16, 32)
    assert not unaligned.flags.aligned
    x = random_floats(2, 32)
    np.testing.assert_array_equal(
        linear(x, kernels.pack_dense(unaligned, None, "int8")), linear(x, kernels.pack_dense(weight, None, "int8"))
    )


def test_a_packed_weight_describes_itself() -> None:
    packed = kernels.pack_dense(np.zeros((32, 64), np.uint16), np.zeros(32, np.uint16), "int8")
    assert (packed.num_rows, packed.num_cols, packed.format) == (32, 64, "int8")
    assert packed.nbytes == 32 * 64 + 32 * 2 * 2 + 32 * 4


@pytest.mark.parametrize("shape", [(15, 32), (16, 33), (0, 32), (16, 0)])
def test_pack_dense_rejects_odd_shapes(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"multiple of 16 and num_cols of 32"):
        kernels.pack_dense(np.zeros(shape, np.uint16), None, "int8")


@pytest.mark.parametrize("bad", [0x7F80, 0xFF80, 0x7FC1])
def test_pack_dense_rejects_weights_that_are_not_finite(bad: int) -> None:
    weight = np.zeros((16, 32), np.uint16)
    weight[3, 4] = bad
    with pytest.raises(ValueError, match="weight has a NaN or an infinity"):
        kernels.pack_dense(weight, None, "int8")


def test_bad_arguments_are_named() -> None:
    weight = kernels.pack_dense(np.zeros((16, 32), np.uint16), None, "int8")
    x, out = np.zeros((2, 32), np.float32), np.zeros((2, 16), np.float32)
    read_only = out.copy()
    read_only.flags.writeable = False
    with pytest.raises(TypeError, match="x must be a C-contiguous float32 array with 2 dimension"):
        kernels.linear(x.astype(np.float64), weight, out)
    unaligned = np.frombuffer(bytearray(2 * 32 * 4 + 1), np.float32, 2 * 32, 1).reshape(2, 32)
    with pytest.raises(TypeError, match="x must be aligned to 4 bytes"):
        kernels.linear(unaligned, weight, out)
    with pytest.raises(TypeError, match="not contiguous"):
        kernels.linear(np.zeros((2, 64), np.float32)[:, ::2], weight, out)
    with pytest.raises(TypeError, match="out must be a writable NumPy array"):
        kernels.linear(x, weight, read_only)
    with pytest.raises(TypeError, match="x must be a NumPy array, got list"):
        kernels.linear([[0.0] * 32], weight, out)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(ValueError, match="x has 64 in dimension 1; it must be 32, num_cols of weight"):
        kernels.linear(np.zeros((2, 64), np.float32), weight, out)
    with pytest.raises(ValueError, match="out has 2 in dimension 0; it must be 3, num_tokens of x"):
        kernels.linear(np.zeros((3, 32), np.float32), weight, out)
    with pytest.raises(ValueError, match="exact needs a bf16 weight"):
        kernels.linear(x, weight, out, exact=True)
    with pytest.raises(ValueError, match="dense_format is 'int4'; it must be int8 or bf16"):
        kernels.pack_dense(np.zeros((16, 32), np.uint16), None, "int4")  # type: ignore[arg-type]  # wrong on purpose
