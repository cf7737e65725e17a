"""Speculation on the real model and kernels, tiny random weights: copied text comes in fewer steps, and is the same.

In these weights a token's successor is likely, so numbers that count up are text that goes on as it went before.
"""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from ossian.engine.base import EngineOutput, EngineRequest, EngineStats
from ossian.engine.registry import create_engine
from ossian.settings import EngineSettings
from tests.engine.embedded.checkpoints import random_token_ids, write_checkpoint
from tests.engine.embedded.doubles import read, running, token_ids
from tests.engine.embedded.test_token_masks import GREEDY

SETTINGS = EngineSettings(num_threads=2, max_model_len=1024, max_num_seqs=8)
TOKEN_BYTES = 2 * 2 * (2 * 32 + 4)  # keys and values, heads, head_dim in int16 and a scale
COUNTING = list(range(20, 180))
LONG = replace(GREEDY, max_tokens=100, ignore_eos=True)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny")


def requests() -> list[EngineRequest]:
    """Text that is copied, to a stop token or with surprises, and text that is not; each with all that can be asked."""
    copied, other = [*COUNTING, *COUNTING[:5]], list(map(int, random_token_ids(150, 512, 1)))
    samplings = (
        LONG,
        replace(LONG, temperature=1.0, seed=3, num_logprobs=3),
        replace(LONG, temperature=0.7, seed=4, frequency_penalty=0.3, repetition_penalty=1.1),
        replace(LONG, num_prompt_logprobs=2, logit_bias={90: -100.0}),
        replace(LONG, stop_token_ids=(77,)),
        replace(LONG, temperature=1.2, top_p=0.9, seed=5),
    )
    return [EngineRequest("r", copied, sampling) for sampling in samplings] + [
        EngineRequest("r", other, replace(LONG, temperature=1.0, seed=6)),
        EngineRequest("r", copied[:100], replace(LONG, max_tokens=3)),
    ]


async def answers(
    checkpoint: Path, batch: list[EngineRequest], **changes: object
) -> tuple[list[list[EngineOutput]], EngineStats]:
    """Run them together; what was found in the prefix cache is left out, since it depends on what was computed."""
    async with running(create_engine(checkpoint, SETTINGS.model_copy(update=changes), "tiny")) as engine:
        streams = [await engine.generate(one) for one in batch]
        read_outputs = await asyncio.gather(*map(read, streams))
        stats = engine.stats()
        assert stats.num_free_blocks == stats.num_blocks
    return [[replace(output, num_cached_tokens=0) for output in outputs] for outputs in read_outputs], stats


@pytest.fixture(scope="module")
def expected(checkpoint: Path) -> list[list[EngineOutput]]:
    """What each gives alone and without speculation."""

    async def run() -> list[list[EngineOutput]]:
        return [(await answers(checkpoint, [one], speculation="off"))[0][0] for one in requests()]

    return asyncio.run(run())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"max_num_draft_tokens": 1},
        {"max_num_draft_tokens": 64},
        {"max_num_batched_tokens": 16, "num_threads": 1},
        {"block_size": 16, "max_num_seqs": 3},
        {"kv_cache_bytes": TOKEN_BYTES * 32 * 30, "max_model_len": 400, "enable_prefix_cache": False},
    ],
    ids=str,
)
async def test_together_each_gives_what_it_gives_alone_without_drafts(
    checkpoint: Path, expected: list[list[EngineOutput]], changes: dict[str, object]
) -> None:
    outputs, stats = await answers(checkpoint, requests(), **changes)
    assert outputs == expected
    assert stats.num_generated_tokens == sum(len(token_ids(each)) for each in expected)


async def test_one_alone_copies_in_fewer_steps(checkpoint: Path, expected: list[list[EngineOutput]]) -> None:
    for one, outputs in zip(requests()[:5], expected, strict=False):
        (alone,), stats = await answers(checkpoint, [one])
        assert alone == outputs
        assert stats.num_steps < 1 + len(token_ids(outputs))
        assert 0 < stats.num_accepted_tokens <= stats.num_draft_tokens


async def test_off_is_off(checkpoint: Path) -> None:
    _, stats = await answers(checkpoint, requests()[:1], speculation="off")
    assert stats.num_draft_tokens == 0


async def test_an_exact_engine_speculates_too(checkpoint: Path) -> None:
    plain, _ = await answers(checkpoint, requests()[:1], precision="exact", speculation="off")
    speculated, stats = await answers(checkpoint, requests()[:1], precision="exact")
    assert speculated == plain
    assert stats.num_accepted_tokens > 0
