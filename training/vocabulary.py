"""The tokens that training touches. All others keep their derived embedding and share one row of the output layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from torch import Tensor

from ossian.catalog.demonstration import derived_embeddings
from ossian.harmony.tokenizer import Tokenizer
from training.conversations import UNKNOWN_ID, random_example, random_setting

NUM_EXAMPLES = 30_000


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Sorted ids that are read, and sorted ids that are said."""

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def make_vocabulary(seed: int) -> Vocabulary:
    """Collect the tokens of many examples, and every number up to three digits."""
    random = Random(seed)
    inputs = set(number_tokens())
    outputs: set[int] = set()
    for _ in range(NUM_EXAMPLES):
        example = random_example(random, random_setting(random))
        inputs.update(example.prefix, example.prompt, example.completion)
        outputs.update(example.completion)
    return Vocabulary(tuple(sorted(inputs - {UNKNOWN_ID})), tuple(sorted(outputs)))


def number_tokens() -> list[int]:
    """The token of each number 0 … 999."""
    tokenizer = Tokenizer()
    return [tokenizer.encode(str(number))[0] for number in range(1000)]


def initial_embeddings(vocabulary: Vocabulary, hidden_size: int) -> Tensor:
    """The derived rows; those of the numbers 0 … 999 are made of the vectors of their digits instead.

    With that the model need not learn a thousand unrelated symbols.
    """
    rows = derived_rows(vocabulary.inputs, hidden_size)
    index = {token: row for row, token in enumerate(vocabulary.inputs)}
    generator = torch.Generator().manual_seed(1)
    places = torch.randn((3, 11, hidden_size), generator=generator)  # place, digit (10: none)
    for number, token in enumerate(number_tokens()):
        digits = [int(digit) for digit in reversed(str(number))]
        digits += [10] * (3 - len(digits))
        row = index[token]
        rows[row] = 0.3 * rows[row] + 0.55 * places[torch.arange(3), digits].sum(0)
    return rows


def derived_rows(tokens: Sequence[int], hidden_size: int) -> Tensor:
    """The derived embeddings of some tokens, float32 [len(tokens), hidden_size]."""
    bits = derived_embeddings(hidden_size)[np.array(tokens, np.int64)].astype(np.uint32) << 16
    return torch.from_numpy(bits.view(np.float32).copy())
