import pytest

from ossian.api.files.file import PURPOSES
from ossian.api.files.query import FileQuery, file_query
from ossian.api.responses.pages import PageQuery
from ossian.errors import InvalidRequestError


def test_all_files_are_asked_for_by_default() -> None:
    assert file_query([]) == FileQuery(PageQuery(limit=10_000))


@pytest.mark.parametrize("purpose", PURPOSES)
def test_files_of_a_purpose(purpose: str) -> None:
    assert file_query([("purpose", purpose)]).purpose == purpose


def test_a_page() -> None:
    query = file_query([("after", "file-1"), ("limit", "10000"), ("order", "asc")])
    assert query.page == PageQuery("file-1", 10_000, "asc")


@pytest.mark.parametrize(
    "name, value, expected",
    [
        ("limit", "0", "1 to 10000"),
        ("limit", "10001", "1 to 10000"),
        ("order", "up", "'asc'"),
        ("purpose", "x", "'batch'"),
    ],
)
def test_a_wrong_parameter_is_named(name: str, value: str, expected: str) -> None:
    with pytest.raises(InvalidRequestError, match=expected) as caught:
        file_query([(name, value)])
    assert caught.value.param == name
