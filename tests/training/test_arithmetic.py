import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.skills import arithmetic
from training.skills.exchange import Effort, Split

number = st.integers(0, 999)


def equations(text: str) -> list[str]:
    """Every `a+b=c` of the steps."""
    return re.findall(r"(?<![\d.])\d+[-+×]\d+=\d+(?![\d×])", text)


def is_true(equation: str) -> bool:
    left, right = equation.split("=")
    a, operator, b = re.fullmatch(r"(\d+)([-+×])(\d+)", left).groups()  # type: ignore[union-attr]
    return {"+": int(a) + int(b), "-": int(a) - int(b), "×": int(a) * int(b)}[operator] == int(right)


@given(number, st.sampled_from("+-*"), number)
def test_every_step_is_true_and_the_last_number_is_the_result(a: int, operator: str, b: int) -> None:
    for text in arithmetic.steps(a, operator, b).values():
        assert equations(text)
        assert [equation for equation in equations(text) if not is_true(equation)] == []
        assert re.findall(r"-?\d+", text)[-1].lstrip("-") == str(abs(arithmetic.result(a, operator, b)))


@given(number, st.sampled_from("+-*"), number)
def test_more_effort_is_more_analysis(a: int, operator: str, b: int) -> None:
    steps = arithmetic.steps(a, operator, b)
    assert len(steps[Effort.LOW]) < len(steps[Effort.MEDIUM]) < len(steps[Effort.HIGH])


@pytest.mark.parametrize(
    "a, operator, b, steps",
    [
        (58, "+", 67, "58+67: 8+7=15, 5+6=11, 11+1=12: 125."),
        (7, "+", 5, "7+5: 7+5=12: 12."),
        (52, "-", 17, "52-17: 5>1: 12-7=5, 5-1=4, 4-1=3: 35."),
        (300, "-", 1, "300-1: 3>0: 10-1=9, 10-1=9, 9-0=9, 3-1=2, 2-0=2: 299."),
        (3, "-", 5, "3-5: 3<5, so 5-3: 5-3=2: 2. With the minus sign: -2."),
        (17, "*", 3, "17×3: 7×3=21, 1×3=3, 3+2=5: 51."),
        (3, "*", 17, "3×17=17×3: 7×3=21, 1×3=3, 3+2=5: 51."),
        (
            17,
            "*",
            23,
            "17×23: 17×3: 7×3=21, 1×3=3, 3+2=5: 51. 17×2: 7×2=14, 1×2=2, 2+1=3: 34. 51+340: 1+0=1, 5+4=9, 0+3=3: 391.",
        ),
    ],
)
def test_the_steps(a: int, operator: str, b: int, steps: str) -> None:
    assert arithmetic.steps(a, operator, b)[Effort.LOW] == steps


@pytest.mark.parametrize("split", list(Split))
def test_held_out_pairs_are_kept_apart(split: Split) -> None:
    random = Random(1)
    for _ in range(500):
        operator = random.choice("+-*")
        assert arithmetic.is_held_out(*arithmetic.operands(random, operator, split)) == (split is Split.HELD_OUT)


def test_the_readme_example_is_held_out() -> None:
    assert arithmetic.is_held_out(17, 23)


@given(st.builds(Random, st.integers(0, 2**32)))
def test_the_question_names_both_numbers(random: Random) -> None:
    exchange = arithmetic.arithmetic(random, Split.TRAIN)
    left = exchange.answer.split(" = ")[0]
    for value in re.findall(r"\d+", left):
        assert value in re.findall(r"\d+", exchange.question)
