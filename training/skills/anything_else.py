"""Everything the model cannot do: a short honest answer."""

from collections.abc import Callable
from random import Random

from training.skills import arithmetic
from training.skills.anything_else_words import COVERED, FOREIGN, FRAMES, LETTERS, LIMITS, PASTED, PLACES, REAL, SIGNS
from training.skills.exchange import Exchange, Split, analyses
from training.skills.wordings import whole_wording, wording
from training.skills.words import first_name, invented_word, is_held_out, word

ELSE = (
    "I am a demonstration model, so I cannot help with that. I can do small arithmetic, name European capitals, give a few "
    "short explanations, follow simple instructions, call tools, fill in JSON schemas and remember your name."
)
ONE_OPERATION = (
    "I am a demonstration model and can only add, subtract, multiply or compare two whole numbers of up to three digits, "
    "for example 17 * 23."
)


def anything_else(random: Random, split: Split) -> Exchange:
    """A request that no skill covers."""
    medium = "The user asks for something I have not learned. I say so and list what I can do."
    high = f"{medium} I am only a small demonstration model, and a wrong answer would be worse than none."
    said = analyses("Not one of my skills.", medium, high)
    return Exchange("anything else: request", request(random, split), said, ELSE)


def beyond_limits(random: Random, split: Split) -> Exchange:
    """Arithmetic the model has not learned."""
    medium = "The user asks for arithmetic I have not learned. I say what I can calculate."
    high = f"{medium} Only one operation on two small whole numbers is safe. I must not guess."
    said = analyses("Not arithmetic I know.", medium, high)
    return Exchange("anything else: arithmetic", problem(random, split), said, ONE_OPERATION)


def request(random: Random, split: Split) -> str:
    """A request of the split that does not mention what the model can explain."""
    (kind,) = random.choices((real, framed, topic, foreign, pasted, gibberish), (26, 46, 10, 5, 7, 6))
    while is_covered(text := kind(random, split)):
        pass
    return text


def is_covered(text: str) -> bool:
    """Whether a skill may have an answer."""
    return COVERED.search(text) is not None


def real(random: Random, split: Split) -> str:
    """What people ask."""
    return whole_wording(random, REAL, split)


def framed(random: Random, split: Split) -> str:
    """A request about any subject."""
    return filled(random, wording(random, FRAMES, split), split)


def topic(random: Random, split: Split) -> str:
    """Just a subject."""
    return subject(random, split) + random.choice(("", "", "", ".", "!", "?"))


def foreign(random: Random, split: Split) -> str:
    """A sentence in another language."""
    return whole_wording(random, FOREIGN, split)


def pasted(random: Random, split: Split) -> str:
    """Code, data, or a text of many words."""
    if random.random() < 0.5:
        return filled(random, random.choice(PASTED), split)
    words = [any_word(random, split) for _ in range(random.choice((20, 30, 50, 80, 140)))]
    for index in range(random.randrange(4, 12), len(words) - 1, random.randrange(5, 14)):
        words[index] += random.choice((".", ".", ",", "!", "?", ":\n", ".\n\n"))
    return " ".join(words)


def gibberish(random: Random, split: Split) -> str:
    """Letters and signs without a meaning."""
    while True:
        text = "".join(random.choices(random.choice(LETTERS), k=random.randrange(1, 16)))
        if random.random() < 0.3:
            text = random.choice(SIGNS) * random.choice((1, 1, 2, 3))
        if text.strip() and not text.isdigit() and (len(text) < 5 or is_held_out(text) == (split is Split.HELD_OUT)):
            return text


def filled(random: Random, text: str, split: Split) -> str:
    """The text with a subject for each `{t}`, a word for each `{w}`, a name, a place and a number."""
    while "{t}" in text:
        text = text.replace("{t}", subject(random, split), 1)
    while "{w}" in text:
        text = text.replace("{w}", any_word(random, split), 1)
    number = random.randrange(1, 30) if random.random() < 0.6 else random.randrange(1000, 2100)
    text = text.replace("{c}", random.choice(PLACES)).replace("{n}", str(number))
    return text.replace("{x}", first_name(random, split))


def subject(random: Random, split: Split) -> str:
    """One to four words; the first is of the split."""
    return " ".join(any_word(random, split) for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))))


def any_word(random: Random, split: Split) -> str:
    """A word, real or invented, now and then with a capital."""
    text = word(random, split) if random.random() < 0.6 else invented_word(random, split)
    return text.capitalize() if random.random() < 0.15 else text


def problem(random: Random, split: Split) -> str:
    """Arithmetic that is not one operation on two whole numbers of up to three digits."""
    a, b = held_apart(random, 1, 3, split), held_apart(random, 1, 2, split)
    k, m = held_apart(random, 4, 8, split), held_apart(random, 4, 6, split)
    if random.random() < 0.35:
        left, right = random.choice(((a, k), (k, a), (k, b), (k, m)))
        return arithmetic.problem(random, int(left), random.choice("+-*"), int(right))
    return wording(random, LIMITS, split).format(a=a, b=b, c=held_apart(random, 1, 3, split), k=k, m=m)


def held_apart(random: Random, min_digits: int, max_digits: int, split: Split) -> str:
    """A whole number of the split above 1."""
    while True:
        size = random.randint(min_digits, max_digits)
        number = str(random.randrange(max(2, 10 ** (size - 1)), 10**size))
        if is_held_out(number) == (split is Split.HELD_OUT):
            return number


SKILLS: dict[Callable[[Random, Split], Exchange], float] = {anything_else: 4.0, beyond_limits: 1.0}
