"""How much memory a gpt-oss model takes here, and how fast this machine's memory lets it decode."""

from dataclasses import dataclass

from ossian.engine.embedded.model_config import ModelConfig

OFFICIAL_MODELS = {
    "gpt-oss-20b": ModelConfig(num_hidden_layers=24, num_local_experts=32),
    "gpt-oss-120b": ModelConfig(num_hidden_layers=36, num_local_experts=128),
}

MXFP4_BYTES = 4.25 / 8  # 32 values of 4 bits share a scale of 8
INT8_BYTES = 1 + 2 / 32  # 32 values of 8 bits share a scale of 16

# What the process takes besides weights: a KV cache for some thirty thousand tokens, activations, Python.
WORKING_BYTES = 1.5e9


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes of a model's weights, as the engine keeps them by default: experts MXFP4, attention and lm_head int8.

    The embedding stays in its file, of which a token's row is read.
    """

    resident: float
    per_token: float  # read to decode one token alone
    every_token: float = 0.0  # of these, what all tokens share: attention and lm_head

    @property
    def needed(self) -> float:
        """Memory that serving it takes."""
        return self.resident + WORKING_BYTES

    def decode_limit(self, bytes_per_second: float) -> float:
        """Tokens per second that reading the weights allows, one sequence at a time."""
        return bytes_per_second / self.per_token


def footprint(config: ModelConfig) -> Footprint:
    """Count a model's weights; biases and norms are too small to matter."""
    vocabulary = config.vocab_size * config.hidden_size
    attention = 2 * (config.q_size + config.kv_size) * config.hidden_size
    expert = 3 * config.intermediate_size * config.hidden_size * MXFP4_BYTES
    every_token = (config.num_hidden_layers * attention + vocabulary) * INT8_BYTES
    experts = config.num_hidden_layers * expert
    return Footprint(
        resident=every_token + experts * config.num_local_experts,
        per_token=every_token + experts * config.num_experts_per_tok,
        every_token=every_token,
    )
