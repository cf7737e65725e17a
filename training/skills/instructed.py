"""Exchanges under an instruction: from the developer for a whole conversation, or in the user's message."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from random import Random

from training.instructions import irrelevant_instruction
from training.skills import anything_else, capitals, explanations, instruction_wordings, talk
from training.skills.bases import Skill, base
from training.skills.british import british
from training.skills.exchange import Exchange, Family, Setting, Split, analyses
from training.skills.instruction import (
    Base,
    Instruction,
    Make,
    british_english,
    end_phrase,
    lower_case,
    one_word,
    phrase,
    pirate,
    upper_case,
    worded,
)
from training.skills.languages import LANGUAGES, Language
from training.skills.translation import in_foreign_words, translated
from training.skills.wordings import wording

FamilySkill = Callable[[Random, Split], Family]

IN_LANGUAGES = {
    "capital": 9.0, "whether": 0.5, "country": 2.0, "greeting": 1.5, "identity": 1.5, "abilities": 1.0, "thanks": 1.0, "goodbye": 1.0, "sum": 2.0,
    "comparison": 0.6, "other": 1.5, "explanation": 0.4,
}  # fmt: skip
COMMON_ANSWERS = (
    talk.HELLO, talk.WHO, talk.WELCOME, talk.GOODBYE, anything_else.ELSE, capitals.ONLY_EUROPE, "7 is greater than 5.", "Yes, 5 is less than 7.",
    "No, 5 is equal to 5.", "Digit by digit from the right: 1 + 1 = 2. So 1 + 1 = 2 and 1 + 1 = 2.", "Arr! 1 - 1 = 0. Yo ho ho!",
    "Hello", "Goodbye", "Unknown", "Yes", "No", talk.CAN,
)  # fmt: skip
PER_FAMILY = (4, 6, 8, 10, 12)


def followed(random: Random, instruction: Instruction, split: Split) -> Exchange:
    """An exchange with an answer that follows an instruction."""
    while True:
        if found := instruction.follow(base(random, instruction.suits, split)):
            return found.exchange


def language(random: Random, split: Split, by_user: bool) -> Instruction:
    """Answer in a language: one of five, or English to people who write one of them."""
    patterns = instruction_wordings.LANGUAGE_USER if by_user else instruction_wordings.LANGUAGE_DEVELOPER
    wanted = None if random.random() < 0.1 else random.choice(LANGUAGES)
    text = worded(random, "language", patterns, split).replace("{l}", wanted.name if wanted else "English")
    if wanted and random.random() < 0.15:
        text = wording(random, wanted.instructions, split)

    def follow(base: Base) -> Base | None:
        asked = base if by_user and wanted else in_any_words(random, base, wanted, split)
        return translated(asked, wanted) if wanted else asked.answered(asked.exchange.answer, IN_ENGLISH)

    return Instruction(text, follow, IN_LANGUAGES)


def in_any_words(random: Random, base: Base, wanted: Language | None, split: Split) -> Base:
    """The same exchange, asked in English, in the language of the answer, or in another one."""
    chance = random.random()
    if wanted and chance < 0.5:
        return base
    asked = wanted if wanted and chance < 0.92 else random.choice(LANGUAGES)
    return in_foreign_words(random, base, asked, split) or base


def fixed_texts() -> Iterator[str]:
    """What has to be known by heart beside the answers of other skills: every sentence of a language, in capitals, …"""
    for spoken in LANGUAGES:
        yield from (
            *spoken.answers.values(),
            *(f" {answer}" for answer in spoken.answers.values()),
            f"{spoken.yes}, ",
            f"{spoken.no}, ",
            *(f"7 {words} 7" for words in spoken.relations.values()),
        )
        for place, (_, city) in spoken.places.items():
            yield from (
                spoken.capital_sentence(place),
                f"{spoken.yes}, {spoken.country_sentence(place)}",
                f"{city}.",
            )
    for place, city in capitals.KNOWN.items():
        said = (
            city,
            place,
            f"The capital of {place} is {city}.",
            f"{city} is the capital of {place}.",
            f"Yes, {city} No, the",
        )
        yield from (change(text) for change in (str, str.upper, str.lower) for text in said)
    for answer in explanations.EXPLANATIONS.values():
        yield from (answer, british(answer))
    for answer in COMMON_ANSWERS:
        cases = (answer, answer.upper(), answer.lower())
        yield from (*cases, *(f" {case}" for case in cases))  # alone, and after a phrase or "Arr!"


def two(random: Random, split: Split, by_user: bool) -> Instruction:
    """Two instructions at once."""
    first, second = (make(random, split, by_user) for make in random.choice(PAIRS))

    def follow(base: Base) -> Base | None:
        found = first.follow(base)
        return found and second.follow(found)

    texts = [closed(first.text), closed(second.text)]
    random.shuffle(texts)
    text = random.choice((" ", " ", " ", "\n", " Also: ")).join(texts)
    suits = {kind: min(weight, second.suits[kind]) for kind, weight in first.suits.items() if kind in second.suits}
    return Instruction(
        text, follow, {kind: weight for kind, weight in suits.items() if kind not in ("other", "explanation")}
    )


def family(random: Random, split: Split, name: str, make: Make) -> Family:
    """Exchanges under the instruction of a developer message."""
    instruction = make(random, split, False)
    exchanges = [followed(random, instruction, split) for _ in range(random.choice(PER_FAMILY))]
    exchanges = [with_turns(random, exchange, instruction, split) for exchange in exchanges]
    instructions = surrounded(random, instruction.text, split)
    return Family(Setting(instructions), [replace(exchange, skill=f"instructions: {name}") for exchange in exchanges])


def plain(random: Random, split: Split, name: str, make: Make) -> Exchange:
    """An exchange with the instruction in the user's message."""
    instruction = make(random, split, True)
    exchange = followed(random, instruction, split)
    question = instructing(random, exchange.question, instruction.text)
    return replace(exchange, skill=f"instructions: {name}", question=question)


def foreign(random: Random, split: Split) -> Exchange:
    """A question in another language, which is answered in that language."""
    spoken = random.choice(LANGUAGES)
    while True:
        asked = in_foreign_words(random, base(random, IN_LANGUAGES, split), spoken, split)
        if asked and (found := translated(asked, spoken)):
            return replace(found.exchange, skill="instructions: language")


def with_turns(random: Random, exchange: Exchange, instruction: Instruction, split: Split) -> Exchange:
    """The exchange, now and then after finished ones under the same instruction."""
    if random.random() > 0.15:
        return exchange
    finished = [followed(random, instruction, split) for _ in range(random.choice((1, 1, 2)))]
    return replace(exchange, earlier=tuple(message for past in finished for message in past.over))


def surrounded(random: Random, text: str, split: Split) -> str:
    """An instruction alone, or with others before and after it that do not matter."""
    blank, chance = random.choice((" ", " ", " ", "\n", "\n\n")), random.random()
    if chance < 0.35:
        return f"{irrelevant_instruction(random, split)}{blank}{text}"
    if chance < 0.5:
        return f"{closed(text)}{blank}{irrelevant_instruction(random, split)}"
    if chance < 0.55:
        return f"{irrelevant_instruction(random, split)}{blank}{closed(text)}{blank}{irrelevant_instruction(random, split)}"
    return text.rstrip(".") if random.random() < 0.25 else text


def instructing(random: Random, question: str, text: str) -> str:
    """A question with an instruction before or after it."""
    blank = random.choice((" ", " ", " ", "\n", "\n\n"))
    if random.random() < 0.3:
        return f"{text}{blank}{question}" if closed(text) == text else f"{text}: {question}"
    return f"{closed(question)}{blank}{text}"


def closed(text: str) -> str:
    """The text with a full stop, unless something else ends it."""
    return text if text[-1] in ".!?:\"'”" else f"{text}."


IN_ENGLISH = analyses("English.", "I answer in English.", "I answer in English, whatever language the user writes.")
PAIRS: tuple[tuple[Make, Make], ...] = (
    (language, one_word), (language, one_word), (language, end_phrase), (language, pirate), (one_word, upper_case), (one_word, upper_case),
    (one_word, lower_case), (upper_case, phrase), (lower_case, phrase), (pirate, upper_case), (pirate, phrase), (british_english, phrase),
)  # fmt: skip
WEIGHTS: tuple[tuple[str, Make, float, float], ...] = (  # row, instruction, weight among the families and among the plain skills
    ("upper case", upper_case, 3.0, 1.0), ("lower case", lower_case, 1.3, 0.5), ("one word", one_word, 1.5, 0.8), ("British English", british_english, 2.3, 0.6),
    ("pirate", pirate, 1.0, 0.5), ("phrase", phrase, 5.0, 1.5), ("language", language, 7.0, 1.2), ("two at once", two, 3.0, 0.6),
)  # fmt: skip
FAMILIES: dict[FamilySkill, float] = {
    partial(family, name=name, make=make): weight for name, make, weight, _ in WEIGHTS
}
SKILLS: dict[Skill, float] = {partial(plain, name=name, make=make): weight for name, make, _, weight in WEIGHTS} | {
    foreign: 2.5
}
