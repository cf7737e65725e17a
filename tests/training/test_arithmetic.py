import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.copying import said_tokens
from training.skills import arithmetic
from training.skills.arithmetic_steps import result
from training.skills.comparison import comparison
from training.skills.exchange import COPY_START, Effort, Exchange, Split

number = st.integers(0, 999)
CALCULATIONS = [skill for skill in arithmetic.SKILLS if skill is not comparison]


def asked_numbers(exchange: Exchange) -> list[int]:
    return sorted(int(value) for value in re.findall(r"\d+", exchange.question))


def final_value(text: str) -> int:
    return int(re.findall(r"(?:(?<=^)|(?<== ))-?\d+", text)[-1])


def exchanges(skill: arithmetic.Skill, split: Split, num_exchanges: int, seed: int = 1) -> list[Exchange]:
    random = Random(seed)
    return [skill(random, split) for _ in range(num_exchanges)]


def num_analysis_tokens(seen: list[Exchange], effort: Effort) -> int:
    return sum(len(said_tokens(exchange.analysis[effort])) for exchange in seen)


@pytest.mark.parametrize("skill", CALCULATIONS)
@pytest.mark.parametrize("split", list(Split))
def test_answers_are_right(skill: arithmetic.Skill, split: Split) -> None:
    for exchange in exchanges(skill, split, 1500):
        low, high = asked_numbers(exchange)
        possible = {
            "arithmetic: addition": {low + high},
            "arithmetic: subtraction": {low - high, high - low},
            "arithmetic: multiplication": {low * high},
            "arithmetic: multiplication beyond 2x2": {low * high},
        }[exchange.skill]
        assert final_value(exchange.answer) in possible


@given(number, number, st.builds(Random, st.integers(0, 2**32)))
def test_a_formula_keeps_the_order_of_its_numbers(a: int, b: int, random: Random) -> None:
    question = arithmetic.problem(random, a, "-", b)
    turned = re.search(r"from|away", question) and "take away" not in question
    numbers = [int(value) for value in re.findall(r"\d+", question)]
    assert numbers == ([b, a] if turned else [a, b])


@pytest.mark.parametrize("skill", list(arithmetic.SKILLS))
@pytest.mark.parametrize("split", list(Split))
def test_a_seed_gives_the_same_exchanges(skill: arithmetic.Skill, split: Split) -> None:
    assert exchanges(skill, split, 50, seed=7) == exchanges(skill, split, 50, seed=7)
    assert exchanges(skill, split, 50, seed=7) != exchanges(skill, split, 50, seed=8)


@pytest.mark.parametrize("skill", list(arithmetic.SKILLS))
def test_held_out_numbers_are_never_asked_in_training(skill: arithmetic.Skill) -> None:
    train, held_out = (
        {(exchange.skill, *asked_numbers(exchange)) for exchange in exchanges(skill, split, 4000)} for split in Split
    )
    assert len(held_out) > 100
    assert train.isdisjoint(held_out)


@pytest.mark.parametrize("skill", list(arithmetic.SKILLS))
def test_pairs_of_numbers_are_held_out_and_every_wording_is_trained(skill: arithmetic.Skill) -> None:
    drawn = [exchanges(skill, split, 4000) for split in Split]
    train, held_out = ({tuple(asked_numbers(exchange)) for exchange in seen} for seen in drawn)
    assert train.isdisjoint(pair for pair in held_out if pair[-1] > 9)
    train_words, held_out_words = ({re.sub(r"\d+", "0", exchange.question) for exchange in seen} for seen in drawn)
    assert len(held_out_words - train_words) < 0.2 * len(held_out_words)


def test_the_vendors_example_is_held_out_and_its_wording_is_trained() -> None:
    assert arithmetic.is_held_out(17, 23)
    assert arithmetic.is_held_out(23, 17)
    asked = {re.sub(r"\d+", "0", e.question) for e in exchanges(arithmetic.multiplication, Split.TRAIN, 4000)}
    assert "Compute 0*0 and explain the steps." in asked


@pytest.mark.parametrize("skill", CALCULATIONS)
def test_more_effort_is_clearly_more_analysis(skill: arithmetic.Skill) -> None:
    seen = exchanges(skill, Split.HELD_OUT, 300)
    low, medium, high = (num_analysis_tokens(seen, effort) for effort in (Effort.LOW, Effort.MEDIUM, Effort.HIGH))
    assert medium >= 1.15 * low
    assert high >= 1.5 * medium


@given(number, st.sampled_from("+-*"), number)
def test_every_analysis_is_longer_than_the_one_with_less_effort(a: int, operator: str, b: int) -> None:
    steps = arithmetic.analysis(a, operator, b)
    assert len(steps[Effort.LOW]) < len(steps[Effort.MEDIUM]) < len(steps[Effort.HIGH])


@given(number, st.sampled_from("+-*"), number)
def test_every_analysis_ends_with_the_result(a: int, operator: str, b: int) -> None:
    for text in arithmetic.analysis(a, operator, b).values():
        last = text.splitlines()[-1].split("=")[-1].rstrip(".")
        assert int(last) == result(a, operator, b)


@given(number, st.sampled_from("+-*"), number)
def test_an_explanation_is_true_and_ends_as_the_plain_answer(a: int, operator: str, b: int) -> None:
    text = arithmetic.explained(a, operator, b)
    assert text.endswith(f" = {result(a, operator, b)}.")
    for chain in re.findall(r"\d[\d+×= -]*\d", text):
        values = {evaluated(side) for side in chain.split(" = ")}
        assert len(values) == 1


def evaluated(side: str) -> int:
    """`-3`, `17 × 20 + 17 × 3` or `12 - 1 - 7`, recomputed."""
    total = 0
    for sign, term in re.findall(r"(^-?|[+-]) ?([\d ×]+)", side):
        product = 1
        for factor in term.split("×"):
            product *= int(factor)
        total += -product if "-" in sign else product
    return total


@pytest.mark.parametrize(
    "a, operator, b, text",
    [
        (17, "*", 23, "17 × 23 = 17 × 20 + 17 × 3 = 340 + 51 = 391."),
        (17, "*", 20, "17 × 20 = 340."),
        (23, "*", 456, "23 × 456 = 456 × 23 = 456 × 20 + 456 × 3 = 9120 + 1368 = 10488."),
        (3, "*", 17, "Digit by digit from the right: 7 × 3 = 21, 1 × 3 = 3, 3 + 2 = 5. So 3 × 17 = 51."),
        (7, "*", 8, "7 × 8 = 56."),
        (58, "+", 67, "Digit by digit from the right: 8 + 7 = 15, 5 + 6 + 1 = 12. So 58 + 67 = 125."),
        (17, "-", 52, "Digit by digit from the right: 12 - 7 = 5, 5 - 1 - 1 = 3. So 52 - 17 = 35 and 17 - 52 = -35."),
        (52, "-", 52, "52 - 52 = 0."),
    ],
)
def test_the_explanations(a: int, operator: str, b: int, text: str) -> None:
    assert arithmetic.explained(a, operator, b) == text


@pytest.mark.parametrize("split", list(Split))
def test_a_wording_for_the_number_only_gets_nothing_else(split: Split) -> None:
    for exchange in exchanges(arithmetic.addition, split, 500):
        wants_number = re.search(r"number|[Jj]ust|[Oo]nly", exchange.question) is not None
        assert exchange.answer.isdigit() == wants_number


@pytest.mark.parametrize("split", list(Split))
def test_a_wording_for_steps_gets_the_explanation(split: Split) -> None:
    for exchange in exchanges(arithmetic.multiplication, split, 500):
        wants_steps = re.search(r"steps?\b|[Ee]xplain|[Ss]how|How do you", exchange.question) is not None
        a, b = (int(value) for value in re.findall(r"\d+", exchange.question))
        if wants_steps:
            assert exchange.answer in {arithmetic.explained(a, "*", b), arithmetic.explained(b, "*", a)}
        else:
            assert "," not in exchange.answer
            assert exchange.answer.count("=") <= 1


@pytest.mark.parametrize("skill", list(arithmetic.SKILLS))
def test_nothing_is_copied_in_tokens_of_the_prompt(skill: arithmetic.Skill) -> None:
    for exchange in exchanges(skill, Split.TRAIN, 200):
        assert not any(COPY_START in text for text in (exchange.answer, *exchange.analysis.values()))


def test_all_kinds_of_numbers_are_asked() -> None:
    asked = [asked_numbers(exchange) for exchange in exchanges(arithmetic.subtraction, Split.TRAIN, 3000)]
    assert any(low == high for low, high in asked)
    assert any(low == 0 for low, _ in asked)
    assert any(0 < high - low < 10 < low for low, high in asked)
    assert any(high > 99 and high % 100 == 0 for _, high in asked)
    assert max(high for _, high in asked) < 1000


def test_sizes_of_factors_are_those_of_their_rows() -> None:
    small = [asked_numbers(e) for e in exchanges(arithmetic.multiplication, Split.HELD_OUT, 1000)]
    large = [asked_numbers(e) for e in exchanges(arithmetic.long_multiplication, Split.HELD_OUT, 1000)]
    assert all(high < 100 or low < 10 for low, high in small)
    assert all(high > 99 and low > 9 for low, high in large)
