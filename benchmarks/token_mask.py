"""What constrained decoding costs: the time of a token's mask, and the throughput beside unconstrained decoding.

    python benchmarks/token_mask.py [CHECKPOINT] [--streams 8] [--decode 48] [--repeats 3] [--turns 40]

The first table is the wait for a mask that nothing hides: from a token taken to the next mask, the thread's handover
included. Turns are random walks. The second needs a checkpoint; masked and plain runs alternate, and their ratio is of
medians.
"""

import argparse
import asyncio
import statistics
import time
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ossian.engine.base import Engine, EngineRequest, SamplingParams
from ossian.engine.registry import create_engine
from ossian.harmony.grammar import FunctionGrammar, TurnShape
from ossian.harmony.token_mask import TurnGrammars, load_grammars
from ossian.harmony.vocabulary import CALL, RETURN
from ossian.settings import EngineSettings

WEATHER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "location": {"type": "string"},
        "unit": {"enum": ["celsius", "fahrenheit"]},
        "days": {"type": "array", "items": {"type": "integer"}},
    },
    "required": ["location", "unit"],
    "additionalProperties": False,
}
LARGE: dict[str, Any] = {
    "type": "object",
    "properties": {f"property_{index}": WEATHER for index in range(300)},
    "required": [f"property_{index}" for index in range(0, 300, 2)],
    "additionalProperties": False,
}
SHAPES = {
    "text": TurnShape(),
    "small schema": TurnShape(final_schema=WEATHER),
    "any JSON object": TurnShape(final_schema={"type": "object"}),
    "enum of 5,000": TurnShape(final_schema={"enum": [f"value {index}" for index in range(5_000)]}),
    "64 tools": TurnShape(tuple(FunctionGrammar(f"tool_{index}", WEATHER) for index in range(64)), must_call=True),
    "schema of 60 kB": TurnShape(final_schema=LARGE),
}
ENDLESS = TurnShape(final_schema={"type": "string", "minLength": 20_000}, max_analysis_tokens=0)


def main() -> None:
    options = parse_options()
    grammars = load_grammars()
    print(f"{'shape':18} {'compile':>9} {'mean':>9} {'p50':>9} {'p99':>9} {'max':>9}   ms, {'masks':>7}")
    for name, shape in SHAPES.items():
        print_cost(name, grammars, shape, options.turns)
    if options.checkpoint is not None:
        engine = create_engine(options.checkpoint, EngineSettings(kv_cache_bytes=1_000_000_000), "benchmark")
        asyncio.run(print_throughput(engine, grammars, options))


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, nargs="?")
    parser.add_argument("--streams", type=int, default=8)
    parser.add_argument("--decode", type=int, default=48, help="tokens of each stream")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--turns", type=int, default=40, help="random turns of each shape")
    return parser.parse_args()


def print_cost(name: str, grammars: TurnGrammars, shape: TurnShape, num_turns: int) -> None:
    before = time.perf_counter()
    grammars.compile(shape).mask().allowed()
    compiled = time.perf_counter() - before
    random, times = Random(1), []
    for _ in range(num_turns):
        times += walk(grammars, shape, random)
    costs = 1e3 * np.array(times)
    figures = (1e3 * compiled, costs.mean(), *np.quantile(costs, (0.5, 0.99)), costs.max())
    print(f"{name:18} {' '.join(f'{each:9.3f}' for each in figures)}       {len(costs):7}")


def walk(grammars: TurnGrammars, shape: TurnShape, random: Random, max_tokens: int = 300) -> list[float]:
    """A random turn; returns the seconds of each mask."""
    mask, times = grammars.compile(shape).mask(forces=False), []
    words = mask.allowed()
    for _ in range(max_tokens):
        token_id = draw(random, words)
        before = time.perf_counter()
        mask.advance(token_id)
        if token_id in (RETURN, CALL):
            break
        words = mask.allowed()
        times.append(time.perf_counter() - before)
    return times


def draw(random: Random, words: NDArray[np.uint32]) -> int:
    allowed = np.flatnonzero(np.unpackbits(words.view(np.uint8), bitorder="little"))
    return int(allowed[random.randrange(len(allowed))])


async def print_throughput(engine: Engine, grammars: TurnGrammars, options: argparse.Namespace) -> None:
    await engine.start()
    await rate(engine, None, options.streams, 8)  # touches the memory
    rates: dict[str, list[float]] = {"unconstrained": [], "constrained": []}
    for _ in range(options.repeats):
        rates["unconstrained"].append(await rate(engine, None, options.streams, options.decode))
        rates["constrained"].append(await rate(engine, grammars, options.streams, options.decode))
    await engine.stop()
    plain, masked = (statistics.median(each) for each in rates.values())
    print(f"decode x{options.streams}: unconstrained {plain:.2f} tok/s, constrained {masked:.2f}, {masked / plain:.3f}")


async def rate(engine: Engine, grammars: TurnGrammars | None, num_streams: int, num_tokens: int) -> float:
    """Tokens a second of all streams together, from the moment the last of them has its first."""
    times = await asyncio.gather(*(token_times(engine, grammars, num_tokens) for _ in range(num_streams)))
    start, end = max(each[0] for each in times), min(each[-1] for each in times)
    return sum(start < moment <= end for each in times for moment in each) / (end - start)


async def token_times(engine: Engine, grammars: TurnGrammars | None, max_tokens: int) -> list[float]:
    prompt = np.random.default_rng().integers(0, min(199_000, engine.info.vocab_size), 32).tolist()
    sampling = SamplingParams(max_tokens=max_tokens, ignore_eos=grammars is None)
    mask = grammars.compile(ENDLESS).mask(forces=False) if grammars else None
    stream = await engine.generate(EngineRequest("benchmark", prompt, sampling, mask))
    return [time.perf_counter() async for _ in stream]


if __name__ == "__main__":
    main()
