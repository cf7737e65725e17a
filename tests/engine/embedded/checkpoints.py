"""Tiny random checkpoints in Hugging Face's exact layout, written without torch.

The names and shapes are written out here a second time on purpose: the source's own tables are under test. Random
numbers come from a bit generator's raw stream, which numpy keeps the same across its versions, so that golden files
stay true.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tensors = dict[str, NDArray[Any]]  # BF16 as uint16

E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6])
E2M1_RMS = float(np.sqrt(np.mean(E2M1**2)))
SAFETENSORS_DTYPES = {"uint16": "BF16", "uint8": "U8", "float32": "F32"}


def tiny_config(**changes: Any) -> dict[str, Any]:
    """A config.json: two layers, eight experts, hidden 64; `changes` overrides keys, None drops them."""
    config = {
        "architectures": ["GptOssForCausalLM"],
        "attention_bias": True,
        "eos_token_id": 2,
        "head_dim": 32,
        "hidden_act": "silu",
        "hidden_size": 64,
        "intermediate_size": 96,
        "max_position_embeddings": 131072,
        "model_type": "gpt_oss",
        "num_attention_heads": 4,
        "num_experts_per_tok": 4,
        "num_hidden_layers": 2,
        "num_key_value_heads": 2,
        "num_local_experts": 8,
        "pad_token_id": 0,
        "quantization_config": {"quant_method": "mxfp4"},
        "rms_norm_eps": 1e-5,
        "rope_scaling": {
            "rope_type": "yarn",
            "factor": 32.0,
            "beta_fast": 32.0,
            "beta_slow": 1.0,
            "original_max_position_embeddings": 4096,
            "truncate": False,
        },
        "rope_theta": 150000,
        "sliding_window": 128,
        "swiglu_limit": 7.0,
        "tie_word_embeddings": False,
        "vocab_size": 512,
        **changes,
    }
    return {key: value for key, value in config.items() if value is not None}


def write_checkpoint(
    folder: Path,
    config: Mapping[str, Any] | None = None,
    tensors: Tensors | None = None,
    *,
    seed: int = 0,
    num_shards: int = 1,
) -> Path:
    """Write config.json and the tensors (random ones by default) into a new folder, and return it."""
    config = tiny_config() if config is None else config
    tensors = random_tensors(config, seed) if tensors is None else tensors
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    if num_shards == 1:
        write_safetensors(folder / "model.safetensors", tensors)
        return folder
    weight_map: dict[str, str] = {}
    for shard in range(num_shards):
        file = f"model-{shard:05d}-of-{num_shards:05d}.safetensors"
        part = dict(list(tensors.items())[shard::num_shards])
        write_safetensors(folder / file, part)
        weight_map |= dict.fromkeys(part, file)
    index = {"metadata": {"total_size": sum(t.nbytes for t in tensors.values())}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def write_safetensors(path: Path, tensors: Tensors) -> None:
    """Write one safetensors file."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, tensor in tensors.items():
        dtype = SAFETENSORS_DTYPES[tensor.dtype.name]
        stop = offset + tensor.nbytes
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [offset, stop]}
        offset = stop
    write_raw_safetensors(path, json.dumps(header).encode(), b"".join(t.tobytes() for t in tensors.values()))


def write_raw_safetensors(path: Path, header: bytes, data: bytes) -> None:
    """Write a file from its two parts, which need not be right."""
    header += b" " * (-len(header) % 8)
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)


class Random:
    """Uniform random arrays from PCG64's raw stream."""

    def __init__(self, seed: int) -> None:
        self._bits = np.random.PCG64(seed)

    def bytes(self, *shape: int) -> NDArray[np.uint8]:
        num_words = -(-math.prod(shape) // 8)
        return np.asarray(self._bits.random_raw(num_words)).view(np.uint8)[: math.prod(shape)].reshape(shape)

    def bf16(self, *shape: int, std: float, mean: float = 0.0) -> NDArray[np.uint16]:
        words = self.bytes(*shape, 4).view(np.uint32).reshape(shape)
        uniform = words / 2.0**31 - 1  # variance 1/3
        return bf16(mean + uniform * math.sqrt(3) * std)


def random_token_ids(num_tokens: int, vocab_size: int, seed: int = 0) -> NDArray[np.int32]:
    """Token ids for a tiny model."""
    ids = Random(seed).bytes(num_tokens, 4).view(np.uint32).reshape(num_tokens) % vocab_size
    return np.asarray(ids, np.int32)


def random_tensors(config: Mapping[str, Any], seed: int = 0) -> Tensors:
    """Every tensor of a model, scaled so that activations stay near one.

    Each token's successor is likely, which makes the logits about as decided as a trained model's. Flat ones would say
    little about precision: on them even torch's bfloat16 and float32 often disagree on the most likely token.
    """
    random = Random(seed)
    vocab_size, hidden_size = config["vocab_size"], config["hidden_size"]
    embedding = random.bf16(vocab_size, hidden_size, std=1)
    tensors: Tensors = {"model.embed_tokens.weight": embedding}
    for layer in range(config["num_hidden_layers"]):
        layer_tensors = _attention(config, random) | _moe(config, random)
        tensors |= {f"model.layers.{layer}.{name}": tensor for name, tensor in layer_tensors.items()}
    tensors["model.norm.weight"] = random.bf16(hidden_size, mean=1, std=0.1)
    noise = float32(random.bf16(vocab_size, hidden_size, std=2 / math.sqrt(hidden_size)))
    successor = np.roll(float32(embedding), 1, axis=0) / hidden_size
    tensors["lm_head.weight"] = bf16(noise + 8 * math.sqrt(math.log(vocab_size)) * successor)
    return tensors


def _attention(config: Mapping[str, Any], random: Random) -> Tensors:
    hidden_size, num_heads = config["hidden_size"], config["num_attention_heads"]
    q_size, kv_size = num_heads * config["head_dim"], config["num_key_value_heads"] * config["head_dim"]
    tensors: Tensors = {"input_layernorm.weight": random.bf16(hidden_size, mean=1, std=0.1)}
    sizes = {"q": (q_size, hidden_size), "k": (kv_size, hidden_size), "v": (kv_size, hidden_size)}
    sizes["o"] = (hidden_size, q_size)
    for name, (rows, columns) in sizes.items():
        gain = {"q": 1.5, "o": _residual_gain(config)}.get(name, 1.0)  # q: so that attention has favourites
        tensors[f"self_attn.{name}_proj.weight"] = random.bf16(rows, columns, std=gain / math.sqrt(columns))
        tensors[f"self_attn.{name}_proj.bias"] = random.bf16(rows, std=0.1)
    tensors["self_attn.sinks"] = random.bf16(num_heads, std=1)
    return tensors


def _moe(config: Mapping[str, Any], random: Random) -> Tensors:
    hidden_size, intermediate_size = config["hidden_size"], config["intermediate_size"]
    num_experts = config["num_local_experts"]
    tensors: Tensors = {
        "post_attention_layernorm.weight": random.bf16(hidden_size, mean=1, std=0.1),
        "mlp.router.weight": random.bf16(num_experts, hidden_size, std=2 / math.sqrt(hidden_size)),
        "mlp.router.bias": random.bf16(num_experts, std=0.1),
    }
    sizes = {"gate_up": (2 * intermediate_size, hidden_size), "down": (hidden_size, intermediate_size)}
    for name, (rows, columns) in sizes.items():
        gain = _residual_gain(config) if name == "down" else 1
        scale = 127 + round(math.log2(gain / (math.sqrt(columns) * E2M1_RMS)))
        scales = random.bytes(num_experts, rows, columns // 32) % 3 + (scale - 1)
        tensors[f"mlp.experts.{name}_proj_blocks"] = random.bytes(num_experts, rows, columns // 32, 16)
        tensors[f"mlp.experts.{name}_proj_scales"] = scales.astype(np.uint8)
        tensors[f"mlp.experts.{name}_proj_bias"] = random.bf16(num_experts, rows, std=0.1)
    return tensors


def _residual_gain(config: Mapping[str, Any]) -> float:
    """Keeps the residual stream as wide as the embedding, however many layers add to it."""
    return 1 / math.sqrt(config["num_hidden_layers"])


def bf16(values: NDArray[Any]) -> NDArray[np.uint16]:
    """Round to bf16, ties to even."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def float32(values: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Widen bf16."""
    return (values.astype(np.uint32) << 16).view(np.float32)
