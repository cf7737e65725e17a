from typing import Any

import orjson
import pytest

from ossian.api.fields import RequestModel
from ossian.api.responses.conversations import (
    CreateConversationRequest,
    CreateItemsRequest,
    UpdateConversationRequest,
    conversation_body,
    deleted_body,
)
from ossian.api.validation import parse
from ossian.errors import InvalidRequestError
from tests.specs.schemas import check

ITEM = {"type": "message", "role": "user", "content": "Hello!"}


def test_everything_of_a_new_conversation_is_optional() -> None:
    for body in (b"{}", b'{"metadata": null, "items": null}'):
        request = parse(body, CreateConversationRequest)
        assert (request.metadata, request.items) == (None, None)


def test_a_new_conversation_with_all_it_can_have() -> None:
    body = {"metadata": {f"{number:064}": "v" * 512 for number in range(16)}, "items": [ITEM] * 20}
    request = parse(orjson.dumps(body), CreateConversationRequest)
    assert (request.metadata, request.items) == (body["metadata"], body["items"])


@pytest.mark.parametrize(
    "schema, body, param, code",
    [
        (CreateConversationRequest, {"items": [ITEM] * 21}, "items", "invalid_value"),
        (CreateConversationRequest, {"items": "Hello!"}, "items", "invalid_type"),
        (CreateConversationRequest, {"items": ["Hello!"]}, "items[0]", "invalid_type"),
        (CreateConversationRequest, {"metadata": {"a": 1}}, "metadata.a", "invalid_type"),
        (CreateConversationRequest, {"metadata": {"a": "v" * 513}}, "metadata.a", "invalid_value"),
        (CreateConversationRequest, {"metadata": {str(n): "" for n in range(17)}}, "metadata", "invalid_value"),
        (CreateConversationRequest, {"title": "x"}, "title", "unknown_parameter"),
        (UpdateConversationRequest, {}, "metadata", "missing_required_parameter"),
        (UpdateConversationRequest, {"metadata": {}, "items": []}, "items", "unknown_parameter"),
        (CreateItemsRequest, {}, "items", "missing_required_parameter"),
        (CreateItemsRequest, {"items": []}, "items", "invalid_value"),
        (CreateItemsRequest, {"items": [ITEM] * 21}, "items", "invalid_value"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_request(schema: type[RequestModel], body: Any, param: str, code: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse(orjson.dumps(body), schema)
    assert (caught.value.param, caught.value.code) == (param, code)


def test_the_number_of_items_is_said() -> None:
    with pytest.raises(InvalidRequestError, match="at most 20"):
        parse(orjson.dumps({"items": [ITEM] * 21}), CreateItemsRequest)


def test_the_bodies_are_what_openai_says() -> None:
    check(conversation_body("conv_1", 1_700_000_000, {"topic": "demo"}), "openai", "ConversationResource")
    check(deleted_body("conv_1"), "openai", "DeletedConversationResource")
