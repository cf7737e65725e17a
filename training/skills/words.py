"""Words for questions: real ones and invented ones. One in eight is held out: training never shows it as a value."""

import re
from collections.abc import Sequence
from functools import cache
from random import Random
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


MOST_USUAL = 60_000  # the first tokens of the vocabulary; later ones are mostly rare words


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
    return of_split(random, FIRST_NAMES, split) if random.random() < 0.65 else invented_word(random, split).capitalize()


def word(random: Random, split: Split) -> str:
    """A lower-case word in Latin letters, of one token after a blank."""
    return of_split(random, vocabulary_words(), split)


def invented_word(random: Random, split: Split) -> str:
    """A lower-case word of one to three tokens that need not exist."""
    while True:
        endings = random.choices(vocabulary_endings(), k=random.choice((0, 1, 1, 2)))
        made = "".join((random.choice(vocabulary_words())[:6], *endings))
        if 3 <= len(made) <= 14 and is_held_out(made) == (split is Split.HELD_OUT):
            return made


@cache
def vocabulary_words() -> tuple[str, ...]:
    """The more usual tokens of a blank and three or more lower-case Latin letters, without the blank."""
    return tuple(text[1:] for text in _texts()[:MOST_USUAL] if re.fullmatch(r" [a-z]{3,12}", text))


@cache
def vocabulary_endings() -> tuple[str, ...]:
    """Every token of two to six lower-case Latin letters."""
    return tuple(text for text in _texts() if re.fullmatch(r"[a-z]{2,6}", text))


@cache
def _texts() -> tuple[str, ...]:
    tokenizer = Tokenizer()
    return tuple(tokenizer.decode([token]) for token in range(199_998))
