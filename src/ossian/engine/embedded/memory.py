"""How much memory this process can still take. It knows Linux's control groups, because containers hide behind them."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath


def free_memory(root: Path = Path("/")) -> int:
    """Bytes: the least that the machine, this process's control groups and their ancestors leave.

    `root` is where proc and sys are.
    """
    return max(0, min((_machine_memory(root), *_cgroup_memory(root))))


def _machine_memory(root: Path) -> int:
    for line in _lines(root / "proc/meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2  # not Linux: assume that half is in use


def _cgroup_memory(root: Path) -> Iterator[int]:
    """What each control group leaves; caches of files are not counted as used, since they make room."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if not controllers:
            yield from _free_in(root / "sys/fs/cgroup", path, "memory.max", "memory.current", "")
        elif "memory" in controllers.split(","):
            files = ("memory.limit_in_bytes", "memory.usage_in_bytes")
            yield from _free_in(root / "sys/fs/cgroup/memory", path, *files, "total_")


def _free_in(hierarchy: Path, path: str, limit_file: str, usage_file: str, prefix: str) -> Iterator[int]:
    """One figure for each limited group from `path` up; inside a container only the hierarchy's root may exist."""
    group = PurePosixPath(path)
    for ancestor in (group, *group.parents):
        folder = hierarchy / ancestor.relative_to("/")
        limit, usage = _number(folder / limit_file), _number(folder / usage_file)
        if limit is not None and usage is not None:
            stat = dict(line.split() for line in _lines(folder / "memory.stat"))
            caches = sum(int(stat.get(f"{prefix}{name}", 0)) for name in ("active_file", "inactive_file"))
            yield limit - usage + caches


def _number(file: Path) -> int | None:
    """None when the file is missing, or says "max"."""
    text = "".join(_lines(file)[:1])
    return int(text) if text.isdigit() else None


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []
