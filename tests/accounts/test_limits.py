import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.accounts.limits import MAX_LIMIT, PROFILES, UNLIMITED, Limits, profile_of
from ossian.errors import InvalidRequestError
from ossian.settings import LimitSettings

NUMBERS = st.none() | st.integers(0, MAX_LIMIT)


@given(st.builds(Limits, NUMBERS, NUMBERS, NUMBERS))
def test_limits_survive_json(limits: Limits) -> None:
    assert Limits.from_json(json.loads(json.dumps(limits.to_json()))) == limits


def test_what_is_left_out_has_no_limit() -> None:
    assert Limits.from_json({}) == UNLIMITED
    assert Limits.from_json({"tokens_per_minute": 5}) == Limits(tokens_per_minute=5)


def test_the_numbers_of_hosted_services() -> None:
    hosted = PROFILES["hosted"]
    assert hosted.project == Limits(requests_per_minute=400)
    assert hosted.anonymous == Limits(requests_per_minute=2)
    assert hosted.key == UNLIMITED
    unlimited = PROFILES["unlimited"]
    assert {unlimited.project, unlimited.key, unlimited.anonymous} == {UNLIMITED}


@pytest.mark.parametrize(
    "body, param, way_out",
    [
        ([], "limits", "'requests_per_minute', 'tokens_per_minute', 'concurrent_requests'"),
        ({"requests": 5}, "limits.requests", "'requests_per_minute', 'tokens_per_minute', 'concurrent_requests'"),
        ({"requests_per_minute": -1}, "limits.requests_per_minute", "whole number"),
        ({"requests_per_minute": 1.5}, "limits.requests_per_minute", "whole number"),
        ({"requests_per_minute": True}, "limits.requests_per_minute", "whole number"),
        ({"tokens_per_minute": "5"}, "limits.tokens_per_minute", "whole number"),
        ({"concurrent_requests": MAX_LIMIT + 1}, "limits.concurrent_requests", "null for no limit"),
    ],
)
def test_errors_name_the_field_and_what_it_may_be(body: object, param: str, way_out: str) -> None:
    with pytest.raises(InvalidRequestError, match=way_out) as caught:
        Limits.from_json(body)
    assert caught.value.param == param


def test_without_figures_a_profile_is_as_it_is() -> None:
    assert profile_of(LimitSettings()) == PROFILES["unlimited"]
    assert profile_of(LimitSettings(profile="hosted")) == PROFILES["hosted"]


def test_figures_that_are_set_go_over_the_profile() -> None:
    figures = {"project": {"tokens_per_minute": 9}, "anonymous": {"requests_per_minute": 0}}
    profile = profile_of(LimitSettings.model_validate({"profile": "hosted", **figures}))
    assert profile.project == Limits(requests_per_minute=400, tokens_per_minute=9)
    assert profile.key == UNLIMITED
    assert profile.anonymous == Limits(requests_per_minute=0)


def test_a_limit_of_the_profile_can_be_lifted() -> None:
    profile = profile_of(LimitSettings.model_validate({"profile": "hosted", "project": {"requests_per_minute": None}}))
    assert profile.project == UNLIMITED
