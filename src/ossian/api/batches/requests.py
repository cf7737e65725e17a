"""A line of a batch's input file: one request."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import Field

from ossian.api.batches.lines import InputLine
from ossian.api.fields import JsonObject, RequestModel
from ossian.api.validation import checked, json_object
from ossian.errors import InvalidRequestError

WHOLE_ANSWERS: Final = "A batch writes whole answers to a file; leave it out."


class RequestLine(RequestModel):
    """What a line says."""

    custom_id: Annotated[str, Field(min_length=1, max_length=512)]
    method: Literal["POST"]
    url: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LineRequest:
    """A request that can be made: `body` is its JSON, `model` the name it asks for, if it does."""

    number: int
    custom_id: str
    body: bytes
    model: str | None


@dataclass(frozen=True, slots=True)
class LineReading:
    """How lines are read: all are for one endpoint, and none is longer than `max_line_bytes`."""

    endpoint: str
    max_line_bytes: int
    ignore_unknown: bool = False

    def request(self, line: InputLine) -> LineRequest:
        """Return the request of a line. Raises InvalidRequestError, which names the offending member."""
        if line.text is None:
            message = f"The line is longer than {self.max_line_bytes} bytes, which is the limit."
            raise InvalidRequestError(message, code="line_too_long")
        found = checked(_object(line.text), RequestLine, ignore_unknown=self.ignore_unknown)
        if found.url != self.endpoint:
            message = f"The batch is for '{self.endpoint}', but the line's 'url' is '{found.url[:80]}'."
            raise InvalidRequestError(message, param="url", code="url_mismatch")
        _refuse_streams(found.body)
        model = found.body.get("model")
        return LineRequest(
            line.number, found.custom_id, _written(found.body), model if isinstance(model, str) else None
        )

    def custom_id(self, line: InputLine) -> str | None:
        """Return the id that a line gives itself; None where it cannot be read, now that other settings may count."""
        try:
            return self.request(line).custom_id
        except InvalidRequestError:
            return None


def _object(text: bytes) -> JsonObject:
    try:
        return json_object(text, "line")
    except InvalidRequestError as error:
        raise InvalidRequestError(error.message, code="invalid_json_line") from None


def _refuse_streams(body: JsonObject) -> None:
    for name in ("stream", "background"):
        if body.get(name):
            message = f"Unsupported parameter: 'body.{name}'. {WHOLE_ANSWERS}"
            raise InvalidRequestError(message, param=f"body.{name}", code="unsupported_parameter")


def _written(body: JsonObject) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:
        raise InvalidRequestError("The line's 'body' is nested too deep.", param="body", code="invalid_value") from None
