"""One engine in a process of its own: it is loaded, measured and gone, so that no two models share the memory."""

import asyncio
import multiprocessing
import resource
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from ossian.cli.bench.cases import Plan
from ossian.cli.bench.profiles import Profile, profiles
from ossian.cli.bench.runs import Asker, measure
from ossian.cli.logs import configure_logs
from ossian.engine.base import Engine
from ossian.engine.embedded.weight_cache import MIN_CHECKPOINT_BYTES, WRITER_NAME, checkpoint_bytes
from ossian.engine.registry import create_engine
from ossian.errors import EngineError
from ossian.settings import EngineSettings, LogSettings

T = TypeVar("T")

WARM_UP_TOKENS = 8


@dataclass(frozen=True, slots=True)
class Session:
    """What was measured: the values of each case by its name, in the order of the repeats."""

    load_seconds: float
    resident_bytes: int  # the most that there were
    values: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    profiles: tuple[Profile, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """What is loaded and measured; packed weights are kept in `cache_dir`."""

    checkpoint: Path
    settings: EngineSettings
    cache_dir: Path

    def changed(self, **settings: object) -> "Subject":
        """Return it with other settings."""
        return replace(self, settings=self.settings.model_copy(update=settings))

    @property
    def has_weight_cache(self) -> bool:
        """Does a later start find its packed weights?"""
        return self.settings.weight_cache and checkpoint_bytes(self.checkpoint) >= MIN_CHECKPOINT_BYTES


def run_session(subject: Subject, plan: Plan) -> Session:
    """Measure in a new process. Raises what loading raises, and EngineError when the process dies."""
    return in_new_process(_session, subject, plan)


def in_new_process(function: Callable[..., T], *arguments: object) -> T:
    """Call a function in a process that ends with it."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as processes:
        try:
            return processes.submit(function, *arguments).result()
        except BrokenProcessPool:
            message = "The process that measured was killed, most likely for its memory; free some, or lower"
            raise EngineError(f"{message} engine.kv_cache_bytes (--set).") from None


def _session(subject: Subject, plan: Plan) -> Session:
    configure_logs(LogSettings(level="warning"))
    before = time.perf_counter()
    engine = create_engine(subject.checkpoint, subject.settings, "bench", subject.cache_dir)
    load_seconds = time.perf_counter() - before
    for thread in threading.enumerate():
        if thread.name == WRITER_NAME:  # what it writes now would cost bandwidth later
            thread.join()
    values, measured_profiles = asyncio.run(_measure(engine, plan.fitting(engine.info.max_model_len)))
    return Session(load_seconds, peak_resident_bytes(), values, measured_profiles)


async def _measure(engine: Engine, plan: Plan) -> tuple[dict[str, tuple[float, ...]], tuple[Profile, ...]]:
    """Measure the cases in turn, and all of them again for each repeat, so that what drifts meets all alike."""
    values: dict[str, tuple[float, ...]] = {case.name: () for case in plan.cases}
    await engine.start()
    try:
        asker = Asker(engine)
        await asker.ask(asker.fresh(WARM_UP_TOKENS), WARM_UP_TOKENS)  # touches memory that later steps find mapped
        for _ in range(plan.repeats):
            for case in plan.cases:
                value = await measure(case, asker)
                values[case.name] += (value,)
                print(f"{case.name}: {value:.4g} {case.unit}", file=sys.stderr, flush=True)
        return values, tuple(await profiles(asker)) if plan.profiles else ()
    finally:
        await engine.stop()


def peak_resident_bytes(status: Path = Path("/proc/self/status")) -> int:
    """Return the most memory that this process had mapped and present, files that it shares included."""
    if status.exists():
        sizes = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
        return int(sizes["VmHWM"].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS, where it is in bytes
