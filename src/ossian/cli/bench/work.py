"""What a model must compute and read at least: its shape, against which the roofs are held."""

from dataclasses import dataclass

from ossian.cli.fit import OFFICIAL_MODELS, footprint
from ossian.engine.embedded.kernels import KVType
from ossian.engine.embedded.kv_cache import array_of_layers, block_bytes
from ossian.engine.embedded.model_config import ModelConfig


@dataclass(frozen=True, slots=True)
class Work:
    """A model's work. Biases, norms, routers and attention's scores are too small to matter, and left out."""

    config: ModelConfig
    kv_type: KVType

    @property
    def is_gpt_oss_20b(self) -> bool:
        """Is it of the shape that the targets were set for?"""
        official = OFFICIAL_MODELS["gpt-oss-20b"]
        same = ("num_hidden_layers", "num_local_experts", "hidden_size", "intermediate_size", "vocab_size")
        return all(getattr(self.config, name) == getattr(official, name) for name in same)

    @property
    def macs_per_prompt_token(self) -> float:
        """Multiply-adds of a prompt token's matrices. Nobody needs what the last layer makes of its values."""
        config = self.config
        qkv_proj = (config.q_size + 2 * config.kv_size) * config.hidden_size
        o_proj = config.q_size * config.hidden_size
        experts = config.num_experts_per_tok * 3 * config.intermediate_size * config.hidden_size
        return config.num_hidden_layers * qkv_proj + (config.num_hidden_layers - 1) * (o_proj + experts)

    def kernel_name(self, label: str) -> str:
        """Return a kernel's label with its weight's name in place of the shape: "linear o_proj"."""
        config = self.config
        names = {
            f"{config.q_size + 2 * config.kv_size}x{config.hidden_size}": "qkv_proj",
            f"{config.hidden_size}x{config.q_size}": "o_proj",
            f"{config.vocab_size}x{config.hidden_size}": "lm_head",
        }
        kernel, _, kind = label.partition(" ")
        return f"{kernel} {names[kind]}" if kind in names else label

    def kv_bytes(self, depth: int, first: int = 0) -> float:
        """Bytes of keys and values that a token behind `depth` others reads, of those of the `first` and later ones."""
        windows = [self.config.window(layer) for layer in range(self.config.num_hidden_layers)]
        num_positions = sum(min(depth - first, window or depth) for window in windows)
        num_arrays = len(set(array_of_layers(self.config)))
        return block_bytes(self.config, 1, self.kv_type) / num_arrays * num_positions

    def step_bytes(self, num_streams: int, depth: int, num_shared: int = 0) -> float:
        """Bytes that a decode step reads, if the streams choose their experts evenly.

        The streams have their first `num_shared` tokens in common: what lies there is read once for all of them.
        """
        one = footprint(self.config)
        expert_bytes = one.per_token - one.every_token
        chosen = self.config.num_experts_per_tok / self.config.num_local_experts
        num_chosen_times = (1 - (1 - chosen) ** num_streams) / chosen
        num_kv_bytes = self.kv_bytes(depth) + (num_streams - 1) * self.kv_bytes(depth, num_shared)
        return one.every_token + expert_bytes * num_chosen_times + num_kv_bytes
