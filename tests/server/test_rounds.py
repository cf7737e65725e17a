"""When leases that have ended are left alone."""

from ossian.server.rounds import Patience


def patience_after(*times: float) -> Patience:
    patience = Patience(9.0)
    for now in times:
        patience.note(now)
    return patience


def test_none_is_needed_while_the_database_answers() -> None:
    assert not patience_after().is_needed(100.0)
    assert not patience_after(100.0, 103.0, 106.5, 112.0).is_needed(112.0)


def test_after_a_silence_others_have_a_lease_to_come_back() -> None:
    patience = patience_after(100.0, 130.0, 133.0)
    assert patience.is_needed(138.9)
    assert not patience.is_needed(139.0)


def test_a_second_silence_is_waited_for_as_well() -> None:
    assert patience_after(100.0, 130.0, 140.0).is_needed(148.0)
