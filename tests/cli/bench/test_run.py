"""Which processes a run starts, and what of; they are doubles, since what they measure is test_session.py's."""

from pathlib import Path

import pytest

from ossian.cli.bench.cases import Plan
from ossian.cli.bench.machine import Roofs
from ossian.cli.bench.peer import Rounds
from ossian.cli.bench.rows import Ratio
from ossian.cli.bench.run import KV_CACHE_BYTES, NOTHING, Wishes, report_of
from ossian.cli.bench.session import Session, Subject
from ossian.settings import EngineSettings, ModelSettings, Settings
from tests.engine.embedded.checkpoints import write_checkpoint


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Subject, Plan]]:
    """The processes that are started; each takes one second more to load than the one before."""
    started: list[tuple[Subject, Plan]] = []

    def run_session(subject: Subject, plan: Plan) -> Session:
        started.append((subject, plan))
        return Session(float(len(started)), 1, {case.name: (1.0,) for case in plan.cases})

    monkeypatch.setattr("ossian.cli.bench.run.run_session", run_session)
    monkeypatch.setattr("ossian.cli.bench.run.measure_roofs", lambda: Roofs(1e9 + len(started), 1e9 - len(started)))
    return started


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    checkpoint = write_checkpoint(tmp_path / "tiny")
    return Settings(models=ModelSettings(model=str(checkpoint), cache_dir=tmp_path / "cache"))


def test_speculation_is_measured_by_itself(settings: Settings, started: list[tuple[Subject, Plan]]) -> None:
    report_of(settings, Wishes(["decode", "speculation"], is_quick=True, repeats=2))
    (plain, first), (speculating, second) = started
    assert plain.settings.speculation == "off"
    assert speculating.settings.speculation == "ngram"
    assert [case.name for case in second.cases] == ["copied text, speculation", "other text, speculation"]
    assert {"decode", "copied text"} <= {case.name for case in first.cases}


def test_who_turns_speculation_off_is_not_shown_it(settings: Settings, started: list[tuple[Subject, Plan]]) -> None:
    engine = EngineSettings(speculation="off")
    report_of(settings.model_copy(update={"engine": engine}), Wishes(["speculation"], is_quick=True, repeats=1))
    assert len(started) == 1


def test_loading_is_measured_without_the_file_and_with_it(
    settings: Settings, started: list[tuple[Subject, Plan]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ossian.cli.bench.session.MIN_CHECKPOINT_BYTES", 1)
    report = report_of(settings, Wishes(["load", "decode"], is_quick=True, repeats=1))
    assert [subject.settings.weight_cache for subject, _ in started] == [False, True, True]
    assert [plan is NOTHING for _, plan in started] == [True, True, False]
    assert report.measured.load_seconds == {"load, first": 1.0, "load, again": 3.0}


def test_without_that_section_a_model_is_loaded_once(settings: Settings, started: list[tuple[Subject, Plan]]) -> None:
    report = report_of(settings, Wishes(["decode"], is_quick=True, repeats=1))
    assert len(started) == 1
    assert report.measured.load_seconds == {"load": 1.0}


def test_ratios_are_of_the_higher_roofs(settings: Settings, started: list[tuple[Subject, Plan]]) -> None:
    measured = report_of(settings, Wishes(["decode"], is_quick=True, repeats=1)).measured
    assert measured.roofs == [Roofs(1e9, 1e9), Roofs(1e9 + 1, 1e9 - 1)]
    assert measured.best_roofs == Roofs(1e9 + 1, 1e9)


def test_the_kv_cache_is_small_unless_its_size_is_set(settings: Settings, started: list[tuple[Subject, Plan]]) -> None:
    wishes = Wishes(["decode"], is_quick=True, repeats=1)
    report_of(settings, wishes)
    report_of(settings.model_copy(update={"engine": EngineSettings(kv_cache_bytes=5_000_000)}), wishes)
    assert [subject.settings.kv_cache_bytes for subject, _ in started] == [KV_CACHE_BYTES, 5_000_000]


@pytest.mark.parametrize(
    "sections, is_ours, is_peer", [(["peer"], 0, 1), (["decode"], 1, 0), (["decode", "peer"], 1, 1)]
)
def test_a_peer_may_be_measured_alone_or_left_out(
    settings: Settings,
    started: list[tuple[Subject, Plan]],
    monkeypatch: pytest.MonkeyPatch,
    sections: list[str],
    is_ours: int,
    is_peer: int,
) -> None:
    rounds = Rounds(ours={"decode": [12.0]}, theirs={"decode": [8.0]}, about={"version": "1"})
    monkeypatch.setattr("ossian.cli.bench.run.check_peer", lambda _: None)
    monkeypatch.setattr("ossian.cli.bench.run.run_rounds", lambda *_: rounds)
    report = report_of(settings, Wishes(sections, is_quick=True, repeats=1, peer="llama.cpp", peer_file=Path("x")))
    assert (len(started), len(report.measured.rounds)) == (is_ours, is_peer)
    beside = {row.name: row for row in report.rows() if "llama.cpp" in row.name}
    assert len(beside) == 2 * is_peer
    if is_peer:
        assert beside["decode, beside llama.cpp"].ratios == (Ratio("llama.cpp", 1.5),)
        assert beside["decode, llama.cpp"].values == (8.0,)
