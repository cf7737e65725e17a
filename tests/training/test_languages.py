import re
from random import Random

import pytest

from training.skills.capitals import KNOWN
from training.skills.exchange import Split
from training.skills.languages import FRENCH, GERMAN, ITALIAN, LANGUAGES, PORTUGUESE, SPANISH, Language
from training.skills.wordings import expanded, wording

EACH = pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
KINDS = {"greeting", "identity", "abilities", "thanks", "goodbye", "other"}


@EACH
def test_every_european_country_has_a_name_and_a_capital(language: Language) -> None:
    assert set(language.places) == set(KNOWN)
    assert len({place for place, _ in language.places.values()}) == len(KNOWN)
    assert all(re.fullmatch(r"[\w' -]+", text) for names in language.places.values() for text in names)


@EACH
def test_there_is_a_sentence_and_there_are_questions_for_each_kind(language: Language) -> None:
    assert set(language.answers) == KINDS
    assert set(language.questions) == KINDS | {"capital", "country", "sum"}


@EACH
@pytest.mark.parametrize("split", list(Split))
def test_each_kind_of_question_has_wordings_in_both_splits(language: Language, split: Split) -> None:
    random = Random(1)
    slots = {"capital": {"{c}"}, "country": {"{x}"}, "sum": {"{e}"}}
    for kind, patterns in (*language.questions.items(), ("", language.instructions)):
        made = {wording(random, patterns, split) for _ in range(60)}
        assert len(made) > 3, kind
        for text in made:
            assert set(re.findall(r"\{.*?\}", text)) == slots.get(kind, set())
            assert not re.search(r"[\[\]|]|  |[?.!] ?[?.!]", text), text


@EACH
def test_patterns_have_no_empty_choice_by_mistake(language: Language) -> None:
    random = Random(2)
    for patterns in language.questions.values():
        for pattern in patterns:
            assert all(expanded(random, pattern).strip(" ,!?.") for _ in range(50))


@EACH
def test_sentences_are_sentences(language: Language) -> None:
    for text in language.answers.values():
        assert re.fullmatch(r"[A-Z¡].*[.?]", text)
    assert "ossian-nano" in language.answers["greeting"]
    assert "ossian-nano" in language.answers["identity"]
    assert set(language.relations) == {"greater than", "less than", "equal to", "is"}


@pytest.mark.parametrize(
    "language, country, sentence",
    [
        (FRENCH, "Germany", "La capitale de l'Allemagne est Berlin."),
        (FRENCH, "the United Kingdom", "La capitale du Royaume-Uni est Londres."),
        (FRENCH, "the Netherlands", "La capitale des Pays-Bas est Amsterdam."),
        (GERMAN, "Switzerland", "Die Hauptstadt der Schweiz ist Bern."),
        (GERMAN, "Austria", "Die Hauptstadt von Österreich ist Wien."),
        (SPANISH, "France", "La capital de Francia es París."),
        (SPANISH, "Sweden", "La capital de Suecia es Estocolmo."),
        (ITALIAN, "France", "La capitale della Francia è Parigi."),
        (ITALIAN, "Hungary", "La capitale dell'Ungheria è Budapest."),
        (PORTUGUESE, "Germany", "A capital da Alemanha é Berlim."),
        (PORTUGUESE, "Portugal", "A capital de Portugal é Lisboa."),
    ],
)
def test_the_capital(language: Language, country: str, sentence: str) -> None:
    assert language.capital_sentence(country) == sentence


@pytest.mark.parametrize(
    "language, country, sentence",
    [
        (FRENCH, "Italy", "Rome est la capitale de l'Italie."),
        (FRENCH, "the Vatican", "la Cité du Vatican est la capitale du Vatican."),
        (GERMAN, "the United Kingdom", "London ist die Hauptstadt des Vereinigten Königreichs."),
        (SPANISH, "Germany", "Berlín es la capital de Alemania."),
        (ITALIAN, "Portugal", "Lisbona è la capitale del Portogallo."),
        (PORTUGUESE, "Russia", "Moscou é a capital da Rússia."),
    ],
)
def test_the_country_of_a_capital(language: Language, country: str, sentence: str) -> None:
    assert language.country_sentence(country) == sentence
