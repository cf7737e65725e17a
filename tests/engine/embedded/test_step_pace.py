"""Steps come to take the target, whatever line their times are on, and stay near it when the line moves."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.engine.embedded.step_pace import LEAST_PREFILL, StepPace

MOST = 512


def run(pace: StepPace, seconds: Callable[[int], float], num_steps: int) -> int:
    """Run steps as large as the pace allows; returns the size of the next one."""
    for _ in range(num_steps):
        num_tokens = size(pace)
        pace.note(num_tokens, seconds(num_tokens))
    return size(pace)


def size(pace: StepPace) -> int:
    return max(LEAST_PREFILL, pace.max_num_tokens(MOST))


def test_nothing_is_allowed_before_a_step_has_taught() -> None:
    pace = StepPace(1.0)
    assert pace.max_num_tokens(MOST) == 0
    pace.note(LEAST_PREFILL - 1, 0.1)
    assert pace.max_num_tokens(MOST) == 0
    pace.note(LEAST_PREFILL, 0.1)
    assert pace.max_num_tokens(MOST) == MOST


def test_the_first_step_is_believed() -> None:
    pace = StepPace(1.0)
    pace.note(512, 2.0)
    assert pace.max_num_tokens(MOST) == pytest.approx(256, rel=0.05)


@dataclass(frozen=True, slots=True)
class Line:
    """What steps take: so many seconds each, and so many a token."""

    base: float
    slope: float

    def __call__(self, num_tokens: float) -> float:
        return self.base + self.slope * num_tokens

    def best(self, target: float) -> float:
        """What a step takes that comes as near to the target as its size may."""
        return self(min(MOST, max(LEAST_PREFILL, (target - self.base) / self.slope)))


lines = st.builds(Line, st.floats(0.0, 0.3), st.floats(1e-4, 1e-2))


@given(lines, st.floats(0.3, 3.0), st.integers(LEAST_PREFILL, MOST))
def test_steps_come_to_take_the_target(seconds: Line, target: float, first: int) -> None:
    pace = StepPace(target)
    pace.note(first, seconds(first))
    assert seconds(run(pace, seconds, 60)) == pytest.approx(seconds.best(target), rel=0.03)


@given(lines, lines)
def test_it_follows_when_steps_take_longer_or_less(before: Line, after: Line) -> None:
    pace = StepPace(1.0)
    run(pace, before, 40)
    assert after(run(pace, after, 100)) == pytest.approx(after.best(1.0), rel=0.05)


def test_one_step_that_was_held_up_changes_little_and_not_for_long() -> None:
    pace, seconds = StepPace(1.0), Line(0.1, 0.004)
    settled = run(pace, seconds, 40)
    pace.note(settled, 1000.0)
    assert size(pace) > settled / 2
    assert run(pace, seconds, 5) == pytest.approx(settled, rel=0.1)


def test_a_target_below_what_any_step_takes_allows_none() -> None:
    pace = StepPace(0.1)
    run(pace, Line(0.3, 0.004), 40)
    assert pace.max_num_tokens(MOST) == 0


@given(st.lists(st.tuples(st.integers(1, MOST), st.floats(0.0, 1e6))), st.floats(1e-3, 1e3), st.integers(0, 10_000))
def test_no_times_lead_out_of_the_bounds(steps: list[tuple[int, float]], target: float, most: int) -> None:
    pace = StepPace(target)
    for num_tokens, seconds in steps:
        pace.note(num_tokens, seconds)
        assert 0 <= pace.max_num_tokens(most) <= most
