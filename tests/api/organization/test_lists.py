import pytest

from ossian.api.organization.lists import ListQuery, list_query
from ossian.errors import InvalidRequestError


def test_the_oldest_come_first_unless_asked_otherwise() -> None:
    assert list_query([]) == ListQuery(None, 20, "asc", frozenset())
    assert list_query([("order", "desc"), ("after", "key_1"), ("limit", "100")]) == ListQuery("key_1", 100, "desc")


def test_switches_are_off_unless_true() -> None:
    assert list_query([("include_archived", "false")], "include_archived").includes == frozenset()
    assert list_query([("include_archived", "true")], "include_archived").includes == {"include_archived"}


def test_lists_can_be_longer_by_default() -> None:
    assert list_query([], default_limit=100).limit == 100
    assert list_query([("limit", "3")], default_limit=100).limit == 3


@pytest.mark.parametrize(
    "name, value", [("limit", "0"), ("limit", "101"), ("order", "up"), ("include_archived", "perhaps"), ("before", "x")]
)
def test_what_is_wrong_is_named(name: str, value: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        list_query([(name, value)], "include_archived")
    assert caught.value.param == name


def test_unknown_parameters_can_be_ignored() -> None:
    assert list_query([("before", "x")], ignore_unknown=True) == ListQuery()
