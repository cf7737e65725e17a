"""One engine in a process of its own: it is loaded, measured and gone, so that no two models share the memory."""

import asyncio
import multiprocessing
import os
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
from ossian.cli.bench.machine import Roofs, mean_roofs, measure_roofs
from ossian.cli.bench.profiles import Profile, profiles
from ossian.cli.bench.runs import Asker, measure
from ossian.cli.logs import configure_logs
from ossian.engine.base import Engine
from ossian.engine.embedded import kernels
from ossian.engine.embedded.weight_cache import MIN_CHECKPOINT_BYTES, WRITER_NAME, checkpoint_bytes
from ossian.engine.registry import create_engine
from ossian.errors import EngineError
from ossian.settings import EngineSettings, LogSettings

T = TypeVar("T")

WARM_UP_TOKENS = 512  # of a prompt


@dataclass(frozen=True, slots=True)
class Session:
    """What was measured: of each case, by its name and in the order of the repeats, its values and the roofs then."""

    load_seconds: float
    resident_bytes: int  # the most that there were
    values: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    roofs: Mapping[str, tuple[Roofs, ...]] = field(default_factory=dict)
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
    with new_process() as process:
        try:
            return process.submit(function, *arguments).result()
        except BrokenProcessPool:
            message = "The process that measured was killed, most likely for its memory; free some, or lower"
            raise EngineError(f"{message} engine.kv_cache_bytes (--set).") from None


def new_process() -> ProcessPoolExecutor:
    """Return an executor of one process."""
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _end_with_parent)


def _end_with_parent() -> None:
    """End this process when its parent is killed, or it would go on measuring for nobody."""

    def wait_and_end() -> None:
        if parent := multiprocessing.parent_process():
            parent.join()
        os._exit(1)

    threading.Thread(target=wait_and_end, daemon=True).start()


def _session(subject: Subject, plan: Plan) -> Session:
    configure_logs(LogSettings(level="warning"))
    before = time.perf_counter()
    engine = create_engine(subject.checkpoint, subject.settings, "bench", subject.cache_dir)
    load_seconds = time.perf_counter() - before
    for thread in threading.enumerate():
        if thread.name == WRITER_NAME:  # what it writes now would cost bandwidth later
            thread.join()
    with new_process() as helper:  # or the memory that measuring takes would be counted as the engine's
        helper.submit(kernels.set_num_threads, subject.settings.num_threads).result()
        roofs = lambda: helper.submit(measure_roofs).result()
        values, roofs_then, profiled = asyncio.run(_measure(engine, plan.fitting(engine.info.max_model_len), roofs))
    return Session(load_seconds, peak_resident_bytes(), values, roofs_then, profiled)


async def _measure(
    engine: Engine, plan: Plan, roofs: Callable[[], Roofs]
) -> tuple[dict[str, tuple[float, ...]], dict[str, tuple[Roofs, ...]], tuple[Profile, ...]]:
    """Measure the cases in turn, and all of them again for each repeat, so that what drifts meets all alike.

    What the machine allows changes from minute to minute where others share it, so roofs are measured between cases; a
    case's are the mean of those before and after it.
    """
    values: dict[str, tuple[float, ...]] = {case.name: () for case in plan.cases}
    roofs_then: dict[str, tuple[Roofs, ...]] = {case.name: () for case in plan.cases}
    await engine.start()
    try:
        asker = Asker(engine)
        num_warm_up = min(WARM_UP_TOKENS, engine.info.max_model_len // 2)
        await asker.ask(asker.fresh(num_warm_up), 8)  # touches memory that later steps find mapped
        before = roofs()
        for _ in range(plan.repeats):
            for case in plan.cases:
                value = await measure(case, asker)
                after = roofs()
                values[case.name] += (value,)
                roofs_then[case.name] += (mean_roofs((before, after)),)
                before = after
                print(f"{case.name}: {value:.4g} {case.unit}", file=sys.stderr, flush=True)
        return values, roofs_then, tuple(await profiles(asker, plan.profiles))
    finally:
        await engine.stop()


def peak_resident_bytes(status: Path = Path("/proc/self/status")) -> int:
    """Return the most memory that this process had mapped and present, files that it shares included."""
    if status.exists():
        sizes = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
        return int(sizes["VmHWM"].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS, where it is in bytes
