import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.engine.embedded.checkpoint import Checkpoint, expected_tensors, verify
from ossian.engine.embedded.model_config import ModelConfig
from ossian.errors import CheckpointError
from tests.engine.embedded.checkpoints import Tensors, random_tensors, tiny_config, write_checkpoint, write_safetensors

INDEX = "model.safetensors.index.json"
Q_BIAS = "model.layers.1.self_attn.q_proj.bias"


def problems_after(tmp_path: Path, change: Callable[[Tensors], object], num_shards: int = 1) -> tuple[str, ...]:
    tensors = random_tensors(tiny_config())
    change(tensors)
    return verify(write_checkpoint(tmp_path, tensors=tensors, num_shards=num_shards)).problems


@pytest.mark.parametrize("num_layers,num_experts,num_bytes", [(24, 32, 13_761_264_768), (36, 128, 65_248_815_744)])
def test_the_released_sizes(num_layers: int, num_experts: int, num_bytes: int) -> None:
    item_bytes = {"BF16": 2, "U8": 1}
    tensors = expected_tensors(ModelConfig(num_layers, num_experts))
    assert sum(item_bytes[dtype] * int(np.prod(shape, dtype=np.int64)) for _, dtype, shape in tensors) == num_bytes


@pytest.mark.parametrize("num_shards", [1, 3])
def test_every_tensor_reads_back(tmp_path: Path, num_shards: int) -> None:
    tensors = random_tensors(tiny_config())
    checkpoint = Checkpoint(write_checkpoint(tmp_path, tensors=tensors, num_shards=num_shards))
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(checkpoint.tensor(name), tensor)
        checkpoint.drop_pages(name)
        np.testing.assert_array_equal(checkpoint.tensor(name), tensor)


@pytest.mark.parametrize("num_shards", [1, 3])
def test_the_report_of_a_good_checkpoint(tmp_path: Path, num_shards: int) -> None:
    tensors = random_tensors(tiny_config())
    report = verify(write_checkpoint(tmp_path, tensors=tensors, num_shards=num_shards))
    assert report.problems == ()
    assert report.num_tensors == len(tensors) == 3 + 2 * 19
    assert report.num_bytes == sum(tensor.nbytes for tensor in tensors.values())
    assert report.config is not None
    assert report.config.num_hidden_layers == 2


@pytest.mark.parametrize("num_shards", [1, 3])
def test_a_missing_tensor(tmp_path: Path, num_shards: int) -> None:
    problems = problems_after(tmp_path, lambda tensors: tensors.pop(Q_BIAS), num_shards)
    assert problems == (f"tensor '{Q_BIAS}' is missing: expected BF16 [128], found nothing.",)


@pytest.mark.parametrize("num_shards", [1, 3])
def test_an_extra_tensor(tmp_path: Path, num_shards: int) -> None:
    problems = problems_after(tmp_path, lambda tensors: tensors.update(more=np.zeros(3, np.uint8)), num_shards)
    assert problems == ("tensor 'more': expected none of that name, found U8 [3].",)


def test_a_layer_too_many_is_extra(tmp_path: Path) -> None:
    tensors = random_tensors(tiny_config(num_hidden_layers=3))
    problems = verify(write_checkpoint(tmp_path, tensors=tensors)).problems
    assert len(problems) == 19
    assert all("tensor 'model.layers.2." in problem for problem in problems)


def test_a_mis_shaped_tensor(tmp_path: Path) -> None:
    problems = problems_after(tmp_path, lambda tensors: tensors.update({Q_BIAS: np.zeros((2, 64), np.uint16)}))
    assert problems == (f"tensor '{Q_BIAS}': expected BF16 [128], found BF16 [2, 64].",)


@pytest.mark.parametrize("dtype,found", [(np.float32, "F32"), (np.uint8, "U8")])
def test_a_tensor_of_another_dtype(tmp_path: Path, dtype: type, found: str) -> None:
    problems = problems_after(tmp_path, lambda tensors: tensors.update({Q_BIAS: np.zeros(128, dtype)}))
    assert problems == (f"tensor '{Q_BIAS}': expected BF16 [128], found {found} [128].",)


def test_verify_lists_every_problem_and_opening_counts_them(tmp_path: Path) -> None:
    def spoil(tensors: Tensors) -> None:
        del tensors["lm_head.weight"]
        tensors["model.norm.weight"] = np.zeros(1, np.uint16)
        tensors["more"] = np.zeros(1, np.uint8)

    problems = problems_after(tmp_path, spoil)
    assert len(problems) == 3
    with pytest.raises(CheckpointError) as error:
        Checkpoint(tmp_path)
    assert str(error.value) == f"{problems[0]} (2 more; `ossian models verify {tmp_path}` lists them all)"


def test_a_dequantised_checkpoint_says_what_to_use_instead(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, tiny_config(quantization_config=None))
    assert "BF16-dequantised copies are not read; use the original" in verify(tmp_path).problems[0]


def test_a_folder_without_weights(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(tiny_config()))
    report = verify(tmp_path)
    assert report.config is not None
    assert report.problems == (f"{tmp_path} has neither {INDEX} nor model.safetensors; download the checkpoint again.",)


def test_a_missing_shard_is_one_problem(tmp_path: Path) -> None:
    shard = write_checkpoint(tmp_path, num_shards=3) / "model-00001-of-00003.safetensors"
    shard.unlink()
    assert verify(tmp_path).problems == (f"{shard} is missing; download the checkpoint again.",)


@pytest.mark.parametrize("num_shards,file", [(1, "model.safetensors"), (3, "model-00002-of-00003.safetensors")])
def test_a_truncated_shard_is_one_problem(tmp_path: Path, num_shards: int, file: str) -> None:
    shard = write_checkpoint(tmp_path, num_shards=num_shards) / file
    size = shard.stat().st_size
    with shard.open("r+b") as stream:
        stream.truncate(size - 100)
    assert verify(tmp_path).problems == (
        f"{shard} is truncated: expected {size} bytes, found {size - 100}; download the file again.",
    )


def test_a_tensor_that_is_not_where_the_index_puts_it(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, num_shards=2)
    index = json.loads((tmp_path / INDEX).read_text())
    home, other = "model-00000-of-00002.safetensors", "model-00001-of-00002.safetensors"
    assert index["weight_map"][Q_BIAS] == home
    index["weight_map"][Q_BIAS] = other
    (tmp_path / INDEX).write_text(json.dumps(index))
    assert verify(tmp_path).problems == (
        f"tensor '{Q_BIAS}': expected in {other}, where {INDEX} puts it; found no such tensor there.",
        f"tensor '{Q_BIAS}': found in {home}, expected where {INDEX} puts it ({other}).",
    )


def test_a_wrong_total_size_harms_nobody(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, num_shards=2)
    index = json.loads((tmp_path / INDEX).read_text())
    index["metadata"]["total_size"] = 7
    (tmp_path / INDEX).write_text(json.dumps(index))
    assert verify(tmp_path).problems == ()


@pytest.mark.parametrize(
    "index",
    [
        "{}",
        '{"weight_map": []}',
        '{"weight_map": {"a": 1}}',
        '{"weight_map": {"a": "../x.safetensors"}}',
        '{"weight_map": {"a": "x.bin"}}',
        '{"weight_map": {"a": "\\u0000.safetensors"}}',
        "[]",
        "{",
    ],
)
def test_a_damaged_index_is_one_problem(tmp_path: Path, index: str) -> None:
    (write_checkpoint(tmp_path) / INDEX).write_text(index)
    (problem,) = verify(tmp_path).problems
    assert INDEX in problem


def test_an_index_without_metadata_is_fine(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, num_shards=2)
    index = json.loads((tmp_path / INDEX).read_text())
    (tmp_path / INDEX).write_text(json.dumps({"weight_map": index["weight_map"]}))
    assert verify(tmp_path).problems == ()


def test_files_the_index_does_not_name_are_ignored(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, num_shards=2)
    write_safetensors(tmp_path / "adapter.safetensors", {"lora": np.zeros(1, np.uint8)})
    assert verify(tmp_path).problems == ()


@given(st.data())
def test_no_corruption_raises_anything_but_a_checkpoint_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = write_checkpoint(tmp_path_factory.getbasetemp() / "corrupt", num_shards=2)
    file = folder / data.draw(st.sampled_from(sorted(path.name for path in folder.iterdir())))
    content = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, min(len(content), 4000) - 1))] = data.draw(st.integers(0, 255))
    file.write_bytes(content[: data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))])
    problems = verify(folder).problems
    try:
        Checkpoint(folder)
        assert not problems
    except CheckpointError:
        assert problems
