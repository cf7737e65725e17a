import pytest

from ossian.cli.bench.machine import Roofs
from ossian.cli.bench.rows import Ratio, Row
from ossian.cli.bench.table import figure, roofs_line, table

ROWS = [
    Row("prefill 512", "tok/s", (208.04, 210.0, 207.0), (Ratio("int8 peak", 0.5567, at_least=0.55),)),
    Row("decode x4", "tok/s", (30.5,), (Ratio("read bandwidth", 0.4), Ratio("decode", 1.81, at_least=2.0))),
    Row("profile decode, step", "ms", (59.5,)),
]
TABLE = """\
what                  median  unit   lowest – highest  ratio  of              target
prefill 512           208.0   tok/s  207.0 – 210.0     0.557  int8 peak       >= 0.55 reached
decode x4             30.50   tok/s                    0.400  read bandwidth
                                                       1.810  decode          >= 2 missed
profile decode, step  59.50   ms"""


def test_rows_are_columns_and_a_row_has_a_line_for_each_ratio() -> None:
    assert table(ROWS) == TABLE


def test_the_roofs_are_a_line() -> None:
    roofs = [Roofs(54.32e9, 1130.6e9), Roofs(40e9, 700e9), Roofs(50e9, 990e9)]
    said = "read bandwidth 50.0 (40.0 – 54.3) GB/s, int8 peak 990 (700 – 1131) GMAC/s"
    assert roofs_line(roofs) == f"roofs: {said}"
    assert roofs_line([]) == "roofs: not measured"


@pytest.mark.parametrize(
    "value, said",
    [(0.0123456, "0.01235"), (1.5, "1.500"), (208.04, "208.0"), (999.96, "1000"), (1234.5, "1234"), (0.0, "0.000")],
)
def test_figures_have_the_digits_that_count(value: float, said: str) -> None:
    assert figure(value) == said
