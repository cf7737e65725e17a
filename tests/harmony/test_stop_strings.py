from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ossian.harmony.events import TextDelta, TokenChoice, TokenText
from ossian.harmony.stop_strings import StopStringMatcher

TEXT = st.text(alphabet="abc", max_size=30)
STOPS = st.lists(st.text(alphabet="abc", min_size=1, max_size=4), min_size=1, max_size=3)


def split(text: str, cuts: list[int]) -> list[str]:
    points = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    return [text[start:end] for start, end in pairwise(points)]


def run(stop: list[str], pieces: list[str]) -> tuple[str, str | None]:
    matcher = StopStringMatcher(stop)
    text = "".join(delta.text for piece in pieces for delta in matcher.push(TextDelta(piece)))
    return text + "".join(delta.text for delta in matcher.flush()), matcher.matched


@given(TEXT, STOPS, st.lists(st.integers(0, 100), max_size=8))
def test_the_text_ends_at_the_first_stop_string_however_it_is_split(
    text: str, stop: list[str], cuts: list[int]
) -> None:
    got, matched = run(stop, split(text, cuts))

    # The first to be complete decides: that is what a reader of the stream can know.
    ends = [(text.find(s) + len(s), s) for s in stop if s in text]
    if not ends:
        assert (got, matched) == (text, None)
        return
    assert matched in stop
    assert text.startswith(got + matched)
    assert not any(s in got for s in stop)


@given(TEXT, STOPS)
def test_one_character_at_a_time_equals_any_other_split_in_what_never_leaks(text: str, stop: list[str]) -> None:
    got, _ = run(stop, list(text))
    assert not any(s in got for s in stop)


def test_without_stop_strings_nothing_is_held_back() -> None:
    matcher = StopStringMatcher([])
    assert matcher.push(TextDelta("a")) == [TextDelta("a")]
    assert matcher.flush() == []


def test_a_delta_that_is_split_keeps_its_choices_with_its_start() -> None:
    choice = TokenChoice(TokenText(1, b"ab#", -1.0))
    matcher = StopStringMatcher(["##"])

    assert matcher.push(TextDelta("ab#", (choice,))) == [TextDelta("ab", (choice,))]
    assert matcher.flush() == [TextDelta("#")]


def test_nothing_comes_out_after_a_match() -> None:
    matcher = StopStringMatcher(["#"])
    matcher.push(TextDelta("a#b"))

    assert matcher.matched == "#"
    assert matcher.push(TextDelta("c")) == []
    assert matcher.flush() == []


def test_of_two_that_start_together_the_first_listed_matches() -> None:
    assert run(["ab", "abc"], ["xabc"]) == ("x", "ab")
    assert run(["abc", "ab"], ["xabc"]) == ("x", "abc")
