"""The tokens whose embeddings and output rows are trained one by one; all others are derived from their spelling."""

from collections import Counter
from dataclasses import dataclass
from itertools import chain
from random import Random

import torch
from torch import Tensor

from ossian.catalog.demonstration import embedding_base, output_base
from ossian.catalog.spelling import spelling
from ossian.harmony.vocabulary import VOCAB_SIZE
from training.conversations import examples, random_group
from training.copying import said_tokens, tokenizer
from training.mixture import FAMILIES, SKILLS
from training.skills import instructed
from training.skills.exchange import Split

NUM_GROUPS = 300  # of each source are looked at
MIN_INPUTS = 16  # examples a token must stand in
MIN_OUTPUTS = 8
NOT_TRAINED = -1


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Sorted ids that have a row of their own in the embedding, and in the output layer."""

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def make_vocabulary(seed: int) -> Vocabulary:
    """The frequent tokens of many examples, and every number up to three digits: rare ones are copied words."""
    random = Random(seed)
    inputs: Counter[int] = Counter()
    outputs: Counter[int] = Counter()
    for source in (SKILLS, *FAMILIES):
        for _ in range(NUM_GROUPS):
            group = random_group(random, source, Split.TRAIN)
            for index, example in enumerate(examples(random, group)):
                inputs.update({*example.prompt, *example.completion, *(() if index else example.prefix)})
                outputs.update({*example.completion})
    said = {*number_tokens(), *chain.from_iterable(map(said_tokens, instructed.fixed_texts()))}  # however rare
    return Vocabulary(
        tuple(sorted({*said, *frequent(inputs, MIN_INPUTS)})), tuple(sorted({*said, *frequent(outputs, MIN_OUTPUTS)}))
    )


def frequent(counts: Counter[int], least: int) -> list[int]:
    """The tokens counted so often."""
    return [token for token, count in counts.items() if count >= least]


def number_tokens() -> list[int]:
    """The token of each number 0 … 999, and of those with zeros before them."""
    texts = chain.from_iterable((f"{number:0{width}}" for number in range(10**width)) for width in (1, 2, 3))
    return [tokenizer().encode(text)[0] for text in texts]


@dataclass(frozen=True, slots=True)
class Tables:
    """Everything that turns token ids into rows; each has VOCAB_SIZE rows.

    prefix, case: int64; embedding, output: what is derived, bfloat16 [VOCAB_SIZE, hidden_size]; input_row, output_row:
    the number of the trained row, or NOT_TRAINED.
    """

    prefix: Tensor
    case: Tensor
    embedding: Tensor
    output: Tensor
    input_row: Tensor
    output_row: Tensor


def make_tables(vocabulary: Vocabulary) -> Tables:
    """The tables for a vocabulary; about 250 MB."""
    spelled = spelling(tokenizer())
    return Tables(
        torch.from_numpy(spelled.prefix),
        torch.from_numpy(spelled.case),
        torch.from_numpy(embedding_base(spelled)).bfloat16(),
        torch.from_numpy(output_base(spelled)).bfloat16(),
        row_numbers(vocabulary.inputs),
        row_numbers(vocabulary.outputs),
    )


def row_numbers(ids: tuple[int, ...]) -> Tensor:
    """For every token the place in `ids`, or NOT_TRAINED."""
    rows = torch.full((VOCAB_SIZE,), NOT_TRAINED)
    rows[torch.tensor(ids)] = torch.arange(len(ids))
    return rows


def number_rows(ids: tuple[int, ...], hidden_size: int) -> Tensor:
    """What rows of numbers get beside their spelling, [len(ids), hidden_size]: vectors of their digits and places.

    With that the model need not learn a thousand unrelated symbols.
    """
    index = {token: row for row, token in enumerate(ids)}
    places = torch.randn((3, 11, hidden_size), generator=torch.Generator().manual_seed(1))  # place, digit (10: none)
    rows = torch.zeros(len(ids), hidden_size)
    for token in number_tokens():
        digits = [int(digit) for digit in reversed(tokenizer().decode([token]))]
        digits += [10] * (3 - len(digits))
        rows[index[token]] = 0.5 * places[torch.arange(3), digits].sum(0)
    return rows
