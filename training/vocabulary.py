"""The tokens whose embeddings and output rows are trained one by one; all others are derived from their spelling."""

from collections import Counter
from dataclasses import dataclass
from itertools import chain
from random import Random

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ossian.catalog.demonstration import embedding_base, output_base
from ossian.catalog.spelling import PREFIXES, Case, Spelling, spelling
from ossian.harmony.vocabulary import NUM_ORDINARY_TOKENS, VOCAB_SIZE
from training.conversations import examples, random_group
from training.copying import MARKED, said_tokens, tokenizer
from training.mixture import FAMILIES, SKILLS
from training.skills import instructed
from training.skills.exchange import Effort, Exchange, Split

NUM_GROUPS = 300  # of each source are looked at
MIN_INPUTS = 200  # examples a token must stand in: words that are only copied are rarer
MIN_OUTPUTS = 8  # examples in which it must be said, and not copied
NOT_TRAINED = -1
NUM_SPECIAL = 21  # from the start of text to the end of a call
HEADERS = ("analysis", "commentary", "final", "assistant", " to=functions.", " json", "json")


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
            for exchange in group.family.exchanges:
                outputs.update(said_in(exchange, group.effort))
            for index, example in enumerate(examples(random, group)):
                inputs.update({*example.prompt, *example.completion, *(() if index else example.prefix)})
    always = {  # however rare
        *number_tokens(),
        *chain.from_iterable(map(said_tokens, (*HEADERS, *instructed.fixed_texts()))),
        *range(NUM_ORDINARY_TOKENS, NUM_ORDINARY_TOKENS + NUM_SPECIAL),
    }
    chosen = (frequent(inputs, MIN_INPUTS), frequent(outputs, MIN_OUTPUTS))
    return Vocabulary(*(tuple(sorted({*always, *tokens})) for tokens in chosen))


def said_in(exchange: Exchange, effort: Effort) -> set[int]:
    """The tokens of what the model says, without those it copies."""
    texts = (exchange.analysis[effort], exchange.answer)
    return {token for text in texts for part in MARKED.split(text)[::2] for token in said_tokens(part)}


def frequent(counts: Counter[int], least: int) -> list[int]:
    """The tokens counted so often."""
    return [token for token, count in counts.items() if count >= least]


def number_tokens() -> list[int]:
    """The token of each number 0 … 999, and of those with zeros before them."""
    texts = chain.from_iterable((f"{number:0{width}}" for number in range(10**width)) for width in (1, 2, 3))
    return [tokenizer().encode(text)[0] for text in texts]


@dataclass(frozen=True, slots=True)
class LayerTables:
    """How the rows of the embedding or of the output layer are made.

    derived: what spells each token, bfloat16 [VOCAB_SIZE, hidden_size]; row: the number of each token's trained row, or
    NOT_TRAINED; ids: the token of each trained row; free: where a trained row counts, 0 or 1 [len(ids), hidden_size].
    """

    derived: Tensor
    row: Tensor
    ids: Tensor
    free: Tensor


@dataclass(frozen=True, slots=True)
class Tables:
    """Everything that turns token ids into rows; prefix and case are int64 [VOCAB_SIZE].

    beginning: int64 [VOCAB_SIZE], the token of each word's first piece after the same prefix, or the token itself;
    unseen: the tokens without a trained output row; spelled: bfloat16 [len(unseen), …], what spells each, and 1 at its
    prefix and at its case.
    """

    prefix: Tensor
    case: Tensor
    beginning: Tensor
    inputs: LayerTables
    outputs: LayerTables
    unseen: Tensor
    spelled: Tensor


def make_tables(vocabulary: Vocabulary) -> Tables:
    """The tables for a vocabulary; about 350 MB."""
    spelled = spelling(tokenizer())
    prefix, case = torch.from_numpy(spelled.prefix), torch.from_numpy(spelled.case)
    inputs = layer_tables(spelled, torch.from_numpy(embedding_base(spelled)), vocabulary.inputs)
    outputs = layer_tables(spelled, torch.from_numpy(output_base(spelled)), vocabulary.outputs)
    unseen = (outputs.row == NOT_TRAINED).nonzero().squeeze(1)
    kinds = [one_hot(kind[unseen], num).bfloat16() for kind, num in ((prefix, len(PREFIXES)), (case, len(Case)))]
    return Tables(
        prefix, case, beginnings(spelled), inputs, outputs, unseen, torch.cat((outputs.derived[unseen], *kinds), 1)
    )


def beginnings(spelled: Spelling) -> Tensor:
    """For each token the one that spells the first piece of its word as it does: ` Mate` for ` Mateo`."""
    forms = list(zip(spelled.prefix.tolist(), spelled.case.tolist(), strict=True))
    tokens = {(form, key): token for token, (form, key) in enumerate(zip(forms, spelled.key.tolist(), strict=True))}
    firsts = zip(forms, spelled.pieces[:, 0].tolist(), strict=True)
    return torch.tensor([tokens.get(first, token) for token, first in enumerate(firsts)])


def layer_tables(spelled: Spelling, derived: Tensor, ids: tuple[int, ...]) -> LayerTables:
    """The tables of one layer."""
    return LayerTables(derived.bfloat16(), row_numbers(ids), torch.tensor(ids), free(spelled, derived, ids).bfloat16())


def free(spelled: Spelling, derived: Tensor, ids: tuple[int, ...]) -> Tensor:
    """1 where a token's trained row counts, 0 where a word is spelled: it stays recognisable for what copies it."""
    chosen = torch.tensor(ids)
    is_word = torch.from_numpy(spelled.case)[chosen]
    is_word = (is_word == Case.LOWER) | (is_word == Case.CAPITAL) | (is_word == Case.UPPER)
    spells = derived.abs().amax(0) > 0
    return (~(is_word.unsqueeze(1) & spells)).float()


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
