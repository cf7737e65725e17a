"""The lines of a file that comes in pieces."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class InputLine:
    """A line that is not blank; lines count from 1, the blank ones too. `text` is None when it is too long."""

    number: int
    text: bytes | None


class LineReader:
    """Cuts pieces of a file into lines, of which at most one is held, and never more of it than `max_line_bytes`."""

    def __init__(self, max_line_bytes: int) -> None:
        self._max_line_bytes = max_line_bytes
        self._number = 1
        self._begun: list[bytes] = []  # the pieces of the line that has not ended
        self._num_begun = 0

    def feed(self, piece: bytes) -> Iterator[InputLine]:
        """Yield the lines that end in the next piece of the file."""
        *ended, rest = piece.split(b"\n")
        for part in ended:
            self._add(part)
            yield from self._end_line()
        self._add(rest)

    def close(self) -> Iterator[InputLine]:
        """Yield the last line, when no newline ended it."""
        yield from self._end_line()

    def _add(self, part: bytes) -> None:
        self._num_begun += len(part)
        if self._num_begun > self._max_line_bytes:
            self._begun.clear()
        elif part:
            self._begun.append(part)

    def _end_line(self) -> Iterator[InputLine]:
        number, text = self._number, b"".join(self._begun)
        is_too_long = self._num_begun > self._max_line_bytes
        self._number, self._num_begun = number + 1, 0
        self._begun.clear()
        if number == 1:
            text = text.removeprefix(BYTE_ORDER_MARK)
        if is_too_long or text.strip():
            yield InputLine(number, None if is_too_long else text)
