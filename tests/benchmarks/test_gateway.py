"""The arithmetic of the gateway's benchmark; what it measures is measured by hand."""

import json

import pytest

from benchmarks.gateway import Figures, as_json, figures_of, shuffled, table, times
from benchmarks.http_load import Round

MILLISECOND = 0.001


def round_of(*milliseconds: float, seconds: float = 1.0) -> Round:
    return Round(tuple(each * MILLISECOND for each in milliseconds), seconds)


def test_percentiles_are_of_all_requests_of_a_round() -> None:
    latencies = round_of(*range(1, 102))
    assert latencies.percentile(50) == pytest.approx(51 * MILLISECOND)
    assert latencies.percentile(99) == pytest.approx(100 * MILLISECOND)
    assert round_of(7).percentile(99) == pytest.approx(7 * MILLISECOND)


def test_the_rate_is_of_the_whole_round() -> None:
    assert round_of(1, 1, 1, 1, seconds=0.5).requests_per_second == 8


def test_what_is_added_is_against_the_same_round_and_the_median_of_them() -> None:
    """The machine was slower in the second round: that is in both, and not in the difference."""
    rounds = [
        {"plain": round_of(1, 1, 1), "ossian": round_of(2, 2, 2)},
        {"plain": round_of(9, 9, 9), "ossian": round_of(10, 10, 10)},
        {"plain": round_of(1, 1, 1), "ossian": round_of(30, 30, 30, seconds=3.0)},
    ]
    ours = figures_of("ossian", rounds)
    assert ours.added_p50 == pytest.approx(1)
    assert ours.p50 == pytest.approx(10)
    assert ours.requests_per_second == pytest.approx(3)
    assert figures_of("plain", rounds).added_p50 == 0


def test_no_server_always_follows_the_same() -> None:
    names = ["plain", "ossian", "litellm", "litellm, limits"]
    orders = [shuffled(names, number) for number in range(7)]
    assert all(sorted(order) == sorted(names) for order in orders)
    assert orders == [shuffled(names, number) for number in range(7)]
    for name in names:
        before = {order[order.index(name) - 1] for order in orders if order[0] != name}
        assert len(before) > 1


def test_nothing_is_no_divisor() -> None:
    assert times(6, 1.5) == 4
    assert times(6, 0) is None
    assert times(6, -0.1) is None


FIGURES = {
    16: {
        "plain": Figures(1, 2, 0, 0, 1000),
        "ossian": Figures(1.5, 3, 0.5, 1, 800),
        "litellm": Figures(7, 12, 6, 10, 90.4),
    }
}


def test_the_table_has_a_row_for_each_server_and_says_the_ratios() -> None:
    lines = table(FIGURES).splitlines()
    assert lines[2:5] == [
        "| 16 | plain | 1.00 | 2.00 |  |  | 1000 |",
        "| 16 | ossian | 1.50 | 3.00 | 0.50 | 1.00 | 800 |",
        "| 16 | litellm | 7.00 | 12.00 | 6.00 | 10.00 | 90 |",
    ]
    assert lines[-1] == (
        "- litellm, 16 connections: adds 12.0 times what ossian adds, and 4.0 times what it takes in all."
    )


def test_the_json_has_the_same() -> None:
    plain, ours, theirs = json.loads(json.dumps(as_json(FIGURES)))
    assert (plain["server"], plain["concurrency"], plain["p50"]) == ("plain", 16, 1)
    assert ours["added_p99"] == 1
    assert theirs["times_what_ossian_adds"] == 12
    assert theirs["times_all_that_ossian_takes"] == 4
