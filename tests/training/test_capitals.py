import re
from collections.abc import Callable
from random import Random

import pytest

from ossian.harmony.messages import Channel, Role
from training.copying import said_tokens
from training.skills import capitals
from training.skills.capitals import CAPITALS, KNOWN, ONLY_EUROPE, OTHER_NAMES
from training.skills.exchange import Effort, Exchange, Split
from training.skills.places import CITIES, COUNTRIES_ELSEWHERE, PEOPLES, REGIONS
from training.skills.words import is_held_out

Skill = Callable[[Random, Split], Exchange]
GROUPS = {
    "facts: capital", "facts: all capitals", "facts: country of a capital", "facts: capital, follow-up",
    "facts: capital elsewhere",
}  # fmt: skip
CITY_OF = re.compile(r"(?:No, t|T)he capital of (.+) is (.+)\.")
COUNTRY_OF = re.compile(r"(Yes, )?(.+) is the capital of (.+)\.")
skills = pytest.mark.parametrize("skill", list(capitals.SKILLS), ids=lambda skill: skill.__name__)
splits = pytest.mark.parametrize("split", list(Split))


def exchanges(skill: Skill, split: Split, num_exchanges: int = 3000) -> list[Exchange]:
    random = Random(1)
    return [skill(random, split) for _ in range(num_exchanges)]


def spoken(exchange: Exchange) -> str:
    before = "|".join(message.content for message in exchange.earlier if message.role is Role.USER)
    return before + "|" + " ".join(re.findall(r"[\w']+", exchange.question.lower()))


def facts(answer: str) -> tuple[str, str]:
    """The country and the city an answer speaks of."""
    if match := CITY_OF.fullmatch(answer):
        return match[1], match[2]
    match = COUNTRY_OF.fullmatch(answer)
    assert match, answer
    return match[3], match[2]


def names_of(place: str) -> list[str]:
    names = (place, *(other for other, usual in OTHER_NAMES.items() if usual == place))
    return [name.removeprefix("the ") for name in names]


def stands_in(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None


@skills
@splits
def test_a_seed_says_everything(skill: Skill, split: Split) -> None:
    assert exchanges(skill, split, 50) == exchanges(skill, split, 50)


@skills
def test_training_never_draws_what_is_held_out(skill: Skill) -> None:
    train, held_out = ({spoken(exchange) for exchange in exchanges(skill, split)} for split in Split)
    assert min(len(train), len(held_out)) > 100
    assert not train & held_out


@skills
@splits
def test_effort_changes_the_length(skill: Skill, split: Split) -> None:
    for exchange in exchanges(skill, split, 300):
        low, medium, high = (len(said_tokens(exchange.analysis[effort])) for effort in Effort)
        assert 1.3 * low <= medium
        assert 1.5 * medium <= high


@splits
def test_all_groups_are_drawn(split: Split) -> None:
    assert {e.skill for skill in capitals.SKILLS for e in exchanges(skill, split, 20)} == GROUPS


@splits
def test_every_known_capital_is_asked_for_and_right(split: Split) -> None:
    seen = set()
    for exchange in exchanges(capitals.capital, split):
        place, city = facts(exchange.answer)
        assert KNOWN[place] == city
        assert any(stands_in(name, exchange.question) for name in names_of(place))
        seen.add(place)
    assert seen == set(KNOWN)


@splits
def test_yes_is_said_to_the_right_city_only(split: Split) -> None:
    verdicts = set()
    for exchange in exchanges(capitals.whether_capital, split):
        place, city = facts(exchange.answer)
        assert KNOWN[place] == city
        verdict, *_ = exchange.answer.split(",")
        num_named = len(re.findall(rf"(?<!\w){re.escape(city)}(?!\w)", exchange.question))
        assert (verdict == "Yes") == (num_named > (city == place))  # Monaco is a country, too
        verdicts.add(verdict)
    assert verdicts == {"Yes", "No"}


@splits
def test_the_country_of_a_capital_is_right(split: Split) -> None:
    seen = set()
    for exchange in exchanges(capitals.country, split):
        place, city = facts(exchange.answer)
        assert KNOWN[place] == city
        other = [name for name, usual in capitals.OTHER_CITY_NAMES.items() if usual == city]
        assert any(stands_in(name, exchange.question) for name in (city, *other))
        seen.add(place)
    assert seen >= set(CAPITALS)


@splits
def test_a_follow_up_stands_behind_a_question_for_another_capital(split: Split) -> None:
    for exchange in exchanges(capitals.follow_up, split):
        asked, answered = exchange.earlier
        assert (asked.role, answered.role, answered.channel) == (Role.USER, Role.ASSISTANT, Channel.FINAL)
        earlier_place, _ = facts(answered.content)
        if exchange.answer == ONLY_EUROPE:
            assert not any(stands_in(name, exchange.question) for name in KNOWN)
            continue
        place, city = facts(exchange.answer)
        assert KNOWN[place] == city
        assert place != earlier_place
        is_capital_asked = CITY_OF.fullmatch(answered.content)
        assert stands_in(place if is_capital_asked else city, exchange.question)
        assert bool(CITY_OF.fullmatch(exchange.answer)) == bool(is_capital_asked)


@splits
def test_the_list_is_the_answer_to_european_questions_only(split: Split) -> None:
    for exchange in exchanges(capitals.capitals, split):
        assert "europe" in exchange.question.lower()
        assert exchange.answer == capitals.capitals_list()


def test_the_list_names_every_country_once_in_order() -> None:
    title, blank, *lines = capitals.capitals_list().splitlines()
    assert (title, blank) == ("Here are the European capitals:", "")
    pairs = [line.removeprefix("- ").split(": ") for line in lines]
    assert pairs == sorted(pairs)
    assert dict(line.removeprefix("- ").split(": ") for line in lines) == {
        name.removeprefix("the "): city for name, city in CAPITALS.items()
    }
    assert len(lines) == 51


@splits
def test_elsewhere_names_no_known_country(split: Split) -> None:
    for exchange in exchanges(capitals.elsewhere, split):
        assert exchange.answer == ONLY_EUROPE
        assert not any(stands_in(name, exchange.question) for name in (*KNOWN, *KNOWN.values(), *OTHER_NAMES, "Europe"))


def test_places_elsewhere_are_neither_known_nor_named_twice() -> None:
    for places in (COUNTRIES_ELSEWHERE, REGIONS, CITIES, PEOPLES):
        assert len(set(places)) == len(places)
        assert not {*places} & {*KNOWN, *KNOWN.values(), *OTHER_NAMES}
        assert {is_held_out(place) for place in places} == {True, False}


def test_no_held_out_place_is_trained() -> None:
    texts = [exchange.question for exchange in exchanges(capitals.elsewhere, Split.TRAIN)]
    held_out = [place for place in (*COUNTRIES_ELSEWHERE, *REGIONS, *CITIES) if is_held_out(place)]
    assert held_out
    for place in held_out:
        assert not any(stands_in(place, text) for text in texts), place


def test_the_vendors_prompt_is_trained() -> None:
    questions = {exchange.question.lower().strip(".") for exchange in exchanges(capitals.capitals, Split.TRAIN, 20000)}
    assert "name the european capitals" in questions
    held_out = {spoken(exchange) for exchange in exchanges(capitals.capitals, Split.HELD_OUT)}
    assert "|name the european capitals" not in held_out
