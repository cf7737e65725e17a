"""The training code against transformers: the same weights, exported and expanded, give the same logits."""

import json
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

from ossian.catalog.demonstration import expand
from ossian.engine.embedded.shard import Shard
from tests.parity.hugging_face import HuggingFaceModel
from training import export, quantization
from training.batches import IGNORED, Batch, make_batch
from training.conversations import Example, random_example, random_setting
from training.model import forward
from training.nano_config import NanoConfig
from training.state import initial_parameters
from training.train import gradients, stored
from training.vocabulary import Vocabulary, number_tokens

pytestmark = pytest.mark.parity

CONFIG = NanoConfig(num_hidden_layers=2, hidden_size=64, intermediate_size=32, num_attention_heads=4)


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    random = Random(3)
    setting = random_setting(random)
    return [random_example(random, setting) for _ in range(4)]


@pytest.fixture(scope="module")
def vocabulary(examples: list[Example]) -> Vocabulary:
    said = {token for example in examples for token in example.completion}
    read = said | {token for example in examples for token in (*example.prefix, *example.prompt) if token >= 0}
    return Vocabulary(tuple(sorted(read.union(number_tokens()))), tuple(sorted(said)))


@pytest.fixture(scope="module")
def parameters(vocabulary: Vocabulary) -> dict[str, Tensor]:
    """Random weights, of a size at which attention and routing are decided."""
    torch.manual_seed(1)
    made = initial_parameters(CONFIG, vocabulary)
    return {name: value + 0.3 * torch.randn_like(value) for name, value in made.items()}


def batch_of(examples: list[Example], vocabulary: Vocabulary) -> Batch:
    inputs = {token: row for row, token in enumerate(vocabulary.inputs)}
    outputs = {token: row for row, token in enumerate(vocabulary.outputs)}
    return make_batch(examples, inputs, outputs, seed=0)


def test_exported_weights_give_transformers_the_same_logits(
    examples: list[Example], vocabulary: Vocabulary, parameters: dict[str, Tensor], tmp_path: Path
) -> None:
    saved: dict[str, Any] = {"averages": parameters, "inputs": vocabulary.inputs, "outputs": vocabulary.outputs}
    export.export(saved, tmp_path / "compact", CONFIG)
    checkpoint = expand(tmp_path / "cache", tmp_path / "compact")
    shard = Shard(checkpoint / "model.safetensors")
    tensors = {name: shard.view(name).copy() for name in shard.entries}
    model = HuggingFaceModel(json.loads((checkpoint / "config.json").read_bytes()), tensors, torch.float32)
    weights = {name: stored(name, value).float() for name, value in parameters.items()}
    table = weights["embed_tokens.weight"]
    for example in (example for example in examples if min(example.prompt) >= 0):
        batch = batch_of([example], vocabulary)
        with torch.inference_mode():
            hidden, _ = forward(weights, CONFIG, table[batch.prefix], table[batch.inputs])
            ours = functional.linear(hidden, weights["lm_head.weight"])[0, :, :-1]
            tokens = [*example.prefix, *example.prompt, *example.completion[:-1]]
        theirs = model.forward(np.array(tokens))[len(example.prefix) :, list(vocabulary.outputs)]
        torch.testing.assert_close(ours, torch.from_numpy(theirs), rtol=1e-3, atol=1e-3)


def test_conversations_in_one_batch_do_not_see_each_other(
    examples: list[Example], vocabulary: Vocabulary, parameters: dict[str, Tensor]
) -> None:
    weights = {name: value.clone() for name, value in parameters.items()}
    table = torch.cat((weights["embed_tokens.weight"], torch.zeros(1, CONFIG.hidden_size)))
    together = batch_of(examples, vocabulary)
    with torch.inference_mode():
        hidden, _ = forward(weights, CONFIG, table[together.prefix], table[together.inputs])
        for row, example in enumerate(examples):
            alone = batch_of([example], vocabulary)
            expected, _ = forward(weights, CONFIG, table[alone.prefix], table[alone.inputs])
            learned = alone.targets[0] != IGNORED
            found = hidden[row, : len(learned)][learned]
            torch.testing.assert_close(found, expected[0][learned], rtol=1e-3, atol=1e-3)


def test_a_shared_system_message_changes_nothing(
    examples: list[Example], vocabulary: Vocabulary, parameters: dict[str, Tensor]
) -> None:
    batch = batch_of(examples[:1], vocabulary)
    table = torch.cat((parameters["embed_tokens.weight"], torch.zeros(1, CONFIG.hidden_size)))
    with torch.inference_mode():
        shared, _ = forward(parameters, CONFIG, table[batch.prefix], table[batch.inputs])
        whole = torch.cat((table[batch.prefix].unsqueeze(0), table[batch.inputs]), 1)
        plain, _ = forward(parameters, CONFIG, table[:0], whole)
    torch.testing.assert_close(shared, plain[:, len(batch.prefix) :], rtol=1e-3, atol=1e-3)


def test_every_weight_gets_a_gradient(
    examples: list[Example], vocabulary: Vocabulary, parameters: dict[str, Tensor]
) -> None:
    weights = {name: stored(name, value).requires_grad_() for name, value in parameters.items()}
    found, loss, _ = gradients(weights, CONFIG, batch_of(examples, vocabulary), num_targets=100, num_batches=1)
    assert loss > 0
    assert {name for name, gradient in found.items() if not gradient.abs().sum() > 0} == set()


def test_mxfp4_is_packed_as_transformers_unpacks_it() -> None:
    generator = torch.Generator().manual_seed(2)
    spread = torch.exp2(torch.randint(-8, 8, (3, 6, 1), generator=generator).float())
    weights = torch.randn((3, 6, 64), generator=generator) * spread
    blocks, scales = quantization.mxfp4_packed(weights)
    unpacked = convert_moe_packed_tensors(blocks, scales, dtype=torch.float32).transpose(1, 2)
    torch.testing.assert_close(unpacked, quantization.mxfp4_values(weights), rtol=0, atol=0)
    assert (unpacked - weights).square().mean() < 0.03 * weights.square().mean()


def test_mxfp4_values_are_fixed_points() -> None:
    weights = torch.randn((4, 96), generator=torch.Generator().manual_seed(3))
    once = quantization.mxfp4_values(weights)
    torch.testing.assert_close(quantization.mxfp4_values(once), once, rtol=0, atol=0)
