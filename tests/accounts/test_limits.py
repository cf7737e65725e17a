import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.accounts.limits import MAX_LIMIT, PROFILES, UNLIMITED, Limits
from ossian.errors import InvalidRequestError

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
