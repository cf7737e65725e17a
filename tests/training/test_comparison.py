import re
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.copying import said_tokens
from training.skills import comparison
from training.skills.exchange import Effort, Exchange, Split

number = st.integers(0, 999)
STATEMENT = re.compile(r"(?:(Yes|No), )?(\d+) is (greater than|less than|equal to) (\d+)\.")
GREATER = re.compile(r"\b(greater|larger|bigger|more|higher)\b|>")
LESS = re.compile(r"\b(less|smaller|lower)\b|<")


def exchanges(split: Split, num_exchanges: int = 3000) -> list[Exchange]:
    random = Random(1)
    return [comparison.comparison(random, split) for _ in range(num_exchanges)]


def is_true(a: int, words: str, b: int) -> bool:
    return {"greater than": a > b, "less than": a < b, "equal to": a == b}[words]


@pytest.mark.parametrize("split", list(Split))
def test_answers_are_right_and_name_the_numbers_that_were_asked(split: Split) -> None:
    for exchange in exchanges(split):
        match = STATEMENT.fullmatch(exchange.answer)
        assert match
        a, b = int(match[2]), int(match[4])
        assert is_true(a, match[3], b)
        assert sorted((a, b)) == sorted(int(value) for value in re.findall(r"\d+", exchange.question))


@pytest.mark.parametrize("split", list(Split))
def test_yes_and_no_fit_the_question(split: Split) -> None:
    for exchange in exchanges(split):
        verdict, *_ = exchange.answer.split(",")
        if verdict not in ("Yes", "No"):
            continue
        a, b = (int(value) for value in re.findall(r"\d+", exchange.question))
        greater, less = GREATER.search(exchange.question), LESS.search(exchange.question)
        expected = a > b if greater else a < b if less else a == b
        assert (verdict == "Yes") == expected


@pytest.mark.parametrize("split", list(Split))
def test_the_number_that_is_asked_for_comes_first(split: Split) -> None:
    seen = [e for e in exchanges(split) if e.answer[0].isdigit() and "ompare" not in e.question]
    assert seen
    for exchange in seen:
        assert (
            ("less" not in exchange.answer) if GREATER.search(exchange.question) else ("greater" not in exchange.answer)
        )


KINDS = (comparison.whether, comparison.which, comparison.compare)


@given(number, number, st.sampled_from(KINDS), st.integers(0, 99))
def test_effort_changes_the_length(
    a: int, b: int, kind: Callable[[Random, int, int], comparison.Asked], seed: int
) -> None:
    asked = kind(Random(seed), a, b)
    analysis = comparison.analysis(a, b, asked)
    low, medium, high = (len(said_tokens(analysis[effort])) for effort in (Effort.LOW, Effort.MEDIUM, Effort.HIGH))
    assert 1.5 * low <= medium
    assert 1.5 * medium <= high


def test_the_examples() -> None:
    assert comparison.statement(98, "<", 120) == "98 is less than 120."
    asked = comparison.Asked(
        "Which is greater, 45 or 54?", "54 is greater than 45.", ">", "54>45", "54 is greater than 45."
    )
    analysis = comparison.analysis(45, 54, asked)
    assert analysis[Effort.LOW] == "45?54: 4<5, so 45<54. > 54>45"
    assert analysis[Effort.MEDIUM] == (
        "I compare the digits from the left. 45?54: 4<5, so 45<54. 45 is less than 54. "
        "Asked for greater: > 54>45. 54 is greater than 45."
    )
    for _ in range(20):
        asked = comparison.which(Random(_), 98, 120)
        larger = GREATER.search(asked.question)
        assert asked.answer == ("120 is greater than 98." if larger else "98 is less than 120.")


def test_the_analysis_ends_with_what_the_answer_says() -> None:
    for exchange in exchanges(Split.TRAIN, 500):
        conclusion = exchange.answer.partition(",")[0].lower()
        for effort in (Effort.MEDIUM, Effort.HIGH):
            ends = (exchange.answer, f"The answer is {conclusion}.")
            assert exchange.analysis[effort].endswith(ends), exchange


def test_equal_numbers_are_asked_too() -> None:
    answers = {re.sub(r"\d+", "0", exchange.answer) for exchange in exchanges(Split.TRAIN)}
    assert {"Yes, 0 is equal to 0.", "No, 0 is equal to 0.", "0 is equal to 0."} <= answers
