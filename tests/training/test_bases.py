import re
from random import Random

import pytest

from training.skills.bases import KINDS, base
from training.skills.capitals import KNOWN
from training.skills.exchange import Split
from training.skills.languages import LANGUAGES

SPLITS = pytest.mark.parametrize("split", list(Split))


@SPLITS
@pytest.mark.parametrize("kind", list(KINDS))
def test_each_kind_can_be_drawn(kind: str, split: Split) -> None:
    found = base(Random(1), {kind: 1.0}, split)
    assert found.kind == kind
    assert found.exchange.question
    assert not found.exchange.earlier


@SPLITS
def test_products_have_a_factor_below_ten(split: Split) -> None:
    random, products = Random(2), 0
    for _ in range(300):
        answer = base(random, {"sum": 1.0}, split).exchange.answer
        if match := re.fullmatch(r"(\d+) × (\d+) = \d+\.", answer):
            products += 1
            assert min(map(int, match.groups())) < 10
    assert products > 20


@SPLITS
def test_a_capital_is_always_one_that_every_language_knows(split: Split) -> None:
    random = Random(3)
    for _ in range(300):
        match = re.fullmatch(r"The capital of (.+) is (.+)\.", base(random, {"capital": 1.0}, split).exchange.answer)
        assert match
        assert KNOWN[match[1]] == match[2]
        assert all(match[1] in language.places for language in LANGUAGES)


def test_weights_are_followed() -> None:
    random = Random(4)
    kinds = [base(random, {"greeting": 3.0, "thanks": 1.0}, Split.TRAIN).kind for _ in range(400)]
    assert 250 < kinds.count("greeting") < 350
