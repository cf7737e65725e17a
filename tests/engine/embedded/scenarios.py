"""What parity is tested on: tiny checkpoints, sequences, and the steps they are run in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.engine.embedded.checkpoints import Tensors, bf16, random_tensors, random_token_ids, tiny_config
from tests.engine.embedded.model_run import Step, TokenIds, in_chunks

Edit = Callable[[Tensors], None]


@dataclass(frozen=True)
class Scenario:
    """A checkpoint, sequences of random tokens, and how many tokens of each a step takes."""

    name: str
    lens: tuple[int, ...]
    chunks: tuple[int, ...]
    changes: Mapping[str, Any] = field(default_factory=dict)  # of tiny_config
    edit: Edit = lambda tensors: None
    seed: int = 0

    @property
    def config(self) -> dict[str, Any]:
        return tiny_config(**self.changes)

    def tensors(self) -> Tensors:
        tensors = random_tensors(self.config, self.seed)
        self.edit(tensors)
        return tensors

    def sequences(self) -> list[TokenIds]:
        vocab_size = self.config["vocab_size"]
        return [random_token_ids(n, vocab_size, 100 * self.seed + i) for i, n in enumerate(self.lens)]

    def steps(self) -> Sequence[Step]:
        return in_chunks(self.sequences(), *self.chunks)


def sinks(value: float) -> Edit:
    """Give every head the same sink."""

    def edit(tensors: Tensors) -> None:
        for name in [name for name in tensors if name.endswith("sinks")]:
            tensors[name] = bf16(np.full(tensors[name].shape, value))

    return edit


def all_to_one_expert(tensors: Tensors) -> None:
    """Let the router's bias decide: expert 5 before all others."""
    for name in [name for name in tensors if name.endswith("router.bias")]:
        tensors[name] = bf16(np.where(np.arange(len(tensors[name])) == 5, 100.0, 0.0))


def wide_gates(tensors: Tensors) -> None:
    """Make gate and up eight times as large, so that many values are clamped."""
    for name in [name for name in tensors if name.endswith("gate_up_proj_scales")]:
        tensors[name] = tensors[name] + np.uint8(3)
        down = name.replace("gate_up", "down")
        tensors[down] = tensors[down] - np.uint8(4)


OTHER_SETTINGS = {
    "rms_norm_eps": 0.1,
    "sliding_window": 50,
    "swiglu_limit": 2.0,
    "layer_types": ["full_attention", "sliding_attention"],
    "rope_scaling": None,
    "rope_parameters": {
        "rope_type": "yarn",
        "rope_theta": 10000.0,
        "factor": 8.0,
        "original_max_position_embeddings": 16384,
        "truncate": True,
    },
}
WIDE = {"hidden_size": 256, "head_dim": 64, "intermediate_size": 256}
DEEP = {"num_hidden_layers": 4, "hidden_size": 128, "intermediate_size": 128}

SCENARIOS = (
    Scenario("prefill", (300,), (300,)),
    Scenario("decode", (260,), (1,), seed=1),
    Scenario("chunked prefill", (400,), (37,), seed=2),
    Scenario("mixed batch", (60, 290, 1, 70), (1, 64, 1, 7), seed=3),
    Scenario("window edges", (127, 128, 129, 257), (127, 128, 129, 128), seed=4),
    Scenario("4 layers, 8 heads a group", (256,), (100,), {**DEEP, "num_attention_heads": 8, "num_key_value_heads": 1}),
    Scenario("hidden 256, no grouping", (256,), (256,), {**WIDE, "num_key_value_heads": 4}, seed=5),
    Scenario("beyond position 4096", (4300,), (512,), seed=6),
    Scenario("other settings", (300,), (300,), OTHER_SETTINGS, seed=7),
    Scenario("vocabulary of 201,088", (160,), (64,), {"vocab_size": 201088, "hidden_size": 256}, seed=8),
    Scenario("sinks of -infinity", (256,), (64,), edit=sinks(-np.inf), seed=9),
    Scenario("sinks of 50", (256,), (64,), edit=sinks(50), seed=10),
    Scenario("one expert for all", (256,), (64,), edit=all_to_one_expert, seed=11),
    Scenario("top-1 routing", (256,), (64,), {"num_experts_per_tok": 1}, all_to_one_expert, seed=12),
    Scenario("clamped gates", (256,), (64,), edit=wide_gates, seed=13),
)
