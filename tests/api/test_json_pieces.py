import json
import re
from itertools import pairwise
from typing import Any

import jiter
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.api.json_pieces import JsonPieces

VALUES = st.recursive(
    st.none() | st.integers() | st.text() | st.text('\\"\n\x01é😀', min_size=1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('a\\"😀', max_size=3), inner, max_size=3),
    max_leaves=6,
)
HALF_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*(\\(?:u[0-9a-f]{0,3})?|\\ud[89ab][0-9a-f]{2}(?:\\(?:u[0-9a-f]{0,3})?)?)$")


def pieces_of(*texts: str) -> list[str]:
    pieces = JsonPieces()
    return [*map(pieces.push, texts), pieces.flush()]


def cut(text: str, places: list[int]) -> list[str]:
    ends = sorted({place % (len(text) + 1) for place in places} | {0, len(text)})
    return [text[start:end] for start, end in pairwise(ends)]


@given(VALUES, st.lists(st.integers(0, 1000)), st.booleans())
def test_nothing_is_lost_and_no_piece_ends_within_an_escape(value: Any, places: list[int], is_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii)
    pieces = pieces_of(*cut(text, places))
    assert "".join(pieces) == text
    assert pieces[-1] == ""
    for number in range(1, len(pieces)):
        assert not HALF_ESCAPE.search("".join(pieces[:number]))


@given(st.text(), st.lists(st.integers(0, 1000)))
def test_texts_that_are_no_json_pass_unchanged(text: str, places: list[int]) -> None:
    assert "".join(pieces_of(*cut(text, places))) == text


@given(VALUES, st.lists(st.integers(0, 1000)))
def test_what_was_sent_so_far_is_the_beginning_of_the_value(value: Any, places: list[int]) -> None:
    """As a client shows it that parses while it reads: strings only ever grow."""
    text = json.dumps({"a": str(value)})
    sent, whole = "", json.loads(text)["a"]
    for piece in pieces_of(*cut(text, places)):
        sent += piece
        if sent:
            shown = jiter.from_json(sent.encode(), partial_mode="trailing-strings")
            assert whole.startswith(shown.get("a", ""))


@pytest.mark.parametrize(
    "texts, pieces",
    [
        (('{"a": "b\\', 'n"}'), ['{"a": "b', '\\n"}', ""]),
        (('"\\\\', '"'), ['"\\\\', '"', ""]),
        (('"\\u', "00", "4", '1"'), ['"', "", "", '\\u0041"', ""]),
        (('"\\ud83d', "\\ude", '00"'), ['"', "", '\\ud83d\\ude00"', ""]),
        (('"\\uD83D', 'x"'), ['"', '\\uD83Dx"', ""]),
        (('"\\ud83d', "\\n", '"'), ['"', "\\ud83d\\n", '"', ""]),
        (('"\\ud83d\\ud83d', "\\ude00"), ['"\\ud83d', "\\ud83d\\ude00", ""]),
        (('"\\ude00', '"'), ['"\\ude00', '"', ""]),
        (('"\\ux', '"'), ['"\\ux', '"', ""]),
        (("  ", "\n", "{}"), ["", "", "  \n{}", ""]),
        (("  ",), ["", "  "]),
        (('{"a": "\\u12',), ['{"a": "', "\\u12"]),
    ],
)
def test_examples(texts: tuple[str, ...], pieces: list[str]) -> None:
    assert pieces_of(*texts) == pieces
