"""`ossian doctor`: what this machine is, what was measured on it, and which models fit."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from ossian.cli.fit import Footprint

GIGA = 1e9


def doctor() -> None:
    """Show this machine as the engine sees it, measure it, and say which models fit. Takes some seconds."""
    from ossian.cli.fit import OFFICIAL_MODELS, footprint
    from ossian.engine.embedded import kernels
    from ossian.engine.embedded.memory import free_memory

    isa = kernels.isa()
    console = Console(emoji=False)
    free = free_memory()
    with console.status("Measuring …"):
        bandwidth, peak = kernels.measure_read_bandwidth(), kernels.measure_int8_peak()
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("instruction set", f"{isa} (of {', '.join(kernels.supported_isas())})")
    table.add_row("CPU features", " ".join(kernels.cpu_features()) or "none that the engine uses")
    table.add_row("threads", str(kernels.num_threads()))
    table.add_row("free memory", f"{free / GIGA:.1f} GB")
    table.add_row("read bandwidth", f"{bandwidth / GIGA:.1f} GB/s")
    table.add_row("int8 peak", f"{peak / GIGA:.0f} billion multiply-adds a second")
    for name, config in OFFICIAL_MODELS.items():
        table.add_row(name, verdict(footprint(config), free, bandwidth))
    console.print(table, soft_wrap=True, highlight=False)


def verdict(footprint: "Footprint", free: float, bytes_per_second: float) -> str:
    """Say whether a model fits, and how fast it can decode at best."""
    needed, missing = footprint.needed / GIGA, (footprint.needed - free) / GIGA
    if missing > 0:
        return f"does not fit: it needs {needed:.1f} GB of free memory, {missing:.1f} GB more than there is"
    limit = footprint.decode_limit(bytes_per_second)
    return f"fits ({needed:.1f} GB); decodes at most {limit:.1f} tokens a second, one request at a time"
