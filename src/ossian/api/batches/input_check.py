"""What is looked at before a batch begins: all its lines."""

import hashlib
from typing import Final

from ossian.api.batches.lines import InputLine
from ossian.api.batches.requests import LineReading, LineRequest
from ossian.api.fields import JsonObject
from ossian.errors import InvalidRequestError

MAX_NUM_FAULTS: Final = 100  # nobody reads more of them


class InputCheck:
    """Looks at the lines of an input file, one after the other. `faults` are the `data` of a batch's `errors`."""

    def __init__(self, reading: LineReading, max_num_lines: int) -> None:
        self.num_lines = 0
        self.faults: list[JsonObject] = []
        self._reading = reading
        self._max_num_lines = max_num_lines
        self._ids: set[bytes] = set()  # digests: an id may be long
        self._models: set[str | None] = set()

    @property
    def is_over(self) -> bool:
        """Whether there is no need to look at more lines."""
        return len(self.faults) >= MAX_NUM_FAULTS or self.num_lines > self._max_num_lines

    @property
    def model(self) -> str | None:
        """The model that all lines name; None when they do not agree."""
        return next(iter(self._models)) if len(self._models) == 1 else None

    def note(self, line: InputLine) -> None:
        """Look at the next line."""
        self.num_lines += 1
        if self.num_lines > self._max_num_lines:
            message = f"The file has more than {self._max_num_lines} requests, which is the limit for a batch."
            self._add(InvalidRequestError(message, code="too_many_tasks"), line.number)
            return
        try:
            self._note_request(self._reading.request(line))
        except InvalidRequestError as error:
            self._add(error, line.number)

    def close(self) -> None:
        """The file has ended."""
        if self.num_lines == 0:
            message = "The file is empty. Write a JSON object a line, each with custom_id, method, url and body."
            self._add(InvalidRequestError(message, code="empty_file"), None)

    def _note_request(self, request: LineRequest) -> None:
        digest = hashlib.blake2b(request.custom_id.encode(errors="surrogatepass"), digest_size=16).digest()
        if digest in self._ids:
            message = f"The custom_id '{request.custom_id[:80]}' is that of an earlier line; each must be unique."
            raise InvalidRequestError(message, param="custom_id", code="duplicate_custom_id")
        self._ids.add(digest)
        if len(self._models) < 2:
            self._models.add(request.model)

    def _add(self, error: InvalidRequestError, number: int | None) -> None:
        self.faults.append(fault(error.code, error.message, error.param, number))


def fault(code: str | None, message: str, param: str | None = None, line: int | None = None) -> JsonObject:
    """Return one of a batch's errors."""
    return {"code": code, "message": message, "param": param, "line": line}
