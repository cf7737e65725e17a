"""The training code against transformers: the same weights, exported and expanded, give the same logits."""

import json
import multiprocessing
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

from ossian.catalog.demonstration import expand, float32
from ossian.engine.embedded.shard import Shard
from tests.parity.hugging_face import HuggingFaceModel
from training import export, quantization
from training.batches import IGNORED, Batch, make_batch
from training.conversations import Example, examples, random_group
from training.loss import NUM_LIKELIEST, CrossEntropy, chosen_rows, embedded, gradients, mistakable
from training.mixture import FAMILIES, SKILLS
from training.model import Group, SinkSoftmax, forward
from training.nano_config import NanoConfig
from training.skills.exchange import Split
from training.state import added_layers, initial_parameters
from training.train import parsed, schedule, stored
from training.vocabulary import Tables, Vocabulary, make_tables, number_tokens
from training.workers import WorkerEndedError, Workers

pytestmark = pytest.mark.parity

CONFIG = NanoConfig(num_hidden_layers=2, intermediate_size=32, num_attention_heads=4)
NUM_TRAINED = 1500


@pytest.fixture(scope="module", params=(SKILLS, *FAMILIES), ids=("plain", "instructions", "tools", "structured"))
def group(request: pytest.FixtureRequest) -> list[Example]:
    """A few conversations under one developer message."""
    random = Random(3)
    return list(examples(random, random_group(random, request.param, Split.TRAIN)))[:4]


@pytest.fixture(scope="module")
def vocabulary(group: list[Example]) -> Vocabulary:
    """Some of the tokens have rows of their own, others do not."""
    tokens = sorted({token for example in group for token in (*example.prefix, *example.prompt, *example.completion)})
    return Vocabulary(tuple(sorted({*number_tokens(), *tokens[::2]})), tuple(sorted({*number_tokens(), *tokens[::3]})))


@pytest.fixture(scope="module")
def tables(vocabulary: Vocabulary) -> Tables:
    return make_tables(vocabulary)


@pytest.fixture(scope="module")
def parameters(vocabulary: Vocabulary) -> dict[str, Tensor]:
    """Random weights, of a size at which attention and routing are decided."""
    torch.manual_seed(1)
    made = initial_parameters(CONFIG, vocabulary)
    return {name: value + 0.3 * torch.randn_like(value) for name, value in made.items()}


def tokens_of(batch: Batch) -> Tensor:
    """The ids of the prefix and of every branch, as the model is run for them."""
    return torch.cat((batch.prefix, batch.inputs.flatten()))


def group_of(batch: Batch) -> Group:
    return Group(len(batch.prefix), *batch.inputs.shape)


def test_exported_weights_give_transformers_the_same_hidden_states(
    group: list[Example], vocabulary: Vocabulary, tables: Tables, parameters: dict[str, Tensor], tmp_path: Path
) -> None:
    saved: dict[str, Any] = {"averages": parameters, "inputs": vocabulary.inputs, "outputs": vocabulary.outputs}
    export.export(saved, tmp_path / "compact", CONFIG)
    checkpoint = expand(tmp_path / "cache", tmp_path / "compact")
    shard = Shard(checkpoint / "model.safetensors")
    tensors = {name: shard.view(name).copy() for name in shard.entries}
    model = HuggingFaceModel(json.loads((checkpoint / "config.json").read_bytes()), tensors, torch.float32)
    weights = {name: stored(name, value).float() for name, value in parameters.items()}
    rows = torch.from_numpy(float32(tensors["model.embed_tokens.weight"]))
    output_rows = torch.from_numpy(float32(tensors["lm_head.weight"]))[list(vocabulary.outputs)]
    ours = chosen_rows(weights, "lm_head", tables.outputs.ids, tables, tables.outputs)
    torch.testing.assert_close(ours, output_rows, rtol=0.01, atol=0.02)
    for example in group[:2]:
        batch = make_batch([example])
        for ids in (batch.prefix, batch.inputs):  # training rounds a derived row once more on its way
            torch.testing.assert_close(embedded(weights, tables, ids), rows[ids], rtol=0.01, atol=0.05)
        with torch.inference_mode():
            found, _ = forward(weights, CONFIG, rows[tokens_of(batch)], [group_of(batch)])
            ours = functional.linear(found[len(batch.prefix) :], output_rows)
        tokens = [*example.prefix, *example.prompt, *example.completion[:-1]]
        theirs = model.forward(np.array(tokens))[len(example.prefix) :, list(vocabulary.outputs)]
        torch.testing.assert_close(ours, torch.from_numpy(theirs), rtol=2e-3, atol=2e-3)


def test_conversations_and_groups_of_a_step_do_not_see_each_other(
    group: list[Example], tables: Tables, parameters: dict[str, Tensor]
) -> None:
    batches = [make_batch(group), make_batch(group[:2])]
    filling = torch.zeros(5, dtype=torch.long)
    with torch.inference_mode():
        ids = torch.cat([*map(tokens_of, batches), filling])
        hidden, _ = forward(parameters, CONFIG, embedded(parameters, tables, ids), [*map(group_of, batches)])
        for batch, found in zip(batches, hidden.split([*(map(len, map(tokens_of, batches))), 5]), strict=False):
            branches = found[len(batch.prefix) :].unflatten(0, batch.inputs.shape)
            for example, branch in zip(group, branches, strict=False):
                alone = make_batch([example])
                tokens = embedded(parameters, tables, tokens_of(alone))
                expected, _ = forward(parameters, CONFIG, tokens, [group_of(alone)])
                learned = alone.targets[0] != IGNORED
                ours, theirs = branch[: len(learned)][learned], expected[len(alone.prefix) :][learned]
                torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


def test_a_shared_developer_message_changes_nothing(
    group: list[Example], tables: Tables, parameters: dict[str, Tensor]
) -> None:
    batch = make_batch(group[:1])
    tokens = embedded(parameters, tables, tokens_of(batch))
    with torch.inference_mode():
        shared, _ = forward(parameters, CONFIG, tokens, [group_of(batch)])
        plain, _ = forward(parameters, CONFIG, tokens, [Group(0, 1, len(tokens))])
    torch.testing.assert_close(shared, plain, rtol=1e-3, atol=1e-3)


def test_every_weight_gets_a_gradient(group: list[Example], tables: Tables, parameters: dict[str, Tensor]) -> None:
    weights = {name: stored(name, value).requires_grad_() for name, value in parameters.items()}
    found, loss, _ = gradients(weights, tables, CONFIG, [make_batch(group)])
    assert loss > 0
    assert {name for name, gradient in found.items() if not gradient.abs().sum() > 0} == set()


def test_added_layers_change_nothing_at_first(
    group: list[Example], vocabulary: Vocabulary, tables: Tables, parameters: dict[str, Tensor]
) -> None:
    batch, deeper = make_batch(group[:2]), NanoConfig(num_hidden_layers=4, intermediate_size=32, num_attention_heads=4)
    tokens = embedded(parameters, tables, tokens_of(batch))
    grown = parameters | added_layers(parameters, deeper, vocabulary)
    assert len(grown) > len(parameters)
    with torch.inference_mode():
        before, _ = forward(parameters, CONFIG, tokens, [group_of(batch)])
        after, _ = forward(grown, deeper, tokens, [group_of(batch)])
    torch.testing.assert_close(after, before, rtol=0, atol=0)


def test_the_mistakable_tokens_are_the_likeliest_without_a_row(
    vocabulary: Vocabulary, tables: Tables, parameters: dict[str, Tensor]
) -> None:
    torch.manual_seed(4)
    hidden, copied = torch.randn(3, CONFIG.hidden_size), tables.unseen[:1]
    targets = torch.cat((copied, torch.tensor(vocabulary.outputs[:2])))
    everyone = torch.arange(len(tables.outputs.row))
    rows = chosen_rows(parameters, "lm_head", everyone, tables, tables.outputs)
    logits = functional.linear(hidden[:1], rows)[0]
    logits[list(vocabulary.outputs)] = -torch.inf
    weights = {name: value.bfloat16() for name, value in parameters.items()}
    found = mistakable(weights, tables, hidden.bfloat16(), targets)
    assert len(found) == NUM_LIKELIEST
    least = logits.topk(NUM_LIKELIEST).values[-1]
    assert (logits[found] > least - 0.02 * least.abs()).all()


def test_the_gradient_of_the_softmax_with_a_sink_is_that_of_the_plain_formula() -> None:
    scores = torch.randn(2, 3, 5, 7, dtype=torch.float64, requires_grad=True)
    sinks = torch.randn(3, 1, 1, dtype=torch.float64, requires_grad=True)
    mask = torch.ones(5, 7, dtype=torch.bool).tril(2)
    bias = torch.zeros(5, 7).masked_fill(~mask, -torch.inf)
    weights = SinkSoftmax.apply(scores, sinks, bias, 0.5)
    scaled = torch.where(mask, scores * 0.5, -torch.inf)
    plain = torch.cat((scaled, sinks.expand(2, 3, 5, 1)), -1).softmax(-1)[..., :-1]
    torch.testing.assert_close(weights, plain, rtol=1e-5, atol=1e-6)
    direction = torch.randn_like(plain)
    found, expected = (torch.autograd.grad(value, (scores, sinks), direction) for value in (weights, plain))
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


def test_the_gradient_of_the_cross_entropy_is_torchs() -> None:
    logits = torch.randn(6, 9, requires_grad=True)
    counts, targets, emphasis = torch.rand(9), torch.randint(9, (6,)), torch.tensor([1.0, 6, 1, 3, 1, 1])
    ours, is_right = CrossEntropy.apply(logits, counts, targets, emphasis)
    assert is_right.tolist() == ((logits + counts).argmax(-1) == targets).tolist()
    theirs = (functional.cross_entropy(logits + counts, targets, reduction="none") * emphasis).sum()
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(*(torch.autograd.grad(2 * loss, logits)[0] for loss in (ours, theirs)))


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


def test_exported_weights_are_read_back(
    vocabulary: Vocabulary, tables: Tables, parameters: dict[str, Tensor], tmp_path: Path
) -> None:
    saved: dict[str, Any] = {"averages": parameters, "inputs": vocabulary.inputs, "outputs": vocabulary.outputs}
    export.export(saved, tmp_path, CONFIG)
    read = export.imported(tmp_path, CONFIG)
    assert (read["inputs"], read["outputs"]) == (vocabulary.inputs, vocabulary.outputs)
    assert list(read["parameters"]) == list(parameters)
    for name, value in read["parameters"].items():
        expected = stored(name, parameters[name]).float()
        if name.endswith(".rows"):  # their sum with what spells the token was rounded
            free = (tables.inputs if name.startswith("embed") else tables.outputs).free
            torch.testing.assert_close(value * free, expected * free, rtol=0.01, atol=0.05)
        else:
            torch.testing.assert_close(value, expected, rtol=0, atol=0)


@pytest.mark.timeout(300)  # three processes load torch
def test_a_worker_that_ends_ends_the_training() -> None:
    vocabulary = Vocabulary(tuple(number_tokens()), tuple(number_tokens()))
    weights = {name: value.bfloat16() for name, value in initial_parameters(CONFIG, vocabulary).items()}
    before = set(multiprocessing.active_children())
    workers = Workers(weights, CONFIG, vocabulary, [1, 2])
    killed, other = set(multiprocessing.active_children()) - before
    killed.kill()
    killed.join()
    try:
        with pytest.raises(WorkerEndedError, match="out of memory"):
            workers.step(weights, 100)
    finally:
        other.kill()
        other.join()


@pytest.mark.parametrize(
    "words, reason",
    [
        (["--steps", "100", "--decay-from", "100"], "--decay-from 100 is not before the end, step 100"),
        (["--steps", "0"], "'0' is not a positive number"),
    ],
)
def test_what_the_learning_rate_cannot_follow_is_refused(
    words: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parsed(words)
    assert reason in capsys.readouterr().err


def test_the_learning_rate_falls_in_the_last_quarter_of_the_steps_or_of_the_time() -> None:
    assert (parsed([]).steps, parsed([]).decay_from) == (10_000, 7500)
    assert (parsed(["--steps", "400"]).steps, parsed(["--steps", "400"]).decay_from) == (400, 300)
    assert parsed(["--minutes", "60"]).steps > 10**9
    assert [schedule(step, 300, 400) for step in (0, 100, 300, 350, 399)] == [1 / 60, 1.0, 1.0, 0.5, 0.01]
