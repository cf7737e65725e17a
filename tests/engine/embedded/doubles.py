"""A model small enough for properties: its logits are a pure function of the tokens that the KV cache holds."""

import asyncio
import threading
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import numpy as np

from ossian.engine.base import Engine, EngineInfo, EngineOutput, EngineRequest, SamplingParams
from ossian.engine.embedded.batch import Batch, Places
from ossian.engine.embedded.block_manager import BlockManager
from ossian.engine.embedded.engine import EmbeddedEngine
from ossian.engine.embedded.kernels import Float32
from ossian.engine.embedded.kv_cache import max_len_in
from ossian.engine.embedded.model_runner import ModelRunner
from ossian.engine.embedded.scheduler import Scheduler
from ossian.engine.embedded.speculation import Speculation
from ossian.engine.embedded.step_pace import StepPace

E = TypeVar("E", bound=Engine)

VOCAB_SIZE = 64
STOP_TOKEN_ID = VOCAB_SIZE - 1
EMPTY = -1


class PrefixModel:
    """Keeps each token and its position where its K/V would be, and reads them back through the block tables.

    A wrong, stale or missing slot, of the full layers or the sliding ones, changes the logits or fails the step.
    """

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.allocate(num_blocks=0, block_size=1, window=0)

    def allocate(self, num_blocks: int, block_size: int, window: int) -> None:
        self.block_size, self.window = block_size, window
        self.cache = np.full((num_blocks, block_size, 3), EMPTY, np.int32)  # token id, position, is sliding

    def copy_blocks(self, sources: Sequence[int], targets: Sequence[int]) -> None:
        self.cache[list(targets)] = self.cache[list(sources)]

    def forward(self, batch: Batch) -> Float32:
        self.batches.append(batch)
        self._store(batch, batch.full, is_sliding=False)
        if self.window:
            self._store(batch, batch.sliding, is_sliding=True)
        rows = [self._logits(batch, int(token)) for token in batch.logits_indices]
        return np.array(rows, np.float32).reshape(-1, VOCAB_SIZE)

    def _store(self, batch: Batch, places: Places, *, is_sliding: bool) -> None:
        assert len(set(places.slot_mapping.tolist())) == batch.num_tokens, "two tokens share a slot"
        kinds = np.full(batch.num_tokens, is_sliding, np.int32)
        self.cache.reshape(-1, 3)[places.slot_mapping] = np.stack((batch.input_ids, batch.positions, kinds), axis=1)

    def _logits(self, batch: Batch, token: int) -> Float32:
        row = int(np.searchsorted(batch.cu_seqlens_q, token, side="right")) - 1
        num_visible = int(batch.positions[token]) + 1
        visible = self._read(batch.full, row, 0, num_visible, is_sliding=False)
        if self.window:
            first = max(0, num_visible - self.window)
            assert self._read(batch.sliding, row, first, num_visible, is_sliding=True) == visible[first:]
        return self.logits_after(visible)

    def logits_after(self, tokens: list[int]) -> Float32:
        """What it says after these tokens."""
        return prefix_logits(tokens)

    def _read(self, places: Places, row: int, start: int, stop: int, *, is_sliding: bool) -> list[int]:
        """The tokens that the K/V of the positions [start, stop) are of."""
        positions = np.arange(start, stop)
        blocks = places.block_tables[row, positions // self.block_size]
        assert (blocks >= 0).all(), "a visible block was given back"
        read = self.cache[blocks, positions % self.block_size]
        assert read[:, 1].tolist() == positions.tolist(), "the block table leads to other positions"
        assert (read[:, 2] == is_sliding).all(), "a block has K/V of layers of both kinds"
        tokens: list[int] = read[:, 0].tolist()
        return tokens


class Gate(PrefixModel):
    """A prefix model whose steps wait until the test lets them go."""

    def __init__(self) -> None:
        super().__init__()
        self._permits = threading.Semaphore(0)
        self._num_arrived = self._num_permitted = 0
        self._is_open = self._fails = False

    def forward(self, batch: Batch) -> Float32:
        self._num_arrived += 1
        self._permits.acquire()
        if self._fails:
            raise RuntimeError("the test lets this step fail")
        if self._is_open:
            self._permits.release()
        return super().forward(batch)

    async def steps(self, num_steps: int) -> None:
        """Let so many steps pass, and wait until the next one is at the gate."""
        if num_steps == 0:
            return
        self._num_permitted += num_steps
        self._permits.release(num_steps)
        async with asyncio.timeout(30):
            while self._num_arrived <= self._num_permitted:
                await asyncio.sleep(0.001)

    def open(self) -> None:
        """Let all steps pass from now on."""
        self._is_open = True
        self._permits.release()

    def fail(self) -> None:
        self._fails = True
        self._permits.release()


def prefix_logits(token_ids: Sequence[int]) -> Float32:
    """[vocab_size]: what PrefixModel says after these tokens."""
    seed = zlib.crc32(np.array(token_ids, np.int32).tobytes())
    logits = np.random.default_rng(seed).normal(scale=3.0, size=VOCAB_SIZE).astype(np.float32)
    logits[STOP_TOKEN_ID] -= 3.0  # so that most answers are a few blocks long
    return logits


def tiny_engine(
    *,
    num_blocks: int = 64,
    block_size: int = 4,
    window: int = 10,
    max_num_seqs: int = 8,
    max_num_batched_tokens: int = 32,
    max_num_waiting: int = 64,
    max_model_len: int = 96,
    enable_prefix_cache: bool = True,
    model: PrefixModel | None = None,
    max_num_draft_tokens: int = 0,
    clock: Callable[[], float] = lambda: 0.0,
) -> EmbeddedEngine:
    """One whose steps take no time, unless there is a clock; a step within the target takes a second.

    Without a clock, drafts cost nothing.
    """
    model = model or PrefixModel()
    model.allocate(num_blocks, block_size, window)
    block_manager = BlockManager(
        num_blocks, block_size, model.copy_blocks, window=window, enable_prefix_cache=enable_prefix_cache
    )
    scheduler = Scheduler(
        block_manager, StepPace(1.0), max_num_seqs=max_num_seqs, max_num_batched_tokens=max_num_batched_tokens
    )
    max_model_len = min(max_model_len, max_len_in(num_blocks, block_size, window))
    info = EngineInfo("tiny", VOCAB_SIZE, max_model_len, (STOP_TOKEN_ID,), "tiny")
    speculation = Speculation(
        block_manager, max_num_draft_tokens=max_num_draft_tokens, max_num_batched_tokens=max_num_batched_tokens
    )
    runner = ModelRunner(model, block_size)
    return EmbeddedEngine(info, scheduler, runner, speculation, max_num_waiting=max_num_waiting, clock=clock)


@asynccontextmanager
async def running(engine: E) -> AsyncIterator[E]:
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


def request(prompt: Sequence[int], sampling: SamplingParams = SamplingParams(), **fields: Any) -> EngineRequest:
    return EngineRequest("r", prompt, sampling, **fields)


async def read(stream: AsyncIterator[EngineOutput]) -> list[EngineOutput]:
    return [output async for output in stream]


def token_ids(outputs: Sequence[EngineOutput]) -> list[int]:
    return [token_id for output in outputs for token_id in output.token_ids]


async def generate(engine: Engine, *requests: EngineRequest) -> list[list[int]]:
    """Run the requests together; returns their tokens."""
    streams = [await engine.generate(one) for one in requests]
    return [token_ids(outputs) for outputs in await asyncio.gather(*map(read, streams))]


async def settled(engine: Engine) -> None:
    """Wait until nothing waits or runs."""
    async with asyncio.timeout(30):
        while (stats := engine.stats()).num_running or stats.num_waiting:
            await asyncio.sleep(0.001)
