from ossian.api.aimlapi.models import TurnFigures
from ossian.server.recent_turns import WINDOW_SECONDS, RecentTurns

FAST, SLOW = TurnFigures(0.1, 1.0, 50.0), TurnFigures(0.2, 2.0, 25.0)


def test_turns_are_kept_by_model_for_the_length_of_the_window() -> None:
    time = [0.0]
    turns = RecentTurns(lambda: time[0])
    turns.note("a", FAST)
    time[0] = 1.0
    turns.note("a", SLOW)
    turns.note("b", FAST)
    assert turns.of("a") == [FAST, SLOW]
    assert turns.of("b") == [FAST]
    time[0] = WINDOW_SECONDS
    assert turns.of("a") == [SLOW]
    time[0] = WINDOW_SECONDS + 1.0
    assert turns.of("a") == []


def test_a_model_that_never_answered_has_none_and_is_not_remembered_for_the_question() -> None:
    turns = RecentTurns()
    assert turns.of("nothing") == []
    assert not turns._turns


def test_of_a_busy_model_only_the_last_turns_are_kept() -> None:
    turns = RecentTurns(lambda: 0.0)
    for _ in range(3000):
        turns.note("a", FAST)
    assert len(turns.of("a")) == 1000
