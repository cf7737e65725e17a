"""What is written for llama.cpp, read back by the reader of llama.cpp's authors."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType as Type
from numpy.typing import NDArray

from benchmarks.gguf_checkpoint import convert, float32, mxfp4, q8_0
from ossian.engine.embedded.checkpoint import Checkpoint
from tests.engine.embedded.checkpoints import E2M1, Random, tiny_config, write_checkpoint

LAYERS = 3
PUBLISHED = {  # of each layer, with the types that ggml-org's files of gpt-oss have
    "attn_norm.weight": Type.F32,
    "attn_q.weight": Type.Q8_0,
    "attn_q.bias": Type.F32,
    "attn_k.weight": Type.Q8_0,
    "attn_k.bias": Type.F32,
    "attn_v.weight": Type.Q8_0,
    "attn_v.bias": Type.F32,
    "attn_output.weight": Type.Q8_0,
    "attn_output.bias": Type.F32,
    "attn_sinks.weight": Type.F32,
    "post_attention_norm.weight": Type.F32,
    "ffn_gate_inp.weight": Type.F32,
    "ffn_gate_inp.bias": Type.F32,
    "ffn_gate_exps.weight": Type.MXFP4,
    "ffn_gate_exps.bias": Type.F32,
    "ffn_up_exps.weight": Type.MXFP4,
    "ffn_up_exps.bias": Type.F32,
    "ffn_down_exps.weight": Type.MXFP4,
    "ffn_down_exps.bias": Type.F32,
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = tiny_config(num_hidden_layers=LAYERS)
    return write_checkpoint(tmp_path_factory.mktemp("gguf") / "tiny", config, num_shards=2)


@pytest.fixture(scope="module")
def reader(checkpoint: Path) -> gguf.GGUFReader:
    file = checkpoint.parent / "tiny.gguf"
    convert(checkpoint, file)
    return gguf.GGUFReader(file)


def tensors(reader: gguf.GGUFReader) -> dict[str, gguf.ReaderTensor]:
    return {tensor.name: tensor for tensor in reader.tensors}


def values(reader: gguf.GGUFReader, name: str) -> NDArray[np.float32]:
    tensor = tensors(reader)[name]
    return gguf.quants.dequantize(tensor.data, tensor.tensor_type)


def expert_values(checkpoint: Path, name: str) -> NDArray[Any]:  # [num_experts, num_rows, num_columns]
    blocks, scales = (Checkpoint(checkpoint).tensor(f"{name}_{part}") for part in ("blocks", "scales"))
    nibbles = np.stack((blocks & 15, blocks >> 4), axis=-1)
    weights = E2M1[nibbles].reshape(*scales.shape, 32) * 2.0 ** (scales.astype(float) - 127)[..., None]
    return weights.reshape(*scales.shape[:2], -1)


def test_there_are_the_tensors_that_llama_cpp_looks_for(reader: gguf.GGUFReader) -> None:
    expected = {"token_embd.weight": Type.Q8_0, "output_norm.weight": Type.F32, "output.weight": Type.Q8_0}
    for layer in range(LAYERS):
        expected |= {f"blk.{layer}.{name}": kind for name, kind in PUBLISHED.items()}
    assert {name: tensor.tensor_type for name, tensor in tensors(reader).items()} == expected


def test_their_names_are_those_of_the_architecture() -> None:
    known = {gguf.TENSOR_NAMES[each] for each in gguf.MODEL_TENSORS[gguf.MODEL_ARCH.GPT_OSS]}
    assert {f"blk.{{bid}}.{name.rpartition('.')[0]}" for name in PUBLISHED} <= known


def test_experts_are_the_same_numbers(checkpoint: Path, reader: gguf.GGUFReader) -> None:
    for layer in range(LAYERS):
        ours = f"model.layers.{layer}.mlp.experts."
        gate_up = expert_values(checkpoint, f"{ours}gate_up_proj")
        assert np.array_equal(values(reader, f"blk.{layer}.ffn_gate_exps.weight"), gate_up[:, 0::2])
        assert np.array_equal(values(reader, f"blk.{layer}.ffn_up_exps.weight"), gate_up[:, 1::2])
        down = expert_values(checkpoint, f"{ours}down_proj")
        assert np.array_equal(values(reader, f"blk.{layer}.ffn_down_exps.weight"), down)


def test_biases_are_split_as_their_weights_are(checkpoint: Path, reader: gguf.GGUFReader) -> None:
    bias = float32(Checkpoint(checkpoint).tensor("model.layers.1.mlp.experts.gate_up_proj_bias"))
    assert np.array_equal(tensors(reader)["blk.1.ffn_gate_exps.bias"].data, bias[:, 0::2])
    assert np.array_equal(tensors(reader)["blk.1.ffn_up_exps.bias"].data, bias[:, 1::2])


@pytest.mark.parametrize(
    "name, source",
    [
        ("token_embd.weight", "model.embed_tokens.weight"),
        ("output.weight", "lm_head.weight"),
        ("blk.2.attn_k.weight", "model.layers.2.self_attn.k_proj.weight"),
        ("blk.0.attn_output.weight", "model.layers.0.self_attn.o_proj.weight"),
    ],
)
def test_dense_weights_are_as_near_as_eight_bits_are(
    checkpoint: Path, reader: gguf.GGUFReader, name: str, source: str
) -> None:
    exact = float32(Checkpoint(checkpoint).tensor(source)).reshape(-1, 32)
    step = np.abs(exact).max(axis=1, keepdims=True) / 127
    assert np.all(
        np.abs(values(reader, name).reshape(-1, 32) - exact) <= 0.57 * step
    )  # half a step, and the float16 scale's own rounding


def test_small_tensors_are_exact(checkpoint: Path, reader: gguf.GGUFReader) -> None:
    for name, source in {
        "blk.1.attn_sinks.weight": "model.layers.1.self_attn.sinks",
        "blk.1.ffn_gate_inp.weight": "model.layers.1.mlp.router.weight",
        "blk.1.post_attention_norm.weight": "model.layers.1.post_attention_layernorm.weight",
        "output_norm.weight": "model.norm.weight",
    }.items():
        assert np.array_equal(tensors(reader)[name].data, float32(Checkpoint(checkpoint).tensor(source)))


def test_the_shape_is_told(reader: gguf.GGUFReader) -> None:
    fields = {name: field.contents() for name, field in reader.fields.items()}
    assert fields["general.architecture"] == "gpt-oss"
    assert fields["tokenizer.ggml.model"] == "no_vocab"
    for key, value in {
        "vocab_size": 512,
        "block_count": LAYERS,
        "embedding_length": 64,
        "feed_forward_length": 96,
        "expert_feed_forward_length": 96,
        "expert_count": 8,
        "expert_used_count": 4,
        "attention.head_count": 4,
        "attention.head_count_kv": 2,
        "attention.key_length": 32,
        "attention.value_length": 32,
        "attention.sliding_window": 128,
        "rope.freq_base": 150_000.0,
        "rope.scaling.type": "yarn",
        "rope.scaling.factor": 32.0,
        "rope.scaling.original_context_length": 4096,
    }.items():
        assert fields[f"gpt-oss.{key}"] == value, key


def test_a_block_has_its_halves_side_by_side() -> None:
    values_of_block = np.arange(32) % 16
    packed = (values_of_block[0::2] | values_of_block[1::2] << 4).astype(np.uint8)
    block = mxfp4(packed.reshape(1, 1, 16), np.array([[130]], np.uint8))[0]
    assert block[0] == 130
    assert np.array_equal(block[1:] & 15, values_of_block[:16])
    assert np.array_equal(block[1:] >> 4, values_of_block[16:])


def test_many_rows_are_made_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    weight = Random(1).bf16(50, 64, std=1)
    whole = q8_0(weight)
    monkeypatch.setattr("benchmarks.gguf_checkpoint.ROWS_AT_A_TIME", 16)
    assert np.array_equal(q8_0(weight), whole)


def test_a_file_that_was_cut_off_has_another_name(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.gguf_checkpoint.q8_0", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        convert(checkpoint, tmp_path / "tiny.gguf")
    assert not (tmp_path / "tiny.gguf").exists()
