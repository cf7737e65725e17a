"""Of what, and on what, figures are: they say nothing without it."""

import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import ossian
from ossian.engine.embedded import kernels


@dataclass(frozen=True, slots=True)
class Roofs:
    """What the machine allows, measured."""

    read_bandwidth: float  # bytes a second, all threads together
    int8_peak: float  # multiply-adds a second, all threads together


def measure_roofs() -> Roofs:
    """Measure for a few seconds; nothing else should run."""
    return Roofs(kernels.measure_read_bandwidth(), kernels.measure_int8_peak())


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
