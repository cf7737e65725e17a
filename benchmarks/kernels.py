"""Each matrix kernel of the 20b shape beside the roofs it lives under, measured in the same run.

    python -m benchmarks.kernels [--tokens 1 4 32 512] [--isa avx2] [--other OTHER/.venv/bin/python] [--rounds 3]

Weights are random and come from memory: several copies, larger together than any cache, take turns. With --other, the
interpreter of another build runs the same cases in turn with this one, and medians stand side by side.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path

import numpy as np

from ossian.cli.fit import INT8_BYTES, MXFP4_BYTES
from ossian.engine.embedded import kernels
from ossian.engine.embedded.kernels import Float32

HIDDEN, EXPERTS, CHOSEN = 2880, 32, 4
DENSE = {"qkv_proj": (5120, HIDDEN, 8), "o_proj": (HIDDEN, 4096, 8), "lm_head / 4": (50_272, HIDDEN, 1)}
SECONDS = 0.25  # a case
RANDOM = np.random.default_rng(7)
Figures = dict[str, float]  # of a case: seconds of a call, bytes and multiply-adds a second as shares of the roofs


@dataclass(frozen=True, slots=True)
class Case:
    """A kernel at a number of tokens; `call` runs it once on the next of its weights."""

    name: str
    call: Callable[[], None]
    num_bytes: float  # of weights
    num_macs: float


def main() -> None:
    options = parse_options()
    if options.isa:
        kernels.set_isa(options.isa)
    if options.json:
        print(json.dumps(measure(options.tokens)))
        return
    command = [str(Path(__file__).resolve()), "--json", "--tokens", *map(str, options.tokens)]
    command += ["--isa", options.isa] if options.isa else []
    builds = [sys.executable, *([options.other] if options.other else [])]
    runs: list[list[dict[str, Figures]]] = [[] for _ in builds]
    for _ in range(options.rounds):
        for build, results in zip(builds, runs, strict=True):
            output = subprocess.run([build, *command], check=True, capture_output=True, text=True).stdout
            results.append(json.loads(output))
    report(runs)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, nargs="+", default=[1, 4, 32, 512])
    parser.add_argument("--isa", help="avx512, avx2 or scalar; the best is the default")
    parser.add_argument("--other", help="the interpreter of another build, to compare with")
    parser.add_argument("--rounds", type=int, default=3, help="processes per build")
    parser.add_argument("--json", action="store_true", help="measure once, in this process")
    return parser.parse_args()


def measure(tokens: list[int]) -> dict[str, Figures]:
    cases = [*dense_cases(tokens), *moe_cases(tokens)]
    bandwidth, int8_peak = kernels.measure_read_bandwidth(), kernels.measure_int8_peak()
    figures = {"roofs": {"GB/s": bandwidth / 1e9, "GMAC/s": int8_peak / 1e9}}
    for case in cases:
        seconds = median_seconds(case.call)
        memory, units = case.num_bytes / seconds / bandwidth, case.num_macs / seconds / int8_peak
        figures[case.name] = {"ms": seconds * 1e3, "of bandwidth": memory, "of int8 peak": units}
    return figures


def median_seconds(call: Callable[[], None]) -> float:
    call()
    times: list[float] = []
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def dense_cases(tokens: list[int]) -> Iterator[Case]:
    for name, (num_rows, num_cols, num_copies) in DENSE.items():
        source = RANDOM.integers(0x3C00, 0x3D00, (num_rows, num_cols), np.uint16)
        weights = cycle([kernels.pack_dense(source, None, "int8") for _ in range(num_copies)])
        for num_tokens in tokens:
            x, out = random_floats(num_tokens, num_cols), np.empty((num_tokens, num_rows), np.float32)
            size = num_rows * num_cols
            call = partial(linear_in_turn, x, weights, out)
            yield Case(f"{name} x{num_tokens}", call, size * INT8_BYTES, size * num_tokens)


def moe_cases(tokens: list[int]) -> Iterator[Case]:
    experts = random_experts()
    for num_tokens in tokens:
        x, out = random_floats(num_tokens, HIDDEN), np.empty((num_tokens, HIDDEN), np.float32)
        choices = [random_choice(num_tokens) for _ in range(8)]
        num_chosen = statistics.mean(len(np.unique(choice)) for choice in choices)
        call = partial(moe_in_turn, x, experts, cycle(choices), out)
        size = 3 * HIDDEN * HIDDEN  # of an expert
        yield Case(f"moe x{num_tokens}", call, num_chosen * size * MXFP4_BYTES, num_tokens * CHOSEN * size)


def linear_in_turn(x: Float32, weights: Iterator[kernels.DenseWeight], out: Float32) -> None:
    kernels.linear(x, next(weights), out)


def moe_in_turn(x: Float32, experts: kernels.ExpertWeights, choices: Iterator[kernels.Int32], out: Float32) -> None:
    choice = next(choices)
    kernels.moe(x, experts, choice, np.full(choice.shape, 1 / CHOSEN, np.float32), 7.0, out)


def random_experts() -> kernels.ExpertWeights:
    def projection(num_rows: int) -> tuple[kernels.UInt8, kernels.UInt8, kernels.BFloat16]:
        blocks = RANDOM.integers(0, 256, (EXPERTS, num_rows, HIDDEN // 32, 16), np.uint8)
        scales = RANDOM.integers(115, 121, (EXPERTS, num_rows, HIDDEN // 32), np.uint8)
        return blocks, scales, np.zeros((EXPERTS, num_rows), np.uint16)

    return kernels.pack_experts(*projection(2 * HIDDEN), *projection(HIDDEN))


def random_choice(num_tokens: int) -> kernels.Int32:
    return np.argsort(RANDOM.random((num_tokens, EXPERTS)), axis=1)[:, :CHOSEN].astype(np.int32)


def random_floats(*shape: int) -> Float32:
    return RANDOM.standard_normal(shape, np.float32)


def report(runs: list[list[dict[str, Figures]]]) -> None:
    """Print a row per case: medians over the rounds of each build."""
    for name, figures in runs[0][0].items():
        columns = [
            "  ".join(f"{statistics.median(run[name][key] for run in results):9.3f} {key}" for key in figures)
            for results in runs
        ]
        print(f"{name:16} " + "   |".join(columns))


if __name__ == "__main__":
    main()
