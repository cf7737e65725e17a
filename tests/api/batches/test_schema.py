from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.api.batches.schema import BatchRequest, window_seconds
from ossian.api.validation import checked
from ossian.errors import InvalidRequestError

GOOD = {"input_file_id": "file-1", "endpoint": "/v1/chat/completions"}


@given(st.integers(1, 168))
def test_windows_are_whole_hours(hours: int) -> None:
    assert window_seconds(f"{hours}h") == hours * 3600


@pytest.mark.parametrize(
    "window", ["", "h", "0h", "169h", "999h", "24", "24H", "1d", "1.5h", "-1h", "024h", "24h\n", "٢h"]
)
def test_other_windows_are_refused(window: str) -> None:
    with pytest.raises(InvalidRequestError, match="whole hours from '1h' to '168h'") as caught:
        window_seconds(window)
    assert caught.value.param == "completion_window"


@pytest.mark.parametrize("endpoint", ["/v1/chat/completions", "/v1/responses", "/v1/completions"])
def test_the_endpoints(endpoint: str) -> None:
    assert checked(GOOD | {"endpoint": endpoint}, BatchRequest).endpoint == endpoint


@pytest.mark.parametrize(
    "fields, param",
    [
        ({"input_file_id": None}, "input_file_id"),
        ({"endpoint": "/v1/embeddings"}, "endpoint"),
        ({"completion_window": 24}, "completion_window"),
        ({"metadata": {"a": 5}}, "metadata.a"),
        ({"output_expires_after": {"anchor": "created_at", "seconds": 3599}}, "output_expires_after.seconds"),
        ({"output_expires_after": {"anchor": "created_at", "seconds": 2_592_001}}, "output_expires_after.seconds"),
        ({"output_expires_after": {"anchor": "now", "seconds": 3600}}, "output_expires_after.anchor"),
        ({"output_expires_after": {"anchor": "created_at"}}, "output_expires_after.seconds"),
        ({"priority": 1}, "priority"),
    ],
)
def test_wrong_fields_are_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        checked(GOOD | fields, BatchRequest)
    assert caught.value.param == param
