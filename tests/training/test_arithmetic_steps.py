import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.skills import arithmetic_steps as steps

number = st.integers(0, 999)
EQUATION = re.compile(r"\d+(?:[-+]\d+|×\d+)+(?:=\d+×\d+)?=\d+")  # 1×10 is turned round first: 1×10=10×1=10


def is_true(equation: str) -> bool:
    """Whether all sides are equal, recomputed without the code that is tested."""
    return len({evaluated(side) for side in equation.split("=")}) == 1


def evaluated(side: str) -> int:
    if "×" in side:
        a, b = side.split("×")
        return int(a) * int(b)
    return sum(int(term) for term in re.findall(r"-?\d+", side))


def last_number(text: str) -> int:
    return int(re.findall(r"-?\d+", text.splitlines()[-1].split("=")[-1])[-1])


def column_lines(text: str) -> list[str]:
    """The lines of single steps; not the headings, which name whole numbers."""
    return [line for line in text.splitlines() if EQUATION.fullmatch(line)]


@given(number, st.sampled_from("+-*"), number)
def test_every_step_is_true_and_the_last_number_is_the_result(a: int, operator: str, b: int) -> None:
    text = steps.worked(a, operator, b)
    expected = {"+": a + b, "-": a - b, "*": a * b}[operator]
    assert [line for line in column_lines(text) if not is_true(line)] == []
    assert last_number(text) == expected == steps.result(a, operator, b)
    assert column_lines(text) or a == b


@given(number, st.sampled_from("+-*"), number)
def test_a_check_is_true_and_confirms_the_result(a: int, operator: str, b: int) -> None:
    text = steps.check(a, operator, b)
    assert [line for line in column_lines(text) if not is_true(line)] == []
    assert last_number(text) == (max(a, b) if operator == "-" else steps.result(a, operator, b))


@given(number, st.sampled_from("+-"), number)
def test_a_column_holds_no_more_than_two_digits_and_a_carry(a: int, operator: str, b: int) -> None:
    for line in column_lines(steps.worked(a, operator, b))[: len(str(max(a, b)))]:
        assert re.fullmatch(r"\d\+\d(\+1)?=1?\d|1?\d(-1)?-\d=\d", line)


@given(number, number)
def test_a_carry_is_added_exactly_where_the_column_before_has_two_digits(a: int, b: int) -> None:
    lines = steps.columns_added(a, b)
    for before, line in zip(["0+0=0", *lines], lines, strict=False):
        assert ("+1=" in line and line.count("+") == 2) == (len(before.split("=")[1]) == 2)


@given(number, number)
def test_a_borrow_is_taken_exactly_where_ten_was_put_before_a_digit(a: int, b: int) -> None:
    lines = steps.columns_subtracted(max(a, b), min(a, b))
    for before, line in zip(["0-0=0", *lines], lines, strict=False):
        assert (line.count("-") == 2) == (len(before.split("-")[0]) == 2)


@given(number, number)
def test_pairs_name_the_digits_of_both_from_the_highest(a: int, b: int) -> None:
    shown = steps.pairs(a, b).split()
    assert int("".join(pair[0] for pair in shown)) == a
    assert int("".join(pair[2] for pair in shown)) == b
    for pair in shown:
        assert {"<": pair[0] < pair[2], ">": pair[0] > pair[2], "=": pair[0] == pair[2]}[pair[1]]


@given(number, number)
def test_the_first_pair_that_differs_decides_a_comparison(a: int, b: int) -> None:
    shown, conclusion = steps.compared(a, b).rpartition(": ")[2].split(", so ")
    *equal, deciding = shown.split()
    assert all(pair[1] == "=" for pair in equal)
    assert conclusion == f"{a}{deciding[1]}{b}"
    assert {"<": a < b, ">": a > b, "=": a == b}[deciding[1]]


@given(number, number)
def test_a_result_is_written_in_full_width_before_its_zeros_go(a: int, b: int) -> None:
    high, low = max(a, b), min(a, b)
    last = steps.subtraction(high, low).splitlines()[-1]
    if high != low:
        assert len(last.split("=")[0]) == len(str(high))
        assert ("=" in last) == (len(str(high - low)) < len(str(high)))


@pytest.mark.parametrize(
    "a, operator, b, text",
    [
        (58, "+", 67, "58+67:|8+7=15|5+6+1=12|125"),
        (7, "+", 5, "7+5:|7+5=12|12"),
        (995, "+", 7, "995+7:|5+7=12|9+0+1=10|9+0+1=10|1002"),
        (0, "+", 0, "0+0:|0+0=0|0"),
        (52, "-", 17, "52-17:|5>1 2<7|12-7=5|5-1-1=3|35"),
        (582, "-", 579, "582-579:|5=5 8>7 2<9|12-9=3|8-1-7=0|5-5=0|003=3"),
        (300, "-", 1, "300-1:|3>0 0=0 0<1|10-1=9|10-1-0=9|3-1-0=2|299"),
        (3, "-", 5, "3-5:|3<5, so -(5-3):|5>3|5-3=2|2|-2"),
        (8, "-", 8, "8-8:|8=8|0"),
        (7, "*", 8, "7×8=56"),
        (17, "*", 0, "17×0=0"),
        (17, "*", 3, "17×3:|7×3=21|1×3=3|3+2=5|51"),
        (3, "*", 17, "3×17=17×3:|7×3=21|1×3=3|3+2=5|51"),
        (
            17,
            "*",
            23,
            "17×23:|17×2:|7×2=14|1×2=2|2+1=3|34|17×3:|7×3=21|1×3=3|3+2=5|51|340+51:|0+1=1|4+5=9|3+0=3|391",
        ),
        (99, "*", 11, "99×11:|99×1=99|99×1=99|990+99:|0+9=9|9+9=18|9+0+1=10|1089"),
    ],
)
def test_the_steps(a: int, operator: str, b: int, text: str) -> None:
    assert steps.worked(a, operator, b).split("\n") == text.split("|")


@pytest.mark.parametrize(
    "a, b, text",
    [
        (45, 54, "45?54: 4<5, so 45<54"),
        (120, 98, "120?98: 120?098: 1>0, so 120>98"),
        (582, 579, "582?579: 5=5 8>7, so 582>579"),
        (5, 5, "5?5: 5=5, so 5=5"),
    ],
)
def test_a_comparison(a: int, b: int, text: str) -> None:
    assert steps.compared(a, b) == text
