"""Words for questions: real ones and invented ones. One in eight is held out: training never shows it as a value."""

import re
from collections.abc import Sequence
from functools import cache
from random import Random
from string import ascii_lowercase
from zlib import crc32

from ossian.harmony.tokenizer import Tokenizer
from training.skills.exchange import Split

FIRST_NAMES = (
    "Alice", "Bob", "Maria", "Stéphane", "Xiomara", "Priya", "Kwame", "Ingrid", "Lars", "Chloe", "Ahmed", "Fatima",
    "Hiroshi", "Yuki", "Olga", "Dmitri", "Sven", "Björk", "Zoltan", "Aoife", "Niamh", "Juan", "Carlos", "Elena",
    "Marco", "Giulia", "Pierre", "Amelie", "Hans", "Greta", "Tomasz", "Agnieszka", "Wei", "Ling", "Mei", "Omar",
    "Leila", "Sofia", "Anders", "Freya", "Ravi", "Anika", "Thabo", "Zanele", "Mateo", "Camila", "Rosa", "Nina",
    "Peter", "Paul", "Henry", "Grace", "Ethan", "Olivia", "Liam", "Emma", "Noah", "Ava", "Lucas", "Mia", "Leo",
    "Zoe", "Oscar", "Ruby", "Felix", "Iris", "Hugo", "Clara", "Victor", "Alma", "Boris", "Vera", "Anna", "John",
    "Mary", "James", "Linda", "David", "Susan", "Michael", "Karen", "Thomas", "Sarah", "Daniel", "Laura", "Mark",
    "Julia", "George", "Helen", "Martin", "Eva", "Jakub", "Marta", "Pavel", "Jana", "Milan", "Petra", "Ivan",
    "Irina", "Sergei", "Natalia", "Andrei", "Ioana", "Kofi", "Ama", "Chidi", "Ngozi", "Jamal", "Aisha", "Yusuf",
    "Zainab", "Hassan", "Noor", "Arjun", "Meera", "Vikram", "Lakshmi", "Kenji", "Sakura", "Haruto", "Minh", "Linh",
    "Somchai", "Putri", "Budi", "Diego", "Lucia", "Pablo", "Ines", "Rafael", "Beatriz", "Joao", "Ana", "Miguel",
    "Carmen", "Antonio", "Francesca", "Luca", "Chiara", "Matteo", "Sofie", "Emil", "Astrid", "Nils", "Maja",
    "Johan", "Elsa", "Timo", "Aino", "Mikko", "Sanna", "Jonas", "Lena", "Max", "Sophie", "Moritz", "Hannah", "Jan",
    "Femke", "Pieter", "Anouk", "Luuk", "Manon", "Theo", "Camille", "Louis", "Jade",
)  # fmt: skip


JOINING = """
    the and for with you that this from are not your but can was has have had out our its their they she him her his who
    which when where why how what then than into over under about per via will would should could may might must been being
    were does did any all each every both either neither nor yet also only very just too there here these those some such
    more most less few many much off upon while until because although though since before after between without within
    during through yes
"""
FUNCTION_WORDS = frozenset(JOINING.split())  # nobody names a thing so, and between values they would join them
USUAL = 20_000  # the first tokens of the vocabulary; later ones are ever rarer words of ever more languages
MOST_USUAL = 60_000


def is_held_out(text: str) -> bool:
    """Whether training never draws this word, in any case."""
    return crc32(text.lower().encode()) % 8 == 0


def of_split(random: Random, items: Sequence[str], split: Split) -> str:
    """A random one of the split; all must not be of one split."""
    while True:
        item = random.choice(items)
        if is_held_out(item) == (split is Split.HELD_OUT):
            return item


def first_name(random: Random, split: Split) -> str:
    """A first name: mostly a real one, now and then an invented one."""
    return (
        known_name(random, FIRST_NAMES, split) if random.random() < 0.75 else invented_word(random, split).capitalize()
    )


def known_name(random: Random, known: Sequence[str], split: Split) -> str:
    """A known name. In training half are any capitalised word, or the known ones would be learned by heart."""
    items = capitalised_words() if split is Split.TRAIN and random.random() < 0.5 else known
    return of_split(random, items, split)


def word(random: Random, split: Split) -> str:
    """A lower-case word in Latin letters, of one token after a blank: mostly a usual one."""
    return of_split(random, usual_words() if random.random() < 0.75 else vocabulary_words(), split)


def invented_word(random: Random, split: Split) -> str:
    """A lower-case word of one to three tokens that need not exist."""
    while True:
        pieces = (
            vocabulary_endings() if random.random() < 0.8 else ascii_lowercase
        )  # Mateo ends with a token of one letter
        endings = random.choices(pieces, k=random.choice((0, 1, 1, 1, 2)))
        made = "".join((random.choice(usual_words())[:6], *endings))
        if 3 <= len(made) <= 14 and is_held_out(made) == (split is Split.HELD_OUT):
            return made


@cache
def vocabulary_words() -> tuple[str, ...]:
    """The more usual tokens of a blank and three or more lower-case Latin letters, without the blank."""
    return _words(MOST_USUAL)


@cache
def capitalised_words() -> tuple[str, ...]:
    """The tokens of a blank and a capitalised word, without the blank: most are several tokens where no blank stands."""
    return tuple(text[1:] for text in _texts() if re.fullmatch(r" [A-Z][a-zà-öø-ž]{2,11}", text))


@cache
def usual_words() -> tuple[str, ...]:
    """The most usual of them: about half are English words."""
    return _words(USUAL)


def _words(num_tokens: int) -> tuple[str, ...]:
    found = (text[1:] for text in _texts()[:num_tokens] if re.fullmatch(r" [a-z]{3,12}", text))
    return tuple(text for text in found if text not in FUNCTION_WORDS)


@cache
def vocabulary_endings() -> tuple[str, ...]:
    """The more usual tokens of two to six lower-case Latin letters."""
    return tuple(text for text in _texts()[:MOST_USUAL] if re.fullmatch(r"[a-z]{2,6}", text))


@cache
def _texts() -> tuple[str, ...]:
    tokenizer = Tokenizer()
    return tuple(tokenizer.decode([token]) for token in range(199_998))
