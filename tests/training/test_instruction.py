from random import Random

import pytest

from training.skills import instruction
from training.skills.exchange import Effort, Exchange, Split, analyses, copied
from training.skills.instruction import Base, Instruction, Make, in_one_word, respelled, worded
from training.skills.instruction_wordings import BRITISH_DEVELOPER, USUAL

MAKES: tuple[Make, ...] = (
    instruction.upper_case,
    instruction.lower_case,
    instruction.one_word,
    instruction.british_english,
    instruction.pirate,
    instruction.phrase,
)


def base(answer: str, question: str = "Question?", kind: str = "capital") -> Base:
    return Base(kind, Exchange("skill", question, analyses("1+1\n2", "Two words.", "Now three words."), answer))


@pytest.mark.parametrize(
    "answer, word",
    [
        ("The capital of France is Paris.", "Paris"),
        ("La capitale de la France est Paris.", "Paris"),
        ("A capital da Alemanha é Berlim.", "Berlim"),
        ("Paris is the capital of France.", "France"),
        ("Yes, Paris is the capital of France.", "Yes"),
        ("No, 45 is less than 54.", "No"),
        ("17 × 23 = 391.", "391"),
        ("3 - 5 = -2.", "-2"),
        ("Digit by digit from the right: 7 + 5 = 12, 1 + 0 = 1. So 17 + 5 = 22.", None),
        ("Hello! I am ossian-nano.", "Hello"),
        ("Bonjour ! Je suis ossian-nano.", "Bonjour"),
        ("The capital of Andorra is Andorra la Vella.", None),
        ("London is the capital of the United Kingdom.", None),
        ("7 is less than 12.", None),
        ("You are welcome! Is there anything else I can do?", None),
    ],
)
def test_the_word_that_matters(answer: str, word: str | None) -> None:
    found = in_one_word(base(answer))
    assert (found.exchange.answer if found else None) == word


def test_the_number_that_is_asked_for() -> None:
    found = in_one_word(base("120 is greater than 98.", "Which is larger, 98 or 120?"))
    assert found is not None
    assert found.exchange.answer == "120"


def test_what_the_model_does_not_know_is_unknown() -> None:
    found = in_one_word(base("I am a demonstration model.", kind="other"))
    assert found is not None
    assert found.exchange.answer == "Unknown"


@pytest.mark.parametrize(
    "text, changed",
    [
        ("The end", "THE END"),
        (f"It is {copied('391')}, Anna", f"IT IS {copied('391')}, ANNA"),
        (f"Hello {copied('Anna')}!", "HELLO ANNA!"),
        (copied("LOUD"), copied("LOUD")),
    ],
)
def test_a_copy_in_another_spelling_is_no_copy(text: str, changed: str) -> None:
    assert respelled(text, str.upper) == changed


@pytest.mark.parametrize("make", MAKES, ids=lambda make: make.__name__)
@pytest.mark.parametrize("by_user", [True, False])
@pytest.mark.parametrize("split", list(Split))
def test_an_instruction_has_many_wordings(make: Make, by_user: bool, split: Split) -> None:
    random = Random(1)
    texts = {make(random, split, by_user).text for _ in range(200)}
    assert len(texts) > 20
    assert not any(sign in text for text in texts for sign in ("[", "]", "|", "{", "}", "  "))


@pytest.mark.parametrize("make", MAKES, ids=lambda make: make.__name__)
def test_the_steps_stay_and_the_instruction_is_named_after_them(make: Make) -> None:
    found = make(Random(1), Split.TRAIN, False).follow(base("1 + 1 = 2.", kind="sum"))
    assert found is not None
    assert found.exchange.analysis[Effort.LOW].startswith("1+1\n2\n")
    assert found.exchange.analysis[Effort.MEDIUM].startswith("Two words. ")


def test_phrases_are_of_different_length() -> None:
    random = Random(1)
    sizes = {len(instruction.words_to_say(random, Split.TRAIN).split()) for _ in range(400)}
    assert {1, 2, 3, 4, 5} <= sizes <= {1, 2, 3, 4, 5, 6}


def made(seed: int) -> Instruction:
    return instruction.end_phrase(Random(seed), Split.TRAIN, False)


def test_the_end_phrase_stands_in_the_text_and_at_the_end_of_the_answer() -> None:
    for seed in range(200):
        asked = made(seed)
        found = asked.follow(base("The capital of France is Paris."))
        assert found is not None
        said = found.exchange.answer.removeprefix("The capital of France is Paris. ")
        words = said.rstrip(".!").strip("\ue000\ue001")
        assert words in asked.text
        assert found.exchange.answer != said


@pytest.mark.parametrize("split", list(Split))
def test_the_usual_wordings_are_always_trained(split: Split) -> None:
    random = Random(6)
    texts = {worded(random, "British English", BRITISH_DEVELOPER, split) for _ in range(2000)}
    assert texts.issuperset(USUAL["British English"]) == (split is Split.TRAIN)
    assert texts.isdisjoint(USUAL["British English"]) == (split is Split.HELD_OUT)
