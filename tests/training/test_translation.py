from random import Random

import pytest

from training.skills.exchange import Exchange, Split, analyses, copied, unmarked
from training.skills.instruction import Base
from training.skills.languages import FRENCH, GERMAN, ITALIAN, PORTUGUESE, SPANISH, Language
from training.skills.translation import in_foreign_words, translated, translation


def base(kind: str, answer: str) -> Base:
    return Base(
        kind,
        Exchange("skill", "Question?", analyses(f"{copied('Question')}.", "Two words.", "Now three words."), answer),
    )


@pytest.mark.parametrize(
    "kind, english, language, answer",
    [
        ("capital", "The capital of Poland is Warsaw.", GERMAN, "Die Hauptstadt von Polen ist Warschau."),
        ("whether", "Yes, Lisbon is the capital of Portugal.", FRENCH, "Oui, Lisbonne est la capitale du Portugal."),
        (
            "whether",
            "Yes, Vatican City is the capital of the Vatican.",
            FRENCH,
            "Oui, la Cité du Vatican est la capitale du Vatican.",
        ),
        ("whether", "No, the capital of Spain is Madrid.", SPANISH, "No, la capital de España es Madrid."),
        ("country", "Vienna is the capital of Austria.", ITALIAN, "Vienna è la capitale dell'Austria."),
        (
            "country",
            "Vatican City is the capital of the Vatican.",
            GERMAN,
            "Die Vatikanstadt ist die Hauptstadt des Vatikans.",
        ),
        ("sum", "17 × 23 = 391.", PORTUGUESE, "17 × 23 = 391."),
        ("sum", "3 - 5 = -2.", FRENCH, "3 - 5 = -2."),
        ("sum", "391", FRENCH, "391"),
        ("comparison", "No, 45 is less than 54.", GERMAN, "Nein, 45 ist kleiner als 54."),
        ("comparison", "7 is equal to 7.", ITALIAN, "7 è uguale a 7."),
        ("thanks", "You are welcome!", SPANISH, "¡De nada! ¿Puedo hacer algo más por ti?"),
    ],
)
def test_the_same_in_another_language(kind: str, english: str, language: Language, answer: str) -> None:
    assert translation(kind, english, language) == answer
    found = translated(base(kind, english), language)
    assert found is not None
    assert found.exchange.answer == answer
    assert all(language.name in text for text in found.exchange.analysis.values())


def test_steps_in_words_are_not_translated() -> None:
    assert translated(base("sum", "Digit by digit from the right: 8 + 7 = 15. So 8 + 7 = 15."), FRENCH) is None


@pytest.mark.parametrize("kind", ["other", "explanation"])
def test_what_is_only_known_in_english_gets_an_honest_answer(kind: str) -> None:
    found = translated(base(kind, "Gravity is like an invisible hug."), FRENCH)
    assert found is not None
    assert found.exchange.answer == FRENCH.answers["other"]


def test_a_capital_is_asked_for_in_french() -> None:
    random = Random(1)
    asked = base("capital", "The capital of Spain is Madrid.")
    found = [in_foreign_words(random, asked, FRENCH, Split.TRAIN) for _ in range(30)]
    questions = {each.exchange.question for each in found if each}
    assert len(questions) > 10
    assert all("apitale de l'Espagne" in question for question in questions)


def test_a_sum_is_asked_for_in_german() -> None:
    found = in_foreign_words(Random(2), base("sum", "17 + 23 = 40."), GERMAN, Split.TRAIN)
    assert found is not None
    assert "17" in found.exchange.question
    assert "23" in found.exchange.question


def test_what_was_copied_from_the_english_question_is_no_copy_any_more() -> None:
    found = in_foreign_words(Random(3), base("greeting", "Hello!"), ITALIAN, Split.TRAIN)
    assert found is not None
    assert all(text == unmarked(text) for text in found.exchange.analysis.values())


@pytest.mark.parametrize("kind", ["comparison", "whether", "explanation"])
def test_some_kinds_are_only_asked_in_english(kind: str) -> None:
    assert in_foreign_words(Random(4), base(kind, "7 is less than 12."), SPANISH, Split.TRAIN) is None
