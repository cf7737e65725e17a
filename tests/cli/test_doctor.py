import re

import pytest
from typer.testing import CliRunner

from ossian.cli.doctor import verdict
from ossian.cli.fit import Footprint
from ossian.cli.main import app
from ossian.engine.embedded import kernels

MODEL = Footprint(resident=12.5e9, per_token=2.5e9)


def test_a_model_that_fits_has_a_speed() -> None:
    assert verdict(MODEL, free=16e9, bytes_per_second=50e9) == (
        "fits (14.0 GB); decodes at most 20.0 tokens a second, one request at a time"
    )


@pytest.mark.parametrize("free, missing", [(13.9e9, "0.1"), (4e9, "10.0")])
def test_one_that_does_not_fit_says_how_much_is_missing(free: float, missing: str) -> None:
    said = verdict(MODEL, free=free, bytes_per_second=50e9)
    assert said.startswith("does not fit: it needs 14.0 GB")
    assert f"{missing} GB more than there is" in said


def test_the_machine_is_described_measured_and_judged() -> None:
    result = CliRunner().invoke(app, ["doctor"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    rows = dict(re.split(r" {2,}", line.strip(), maxsplit=1) for line in result.stdout.splitlines() if line.strip())
    assert rows["instruction set"].split()[0] == kernels.isa()
    assert rows["threads"] == str(kernels.num_threads())
    for figure in ("free memory", "read bandwidth", "int8 peak"):
        assert float(rows[figure].split()[0]) > 0
    for model in ("gpt-oss-20b", "gpt-oss-120b"):
        assert re.match(r"fits \(|does not fit: ", rows[model])
