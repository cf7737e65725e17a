from typing import Any

import numpy as np
import pytest

from ossian.cli.bench.work import Work
from ossian.cli.fit import OFFICIAL_MODELS, footprint
from ossian.engine.embedded.kernels import KVType
from ossian.engine.embedded.model_config import ModelConfig

CONFIG = OFFICIAL_MODELS["gpt-oss-20b"]
TYPES = ("sliding_attention", "full_attention") * 12


def work(config: ModelConfig, kv_type: KVType = np.int16) -> Work:
    return Work(config, kv_type)


def config(**changes: Any) -> ModelConfig:
    return ModelConfig(**{"num_hidden_layers": 24, "num_local_experts": 32, "layer_types": TYPES, **changes})


def test_a_prompt_token_of_gpt_oss_20b_takes_three_billion_multiply_adds() -> None:
    experts = 4 * (2 * 2880 * 2880 + 2880 * 2880)
    assert work(config()).macs_per_prompt_token == 24 * 2880 * 5120 + 23 * (4096 * 2880 + experts)


def test_a_stream_alone_reads_what_the_footprint_says() -> None:
    assert work(config()).step_bytes(1, depth=0) == pytest.approx(footprint(CONFIG).per_token)


def test_many_streams_read_every_expert() -> None:
    one = footprint(CONFIG)
    all_experts = (one.per_token - one.every_token) * 32 / 4
    assert work(config()).step_bytes(1000, depth=0) == pytest.approx(one.every_token + all_experts)


def test_two_streams_share_what_both_choose() -> None:
    one = footprint(CONFIG)
    experts = one.per_token - one.every_token
    assert work(config()).step_bytes(2, depth=0) == pytest.approx(one.every_token + experts * (2 - 4 / 32))


def test_sliding_layers_read_their_window_only() -> None:
    token = 2 * 8 * (2 * 64 + 4)  # keys and values of eight heads: int16 and a scale
    assert work(config()).kv_bytes(100) == 24 * token * 100
    assert work(config()).kv_bytes(8192) == 12 * token * (128 + 8192)


def test_keys_and_values_of_eight_bits_are_fewer_bytes() -> None:
    assert work(config(), np.int8).kv_bytes(10) == 24 * 10 * 2 * 8 * (64 + 4)
    assert work(config(), np.uint16).kv_bytes(10) == 24 * 10 * 2 * 8 * 2 * 64


def test_each_stream_reads_its_own_context() -> None:
    one = work(config())
    assert one.step_bytes(3, 1000) - one.step_bytes(3, 0) == pytest.approx(3 * one.kv_bytes(1000))


def test_what_streams_have_in_common_is_read_once() -> None:
    one, token = work(config()), 2 * 8 * (2 * 64 + 4)
    own = 24 * token * 48
    assert one.step_bytes(3, 1048, 1000) - one.step_bytes(3, 0) == pytest.approx(one.kv_bytes(1048) + 2 * own)


@pytest.mark.parametrize(
    "changes", [{"num_hidden_layers": 6, "layer_types": TYPES[:6]}, {"num_local_experts": 128}, {"vocab_size": 512}]
)
def test_targets_are_of_one_shape(changes: dict[str, object]) -> None:
    assert work(config()).is_gpt_oss_20b
    assert not work(config(**changes)).is_gpt_oss_20b


@pytest.mark.parametrize(
    "label, name",
    [
        ("linear 5120x2880", "linear qkv_proj"),
        ("linear 2880x4096", "linear o_proj"),
        ("linear 201088x2880", "linear lm_head"),
        ("linear 1x2", "linear 1x2"),
        ("paged_attention, full", "paged_attention, full"),
        ("moe", "moe"),
    ],
)
def test_kernels_are_named_by_their_weights(label: str, name: str) -> None:
    assert work(config()).kernel_name(label) == name
