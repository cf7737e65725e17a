"""The sizes of ossian-nano. Names are those of the Hugging Face configuration; what is missing is gpt-oss's own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NanoConfig:
    """The shape of the model."""

    num_hidden_layers: int = 8
    hidden_size: int = 256
    intermediate_size: int = 64
    num_attention_heads: int = 8
    num_key_value_heads: int = 4
    head_dim: int = 64
    num_local_experts: int = 8
    num_experts_per_tok: int = 4
    sliding_window: int = 128
    rms_norm_eps: float = 1e-5
    swiglu_limit: float = 7.0
    swiglu_alpha: float = 1.702
    rope_theta: float = 150_000.0
    rope_factor: float = 32.0
    initial_context_length: int = 4096
    vocab_size: int = 201_088
