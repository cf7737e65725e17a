"""Drafts are what followed the longest match of the last tokens, the latest among equals."""

import random
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ossian.engine.embedded import drafts
from ossian.engine.embedded.drafts import MAX_MATCH_LEN, MAX_NUM_CANDIDATES, NGRAM_LEN, WINDOW, NgramIndex


def array(tokens: list[int]) -> NDArray[np.int32]:
    return np.array(tokens, np.int32)


def expected(tokens: list[int], num_tokens: int) -> list[int]:
    """The same by trying every place, which all candidates are when there are no more than are tried."""

    def match_len(end: int) -> int:
        most = min(end, MAX_MATCH_LEN)
        return next((n for n in range(most) if tokens[end - 1 - n] != tokens[-1 - n]), most)

    ends = [end for end in range(NGRAM_LEN, len(tokens)) if match_len(end) >= NGRAM_LEN]
    if not ends:
        return []
    end = max(ends[-MAX_NUM_CANDIDATES:], key=lambda end: (match_len(end), end))
    copied = list(tokens)
    for index in range(num_tokens):
        copied.append(copied[end + index])
    return copied[len(tokens) :]


@given(st.lists(st.integers(0, 2), max_size=120), st.integers(1, 20))
def test_it_finds_what_trying_every_place_finds(tokens: list[int], num_tokens: int) -> None:
    assert NgramIndex().draft(array(tokens), num_tokens) == expected(tokens, num_tokens)


@given(st.lists(st.lists(st.integers(0, 2), max_size=12), max_size=12))
def test_it_learns_as_a_sequence_grows(pieces: list[list[int]]) -> None:
    index = NgramIndex()
    tokens: list[int] = []
    for piece in pieces:
        tokens += piece
        assert index.draft(array(tokens), 3) == expected(tokens, 3)


def test_tokens_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "_key", lambda tokens, end: 7)
    tokens = [1, 2, 3, 4, 5, 9, 9, 1, 2, 3, 4]
    assert NgramIndex().draft(array(tokens), 2) == [5, 9]
    assert NgramIndex().draft(array([*tokens[:-1], 8]), 2) == []


def test_the_longest_match_goes_before_the_latest() -> None:
    long = [8, 7, 1, 2, 3, 4, 50]
    late = [9, 9, 1, 2, 3, 4, 60]
    assert NgramIndex().draft(array([*long, *late, 8, 7, 1, 2, 3, 4]), 1) == [50]
    assert NgramIndex().draft(array([*long, *late, 0, 0, 1, 2, 3, 4]), 1) == [60]


def test_a_match_that_runs_into_the_end_is_a_period() -> None:
    assert NgramIndex().draft(array([5] * 6), 4) == [5] * 4
    assert NgramIndex().draft(array([1, 2, 3] * 4), 7) == [1, 2, 3, 1, 2, 3, 1]


@pytest.mark.parametrize("num_tokens", range(NGRAM_LEN + 1))
def test_what_is_too_short_has_no_match(num_tokens: int) -> None:
    assert NgramIndex().draft(array(list(range(num_tokens))), 2) == []


def test_it_forgets_what_the_window_has_left() -> None:
    rng = random.Random(0)
    once = [1, 2, 3, 4, 5]
    for num_between, is_known in ((WINDOW - 20, True), (WINDOW, False), (3 * WINDOW, False)):
        between = [rng.randrange(10, 200_000) for _ in range(num_between)]
        assert NgramIndex().draft(array([*once, *between, 1, 2, 3, 4]), 1) == ([5] if is_known else [])


def test_its_memory_is_bounded() -> None:
    index = NgramIndex()
    sizes = []
    for num_tokens in (10, 3 * WINDOW):
        index.draft(array(list(range(num_tokens))), 1)
        sizes.append(sum(sys.getsizeof(table) for table in (index._latest, index._previous)))
    assert sizes[0] == sizes[1] < 300_000
