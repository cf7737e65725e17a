"""What goes into a column comes out of it, whatever a client sent."""

import json
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from ossian.storage.columns import Json, Key, Label, Microseconds, Money, dumped, loaded

DIALECT = sqlite.dialect()

any_text = st.text(st.characters())  # with NUL and half surrogate pairs
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | any_text,
    lambda inner: st.lists(inner) | st.dictionaries(any_text, inner),
    max_leaves=8,
)


@given(values)
def test_json_comes_back_as_it_was_from_text_that_every_database_takes(value: object) -> None:
    text = dumped(value)
    assert "\x00" not in text
    text.encode()
    assert loaded(text) == json.loads(text) == value
    assert repr(loaded(text)) == repr(value), "and its numbers are of the same kind"


@given(st.integers(2**62, 2**70))
def test_long_integers_stay_integers(number: int) -> None:
    for value in (number, -number, [number], {"maximum": number}):
        assert loaded(dumped(value)) == value


def test_null_of_an_outer_join_is_none() -> None:
    assert Json().process_result_value(None, DIALECT) is None
    assert Json().process_bind_param(None, DIALECT) == "null"


@given(any_text)
def test_a_key_is_short_and_plain(key: str) -> None:
    kept = Key().process_bind_param(key, DIALECT)
    assert kept is not None
    assert re.fullmatch(r"[!-~]{0,200}", kept)
    assert kept == key or kept.startswith("sha256:")


@given(any_text, any_text)
def test_different_keys_stay_different(one: str, other: str) -> None:
    kept = [Key().process_bind_param(key, DIALECT) for key in (one, other)]
    assert (kept[0] == kept[1]) == (one == other)


def test_our_own_ids_are_kept_as_they_are() -> None:
    for key in ["resp_0a1b", "pmpt_x", "a" * 64, "", "r" * 200]:
        assert Key().process_bind_param(key, DIALECT) == key
    assert Key().process_bind_param(None, DIALECT) is None
    assert Key().process_bind_param("r" * 201, DIALECT) != "r" * 201


@given(any_text)
def test_a_label_is_what_every_database_takes(text: str) -> None:
    kept = Label(20).process_bind_param(text, DIALECT)
    assert kept is not None
    assert "\0" not in kept
    kept.encode()
    assert len(kept) == min(len(text), 20)
    assert all(a == b or b == "\ufffd" for a, b in zip(text, kept, strict=False))


def test_a_label_of_words_is_kept_as_it_is() -> None:
    assert Label(20).process_bind_param("Ada’s Küche ☕", DIALECT) == "Ada’s Küche ☕"
    assert Label(20).process_bind_param(None, DIALECT) is None


@given(st.integers(0, 4 * 10**15))
def test_times_are_kept_to_the_microsecond(microseconds: int) -> None:
    time = Microseconds().process_result_value(microseconds, DIALECT)
    assert Microseconds().process_bind_param(time, DIALECT) == microseconds


@given(st.decimals(0, 9_000_000, places=12))
def test_money_comes_back_as_it_was(amount: Decimal) -> None:
    kept = Money().process_bind_param(amount, DIALECT)
    assert kept is not None
    assert kept < 2**63
    assert Money().process_result_value(kept, DIALECT) == amount


@pytest.mark.parametrize("amount", [Decimal(10) ** 7, Decimal(10) ** 12])
def test_what_no_request_can_cost_is_cut(amount: Decimal) -> None:
    assert Money().process_bind_param(amount, DIALECT) == 2**63 - 1


@pytest.mark.parametrize("column", [Money(), Microseconds()])
def test_nothing_is_none(column: Money | Microseconds) -> None:
    assert column.process_bind_param(None, DIALECT) is None
    assert column.process_result_value(None, DIALECT) is None
