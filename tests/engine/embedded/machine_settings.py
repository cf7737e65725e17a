"""Runs of the same computation under every instruction set and several numbers of threads."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from ossian.engine.embedded import kernels

NUM_THREADS = (1, 2, 3)


@contextmanager
def machine_settings_restored() -> Iterator[None]:
    """Undo set_isa and set_num_threads on the way out."""
    isa = kernels.isa()
    try:
        yield
    finally:
        kernels.set_isa(isa)
        kernels.set_num_threads(0)


def assert_same_everywhere(compute: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
    """Require the same bits of every instruction set and number of threads; return them."""
    results = []
    with machine_settings_restored():
        for isa in kernels.supported_isas():
            for num_threads in NUM_THREADS:
                kernels.set_isa(isa)
                kernels.set_num_threads(num_threads)
                results.append(compute())
    for result in results[1:]:
        assert result.tobytes() == results[0].tobytes()
    return results[0]
