"""What the model promises whatever it computes: results do not depend on how tokens are spread over steps."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ossian.engine.embedded.model_config import model_config_from_json
from tests.engine.embedded.agreement import agreement
from tests.engine.embedded.checkpoints import random_tensors, random_token_ids, tiny_config, write_checkpoint
from tests.engine.embedded.machine_settings import assert_same_everywhere
from tests.engine.embedded.model_run import Float32, ModelRun, TokenIds, in_chunks
from tests.engine.embedded.reference_model import ReferenceModel

MODES: list[dict[str, Any]] = [
    {"precision": "default", "dense_format": "int8"},
    {"precision": "default", "dense_format": "bf16"},
    {"precision": "default", "kv_cache_dtype": "int8"},
    {"precision": "exact"},
]
CONFIG = tiny_config(num_attention_heads=8, num_key_value_heads=1, hidden_size=96)


def tokens(length: int, seed: int = 0) -> TokenIds:
    return random_token_ids(length, CONFIG["vocab_size"], seed)


def assert_same_bits(left: Sequence[Float32], right: Sequence[Float32]) -> None:
    for a, b in zip(left, right, strict=True):
        np.testing.assert_array_equal(a.view(np.uint32), b.view(np.uint32))


@pytest.fixture(scope="module", params=MODES, ids=lambda mode: "-".join(mode.values()))
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ModelRun:
    return ModelRun(write_checkpoint(tmp_path_factory.mktemp("model"), CONFIG), **request.param)


@pytest.mark.parametrize("chunk", [1, 7, 32, 100, 299])
def test_chunked_prefill_and_decode_give_the_bits_of_one_prefill(run: ModelRun, chunk: int) -> None:
    sequence = tokens(300)
    assert_same_bits(run.logits([sequence], in_chunks([sequence], chunk)), [run.whole(sequence)])


@pytest.mark.parametrize(
    "lens,chunks",
    [
        ((40, 40, 40), (40, 40, 40)),
        ((1, 2, 3, 130, 5), (1, 1, 3, 17, 2)),
        ((200, 150), (1, 64)),
        ((10,) * 32, (1,) * 32),
    ],
)
def test_a_batch_gives_the_bits_each_sequence_gives_alone(
    run: ModelRun, lens: tuple[int, ...], chunks: tuple[int, ...]
) -> None:
    sequences = [tokens(length, seed) for seed, length in enumerate(lens)]
    together = run.logits(sequences, in_chunks(sequences, *chunks))
    assert_same_bits(together, [run.whole(sequence) for sequence in sequences])


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: "-".join(mode.values()))
def test_neither_instruction_set_nor_threads_change_a_bit(tmp_path: Path, mode: dict[str, Any]) -> None:
    sequence, folder = tokens(70), write_checkpoint(tmp_path, CONFIG)
    assert_same_everywhere(lambda: ModelRun(folder, **mode).whole(sequence))


def test_what_other_sequences_left_in_the_cache_changes_no_bit(run: ModelRun) -> None:
    sequence = tokens(33)
    before = run.whole(sequence)
    run.whole(tokens(900, seed=1))
    assert_same_bits([run.whole(sequence)], [before])


def test_two_loads_give_the_same_bits(tmp_path: Path) -> None:
    sequence = tokens(50)
    folder = write_checkpoint(tmp_path, CONFIG)
    assert_same_bits([ModelRun(folder).whole(sequence)], [ModelRun(folder).whole(sequence)])


def test_a_sharded_checkpoint_gives_the_bits_of_a_single_file(tmp_path: Path) -> None:
    sequence = tokens(50)
    single = ModelRun(write_checkpoint(tmp_path / "single", CONFIG)).whole(sequence)
    sharded = ModelRun(write_checkpoint(tmp_path / "sharded", CONFIG, num_shards=4)).whole(sequence)
    assert_same_bits([single], [sharded])


def test_exact_precision_keeps_dense_weights_in_bf16(tmp_path: Path) -> None:
    sequence = tokens(50)
    folder = write_checkpoint(tmp_path, CONFIG)
    logits = [
        ModelRun(folder, precision="exact", dense_format=dense_format).whole(sequence)
        for dense_format in ("int8", "bf16")
    ]
    assert_same_bits(logits[:1], logits[1:])


def test_logits_are_given_for_the_wanted_positions_only(run: ModelRun) -> None:
    sequence = tokens(40)
    everything = run.whole(sequence)
    wanted = run.logits_at(sequence, [0, 7, 39])
    assert_same_bits([wanted], [everything[[0, 7, 39]]])


def test_no_wanted_position_gives_no_logits(run: ModelRun) -> None:
    assert run.logits_at(tokens(40), []).shape == (0, CONFIG["vocab_size"])


def test_more_positions_than_sequences_may_be_wanted(run: ModelRun) -> None:
    assert run.logits_at(tokens(40), list(range(40))).shape == (40, CONFIG["vocab_size"])


def test_a_step_may_use_the_whole_token_budget(tmp_path: Path) -> None:
    sequence = tokens(64)
    folder = write_checkpoint(tmp_path, CONFIG)
    small = ModelRun(folder, max_num_batched_tokens=64, max_num_seqs=1)
    assert_same_bits([small.whole(sequence)], [ModelRun(folder).whole(sequence)])


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: "-".join(mode.values()))
def test_the_logits_are_those_of_the_reference(tmp_path: Path, mode: dict[str, Any]) -> None:
    sequence = tokens(300)
    tensors = random_tensors(CONFIG)
    reference = ReferenceModel(model_config_from_json(CONFIG), tensors).forward(sequence)
    logits = ModelRun(write_checkpoint(tmp_path, CONFIG, tensors), **mode).whole(sequence)
    figures = agreement([reference], [logits])
    assert figures.mean_kl < 0.01
    assert figures.top1 > 0.97
