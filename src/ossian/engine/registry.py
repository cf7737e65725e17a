"""From a checkpoint and settings to an engine."""

from collections.abc import Sequence
from pathlib import Path

import structlog

from ossian.engine.base import Engine, EngineInfo
from ossian.engine.embedded import kernels
from ossian.engine.embedded.block_manager import SNAPSHOT_INTERVAL, BlockManager
from ossian.engine.embedded.checkpoint import Checkpoint
from ossian.engine.embedded.engine import EmbeddedEngine
from ossian.engine.embedded.fingerprint import fingerprint
from ossian.engine.embedded.kv_cache import (
    KVCache,
    block_bytes,
    kv_dtype,
    max_len_in,
    num_blocks_in,
    num_window_blocks,
)
from ossian.engine.embedded.memory import free_memory
from ossian.engine.embedded.model import Model
from ossian.engine.embedded.model_config import ModelConfig
from ossian.engine.embedded.model_runner import ModelRunner
from ossian.engine.embedded.packing import DenseFormat, packed_bytes
from ossian.engine.embedded.scheduler import Scheduler
from ossian.engine.embedded.speculation import Speculation
from ossian.engine.embedded.step_pace import StepPace
from ossian.engine.embedded.weight_cache import MIN_CHECKPOINT_BYTES, WeightCache, checkpoint_bytes
from ossian.engine.embedded.weights import load_weights
from ossian.errors import ConfigurationError
from ossian.settings import EngineSettings

logger = structlog.get_logger(__name__)

RETURN_TOKEN_ID = 200_002
CALL_TOKEN_ID = 200_012
END_TOKEN_ID = 200_007  # ends a message; the answer goes on
TYPICAL_LEN = 8192  # tokens; the KV cache need not hold max_model_len of them for every sequence at once


def create_engine(checkpoint_path: Path, settings: EngineSettings, name: str, cache_dir: Path | None = None) -> Engine:
    """Load a checkpoint into an embedded engine that serves it as `name`; it still has to be started.

    `cache_dir` is where repacked weights are kept; None: nowhere. Raises CheckpointError when the checkpoint cannot be
    served, and ConfigurationError when the settings, or the memory that is free, leave no room for it.
    """
    dense_format = _dense_format(settings)
    cache = _weight_cache(checkpoint_path, settings, dense_format, cache_dir)
    checkpoint = Checkpoint(checkpoint_path)
    config = checkpoint.config
    _check_settings(settings, config)
    kernels.set_num_threads(settings.num_threads)
    free_bytes = free_memory()
    weights = load_weights(checkpoint, dense_format, cache)
    # Weights that are mapped from a file count as memory that could be freed, and are needed at every step.
    kv_cache = _create_kv_cache(config, settings, free_bytes - weights.nbytes)
    info = EngineInfo(
        model=name,
        vocab_size=config.vocab_size,
        max_model_len=_max_model_len(config, settings, kv_cache),
        stop_token_ids=stop_token_ids(config),
        fingerprint=fingerprint(checkpoint_path, settings),
        takes_token_masks=True,
        default_temperature=config.default_temperature,
    )
    logger.info("engine_created", **_figures(info, config, kv_cache))
    block_manager = BlockManager(
        kv_cache.num_blocks,
        settings.block_size,
        kv_cache.copy_blocks,
        window=config.widest_window,
        enable_prefix_cache=settings.enable_prefix_cache,
    )
    scheduler = Scheduler(
        block_manager,
        StepPace(settings.target_tpot_seconds),
        max_num_seqs=settings.max_num_seqs,
        max_num_batched_tokens=settings.max_num_batched_tokens,
    )
    runner = ModelRunner(Model(config, weights, kv_cache, settings), settings.block_size)
    speculation = Speculation(
        block_manager,
        max_num_draft_tokens=settings.max_num_draft_tokens if settings.speculation == "ngram" else 0,
        max_num_batched_tokens=settings.max_num_batched_tokens,
    )
    return EmbeddedEngine(info, scheduler, runner, speculation, max_num_waiting=settings.max_num_waiting)


def check_memory_for(checkpoint_paths: Sequence[Path], settings: EngineSettings) -> None:
    """Raise ConfigurationError when the memory that is free cannot hold several models together.

    Each engine looks at the memory itself, but what the others map or have not written yet still looks free then.
    """
    weights = sum(packed_bytes(Checkpoint(path), _dense_format(settings)) for path in checkpoint_paths)
    caches, free = len(checkpoint_paths) * (settings.kv_cache_bytes or 0), free_memory()
    if weights + caches > free:
        raise ConfigurationError(
            f"The weights of {len(checkpoint_paths)} models take {weights / 1e9:.1f} GB of memory and their KV caches "
            f"{caches / 1e9:.1f} GB (engine.kv_cache_bytes for each), and {free / 1e9:.1f} GB are free. Lower "
            "engine.kv_cache_bytes, free memory, or serve fewer models."
        )


def _dense_format(settings: EngineSettings) -> DenseFormat:
    return "bf16" if settings.precision == "exact" else settings.dense_format


def _weight_cache(
    checkpoint_path: Path, settings: EngineSettings, dense_format: DenseFormat, cache_dir: Path | None
) -> WeightCache | None:
    if not settings.weight_cache or cache_dir is None or checkpoint_bytes(checkpoint_path) < MIN_CHECKPOINT_BYTES:
        return None
    try:
        return WeightCache(checkpoint_path, cache_dir, dense_format)
    except OSError:  # what cannot be read is Checkpoint's to tell
        return None


def stop_token_ids(config: ModelConfig) -> tuple[int, ...]:
    """The checkpoint's own, and harmony's ends of a turn; never <|end|>, after which the answer goes on."""
    token_ids = {*config.eos_token_id, RETURN_TOKEN_ID, CALL_TOKEN_ID} - {END_TOKEN_ID}
    return tuple(sorted(token_id for token_id in token_ids if token_id < config.vocab_size))


def _check_settings(settings: EngineSettings, config: ModelConfig) -> None:
    """What can be refused before the weights are loaded, which takes a while."""
    if settings.max_num_batched_tokens < settings.max_num_seqs:
        raise ConfigurationError(
            f"engine.max_num_batched_tokens is {settings.max_num_batched_tokens}, less than engine.max_num_seqs, "
            f"{settings.max_num_seqs}; a step needs a token for every sequence, so raise the first or lower the second."
        )
    if settings.max_model_len is not None and settings.max_model_len > config.max_position_embeddings:
        raise ConfigurationError(
            f"engine.max_model_len is {settings.max_model_len}, and the model was made for "
            f"{config.max_position_embeddings} tokens; lower it."
        )


def _create_kv_cache(config: ModelConfig, settings: EngineSettings, free_bytes: int) -> KVCache:
    num_bytes = settings.kv_cache_bytes or _default_kv_cache_bytes(config, settings, free_bytes)
    if num_bytes > max(0, free_bytes):
        raise ConfigurationError(
            f"engine.kv_cache_bytes is {num_bytes}, and beside the weights {max(0, free_bytes)} bytes of memory are "
            "free. Lower it, or free memory."
        )
    block_size, dtype = settings.block_size, kv_dtype(settings)
    return KVCache(config, num_blocks_in(num_bytes, config, block_size, dtype), block_size, dtype)


def _default_kv_cache_bytes(config: ModelConfig, settings: EngineSettings, free_bytes: int) -> int:
    """Enough for typical sequences and a longest one, but not over half of the memory that is free."""
    max_model_len = settings.max_model_len or config.max_position_embeddings
    num_tokens = max(max_model_len, settings.max_num_seqs * min(max_model_len, TYPICAL_LEN))
    num_windows = settings.max_num_seqs + num_tokens // SNAPSHOT_INTERVAL  # of the sliding layers
    num_blocks = (
        -(-(num_tokens + settings.max_num_batched_tokens) // settings.block_size)
        + settings.max_num_seqs  # the last one of each is partly filled
        + num_windows * num_window_blocks(config.widest_window, settings.block_size)
    )
    return min(num_blocks * block_bytes(config, settings.block_size, kv_dtype(settings)), max(0, free_bytes) // 2)


def _max_model_len(config: ModelConfig, settings: EngineSettings, kv_cache: KVCache) -> int:
    """A sequence must fit the KV cache when it is alone, or it could never be computed."""
    capacity = max_len_in(kv_cache.num_blocks, kv_cache.block_size, config.widest_window)
    if settings.max_model_len is None:
        return min(config.max_position_embeddings, capacity)
    if settings.max_model_len > capacity:
        raise ConfigurationError(
            f"engine.max_model_len is {settings.max_model_len}, and the KV cache of {kv_cache.nbytes} bytes holds "
            f"{capacity} tokens; lower it, give engine.kv_cache_bytes more, or free memory."
        )
    return settings.max_model_len


def _figures(info: EngineInfo, config: ModelConfig, kv_cache: KVCache) -> dict[str, object]:
    return {
        "model": info.model,
        "max_model_len": info.max_model_len,
        "kv_cache_bytes": kv_cache.nbytes,
        "kv_cache_tokens": max_len_in(kv_cache.num_blocks, kv_cache.block_size, config.widest_window),
        "num_blocks": kv_cache.num_blocks,
        "isa": kernels.isa(),
    }
