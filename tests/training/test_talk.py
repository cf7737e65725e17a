from collections.abc import Callable
from random import Random

import pytest

from training.skills import talk
from training.skills.exchange import Effort, Exchange, Split
from training.skills.wordings import is_held_out_wording, spoken

Skill = Callable[[Random, Split], Exchange]
ANSWERS: dict[Skill, str] = {
    talk.greeting: talk.HELLO,
    talk.identity: talk.WHO,
    talk.abilities: talk.CAN,
    talk.thanks: talk.WELCOME,
    talk.goodbye: talk.GOODBYE,
}
ABILITIES = (
    "calculate",
    "compare",
    "capitals",
    "explanations",
    "style and language",
    "call tools",
    "JSON schemas",
    "name",
)


def drawn(skill: Skill, split: Split, num: int = 1500) -> list[Exchange]:
    random = Random(7)
    return [skill(random, split) for _ in range(num)]


def test_every_skill_has_a_weight_and_an_answer() -> None:
    assert set(talk.SKILLS) == set(ANSWERS)
    assert min(talk.SKILLS.values()) > 0


@pytest.mark.parametrize("split", list(Split))
@pytest.mark.parametrize("skill", list(ANSWERS))
def test_a_skill_has_one_answer(skill: Skill, split: Split) -> None:
    for exchange in drawn(skill, split, 200):
        assert exchange.answer == ANSWERS[skill]
        assert exchange.skill.startswith("conversation: ")
        assert not exchange.earlier
        assert exchange.recipient is None


@pytest.mark.parametrize("skill", list(ANSWERS))
def test_held_out_wordings_are_kept_apart(skill: Skill) -> None:
    train, held_out = ({exchange.question for exchange in drawn(skill, split)} for split in Split)
    said = [{tuple(spoken(question)) for question in seen} for seen in (train, held_out)]
    assert not said[0] & said[1]
    assert all(is_held_out_wording(question) for question in held_out)
    assert len(held_out) >= 25
    assert len(train) >= 150


@pytest.mark.parametrize("split", list(Split))
@pytest.mark.parametrize("skill", list(ANSWERS))
def test_a_seed_gives_the_same_exchanges(skill: Skill, split: Split) -> None:
    assert drawn(skill, split, 50) == drawn(skill, split, 50)


@pytest.mark.parametrize("skill", list(ANSWERS))
def test_more_effort_is_more_analysis(skill: Skill) -> None:
    analysis = skill(Random(1), Split.TRAIN).analysis
    assert 2 * len(analysis[Effort.LOW]) < len(analysis[Effort.MEDIUM])
    assert 1.3 * len(analysis[Effort.MEDIUM]) < len(analysis[Effort.HIGH])


def test_no_wording_belongs_to_two_skills() -> None:
    questions = [{exchange.question.lower() for exchange in drawn(skill, Split.TRAIN)} for skill in ANSWERS]
    assert sum(map(len, questions)) == len(set.union(*questions))


@pytest.mark.parametrize("ability", ABILITIES)
def test_the_abilities_are_all_named(ability: str) -> None:
    assert ability in talk.CAN


@pytest.mark.parametrize(
    "skill, question",
    [
        (talk.greeting, "Hello"), (talk.greeting, "Hi!"), (talk.identity, "Who are you?"),
        (talk.abilities, "What can you do?"),
        (talk.thanks, "Thank you!"), (talk.goodbye, "Goodbye!"),
    ],
)  # fmt: skip
def test_the_usual_wordings_are_trained(skill: Skill, question: str) -> None:
    assert question in {exchange.question for exchange in drawn(skill, Split.TRAIN, 4000)}
