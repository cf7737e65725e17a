"""What a step takes that computes some tokens of each sequence, as one with drafts does: in steps of one token each.

    python -m benchmarks.draft_costs CHECKPOINT [--sequences 1 4] [--depth 512] [--repeats 7] [--json FILE]

Tokens are random, so their experts are as different as can be; text's are less so. The rounds go through all numbers of
tokens in turn, and the medians are compared.
"""

import argparse
import json
import statistics
import time
from collections.abc import Sequence as Items
from pathlib import Path
from typing import Final

import numpy as np

from ossian.engine.base import EngineRequest
from ossian.engine.embedded.engine import EmbeddedEngine
from ossian.engine.embedded.loop import EngineLoop
from ossian.engine.embedded.sequence import Sequence
from ossian.engine.registry import create_engine
from ossian.settings import EngineSettings

NUM_TOKENS: Final = (1, 2, 3, 4, 5, 9, 17)  # of each sequence: its own and a draft of 0, 1, 2 …
VOCABULARY: Final = 199_000


def main() -> None:
    options = parse_options()
    settings = EngineSettings(kv_cache_bytes=options.kv_cache_bytes)
    engine = create_engine(options.checkpoint, settings, "benchmark")
    assert isinstance(engine, EmbeddedEngine)
    vocab_size = min(VOCABULARY, engine.info.vocab_size)
    rows = {count: measure(engine._steps, count, options, vocab_size) for count in options.sequences}
    print(table(rows))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2))


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--sequences", type=int, nargs="+", default=[1, 4], help="in a step")
    parser.add_argument("--depth", type=int, default=512, help="tokens of each sequence before the step's")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--kv-cache-bytes", type=int, default=1_000_000_000)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser.parse_args()


def measure(loop: EngineLoop, num_seqs: int, options: argparse.Namespace, vocab_size: int) -> dict[int, float]:
    """Return the median seconds of a step, by the number of tokens of each sequence. Nothing was prefilled: what the
    keys and values are makes no difference.
    """
    random = np.random.default_rng(0)
    sequences = [
        Sequence(EngineRequest("benchmark", random.integers(0, vocab_size, options.depth + 1).tolist()), (), 1 << 20)
        for _ in range(num_seqs)
    ]
    for sequence in sequences:
        assert loop.scheduler.block_manager.allocate(sequence), "raise --kv-cache-bytes"
        sequence.num_cached_tokens = options.depth
    seconds: dict[int, list[float]] = {num_tokens: [] for num_tokens in NUM_TOKENS}
    for _ in range(1 + options.repeats):
        for num_tokens in NUM_TOKENS:
            for sequence in sequences:
                sequence.draft = random.integers(0, vocab_size, num_tokens - 1).tolist()
                sequence.num_scheduled_tokens = num_tokens
                loop.scheduler.block_manager.reserve(sequence, num_tokens)
            seconds[num_tokens].append(step_seconds(loop, sequences))
    for sequence in sequences:
        loop.scheduler.block_manager.deallocate(sequence)
    return {num_tokens: statistics.median(times[1:]) for num_tokens, times in seconds.items()}


def step_seconds(loop: EngineLoop, sequences: Items[Sequence]) -> float:
    before = time.perf_counter()
    loop.model_runner.run(list(sequences))
    return time.perf_counter() - before


def table(rows: dict[int, dict[int, float]]) -> str:
    """Return a Markdown table: milliseconds, and how many steps of one token each that is."""
    lines = [f"| sequences | {' | '.join(map(str, NUM_TOKENS))} tokens each |", "|---" * (1 + len(NUM_TOKENS)) + "|"]
    for num_seqs, seconds in rows.items():
        cells = [f"{1000 * each:.1f} ms ({each / seconds[1]:.2f})" for each in seconds.values()]
        lines.append(f"| {num_seqs} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
