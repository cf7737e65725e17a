from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.skills.exchange import Split
from training.skills.wordings import expanded, is_held_out_wording, sentence, wording

PATTERNS = ("[Hi|Hello|Hey], [who|what] [are you|is this|made you][?|!|]", "tell me who {x} [is|was][.|]")


@given(st.builds(Random, st.integers(0, 2**32)))
def test_an_expanded_pattern_takes_one_alternative_of_each_choice(random: Random) -> None:
    assert expanded(random, "[a|b[c|d]] {x}[|!]") in {
        f"{left} {{x}}{end}" for left in ("a", "bc", "bd") for end in ("", "!")
    }


@pytest.mark.parametrize("split", list(Split))
def test_a_wording_is_of_its_split(split: Split) -> None:
    random = Random(3)
    for _ in range(300):
        assert is_held_out_wording(wording(random, PATTERNS, split)) == (split is Split.HELD_OUT)


@given(st.text("abcdefghijklmnop ,.!?", max_size=40))
def test_case_and_punctuation_do_not_move_a_wording_to_the_other_split(text: str) -> None:
    words = " ".join(text.replace(",", " ").replace(".", " ").replace("!", " ").replace("?", " ").split())
    assert is_held_out_wording(text) == is_held_out_wording(words) == is_held_out_wording(f" {words.upper()}?!")


@pytest.mark.parametrize("text", ["Hello", "Good morning!", "What?", "", "Thank you."])
def test_up_to_two_words_are_never_held_out(text: str) -> None:
    assert not is_held_out_wording(text)


def test_patterns_without_a_wording_of_the_split_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"no wording for the split 'held_out'.*\('Hello',\)"):
        wording(Random(1), ("Hello",), Split.HELD_OUT)


@pytest.mark.parametrize(
    "text, result",
    [("hello", "Hello"), (", who are you?", "Who are you?"), ("{x} here", "{x} here"), ("", ""), ("? so", "So")],
)
def test_a_sentence_begins_with_its_first_word(text: str, result: str) -> None:
    assert sentence(text) == result
