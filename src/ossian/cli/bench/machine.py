"""Of what, and on what, figures are: they say nothing without it."""

import os
import platform
import statistics
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

import ossian
from ossian.engine.embedded import kernels

NUM_BANDWIDTHS: Final = 2  # of 0.07 s each, and of 512 MB that the system has to find
NUM_PEAKS: Final = 15  # of 0.01 s each


@dataclass(frozen=True, slots=True)
class Roofs:
    """What the machine allows, measured."""

    read_bandwidth: float  # bytes a second, all threads together
    int8_peak: float  # multiply-adds a second, all threads together


def measure_roofs() -> Roofs:
    """Measure for a third of a second; nothing else should run."""
    bandwidths = [kernels.measure_read_bandwidth() for _ in range(NUM_BANDWIDTHS)]
    peaks = [kernels.measure_int8_peak() for _ in range(NUM_PEAKS)]
    return Roofs(statistics.fmean(bandwidths), statistics.fmean(peaks))


def mean_roofs(roofs: Iterable[Roofs]) -> Roofs:
    """Return the mean of each."""
    measured = list(roofs)
    return Roofs(
        statistics.fmean(each.read_bandwidth for each in measured),
        statistics.fmean(each.int8_peak for each in measured),
    )


def machine() -> dict[str, Any]:
    """Return what figures depend on, for JSON. Of the caller's thread pool and instruction set."""
    return {
        "cpu": cpu_model(),
        "num_cores": os.cpu_count(),
        "num_threads": kernels.num_threads(),
        "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "isa": kernels.isa(),
        "cpu_features": kernels.cpu_features(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions() -> dict[str, str]:
    """Return the commit, and the versions of what takes part."""
    return {
        "ossian": ossian.__version__,
        "commit": commit(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the CPU's name for itself."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def commit(folder: Path = Path(__file__).parent) -> str:
    """Return the commit of the source, with "-dirty" when files differ from it; "none" outside a repository."""
    command = ("git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "none"
