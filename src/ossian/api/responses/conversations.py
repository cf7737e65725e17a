"""The wire formats of `/v1/conversations`: a conversation is a name for a list of items that grows.

What an item may be is known in items.py, which the routes call with the bodies that arrive here.
"""

from typing import Annotated, Any, Final

from pydantic import Field

from ossian.api.fields import JsonObject, Metadata, RequestModel

MAX_ITEMS: Final = 20  # in one request

Items = Annotated[list[dict[str, Any]], Field(max_length=MAX_ITEMS)]


class CreateConversationRequest(RequestModel):
    """The request of `POST /v1/conversations`."""

    metadata: Metadata | None = None
    items: Items | None = Field(default=None, description="The first items, 20 at most.")


class UpdateConversationRequest(RequestModel):
    """The request of `POST /v1/conversations/{id}`: the metadata is replaced."""

    metadata: Metadata | None


class CreateItemsRequest(RequestModel):
    """The request of `POST /v1/conversations/{id}/items`."""

    items: Items = Field(min_length=1, description="20 at most.")


def conversation_body(conversation_id: str, created_at: int, metadata: JsonObject) -> JsonObject:
    """Return a conversation."""
    return {"id": conversation_id, "object": "conversation", "created_at": created_at, "metadata": metadata}


def deleted_body(conversation_id: str) -> JsonObject:
    """Return what the deletion of a conversation is answered with."""
    return {"id": conversation_id, "object": "conversation.deleted", "deleted": True}
