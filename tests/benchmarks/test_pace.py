"""The benchmark of the pace measures an engine's real streams; what they take is measured by hand."""

from argparse import Namespace
from pathlib import Path

from benchmarks.pace import Figures, measure, table
from tests.engine.embedded.checkpoints import tiny_config, write_checkpoint


async def test_an_answer_beside_a_prompt_has_times_and_a_prompt_alone_only_its_rate(tmp_path: Path) -> None:
    checkpoint = write_checkpoint(tmp_path / "tiny", tiny_config())
    options = Namespace(checkpoint=checkpoint, prompt=600, kv_cache_bytes=16 * 1024 * 1024, targets=[0.5, 100.0])
    rows = await measure(options)
    assert list(rows) == [None, 0.5, 100.0]
    alone, *beside = rows.values()
    assert (alone.between_p50, alone.between_max) == (None, None)
    assert all(row.between_p50 is not None and row.between_max is not None for row in beside)
    assert all(0 < (row.between_p50 or 0) <= (row.between_max or 0) for row in beside)
    assert all(row.prompt_tokens_per_second > 0 for row in rows.values())


def test_the_table_names_the_row_without_an_answer() -> None:
    lines = table({None: Figures(None, None, 200.4), 0.5: Figures(0.45, 0.61, 140.0)}).splitlines()
    assert lines[2:] == ["| no answer |  |  | 200 |", "| 0.5 | 0.45 | 0.61 | 140 |"]
