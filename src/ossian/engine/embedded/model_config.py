"""What a checkpoint's config.json says, under Hugging Face's names.

Everything this engine cannot compute is refused here, with one CheckpointError that names the key, what was expected
and what was found. Reading weights is checkpoint.py's work.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from ossian.errors import CheckpointError

LayerType: TypeAlias = Literal["sliding_attention", "full_attention"]

STOP_TOKEN_IDS = (200002, 199999, 200012)  # <|return|>, <|endoftext|>, <|call|>: generation_config.json of gpt-oss

MAX_INTEGER = 2**24  # float32 holds every position up to here; no size comes near
MAX_LAYERS = 1024
MAX_HEAD_DIM = 512  # the kernels' own limits, told here before the weights are loaded
MAX_EXPERTS_PER_TOK = 16


@dataclass(frozen=True, slots=True)
class RopeScaling:
    """YaRN's settings, as in `rope_scaling`."""

    factor: float = 32.0
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    original_max_position_embeddings: int = 4096
    truncate: bool = False


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The shape of a gpt-oss model. The defaults are those both released sizes share."""

    num_hidden_layers: int
    num_local_experts: int
    num_experts_per_tok: int = 4
    hidden_size: int = 2880
    intermediate_size: int = 2880
    head_dim: int = 64
    num_attention_heads: int = 64
    num_key_value_heads: int = 8
    vocab_size: int = 201088
    max_position_embeddings: int = 131072
    sliding_window: int = 128
    layer_types: tuple[LayerType, ...] = ()
    rms_norm_eps: float = 1e-5
    rope_theta: float = 150000.0
    rope_scaling: RopeScaling = RopeScaling()
    swiglu_limit: float = 7.0
    eos_token_id: tuple[int, ...] = STOP_TOKEN_IDS
    default_temperature: float = 1.0  # of a request that names none; 0 is greedy

    @property
    def q_size(self) -> int:
        """Rows of the query projection, which is not hidden_size."""
        return self.num_attention_heads * self.head_dim

    @property
    def kv_size(self) -> int:
        return self.num_key_value_heads * self.head_dim

    def window(self, layer: int) -> int:
        """The number of positions layer `layer` sees, its own included; 0 means all."""
        return self.sliding_window if self.layer_types[layer] == "sliding_attention" else 0

    @property
    def widest_window(self) -> int:
        """The window of the sliding layers; 0 when there are none."""
        return max(map(self.window, range(self.num_hidden_layers)))


def load_model_config(checkpoint: Path) -> ModelConfig:
    """Read config.json, and stop tokens and temperature from generation_config.json where there is one.

    Raises CheckpointError when the folder or the file is missing or damaged, or the model is not one this engine runs.
    """
    if not checkpoint.is_dir():
        raise CheckpointError(f"{checkpoint} is not a folder; give the folder that holds config.json and the weights.")
    values = read_json(checkpoint / "config.json")
    if not (checkpoint / "generation_config.json").is_file():
        return model_config_from_json(values)
    generation = read_json(checkpoint / "generation_config.json")
    if generation.get("eos_token_id") is not None:
        values = {**values, "eos_token_id": generation["eos_token_id"]}
    return replace(model_config_from_json(values), default_temperature=_default_temperature(generation))


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object, or raise CheckpointError."""
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing; download the checkpoint again.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} cannot be read as JSON: {error}") from None
    if not isinstance(value, dict):
        raise CheckpointError(f"{path}: expected a JSON object, found {type(value).__name__}.")
    return value


def model_config_from_json(values: Mapping[str, Any]) -> ModelConfig:
    """Check the values of a config.json and return them as a ModelConfig; raises CheckpointError."""
    _check_architecture(values)
    keys = _Keys(values)
    rope = _rope_keys(values)
    num_hidden_layers = keys.integer("num_hidden_layers", at_most=MAX_LAYERS)
    config = ModelConfig(
        num_hidden_layers=num_hidden_layers,
        num_local_experts=keys.integer("num_local_experts"),
        num_experts_per_tok=_num_experts_per_tok(keys),
        hidden_size=keys.integer("hidden_size", 2880, multiple_of=32),  # an MXFP4 block is 32 values
        intermediate_size=keys.integer("intermediate_size", 2880, multiple_of=32),
        head_dim=keys.integer("head_dim", 64, multiple_of=16, at_most=MAX_HEAD_DIM),
        num_attention_heads=keys.integer("num_attention_heads", 64),
        num_key_value_heads=keys.integer("num_key_value_heads", 8),
        vocab_size=keys.integer("vocab_size", 201088, multiple_of=16),
        max_position_embeddings=keys.integer("max_position_embeddings", 131072),
        sliding_window=keys.integer("sliding_window", 128),
        layer_types=_layer_types(values.get("layer_types"), num_hidden_layers),
        rms_norm_eps=keys.number("rms_norm_eps", 1e-5),
        rope_theta=rope.number("rope_theta", keys.number("rope_theta", 150000.0)),
        rope_scaling=_rope_scaling(rope),
        swiglu_limit=keys.number("swiglu_limit", 7.0),
        eos_token_id=_eos_token_ids(values.get("eos_token_id")),
    )
    _check_shapes(config)
    return config


def inv_freq(config: ModelConfig) -> NDArray[np.float32]:  # [head_dim / 2]
    """YaRN's "NTK by parts" frequencies (Peng et al. 2023, as in openai/gpt-oss).

    Fast dimensions keep theirs, slow ones are divided by `factor`, and a linear ramp lies between. Computed in
    float64, rounded once.
    """
    scaling = config.rope_scaling
    freq = config.rope_theta ** (-np.arange(0, config.head_dim, 2) / config.head_dim)
    low, high = (_rotations_dim(config, beta) for beta in (scaling.beta_fast, scaling.beta_slow))
    if scaling.truncate:
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, config.head_dim - 1)
    width = high - low or 0.001  # Hugging Face's guard against an empty ramp
    ramp = np.clip((np.arange(config.head_dim // 2) - low) / width, 0, 1)
    return np.asarray(freq / scaling.factor * ramp + freq * (1 - ramp), np.float32)


def concentration(config: ModelConfig) -> float:
    """YaRN's factor on cos and sin, which sharpens attention over long contexts."""
    factor = config.rope_scaling.factor
    return 0.1 * math.log(factor) + 1.0 if factor > 1 else 1.0


def _rotations_dim(config: ModelConfig, num_rotations: float) -> float:
    """The dimension that turns `num_rotations` times within the original context."""
    positions = config.rope_scaling.original_max_position_embeddings
    return config.head_dim * math.log(positions / (num_rotations * 2 * math.pi)) / (2 * math.log(config.rope_theta))


def _mismatch(key: str, expected: object, found: object) -> CheckpointError:
    return CheckpointError(f"config.json: {key}: expected {expected}, found {found!r}.")


class _Keys:
    """The values of one JSON object, each checked as it is read; null counts as absent, as in Hugging Face."""

    def __init__(self, values: Mapping[str, Any], prefix: str = "") -> None:
        self._values = values
        self._prefix = prefix

    def integer(self, key: str, default: int | None = None, *, multiple_of: int = 1, at_most: int = MAX_INTEGER) -> int:
        value = self._value(key, default)
        if type(value) is not int or not 0 < value <= at_most or value % multiple_of:
            kind = f"an integer in 1..{at_most}" + (f", a multiple of {multiple_of}" if multiple_of > 1 else "")
            raise _mismatch(self._prefix + key, kind, value)
        return value

    def number(self, key: str, default: float | None = None) -> float:
        value = self._value(key, default)
        if type(value) not in (int, float) or not 0 < value < 1e30:
            raise _mismatch(self._prefix + key, "a positive number", value)
        return float(value)

    def boolean(self, key: str, default: bool) -> bool:
        value = self._value(key, default)
        if type(value) is not bool:
            raise _mismatch(self._prefix + key, "true or false", value)
        return value

    def exactly(self, key: str, expected: object, default: object) -> None:
        value = self._value(key, default)
        if type(value) is not type(expected) or value != expected:
            raise _mismatch(self._prefix + key, json.dumps(expected), value)

    def _value(self, key: str, default: object) -> Any:
        value = self._values.get(key)
        return default if value is None else value


def _check_architecture(values: Mapping[str, Any]) -> None:
    keys = _Keys(values)
    keys.exactly("model_type", "gpt_oss", None)
    keys.exactly("attention_bias", True, True)
    keys.exactly("hidden_act", "silu", "silu")  # gpt-oss says silu and means its own SwiGLU
    keys.exactly("tie_word_embeddings", False, False)
    keys.exactly("swiglu_alpha", 1.702, 1.702)
    quantization = values.get("quantization_config")
    if not isinstance(quantization, Mapping):
        way_out = "MXFP4 experts (BF16-dequantised copies are not read; use the original, such as openai/gpt-oss-20b)"
        raise _mismatch("quantization_config", way_out, quantization)
    _Keys(quantization, "quantization_config.").exactly("quant_method", "mxfp4", None)


def _num_experts_per_tok(keys: _Keys) -> int:
    other = keys.integer("experts_per_token", 4, at_most=MAX_EXPERTS_PER_TOK)
    value = keys.integer("num_experts_per_tok", other, at_most=MAX_EXPERTS_PER_TOK)
    keys.exactly("experts_per_token", value, value)  # gpt-oss writes both
    return value


def _layer_types(value: object, num_hidden_layers: int) -> tuple[LayerType, ...]:
    if value is None:
        pattern: tuple[LayerType, LayerType] = ("sliding_attention", "full_attention")
        return tuple(pattern[layer % 2] for layer in range(num_hidden_layers))
    known = get_args(LayerType)
    if not isinstance(value, list) or any(layer_type not in known for layer_type in value):
        raise _mismatch("layer_types", f"a list of {' or '.join(known)}", value)
    if len(value) != num_hidden_layers:
        raise _mismatch("layer_types", f"num_hidden_layers = {num_hidden_layers} entries", len(value))
    return tuple(value)


def _rope_keys(values: Mapping[str, Any]) -> _Keys:
    """The RoPE settings: `rope_parameters` (newer transformers, rope_theta inside) or `rope_scaling`."""
    for key in ("rope_parameters", "rope_scaling"):
        value = values.get(key)
        if isinstance(value, Mapping):
            return _Keys(value, key + ".")
        if value is not None:
            raise _mismatch(key, "an object", value)
    return _Keys({"rope_type": "yarn", **asdict(RopeScaling())}, "rope_scaling.")


def _rope_scaling(rope: _Keys) -> RopeScaling:
    rope.exactly("rope_type", "yarn", None)
    for key in ("attention_factor", "mscale", "mscale_all_dim", "partial_rotary_factor"):  # not what gpt-oss does
        rope.exactly(key, None, None)
    return RopeScaling(
        factor=rope.number("factor"),
        beta_fast=rope.number("beta_fast", 32.0),
        beta_slow=rope.number("beta_slow", 1.0),
        original_max_position_embeddings=rope.integer("original_max_position_embeddings"),
        truncate=rope.boolean("truncate", True),  # Hugging Face's default for settings that are written out
    )


def _eos_token_ids(value: object) -> tuple[int, ...]:
    ids = STOP_TOKEN_IDS if value is None else tuple(value) if isinstance(value, list) else (value,)
    if not ids or any(type(token_id) is not int or token_id < 0 for token_id in ids):
        raise _mismatch("eos_token_id", "a token id or a list of them", value)
    return ids


def _default_temperature(generation: Mapping[str, Any]) -> float:
    """The temperature of a request that names none: as in vLLM, and 0 where the model is not to be sampled."""
    if generation.get("do_sample") is False:
        return 0.0
    value = generation.get("temperature")
    if value is None:
        return 1.0
    if type(value) not in (int, float) or not 0 <= value <= 2:
        raise CheckpointError(f"generation_config.json: temperature: expected a number from 0 to 2, found {value!r}.")
    return float(value)


def _check_shapes(config: ModelConfig) -> None:
    if config.num_attention_heads % config.num_key_value_heads:
        multiple = f"a multiple of num_key_value_heads = {config.num_key_value_heads}"
        raise _mismatch("num_attention_heads", multiple, config.num_attention_heads)
    if config.q_size % 32:
        raise _mismatch("num_attention_heads * head_dim", "a multiple of 32", config.q_size)
    if config.rope_theta <= 1:
        raise _mismatch("rope_theta", "a number above 1", config.rope_theta)
    if config.num_experts_per_tok > config.num_local_experts:
        at_most = f"at most num_local_experts = {config.num_local_experts}"
        raise _mismatch("num_experts_per_tok", at_most, config.num_experts_per_tok)
