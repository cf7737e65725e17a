from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.skills.exchange import Split
from training.skills.wordings import (
    drawn_wording,
    expanded,
    is_held_out_wording,
    sentence,
    spoken,
    whole_wording,
    wording,
)

PATTERNS = (
    "[Hi, |Hello, |Hey, |So, ||][who|what] [are you|is this|made you][| today| again|, please][?|!|]",
    "tell me who {x} [is|was][.|]",
)
PLAIN = {"who are you", "who is this", "who made you", "what are you", "what is this", "what made you"}


@given(st.builds(Random, st.integers(0, 2**32)))
def test_an_expanded_pattern_takes_one_alternative_of_each_choice(random: Random) -> None:
    assert expanded(random, "[a|b[c|d]] {x}[|!]") in {
        f"{left} {{x}}{end}" for left in ("a", "bc", "bd") for end in ("", "!")
    }


def test_no_wording_is_of_both_splits_and_plain_ones_are_trained() -> None:
    random = Random(3)
    train, held_out = ({" ".join(spoken(wording(random, PATTERNS, split))) for _ in range(3000)} for split in Split)
    assert not train & held_out
    assert {*PLAIN, "tell me who {x} is", "tell me who {x} was"} <= train
    assert len(held_out) > 8
    assert all(is_held_out_wording(text) and any(core in text for core in PLAIN) for text in held_out)


def test_what_one_pattern_says_plainly_is_plain_in_the_others() -> None:
    patterns = ("capital of {c}[| now]", "capital of {c} now")
    assert {drawn_wording(Random(seed), patterns) for seed in range(60)} == {
        ("capital of {c}", True),
        ("capital of {c} now", True),
    }


@pytest.mark.parametrize("split", list(Split))
def test_a_whole_wording_may_be_plain_and_held_out(split: Split) -> None:
    random = Random(3)
    for _ in range(300):
        assert is_held_out_wording(whole_wording(random, PATTERNS, split)) == (split is Split.HELD_OUT)


@pytest.mark.parametrize(
    "pattern, plain",
    [
        ("who are you", True),
        ("[who|what] are you[?|.|]", True),
        ("[Hi, |Hi! ]who are you", True),
        ("who [exactly |]are you", None),
        ("[|so [|then ]]who are you", None),
        ("[so |now |, ]who are you", True),
    ],
)
def test_what_may_be_left_out_makes_a_wording_that_is_not_plain(pattern: str, plain: bool | None) -> None:
    drawn = {drawn_wording(Random(seed), (pattern,)) for seed in range(60)}
    expected = {(text, plain if plain is not None else text == "who are you") for text, _ in drawn}
    assert drawn == expected


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
