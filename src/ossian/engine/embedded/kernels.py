"""The native kernels, as the model calls them. The only module that imports the native one.

Every array is C-contiguous. Outputs are written in place. No result depends on how
many tokens or sequences share a call, on the number of threads, or on the instruction set.
"""

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ossian import _native
from ossian.errors import ConfigurationError

Float32: TypeAlias = NDArray[np.float32]
Int32: TypeAlias = NDArray[np.int32]
Int64: TypeAlias = NDArray[np.int64]
BFloat16: TypeAlias = NDArray[np.uint16]  # the upper half of a float32, as stored in the checkpoint
KVArray: TypeAlias = NDArray[np.uint16 | np.int16 | np.int8]
KVType: TypeAlias = type[np.uint16] | type[np.int16] | type[np.int8]  # bf16, or fixed point: see kv_scale_items
UInt8: TypeAlias = NDArray[np.uint8]
Bitmask: TypeAlias = NDArray[np.uint32]

# `packed` is a read-only uint8 view of all there is besides the sizes, the same whatever instruction set packed it.
DenseWeight = _native.DenseWeight  # .num_rows .num_cols .format .packed .nbytes
ExpertWeights = _native.ExpertWeights  # .num_experts .hidden_size .intermediate_size .packed .nbytes

PACK_VERSION = _native.PACK_VERSION  # another one may pack the same checkpoint into other bytes


def isa() -> str:
    """Return the instruction set in use: "avx512", "avx2" or "scalar".

    It is the best one supported unless OSSIAN_ISA forces another. Raises ConfigurationError when OSSIAN_ISA is unknown
    or not supported here.
    """
    try:
        return _native.isa()
    except ValueError as error:
        raise ConfigurationError(str(error)) from None


def set_isa(name: str) -> None:
    """Switch the instruction set, for tests and benchmarks. Raises ValueError for an unknown or unsupported name."""
    _native.set_isa(name)


def supported_isas() -> list[str]:
    """Return the instruction sets that this CPU and build support, slowest first."""
    return _native.supported_isas()


def cpu_features() -> list[str]:
    """Return the features of this CPU that decide which instruction set is used."""
    return _native.cpu_features()


def num_threads() -> int:
    """Return the size of the thread pool."""
    return _native.num_threads()


def set_num_threads(num_threads: int) -> None:
    """Size the thread pool and start it; 0 means the CPU quota.

    Raises ValueError outside [0, 1024], and ConfigurationError when the system does not let so many threads start.
    """
    _native.set_num_threads(num_threads)
    try:
        _native.num_threads()
    except RuntimeError as error:
        raise ConfigurationError(str(error)) from None


def measure_read_bandwidth(num_bytes: int = 512 << 20) -> float:
    """Return how many bytes a second all threads together read from memory: the roof of decode.

    Takes a few passes over `num_bytes`, which must be well more than the last-level cache.
    """
    return _native.measure_read_bandwidth(num_bytes)


def measure_int8_peak() -> float:
    """Return how many int8 multiply-adds a second all threads together reach from registers: the roof of prefill."""
    return _native.measure_int8_peak()


def pack_dense(weight: BFloat16, bias: BFloat16 | None, dense_format: Literal["int8", "bf16"]) -> DenseWeight:
    """Repack a [num_rows, num_cols] weight. num_rows % 16 == 0, num_cols % 32 == 0."""
    return _native.pack_dense(weight, bias, dense_format)


def pack_experts(
    gate_up_blocks: UInt8,  # [num_experts, 2 * intermediate_size, hidden_size / 32, 16]
    gate_up_scales: UInt8,  # [num_experts, 2 * intermediate_size, hidden_size / 32]
    gate_up_bias: BFloat16,  # [num_experts, 2 * intermediate_size], rows interleaved gate, up, gate, up …
    down_blocks: UInt8,  # [num_experts, hidden_size, intermediate_size / 32, 16]
    down_scales: UInt8,  # [num_experts, hidden_size, intermediate_size / 32]
    down_bias: BFloat16,  # [num_experts, hidden_size]
) -> ExpertWeights:
    """Repack one layer's MXFP4 experts without loss."""
    return _native.pack_experts(gate_up_blocks, gate_up_scales, gate_up_bias, down_blocks, down_scales, down_bias)


def dense_from_packed(
    packed: UInt8, num_rows: int, num_cols: int, dense_format: Literal["int8", "bf16"], *, has_bias: bool
) -> DenseWeight:
    """Return the weight whose `packed` these bytes are; they are used where they lie, and kept alive.

    Raises ValueError when there are more or fewer than such a weight has, or they do not start on a cache line.
    """
    return _native.dense_from_packed(packed, num_rows, num_cols, dense_format, has_bias)


def experts_from_packed(packed: UInt8, num_experts: int, hidden_size: int, intermediate_size: int) -> ExpertWeights:
    """Return the experts whose `packed` these bytes are. Raises what `dense_from_packed` does."""
    return _native.experts_from_packed(packed, num_experts, hidden_size, intermediate_size)


def checksum(data: UInt8) -> int:
    """Return 64 bits over one dimension of bytes, as fast as memory gives them.

    Finds every damage within eight bytes, and any other but for a chance of 2^-64. It is no protection from forgery.
    """
    return _native.checksum(data)


def embed(file: int, offset: int, num_rows: int, input_ids: Int32, out: Float32) -> None:
    """out[t] = table[input_ids[t]]  # out: [num_tokens, hidden_size]; the table: bf16 [num_rows, hidden_size] in a file

    `file` is a descriptor, and the table begins `offset` bytes after its start. Raises RuntimeError when it cannot be
    read.
    """
    _native.embed(file, offset, num_rows, input_ids, out)


def rms_norm(x: Float32, weight: Float32, eps: float, out: Float32) -> None:
    """RMSNorm of each row.  # x, out: [num_tokens, hidden_size]"""
    _native.rms_norm(x, weight, eps, out)


def linear(x: Float32, weight: DenseWeight, out: Float32, *, accumulate: bool = False, exact: bool = False) -> None:
    """out = x Wᵀ + b, or out += x Wᵀ + b.  # x: [num_tokens, num_cols], out: [num_tokens, num_rows]

    Activations are quantised to int8 in groups of 32, or rounded to bf16 when `exact` (weight must then be bf16).
    A bf16 weight without `exact` takes bf16-rounded activations too.
    """
    _native.linear(x, weight, out, accumulate, exact)


def kv_scale_items(dtype: KVType) -> int:
    """Return how many items of a KV cache's array a token's scale takes, for each head.

    uint16 is bf16, which has none. int16 and int8 are fixed point: the scales are kept behind a block's keys or values,
    as if head_dim were larger by so many.
    """
    return 0 if dtype is np.uint16 else 4 // np.dtype(dtype).itemsize


def rope_and_store_kv(
    qkv: Float32,  # [num_tokens, (num_attention_heads + 2 * num_key_value_heads) * head_dim]; q is rotated in place
    positions: Int32,  # [num_tokens]
    inv_freq: Float32,  # [head_dim / 2]
    concentration: float,
    k_cache: KVArray,  # [num_blocks, num_key_value_heads, head_dim + scale items, block_size]
    v_cache: KVArray,  # [num_blocks, num_key_value_heads, block_size, head_dim + scale items]
    slot_mapping: Int64,  # [num_tokens]: block id * block_size + offset
    num_attention_heads: int,
) -> None:
    """Rotate q and k (YaRN RoPE, halves paired) and write k and v into the cache, in the form that its dtype says."""
    _native.rope_and_store_kv(
        qkv, positions, inv_freq, concentration, k_cache, v_cache, slot_mapping, num_attention_heads
    )


def paged_attention(
    qkv: Float32,  # [num_tokens, (num_attention_heads + 2 * num_key_value_heads) * head_dim]; q at the front, rotated
    k_cache: KVArray,
    v_cache: KVArray,
    block_tables: Int32,  # [num_seqs, max_num_blocks]
    cu_seqlens_q: Int32,  # [num_seqs + 1]: sequence s has tokens [cu[s], cu[s + 1])
    context_lens: Int32,  # [num_seqs]: tokens in the cache, this step's included
    sinks: Float32,  # [num_attention_heads]
    sliding_window: int,  # 0: full attention
    out: Float32,  # [num_tokens, num_attention_heads * head_dim]
) -> None:
    """Causal grouped-query attention with sinks, for prefill chunks and decodes alike.

    The last of a sequence's tokens is at position context_lens[s] - 1. Scores are scaled by 1 / sqrt(head_dim). Over a
    bf16 cache it computes in float32, over a fixed-point one in integers, with queries and weights of 13 bits.
    """
    _native.paged_attention(qkv, k_cache, v_cache, block_tables, cu_seqlens_q, context_lens, sinks, sliding_window, out)


def route(x: Float32, weight: Float32, bias: Float32, expert_ids: Int32, expert_weights: Float32) -> None:
    """Router logits in float32, top-k by value (ties: lowest index), softmax over the k.

    x: [num_tokens, hidden_size], weight: [num_experts, hidden_size], expert_ids and expert_weights: [num_tokens, k]
    """
    _native.route(x, weight, bias, expert_ids, expert_weights)


def moe(
    x: Float32,  # [num_tokens, hidden_size]
    experts: ExpertWeights,
    expert_ids: Int32,  # [num_tokens, k]
    expert_weights: Float32,  # [num_tokens, k]
    swiglu_limit: float,
    out: Float32,  # [num_tokens, hidden_size]; added to
    *,
    exact: bool = False,
) -> None:
    """out += Σ_k weight_k · down_k(swiglu(gate_up_k(x))), ranks summed in order."""
    _native.moe(x, experts, expert_ids, expert_weights, swiglu_limit, out, exact)


def sample(
    logits: Float32,  # [num_seqs, vocab_size], penalties and bias applied; masked logits become -inf in place
    temperature: Float32,  # [num_seqs]; 0 is greedy
    top_k: Int32,  # 0: off
    top_p: Float32,  # 1: off; the most likely tokens that reach it together, one at least
    min_p: Float32,  # 0: off; least probability, relative to the most likely token's
    seeds: NDArray[np.uint64],  # [num_seqs]
    steps: Int64,  # [num_seqs]: index of the token in its sequence's output; (seed, step) fixes the draw
    token_masks: list[Bitmask | None],
    token_ids: Int32,  # out [num_seqs]
) -> None:
    """Choose one token a row: mask, temperature, top_k, top_p, min_p, then a draw from (seed, step) alone.

    Tokens of equal logits rank by id, lowest first. Raises ValueError naming the first row that has a NaN or +inf or
    no allowed token; such a row's token id is then -1, and the other rows' are valid.
    """
    _native.sample(logits, temperature, top_k, top_p, min_p, seeds, steps, token_masks, token_ids)


def apply_penalties(
    logits: Float32,  # [vocab_size], in place
    prompt_token_ids: Int32,
    output_token_ids: Int32,
    presence_penalty: float,
    frequency_penalty: float,
    repetition_penalty: float,
) -> None:
    """Presence and frequency penalties count output tokens (OpenAI); repetition counts prompt and output (HF)."""
    _native.apply_penalties(
        logits, prompt_token_ids, output_token_ids, presence_penalty, frequency_penalty, repetition_penalty
    )


def top_logprobs(logits: Float32, token_id: int, n: int) -> tuple[float, Int32, Float32]:
    """Log softmax of one row: the log probability of `token_id`, and the n most likely ids and log probabilities.

    Best first, equal ones by id. Tokens at -inf are left out, so fewer than n may come back.
    """
    ids = np.empty(n, np.int32)
    logprobs = np.empty(n, np.float32)
    logprob, num_found = _native.top_logprobs(logits, token_id, ids, logprobs)
    return logprob, ids[:num_found], logprobs[:num_found]
