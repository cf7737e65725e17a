"""The benchmark of the pace measures an engine's real streams; what they take is measured by hand."""

from argparse import Namespace

import pytest

from benchmarks.pace import Figures, measure, table
from tests.engine.embedded.checkpoints import tiny_config, write_checkpoint


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> Namespace:
    folder = write_checkpoint(tmp_path_factory.mktemp("models") / "tiny", tiny_config())
    return Namespace(checkpoint=folder, prompt=600, kv_cache_bytes=16 * 1024 * 1024)


async def test_an_answer_beside_a_prompt_has_times(options: Namespace) -> None:
    figures = await measure(options, 1.0)
    assert figures.between_p50 is not None
    assert figures.between_max is not None
    assert 0 < figures.between_p50 <= figures.between_max
    assert figures.prompt_tokens_per_second > 0


async def test_a_prompt_alone_has_only_its_rate(options: Namespace) -> None:
    figures = await measure(options, None)
    assert (figures.between_p50, figures.between_max) == (None, None)
    assert figures.prompt_tokens_per_second > 0


def test_the_table_names_the_row_without_an_answer() -> None:
    lines = table({None: Figures(None, None, 200.4), 0.5: Figures(0.45, 0.61, 140.0)}).splitlines()
    assert lines[2:] == ["| no answer |  |  | 200 |", "| 0.5 | 0.45 | 0.61 | 140 |"]
