import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ossian.engine.embedded.model_config import (
    ModelConfig,
    RopeScaling,
    concentration,
    inv_freq,
    load_model_config,
    model_config_from_json,
)
from ossian.errors import CheckpointError
from tests.engine.embedded.checkpoints import tiny_config

YARN = {"rope_type": "yarn", "factor": 32.0, "original_max_position_embeddings": 4096, "truncate": False}
GPT_OSS_INV_FREQ = [
    1, 0.689044306, 0.474782055, 0.327145872, 0.225418, 0.155322989, 0.107024421, 0.0737445682, 0.0508132748,
    0.0317056962, 0.0193350011, 0.0115920493, 0.00679495949, 0.00386035932, 0.00209379238, 0.0010526021,
    0.000456483919, 0.000129318701, 3.83088124e-05, 2.6396469e-05, 1.81883367e-05, 1.25325698e-05, 8.63549588e-06,
    5.95023926e-06, 4.09997848e-06, 2.82506683e-06, 1.94659621e-06, 1.34129104e-06, 9.2420895e-07, 6.36820915e-07,
    4.38797825e-07, 3.02351143e-07,
]  # fmt: skip


def gpt_oss_20b(**changes: Any) -> dict[str, Any]:
    """The released config.json's keys that this engine reads."""
    return {
        "model_type": "gpt_oss",
        "num_hidden_layers": 24,
        "num_local_experts": 32,
        "num_experts_per_tok": 4,
        "experts_per_token": 4,
        "rope_theta": 150000,
        "rope_scaling": {**YARN, "beta_fast": 32.0, "beta_slow": 1.0},
        "layer_types": ["sliding_attention", "full_attention"] * 12,
        "quantization_config": {"quant_method": "mxfp4", "modules_to_not_convert": ["lm_head"]},
        **changes,
    }


def test_the_released_20b_config() -> None:
    config = model_config_from_json(gpt_oss_20b())
    assert config == ModelConfig(24, 32, layer_types=("sliding_attention", "full_attention") * 12)
    assert (config.q_size, config.kv_size, config.hidden_size) == (4096, 512, 2880)


def test_layers_alternate_from_a_sliding_one_when_layer_types_is_absent() -> None:
    config = model_config_from_json(gpt_oss_20b(layer_types=None))
    assert [config.window(layer) for layer in range(24)] == [128, 0] * 12


def test_both_spellings_of_the_rope_settings_agree() -> None:
    old = gpt_oss_20b(rope_theta=10000.0, rope_scaling={**YARN, "factor": 8.0})
    new = gpt_oss_20b(rope_theta=None, rope_scaling=None)
    new["rope_parameters"] = {**YARN, "factor": 8.0, "rope_theta": 10000.0}
    assert model_config_from_json(new) == model_config_from_json(old)
    assert model_config_from_json(new).rope_theta == 10000.0
    assert model_config_from_json(new).rope_scaling.factor == 8.0


def test_rope_settings_that_are_absent_are_those_of_gpt_oss() -> None:
    config = model_config_from_json(gpt_oss_20b(rope_theta=None, rope_scaling=None))
    assert (config.rope_theta, config.rope_scaling) == (150000.0, RopeScaling())


def test_truncate_is_true_when_written_out_settings_leave_it_out() -> None:
    written = {key: value for key, value in YARN.items() if key != "truncate"}
    assert model_config_from_json(gpt_oss_20b(rope_scaling=written)).rope_scaling.truncate is True


def test_stop_tokens_are_those_of_generation_config(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(tiny_config(eos_token_id=7)))
    assert load_model_config(tmp_path).eos_token_id == (7,)
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": [3, 4]}))
    assert load_model_config(tmp_path).eos_token_id == (3, 4)
    for without in ("{}", '{"eos_token_id": null}'):
        (tmp_path / "generation_config.json").write_text(without)
        assert load_model_config(tmp_path).eos_token_id == (7,)


@pytest.mark.parametrize(
    "generation,temperature",
    [
        ({}, 1.0),
        ({"do_sample": True, "temperature": None}, 1.0),
        ({"do_sample": True, "temperature": 0.6}, 0.6),
        ({"do_sample": False}, 0.0),
        ({"do_sample": False, "temperature": 0.6}, 0.0),
    ],
)
def test_the_default_temperature_is_that_of_generation_config(
    tmp_path: Path, generation: dict[str, object], temperature: float
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(tiny_config()))
    assert load_model_config(tmp_path).default_temperature == 1.0
    (tmp_path / "generation_config.json").write_text(json.dumps(generation))
    assert load_model_config(tmp_path).default_temperature == temperature


@pytest.mark.parametrize("value", ["hot", 2.5, -1, True])
def test_a_temperature_that_is_none_is_refused(tmp_path: Path, value: object) -> None:
    (tmp_path / "config.json").write_text(json.dumps(tiny_config()))
    (tmp_path / "generation_config.json").write_text(json.dumps({"temperature": value}))
    with pytest.raises(CheckpointError, match=r"generation_config\.json: temperature: expected a number from 0 to 2"):
        load_model_config(tmp_path)


def test_stop_tokens_default_to_those_of_gpt_oss() -> None:
    assert model_config_from_json(gpt_oss_20b()).eos_token_id == (200002, 199999, 200012)


@pytest.mark.parametrize(
    "changes,message",
    [
        ({"model_type": "llama"}, "model_type: expected \"gpt_oss\", found 'llama'"),
        ({"model_type": None}, 'model_type: expected "gpt_oss", found None'),
        ({"attention_bias": False}, "attention_bias: expected true, found False"),
        ({"hidden_act": "gelu"}, "hidden_act: expected \"silu\", found 'gelu'"),
        ({"tie_word_embeddings": True}, "tie_word_embeddings: expected false, found True"),
        ({"swiglu_alpha": 1.0}, "swiglu_alpha: expected 1.702, found 1.0"),
        ({"quantization_config": None}, "quantization_config: expected MXFP4 experts (BF16-dequantised"),
        (
            {"quantization_config": {"quant_method": "gptq"}},
            'quantization_config.quant_method: expected "mxfp4", found',
        ),
        ({"num_hidden_layers": None}, "num_hidden_layers: expected an integer in 1..1024, found None"),
        ({"num_hidden_layers": 24.0}, "num_hidden_layers: expected an integer in 1..1024, found 24.0"),
        ({"num_hidden_layers": True}, "num_hidden_layers: expected an integer in 1..1024, found True"),
        ({"num_hidden_layers": 1025}, "num_hidden_layers: expected an integer in 1..1024, found 1025"),
        ({"num_local_experts": 0}, "num_local_experts: expected an integer in 1..16777216, found 0"),
        ({"num_local_experts": 3}, "num_experts_per_tok: expected at most num_local_experts = 3, found 4"),
        ({"num_experts_per_tok": 17}, "num_experts_per_tok: expected an integer in 1..16, found 17"),
        ({"head_dim": 528}, "head_dim: expected an integer in 1..512, a multiple of 16, found 528"),
        ({"experts_per_token": 2}, "experts_per_token: expected 4, found 2"),
        ({"hidden_size": 2881}, "hidden_size: expected an integer in 1..16777216, a multiple of 32, found 2881"),
        ({"vocab_size": 201089}, "vocab_size: expected an integer in 1..16777216, a multiple of 16, found 201089"),
        ({"num_key_value_heads": 7}, "num_attention_heads: expected a multiple of num_key_value_heads = 7, found 64"),
        ({"head_dim": 48, "num_attention_heads": 1, "num_key_value_heads": 1}, "expected a multiple of 32, found 48"),
        ({"rms_norm_eps": 0}, "rms_norm_eps: expected a positive number, found 0"),
        ({"rope_theta": "big"}, "rope_theta: expected a positive number, found 'big'"),
        ({"rope_theta": 1}, "rope_theta: expected a number above 1, found 1.0"),
        ({"rope_theta": math.nan}, "rope_theta: expected a positive number, found nan"),
        ({"layer_types": ["full_attention"] * 23}, "layer_types: expected num_hidden_layers = 24 entries, found 23"),
        ({"layer_types": ["linear_attention"] * 24}, "layer_types: expected a list of sliding_attention or full_att"),
        ({"layer_types": "full_attention"}, "layer_types: expected a list of sliding_attention or full_attention"),
        ({"rope_scaling": "yarn"}, "rope_scaling: expected an object, found 'yarn'"),
        (
            {"rope_scaling": {**YARN, "rope_type": "llama3"}},
            "rope_scaling.rope_type: expected \"yarn\", found 'llama3'",
        ),
        ({"rope_scaling": {**YARN, "mscale": 1.0}}, "rope_scaling.mscale: expected null, found 1.0"),
        ({"rope_scaling": {**YARN, "truncate": "no"}}, "rope_scaling.truncate: expected true or false, found 'no'"),
        ({"rope_scaling": {"rope_type": "yarn"}}, "rope_scaling.factor: expected a positive number, found None"),
        ({"eos_token_id": "<|return|>"}, "eos_token_id: expected a token id or a list of them, found '<|return|>'"),
        ({"eos_token_id": []}, "eos_token_id: expected a token id or a list of them, found []"),
    ],
)
def test_what_this_engine_cannot_compute_is_one_clear_error(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError) as error:
        model_config_from_json(gpt_oss_20b(**changes))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "content,message",
    [
        (b"{", "config.json cannot be read as JSON"),
        (b"\xff\xfe", "config.json cannot be read as JSON"),
        (b"[1]", "config.json: expected a JSON object, found list"),
        (b"[" * 100_000, "config.json cannot be read as JSON"),
        (b'{"num_hidden_layers": ' + b"9" * 5000 + b"}", "config.json cannot be read as JSON"),
    ],
)
def test_a_damaged_config_file(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        load_model_config(tmp_path)


def test_a_missing_folder_and_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="is not a folder; give the folder that holds"):
        load_model_config(tmp_path / "absent")
    with pytest.raises(CheckpointError, match=r"config\.json is missing"):
        load_model_config(tmp_path)


def test_yarn_frequencies_of_gpt_oss() -> None:
    np.testing.assert_allclose(inv_freq(ModelConfig(24, 32)), GPT_OSS_INV_FREQ, rtol=2e-7)
    assert concentration(ModelConfig(24, 32)) == pytest.approx(1.34657359028, abs=1e-11)


@pytest.mark.parametrize(
    "position,dim,cos,sin",
    [
        (1, 0, 0.7275568, 1.1331026),
        (1, 12, 1.3465425, 0.0091498),
        (128, 0, -0.9330352, 0.9709303),
        (128, 8, 1.3138486, 0.2950631),
        (4096, 0, 1.0826325, -0.8007292),
        (4096, 17, 1.1620446, 0.6803769),
        (131071, 31, 1.3455163, 0.05335),
    ],
)
def test_yarn_rotations_of_gpt_oss(position: int, dim: int, cos: float, sin: float) -> None:
    config = ModelConfig(24, 32)
    angle = position * float(inv_freq(config)[dim])
    assert concentration(config) * math.cos(angle) == pytest.approx(cos, abs=2e-5)
    assert concentration(config) * math.sin(angle) == pytest.approx(sin, abs=2e-5)


def test_truncate_widens_the_ramp_to_whole_dimensions() -> None:
    config = ModelConfig(24, 32, rope_scaling=RopeScaling(truncate=True))
    plain = 150000.0 ** (-np.arange(32) / 32)
    ratio = inv_freq(config) / plain  # 1 up to dimension 8, 1/32 from dimension 18 on
    np.testing.assert_allclose(ratio[:9], 1, rtol=1e-6)
    np.testing.assert_allclose(ratio[18:], 1 / 32, rtol=1e-6)
    np.testing.assert_allclose(ratio[13], (1 - 0.5) + 0.5 / 32, rtol=1e-6)


def test_without_scaling_there_is_no_concentration() -> None:
    assert concentration(ModelConfig(24, 32, rope_scaling=RopeScaling(factor=1.0))) == 1.0
