"""When files expire: `expires_after` of an upload, `output_expires_after` of a batch."""

from typing import Final, Literal

from pydantic import Field

from ossian.api.fields import RequestModel

MIN_SECONDS: Final = 3600
MAX_SECONDS: Final = 2_592_000  # 30 days


class ExpiresAfter(RequestModel):
    """A time after a file's creation."""

    anchor: Literal["created_at"]
    seconds: int = Field(ge=MIN_SECONDS, le=MAX_SECONDS)
