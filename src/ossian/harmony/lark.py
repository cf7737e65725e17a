"""Grammars that callers send, in Lark's syntax."""

import re
from typing import Final

# A string, a comment or a regex, exactly where llguidance's lexer sees one: a difference would hide what follows.
_LITERAL: Final = (
    r'"(?:\\(?:["\\/bfnrt]|u[a-fA-F0-9]{4}|x[a-fA-F0-9]{2})|[^"\\\x00-\x1f\x7f])*"i?'
    r"|(?://|\#)[^\n]*"
    r"|/(?:\\[^\n]|[^/\\])+/[imslux]*"
)
_FOREIGN: Final = (
    r"<[^\n]*>|@\w+|%(?:llguidance|json|regex|lark)\b|~(?!\s*\d)|\b(?:stop|suffix|max_tokens|temperature)\s*="
    r'|["/\\]'  # what begins a literal and is none
)
_PIECES: Final = re.compile(f"{_LITERAL}|(?P<foreign>{_FOREIGN})")


def foreign_lark(definition: str) -> str | None:
    """Return what of a grammar is not plain Lark, if anything is: special tokens, other grammars, llguidance's options,
    and its negation, which fits special tokens as well.

    The compiler would take them, so a caller could make a model say what ends its turn.
    """
    return next((found["foreign"] for found in _PIECES.finditer(definition) if found["foreign"]), None)
