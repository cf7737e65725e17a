"""Exchanges in other languages: answers from English ones, and questions of people who do not write English."""

import re
from dataclasses import replace
from random import Random

from training.skills import arithmetic
from training.skills.arithmetic_steps import SIGNS
from training.skills.exchange import Effort, Exchange, Split, analyses, unmarked
from training.skills.instruction import Base
from training.skills.languages import Language
from training.skills.wordings import wording

CAPITAL = re.compile(r"(No, the|The) capital of (.+) is .+\.")
COUNTRY = re.compile(r"(Yes, )?.+ is the capital of (.+)\.")
SUM = re.compile(r"(\d+) (\D) (\d+) = -?\d+\.")
EQUATIONS = re.compile(r"[\d\s+×=.-]+")
RELATION = re.compile(r"(?:(Yes|No), )?(\d+) is (greater than|less than|equal to) (\d+)\.")
NOT_KNOWN = ("other", "explanation")  # the kinds that are only answered in English


def translated(base: Base, language: Language) -> Base | None:
    """The exchange with the answer in a language; None where it has no sentence for it."""
    if base.kind in NOT_KNOWN:
        return replace(base, exchange=not_known(base.exchange, language))
    english = unmarked(base.exchange.answer)
    answer = translation(base.kind, english, language)
    return None if answer is None else base.answered(answer, notes(english, language))


def notes(english: str, language: Language) -> dict[Effort, str]:
    """What the analysis says about the language; a city's name in it comes first of all."""
    name, medium = language.name, f"I answer in {language.name}."
    if place := CAPITAL.fullmatch(english) or COUNTRY.fullmatch(english):
        city = language.places[place[2]][1]
        return analyses(f"{name}: {city}.", f"{medium} The city is {city}.", f"{medium} In {name}, the city is {city}.")
    return analyses(f"{name}.", medium, f"{medium} My usual answer has the same meaning.")


def translation(kind: str, answer: str, language: Language) -> str | None:
    """The sentence of a language that says the same."""
    if kind in language.answers:
        return language.answers[kind]
    if EQUATIONS.fullmatch(answer):
        return answer
    if relation := RELATION.fullmatch(answer):
        verdict, first, words, second = relation.groups()
        said = f"{first} {language.relations['is']} {language.relations[words]} {second}."
        return f"{_verdict(verdict, language)}, {said}" if verdict else said
    if capital := CAPITAL.fullmatch(answer):
        sentence = language.capital_sentence(capital[2])
        return sentence if capital[1] == "The" else f"{language.no}, {sentence[0].lower()}{sentence[1:]}"
    if country := COUNTRY.fullmatch(answer):
        sentence = language.country_sentence(country[2])
        return f"{language.yes}, {sentence}" if country[1] else f"{sentence[0].upper()}{sentence[1:]}"
    return None


def _verdict(english: str, language: Language) -> str:
    return language.yes if english == "Yes" else language.no


def not_known(exchange: Exchange, language: Language) -> Exchange:
    """The honest answer to what the model only knows in English, or not at all."""
    low = f"Not in {language.name}."
    medium = f"I have not learned to answer this in {language.name}. I say so."
    high = f"{medium} I say it in {language.name}, and I mention what I can do."
    return replace(exchange, analysis=analyses(low, medium, high), answer=language.answers["other"])


def in_foreign_words(random: Random, base: Base, language: Language, split: Split) -> Base | None:
    """The same exchange, asked in a language; None where it is not known how to ask."""
    kind, answer = base.kind, unmarked(base.exchange.answer)
    slots = {}
    if match := SUM.fullmatch(answer):
        operator = next(operator for operator, sign in SIGNS.items() if sign == match[2])
        kind, slots["e"] = "sum", arithmetic.formula(random, int(match[1]), operator, int(match[3]))
    elif kind in ("capital", "country"):
        match = (CAPITAL if kind == "capital" else COUNTRY).fullmatch(answer)
        if match is None:
            return None
        slots["c"], slots["x"] = language.places[match[2]]
    if kind not in language.questions or (kind == "sum" and not slots):
        return None
    question = wording(random, language.questions[kind], split).format(**slots)
    analysis = {effort: unmarked(text) for effort, text in base.exchange.analysis.items()}
    asked = question[:1].upper() + question[1:]
    return replace(base, exchange=replace(base.exchange, question=asked, analysis=analysis))
