"""Writes a checkpoint of a gpt-oss shape with random weights: speed does not depend on what a model has learnt.

    python -m benchmarks.random_checkpoint FOLDER [--shape 20b] [--layers 24] [--seed 0]

Hugging Face's layout, a file for each layer. Weights are scaled so that activations stay near one, and routers choose
their experts about evenly.
"""

import argparse
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Tensors: TypeAlias = dict[str, NDArray[Any]]  # bf16 as uint16

SHAPES: Final = {
    "20b": {"num_hidden_layers": 24, "num_local_experts": 32},
    "120b": {"num_hidden_layers": 36, "num_local_experts": 128},
    "tiny": {
        "num_hidden_layers": 2,
        "num_local_experts": 8,
        "hidden_size": 64,
        "intermediate_size": 96,
        "head_dim": 32,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "vocab_size": 512,
    },
}
COMMON: Final[dict[str, Any]] = {
    "architectures": ["GptOssForCausalLM"],
    "model_type": "gpt_oss",
    "attention_bias": True,
    "hidden_act": "silu",
    "hidden_size": 2880,
    "intermediate_size": 2880,
    "head_dim": 64,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "num_experts_per_tok": 4,
    "vocab_size": 201_088,
    "max_position_embeddings": 131_072,
    "sliding_window": 128,
    "swiglu_limit": 7.0,
    "rms_norm_eps": 1e-5,
    "rope_theta": 150_000.0,
    "rope_scaling": {
        "rope_type": "yarn",
        "factor": 32.0,
        "beta_fast": 32.0,
        "beta_slow": 1.0,
        "original_max_position_embeddings": 4096,
        "truncate": False,
    },
    "tie_word_embeddings": False,
    "quantization_config": {"quant_method": "mxfp4"},
}
FP4_RMS: Final = 2.9  # of the sixteen MXFP4 values, each as likely as another
CHUNK: Final = 1 << 24  # numbers made at a time, so that the float32 between takes little memory


class Source:
    """Random arrays."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def bf16(self, *shape: int, std: float, mean: float = 0.0) -> NDArray[np.uint16]:
        """Evenly distributed numbers; bf16 is a float32's upper half."""
        made = np.empty(math.prod(shape), np.uint16)
        for start in range(0, len(made), CHUNK):
            part = made[start : start + CHUNK]
            uniform = self._random.random(len(part), np.float32) * 2 - 1  # variance 1/3
            part[:] = (uniform * np.float32(math.sqrt(3) * std) + np.float32(mean)).view(np.uint32) >> 16
        return made.reshape(shape)

    def bytes(self, *shape: int) -> NDArray[np.uint8]:
        return np.frombuffer(self._random.bytes(math.prod(shape)), np.uint8).reshape(shape)

    def scales(self, *shape: int, std: float) -> NDArray[np.uint8]:
        """MXFP4 scales, exponents of two biased by 127, for weights with a deviation of about `std`."""
        middle = 127 + round(math.log2(std / FP4_RMS))
        return (self.bytes(*shape) % 3 + (middle - 1)).astype(np.uint8)


def main() -> None:
    options = parse_options()
    write(options.folder, config_of(options.shape, options.layers), options.seed)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shape", choices=SHAPES, default="20b")
    parser.add_argument("--layers", type=int, help="fewer than the shape has")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def config_of(shape: str, num_layers: int | None = None) -> dict[str, Any]:
    """The config.json of a shape."""
    config = {**COMMON, **SHAPES[shape]}
    config["num_hidden_layers"] = num_layers or config["num_hidden_layers"]
    kinds = ("sliding_attention", "full_attention")
    return {**config, "layer_types": [kinds[layer % 2] for layer in range(config["num_hidden_layers"])]}


def write(folder: Path, config: dict[str, Any], seed: int = 0) -> None:
    """Write the files one by one; config.json is the last, so that a checkpoint which has one is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").unlink(missing_ok=True)
    num_files = config["num_hidden_layers"] + 1
    weight_map: dict[str, str] = {}
    for number, tensors in enumerate(files_of(config, Source(seed)), start=1):
        name = f"model-{number:05d}-of-{num_files:05d}.safetensors"
        print(name, flush=True)
        write_safetensors(folder / name, tensors)
        weight_map |= dict.fromkeys(tensors, name)
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "config.json").write_text(json.dumps(config, indent=2))


def files_of(config: dict[str, Any], source: Source) -> Iterator[Tensors]:
    """The tensors of each file: what is outside the layers, then the layers."""
    vocab_size, hidden_size = config["vocab_size"], config["hidden_size"]
    yield {
        "model.embed_tokens.weight": source.bf16(vocab_size, hidden_size, std=1),
        "model.norm.weight": source.bf16(hidden_size, std=0.1, mean=1),
        "lm_head.weight": source.bf16(vocab_size, hidden_size, std=4 / math.sqrt(hidden_size)),
    }
    for layer in range(config["num_hidden_layers"]):
        tensors = attention(config, source) | experts(config, source)
        yield {f"model.layers.{layer}.{name}": tensor for name, tensor in tensors.items()}


def attention(config: dict[str, Any], source: Source) -> Tensors:
    hidden_size, num_heads, head_dim = config["hidden_size"], config["num_attention_heads"], config["head_dim"]
    q_size, kv_size = num_heads * head_dim, config["num_key_value_heads"] * head_dim
    sizes = {"q": (q_size, hidden_size), "k": (kv_size, hidden_size), "v": (kv_size, hidden_size)}
    tensors: Tensors = {"input_layernorm.weight": source.bf16(hidden_size, std=0.1, mean=1)}
    for name, (num_rows, num_columns) in {**sizes, "o": (hidden_size, q_size)}.items():
        gain = residual_gain(config) if name == "o" else 1.0
        std = gain / math.sqrt(num_columns)
        tensors[f"self_attn.{name}_proj.weight"] = source.bf16(num_rows, num_columns, std=std)
        tensors[f"self_attn.{name}_proj.bias"] = source.bf16(num_rows, std=0.1)
    return {**tensors, "self_attn.sinks": source.bf16(num_heads, std=1)}


def experts(config: dict[str, Any], source: Source) -> Tensors:
    hidden_size, intermediate_size = config["hidden_size"], config["intermediate_size"]
    num_experts = config["num_local_experts"]
    tensors: Tensors = {
        "post_attention_layernorm.weight": source.bf16(hidden_size, std=0.1, mean=1),
        "mlp.router.weight": source.bf16(num_experts, hidden_size, std=2 / math.sqrt(hidden_size)),
        "mlp.router.bias": source.bf16(num_experts, std=0.1),
    }
    sizes = {"gate_up": (2 * intermediate_size, hidden_size), "down": (hidden_size, intermediate_size)}
    for name, (num_rows, num_columns) in sizes.items():
        blocks = (num_experts, num_rows, num_columns // 32)
        gain = residual_gain(config) if name == "down" else 1.0
        tensors[f"mlp.experts.{name}_proj_blocks"] = source.bytes(*blocks, 16)
        tensors[f"mlp.experts.{name}_proj_scales"] = source.scales(*blocks, std=gain / math.sqrt(num_columns))
        tensors[f"mlp.experts.{name}_proj_bias"] = source.bf16(num_experts, num_rows, std=0.1)
    return tensors


def residual_gain(config: dict[str, Any]) -> float:
    """Keeps the residual stream near the embedding's size, however many layers add to it."""
    return 1 / math.sqrt(config["num_hidden_layers"])


def write_safetensors(path: Path, tensors: Tensors) -> None:
    """Write one file: the header's length, the header, and the tensors' bytes."""
    header, offset = {}, 0
    for name, tensor in tensors.items():
        dtype = "BF16" if tensor.dtype == np.uint16 else "U8"
        header[name] = {"dtype": dtype, "shape": tensor.shape, "data_offsets": (offset, offset + tensor.nbytes)}
        offset += tensor.nbytes
    encoded = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(encoded).to_bytes(8, "little") + encoded)
        for tensor in tensors.values():
            tensor.tofile(file)


if __name__ == "__main__":
    main()
