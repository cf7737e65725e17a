import re
from random import Random

import pytest

from training.skills import anything_else, capitals, explanations, near_misses
from training.skills.anything_else import ELSE
from training.skills.exchange import Exchange, Split
from training.skills.near_misses import CONCEPTS, OF_EUROPE, PROPERTIES, SORTS, THEMES
from training.skills.words import is_held_out


def exchanges(split: Split, num_exchanges: int = 4000) -> list[Exchange]:
    random = Random(1)
    return [near_misses.near_miss(random, split) for _ in range(num_exchanges)]


def spoken(exchange: Exchange) -> str:
    return " ".join(re.findall(r"[\w']+", exchange.question.lower()))


def test_a_seed_says_everything() -> None:
    assert exchanges(Split.TRAIN, 50) == exchanges(Split.TRAIN, 50)


def test_training_never_draws_what_is_held_out() -> None:
    train, held_out = ({spoken(exchange) for exchange in exchanges(split)} for split in Split)
    assert min(len(train), len(held_out)) > 500
    assert not train & held_out


@pytest.mark.parametrize("items", [THEMES, SORTS, OF_EUROPE, PROPERTIES, CONCEPTS], ids=lambda items: items[0])
def test_every_list_has_items_of_both_splits(items: tuple[str, ...]) -> None:
    assert len(set(items)) == len(items)
    assert {is_held_out(item) for item in items} == {True, False}


@pytest.mark.parametrize("split", list(Split))
def test_the_answer_is_that_of_anything_else(split: Split) -> None:
    assert {exchange.answer for exchange in exchanges(split)} == {ELSE}


def test_nothing_is_asked_that_another_skill_answers_differently() -> None:
    missed = {spoken(exchange) for split in Split for exchange in exchanges(split)}
    random = Random(2)
    for skill in (*capitals.SKILLS, *explanations.SKILLS, *anything_else.SKILLS):
        for _ in range(1000):
            exchange = skill(random, random.choice(list(Split)))
            assert exchange.answer == ELSE or exchange.earlier or spoken(exchange) not in missed


def test_a_topic_that_is_known_is_no_near_miss() -> None:
    known = {name.lower() for topic in explanations.TOPICS.values() for name in (*topic.names, *topic.plurals)}
    assert not known & {concept.lower() for concept in CONCEPTS}
    assert "cloud computing" not in THEMES
    assert "haiku" not in SORTS
    assert "capital" not in PROPERTIES
