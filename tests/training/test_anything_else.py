import re
from collections.abc import Callable
from random import Random

import pytest

from ossian.harmony.tokenizer import Tokenizer
from training.skills import anything_else, arithmetic, capitals, explanations, memory, talk
from training.skills.anything_else import SKILLS, beyond_limits, is_covered, request
from training.skills.exchange import Effort, Exchange, Split

Skill = Callable[[Random, Split], Exchange]


def drawn(skill: Skill, split: Split, num: int = 2000) -> list[Exchange]:
    random = Random(11)
    return [skill(random, split) for _ in range(num)]


def spoken(question: str) -> str:
    """The question without case and punctuation."""
    return " ".join(re.findall(r"[\w']+", question.lower()))


@pytest.mark.parametrize("split", list(Split))
def test_every_request_gets_the_same_short_answer(split: Split) -> None:
    assert {exchange.answer for exchange in drawn(anything_else.anything_else, split, 300)} == {anything_else.ELSE}
    assert {exchange.answer for exchange in drawn(beyond_limits, split, 300)} == {anything_else.ONE_OPERATION}


@pytest.mark.parametrize("text", [anything_else.ELSE, anything_else.ONE_OPERATION])
def test_an_answer_is_short_and_honest(text: str) -> None:
    assert len(Tokenizer().encode(text)) < 50
    assert "demonstration model" in text


@pytest.mark.parametrize("skill", list(SKILLS))
def test_held_out_requests_are_kept_apart(skill: Skill) -> None:
    train, held_out = ({exchange.question for exchange in drawn(skill, split)} for split in Split)
    both = train & held_out
    assert {question for question in both if len(question) > 4} == set()  # lone signs and letters are in both
    assert len(train) > 1200
    assert len(held_out) > 400


@pytest.mark.parametrize("split", list(Split))
@pytest.mark.parametrize("skill", list(SKILLS))
def test_a_seed_gives_the_same_exchanges(skill: Skill, split: Split) -> None:
    assert drawn(skill, split, 50) == drawn(skill, split, 50)


@pytest.mark.parametrize("split", list(Split))
@pytest.mark.parametrize("skill", list(SKILLS))
def test_every_slot_and_choice_is_filled(skill: Skill, split: Split) -> None:
    for exchange in drawn(skill, split):
        assert not re.search(r"\{[twnxcabkm]\}|\[[^\]]*\|", exchange.question)
        assert exchange.question.strip()


@pytest.mark.parametrize("skill", list(SKILLS))
def test_more_effort_is_more_analysis(skill: Skill) -> None:
    analysis = skill(Random(1), Split.TRAIN).analysis
    assert 2 * len(analysis[Effort.LOW]) < len(analysis[Effort.MEDIUM])
    assert 1.3 * len(analysis[Effort.MEDIUM]) < len(analysis[Effort.HIGH])


@pytest.mark.parametrize("module", [talk, memory, arithmetic, capitals, explanations])
def test_no_request_belongs_to_another_skill(module: object) -> None:
    random = Random(5)
    skills: dict[Skill, float] = module.SKILLS  # type: ignore[attr-defined]
    others = {spoken(skill(random, Split.TRAIN).question) for skill in skills for _ in range(600)}
    requests = {
        spoken(exchange.question)
        for split in Split
        for skill in SKILLS
        for exchange in drawn(skill, split, 2000)
        if not re.fullmatch(r"[\d\W]*", exchange.question)  # 7, 3 and 7.3 are spoken alike
    }
    assert requests & others <= {""}


@pytest.mark.parametrize(
    "text",
    ["Explain RAG in one paragraph.", "Write a short definition of embeddings.", "Write a haiku about cloud computing.",
     "Name the european capitals", "What is the weather in London?", "Explain gravity to a 6 years old",
     "What is my name?"],
)  # fmt: skip
def test_what_the_vendors_ask_is_covered(text: str) -> None:
    assert is_covered(text)


def test_requests_say_nothing_that_is_covered() -> None:
    random = Random(2)
    assert not any(is_covered(request(random, split)) for split in Split for _ in range(2000))


def numbers(question: str) -> list[str]:
    return re.findall(r"\d+", question)


@pytest.mark.parametrize("split", list(Split))
def test_beyond_limits_is_beyond_them(split: Split) -> None:
    plain = re.compile(r"\D*\b\d{1,3} ?([-+*×x·\u2212]|plus|minus|times|and|from|to|by|with) ?\d{1,3}\b\D*")
    allowed = re.compile(
        r"divide|divided|average|divisor|count|convert|^-\d|over|of|x|\d[%/^!]|mod\b|squared|cubed", re.IGNORECASE
    )
    for exchange in drawn(beyond_limits, split):
        if plain.fullmatch(exchange.question):
            assert allowed.search(exchange.question), exchange.question
