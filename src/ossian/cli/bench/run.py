"""A whole run: our engine, and a peer beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ossian.catalog.serving_profile import serving_profile
from ossian.cli.bench.cases import PEER_CASES, QUICK_PEER_CASES, Plan, plan
from ossian.cli.bench.machine import machine, versions
from ossian.cli.bench.peer import Peer, check_peer, run_peer, run_rounds
from ossian.cli.bench.report import Measured, Report
from ossian.cli.bench.session import Subject, run_session
from ossian.cli.bench.work import Work
from ossian.engine.embedded import kernels
from ossian.engine.embedded.kv_cache import kv_dtype
from ossian.engine.embedded.model_config import load_model_config
from ossian.errors import ConfigurationError
from ossian.settings import Settings

KV_CACHE_BYTES: Final = 800_000_000  # holds the longest case three times, in gpt-oss-20b's shape
NOTHING: Final = Plan((), 1)  # loading is all


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
    subject = Subject(checkpoint, engine, settings.models.cache_dir)
    kernels.set_num_threads(engine.num_threads)
    peer = _peer(wishes)
    if peer is not None and "peer" in wishes.sections:
        run_peer(peer, QUICK_PEER_CASES[:1])  # what cannot run here is known before all else is measured
    measured = Measured(Work(config, kv_dtype(engine)), plan(wishes.sections, wishes.repeats, is_quick=wishes.is_quick))
    if set(wishes.sections) != {"peer"}:
        _measure_ours(subject, "load" in wishes.sections, measured)
    if peer is not None and "peer" in wishes.sections:
        cases = QUICK_PEER_CASES if wishes.is_quick else PEER_CASES
        measured.rounds[peer.name] = run_rounds(peer, subject.changed(speculation="off"), cases, wishes.repeats)
    return Report(checkpoint, engine, measured, machine(), versions())


def _peer(wishes: Wishes) -> Peer | None:
    """Return the peer that is asked for, when all that it needs is there."""
    if wishes.peer is None and set(wishes.sections) == {"peer"}:
        raise ConfigurationError("--only peer needs a --peer.")
    if wishes.peer is None:
        return None
    if wishes.peer_file is None:
        raise ConfigurationError("--peer needs --peer-file as well: the same model in the peer's format.")
    peer = Peer(wishes.peer, wishes.peer_file, kernels.num_threads())
    check_peer(peer)
    return peer


def _measure_ours(subject: Subject, has_load: bool, measured: Measured) -> None:
    """Measure our engine. Set texts come last, without speculation and with it in turn."""
    others, plain, speculating = measured.plan.parted()
    is_again = has_load and subject.has_weight_cache
    if is_again:
        _read(subject.checkpoint)
        first = run_session(subject.changed(weight_cache=False), NOTHING)
        measured.load_seconds["load, first"] = first.load_seconds
        run_session(subject, NOTHING)  # writes the file, if there is none
    off = subject.changed(speculation="off")
    session = run_session(off, others)
    measured.sessions.append(session)
    measured.load_seconds["load, again" if is_again else "load"] = session.load_seconds
    for _ in range(measured.plan.repeats if plain.cases else 0):
        measured.sessions.append(run_session(off, plain))
        if subject.settings.speculation != "off":
            measured.sessions.append(run_session(subject, speculating))


def _read(checkpoint: Path) -> None:
    """Have the system keep what it can of the weights in memory: a load is measured without the disk."""
    buffer = bytearray(1 << 24)
    for path in sorted(checkpoint.glob("*.safetensors")):
        with path.open("rb", buffering=0) as file:
            while file.readinto(buffer):
                pass
