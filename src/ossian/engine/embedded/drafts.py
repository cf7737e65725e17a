"""Which tokens may come next: those that followed when a sequence's last tokens were there before.

Prompt lookup: what is rewritten or quoted stands in the prompt, and its continuation costs nothing to guess. The search
is that of LZ77 compressors (hash chains, RFC 1951 section 4). Whether a guess is worth computing is speculation.py's
knowledge.
"""

from array import array

import numpy as np
from numpy.typing import NDArray

NGRAM_LEN = 4  # tokens that must agree at least; of 3, twice as many are followed by something else
WINDOW = 1 << 15  # tokens; how far back is looked. Two int32 each
MAX_NUM_CANDIDATES = 8  # of equal n-grams, the latest
MAX_MATCH_LEN = 32  # tokens; no candidate is better than one that agrees so far back


class NgramIndex:
    """Where the n-grams of one sequence ended before; 256 KiB, whatever the sequence's length.

    >>> NgramIndex().draft(np.array([7, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4], np.int32), 2)
    [5, 6]
    """

    def __init__(self) -> None:
        self._latest = array("i", bytes(4 * WINDOW))  # by hash: the end of its latest n-gram; 0: none
        self._previous = array("i", bytes(4 * WINDOW))  # by end % WINDOW: that of the one before, of the same hash
        self._end = NGRAM_LEN  # the n-grams that end before it are known

    def draft(self, tokens: NDArray[np.int32], num_tokens: int) -> list[int]:
        """Propose `num_tokens` tokens to follow `tokens`, which only grow from call to call; none without a match.

        They are what followed the longest match of the end, the latest among equals; a match that runs into the end
        is taken as a period.
        """
        values = tokens.data
        self._extend(values)
        end = self._longest_match(values)
        return [] if end == 0 else np.resize(tokens[end : end + num_tokens], num_tokens).tolist()

    def _extend(self, tokens: memoryview) -> None:
        """Learn the n-grams that are followed by a token; those beyond the window are never looked at."""
        for end in range(max(self._end, len(tokens) - WINDOW), len(tokens)):
            key = _key(tokens, end)
            self._previous[end % WINDOW] = self._latest[key]
            self._latest[key] = end
        self._end = max(self._end, len(tokens))

    def _longest_match(self, tokens: memoryview) -> int:
        """The end of the match, or 0."""
        if len(tokens) < NGRAM_LEN:
            return 0
        end, best, longest = self._latest[_key(tokens, len(tokens))], 0, NGRAM_LEN - 1
        for _ in range(MAX_NUM_CANDIDATES):
            if end <= len(tokens) - WINDOW or end == 0 or longest == MAX_MATCH_LEN:
                break
            match_len = _match_len(tokens, end)
            if match_len > longest:
                best, longest = end, match_len
            end = self._previous[end % WINDOW]
        return best


def _key(tokens: memoryview, end: int) -> int:
    return hash(tuple(tokens[end - NGRAM_LEN : end])) % WINDOW


def _match_len(tokens: memoryview, end: int) -> int:
    """How many tokens before `end` agree with the last ones."""
    most = min(end, MAX_MATCH_LEN)
    shift = len(tokens) - end
    return next((n for n in range(most) if tokens[end - 1 - n] != tokens[end - 1 - n + shift]), most)
