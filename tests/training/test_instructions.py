import re
from random import Random

import pytest

from training.instructions import PERSONAS, TEMPLATES, filled, irrelevant_instruction
from training.skills.exchange import Split

STYLE = re.compile(
    r"upper.?case|lower.?case|capital letters|british|pirate|one word|in (french|german|spanish|english)|"
    r"\bend (every|each|your)|JSON",
    re.IGNORECASE,
)


@pytest.mark.parametrize("text", [*PERSONAS, *TEMPLATES])
def test_nothing_here_asks_for_another_answer(text: str) -> None:
    assert not STYLE.search(text)


@pytest.mark.parametrize("split", list(Split))
def test_the_same_seed_draws_the_same_texts(split: Split) -> None:
    first, second = ([irrelevant_instruction(random, split) for _ in range(200)] for random in (Random(3), Random(3)))
    assert first == second
    assert len(set(first)) > 80


@pytest.mark.parametrize("split", list(Split))
def test_slots_are_filled(split: Split) -> None:
    random = Random(4)
    for _ in range(500):
        text = filled(random, split)
        assert "{" not in text
        assert text[0] == text[0].upper()


def test_filled_texts_are_of_one_split() -> None:
    train, held_out = ({filled(Random(seed), split) for seed in range(1500)} for split in (Split.TRAIN, Split.HELD_OUT))
    assert not train & held_out
