"""What a language has to offer: sentences, names of places, and how people ask in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """Hand-written sentences of one language.

    `places` gives for each country, by its English name, how "of the country" is said and its capital. In the sentences
    `{c}` stands for the former and `{x}` for the latter; `{e}` is a formula. `answers` are by kind of question: greeting,
    identity, abilities, thanks, goodbye, other. `questions` are patterns (see wordings.py) for each of these, and for
    capital, country and sum. `relations` are by the English words, "greater than", …
    """

    name: str
    instructions: Sequence[str]
    capital: str
    country: str
    yes: str
    no: str
    relations: Mapping[str, str]
    answers: Mapping[str, str]
    questions: Mapping[str, Sequence[str]]
    places: Mapping[str, tuple[str, str]]

    def capital_sentence(self, country: str) -> str:
        """The capital of a country."""
        place, city = self.places[country]
        return self.capital.format(c=place, x=city)

    def country_sentence(self, country: str) -> str:
        """The country whose capital it is; an article at the beginning is in lower case."""
        place, city = self.places[country]
        return self.country.format(c=place, x=city)


def places(table: str) -> dict[str, tuple[str, str]]:
    """Places from lines such as `France: de la France, Paris`."""
    found = {}
    for line in table.strip().splitlines():
        country, names = line.split(": ")
        place, city = names.split(", ")
        found[country] = (place, city)
    return found
