import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.accounts.scopes import EVERYTHING, Endpoint, Scopes
from ossian.errors import InvalidRequestError

SCOPES = st.builds(
    Scopes,
    st.none() | st.frozensets(st.sampled_from(Endpoint)),
    st.none() | st.frozensets(st.text(min_size=1)),
)


@pytest.mark.parametrize("endpoint", Endpoint)
def test_without_restriction_all_is_allowed(endpoint: Endpoint) -> None:
    assert EVERYTHING.allows_endpoint(endpoint)
    assert EVERYTHING.allows_model("any-model")


def test_endpoints_and_models_are_restricted_apart() -> None:
    scopes = Scopes(frozenset({Endpoint.RESPONSES}))
    assert scopes.allows_endpoint(Endpoint.RESPONSES)
    assert not scopes.allows_endpoint(Endpoint.COMPLETIONS)
    assert scopes.allows_model("gpt-oss-20b")
    scopes = Scopes(models=frozenset({"gpt-oss-20b"}))
    assert scopes.allows_endpoint(Endpoint.COMPLETIONS)
    assert scopes.allows_model("gpt-oss-20b")
    assert not scopes.allows_model("gpt-oss-120b")


def test_an_empty_list_allows_nothing() -> None:
    scopes = Scopes.from_json({"endpoints": [], "models": []})
    assert not any(scopes.allows_endpoint(endpoint) for endpoint in Endpoint)
    assert not scopes.allows_model("gpt-oss-20b")


@given(SCOPES)
def test_scopes_survive_json(scopes: Scopes) -> None:
    assert Scopes.from_json(json.loads(json.dumps(scopes.to_json()))) == scopes


def test_the_stored_form() -> None:
    scopes = Scopes(frozenset({Endpoint.RESPONSES, Endpoint.CHAT_COMPLETIONS}), frozenset({"b", "a"}))
    assert scopes.to_json() == {"endpoints": ["chat.completions", "responses"], "models": ["a", "b"]}
    assert EVERYTHING.to_json() == {"endpoints": None, "models": None}


def test_what_is_left_out_is_not_restricted() -> None:
    assert Scopes.from_json({}) == EVERYTHING
    assert Scopes.from_json({"models": ["a"]}) == Scopes(models=frozenset({"a"}))


@pytest.mark.parametrize(
    "body, param, way_out",
    [
        ([], "scopes", "'endpoints' and 'models'"),
        (None, "scopes", "'endpoints' and 'models'"),
        ({"model": ["a"]}, "scopes.model", "'endpoints' and 'models'"),
        ({1: 2}, "scopes.1", "'endpoints' and 'models'"),
        ({"endpoints": "responses"}, "scopes.endpoints", "list of names"),
        ({"endpoints": [1]}, "scopes.endpoints", "list of names"),
        ({"models": [""]}, "scopes.models", "list of names"),
        ({"models": [{}]}, "scopes.models", "list of names"),
        ({"endpoints": ["chat"]}, "scopes.endpoints", "'chat.completions'"),
    ],
)
def test_errors_name_the_field_and_what_it_may_be(body: object, param: str, way_out: str) -> None:
    with pytest.raises(InvalidRequestError, match=way_out) as caught:
        Scopes.from_json(body)
    assert caught.value.param == param
