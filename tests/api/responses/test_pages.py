import pytest

from ossian.api.responses.pages import PageQuery, included, list_body, page_query, shown
from ossian.errors import InvalidRequestError


@pytest.mark.parametrize(
    "pairs, query",
    [
        ([], PageQuery(None, 20, "desc", frozenset())),
        ([("limit", "1"), ("order", "asc"), ("after", "msg_1")], PageQuery("msg_1", 1, "asc")),
        ([("limit", "100"), ("order", "desc"), ("after", "")], PageQuery(None, 100, "desc")),
        ([("surprise", "1"), ("limit", "007")], PageQuery(None, 7)),
    ],
)
def test_a_query(pairs: list[tuple[str, str]], query: PageQuery) -> None:
    assert page_query(pairs) == query


@pytest.mark.parametrize("name", ["include", "include[]"])
def test_what_to_include_comes_once_or_often(name: str) -> None:
    pairs = [(name, "message.output_text.logprobs"), ("x", "y"), (name, "reasoning.encrypted_content")]
    assert (
        included(pairs) == page_query(pairs).include == {"message.output_text.logprobs", "reasoning.encrypted_content"}
    )


@pytest.mark.parametrize(
    "name, value",
    [
        *(("limit", value) for value in ("0", "101", "-1", "1.0", "ten", "", "²", "9" * 5000)),
        *(("order", value) for value in ("", "ASC", "random")),
        *(("include", value) for value in ("", "everything", "x" * 5000)),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_wrong_value_is_named_with_what_is_right(name: str, value: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"Invalid value for '{name}': expected ") as caught:
        page_query([(name, value)])
    assert (caught.value.param, caught.value.code) == (name, "invalid_value")
    assert len(caught.value.message) < 500


def test_a_page() -> None:
    data = [{"id": "a"}, {"id": "b"}]
    assert list_body(data, has_more=True) == {
        "object": "list",
        "data": data,
        "first_id": "a",
        "last_id": "b",
        "has_more": True,
    }


def test_an_empty_page_has_empty_ends() -> None:
    assert list_body([], has_more=False) == {
        "object": "list",
        "data": [],
        "first_id": "",
        "last_id": "",
        "has_more": False,
    }


REASONING = {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "I "}, {"text": "think."}]}


def test_reasoning_is_encrypted_for_who_asks() -> None:
    asked = shown(REASONING, {"reasoning.encrypted_content"}, lambda text: f"<{text}>")
    assert asked == REASONING | {"encrypted_content": "<I think.>"}
    assert "encrypted_content" not in REASONING


@pytest.mark.parametrize(
    "item, include",
    [
        (REASONING, set()),
        ({"type": "reasoning", "content": [], "encrypted_content": "x"}, {"reasoning.encrypted_content"}),
        ({"type": "reasoning", "encrypted_content": "x"}, {"reasoning.encrypted_content"}),
        ({"type": "message", "content": [{"text": "x"}]}, {"reasoning.encrypted_content"}),
    ],
)
def test_everything_else_is_shown_as_it_is(item: dict[str, object], include: set[str]) -> None:
    assert shown(item, include, lambda text: text) is item
