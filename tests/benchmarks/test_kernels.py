"""The benchmark of single kernels: every case runs, and two builds stand side by side."""

import subprocess
import sys

import pytest

from benchmarks import kernels as benchmark
from ossian.cli.fit import INT8_BYTES, MXFP4_BYTES


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "HIDDEN", 64)
    monkeypatch.setattr(benchmark, "EXPERTS", 4)
    monkeypatch.setattr(benchmark, "DENSE", {"o_proj": (32, 64, 2)})
    monkeypatch.setattr(benchmark, "SECONDS", 0.0)


def test_every_case_is_measured_beside_the_roofs() -> None:
    figures = benchmark.measure([1, 7])
    assert list(figures) == ["roofs", "o_proj x1", "o_proj x7", "moe x1", "moe x7"]
    assert all(value > 0 for case in figures.values() for value in case.values())


def test_work_is_counted_by_the_weights_that_are_read() -> None:
    one, seven, *_ = benchmark.dense_cases([1, 7])
    assert seven.num_bytes == one.num_bytes == 32 * 64 * INT8_BYTES
    assert seven.num_macs == 7 * one.num_macs == 7 * 32 * 64
    for case in benchmark.moe_cases([1, 7]):  # four experts of four
        assert case.num_bytes == 4 * 3 * 64 * 64 * MXFP4_BYTES


def test_the_report_has_a_column_for_each_build_and_medians_of_its_rounds(capsys: pytest.CaptureFixture[str]) -> None:
    def rounds(*times: float) -> list[dict[str, benchmark.Figures]]:
        return [{"moe x1": {"ms": time}} for time in times]

    benchmark.report([rounds(3.0, 1.0, 2.0), rounds(4.0, 4.0, 5.0)])
    assert capsys.readouterr().out == f"{'moe x1':16}     2.000 ms   |    4.000 ms\n"


def test_builds_are_asked_in_turn(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[str] = []

    class Done:
        stdout = '{"moe x1": {"ms": 1.0}}'

    def run(command: list[str], **_options: object) -> Done:
        asked.append(command[0])
        return Done()

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(sys, "argv", ["kernels", "--other", "python-of-another-build", "--rounds", "2"])
    benchmark.main()
    assert asked == [sys.executable, "python-of-another-build"] * 2
    assert capsys.readouterr().out.startswith("moe x1")
