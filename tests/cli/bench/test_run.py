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
        moment = float(len(started))
        values = {case.name: (moment,) for case in plan.cases}
        return Session(moment, 1, values, {case.name: (Roofs(100 - moment, 1.0),) for case in plan.cases})

    monkeypatch.setattr("ossian.cli.bench.run.run_session", run_session)
    return started


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    checkpoint = write_checkpoint(tmp_path / "tiny")
    return Settings(models=ModelSettings(model=str(checkpoint), cache_dir=tmp_path / "cache"))


def test_set_texts_are_measured_without_speculation_and_with_it_in_turn(
    settings: Settings, started: list[tuple[Subject, Plan]]
) -> None:
    report = report_of(settings, Wishes(["decode", "speculation"], is_quick=True, repeats=2))
    assert [subject.settings.speculation for subject, _ in started] == ["off", "off", "ngram", "off", "ngram"]
    names = [[case.name for case in plan.cases] for _, plan in started]
    assert names[0] == ["decode", "decode x4", "decode at 256"]
    assert names[1:3] == [["copied text", "other text"], ["copied text, speculation", "other text, speculation"]]
    assert [plan.repeats for _, plan in started] == [2, 1, 1, 1, 1]
    assert report.measured.values["copied text"] == (2.0, 4.0)
    assert report.measured.roofs["other text, speculation"] == (Roofs(97, 1.0), Roofs(95, 1.0))
    speculating = next(row for row in report.rows() if row.name == "copied text, speculation")
    (ratio,) = speculating.ratios
    assert ratio.of == "copied text"
    assert ratio.value == pytest.approx((3 / 97 / (2 / 98) + 5 / 95 / (4 / 96)) / 2)


def test_who_turns_speculation_off_is_not_shown_it(settings: Settings, started: list[tuple[Subject, Plan]]) -> None:
    engine = EngineSettings(speculation="off")
    report_of(settings.model_copy(update={"engine": engine}), Wishes(["speculation"], is_quick=True, repeats=1))
    assert [subject.settings.speculation for subject, _ in started] == ["off", "off"]


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
    tried: list[object] = []
    monkeypatch.setattr("ossian.cli.bench.run.run_peer", lambda *_: tried.append(len(started)))
    report = report_of(settings, Wishes(sections, is_quick=True, repeats=1, peer="llama.cpp", peer_file=Path("x")))
    assert (len(started), len(report.measured.rounds)) == (is_ours, is_peer)
    assert tried == [0] * is_peer  # before anything else is measured
    beside = {row.name: row for row in report.rows() if "llama.cpp" in row.name}
    assert len(beside) == 2 * is_peer
    if is_peer:
        assert beside["decode, beside llama.cpp"].ratios == (Ratio("llama.cpp", 1.5),)
        assert beside["decode, llama.cpp"].values == (8.0,)
