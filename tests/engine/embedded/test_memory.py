"""The least that the machine and the control groups leave."""

from pathlib import Path

import pytest

from ossian.engine.embedded.memory import free_memory

GIB = 1 << 30


def files(root: Path, contents: dict[str, str]) -> Path:
    for name, text in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


MACHINE = {"proc/meminfo": f"MemTotal: 99 kB\nMemAvailable:   {8 * GIB // 1024} kB\n"}


def test_the_machine_alone(tmp_path: Path) -> None:
    assert free_memory(files(tmp_path, MACHINE)) == 8 * GIB


def test_a_group_without_a_limit(tmp_path: Path) -> None:
    group = {"memory.max": "max\n", "memory.current": f"{GIB}\n"}
    root = files(tmp_path, {**MACHINE, "proc/self/cgroup": "0::/\n"})
    files(root / "sys/fs/cgroup", group)
    assert free_memory(root) == 8 * GIB


def test_version_2_counts_ancestors_and_not_the_cache_of_files(tmp_path: Path) -> None:
    root = files(tmp_path, {**MACHINE, "proc/self/cgroup": "0::/slice/service\n"})
    limits = {"": (7, 1), "/slice": (4, 3), "/slice/service": (6, 1)}
    for path, (limit, usage) in limits.items():
        files(
            root / f"sys/fs/cgroup{path}",
            {
                "memory.max": f"{limit * GIB}\n",
                "memory.current": f"{usage * GIB}\n",
                "memory.stat": f"anon 5\ninactive_file {GIB // 4}\nactive_file {GIB // 4}\n",
            },
        )
    assert free_memory(root) == GIB + GIB // 2


def test_version_1(tmp_path: Path) -> None:
    root = files(tmp_path, {**MACHINE, "proc/self/cgroup": "5:cpu:/\n4:memory:/box\n0::/\n"})
    box = {
        "memory.limit_in_bytes": f"{2 * GIB}",
        "memory.usage_in_bytes": f"{GIB}",
        "memory.stat": f"active_file 7\ntotal_inactive_file {GIB // 8}\ntotal_active_file {GIB // 8}",
    }
    files(root / "sys/fs/cgroup/memory/box", box)
    assert free_memory(root) == GIB + GIB // 4


def test_inside_a_container_only_the_root_of_the_hierarchy_exists(tmp_path: Path) -> None:
    root = files(tmp_path, {**MACHINE, "proc/self/cgroup": "0::/machine/of/the/host\n"})
    files(root / "sys/fs/cgroup", {"memory.max": f"{GIB}", "memory.current": "0"})
    assert free_memory(root) == GIB


def test_over_the_limit_nothing_is_left(tmp_path: Path) -> None:
    root = files(tmp_path, {**MACHINE, "proc/self/cgroup": "0::/\n"})
    files(root / "sys/fs/cgroup", {"memory.max": "1", "memory.current": f"{GIB}"})
    assert free_memory(root) == 0


def test_a_machine_that_is_not_linux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sysconf", {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}.__getitem__)
    assert free_memory(tmp_path) == 2_048_000


def test_this_machine_has_some() -> None:
    assert free_memory() > 0
