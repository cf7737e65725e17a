from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.api.organization.rate_limits import (
    FIELDS,
    NO_LIMIT,
    UpdateRateLimitRequest,
    given_limits,
    model_of,
    no_rate_limit,
    rate_limit_body,
)
from ossian.api.validation import checked
from ossian.errors import InvalidRequestError, NotFoundError


def given_in(body: dict[str, Any]) -> dict[str, int | None]:
    return given_limits(checked(body, UpdateRateLimitRequest))


def test_what_is_left_out_is_not_given() -> None:
    assert given_in({}) == {}
    assert given_in({"max_tokens_per_1_minute": 0}) == {"tokens_per_minute": 0}


@pytest.mark.parametrize("nothing", [None, NO_LIMIT])
def test_no_limit_has_two_spellings(nothing: int | None) -> None:
    assert given_in({"max_requests_per_1_minute": nothing}) == {"requests_per_minute": None}


@given(st.fixed_dictionaries({name: st.none() | st.integers(0, NO_LIMIT - 1) for name in FIELDS.values()}))
def test_what_is_read_can_be_written_back(limits: dict[str, int | None]) -> None:
    body = rate_limit_body("m", limits)
    assert given_in({name: body[name] for name in FIELDS}) == limits
    assert all(isinstance(body[name], int) for name in FIELDS)


@pytest.mark.parametrize(
    "name, value",
    [
        ("max_requests_per_1_minute", -1),
        ("max_requests_per_1_minute", NO_LIMIT + 1),
        ("max_tokens_per_1_minute", "5"),
        ("max_concurrent_requests", 1.5),
        ("max_images_per_1_minute", 1),
        ("max_audio_megabytes_per_1_minute", 1),
        ("max_requests_per_1_day", 1),
        ("batch_1_day_max_input_tokens", 1),
        ("model", "m"),
    ],
)
def test_a_wrong_field_is_named(name: str, value: object) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        given_in({name: value})
    assert caught.value.param == name


@given(st.text())
def test_an_id_names_a_model(model_id: str) -> None:
    assert model_of(rate_limit_body(model_id, {})["id"]) == model_id


def test_another_id_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="'rl-MODEL'") as caught:
        model_of("gpt-oss-20b")
    assert (caught.value.param, caught.value.code) == ("rate_limit_id", "rate_limit_not_found")
    assert no_rate_limit("x", "after").param == "after"
