"""The native module, typed for `engine/embedded/kernels.py`, its only user."""

import numpy as np
from numpy.typing import NDArray

KVArray = NDArray[np.uint16 | np.int16 | np.int8]

def isa() -> str: ...
def set_isa(name: str) -> None: ...
def supported_isas() -> list[str]: ...
def cpu_features() -> list[str]: ...
def num_threads() -> int: ...
def set_num_threads(num_threads: int) -> None: ...
def measure_read_bandwidth(num_bytes: int) -> float: ...
def measure_int8_peak() -> float: ...
def embed(file: int, offset: int, num_rows: int, input_ids: NDArray[np.int32], out: NDArray[np.float32]) -> None: ...
def rms_norm(
    x: NDArray[np.float32], weight: NDArray[np.float32], eps: float, out: NDArray[np.float32]
) -> None: ...

PACK_VERSION: int

def checksum(data: NDArray[np.uint8]) -> int: ...

class DenseWeight:
    @property
    def num_rows(self) -> int: ...
    @property
    def num_cols(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    @property
    def packed(self) -> NDArray[np.uint8]: ...
    @property
    def format(self) -> str: ...

class ExpertWeights:
    @property
    def num_experts(self) -> int: ...
    @property
    def hidden_size(self) -> int: ...
    @property
    def intermediate_size(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    @property
    def packed(self) -> NDArray[np.uint8]: ...

def pack_dense(weight: NDArray[np.uint16], bias: NDArray[np.uint16] | None, dense_format: str) -> DenseWeight: ...
def dense_from_packed(
    packed: NDArray[np.uint8], num_rows: int, num_cols: int, dense_format: str, has_bias: bool
) -> DenseWeight: ...
def experts_from_packed(
    packed: NDArray[np.uint8], num_experts: int, hidden_size: int, intermediate_size: int
) -> ExpertWeights: ...
def linear(
    x: NDArray[np.float32], weight: DenseWeight, out: NDArray[np.float32], accumulate: bool, exact: bool
) -> None: ...
def pack_experts(
    gate_up_blocks: NDArray[np.uint8],
    gate_up_scales: NDArray[np.uint8],
    gate_up_bias: NDArray[np.uint16],
    down_blocks: NDArray[np.uint8],
    down_scales: NDArray[np.uint8],
    down_bias: NDArray[np.uint16],
) -> ExpertWeights: ...
def route(
    x: NDArray[np.float32],
    weight: NDArray[np.float32],
    bias: NDArray[np.float32],
    expert_ids: NDArray[np.int32],
    expert_weights: NDArray[np.float32],
) -> None: ...
def moe(
    x: NDArray[np.float32],
    experts: ExpertWeights,
    expert_ids: NDArray[np.int32],
    expert_weights: NDArray[np.float32],
    swiglu_limit: float,
    out: NDArray[np.float32],
    exact: bool,
) -> None: ...
def rope_and_store_kv(
    qkv: NDArray[np.float32],
    positions: NDArray[np.int32],
    inv_freq: NDArray[np.float32],
    concentration: float,
    k_cache: KVArray,
    v_cache: KVArray,
    slot_mapping: NDArray[np.int64],
    num_attention_heads: int,
) -> None: ...
def paged_attention(
    qkv: NDArray[np.float32],
    k_cache: KVArray,
    v_cache: KVArray,
    block_tables: NDArray[np.int32],
    cu_seqlens_q: NDArray[np.int32],
    context_lens: NDArray[np.int32],
    sinks: NDArray[np.float32],
    sliding_window: int,
    out: NDArray[np.float32],
) -> None: ...
def sample(
    logits: NDArray[np.float32],
    temperature: NDArray[np.float32],
    top_k: NDArray[np.int32],
    top_p: NDArray[np.float32],
    min_p: NDArray[np.float32],
    seeds: NDArray[np.uint64],
    steps: NDArray[np.int64],
    token_masks: list[NDArray[np.uint32] | None],
    token_ids: NDArray[np.int32],
) -> None: ...
def apply_penalties(
    logits: NDArray[np.float32],
    prompt_token_ids: NDArray[np.int32],
    output_token_ids: NDArray[np.int32],
    presence_penalty: float,
    frequency_penalty: float,
    repetition_penalty: float,
) -> None: ...
def top_logprobs(
    logits: NDArray[np.float32], token_id: int, ids: NDArray[np.int32], logprobs: NDArray[np.float32]
) -> tuple[float, int]: ...
