"""Examples grouped for training: one developer message, conversations of similar length."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random

import torch
from torch import Tensor

from ossian.harmony.vocabulary import END, MESSAGE
from training.conversations import Example, examples, random_group
from training.copying import tokenizer
from training.mixture import FAMILIES, SHARES, SKILLS
from training.skills.exchange import Split

MAX_TOKENS = 2560
PER_BATCH = 150  # tokens whose time a batch takes, however small it is
IGNORED = -100
MAX_SHORTENED = 32
YES, DECISION, HEADER = 10.0, 6.0, 3.0  # how much tokens count: yes, others that decide, the header after the analysis
DECISIONS = (
    " no", " No", " done", " later", " begin", " end", " first", " last", " upper", " lower", "Upper", "Lower", " null",
    " nothing", "Phrase", " steps", "Only",
)  # fmt: skip
FIXED_ANSWERS = ("conversation", "facts", "anything else")


@dataclass(frozen=True, slots=True)
class Batch:
    """Token ids: prefix [prefix_length]; inputs and targets [batch, length], IGNORED where nothing is to be learned.

    emphasis [batch, length]: how much a target counts.
    """

    prefix: Tensor
    inputs: Tensor
    targets: Tensor
    emphasis: Tensor

    @property
    def num_tokens(self) -> int:
        """The tokens the model is run for."""
        return int(self.inputs.numel()) + len(self.prefix)

    @property
    def num_targets(self) -> int:
        """The tokens to be predicted."""
        return int((self.targets != IGNORED).sum())


def batches(seed: int) -> Iterator[Batch]:
    """Batches without end, always new examples; each source gets its share of the tokens."""
    random = Random(seed)
    sources = (SKILLS, *FAMILIES)
    spent = [0.0] * len(sources)
    while True:
        chosen = min(range(len(sources)), key=lambda index: spent[index] / SHARES[index])
        group = random_group(random, sources[chosen], Split.TRAIN)
        for batch in split_up([shortened(random, example) for example in examples(random, group)]):
            spent[chosen] += batch.num_tokens
            yield batch


def split_up(group: list[Example]) -> Iterator[Batch]:
    """Batches of up to MAX_TOKENS tokens with padding, beside the prefix, that take the fewest tokens together."""
    ordered = sorted(group, key=length)
    cost, begins = [0], [0]  # of the first so many examples: the least tokens, and where their last batch begins
    for end in range(1, len(ordered) + 1):
        longest, fixed = length(ordered[end - 1]), len(ordered[0].prefix) + PER_BATCH
        first = max(0, end - max(1, MAX_TOKENS // longest))
        least, begin = min((cost[at] + fixed + (end - at) * longest, at) for at in range(first, end))
        cost.append(least)
        begins.append(begin)
    end = len(ordered)
    while end:
        yield make_batch(ordered[begins[end] : end])
        end = begins[end]


def shortened(random: Random, example: Example) -> Example:
    """Most answers that are always the same are cut: their end is learned soon, their beginning is the choice."""
    if not example.skill.startswith(FIXED_ANSWERS) or random.random() < 0.4:
        return example
    return replace(example, completion=example.completion[:MAX_SHORTENED])


def length(example: Example) -> int:
    """Tokens the branch is run for: the last one has nothing to predict."""
    return len(example.prompt) + len(example.completion) - 1


def make_batch(group: list[Example]) -> Batch:
    """Pad the examples, which share their prefix."""
    shape = (len(group), max(map(length, group)))
    batch = Batch(
        torch.tensor(group[0].prefix),
        torch.zeros(shape, dtype=torch.long),
        torch.full(shape, IGNORED),
        torch.ones(shape),
    )
    for row, example in enumerate(group):
        tokens = [*example.prompt, *example.completion[:-1]]
        batch.inputs[row, : len(tokens)] = torch.tensor(tokens)
        batch.targets[row, len(example.prompt) - 1 : len(tokens)] = torch.tensor(example.completion)
        batch.emphasis[row, len(example.prompt) - 1 : len(tokens)] = torch.tensor(emphasis(example.completion))
    return batch


def emphasis(completion: Sequence[int]) -> list[float]:
    """How much each token counts: few tokens decide, and all others follow from them."""
    weights, is_header = [], False
    for token in completion:
        weights.append(decisive_tokens().get(token, HEADER if is_header else 1.0))
        is_header = token == END or (is_header and token != MESSAGE)
    return weights


@cache
def decisive_tokens() -> dict[int, float]:
    """Of words that decide how an answer goes on, such as the verdict after a tool's name, how much each counts."""
    weights = {" yes": YES, " Yes": YES, **dict.fromkeys(DECISIONS, DECISION)}
    return {tokenizer().encode(word)[0]: weight for word, weight in weights.items()}
