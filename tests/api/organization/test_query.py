from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.api.organization.query import MAX_NUM_VALUES, MAX_TIME, Query, invalid, missing, quoted
from ossian.errors import InvalidRequestError


def query(*pairs: tuple[str, str], known: tuple[str, ...] = ("a", "b", "order")) -> Query:
    return Query(pairs, known, ignore_unknown=False)


def refusal_of(attempt: Callable[[], object]) -> InvalidRequestError | None:
    try:
        attempt()
    except InvalidRequestError as error:
        return error
    return None


def test_what_is_not_given() -> None:
    empty = query(("a", ""))
    assert (empty.text("a"), empty.texts("a"), empty.number("a", 0, 9), empty.time("a")) == (None, (), None, None)
    assert not empty.boolean("b")
    assert empty.choices("b", ()) == ()
    assert (empty.order("asc"), empty.order("desc")) == ("asc", "desc")


def test_of_several_values_the_last_counts() -> None:
    assert query(("a", "1"), ("b", "x"), ("a", "2")).text("a") == "2"


@pytest.mark.parametrize("name", ["a", "a[]"])
def test_a_list_comes_in_two_spellings_each_value_once(name: str) -> None:
    assert query((name, "y"), ("b", "n"), ("a", "x"), (name, "y"), (name, "")).texts("a") == ("y", "x")


def test_a_name_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(InvalidRequestError, match=r"'user_ids'. There are: 'a', 'b', 'order'\.") as caught:
        query(("user_ids", "u"))
    assert (caught.value.param, caught.value.code) == ("user_ids", "unknown_parameter")


def test_where_there_are_no_parameters_that_is_said() -> None:
    with pytest.raises(InvalidRequestError, match="There are none here"):
        query(("x" * 1000, ""), known=())


def test_unknown_names_can_be_ignored() -> None:
    assert Query([("user_ids", "u"), ("a", "1")], ("a",), ignore_unknown=True).text("a") == "1"


def test_a_list_has_a_limit() -> None:
    values = [("a", str(number)) for number in range(MAX_NUM_VALUES + 1)]
    assert len(query(*values[1:]).texts("a")) == MAX_NUM_VALUES
    with pytest.raises(InvalidRequestError, match="at most 100 values, but got '101 of them'") as caught:
        query(*values).texts("a")
    assert caught.value.param == "a"


def test_choices_are_among_the_allowed() -> None:
    assert query(("a[]", "x"), ("a[]", "y")).choices("a", ["x", "y", "z"]) == ("x", "y")
    with pytest.raises(InvalidRequestError, match="any of 'x', 'y', but got 'q'"):
        query(("a", "q")).choices("a", ["x", "y"])


@pytest.mark.parametrize("text, number", [("0", 0), ("007", 7), ("10", 10)])
def test_numbers(text: str, number: int) -> None:
    assert query(("a", text)).number("a", 0, 10) == number


@pytest.mark.parametrize("text", ["-1", "11", "1.0", "ten", "²", "٣", "1e1", " 1", "9" * 5000])
def test_what_is_no_number_of_the_range_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="integer from 0 to 10") as caught:
        query(("a", text)).number("a", 0, 10)
    assert (caught.value.param, caught.value.code) == ("a", "invalid_value")
    assert len(caught.value.message) < 200


def test_times() -> None:
    assert query(("a", "0")).time("a") == 0
    assert query(("a", str(MAX_TIME))).time("a") == MAX_TIME


@pytest.mark.parametrize("text", [str(MAX_TIME + 1), "-1", "2026-01-01", "1.5", "9" * 5000])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="seconds since 1970"):
        query(("a", text)).time("a")


@pytest.mark.parametrize("text, value", [("true", True), ("True", True), ("1", True), ("false", False), ("0", False)])
def test_booleans(text: str, *, value: bool) -> None:
    assert query(("a", text)).boolean("a") is value


def test_what_is_no_boolean_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="true or false, but got 'maybe'"):
        query(("a", "maybe")).boolean("a")


@pytest.mark.parametrize("text", ["ASC", "random"])
def test_what_is_no_order_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="one of 'asc', 'desc'") as caught:
        query(("order", text)).order("asc")
    assert caught.value.param == "order"


def test_an_order_that_is_given_wins() -> None:
    assert query(("order", "desc")).order("asc") == "desc"
    assert query(("order", "asc")).order("desc") == "asc"


def test_refusals_name_their_parameter() -> None:
    assert invalid("a", "b", "c" * 999).message == f"Invalid value for 'a': expected b, but got '{'c' * 80}'."
    error = missing("start_time", "the beginning")
    assert (error.param, error.code) == ("start_time", "missing_required_parameter")
    assert error.message == "Missing required parameter: 'start_time', the beginning."
    assert quoted(["a", "b"]) == "'a', 'b'"


@given(st.lists(st.tuples(st.sampled_from(["a", "a[]", "b", "order"]), st.text())))
def test_whatever_is_sent_is_read_or_refused_by_name(pairs: list[tuple[str, str]]) -> None:
    read = query(*pairs)
    for attempt in (
        lambda: read.texts("a"),
        lambda: read.number("a", 0, 100),
        lambda: read.time("a"),
        lambda: read.boolean("b"),
        lambda: read.order("asc"),
    ):
        refusal = refusal_of(attempt)
        assert refusal is None or (refusal.param in ("a", "b", "order") and refusal.code == "invalid_value")
