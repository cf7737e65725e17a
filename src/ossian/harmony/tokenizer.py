"""Text to token ids and back, through tiktoken.

Text never becomes a special token here: those have names in no alphabet a caller can write.
"""

import re
from collections.abc import Iterator
from typing import Final

import tiktoken

from ossian.harmony import vocabulary

# tiktoken's regular expression overflows its stack, and panics, on a run of about a million blanks (`\s+(?!\S)`
# backtracks). A run this long is cut; nobody's prompt is the worse for where.
MAX_BLANKS: Final = 100_000

# Anchored at the run's start: tried at every blank, a run just short of the limit would take quadratic time.
_LONG_BLANKS: Final = re.compile(rf"(?<!\s)\s{{{MAX_BLANKS},}}")

_INVALID_UTF8: Final = b"\xff"


class Tokenizer:
    """Encodes ordinary text and decodes tokens. Safe to share between threads.

    >>> Tokenizer().encode("hello world")
    [24912, 2375]
    """

    def __init__(self) -> None:
        self.ranks = vocabulary.load_ranks()  # of ordinary tokens: tiktoken holds on to them in any case
        self._encoding = tiktoken.Encoding(
            "o200k_harmony",
            pat_str=vocabulary.SPLIT_PATTERN,
            mergeable_ranks=self.ranks,
            special_tokens=vocabulary.special_tokens(),
            explicit_n_vocab=vocabulary.VOCAB_SIZE,
        )

    def encode(self, text: str) -> list[int]:
        """Return the ids of ordinary tokens that spell `text`: `"<|start|>"` becomes five of them.

        A lone surrogate, which UTF-8 cannot spell, is encoded as U+FFFD. Takes about half a second a megabyte at
        worst, and releases the GIL.
        """
        token_ids: list[int] = []
        start = 0
        for cut in _cuts(text):
            token_ids += self._encoding.encode_ordinary(text[start:cut])
            start = cut
        return token_ids + self._encoding.encode_ordinary(text[start:])

    def token_bytes(self, token_id: int) -> bytes:
        """Return a token's bytes, perhaps part of a character; a special token's name.

        An id outside the vocabulary has no bytes; it reads as one invalid byte, which decodes to U+FFFD.
        """
        if not 0 <= token_id < vocabulary.VOCAB_SIZE:
            return _INVALID_UTF8
        return self._encoding.decode_single_token_bytes(token_id)

    def decode(self, token_ids: list[int]) -> str:
        """Return the text of the tokens, special tokens as their names, invalid UTF-8 as U+FFFD."""
        return b"".join(map(self.token_bytes, token_ids)).decode(errors="replace")


def _cuts(text: str) -> Iterator[int]:
    """Yield where runs of blanks are cut: after every MAX_BLANKS of them."""
    for blanks in _LONG_BLANKS.finditer(text):
        yield from range(blanks.start() + MAX_BLANKS, blanks.end() + 1, MAX_BLANKS)


def is_special(token_id: int) -> bool:
    """Whether an id is structure rather than text."""
    return vocabulary.NUM_ORDINARY_TOKENS <= token_id < vocabulary.VOCAB_SIZE
