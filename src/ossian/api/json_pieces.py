r"""A call's arguments in pieces that a client can parse as they come.

Tokens end anywhere, so a piece could end in `\`, in `\u00`, or between the two halves of a surrogate pair: text that
repairs itself with the next piece, but that parsers of unfinished JSON make nonsense of meanwhile.
"""

import re
from typing import Final

_ESCAPES: Final = re.compile(r"\\(?:u[0-9a-fA-F]{4}|[^u])", re.DOTALL)
_HIGH_SURROGATE: Final = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}")
_STARTED_ESCAPE: Final = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?")
_BLANKS: Final = " \t\n\r"


class JsonPieces:
    """Cuts a JSON text anew: no piece ends within an escape or a surrogate pair, and none is blank before the value.

    Texts that are no JSON pass too; nothing is lost or changed.
    """

    def __init__(self) -> None:
        self._held = ""
        self._has_begun = False

    def push(self, text: str) -> str:
        """Return what can be sent now, often all of it."""
        text = self._held + text
        self._has_begun = self._has_begun or bool(text.strip(_BLANKS))
        end = _safe_end(text) if self._has_begun else 0
        self._held = text[end:]
        return text[:end]

    def flush(self) -> str:
        """Return what was held back: the text is over, whole or not."""
        held, self._held = self._held, ""
        return held


def _safe_end(text: str) -> int:
    """Where the last unfinished escape or surrogate pair begins. The text itself begins outside any."""
    start = text.find("\\")
    while start >= 0:
        escape = _ESCAPES.match(text, start)
        if escape is None:
            return start if _STARTED_ESCAPE.fullmatch(text, start) else len(text)
        if _HIGH_SURROGATE.fullmatch(escape[0]) and _could_be_escape(text[escape.end() :]):
            return start
        start = text.find("\\", escape.end())
    return len(text)


def _could_be_escape(rest: str) -> bool:
    """Whether what follows a high surrogate may still become the low one."""
    return bool(_STARTED_ESCAPE.fullmatch(rest)) or not rest
