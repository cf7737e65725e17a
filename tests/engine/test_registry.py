"""An engine from a checkpoint: the real model, on tiny random weights."""

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from ossian.engine import registry
from ossian.engine.base import Engine, EngineRequest, FinishReason, SamplingParams
from ossian.engine.embedded.checkpoint import Checkpoint
from ossian.engine.embedded.kv_cache import block_bytes, kv_dtype
from ossian.engine.embedded.model_config import ModelConfig, model_config_from_json
from ossian.engine.embedded.weight_cache import WRITER_NAME
from ossian.engine.embedded.weights import load_weights
from ossian.engine.registry import create_engine, stop_token_ids
from ossian.errors import CheckpointError, ConfigurationError
from ossian.settings import EngineSettings
from tests.engine.embedded.checkpoints import random_token_ids, tiny_config, write_checkpoint
from tests.engine.embedded.doubles import generate, read, running, settled, token_ids

SETTINGS = EngineSettings(num_threads=2, max_model_len=1024, max_num_seqs=8)
SAMPLING = SamplingParams(seed=5, max_tokens=16, ignore_eos=True)
TOKEN_BYTES = 2 * 2 * (2 * 32 + 4)  # keys and values, heads, head_dim in int16 and a scale; the two layers are a pair


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny")


def prompt(num_tokens: int, seed: int = 0) -> list[int]:
    return list(map(int, random_token_ids(num_tokens, 512, seed)))


def requests() -> list[EngineRequest]:
    """Short and long ones, some with a common beginning longer than the sliding window."""
    common = prompt(200)
    prompts = [prompt(1), prompt(33, 1), common, [*common, *prompt(90, 2)], [*common[:160], *prompt(30, 3)]]
    temperatures = (0.0, 1.0, 0.8, 1.0, 1.2)
    return [
        EngineRequest("r", tokens, replace(SAMPLING, temperature=temperature))
        for tokens, temperature in zip(prompts, temperatures, strict=True)
    ]


@pytest.fixture(scope="module")
def alone(checkpoint: Path) -> list[list[int]]:
    """What each request gives in an engine of its own size of step, without a prefix cache."""

    async def run() -> list[list[int]]:
        engine = create_engine(checkpoint, SETTINGS.model_copy(update={"enable_prefix_cache": False}), "tiny")
        async with running(engine):
            return [(await generate(engine, request))[0] for request in requests()]

    return asyncio.run(run())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"max_num_batched_tokens": 16},
        {"max_num_batched_tokens": 37, "num_threads": 1},
        {"target_tpot_seconds": 1e-6},
        {"block_size": 16, "max_num_seqs": 3},
        {"block_size": 64, "enable_prefix_cache": False},
        {"kv_cache_bytes": TOKEN_BYTES * 32 * 18, "max_model_len": 400},  # 18 blocks: not two of the longest at once
    ],
    ids=str,
)
async def test_together_each_gives_what_it_gives_alone(
    checkpoint: Path, alone: list[list[int]], changes: dict[str, object]
) -> None:
    async with running(create_engine(checkpoint, SETTINGS.model_copy(update=changes), "tiny")) as engine:
        assert await generate(engine, *requests()) == alone
        assert await generate(engine, *requests()) == alone  # with prefixes cached
        stats = engine.stats()
        assert (stats.num_cached_tokens > 0) == changes.get("enable_prefix_cache", True)
        assert stats.num_free_blocks == stats.num_blocks


async def test_preemption_changes_nothing(checkpoint: Path) -> None:
    batch = [EngineRequest("r", prompt(60, seed), replace(SAMPLING, max_tokens=120)) for seed in range(4)]
    small = {"kv_cache_bytes": TOKEN_BYTES * 16 * 33, "block_size": 16, "max_model_len": 384}
    async with running(create_engine(checkpoint, SETTINGS, "tiny")) as roomy:
        expected = await generate(roomy, *batch)
    async with running(create_engine(checkpoint, SETTINGS.model_copy(update=small), "tiny")) as tight:
        assert await generate(tight, *batch) == expected
        assert tight.stats().num_preemptions > 0


async def test_an_exact_engine_answers(checkpoint: Path) -> None:
    exact = SETTINGS.model_copy(update={"precision": "exact"})
    async with running(create_engine(checkpoint, exact, "tiny")) as engine:
        assert await generate(engine, *requests()) == await generate(engine, *requests())


async def test_prompt_logprobs_agree_with_the_answers_own(checkpoint: Path) -> None:
    """A generated token's log probability is the same when it is read as a prompt."""
    question = prompt(100)
    async with running(create_engine(checkpoint, SETTINGS, "tiny")) as engine:
        scored = replace(SAMPLING, num_logprobs=3)
        outputs = await read(await engine.generate(EngineRequest("r", question, scored)))
        text = [*question, *token_ids(outputs)]
        again = replace(SAMPLING, max_tokens=0, num_prompt_logprobs=3)
        (output,) = await read(await engine.generate(EngineRequest("r", text, again)))
    assert output.prompt_logprobs is not None
    assert output.prompt_logprobs[100:] == tuple(one for each in outputs for one in each.logprobs or ())


async def test_32_streams_with_random_aborts_leave_nothing_behind(checkpoint: Path) -> None:
    settings = SETTINGS.model_copy(update={"kv_cache_bytes": TOKEN_BYTES * 32 * 40, "max_num_batched_tokens": 64})
    engine = create_engine(checkpoint, settings, "tiny")
    num_tasks = len(asyncio.all_tasks())
    async with running(engine):
        reasons = await asyncio.gather(*(client(engine, seed) for seed in range(32)))
        await settled(engine)
        assert engine.stats().num_free_blocks == engine.stats().num_blocks
        engine.check()
    assert len(asyncio.all_tasks()) == num_tasks
    assert {reason for each in reasons for reason in each} == {None, FinishReason.LENGTH}


async def client(engine: Engine, seed: int) -> list[FinishReason | None]:
    """Ask four times, and leave at random; returns how each answer ended, None for those left."""
    random = np.random.default_rng(seed)
    reasons: list[FinishReason | None] = []
    for _ in range(4):
        tokens = prompt(int(random.integers(1, 300)), int(random.integers(4)))
        stream = await engine.generate(EngineRequest("r", tokens, SAMPLING))
        output, num_left = None, int(random.integers(0, 25))
        while num_left and (output := await anext(stream, None)) is not None and output.finish_reason is None:
            num_left -= 1
        reasons.append(output.finish_reason if output else None)
        await stream.aclose()
    return reasons


def test_it_says_what_it_serves(checkpoint: Path) -> None:
    info = create_engine(checkpoint, SETTINGS, "a name").info
    assert (info.model, info.vocab_size, info.max_model_len, info.stop_token_ids) == ("a name", 512, 1024, (2,))
    assert info.fingerprint.startswith("fp_")


def test_a_folder_that_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"config\.json"):
        create_engine(tmp_path, SETTINGS, "nothing")


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"max_num_seqs": 64, "max_num_batched_tokens": 63}, "max_num_batched_tokens is 63"),
        ({"kv_cache_bytes": 1000}, "kv_cache_bytes"),
        ({"kv_cache_bytes": TOKEN_BYTES * 32 * 8, "max_model_len": 129}, "holds 128 tokens"),
        ({"max_model_len": 131_073}, "made for 131072 tokens"),
    ],
)
def test_settings_that_cannot_work(checkpoint: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        create_engine(checkpoint, SETTINGS.model_copy(update=changes), "tiny")


def test_without_a_setting_the_context_is_as_long_as_the_kv_cache(checkpoint: Path) -> None:
    settings = EngineSettings(kv_cache_bytes=TOKEN_BYTES * 32 * 8 + 5)
    assert create_engine(checkpoint, settings, "tiny").info.max_model_len == 96 + 32


def test_little_free_memory_is_not_used_up(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = load_weights(Checkpoint(checkpoint), "int8").nbytes
    monkeypatch.setattr(registry, "free_memory", lambda: weights + TOKEN_BYTES * 32 * 30)
    engine = create_engine(checkpoint, EngineSettings(), "tiny")
    assert engine.info.max_model_len == 320  # half of it
    monkeypatch.setattr(registry, "free_memory", lambda: 0)
    with pytest.raises(ConfigurationError, match="kv_cache_bytes"):
        create_engine(checkpoint, EngineSettings(), "tiny")


def test_a_kv_cache_that_memory_cannot_hold(checkpoint: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"engine\.kv_cache_bytes is 1000000000000000, and beside the weights"):
        create_engine(checkpoint, SETTINGS.model_copy(update={"kv_cache_bytes": 10**15}), "tiny")


@pytest.mark.usefixtures("any_disk")
async def test_with_packed_weights_from_the_cache_nothing_changes(
    checkpoint: Path, alone: list[list[int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "MIN_CHECKPOINT_BYTES", 1)
    for expected in ("weight_cache_written", "weight_cache_used"):
        with capture_logs() as logs:
            engine = create_engine(checkpoint, SETTINGS, "tiny", tmp_path)
            for thread in threading.enumerate():
                if thread.name == WRITER_NAME:
                    thread.join()
        assert [each["event"] for each in logs if each["event"] != "engine_created"] == [expected]
        async with running(engine):
            assert await generate(engine, *requests()) == alone


@pytest.mark.parametrize("changes, min_bytes", [({"weight_cache": False}, 1), ({}, 10**9)], ids=["off", "small"])
def test_the_cache_may_be_off_and_is_for_large_checkpoints(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], min_bytes: int
) -> None:
    monkeypatch.setattr(registry, "MIN_CHECKPOINT_BYTES", min_bytes)
    create_engine(checkpoint, SETTINGS.model_copy(update=changes), "tiny", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_missing_file_of_weights_is_told_as_ever(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "tiny", num_shards=2)
    (folder / "model-00000-of-00002.safetensors").unlink()
    (folder / "model-00000-of-00002.safetensors").symlink_to("gone")
    with pytest.raises(CheckpointError, match="is missing"):
        create_engine(folder, SETTINGS, "tiny", tmp_path)


def test_much_free_memory_is_not_used_either(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "free_memory", lambda: 1 << 60)
    settings = EngineSettings(max_num_seqs=2, max_model_len=4096)
    assert create_engine(checkpoint, settings, "tiny").stats().num_blocks == sum(
        (
            2 * (4096 // 32) + 2,  # full layers
            512 // 32 + 2 * 5,  # sliding layers: a step, and a window for each
            8 * 5,  # snapshots
        )
    )


@pytest.mark.parametrize(
    "eos_token_id, vocab_size, expected",
    [
        ((200_002, 199_999, 200_012), 201_088, (199_999, 200_002, 200_012)),
        ((200_002,), 201_088, (200_002, 200_012)),
        ((200_007, 200_002), 201_088, (200_002, 200_012)),  # <|end|> ends a message, not the answer
        ((2,), 512, (2,)),
    ],
)
def test_stop_tokens(eos_token_id: tuple[int, ...], vocab_size: int, expected: tuple[int, ...]) -> None:
    config = ModelConfig(num_hidden_layers=1, num_local_experts=4, vocab_size=vocab_size, eos_token_id=eos_token_id)
    assert stop_token_ids(config) == expected


def test_the_tiny_token_takes_as_many_bytes_as_these_tests_assume() -> None:
    assert block_bytes(model_config_from_json(tiny_config()), 1, kv_dtype(EngineSettings())) == TOKEN_BYTES
