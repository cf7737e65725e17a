"""A checkpoint's tensors as the kernels want them.

Experts are repacked without loss, attention and lm_head as int8 or bf16, and what is small becomes float32. What was
packed once is kept in a file, if there is a cache for it.
"""

from dataclasses import dataclass

from ossian.engine.embedded.checkpoint import Checkpoint
from ossian.engine.embedded.embedding import Embedding
from ossian.engine.embedded.kernels import DenseWeight, ExpertWeights, Float32
from ossian.engine.embedded.memory import free_memory
from ossian.engine.embedded.packing import DenseFormat, PackedReader, Packer, WeightSource, float32, packed_bytes
from ossian.engine.embedded.weight_cache import WeightCache
from ossian.errors import ConfigurationError, PackedFileError


@dataclass(frozen=True, slots=True)
class AttentionWeights:
    """One layer's attention, with the norm before it."""

    input_layernorm: Float32  # [hidden_size]
    qkv_proj: DenseWeight  # [q_size + 2 * kv_size, hidden_size]: rows of q, then k, then v
    o_proj: DenseWeight  # [hidden_size, q_size]
    sinks: Float32  # [num_attention_heads]


@dataclass(frozen=True, slots=True)
class MoEWeights:
    """One layer's experts and their router, with the norm before them."""

    post_attention_layernorm: Float32  # [hidden_size]
    router: Float32  # [num_local_experts, hidden_size]
    router_bias: Float32  # [num_local_experts]
    experts: ExpertWeights


@dataclass(frozen=True, slots=True)
class LayerWeights:
    """One layer."""

    attention: AttentionWeights
    moe: MoEWeights


@dataclass(frozen=True, slots=True)
class ModelWeights:
    """The whole model."""

    embed_tokens: Embedding
    layers: tuple[LayerWeights, ...]
    norm: Float32  # [hidden_size]
    lm_head: DenseWeight  # [vocab_size, hidden_size]

    @property
    def nbytes(self) -> int:
        """Bytes that every token or its experts read; the embedding is not among them, nor what is small."""
        layers = (
            layer.attention.qkv_proj.nbytes + layer.attention.o_proj.nbytes + layer.moe.experts.nbytes
            for layer in self.layers
        )
        return self.lm_head.nbytes + sum(layers)


def load_weights(checkpoint: Checkpoint, dense_format: DenseFormat, cache: WeightCache | None = None) -> ModelWeights:
    """Take the weights of an open checkpoint from the cache, or else pack them and have the cache keep them.

    Raises CheckpointError for values that are not numbers, and ConfigurationError when memory cannot hold the weights.
    """
    check_memory(checkpoint, dense_format)
    if cache is not None and (file := cache.open()) is not None:
        try:
            return _join(checkpoint, PackedReader(checkpoint, dense_format, file))
        except PackedFileError as error:
            cache.refuse(error)
    packer = Packer(checkpoint, dense_format)
    weights = _join(checkpoint, packer)
    if cache is not None:
        cache.write_in_background(packer.packed)
    return weights


def check_memory(checkpoint: Checkpoint, dense_format: DenseFormat) -> None:
    """Raise ConfigurationError when the packed weights are more than the memory that is free."""
    needed, free = packed_bytes(checkpoint, dense_format), free_memory()
    if needed > free:
        raise ConfigurationError(
            f"The weights of {checkpoint.path.name} take {needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} are "
            "free. Free memory, or serve a smaller model."
        )


def _join(checkpoint: Checkpoint, source: WeightSource) -> ModelWeights:
    return ModelWeights(
        embed_tokens=Embedding(checkpoint, "model.embed_tokens.weight"),
        layers=tuple(
            _layer(checkpoint, source, f"model.layers.{layer}.") for layer in range(checkpoint.config.num_hidden_layers)
        ),
        norm=float32(checkpoint, "model.norm.weight"),
        lm_head=source.dense(["lm_head"], has_bias=False),
    )


def _layer(checkpoint: Checkpoint, source: WeightSource, layer: str) -> LayerWeights:
    attention = AttentionWeights(
        input_layernorm=float32(checkpoint, layer + "input_layernorm.weight"),
        qkv_proj=source.dense([f"{layer}self_attn.{name}_proj" for name in "qkv"]),
        o_proj=source.dense([layer + "self_attn.o_proj"]),
        sinks=float32(checkpoint, layer + "self_attn.sinks"),
    )
    moe = MoEWeights(
        post_attention_layernorm=float32(checkpoint, layer + "post_attention_layernorm.weight"),
        router=float32(checkpoint, layer + "mlp.router.weight"),
        router_bias=float32(checkpoint, layer + "mlp.router.bias"),
        experts=source.experts(layer + "mlp.experts"),
    )
    return LayerWeights(attention, moe)
