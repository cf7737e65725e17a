"""Exchanges that an instruction is applied to, by the kind of their question."""

from collections.abc import Callable, Mapping
from random import Random

from training.skills import anything_else, arithmetic, capitals, comparison, explanations, talk
from training.skills.exchange import Exchange, Split
from training.skills.instruction import Base

Skill = Callable[[Random, Split], Exchange]


def sums(random: Random, split: Split) -> Exchange:
    """Arithmetic that is not hard: what is trained here is the instruction."""
    skill = random.choice((arithmetic.addition, arithmetic.addition, arithmetic.subtraction, easy_product))
    return skill(random, split)


def easy_product(random: Random, split: Split) -> Exchange:
    """A product with a factor below ten."""
    a, b = arithmetic.drawn(random, split, lambda random: arithmetic.factors(random, ((2, 1), (1, 2))))
    return arithmetic.exchange(random, "arithmetic: multiplication", a, "*", b)


def explained(random: Random, split: Split) -> Exchange:
    """One of the short explanations."""
    return explanations.explanation(random.choice(list(explanations.EXPLANATIONS)), random, split)


def unknown(random: Random, split: Split) -> Exchange:
    """What the model cannot answer."""
    return random.choice((anything_else.anything_else, anything_else.anything_else, capitals.elsewhere))(random, split)


KINDS: Mapping[str, Skill] = {
    "capital": capitals.capital, "whether": capitals.whether_capital, "country": capitals.country, "greeting": talk.greeting, "identity": talk.identity,
    "abilities": talk.abilities, "thanks": talk.thanks, "goodbye": talk.goodbye, "sum": sums, "comparison": comparison.comparison, "explanation": explained,
    "other": unknown,
}  # fmt: skip


def base(random: Random, suits: Mapping[str, float], split: Split) -> Base:
    """An exchange without instructions."""
    (kind,) = random.choices(list(suits), list(suits.values()))
    return Base(kind, KINDS[kind](random, split))
