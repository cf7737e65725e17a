"""What all items of a request have in common."""

from typing import Annotated, Any

from pydantic import Field

from ossian.api.fields import SHALLOW, RequestModel


class ItemModel(RequestModel):
    """An item as a client sends it. What its client notes on it for itself is neither read nor kept."""

    internal_chat_message_metadata_passthrough: Annotated[Any, SHALLOW] = Field(
        default=None, description="Codex's own; not read."
    )
