"""The wire formats, to the byte."""

import pytest

from tests.server.golden_files import CASES, GOLDEN, exchange


@pytest.mark.parametrize("name", CASES)
def test_the_answer_and_the_stream_are_as_they_were(name: str) -> None:
    whole, stream = exchange(CASES[name])
    assert whole == (GOLDEN / f"{name}.json").read_text(encoding="utf-8")
    assert stream == (GOLDEN / f"{name}.stream").read_text(encoding="utf-8")


def test_every_golden_file_has_its_case() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(CASES)
