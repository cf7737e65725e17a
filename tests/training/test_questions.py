from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.skills.exchange import Split
from training.skills.questions import framed, question
from training.skills.wordings import expanded, is_held_out_wording

PATTERNS = (
    "[|tell me, |now ][what|which] [city|town|place] is the [|old ][capital|centre|heart] of {c}[| today| now]?",
    "[tell|show|give] me the [capital|centre] of {c}.",
)
PLACES = tuple(f"Place{number}" for number in range(40))


def plain(text: str) -> str:
    return text.lower().rstrip(".?!")


def drawn(split: Split, trained: tuple[str, ...] = ()) -> set[str]:
    random = Random(3)
    return {plain(question(random, PATTERNS, split, trained=trained, c=random.choice(PLACES))) for _ in range(4000)}


def test_no_question_is_of_both_splits() -> None:
    train, held_out = drawn(Split.TRAIN), drawn(Split.HELD_OUT)
    assert min(len(train), len(held_out)) > 100
    assert not train & held_out


def test_a_trained_pattern_is_trained_with_every_filling() -> None:
    cores = [expanded(Random(seed), PATTERNS[0]).rstrip("?") for seed in range(100)]
    pattern = next(core for core in cores if is_held_out_wording(core))
    for place in PLACES:
        text = question(Random(1), (f"{pattern}?",), Split.TRAIN, trained=(pattern,), c=place)
        assert pattern.format(c=place).lower() in text.lower()
    assert not {pattern.format(c=place).lower() for place in PLACES} & drawn(Split.HELD_OUT, (pattern,))


def test_a_question_that_cannot_be_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"no question for the split 'held_out' in \d+ draws of {}: \('why\?',\)"):
        question(Random(1), ("why?",), Split.HELD_OUT)


def test_a_trained_question_is_trained_with_this_filling_only() -> None:
    only = "which town is the heart of place1"
    assert any(only in text for text in drawn(Split.TRAIN, (only,)))
    assert not any(text.endswith(only) for text in drawn(Split.HELD_OUT, (only,)))


@given(st.integers())
def test_the_same_seed_draws_the_same(seed: int) -> None:
    first, second = (question(Random(seed), PATTERNS, Split.TRAIN, c="Rome") for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    "core, wanted",
    [
        ("what is it?", "Quick question: what is it?"),
        ("explain it.", "Could you please explain it?"),
        ("I need it!", "I need it."),
        ("it", "It, please"),
    ],
)
def test_a_frame_suits_what_is_asked(core: str, wanted: str) -> None:
    texts = {framed(Random(seed), core) for seed in range(400)}
    assert wanted in texts
    assert all(text[0].isupper() for text in texts)


def test_up_to_two_words_are_never_held_out() -> None:
    assert not any(is_held_out_wording(f"{place} capital") for place in PLACES)
