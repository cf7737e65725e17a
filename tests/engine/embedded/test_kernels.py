"""The choice of instruction set and of threads, and the measurements behind `ossian doctor`."""

import os
import subprocess
import sys

import pytest

from ossian.engine.embedded import kernels
from tests.engine.embedded.machine_settings import machine_settings_restored

SHOW_ISA = """
from ossian.engine.embedded import kernels
from ossian.errors import ConfigurationError
try:
    print(kernels.isa())
except ConfigurationError as error:
    print("ConfigurationError:", error)
"""


def isa_under(forced: str) -> str:
    """Return what a fresh process says its instruction set is."""
    environment = {**os.environ, "OSSIAN_ISA": forced}
    return subprocess.run(
        [sys.executable, "-c", SHOW_ISA], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.parametrize("isa", kernels.supported_isas())
def test_the_environment_forces_an_instruction_set(isa: str) -> None:
    assert isa_under(isa) == isa


def test_an_empty_setting_means_the_best_instruction_set() -> None:
    assert isa_under("") == kernels.supported_isas()[-1]


def test_an_unknown_instruction_set_is_one_clear_error() -> None:
    assert isa_under("sse9") == (
        "ConfigurationError: OSSIAN_ISA is 'sse9'; it must be avx512, avx2 or scalar (unset: the best one supported)"
    )


def test_set_isa_rejects_unknown_names() -> None:
    with pytest.raises(ValueError, match="it must be avx512, avx2 or scalar"):
        kernels.set_isa("AVX2")


def test_threads() -> None:
    with machine_settings_restored():
        kernels.set_num_threads(3)
        assert kernels.num_threads() == 3
        kernels.set_num_threads(0)
        assert 1 <= kernels.num_threads() <= (os.cpu_count() or 1)


def test_more_threads_than_the_system_allows_is_one_clear_error() -> None:
    script = """
import resource
from pathlib import Path
from ossian.engine.embedded import kernels
from ossian.errors import ConfigurationError
in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (in_use + (200 << 20),) * 2)  # room for the stacks of a few threads
try:
    kernels.set_num_threads(1024)
except ConfigurationError as error:
    print(error)
kernels.set_num_threads(1)
print(kernels.num_threads())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    error, num_threads = done.stdout.splitlines()
    assert error.startswith("num_threads is 1024, and the system let only ")
    assert "engine.num_threads" in error
    assert num_threads == "1"


@pytest.mark.parametrize("bad", [-1, 1025])
def test_an_impossible_number_of_threads_is_rejected(bad: int) -> None:
    with pytest.raises(ValueError, match=f"num_threads is {bad}; it must be 0"):
        kernels.set_num_threads(bad)


def test_features_go_with_the_instruction_sets() -> None:
    features = set(kernels.cpu_features())
    assert ("avx2" in kernels.supported_isas()) == ({"avx2", "fma"} <= features)


def test_measurements_are_positive() -> None:
    assert kernels.measure_read_bandwidth(16 << 20) > 0
    assert kernels.measure_int8_peak() > 0
