"""The figures are those of the reference, which counts the published files and measured machines."""

import pytest

from ossian.cli.fit import INT8_BYTES, OFFICIAL_MODELS, footprint


@pytest.mark.parametrize("name, gigabytes", [("gpt-oss-20b", 2.57), ("gpt-oss-120b", 3.56)])
def test_bytes_read_per_token(name: str, gigabytes: float) -> None:
    assert footprint(OFFICIAL_MODELS[name]).per_token == pytest.approx(gigabytes * 1e9, rel=0.01)


@pytest.mark.parametrize("name, file_bytes", [("gpt-oss-20b", 13_761_264_768), ("gpt-oss-120b", 65_248_815_744)])
def test_resident_bytes_are_the_files_without_the_embedding_and_attention_and_lm_head_at_int8(
    name: str, file_bytes: int
) -> None:
    config = OFFICIAL_MODELS[name]
    dense = 2 * (config.q_size + config.kv_size) * config.hidden_size * config.num_hidden_layers
    vocabulary = config.vocab_size * config.hidden_size
    expected = file_bytes - 2 * vocabulary - (dense + vocabulary) * (2 - INT8_BYTES)
    assert footprint(config).resident == pytest.approx(expected, rel=0.01)


def test_the_decode_limit_is_bandwidth_over_bytes() -> None:
    assert footprint(OFFICIAL_MODELS["gpt-oss-20b"]).decode_limit(52e9) == pytest.approx(20.3, rel=0.01)


def test_serving_20b_takes_13_gigabytes() -> None:
    assert footprint(OFFICIAL_MODELS["gpt-oss-20b"]).needed == pytest.approx(13e9, rel=0.02)


def test_serving_120b_takes_64_gigabytes() -> None:
    assert footprint(OFFICIAL_MODELS["gpt-oss-120b"]).needed == pytest.approx(64e9, rel=0.02)
