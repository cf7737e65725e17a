import pytest

from ossian.cli.doctor import verdict
from ossian.cli.fit import Footprint

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
