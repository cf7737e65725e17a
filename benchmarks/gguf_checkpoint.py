"""Converts a gpt-oss checkpoint to GGUF, for llama.cpp to be measured on the same model.

    python -m benchmarks.gguf_checkpoint CHECKPOINT FILE.gguf

As the published GGUF files of gpt-oss are: experts stay MXFP4, without loss; attention, embeddings and lm_head become
Q8_0; the rest is float32. There is no vocabulary in it: what is measured are token ids.
"""

import argparse
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final, TypeAlias

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from numpy.typing import NDArray

from ossian.engine.embedded.checkpoint import Checkpoint
from ossian.engine.embedded.model_config import ModelConfig

Array: TypeAlias = NDArray[Any]

ROWS_AT_A_TIME: Final = 8192  # widened to float32 meanwhile
BLOCK: Final = 32  # values of an MXFP4 block, and of a Q8_0 block
MXFP4_BYTES: Final = 17
Q8_0_BYTES: Final = 34

MODEL_TENSORS: Final = {
    "token_embd.weight": ("model.embed_tokens.weight", Type.Q8_0),
    "output_norm.weight": ("model.norm.weight", Type.F32),
    "output.weight": ("lm_head.weight", Type.Q8_0),
}
LAYER_TENSORS: Final = {
    "attn_norm.weight": ("input_layernorm.weight", Type.F32),
    "post_attention_norm.weight": ("post_attention_layernorm.weight", Type.F32),
    **{
        f"{ours}.{part}": (f"self_attn.{theirs}.{part}", kind)
        for ours, theirs in {
            "attn_q": "q_proj",
            "attn_k": "k_proj",
            "attn_v": "v_proj",
            "attn_output": "o_proj",
        }.items()
        for part, kind in {"weight": Type.Q8_0, "bias": Type.F32}.items()
    },
    "attn_sinks.weight": ("self_attn.sinks", Type.F32),
    "ffn_gate_inp.weight": ("mlp.router.weight", Type.F32),
    "ffn_gate_inp.bias": ("mlp.router.bias", Type.F32),
}
# A projection of the experts: the checkpoint's name, and which of its rows.
EXPERT_TENSORS: Final = {
    "ffn_gate_exps": ("gate_up_proj", slice(0, None, 2)),
    "ffn_up_exps": ("gate_up_proj", slice(1, None, 2)),
    "ffn_down_exps": ("down_proj", slice(None)),
}


class Tensor:
    """One tensor of the file; its bytes are made when they are written."""

    def __init__(self, name: str, shape: tuple[int, ...], kind: Type, make: Callable[[], Array]) -> None:
        self.name, self.shape, self.kind, self.make = name, shape, kind, make

    @property
    def byte_shape(self) -> tuple[int, ...]:
        block_bytes = {Type.MXFP4: MXFP4_BYTES, Type.Q8_0: Q8_0_BYTES, Type.F32: 4 * BLOCK}[self.kind]
        return (*self.shape[:-1], self.shape[-1] * block_bytes // BLOCK)

    def add_to(self, writer: gguf.GGUFWriter) -> None:
        num_bytes = int(np.prod(self.byte_shape))
        if self.kind is Type.F32:
            writer.add_tensor_info(self.name, self.shape, np.dtype(np.float32), num_bytes)
        else:
            writer.add_tensor_info(self.name, self.byte_shape, np.dtype(np.uint8), num_bytes, self.kind)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    convert(options.checkpoint, options.file)


def convert(folder: Path, file: Path) -> None:
    """Write the file, under another name until it is whole."""
    checkpoint = Checkpoint(folder)
    part = file.with_suffix(".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    with closing(gguf.GGUFWriter(part, "gpt-oss")) as writer:
        add_shape(writer, checkpoint.config)
        tensors = list(tensors_of(checkpoint))
        for tensor in tensors:
            tensor.add_to(writer)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for tensor in tensors:
            writer.write_tensor_data(tensor.make())
    part.rename(file)


def add_shape(writer: gguf.GGUFWriter, config: ModelConfig) -> None:
    """Write what llama.cpp asks of a gpt-oss model."""
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_expert_feed_forward_length(config.intermediate_size)
    writer.add_expert_count(config.num_local_experts)
    writer.add_expert_used_count(config.num_experts_per_tok)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_sliding_window(config.sliding_window)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_theta)
    writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
    writer.add_rope_scaling_factor(config.rope_scaling.factor)
    writer.add_rope_scaling_orig_ctx_len(config.rope_scaling.original_max_position_embeddings)
    writer.add_vocab_size(config.vocab_size)
    writer.add_tokenizer_model("no_vocab")


def tensors_of(checkpoint: Checkpoint) -> Iterator[Tensor]:
    """All tensors, in the order of the file."""
    for name, (source, kind) in MODEL_TENSORS.items():
        yield plain(checkpoint, name, source, kind)
    for layer in range(checkpoint.config.num_hidden_layers):
        ours, theirs = f"blk.{layer}.", f"model.layers.{layer}."
        for name, (source, kind) in LAYER_TENSORS.items():
            yield plain(checkpoint, ours + name, theirs + source, kind)
        for name, (projection, rows) in EXPERT_TENSORS.items():
            yield from experts(checkpoint, ours + name, f"{theirs}mlp.experts.{projection}", rows)


def plain(checkpoint: Checkpoint, name: str, source: str, kind: Type) -> Tensor:
    """A tensor that is bf16 in the checkpoint."""

    def make() -> Array:
        bf16 = checkpoint.tensor(source)
        made = float32(bf16) if kind is Type.F32 else q8_0(bf16)
        checkpoint.drop_pages(source)
        return made

    return Tensor(name, checkpoint.tensor(source).shape, kind, make)


def experts(checkpoint: Checkpoint, name: str, source: str, rows: slice) -> Iterator[Tensor]:
    """The weights and the biases of one projection of a layer's experts."""
    blocks, scales, bias = (f"{source}_{part}" for part in ("blocks", "scales", "bias"))
    num_experts, num_rows, num_blocks = checkpoint.tensor(scales)[:, rows].shape

    def make_weight() -> Array:
        parts = zip(checkpoint.tensor(blocks), checkpoint.tensor(scales), strict=True)
        made = np.stack([mxfp4(block[rows], scale[rows]) for block, scale in parts])
        checkpoint.drop_pages(blocks)
        return made

    yield Tensor(f"{name}.weight", (num_experts, num_rows, num_blocks * BLOCK), Type.MXFP4, make_weight)
    make_bias = lambda: float32(checkpoint.tensor(bias)[:, rows])
    yield Tensor(f"{name}.bias", (num_experts, num_rows), Type.F32, make_bias)


def float32(bf16: Array) -> NDArray[np.float32]:
    return (bf16.astype(np.uint32) << 16).view(np.float32)


def q8_0(bf16: Array) -> NDArray[np.uint8]:
    """Blocks of 32 values: a float16 scale, then int8. A few rows at a time, for the memory."""
    num_rows, num_columns = bf16.shape
    made = np.empty((num_rows, num_columns // BLOCK * Q8_0_BYTES), np.uint8)
    for start in range(0, num_rows, ROWS_AT_A_TIME):
        part = slice(start, start + ROWS_AT_A_TIME)
        made[part] = gguf.quants.quantize(float32(bf16[part]), Type.Q8_0)
    return made


def mxfp4(blocks: Array, scales: Array) -> NDArray[np.uint8]:  # [num_rows, num_blocks, 16], [num_rows, num_blocks]
    """ggml's blocks: the scale, then byte j with value j in its lower half and value j + 16 in its upper.

    In the checkpoint, byte j has the values 2 j and 2 j + 1.
    """
    values = np.stack((blocks & 15, blocks >> 4), axis=-1).reshape(*blocks.shape[:-1], BLOCK)
    halves = values[..., : BLOCK // 2] | (values[..., BLOCK // 2 :] << 4)
    return np.concatenate((scales[..., None], halves), axis=-1).reshape(len(blocks), -1)


if __name__ == "__main__":
    main()
