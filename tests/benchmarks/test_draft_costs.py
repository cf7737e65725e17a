"""The benchmark of drafts runs an engine's real steps and gives its blocks back; what they take is measured by hand."""

from argparse import Namespace
from pathlib import Path

from benchmarks.draft_costs import NUM_TOKENS, measure, table
from ossian.engine.embedded.engine import EmbeddedEngine
from ossian.engine.registry import create_engine
from ossian.settings import EngineSettings
from tests.engine.embedded.checkpoints import tiny_config, write_checkpoint


def test_every_number_of_tokens_has_a_time(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "tiny", tiny_config())
    engine = create_engine(folder, EngineSettings(kv_cache_bytes=1 << 20, max_model_len=512), "tiny")
    assert isinstance(engine, EmbeddedEngine)
    for num_seqs in (1, 3):
        seconds = measure(engine._steps, num_seqs, Namespace(depth=40, repeats=2), vocab_size=512)
        assert tuple(seconds) == NUM_TOKENS
        assert min(seconds.values()) > 0
        assert engine._steps.scheduler.block_manager.num_free_blocks == engine.stats().num_blocks


def test_the_table_counts_in_steps_of_one_token() -> None:
    seconds = {num_tokens: 0.05 * (1 + num_tokens) for num_tokens in NUM_TOKENS}
    lines = table({4: seconds}).splitlines()
    assert lines[0] == "| sequences | 1 | 2 | 3 | 4 | 5 | 9 | 17 tokens each |"
    assert lines[2].startswith("| 4 | 100.0 ms (1.00) | 150.0 ms (1.50) | ")
