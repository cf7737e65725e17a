import hashlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ossian.catalog import demonstration
from ossian.catalog.demonstration import (
    StoredTensor,
    bf16_bits,
    embedding_base,
    expand,
    float32,
    is_intact,
    output_base,
    word_vectors,
)
from ossian.catalog.spelling import PREFIXES, Case, Spelling, spelling
from ossian.engine.embedded.checkpoint import Checkpoint
from ossian.engine.embedded.shard import Shard
from ossian.errors import CheckpointError, ConfigurationError
from ossian.harmony.tokenizer import Tokenizer

pytestmark = pytest.mark.slow

HIDDEN = 256
READ = [5, 200_006]
SAID = [7, 200_002]


def id_bytes(ids: list[int]) -> StoredTensor:
    return StoredTensor("U8", np.array(ids, "<u4").view(np.uint8).reshape(-1, 4))


def rows(count: int, start: int) -> NDArray[np.uint16]:
    return np.arange(start, start + count * HIDDEN, dtype=np.uint16).reshape(count, HIDDEN)


def derivation(layer: str, scale: float) -> dict[str, StoredTensor]:
    """What the rows of untrained tokens are made with."""
    random = np.random.default_rng(len(layer))

    def tensor(*shape: int) -> StoredTensor:
        return StoredTensor("BF16", bf16_bits(random.normal(size=shape).astype(np.float32)))

    return {
        f"{layer}.prefixes": tensor(len(PREFIXES), HIDDEN),
        f"{layer}.cases": tensor(len(Case), HIDDEN),
        f"{layer}.scale": StoredTensor("BF16", bf16_bits(np.array([scale], np.float32))),
    }


@pytest.fixture(scope="module")
def spelled() -> Spelling:
    return spelling(Tokenizer())


@pytest.fixture(autouse=True)
def taken_apart_once(spelled: Spelling, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taking every token apart takes a second, and these tests expand many checkpoints."""
    monkeypatch.setattr(demonstration, "spelling", lambda _: spelled)


@pytest.fixture
def compact(tmp_path: Path) -> Path:
    """A compact file of two tokens that are read, two that are said, and one other tensor."""
    folder = tmp_path / "compact"
    folder.mkdir()
    tensors = {
        "lm_head.ids": id_bytes(SAID),
        "lm_head.rows": StoredTensor("BF16", rows(2, 1000)),
        **derivation("lm_head", 0.25),
        "model.embed_tokens.ids": id_bytes(READ),
        "model.embed_tokens.rows": StoredTensor("BF16", rows(2, 2000)),
        **derivation("model.embed_tokens", 1.5),
        "model.norm.weight": StoredTensor("BF16", rows(1, 3000)[0]),
        "scales": StoredTensor("U8", np.arange(6, dtype=np.uint8).reshape(2, 3)),
    }
    demonstration.write_safetensors(folder / demonstration.COMPACT_WEIGHTS, tensors)
    for name in demonstration.CONFIGURATIONS:
        (folder / name).write_text("{}\n", encoding="utf-8")
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Path]:
    """A cache directory that must hold nothing but finished checkpoints afterwards."""
    folder = tmp_path / "not" / "yet" / "there"
    yield folder
    if folder.is_dir():
        assert [child.name for child in folder.iterdir() if child.name.startswith(".")] == []


def tensors_of(folder: Path) -> dict[str, NDArray[np.generic]]:
    shard = Shard(folder / "model.safetensors")
    return {name: shard.view(name) for name in shard.entries}


def test_trained_rows_stand_at_their_ids_and_all_others_are_derived(
    compact: Path, cache: Path, spelled: Spelling
) -> None:
    tensors = tensors_of(expand(cache, compact))
    for layer, ids, trained, base, scale in (
        ("model.embed_tokens", READ, rows(2, 2000), embedding_base(spelled), 1.5),
        ("lm_head", SAID, rows(2, 1000), output_base(spelled), 0.25),
    ):
        found = tensors[f"{layer}.weight"]
        assert found.shape == (201_088, HIDDEN)
        np.testing.assert_array_equal(found[ids], trained)
        parts = {name: float32(np.asarray(tensor.values)) for name, tensor in derivation(layer, scale).items()}
        for token in (0, 9, 70_000, 199_997, 201_087):
            written = parts[f"{layer}.prefixes"][spelled.prefix[token]] + parts[f"{layer}.cases"][spelled.case[token]]
            expected = bf16_bits(base[token] * np.float32(scale) + written)
            assert (np.abs(found[token].astype(int) - expected.astype(int)) <= 1).all()


def test_an_embedding_says_its_word_and_the_pieces_of_the_word(spelled: Spelling) -> None:
    base, words = embedding_base(spelled), word_vectors(spelled)
    [london] = Tokenizer().encode(" London")
    np.testing.assert_array_equal(base[london, demonstration.WORD], words[spelled.key[london]])
    first, second, _ = (base[london, slot] for slot in demonstration.SLOTS)
    np.testing.assert_array_equal(first, words[spelled.pieces[london, 0], : len(first)])
    assert not second.any()
    assert output_base(spelled)[london].any()


def test_other_tensors_and_the_configuration_are_copied(compact: Path, cache: Path) -> None:
    folder = expand(cache, compact)
    tensors = tensors_of(folder)
    assert set(tensors) == {"model.embed_tokens.weight", "lm_head.weight", "model.norm.weight", "scales"}
    np.testing.assert_array_equal(tensors["scales"], np.arange(6).reshape(2, 3))
    for name in demonstration.CONFIGURATIONS:
        assert (folder / name).read_bytes() == (compact / name).read_bytes()


def test_the_second_start_writes_nothing(compact: Path, cache: Path) -> None:
    folder = expand(cache, compact)
    before = {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.iterdir()}
    assert expand(cache, compact) == folder
    assert before == {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.iterdir()}


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "name, damage",
    [
        ("model.safetensors", flip_a_byte),
        ("config.json", Path.unlink),
        ("generation_config.json", flip_a_byte),
        ("manifest.json", lambda path: path.write_bytes(b"[]")),
    ],
)
def test_a_damaged_checkpoint_is_made_again(name: str, damage: "object", compact: Path, cache: Path) -> None:
    folder = expand(cache, compact)
    intact = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert callable(damage)
    damage(folder / name)
    assert not is_intact(folder)
    assert expand(cache, compact) == folder
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == intact


def test_starts_at_the_same_time_agree(compact: Path, cache: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        folders = list(pool.map(lambda _: expand(cache, compact), range(3)))
    assert len(set(folders)) == 1
    assert is_intact(folders[0])
    assert list(cache.iterdir()) == [folders[0]]


def test_an_intact_folder_that_another_process_made_is_kept(compact: Path, cache: Path, tmp_path: Path) -> None:
    folder = expand(cache, compact)
    inode = folder.stat().st_ino
    made = tmp_path / "made"
    demonstration.write_checkpoint(made, compact)
    demonstration.move_into_place(made, folder, tmp_path / "aside")
    assert folder.stat().st_ino == inode
    assert not (tmp_path / "aside").exists()


def test_another_compact_file_gets_another_folder(compact: Path, cache: Path) -> None:
    first = expand(cache, compact)
    (compact / "config.json").write_text('{"hidden_size": 8}\n', encoding="utf-8")
    second = expand(cache, compact)
    assert first != second
    assert is_intact(first)
    assert is_intact(second)


def test_a_cache_that_cannot_be_written_is_named_with_the_way_out(compact: Path, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="OSSIAN_MODELS__CACHE_DIR") as raised:
        expand(in_the_way / "cache", compact)
    assert str(in_the_way) in str(raised.value)


def test_a_damaged_compact_file_is_an_error_and_leaves_nothing(compact: Path, cache: Path) -> None:
    weights = compact / demonstration.COMPACT_WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match="truncated"):
        expand(cache, compact)
    assert list(cache.iterdir()) == []


def test_word_vectors_never_change(spelled: Spelling) -> None:
    vectors = word_vectors(spelled)
    assert vectors.shape == (int(spelled.key.max()) + 1, demonstration.WORD_SIZE)
    assert hashlib.sha256(vectors.astype("<f4").tobytes()).hexdigest() == WORDS_SHA256
    assert abs(vectors.mean()) < 0.01
    assert abs(vectors.std() - 1) < 0.01


WORDS_SHA256 = "19df8e7250e351e8bf40a323897cb26b7458ad3ee88598e86866af895cf461f2"


@given(st.floats(width=32, allow_nan=False, allow_infinity=False, min_value=-(2.0**100), max_value=2.0**100))
def test_bf16_is_the_nearest_and_the_even_one_of_two(value: float) -> None:
    [bits] = demonstration.bf16_bits(np.array([value], np.float32))
    below = np.array([np.float32(value)]).view(np.uint32)[0] >> 16
    candidates = np.array([below, below + 1], np.uint32)
    errors = np.abs((candidates << 16).view(np.float32).astype(np.float64) - np.float64(np.float32(value)))
    if errors[0] == errors[1]:
        assert bits == candidates[candidates % 2 == 0][0]
    else:
        assert bits == candidates[errors.argmin()]


def test_the_shipped_model_expands_to_a_complete_checkpoint_of_the_gpt_oss_architecture(tmp_path: Path) -> None:
    checkpoint = Checkpoint(expand(tmp_path))
    config = checkpoint.config
    assert (config.vocab_size, config.head_dim, config.num_experts_per_tok) == (201_088, 64, 4)
    assert (config.sliding_window, config.rope_theta, config.rope_scaling.factor) == (128, 150_000, 32)
    assert config.layer_types[:2] == ("sliding_attention", "full_attention")
    assert config.num_local_experts <= 32


def test_the_shipped_files_are_small_and_the_card_says_what_they_are() -> None:
    assert sum(path.stat().st_size for path in demonstration.COMPACT.iterdir()) <= 16 * 2**20
    card = (demonstration.COMPACT / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "demonstration" in card
    assert "not" in card
    generation = json.loads((demonstration.COMPACT / "generation_config.json").read_bytes())
    assert generation["eos_token_id"] == [200002, 199999, 200012]
    assert generation["do_sample"] is False  # a model this small is at its best when it is not sampled


def test_the_checkpoint_can_be_read_by_others_when_the_umask_allows(compact: Path, cache: Path) -> None:
    before = os.umask(0o022)
    try:
        folder = expand(cache, compact)
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o755
