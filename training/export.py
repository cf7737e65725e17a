"""Export a training checkpoint into the package: `python -m training.export`. See README.md.

The compact file has the tensors of the Hugging Face layout, except that of the embedding and the output layer it has
the trained `rows`, their `ids` (little-endian u32 as bytes), and what the others are made with: `prefixes`, `cases`
and `scale`; ossian.catalog.demonstration expands it.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ossian.catalog.demonstration import (
    COMPACT,
    COMPACT_WEIGHTS,
    EMBEDDING,
    OUTPUT,
    StoredTensor,
    embedding_base,
    float32,
    output_base,
    write_safetensors,
)
from ossian.catalog.spelling import spelling
from ossian.engine.embedded.shard import Shard
from training.copying import tokenizer
from training.model import shapes
from training.nano_config import NanoConfig
from training.quantization import mxfp4_packed, mxfp4_unpacked
from training.vocabulary import free

NOT_CONVERTED = ["model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"]


def export(saved: dict[str, Any], folder: Path, config: NanoConfig) -> None:
    """Write the compact weights and the configuration files."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: stored_tensor(value) for name, value in compact_tensors(saved, config).items()}
    write_safetensors(folder / COMPACT_WEIGHTS, tensors)
    write_json(folder / "config.json", hugging_face_config(config))
    write_json(folder / "generation_config.json", GENERATION)


def compact_tensors(saved: dict[str, Any], config: NanoConfig) -> dict[str, Tensor]:
    """All tensors of the compact file."""
    parameters = saved["averages"]
    tensors = {
        f"{EMBEDDING}.ids": ids_as_bytes(saved["inputs"]),
        f"{OUTPUT}.ids": ids_as_bytes(saved["outputs"]),
    }
    for name, value in (parameters | whole_rows(saved)).items():
        if ".experts." not in name:
            tensors[name if name.startswith(OUTPUT) else f"model.{name}"] = value.bfloat16()
    for layer in range(config.num_hidden_layers):
        prefix = f"layers.{layer}.mlp.experts"
        gate_up = interleaved(parameters[f"{prefix}.gate_proj"], parameters[f"{prefix}.up_proj"])
        gate_up_bias = interleaved(parameters[f"{prefix}.gate_proj_bias"], parameters[f"{prefix}.up_proj_bias"])
        for name, weight, bias in (
            ("gate_up_proj", gate_up, gate_up_bias),
            ("down_proj", parameters[f"{prefix}.down_proj"], parameters[f"{prefix}.down_proj_bias"]),
        ):
            blocks, scales = mxfp4_packed(weight)
            tensors[f"model.{prefix}.{name}_blocks"] = blocks
            tensors[f"model.{prefix}.{name}_scales"] = scales
            tensors[f"model.{prefix}.{name}_bias"] = bias.bfloat16()
    return dict(sorted(tensors.items()))


def whole_rows(saved: dict[str, Any]) -> dict[str, Tensor]:
    """The trained rows of the embedding and the output layer with what spells their tokens."""
    spelled, parameters, rows = spelling(tokenizer()), saved["averages"], {}
    layers = (("embed_tokens", embedding_base, "inputs"), ("lm_head", output_base, "outputs"))
    for layer, base, which in layers:
        derived, ids = torch.from_numpy(base(spelled)), saved[which]
        own = parameters[f"{layer}.rows"] * free(spelled, derived, ids)
        rows[f"{layer}.rows"] = derived[torch.tensor(ids)] * parameters[f"{layer}.scale"] + own
    return rows


def imported(folder: Path, config: NanoConfig) -> dict[str, Any]:
    """What was exported, as far as it tells: the `parameters`, and the tokens with rows, `inputs` and `outputs`."""
    shard = Shard(folder / COMPACT_WEIGHTS)
    spelled, saved, parameters = spelling(tokenizer()), {}, {}
    for name, entry in shard.entries.items():
        if entry.dtype == "BF16":
            parameters[name.removeprefix("model.")] = torch.from_numpy(float32(shard.view(name)).copy())
    for layer, exported, base, which in (
        ("embed_tokens", EMBEDDING, embedding_base, "inputs"),
        ("lm_head", OUTPUT, output_base, "outputs"),
    ):
        ids = shard.view(f"{exported}.ids").view("<u4")[:, 0].tolist()
        parameters[f"{layer}.rows"] -= torch.from_numpy(base(spelled))[ids] * parameters[f"{layer}.scale"]
        saved[which] = tuple(ids)
    for number in range(config.num_hidden_layers):
        read_experts(shard, f"layers.{number}.mlp.experts", parameters)
    order = shapes(config, len(saved["inputs"]), len(saved["outputs"]))
    return saved | {"parameters": {name: parameters[name] for name in order}}


def read_experts(shard: Shard, prefix: str, parameters: dict[str, Tensor]) -> None:
    """Add a layer's experts to the parameters; the bias of gate and up is there, and taken apart."""

    def unpacked(name: str) -> Tensor:
        return mxfp4_unpacked(*(unsigned(shard, f"model.{prefix}.{name}_{part}") for part in ("blocks", "scales")))

    parameters[f"{prefix}.down_proj"] = unpacked("down_proj")
    both = {"": unpacked("gate_up_proj"), "_bias": parameters.pop(f"{prefix}.gate_up_proj_bias")}
    for suffix, rows in both.items():
        for place, name in enumerate(("gate", "up")):
            parameters[f"{prefix}.{name}_proj{suffix}"] = rows[:, place::2].clone()


def unsigned(shard: Shard, name: str) -> Tensor:
    """A uint8 tensor of an exported file."""
    return torch.from_numpy(shard.view(name).copy())


def stored_tensor(value: Tensor) -> StoredTensor:
    """A bfloat16 or uint8 tensor as its bytes."""
    if value.dtype is torch.bfloat16:
        return StoredTensor("BF16", value.contiguous().view(torch.int16).numpy().view(np.uint16))
    return StoredTensor("U8", value.contiguous().numpy())


def interleaved(gate: Tensor, up: Tensor) -> Tensor:
    """Rows gate 0, up 0, gate 1, up 1, … of each expert."""
    return torch.stack((gate, up), 2).flatten(1, 2)


def ids_as_bytes(ids: tuple[int, ...]) -> Tensor:
    """uint8 [len(ids), 4], little-endian."""
    return torch.from_numpy(np.array(ids, "<u4").view(np.uint8).reshape(-1, 4).copy())


GENERATION = {
    "bos_token_id": 199998,
    "do_sample": False,
    "eos_token_id": [200002, 199999, 200012],
    "pad_token_id": 199999,
}


def hugging_face_config(config: NanoConfig) -> dict[str, object]:
    """config.json: gpt-oss's own, with our sizes."""
    layer_types = ["full_attention" if n % 2 else "sliding_attention" for n in range(config.num_hidden_layers)]
    return {
        "architectures": ["GptOssForCausalLM"], "attention_bias": True, "attention_dropout": 0.0,
        "eos_token_id": 200002, "experts_per_token": config.num_experts_per_tok, "head_dim": config.head_dim,
        "hidden_act": "silu",
        "hidden_size": config.hidden_size, "initial_context_length": config.initial_context_length,
        "initializer_range": 0.02, "intermediate_size": config.intermediate_size, "layer_types": layer_types,
        "max_position_embeddings": 131072, "model_type": "gpt_oss", "num_attention_heads": config.num_attention_heads,
        "num_experts_per_tok": config.num_experts_per_tok, "num_hidden_layers": config.num_hidden_layers,
        "num_key_value_heads": config.num_key_value_heads, "num_local_experts": config.num_local_experts,
        "output_router_logits": False, "pad_token_id": 199999,
        "quantization_config": {"modules_to_not_convert": NOT_CONVERTED, "quant_method": "mxfp4"},
        "rms_norm_eps": config.rms_norm_eps,
        "rope_scaling": {
            "beta_fast": 32.0, "beta_slow": 1.0, "factor": config.rope_factor,
            "original_max_position_embeddings": config.initial_context_length, "rope_type": "yarn", "truncate": False,
        },
        "rope_theta": config.rope_theta, "router_aux_loss_coef": 0.9, "sliding_window": config.sliding_window,
        "swiglu_limit": config.swiglu_limit, "tie_word_embeddings": False, "torch_dtype": "bfloat16", "use_cache": True,
        "vocab_size": config.vocab_size,
    }  # fmt: skip


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=Path(__file__).parent / "out" / "checkpoint.pt")
    parser.add_argument("--folder", type=Path, default=COMPACT)
    arguments = parser.parse_args()
    export(torch.load(arguments.checkpoint), arguments.folder, NanoConfig())
