import ctypes
import mmap
import os
from pathlib import Path
from typing import Literal

import numpy as np
import psutil
import pytest

from ossian.engine.embedded import kernels, packing
from ossian.engine.embedded import weights as weights_module
from ossian.engine.embedded.checkpoint import Checkpoint
from ossian.engine.embedded.embedding import Embedding
from ossian.engine.embedded.weights import load_weights
from ossian.errors import CheckpointError, ConfigurationError
from tests.engine.embedded.checkpoints import float32, random_tensors, tiny_config, write_checkpoint

BIG_EXPERTS = tiny_config(hidden_size=256, intermediate_size=256, num_local_experts=32, num_hidden_layers=4)


def resident_bytes(folder: Path) -> int:
    """Resident pages of the files below `folder` in this process."""
    maps = psutil.Process().memory_maps(grouped=False)
    return sum(entry.rss for entry in maps if entry.path.startswith(str(folder)))


def share_in_page_cache(file: Path) -> float:
    """How many of a file's pages the system has in memory."""
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY) as mapped:
        start = ctypes.c_char.from_buffer(mapped)
        is_resident = (ctypes.c_ubyte * -(-len(mapped) // mmap.PAGESIZE))()
        assert ctypes.CDLL(None).mincore(ctypes.byref(start), ctypes.c_size_t(len(mapped)), is_resident) == 0
        del start  # a buffer that is in use cannot be closed
        return sum(flags & 1 for flags in is_resident) / len(is_resident)


def read_anew(file: Path) -> None:
    """Have the system keep a file as reading leaves it: what was just written is not on disk, or in larger pieces."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if share_in_page_cache(file) > 0.5:
            pytest.skip("files lie in memory alone here")
        opened.read()


def test_shapes_and_formats(tmp_path: Path) -> None:
    weights = load_weights(Checkpoint(write_checkpoint(tmp_path)), "int8")
    attention, moe = weights.layers[1].attention, weights.layers[1].moe
    assert (attention.qkv_proj.num_rows, attention.qkv_proj.num_cols) == (4 * 32 + 2 * 2 * 32, 64)
    assert (attention.o_proj.num_rows, attention.o_proj.num_cols) == (64, 4 * 32)
    assert (moe.experts.num_experts, moe.experts.hidden_size, moe.experts.intermediate_size) == (8, 64, 96)
    assert (weights.lm_head.num_rows, weights.lm_head.num_cols) == (512, 64)
    assert {attention.qkv_proj.format, attention.o_proj.format, weights.lm_head.format} == {"int8"}


def test_small_tensors_become_float32_unchanged(tmp_path: Path) -> None:
    tensors = random_tensors(tiny_config())
    weights = load_weights(Checkpoint(write_checkpoint(tmp_path, tensors=tensors)), "bf16")
    layer = "model.layers.0."
    attention, moe = weights.layers[0].attention, weights.layers[0].moe
    for ours, name in [
        (weights.norm, "model.norm.weight"),
        (attention.input_layernorm, layer + "input_layernorm.weight"),
        (attention.sinks, layer + "self_attn.sinks"),
        (moe.post_attention_layernorm, layer + "post_attention_layernorm.weight"),
        (moe.router, layer + "mlp.router.weight"),
        (moe.router_bias, layer + "mlp.router.bias"),
    ]:
        np.testing.assert_array_equal(ours, float32(tensors[name]))
        assert ours.dtype == np.float32


@pytest.mark.parametrize("dense_format", ["int8", "bf16"])
def test_what_packing_will_take_is_known_before(tmp_path: Path, dense_format: Literal["int8", "bf16"]) -> None:
    checkpoint = Checkpoint(write_checkpoint(tmp_path, BIG_EXPERTS))
    taken = load_weights(checkpoint, dense_format).nbytes
    assert packing.packed_bytes(checkpoint, dense_format) == pytest.approx(taken, rel=0.02)


def test_weights_that_memory_cannot_hold_are_refused_before_they_are_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights_module, "free_memory", lambda: 1_000_000)
    monkeypatch.setattr(weights_module, "Packer", None)
    with pytest.raises(ConfigurationError, match=r"take 0\.0 GB of memory, and 0\.0 are free\. Free memory, or serve"):
        load_weights(Checkpoint(write_checkpoint(tmp_path, BIG_EXPERTS)), "int8")


@pytest.mark.parametrize("dense_format", ["int8", "bf16"])
def test_q_k_and_v_are_the_rows_of_one_weight(tmp_path: Path, dense_format: Literal["int8", "bf16"]) -> None:
    checkpoint = Checkpoint(write_checkpoint(tmp_path))
    fused = load_weights(checkpoint, dense_format).layers[0].attention.qkv_proj
    x = np.random.default_rng(0).standard_normal((3, 64)).astype(np.float32)
    together = np.empty((3, fused.num_rows), np.float32)
    kernels.linear(x, fused, together)
    start = 0
    for name, num_rows in (("q", 128), ("k", 64), ("v", 64)):
        weight, bias = (
            checkpoint.tensor(f"model.layers.0.self_attn.{name}_proj.{part}") for part in ("weight", "bias")
        )
        alone = np.empty((3, num_rows), np.float32)
        kernels.linear(x, kernels.pack_dense(weight, bias, dense_format), alone)
        np.testing.assert_array_equal(together[:, start : start + num_rows], alone)
        start += num_rows


@pytest.mark.parametrize(
    "name, bits",
    [
        ("self_attn.k_proj.weight", 0x7FC0),
        ("self_attn.k_proj.bias", 0x7F80),
        ("self_attn.o_proj.weight", 0xFF80),
        ("self_attn.sinks", 0xFFC0),
        ("input_layernorm.weight", 0x7FC0),
        ("mlp.router.bias", 0x7F80),
        ("mlp.experts.down_proj_scales", 255),
        ("mlp.experts.gate_up_proj_bias", 0x7FC0),
    ],
)
def test_values_that_are_no_numbers_are_one_clear_error(tmp_path: Path, name: str, bits: int) -> None:
    tensors = random_tensors(tiny_config())
    tensors[f"model.layers.1.{name}"].reshape(-1)[-1] = bits
    with pytest.raises(CheckpointError, match=r"model\.layers\.1\..*NaN.*; download the checkpoint again\."):
        load_weights(Checkpoint(write_checkpoint(tmp_path, tensors=tensors)), "int8")


def test_a_sink_may_be_minus_infinity(tmp_path: Path) -> None:
    tensors = random_tensors(tiny_config())
    tensors["model.layers.0.self_attn.sinks"][0] = 0xFF80
    weights = load_weights(Checkpoint(write_checkpoint(tmp_path, tensors=tensors)), "int8")
    assert weights.layers[0].attention.sinks[0] == -np.inf


def test_the_embedding_stays_in_the_file(tmp_path: Path) -> None:
    tensors = random_tensors(tiny_config())
    embed_tokens = load_weights(Checkpoint(write_checkpoint(tmp_path, tensors=tensors)), "int8").embed_tokens
    input_ids = np.arange(512, dtype=np.int32)[::-1].copy()
    out = np.empty((512, 64), np.float32)
    embed_tokens.look_up(input_ids, out)
    np.testing.assert_array_equal(out, float32(tensors["model.embed_tokens.weight"])[input_ids])


def test_looking_up_embeddings_leaves_no_page_resident(tmp_path: Path) -> None:
    num_rows = 8192
    checkpoint = Checkpoint(write_checkpoint(tmp_path, tiny_config(vocab_size=num_rows, hidden_size=512)))
    embedding = Embedding(checkpoint, "model.embed_tokens.weight")
    before = resident_bytes(tmp_path)
    embedding.look_up(np.arange(num_rows, dtype=np.int32), np.empty((num_rows, 512), np.float32))
    assert resident_bytes(tmp_path) == before


def test_a_file_that_became_shorter_is_an_error(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path)
    embedding = Embedding(Checkpoint(folder), "model.embed_tokens.weight")
    os.truncate(folder / "model.safetensors", 1000)
    with pytest.raises(RuntimeError, match="the embedding cannot be read: Input/output error"):
        embedding.look_up(np.array([3], np.int32), np.empty((1, 64), np.float32))


@pytest.mark.parametrize("num_shards", [1, 3])
def test_loading_leaves_hardly_a_page_of_the_files_resident(tmp_path: Path, num_shards: int) -> None:
    checkpoint = Checkpoint(write_checkpoint(tmp_path, BIG_EXPERTS, num_shards=num_shards))
    weights = load_weights(checkpoint, "int8")
    assert weights.layers[0].moe.experts.nbytes > 3_000_000
    assert resident_bytes(tmp_path) < checkpoint.num_bytes / 4  # the kernel maps pages around those that are read


@pytest.mark.parametrize("free_bytes, least, most", [(0, 0.0, 0.5), (1 << 60, 0.9, 1.0)], ids=["short", "plenty"])
def test_where_memory_is_short_the_system_forgets_what_was_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_bytes: int, least: float, most: float
) -> None:
    folder = write_checkpoint(tmp_path, BIG_EXPERTS, num_shards=1)
    file = next(folder.glob("*.safetensors"))
    read_anew(file)
    monkeypatch.setattr(packing, "free_memory", lambda: free_bytes)
    load_weights(Checkpoint(folder), "int8")
    assert least <= share_in_page_cache(file) <= most


def test_the_pages_are_counted_at_all(tmp_path: Path) -> None:
    checkpoint = Checkpoint(write_checkpoint(tmp_path, BIG_EXPERTS))
    checkpoint.tensor("model.layers.0.mlp.experts.gate_up_proj_blocks").sum()
    assert resident_bytes(tmp_path) > 2_000_000
