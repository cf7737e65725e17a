from collections.abc import MutableMapping
from typing import cast

import pytest

from ossian.server.speeds import RECENT, Speeds


def test_nobody_was_measured_at_first() -> None:
    assert Speeds().measured == {}


def test_the_first_turn_is_the_speed() -> None:
    speeds = Speeds()
    speeds.note("a", 100, 4.0)
    assert speeds.measured == {"a": 25.0}


def test_later_turns_move_it() -> None:
    speeds = Speeds()
    speeds.note("a", 100, 10.0)
    speeds.note("a", 200, 10.0)
    assert speeds.measured["a"] == pytest.approx(10 + RECENT * 10)
    for _ in range(100):
        speeds.note("a", 200, 10.0)
    assert speeds.measured["a"] == pytest.approx(20, rel=1e-3)


def test_models_are_measured_apart() -> None:
    speeds = Speeds()
    speeds.note("a", 10, 1.0)
    speeds.note("b", 20, 1.0)
    assert speeds.measured == {"a": 10.0, "b": 20.0}


@pytest.mark.parametrize("num_tokens, seconds", [(0, 1.0), (5, 0.0)])
def test_a_turn_that_says_nothing_of_speed(num_tokens: int, seconds: float) -> None:
    speeds = Speeds()
    speeds.note("a", num_tokens, seconds)
    assert speeds.measured == {}


def test_who_reads_the_speeds_cannot_change_them() -> None:
    with pytest.raises(TypeError):
        cast("MutableMapping[str, float]", Speeds().measured)["a"] = 1.0
