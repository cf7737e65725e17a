"""Grammars that callers send, in Lark's syntax."""

import re
from typing import Final

_LITERALS: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"i?|(?://|#)[^\n]*|/(?![/*])(?:[^/\\]|\\.)+/[imslux]*', re.DOTALL)
_FOREIGN: Final = re.compile(
    r"<[^\n]*>|@\w+|%(?:llguidance|json|regex|lark)\b|~(?!\s*\d)|\b(?:stop|suffix|max_tokens|temperature)\s*="
)


def foreign_lark(definition: str) -> str | None:
    """Return what of a grammar is not plain Lark, if anything is: special tokens, other grammars, llguidance's options,
    and its negation, which fits special tokens as well.

    The compiler would take them, so a caller could make a model say what ends its turn.
    """
    found = _FOREIGN.search(_LITERALS.sub('""', definition))
    return found and found[0]
