"""What batches end with, to the byte."""

import pytest

from tests.server.batches.golden_files import CASES, GOLDEN, exchange


@pytest.mark.parametrize("name", CASES)
def test_a_batch_ends_as_it_did(name: str) -> None:
    texts = exchange(name)
    assert texts == {filename: (GOLDEN / filename).read_text(encoding="utf-8") for filename in texts}
    assert sorted(texts) == sorted(path.name for path in GOLDEN.iterdir() if path.name.partition(".")[0] == name)


def test_every_golden_file_has_its_case() -> None:
    assert {path.name.partition(".")[0] for path in GOLDEN.iterdir()} == set(CASES)
