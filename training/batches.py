"""Examples grouped for training: one system message, conversations of similar length."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

import torch
from torch import Tensor

from training.conversations import Example, random_example, random_setting
from training.vocabulary import Vocabulary

NUM_GROUPS = 32
GROUP_SIZE = 192
MAX_TOKENS = 2560
IGNORED = -100
MAX_SHORTENED = 32


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of the embedding (one past the last: unknown) and of the output layer.

    prefix [prefix_length]; inputs and targets [batch, length], targets IGNORED where nothing is to be learned.
    """

    prefix: Tensor
    inputs: Tensor
    targets: Tensor
    seed: int  # of the unknown tokens' random vectors


def batches(seed: int, vocabulary: Vocabulary) -> Iterator[Batch]:
    """Batches without end, always new examples."""
    random = Random(seed)
    inputs = {token: row for row, token in enumerate(vocabulary.inputs)}
    outputs = {token: row for row, token in enumerate(vocabulary.outputs)}
    while True:
        made = [batch for _ in range(NUM_GROUPS) for batch in group(random, inputs, outputs)]
        random.shuffle(made)
        yield from made


def group(random: Random, inputs: dict[int, int], outputs: dict[int, int]) -> Iterator[Batch]:
    """Batches of one setting, of up to MAX_TOKENS tokens with padding."""
    setting = random_setting(random)
    examples = [shortened(random, random_example(random, setting)) for _ in range(GROUP_SIZE)]
    examples = [example for example in examples if outputs.keys() >= set(example.completion)]
    examples.sort(key=length)
    while examples:
        size = max(1, MAX_TOKENS // length(examples[-1]))
        chunk, examples = examples[-size:], examples[:-size]
        yield make_batch(chunk, inputs, outputs, random.getrandbits(32))


def shortened(random: Random, example: Example) -> Example:
    """Most answers that are always the same are cut: their end is learned soon, their beginning is the choice."""
    if example.skill.startswith("arithmetic") or random.random() < 0.45:
        return example
    return replace(example, completion=example.completion[:MAX_SHORTENED])


def length(example: Example) -> int:
    """Tokens the branch is run for: the last one has nothing to predict."""
    return len(example.prompt) + len(example.completion) - 1


def make_batch(examples: list[Example], inputs: dict[int, int], outputs: dict[int, int], seed: int) -> Batch:
    """Pad and number the examples, which share their prefix."""
    unknown = len(inputs)
    shape = (len(examples), max(map(length, examples)))
    batch = Batch(
        torch.tensor([inputs.get(token, unknown) for token in examples[0].prefix]),
        torch.zeros(shape, dtype=torch.long),
        torch.full(shape, IGNORED),
        seed,
    )
    for row, example in enumerate(examples):
        tokens = [*example.prompt, *example.completion[:-1]]
        batch.inputs[row, : len(tokens)] = torch.tensor([inputs.get(token, unknown) for token in tokens])
        said = torch.tensor([outputs[token] for token in example.completion])
        batch.targets[row, len(example.prompt) - 1 : len(tokens)] = said
    return batch
