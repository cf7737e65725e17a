"""How fast attention is at depth, in gpt-oss's shape, beside what this machine's memory and int8 units allow.

    python -m benchmarks.attention [--depths 0 2048 8192] [--chunk 512] [--seconds 0.5] [--dtypes int16 int8 uint16]

A chunk of a prefill is told in multiply-adds a second, a decode in bytes of keys and values a second: of one full layer
of gpt-oss, where a decode at depth goes through several so that none is found in a processor's cache. Medians.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ossian.engine.embedded import kernels
from ossian.engine.embedded.kernels import KVArray, KVType
from ossian.engine.embedded.kv_cache import aligned_zeros

NUM_HEADS, NUM_KV_HEADS, HEAD_DIM, BLOCK_SIZE = 64, 8, 64, 32
NUM_LAYERS = 6  # with caches of their own: at 8192 tokens 100 MB
DTYPES: dict[str, KVType] = {"int16": np.int16, "int8": np.int8, "uint16": np.uint16}


@dataclass(frozen=True)
class Layer:
    """Random keys and values, in blocks in random order."""

    k: KVArray
    v: KVArray
    block_table: kernels.Int32

    @classmethod
    def random(cls, num_tokens: int, dtype: KVType, rng: np.random.Generator) -> "Layer":
        num_blocks, width = -(-num_tokens // BLOCK_SIZE), HEAD_DIM + kernels.kv_scale_items(dtype)
        k = aligned_zeros((num_blocks, NUM_KV_HEADS, width, BLOCK_SIZE), dtype)
        v = aligned_zeros((num_blocks, NUM_KV_HEADS, BLOCK_SIZE, width), dtype)
        slots = rng.permutation(num_blocks)[:, None] * BLOCK_SIZE + np.arange(BLOCK_SIZE)
        for part in np.split(slots.reshape(-1), range(512, slots.size, 512)):
            qkv = random_qkv(len(part), rng)
            positions, no_rotation = np.zeros(len(part), np.int32), np.zeros(HEAD_DIM // 2, np.float32)
            kernels.rope_and_store_kv(qkv, positions, no_rotation, 1.0, k, v, part.astype(np.int64), NUM_HEADS)
        return cls(k, v, (slots[:, 0] // BLOCK_SIZE).astype(np.int32)[None])

    def attend(self, qkv: kernels.Float32, context_len: int, out: kernels.Float32) -> None:
        cu_seqlens_q, context_lens = np.array([0, len(qkv)], np.int32), np.array([context_len], np.int32)
        sinks = np.zeros(NUM_HEADS, np.float32)
        kernels.paged_attention(qkv, self.k, self.v, self.block_table, cu_seqlens_q, context_lens, sinks, 0, out)


def random_qkv(num_tokens: int, rng: np.random.Generator) -> kernels.Float32:
    return rng.standard_normal((num_tokens, (NUM_HEADS + 2 * NUM_KV_HEADS) * HEAD_DIM), np.float32)


class Bench:
    """Layers of one type, and the queries and outputs of a chunk."""

    def __init__(self, dtype: KVType, max_len: int, chunk: int, seconds: float) -> None:
        rng = np.random.default_rng(0)
        self._layers = [Layer.random(max_len, dtype, rng) for _ in range(NUM_LAYERS)]
        self._qkv, self._out = random_qkv(chunk, rng), np.empty((chunk, NUM_HEADS * HEAD_DIM), np.float32)
        self._seconds = seconds

    def prefill(self, depth: int) -> tuple[float, float]:
        """A chunk's seconds, and multiply-adds a second."""
        chunk = len(self._qkv)
        seconds = self._median(lambda: self._layers[0].attend(self._qkv, depth + chunk, self._out))
        return seconds, 2 * NUM_HEADS * HEAD_DIM * chunk * (depth + (chunk + 1) / 2) / seconds

    def decode(self, depth: int) -> tuple[float, float]:
        """A token's seconds in one layer, and bytes a second."""

        def all_layers() -> None:
            for layer in self._layers:
                layer.attend(self._qkv[:1], depth + 1, self._out[:1])

        seconds = self._median(all_layers) / NUM_LAYERS
        return seconds, 2 * self._layers[0].k[0].nbytes * (depth + 1) / BLOCK_SIZE / seconds

    def _median(self, run: Callable[[], None]) -> float:
        times: list[float] = []
        run()
        end = time.perf_counter() + self._seconds
        while not times or time.perf_counter() < end:
            before = time.perf_counter()
            run()
            times.append(time.perf_counter() - before)
        return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--depths", type=int, nargs="*", default=[0, 2048, 8192])
    parser.add_argument("--chunk", type=int, default=512)
    parser.add_argument("--seconds", type=float, default=0.5, help="for each figure")
    parser.add_argument("--dtypes", nargs="*", default=["int16", "int8"], choices=DTYPES)
    options = parser.parse_args()
    bandwidth, int8_peak = kernels.measure_read_bandwidth(), kernels.measure_int8_peak()
    print(f"{kernels.isa()}, {kernels.num_threads()} threads: {bandwidth / 1e9:.1f} GB/s, {int8_peak / 1e9:.0f} GMAC/s")
    for name in options.dtypes:
        bench = Bench(DTYPES[name], max(options.depths) + options.chunk, options.chunk, options.seconds)
        for depth in options.depths:
            seconds, rate = bench.prefill(depth)
            report(f"{name} prefill {options.chunk} at {depth}", seconds, rate, "GMAC/s", rate / int8_peak)
        for depth in options.depths:
            seconds, rate = bench.decode(depth)
            report(f"{name} decode at {depth}", seconds, rate, "GB/s", rate / bandwidth)


def report(name: str, seconds: float, rate: float, unit: str, share: float) -> None:
    print(f"{name:28} {1e3 * seconds:9.3f} ms {rate / 1e9:8.1f} {unit:6} {share:7.1%}")


if __name__ == "__main__":
    main()
