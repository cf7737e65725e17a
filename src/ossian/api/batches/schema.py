"""The request of `POST /v1/batches`."""

import re
from typing import Final, Literal, TypeAlias

from pydantic import Field

from ossian.api.fields import Metadata, RequestModel
from ossian.api.files.expiry import ExpiresAfter
from ossian.errors import InvalidRequestError

MAX_HOURS: Final = 168  # seven days
SECONDS_PER_HOUR: Final = 3600
_WINDOW: Final = re.compile(r"([1-9][0-9]{0,2})h")

BatchEndpoint: TypeAlias = Literal["/v1/chat/completions", "/v1/responses", "/v1/completions"]


class BatchRequest(RequestModel):
    """Requests in a file that are to be made within a time."""

    input_file_id: str = Field(max_length=200)
    endpoint: BatchEndpoint
    completion_window: str | None = Field(default=None, description="Whole hours: '1h' to '168h'; OpenAI has '24h'.")
    metadata: Metadata | None = None
    output_expires_after: ExpiresAfter | None = None


def window_seconds(window: str) -> int:
    """Return how long a batch may take. Raises InvalidRequestError for anything but '1h' to '168h'."""
    found = _WINDOW.fullmatch(window)
    if not found or int(found[1]) > MAX_HOURS:
        message = (
            f"Invalid value for 'completion_window': expected whole hours from '1h' to '{MAX_HOURS}h', such as '24h', "
            f"but got '{window[:80]}'."
        )
        raise InvalidRequestError(message, param="completion_window", code="invalid_value")
    return int(found[1]) * SECONDS_PER_HOUR
