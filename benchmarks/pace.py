"""What a long prompt costs an answer that runs beside it, and the other way round, for targets of the time per token.

    python -m benchmarks.pace CHECKPOINT [--targets 0.25 0.5 1 100] [--prompt 2048] [--json FILE]

For each target an answer runs, a prompt of random tokens comes, and the answer's tokens are timed until the prompt's
first token is there. The row without a target is of a prompt that has the engine for itself.
"""

import argparse
import asyncio
import json
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ossian.engine.base import Engine, EngineRequest, EngineStream, SamplingParams
from ossian.engine.embedded.engine import EmbeddedEngine
from ossian.engine.registry import create_engine
from ossian.settings import EngineSettings

VOCABULARY: Final = 199_000
WARM_UP: Final = 512  # tokens: what steps take is learned from them


@dataclass(frozen=True, slots=True)
class Figures:
    """The answer's time per token in seconds, None without an answer, and the prompt's tokens a second."""

    between_p50: float | None
    between_max: float | None
    prompt_tokens_per_second: float


def main() -> None:
    options = parse_options()
    rows = asyncio.run(measure(options))
    print(table(rows))
    if options.json:
        options.json.write_text(json.dumps([{"target": each} | asdict(row) for each, row in rows.items()], indent=2))


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--targets", type=float, nargs="+", default=[0.25, 0.5, 1.0, 100.0], help="seconds")
    parser.add_argument("--prompt", type=int, default=2048, help="tokens of the prompt")
    parser.add_argument("--kv-cache-bytes", type=int, default=1_000_000_000)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser.parse_args()


async def measure(options: argparse.Namespace) -> dict[float | None, Figures]:
    """Return the figures of each target; of None: without an answer beside the prompt."""
    engine = create_engine(options.checkpoint, EngineSettings(kv_cache_bytes=options.kv_cache_bytes), "benchmark")
    assert isinstance(engine, EmbeddedEngine)
    await engine.start()
    try:
        await first_token(engine, WARM_UP)
        rows: dict[float | None, Figures] = {None: await alone(engine, options.prompt)}
        for target in options.targets:
            engine._steps.scheduler.pace.target_seconds = target
            rows[target] = await beside_an_answer(engine, options.prompt)
    finally:
        await engine.stop()
    return rows


async def alone(engine: Engine, num_tokens: int) -> Figures:
    return Figures(None, None, num_tokens / await first_token(engine, num_tokens))


async def beside_an_answer(engine: Engine, num_tokens: int) -> Figures:
    answer = await tokens(engine, num_prompt_tokens=16, max_tokens=None)
    for _ in range(4):
        await anext(answer)
    prompt = asyncio.create_task(first_token(engine, num_tokens))
    times = [time.perf_counter()]
    while not prompt.done():
        await anext(answer)
        times.append(time.perf_counter())
    await answer.aclose()
    gaps = np.diff(times)
    return Figures(statistics.median(gaps.tolist()), float(gaps.max()), num_tokens / await prompt)


async def first_token(engine: Engine, num_prompt_tokens: int) -> float:
    """Return the seconds until the first token after a prompt."""
    before = time.perf_counter()
    async for _ in await tokens(engine, num_prompt_tokens, max_tokens=1):
        pass
    return time.perf_counter() - before


async def tokens(engine: Engine, num_prompt_tokens: int, max_tokens: int | None) -> EngineStream:
    """Return the stream of an answer to random tokens that goes on to `max_tokens`."""
    prompt = np.random.default_rng().integers(0, min(VOCABULARY, engine.info.vocab_size), num_prompt_tokens).tolist()
    sampling = SamplingParams(temperature=0.0, max_tokens=max_tokens, ignore_eos=True)
    return await engine.generate(EngineRequest("benchmark", prompt, sampling))


def table(rows: dict[float | None, Figures]) -> str:
    """Return a Markdown table."""
    lines = ["| target s | between p50 s | most s | prompt tok/s |", "|---|---|---|---|"]
    for target, row in rows.items():
        seconds = ["" if each is None else f"{each:.2f}" for each in (row.between_p50, row.between_max)]
        name = "no answer" if target is None else f"{target:g}"
        lines.append(f"| {' | '.join([name, *seconds, f'{row.prompt_tokens_per_second:.0f}'])} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
