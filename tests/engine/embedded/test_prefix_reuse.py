"""What a sequence finds in the prefix cache is, to the bit, what it would have computed itself."""

from collections.abc import Sequence as Ids
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

from ossian.engine.base import EngineRequest
from ossian.engine.embedded.block_manager import BlockManager
from ossian.engine.embedded.checkpoint import Checkpoint
from ossian.engine.embedded.kernels import Float32, KVArray
from ossian.engine.embedded.kv_cache import KVCache
from ossian.engine.embedded.model import Model
from ossian.engine.embedded.model_runner import ModelRunner
from ossian.engine.embedded.sequence import Sequence
from ossian.engine.embedded.weights import load_weights
from ossian.settings import EngineSettings
from tests.engine.embedded.checkpoints import random_token_ids, tiny_config, write_checkpoint

BLOCK_SIZE = 16
WINDOW = 40
SLIDING, FULL = "sliding_attention", "full_attention"

KV: TypeAlias = list[KVArray]  # of each layer [num_tokens, ...]


class Runner:
    """The real model with its KV cache and block manager, run by hand."""

    def __init__(self, folder: Path) -> None:
        checkpoint, settings = Checkpoint(folder), EngineSettings(num_threads=1, max_num_batched_tokens=64)
        self.config = checkpoint.config
        self.kv_cache = KVCache(self.config, 200, BLOCK_SIZE)  # bf16: easily taken apart
        self.manager = BlockManager(200, BLOCK_SIZE, self.kv_cache.copy_blocks, window=self.config.widest_window)
        model = Model(self.config, load_weights(checkpoint, "int8"), self.kv_cache, settings)
        self._runner = ModelRunner(model, BLOCK_SIZE)

    def start(self, prompt: Ids[int]) -> Sequence:
        one = Sequence(EngineRequest("r", prompt), (), 1_000)
        assert self.manager.allocate(one)
        return one

    def compute(self, one: Sequence, chunk: int) -> Float32:
        """Compute all tokens, `chunk` at a time; returns the last one's logits."""
        while one.num_uncached_tokens:
            assert self.manager.append(one)
            one.num_scheduled_tokens = self.manager.reserve(one, min(chunk, one.num_uncached_tokens))
            logits = self._runner.run([one])
            one.num_cached_tokens += one.num_scheduled_tokens
            self.manager.publish(one)
        last: Float32 = logits[-1].copy()
        return last

    def answer(self, one: Sequence, token_ids: Ids[int]) -> None:
        for token_id in token_ids:
            one.tokens.append(token_id)
            self.compute(one, 1)

    def visible_kv(self, one: Sequence) -> KV:
        """The keys and values that the next token sees, layer by layer."""
        return [array for layer in range(self.config.num_hidden_layers) for array in self._visible_kv(one, layer)]

    def _visible_kv(self, one: Sequence, layer: int) -> KV:
        window = self.config.window(layer)
        table = (one.sliding_block_table if window else one.block_table).values
        positions = np.arange(max(0, one.num_cached_tokens - window + 1) if window else 0, one.num_cached_tokens)
        blocks, offsets = table[positions // BLOCK_SIZE], positions % BLOCK_SIZE
        keys, values = self.kv_cache.of_layer(layer)
        return [keys[blocks, :, :, offsets], values[blocks, :, offsets]]


@pytest.fixture(
    scope="module",
    params=[(SLIDING, FULL), (FULL, SLIDING, SLIDING, SLIDING), (FULL, FULL), (SLIDING, SLIDING)],
    ids=lambda layer_types: "-".join(one.split("_")[0] for one in layer_types),
)
def folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    layer_types = list(request.param)
    config = tiny_config(num_hidden_layers=len(layer_types), layer_types=layer_types, sliding_window=WINDOW)
    return write_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny", config)


def prompt(num_tokens: int, seed: int = 0) -> list[int]:
    return list(map(int, random_token_ids(num_tokens, 512, seed)))


def assert_same_as_fresh(runner: Runner, folder: Path, one: Sequence, chunk: int) -> None:
    """A sequence that was admitted sees the K/V that an empty cache would get, and goes on with the same logits."""
    fresh, tokens = Runner(folder), one.tokens.values.tolist()
    alone = fresh.start(tokens[: one.num_cached_tokens])
    fresh.compute(alone, 7)
    for found, computed in zip(runner.visible_kv(one), fresh.visible_kv(alone), strict=True):
        assert np.array_equal(found, computed)
    for token_id in tokens[one.num_cached_tokens :]:
        alone.tokens.append(token_id)
    assert np.array_equal(runner.compute(one, chunk), fresh.compute(alone, 7))


@pytest.mark.parametrize("num_prompt_tokens", [15, 16, 17, 90, 96, 111])
def test_the_next_turn(folder: Path, num_prompt_tokens: int) -> None:
    """It parts from the last one where that began to think; once while that one runs, and once after it left."""
    runner = Runner(folder)
    first = runner.start(prompt(num_prompt_tokens))
    runner.compute(first, 32)
    runner.answer(first, prompt(60, 1))
    for seed in (2, 3):
        turn = runner.start([*prompt(num_prompt_tokens), *prompt(50, seed)])
        assert turn.num_cached_tokens == num_prompt_tokens
        assert_same_as_fresh(runner, folder, turn, 20)
        if seed == 2:
            runner.manager.deallocate(first)


@pytest.mark.parametrize("num_prompt_tokens", [2, 16, 17, 90, 96])
def test_the_same_prompt(folder: Path, num_prompt_tokens: int) -> None:
    runner = Runner(folder)
    first = runner.start(prompt(num_prompt_tokens))
    runner.compute(first, 32)
    again = runner.start(prompt(num_prompt_tokens))
    assert again.num_cached_tokens == num_prompt_tokens - 1
    assert_same_as_fresh(runner, folder, again, 1)
    runner.answer(first, prompt(20, 1))  # who shared its last block goes on undisturbed
    third = runner.start([*prompt(num_prompt_tokens), *prompt(20, 1), 5])
    runner.manager.deallocate(first)
    assert_same_as_fresh(runner, folder, third, 3)


def test_after_a_preemption(folder: Path) -> None:
    runner = Runner(folder)
    one = runner.start(prompt(70))
    runner.compute(one, 32)
    runner.answer(one, prompt(30, 1))
    runner.manager.deallocate(one)
    one.tokens.append(9)
    assert runner.manager.allocate(one)
    assert one.num_cached_tokens == 100
    assert_same_as_fresh(runner, folder, one, 5)
