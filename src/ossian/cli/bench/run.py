"""A whole run: the roofs, our engine, a peer beside it, and the roofs again."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ossian.catalog.serving_profile import serving_profile
from ossian.cli.bench.cases import PEER_CASES, QUICK_PEER_CASES, plan
from ossian.cli.bench.machine import machine, measure_roofs, versions
from ossian.cli.bench.peer import Peer, check_peer, run_rounds
from ossian.cli.bench.report import Measured, Report
from ossian.cli.bench.session import run_session
from ossian.cli.bench.work import Work
from ossian.engine.embedded import kernels
from ossian.engine.embedded.model_config import load_model_config
from ossian.errors import ConfigurationError
from ossian.settings import EngineSettings, Settings

KV_CACHE_BYTES: Final = 800_000_000  # holds the longest case three times, in gpt-oss-20b's shape


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be measured."""

    sections: Sequence[str]
    is_quick: bool
    repeats: int
    peer: str | None = None
    peer_file: Path | None = None


def report_of(settings: Settings, wishes: Wishes) -> Report:
    """Measure what is wished. Raises ConfigurationError, CheckpointError and EngineError."""
    checkpoint = serving_profile(settings.models).checkpoint
    config = load_model_config(checkpoint)
    engine = settings.engine
    if engine.kv_cache_bytes is None:
        engine = engine.model_copy(update={"kv_cache_bytes": KV_CACHE_BYTES})
    kernels.set_num_threads(engine.num_threads)
    peer = _peer(wishes)
    measured = Measured(Work(config), plan(wishes.sections, wishes.repeats, is_quick=wishes.is_quick))
    measured.roofs.append(measure_roofs())
    if wishes.sections:
        _measure_ours(checkpoint, engine, measured)
    if peer is not None:
        cases = QUICK_PEER_CASES if wishes.is_quick else PEER_CASES
        measured.rounds[peer.name] = run_rounds(peer, checkpoint, engine, cases, wishes.repeats)
    measured.roofs.append(measure_roofs())
    return Report(checkpoint, measured, machine(), versions())


def _peer(wishes: Wishes) -> Peer | None:
    """Return the peer that is asked for, when all that it needs is there."""
    if wishes.peer is None:
        return None
    if wishes.peer_file is None:
        raise ConfigurationError("--peer needs --peer-file as well: the same model in the peer's format.")
    peer = Peer(wishes.peer, wishes.peer_file, kernels.num_threads())
    check_peer(peer)
    return peer


def _measure_ours(checkpoint: Path, settings: EngineSettings, measured: Measured) -> None:
    """Measure our engine, first without speculation and then with it."""
    plain, speculating = measured.plan.parted()
    session = run_session(checkpoint, settings.model_copy(update={"speculation": "off"}), plain)
    measured.sessions.append(session)
    measured.load_seconds["load"] = session.load_seconds
    if speculating.cases and getattr(settings, "speculation", "off") != "off":
        measured.sessions.append(run_session(checkpoint, settings, speculating))
