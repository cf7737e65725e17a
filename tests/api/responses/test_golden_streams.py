import json

import pytest

from ossian.api.responses.dialects import DIALECTS, Dialect
from tests.api.responses.golden_streams import GOLDEN, lines, path_of
from tests.api.responses.made_streams import TURNS
from tests.specs.validators import check_stream

ALL = [(name, dialect) for name in TURNS for dialect in DIALECTS]


@pytest.mark.parametrize("name, dialect", ALL)
def test_streams_are_the_golden_ones(name: str, dialect: Dialect) -> None:
    assert lines(name, dialect).splitlines() == path_of(name, dialect).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name, dialect", ALL)
def test_golden_streams_are_what_both_specifications_say(name: str, dialect: Dialect) -> None:
    check_stream([json.loads(line) for line in path_of(name, dialect).read_text("utf-8").splitlines()], dialect)


def test_there_is_no_golden_stream_of_an_older_turn() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {path_of(*each).name for each in ALL}
