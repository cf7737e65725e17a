"""What tokens are made of: ossian-nano derives the embeddings of the tokens that training never touched from it.

`" Björk"`, `"björk"` and `"_BJÖRK"` are unrelated ids, but a model that copies a name into JSON has to go from one to
the other. So a token is described by its prefix (at most one character before the word), the case of its word, the word
in lower case, and the tokens that spell the word without the prefix.
"""

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ossian.harmony.tokenizer import Tokenizer
from ossian.harmony.vocabulary import NUM_ORDINARY_TOKENS, VOCAB_SIZE

PREFIXES: Final = ("", *" ._\"'(-/[{$@#:,\n")
MAX_PIECES: Final = 3

_WORD: Final = re.compile(f"([{re.escape(''.join(PREFIXES))}]?)([^\\W_].*)", re.DOTALL)


class Case(IntEnum):
    """How a word is written."""

    NONE = 0  # it has no case
    LOWER = 1
    CAPITAL = 2  # the first letter alone
    UPPER = 3
    OTHER = 4  # as in "iPhone", or not a word: its key is then the text as it stands


@dataclass(frozen=True, slots=True)
class Spelling:
    """All tokens, each array with one row for an id.

    prefix: index into PREFIXES; case: a Case; key: the number of its word, equal for words that differ only in case;
    pieces, [VOCAB_SIZE, MAX_PIECES]: the keys of the tokens that spell the word without prefix, NO_PIECE at the end.
    """

    prefix: NDArray[np.int64]
    case: NDArray[np.int64]
    key: NDArray[np.int64]
    pieces: NDArray[np.int64]


NO_PIECE: Final = -1


def spelling(tokenizer: Tokenizer) -> Spelling:
    """Take every token apart; about a second. Special tokens, and ids of no token, are words of their own."""
    parts = [split(tokenizer.token_bytes(token)) for token in range(NUM_ORDINARY_TOKENS)]
    numbers: dict[str | bytes, int] = {}
    for _, _, word, _ in parts:
        numbers.setdefault(word, len(numbers))
    num_special = VOCAB_SIZE - NUM_ORDINARY_TOKENS
    key = np.array([*(numbers[word] for _, _, word, _ in parts), *range(len(numbers), len(numbers) + num_special)])
    pieces = np.full((VOCAB_SIZE, MAX_PIECES), NO_PIECE)
    pieces[:, 0] = key
    for token, (prefix, _, _, text) in enumerate(parts):
        if prefix:
            spelled = key[tokenizer.encode(text)[:MAX_PIECES]]
            pieces[token, : len(spelled)] = spelled
    return Spelling(
        np.array([*(PREFIXES.index(prefix) for prefix, _, _, _ in parts), *[0] * num_special]),
        np.array([*(int(case) for _, case, _, _ in parts), *[int(Case.OTHER)] * num_special]),
        key,
        pieces,
    )


def split(token: bytes) -> tuple[str, Case, str | bytes, str]:
    """Return a token's prefix, case, word in lower case, and word as written.

    The word of what is no text is its bytes.
    """
    try:
        text = token.decode()
    except UnicodeDecodeError:
        return "", Case.OTHER, token, ""
    match = _WORD.fullmatch(text)
    if match is None:
        return "", Case.OTHER, text, text
    prefix, word = match.groups()
    case = case_of(word)
    return prefix, case, word if case is Case.OTHER else word.lower(), word


def case_of(word: str) -> Case:
    """Return how a word is written; OTHER when the lower case does not lead back to it."""
    lower = word.lower()
    forms = {Case.LOWER: lower, Case.CAPITAL: lower[:1].upper() + lower[1:], Case.UPPER: lower.upper()}
    if lower.upper() == lower:
        return Case.NONE if word == lower else Case.OTHER
    return next((case for case, form in forms.items() if form == word), Case.OTHER)
