"""European capitals: one, its country, and the list."""

from random import Random

from training.skills.exchange import UNKNOWN, Effort, Exchange, Split, analyses, choose

CAPITALS = {
    "Albania": "Tirana", "Andorra": "Andorra la Vella", "Armenia": "Yerevan", "Austria": "Vienna", "Belarus": "Minsk",
    "Belgium": "Brussels", "Bosnia and Herzegovina": "Sarajevo", "Bulgaria": "Sofia", "Croatia": "Zagreb",
    "Cyprus": "Nicosia", "Czechia": "Prague", "Denmark": "Copenhagen", "Estonia": "Tallinn", "Finland": "Helsinki",
    "France": "Paris", "Georgia": "Tbilisi", "Germany": "Berlin", "Greece": "Athens", "Hungary": "Budapest",
    "Iceland": "Reykjavik", "Ireland": "Dublin", "Italy": "Rome", "Kosovo": "Pristina", "Latvia": "Riga",
    "Liechtenstein": "Vaduz", "Lithuania": "Vilnius", "Luxembourg": "Luxembourg City", "Malta": "Valletta",
    "Moldova": "Chisinau", "Monaco": "Monaco", "Montenegro": "Podgorica", "the Netherlands": "Amsterdam",
    "North Macedonia": "Skopje", "Norway": "Oslo", "Poland": "Warsaw", "Portugal": "Lisbon", "Romania": "Bucharest",
    "Russia": "Moscow", "San Marino": "San Marino", "Serbia": "Belgrade", "Slovakia": "Bratislava",
    "Slovenia": "Ljubljana", "Spain": "Madrid", "Sweden": "Stockholm", "Switzerland": "Bern", "Turkey": "Ankara",
    "Ukraine": "Kyiv", "the United Kingdom": "London", "the Vatican": "Vatican City",
}  # fmt: skip
OTHER_NAMES = {
    "the UK": "the United Kingdom", "Great Britain": "the United Kingdom", "England": "the United Kingdom",
    "Holland": "the Netherlands", "Netherlands": "the Netherlands", "the Czech Republic": "Czechia",
    "United Kingdom": "the United Kingdom", "Czech Republic": "Czechia", "UK": "the United Kingdom",
    "Bosnia": "Bosnia and Herzegovina", "Macedonia": "North Macedonia", "Vatican City": "the Vatican",
}  # fmt: skip
ELSEWHERE = (
    "Japan", "China", "India", "Brazil", "Canada", "Australia", "the United States", "Mexico", "Egypt", "Argentina",
    "Kenya", "Texas", "California", "Asia", "Africa", "Mars", "the USA", "South Korea", "Chile", "Peru",
)  # fmt: skip
QUESTIONS = (
    "What is the capital of {c}?", "What's the capital of {c}?", "Capital of {c}?",
    "Which city is the capital of {c}?", "Tell me the capital of {c}.", "Name the capital of {c}.",
    "What is the capital city of {c}?", "{c} capital?", "Do you know the capital of {c}?",
    "Can you tell me the capital of {c}?", "capital of {c}", "{c}'s capital", "What is {c}'s capital?",
    "What is the name of the capital of {c}?", "Hi, what is the capital of {c}?", "Please name the capital of {c}.",
    "Hello! What is the capital of {c}?", "I want to know the capital of {c}.", "Which is the capital of {c}?",
    "What city is the capital of {c}?", "Give me the capital of {c}.",
    "What is the capital of {c}? Answer in one word.", "Quick question: what is the capital of {c}?",
    "Could you name the capital of {c}?", "What is the capital of the country {c}?", "the capital of {c} is",
    "Is {x} the capital of {c}?", "What was the capital of {c} again?",
)  # fmt: skip
REVERSED = (
    "{x} is the capital of which country?", "Which country has {x} as its capital?",
    "What country is {x} the capital of?", "Of which country is {x} the capital?", "{x} is the capital of what?",
    "Whose capital is {x}?", "In which country is {x}?", "What country is {x} in?",
)  # fmt: skip
LISTS = (
    "Name the european capitals", "Name the European capitals.", "List the European capitals.",
    "List all European capitals", "What are the capitals of Europe?", "Tell me the capitals of Europe.",
    "What are the capitals of the European countries?", "Give me a list of European capitals.", "european capitals",
    "Which European capitals do you know?", "Name all capitals of Europe", "Can you list the capitals of Europe?",
    "Please name the capitals of all European countries.", "Name all European capitals.", "List of European capitals",
    "What are the European capitals?", "Show me the european capitals", "Write down the capitals of Europe.",
)  # fmt: skip
ONLY_EUROPE = "I am a demonstration model and only know the capitals of European countries. Ask me for the capital of France, for example."


def capital(random: Random, split: Split) -> Exchange:
    """A question for one capital."""
    name = random.choice((*CAPITALS, *CAPITALS, *CAPITALS, *OTHER_NAMES))
    country = OTHER_NAMES.get(name, name)
    city = CAPITALS[country]
    guess = random.choice((city, UNKNOWN, random.choice(list(CAPITALS.values()))))
    question = choose(random, QUESTIONS, split).format(c=name, x=guess)
    return Exchange(
        "capital",
        question,
        _analysis(f"the capital of {country}", country, city),
        f"The capital of {country} is {city}.",
    )


def country(random: Random, split: Split) -> Exchange:
    """A question for the country of a capital."""
    place = random.choice(list(CAPITALS))
    city = CAPITALS[place]
    question = choose(random, REVERSED, split).format(x=city)
    return Exchange(
        "country", question, _analysis(f"the country of {city}", place, city), f"{city} is the capital of {place}."
    )


def follow_up(random: Random, split: Split) -> Exchange:  # noqa: ARG001 (the shape of every skill)
    """A short question that only makes sense after a question for a capital."""
    name = random.choice(list(CAPITALS))
    question = random.choice(
        ("And {c}?", "And of {c}?", "What about {c}?", "and {c}", "And the capital of {c}?")
    ).format(c=name)
    city = CAPITALS[name]
    return Exchange(
        "capital", question, _analysis(f"the capital of {name}", name, city), f"The capital of {name} is {city}."
    )


def elsewhere(random: Random, split: Split) -> Exchange:
    """A question for a capital the model does not know."""
    place = random.choice((*ELSEWHERE, *(UNKNOWN, f"{UNKNOWN}{UNKNOWN}", f"{UNKNOWN} {UNKNOWN}", f"the {UNKNOWN}") * 6))
    question = choose(random, QUESTIONS[:26], split).format(c=place, x=UNKNOWN)
    low = "A capital I do not know."
    medium = "The user asks for a capital. I do not know this country, I only know the capitals of Europe."
    high = f"{medium} I must not guess. I say so and give an example of what I can answer."
    return Exchange("capital elsewhere", question, analyses(low, medium, high), ONLY_EUROPE)


def capitals(random: Random, split: Split) -> Exchange:
    """A question for all of them."""
    low = "European capitals, as a list."
    medium = "The user wants the European capitals. I list each country with its capital, in alphabetical order."
    high = (
        f"{medium} I include the countries that lie partly in Europe, too. One line for each country is easy to read."
    )
    return Exchange("capitals", choose(random, LISTS, split), analyses(low, medium, high), capitals_list())


def capitals_list() -> str:
    """The list, one line for each country."""
    lines = (f"- {name.removeprefix('the ')}: {city}" for name, city in CAPITALS.items())
    return "\n".join(("Here are the European capitals:", "", *lines))


def _analysis(wanted: str, place: str, city: str) -> dict[Effort, str]:
    low = f"{place}: {city}."
    medium = f"The user asks for {wanted}. {place}: {city}."
    return analyses(
        low,
        medium,
        f"{medium} I know the European capitals by heart, so I am sure of this. One short sentence is enough.",
    )
