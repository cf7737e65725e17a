"""How fast the embedded engine serves a checkpoint, beside what this machine's memory and int8 units allow.

    python benchmarks/engine.py CHECKPOINT [--prefill 512 2048] [--decode 64] [--streams 1 8] [--repeats 3]

Prints medians; JSON with --json. Prompts are random tokens, so nothing comes from the prefix cache.
"""

import argparse
import asyncio
import json
import resource
import statistics
import time
from pathlib import Path

import numpy as np

from ossian.cli.fit import footprint
from ossian.engine.base import Engine, EngineRequest, SamplingParams
from ossian.engine.embedded import kernels
from ossian.engine.embedded.model_config import ModelConfig, load_model_config
from ossian.engine.registry import create_engine
from ossian.settings import EngineSettings

Figures = dict[str, float]


def main() -> None:
    options = parse_options()
    config = load_model_config(options.checkpoint)
    before = time.perf_counter()
    engine = create_engine(options.checkpoint, EngineSettings(kv_cache_bytes=options.kv_cache_bytes), "benchmark")
    figures: Figures = {"load seconds": time.perf_counter() - before}
    figures |= asyncio.run(measure(engine, options))
    figures["peak resident GB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    figures |= roofs(config, figures)
    report(figures, options.json)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--prefill", type=int, nargs="*", default=[512, 2048], help="prompt lengths")
    parser.add_argument("--decode", type=int, default=64, help="tokens to decode")
    parser.add_argument("--streams", type=int, nargs="*", default=[1, 8], help="sequences decoded together")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--kv-cache-bytes", type=int, default=1_000_000_000)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


async def measure(engine: Engine, options: argparse.Namespace) -> Figures:
    await engine.start()
    await decode_rate(engine, 1, 8)  # the first step touches memory that later ones find mapped
    figures = {}
    for num_tokens in options.prefill:
        rates = [await prefill_rate(engine, num_tokens) for _ in range(options.repeats)]
        figures[f"prefill {num_tokens} tok/s"] = statistics.median(rates)
    for num_streams in options.streams:
        rates = [await decode_rate(engine, num_streams, options.decode) for _ in range(options.repeats)]
        figures[f"decode x{num_streams} tok/s"] = statistics.median(rates)
    await engine.stop()
    return figures


async def prefill_rate(engine: Engine, num_tokens: int) -> float:
    """Prompt tokens a second until the first token is there."""
    before = time.perf_counter()
    await token_times(engine, num_tokens, 1)
    return num_tokens / (time.perf_counter() - before)


async def decode_rate(engine: Engine, num_streams: int, num_tokens: int) -> float:
    """Tokens a second of all streams together, from the moment the last of them has its first."""
    times = await asyncio.gather(*(token_times(engine, 32, num_tokens) for _ in range(num_streams)))
    start, end = max(each[0] for each in times), min(each[-1] for each in times)
    num_decoded = sum(start < moment <= end for each in times for moment in each)
    return num_decoded / (end - start)


async def token_times(engine: Engine, num_prompt_tokens: int, max_tokens: int) -> list[float]:
    prompt = np.random.default_rng().integers(0, 199_000, num_prompt_tokens).tolist()
    sampling = SamplingParams(temperature=0.0, max_tokens=max_tokens, ignore_eos=True)
    stream = await engine.generate(EngineRequest("benchmark", prompt, sampling))
    return [time.perf_counter() async for _ in stream]


def roofs(config: ModelConfig, figures: Figures) -> Figures:
    """What the machine allows, and the share of it that was reached."""
    bandwidth, int8_peak = kernels.measure_read_bandwidth(), kernels.measure_int8_peak()
    limit = footprint(config).decode_limit(bandwidth)
    shares = {"read bandwidth GB/s": bandwidth / 1e9, "int8 peak GMAC/s": int8_peak / 1e9}
    for name, rate in figures.items():
        if name.startswith("prefill"):
            shares[f"{name} / roof"] = rate * macs_per_token(config) / int8_peak
        if name.startswith("decode x1 "):
            shares[f"{name} / roof"] = rate / limit
    return shares


def macs_per_token(config: ModelConfig) -> float:
    """Multiply-adds of one prompt token's matrices; attention scores are left out."""
    attention = 2 * (config.q_size + config.kv_size) * config.hidden_size
    experts = config.num_experts_per_tok * 3 * config.intermediate_size * config.hidden_size
    return config.num_hidden_layers * (attention + experts)


def report(figures: Figures, as_json: bool) -> None:
    if as_json:
        print(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        print(f"{name:28} {value:10.2f}")


if __name__ == "__main__":
    main()
