"""gpt-oss in the order of its paper: attention, mixture of experts, block, model.

The residual stream is float32. Every array a step needs exists before it: the workspace is sized once, by the token
budget. What the operations compute is kernels.py's; which tokens run together is the scheduler's.
"""

from dataclasses import dataclass

import numpy as np

from ossian.engine.embedded import kernels
from ossian.engine.embedded.batch import Batch
from ossian.engine.embedded.kernels import Float32, Int32
from ossian.engine.embedded.kv_cache import KVCache
from ossian.engine.embedded.model_config import ModelConfig, concentration, inv_freq
from ossian.engine.embedded.weights import AttentionWeights, LayerWeights, ModelWeights, MoEWeights
from ossian.settings import EngineSettings


@dataclass(frozen=True, slots=True)
class Workspace:
    """The arrays of one forward; `first(n)` gives the part n tokens need."""

    x: Float32  # [num_tokens, hidden_size]: the residual stream
    h: Float32  # [num_tokens, hidden_size]: after a norm
    qkv: Float32  # [num_tokens, q_size + 2 * kv_size]
    attention: Float32  # [num_tokens, q_size]
    expert_ids: Int32  # [num_tokens, num_experts_per_tok]
    expert_weights: Float32  # [num_tokens, num_experts_per_tok]

    @classmethod
    def allocate(cls, config: ModelConfig, num_tokens: int) -> "Workspace":
        """Reserve room for `num_tokens`; memory is taken when it is first written."""
        return cls(
            x=np.empty((num_tokens, config.hidden_size), np.float32),
            h=np.empty((num_tokens, config.hidden_size), np.float32),
            qkv=np.empty((num_tokens, config.q_size + 2 * config.kv_size), np.float32),
            attention=np.empty((num_tokens, config.q_size), np.float32),
            expert_ids=np.empty((num_tokens, config.num_experts_per_tok), np.int32),
            expert_weights=np.empty((num_tokens, config.num_experts_per_tok), np.float32),
        )

    def first(self, num_tokens: int) -> "Workspace":
        """Views of the first `num_tokens` rows."""
        return Workspace(
            self.x[:num_tokens],
            self.h[:num_tokens],
            self.qkv[:num_tokens],
            self.attention[:num_tokens],
            self.expert_ids[:num_tokens],
            self.expert_weights[:num_tokens],
        )

    def keep(self, indices: Int32) -> "Workspace":
        """Move the rows of x and attention that `indices` names, which ascend, to the front, and return the front."""
        if len(indices) < len(self.x):
            for row, index in enumerate(indices):  # index >= row: no row is overwritten before it has moved
                self.x[row] = self.x[index]
                self.attention[row] = self.attention[index]
        return self.first(len(indices))


class Attention:
    """Grouped-query attention with sinks, over a sliding window in every other layer."""

    def __init__(self, config: ModelConfig, layer: int, weights: AttentionWeights, kv_cache: KVCache, exact: bool):
        self._config = config
        self._weights = weights
        self._k_cache, self._v_cache = kv_cache.of_layer(layer)
        self._window = config.window(layer)
        self._inv_freq, self._concentration = inv_freq(config), concentration(config)
        self._exact = exact

    def attend(self, batch: Batch, work: Workspace) -> None:
        """Store the tokens' keys and values; compute attention(qkv_proj(norm(x)))."""
        config, weights = self._config, self._weights
        places = batch.sliding if self._window else batch.full
        kernels.rms_norm(work.x, weights.input_layernorm, config.rms_norm_eps, work.h)
        kernels.linear(work.h, weights.qkv_proj, work.qkv, exact=self._exact)
        kernels.rope_and_store_kv(
            work.qkv,
            batch.positions,
            self._inv_freq,
            self._concentration,
            self._k_cache,
            self._v_cache,
            places.slot_mapping,
            config.num_attention_heads,
        )
        kernels.paged_attention(
            work.qkv,
            self._k_cache,
            self._v_cache,
            places.block_tables,
            batch.cu_seqlens_q,
            batch.context_lens,
            weights.sinks,
            self._window,
            work.attention,
        )

    def add_to_residual(self, work: Workspace) -> None:
        """Compute x += o_proj(attention)."""
        kernels.linear(work.attention, self._weights.o_proj, work.x, accumulate=True, exact=self._exact)


class MoE:
    """A router, and the experts it chooses for each token."""

    def __init__(self, config: ModelConfig, weights: MoEWeights, exact: bool) -> None:
        self._config = config
        self._weights = weights
        self._exact = exact

    def add_to_residual(self, work: Workspace) -> None:
        """Compute x += Σ weight · expert(norm(x)) over the chosen experts."""
        config, weights = self._config, self._weights
        kernels.rms_norm(work.x, weights.post_attention_layernorm, config.rms_norm_eps, work.h)
        kernels.route(work.h, weights.router, weights.router_bias, work.expert_ids, work.expert_weights)
        kernels.moe(
            work.h,
            weights.experts,
            work.expert_ids,
            work.expert_weights,
            config.swiglu_limit,
            work.x,
            exact=self._exact,
        )


class Block:
    """One layer: attention, then mixture of experts."""

    def __init__(self, config: ModelConfig, layer: int, weights: LayerWeights, kv_cache: KVCache, exact: bool) -> None:
        self._attention = Attention(config, layer, weights.attention, kv_cache, exact)
        self._moe = MoE(config, weights.moe, exact)

    def attend(self, batch: Batch, work: Workspace) -> None:
        self._attention.attend(batch, work)

    def add_to_residual(self, work: Workspace) -> None:
        self._attention.add_to_residual(work)
        self._moe.add_to_residual(work)


class Model:
    """The whole model. One forward at a time: the arrays it returns are overwritten by the next."""

    def __init__(self, config: ModelConfig, weights: ModelWeights, kv_cache: KVCache, settings: EngineSettings) -> None:
        exact = settings.precision == "exact"
        self._config = config
        self._weights = weights
        self._exact = exact
        self._blocks = [Block(config, i, layer, kv_cache, exact) for i, layer in enumerate(weights.layers)]
        self._workspace = Workspace.allocate(config, settings.max_num_batched_tokens)
        num_logits = settings.max_num_seqs + settings.max_num_draft_tokens
        self._logits = np.empty((num_logits, config.vocab_size), np.float32)

    def forward(self, batch: Batch) -> Float32:  # [num_logits, vocab_size]
        """Write the batch's keys and values to the cache and return the logits of `batch.logits_indices`."""
        work = self._workspace.first(batch.num_tokens)
        self._weights.embed_tokens.look_up(batch.input_ids, work.x)
        *blocks, last = self._blocks
        for block in blocks:
            block.attend(batch, work)
            block.add_to_residual(work)
        last.attend(batch, work)
        wanted = work.keep(batch.logits_indices)  # nobody reads what the last layer gives other tokens
        last.add_to_residual(wanted)
        return self._lm_head(wanted)

    def _lm_head(self, work: Workspace) -> Float32:
        kernels.rms_norm(work.x, self._weights.norm, self._config.rms_norm_eps, work.h)
        logits = self._logits_for(len(work.x))
        kernels.linear(work.h, self._weights.lm_head, logits, exact=self._exact)
        return logits

    def _logits_for(self, num_logits: int) -> Float32:
        if num_logits <= len(self._logits):
            return self._logits[:num_logits]
        return np.empty((num_logits, self._config.vocab_size), np.float32)  # prompt_logprobs want every position
