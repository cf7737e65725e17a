import re
from collections.abc import Callable
from functools import partial
from random import Random

import pytest

from training.copying import said_tokens
from training.skills import capitals, explanations, talk
from training.skills.exchange import Effort, Exchange, Split
from training.skills.explanations import EXPLANATIONS, HAIKU, NO_WEATHER, TOPICS, TRAINED
from training.skills.places import CITIES
from training.skills.words import is_held_out

Skill = Callable[[Random, Split], Exchange]
SKILLS: dict[str, Skill] = {
    **{topic: partial(explanations.explanation, topic) for topic in TOPICS},
    "haiku": explanations.haiku,
    "weather": explanations.weather,
}
SYLLABLES = {
    "servers": 2, "far": 1, "away": 2, "carry": 2, "my": 1, "files": 1, "through": 1, "the": 1, "sky": 1, "no": 1,
    "rain": 1, "only": 2, "light": 1,
}  # fmt: skip
BRITISH = ("colour", "organis", "vapour", "centre", "towards")
VENDORS = {
    "gravity": ("explain gravity to a 6 years old", "explain gravity for a 6 years old"),
    "machine learning": ("explain the concept of machine learning in simple terms",),
    "RAG": ("explain rag in one paragraph",),
    "embeddings": ("write a short definition of embeddings",),
    "haiku": ("write a haiku about cloud computing",),
}
all_skills = pytest.mark.parametrize("name", list(SKILLS))
splits = pytest.mark.parametrize("split", list(Split))


def exchanges(name: str, split: Split, num_exchanges: int = 2000) -> list[Exchange]:
    random = Random(1)
    return [SKILLS[name](random, split) for _ in range(num_exchanges)]


def spoken(text: str) -> str:
    return " ".join(re.findall(r"[\w']+", text.lower()))


def test_these_are_all_skills() -> None:
    assert len(explanations.SKILLS) == len(SKILLS)
    assert all(weight > 0 for weight in explanations.SKILLS.values())


@all_skills
@splits
def test_a_seed_says_everything(name: str, split: Split) -> None:
    assert exchanges(name, split, 50) == exchanges(name, split, 50)


@all_skills
def test_training_never_draws_what_is_held_out(name: str) -> None:
    train, held_out = ({spoken(exchange.question) for exchange in exchanges(name, split)} for split in Split)
    assert min(len(train), len(held_out)) > 50
    assert not train & held_out


@all_skills
@splits
def test_effort_changes_the_length(name: str, split: Split) -> None:
    exchange, *_ = exchanges(name, split, 1)
    low, medium, high = (len(said_tokens(exchange.analysis[effort])) for effort in Effort)
    assert 1.5 * low <= medium
    assert 1.5 * medium <= high


def test_no_question_has_two_answers() -> None:
    answers: dict[str, str] = {}
    random = Random(2)
    for skill in (*SKILLS.values(), *capitals.SKILLS, *talk.SKILLS):
        for _ in range(2000):
            exchange = skill(random, random.choice(list(Split)))
            if not exchange.earlier:
                assert answers.setdefault(spoken(exchange.question), exchange.answer) == exchange.answer


@pytest.mark.parametrize("topic", list(TOPICS))
def test_an_explanation_is_short_and_american(topic: str) -> None:
    answer = EXPLANATIONS[topic]
    assert 40 <= len(said_tokens(answer)) <= 70
    assert answer.endswith(".")
    assert "\n" not in answer
    assert not any(word in answer for word in BRITISH)
    assert all(exchange.answer == answer for exchange in exchanges(topic, Split.TRAIN, 20))


@pytest.mark.parametrize("topic", list(TOPICS))
@splits
def test_a_question_names_its_topic_or_is_its_own(topic: str, split: Split) -> None:
    names = [spoken(name) for name in (*TOPICS[topic].names, *TOPICS[topic].plurals)]
    shares = [any(name in spoken(e.question) for name in names) for e in exchanges(topic, split, 500)]
    assert sum(shares) > 0.5 * len(shares)
    assert "{" not in " ".join(exchange.question for exchange in exchanges(topic, split, 500))


def test_embeddings_show_british_spelling() -> None:
    assert "organized" in EXPLANATIONS["embeddings"]
    assert "color" in EXPLANATIONS["embeddings"]


def test_the_haiku_has_seventeen_syllables() -> None:
    lines = [re.findall(r"\w+", line.lower()) for line in HAIKU.splitlines()]
    assert [sum(SYLLABLES[word] for word in line) for line in lines] == [5, 7, 5]


@pytest.mark.parametrize("name", list(VENDORS))
def test_the_vendors_prompts_are_trained(name: str) -> None:
    trained = {spoken(exchange.question) for exchange in exchanges(name, Split.TRAIN, 30000)}
    assert trained >= set(VENDORS[name])
    assert not {spoken(e.question) for e in exchanges(name, Split.HELD_OUT)} & set(VENDORS[name])


def test_what_must_be_trained_is_what_vendors_ask() -> None:
    assert {prompt for prompts in VENDORS.values() for prompt in prompts} <= set(TRAINED)


@splits
def test_the_weather_is_not_known(split: Split) -> None:
    for exchange in exchanges("weather", split):
        assert (exchange.skill, exchange.answer) == ("anything else: weather", NO_WEATHER)
        assert exchange.recipient is None


def test_no_held_out_city_is_in_a_trained_question() -> None:
    texts = " ".join(exchange.question for exchange in exchanges("weather", Split.TRAIN))
    for city in CITIES:
        assert not is_held_out(city) or not re.search(rf"\b{re.escape(city)}\b", texts)
