import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.random_checkpoint import SHAPES, Source, config_of, write
from ossian.cli.fit import OFFICIAL_MODELS
from ossian.engine.embedded.checkpoint import Checkpoint, verify
from ossian.engine.embedded.model_config import load_model_config, model_config_from_json


@pytest.mark.parametrize("shape", ["20b", "120b"])
def test_shapes_are_those_of_the_published_models(shape: str) -> None:
    made, official = model_config_from_json(config_of(shape)), OFFICIAL_MODELS[f"gpt-oss-{shape}"]
    for name in (
        "num_hidden_layers",
        "num_local_experts",
        "hidden_size",
        "intermediate_size",
        "vocab_size",
        "head_dim",
    ):
        assert getattr(made, name) == getattr(official, name), name
    assert made.layer_types[:2] == ("sliding_attention", "full_attention")
    assert made.rope_scaling == official.rope_scaling


def test_layers_can_be_fewer() -> None:
    config = model_config_from_json(config_of("120b", 4))
    assert (config.num_hidden_layers, len(config.layer_types), config.num_local_experts) == (4, 4, 128)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("random") / "tiny"
    write(folder, config_of("tiny"))
    return folder


def test_what_is_written_can_be_served(tiny: Path) -> None:
    report = verify(tiny)
    assert report.problems == ()
    assert load_model_config(tiny).num_hidden_layers == SHAPES["tiny"]["num_hidden_layers"]


def test_there_is_a_file_for_each_layer_and_one_for_the_rest(tiny: Path) -> None:
    files = json.loads((tiny / "model.safetensors.index.json").read_text())["weight_map"]
    assert len(set(files.values())) == 3
    assert len({file for name, file in files.items() if ".layers.1." in name}) == 1


def test_a_checkpoint_that_was_cut_off_has_no_configuration(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    config = config_of("tiny")
    write(folder, config)
    with pytest.raises(KeyError):
        write(folder, {name: value for name, value in config.items() if name != "num_local_experts"})
    assert not (folder / "config.json").exists()


def test_one_seed_gives_the_same_weights(tiny: Path, tmp_path: Path) -> None:
    write(tmp_path / "same", config_of("tiny"))
    write(tmp_path / "other", config_of("tiny"), seed=1)
    name = "model.layers.0.mlp.experts.down_proj_blocks"
    tensors = [Checkpoint(folder).tensor(name) for folder in (tiny, tmp_path / "same", tmp_path / "other")]
    assert np.array_equal(tensors[0], tensors[1])
    assert not np.array_equal(tensors[0], tensors[2])


def test_numbers_have_the_deviation_that_is_asked_for() -> None:
    made = Source(0).bf16(400, 500, std=0.5, mean=2.0)
    values = (made.astype(np.uint32) << 16).view(np.float32)
    assert values.std() == pytest.approx(0.5, rel=0.01)
    assert values.mean() == pytest.approx(2.0, rel=0.01)


def test_expert_weights_have_about_the_deviation_that_is_asked_for() -> None:
    table = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, 0, -0.5, -1, -1.5, -2, -3, -4, -6])
    source = Source(0)
    scales = source.scales(1000, 8, std=0.02).astype(float)
    weights = table[source.bytes(1000, 8, 32) & 15] * 2.0 ** (scales - 127)[..., None]
    assert 0.01 < weights.std() < 0.04
