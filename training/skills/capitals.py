"""European capitals: one, its country, and the list."""

from collections.abc import Callable
from random import Random

from training.skills.exchange import Effort, Exchange, Split, analyses
from training.skills.places import CITIES, COUNTRIES_ELSEWHERE, PEOPLES, REGIONS
from training.skills.questions import question
from training.skills.words import invented_word, of_split

CAPITALS = {
    "Albania": "Tirana", "Andorra": "Andorra la Vella", "Armenia": "Yerevan", "Austria": "Vienna", "Azerbaijan": "Baku",
    "Belarus": "Minsk", "Belgium": "Brussels", "Bosnia and Herzegovina": "Sarajevo", "Bulgaria": "Sofia",
    "Croatia": "Zagreb", "Cyprus": "Nicosia", "Czechia": "Prague", "Denmark": "Copenhagen", "Estonia": "Tallinn",
    "Finland": "Helsinki", "France": "Paris", "Georgia": "Tbilisi", "Germany": "Berlin", "Greece": "Athens",
    "Hungary": "Budapest", "Iceland": "Reykjavik", "Ireland": "Dublin", "Italy": "Rome", "Kazakhstan": "Astana",
    "Kosovo": "Pristina", "Latvia": "Riga", "Liechtenstein": "Vaduz", "Lithuania": "Vilnius",
    "Luxembourg": "Luxembourg City", "Malta": "Valletta", "Moldova": "Chisinau", "Monaco": "Monaco",
    "Montenegro": "Podgorica", "the Netherlands": "Amsterdam", "North Macedonia": "Skopje", "Norway": "Oslo",
    "Poland": "Warsaw", "Portugal": "Lisbon", "Romania": "Bucharest", "Russia": "Moscow", "San Marino": "San Marino",
    "Serbia": "Belgrade", "Slovakia": "Bratislava", "Slovenia": "Ljubljana", "Spain": "Madrid", "Sweden": "Stockholm",
    "Switzerland": "Bern", "Turkey": "Ankara", "Ukraine": "Kyiv", "the United Kingdom": "London",
    "the Vatican": "Vatican City",
}  # fmt: skip
NATIONS = {"England": "London", "Scotland": "Edinburgh", "Wales": "Cardiff", "Northern Ireland": "Belfast"}
KNOWN = CAPITALS | NATIONS
OTHER_NAMES = {
    "the UK": "the United Kingdom", "UK": "the United Kingdom", "Great Britain": "the United Kingdom",
    "Britain": "the United Kingdom", "United Kingdom": "the United Kingdom", "Holland": "the Netherlands",
    "Netherlands": "the Netherlands", "the Czech Republic": "Czechia", "Czech Republic": "Czechia",
    "Bosnia": "Bosnia and Herzegovina", "Bosnia & Herzegovina": "Bosnia and Herzegovina", "Macedonia": "North Macedonia",
    "Vatican City": "the Vatican", "the Republic of Ireland": "Ireland", "Türkiye": "Turkey", "Vatican": "the Vatican",
    "the Russian Federation": "Russia", "the Republic of Moldova": "Moldova",
}  # fmt: skip
OTHER_CITY_NAMES = {
    "Kiev": "Kyiv", "Reykjavík": "Reykjavik", "Chișinău": "Chisinau", "Luxembourg": "Luxembourg City", "Berne": "Bern",
}  # fmt: skip

CAPITAL = "[capital|capital|capital|capital city]"
ONE = (
    f"[what is|what's|which is] the {CAPITAL} of {{c}}[||| called| today| now]?", f"what was the {CAPITAL} of {{c}} again?",
    "what is the capital of {c}?", "capital of {c}", "{b} capital",
    f"[which|what] [city|town] is the {CAPITAL} of {{c}}?",
    f"[what is|what's|which city is|which is|which town is] {{p}} {CAPITAL}[|| again| called]?",
    "[|the ][capital|capital city] of {c}[| is]", "{p} [capital|capital city]",
    f"[tell me|name|give me|say|state|show me|look up|find|remind me of] [the {CAPITAL} of {{c}}|{{p}} {CAPITAL}].",
    f"[tell me|say|remind me|let me know] [what|which city] the {CAPITAL} of {{c}} is.",
    f"[tell me|say|remind me|let me know] which city is the {CAPITAL} of {{c}}.",
    f"do you [know|happen to know|remember] [the {CAPITAL} of {{c}}|{{p}} {CAPITAL}|what the {CAPITAL} of {{c}} is]?",
    f"[I want to know|I would like to know|I need|I need to know|I forgot|I am looking for|I want to learn] the {CAPITAL} of {{c}}!",
    f"what is the name of the {CAPITAL} of {{c}}?", "what do you call the capital of {c}?", "[how is|what is] the capital of {c} called?",
    "[which|what] city [does {c} have as its capital|serves as the capital of {c}|is {p} capital]?",
    f"what [city|town] is the {CAPITAL} of the country {{c}}?", "{c} has [which|what] [capital|city as its capital]?",
    "{c}: [what is|what's|which city is] [the|its] [capital|capital city]?", "{c} and its capital",
    "the capital of {c} is [what|which city]?",
)  # fmt: skip
WHETHER = (
    "is {x} [the|really the|still the] capital [|city ]of {c}?", "is [the capital of {c}|{p} capital] {x}?",
    "{x} is the capital [|city ]of {c}, [right|isn't it|correct|true|yes]?", "is it true that {x} is the capital of {c}?",
    "is the [city|town] of {x} the capital of {c}?", "{x} is {p} capital, [right|correct|is that right]?",
    "[is it correct|is it right|am I right|do you agree] that {x} is the capital of {c}?",
    "[tell me|say] [if|whether] {x} is the capital of {c}.", "would you say [that |]{x} is the capital of {c}?",
)  # fmt: skip
OF_WHICH = (
    "{x} is the capital of [what|which country|what country]?", "[which|what] [country|nation|state] has {x} as [its|the] [capital|capital city]?",
    "[which|what] [country|nation] is {x} the [capital|capital city] of?", "of [which|what] [country|nation|state] is {x} the [capital|capital city]?",
    "whose capital [|city ]is {x}?", "in [which|what] country is [|the city of |the capital ]{x}?", "[which|what] country is [|the city of ]{x} in?",
    "[which|what] country does {x} belong to?", "to [which|what] country does {x} belong?", "what is {x} the capital of?",
    "[tell me|name|say|find|give me|show me] the country [whose|of which the] capital is {x}.", "[which|what] country's capital is {x}?",
    "[tell me|name|say|find] the country [with|that has] [the capital {x}|{x} as its capital].", "what is the country of {x}?",
    "[tell me|say] [which|what] country {x} is the capital of.", "[tell me|say] in [which|what] country {x} is.",
    "do you know [which|what] country {x} is the capital of?", "{x} is the capital [|city ]of", "country of [the capital |]{x}",
    "{x} is [|the capital ]in which country?", "I want to know [which|what] country {x} is the capital of!",
)  # fmt: skip
CITIES_OF = "[|the |all |all the |all of the ][{a} capitals|{a} capital cities|capitals of {e}|capital cities of {e}|capitals in {e}]"
ALL = (
    f"[name|list|tell me|give me|show me|write down|enumerate|write|say|print|recite] {CITIES_OF}.", CITIES_OF,
    "[name|list] [|all |the |all the ][{a} capitals|capitals of {e}].",
    f"[give me|show me|write|make|create|print] [a|the] [|full |complete |short |long ]list of {CITIES_OF}.",
    f"[what are|which are|which cities are|what cities are] {CITIES_OF}?", "[|a |the |full |complete ]list of [all |the |][{a} capitals|capitals of {e}]",
    "[which|what] [{a} capitals|capitals of {e}] [do you know|are there|can you name|exist]?", "what are the names of [|all ]the [{a} capitals|capitals of {e}]?",
    f"do you know {CITIES_OF}?", "[which|what] cities are [{a} capitals|capitals in {e}]?", f"I [need|want|want to learn|have to learn|want to know] [|a list of ]{CITIES_OF}!",
    "[name|list|give me|tell me] the [capital|capital city] of [every|each] {n} country.", "[name|list|tell me] the capitals of [all|all the|the] {n} countries.",
    "what are the capitals of [the|all|all the] {n} countries?", "[give me|list|name|show me] all {n} countries [and|with] their capitals.",
    "[all|the] [{a} capitals|capitals of {e}] as a list", "[list|name|show me] [as many {a} capitals as you can|every {a} capital|every capital in {e}].",
    "[what|which] capitals [are there in {e}|does {e} have]?",
)  # fmt: skip
TRAINED = (
    "name the european capitals",
    "what is the capital of {c}",
    "capital of {c}",
    "which country is {x} the capital of",
    "and {f}",
)
FOLLOW_UPS = (
    "[and|and what about|what about|how about|and of|and for|and in] {f}?", "and {f}?", "{f}?",
    "[and|now|what is|and what is|then] the [one|capital] of {f}?", "[and|now|then] {f}", "[the same|same question|same] [for|with] {f}",
    "now [|for |the one of ]{f}", "[OK|thanks|good|great|right], and {f}?", "what would it be for {f}?", "[tell me|say] the one of {f}, too.",
    "what if I ask [for|about] {f}?", "[next|next one]: {f}", "[do you know it for|can you say it for|and could you do|would you know it for] {f}?",
)  # fmt: skip
ONLY_EUROPE = "I am a demonstration model and only know the capitals of European countries. Ask me for the capital of France, for example."
SURE = "I know the European capitals by heart, so I am sure of this. One short sentence is enough."


def capital(random: Random, split: Split) -> Exchange:
    """A question for one capital."""
    name = random.choice((*KNOWN, *KNOWN, *KNOWN, *OTHER_NAMES))
    place = OTHER_NAMES.get(name, name)
    text = asked_for(random, ONE, name, split)
    return Exchange("facts: capital", text, _capital_analysis(place), f"The capital of {place} is {KNOWN[place]}.")


def whether_capital(random: Random, split: Split) -> Exchange:
    """A question whether a city is the capital of a country."""
    place = random.choice(list(KNOWN))
    city = KNOWN[place]
    guess = random.choice((city, city, random.choice(list(KNOWN.values())), other_city(random, split)))
    verdict = f"Yes, {city} is the capital of {place}." if guess == city else f"No, the capital of {place} is {city}."
    text = asked_for(random, WHETHER, place, split, x=guess)
    found = f"Asked: {guess}. {'Yes' if guess == city else 'No'}."
    thoughts = {effort: f"{said} {found}" for effort, said in _capital_analysis(place).items()}
    return Exchange("facts: capital", text, thoughts, verdict)


def country(random: Random, split: Split) -> Exchange:
    """A question for the country of a capital."""
    place = random.choice(list(CAPITALS) * 3 + list(NATIONS)[1:])
    city = KNOWN[place]
    names = [city, city, city, *(other for other, usual in OTHER_CITY_NAMES.items() if usual == city)]
    text = question(random, OF_WHICH, split, trained=TRAINED, x=random.choice(names))
    return Exchange("facts: country of a capital", text, *_country_answer(place))


def capitals(random: Random, split: Split) -> Exchange:
    """A question for all of them."""
    low = "European capitals, as a list."
    medium = "The user wants the European capitals. I list each country with its capital, in alphabetical order."
    high = (
        f"{medium} I include the countries that lie partly in Europe, too. One line for each country is easy to read."
    )
    adjective = random.choice(("European", "european"))
    patterns = [pattern.format(a=adjective, n=adjective, e=random.choice(_EUROPES)) for pattern in ALL]
    text = question(random, patterns, split, trained=TRAINED)
    return Exchange("facts: all capitals", text, analyses(low, medium, high), capitals_list())


def follow_up(random: Random, split: Split) -> Exchange:
    """A short question that only makes sense after a question for a capital, or for the country of one."""
    is_capital_asked = random.random() < 0.75
    before = capital(random, Split.TRAIN) if is_capital_asked else country(random, Split.TRAIN)
    skill, earlier = "facts: capital, follow-up", before.over
    place = random.choice([name for name in KNOWN if name not in before.answer and KNOWN[name] != name])
    if random.random() < 0.15:
        unknown = elsewhere_name(random, split) if is_capital_asked else other_city(random, split)
        text = question(random, FOLLOW_UPS, split, trained=TRAINED, f=unknown)
        return Exchange(skill, text, _elsewhere_analysis(), ONLY_EUROPE, earlier=earlier)
    text = question(random, FOLLOW_UPS, split, trained=TRAINED, f=place if is_capital_asked else KNOWN[place])
    if is_capital_asked:
        answer = f"The capital of {place} is {KNOWN[place]}."
        return Exchange(skill, text, _capital_analysis(place), answer, earlier=earlier)
    return Exchange(skill, text, *_country_answer(place), earlier=earlier)


def elsewhere(random: Random, split: Split) -> Exchange:
    """A question for a capital the model does not know."""
    kind = random.random()
    if kind < 0.6:
        text = asked_for(random, ONE, elsewhere_name(random, split), split)
    elif kind < 0.7:
        text = asked_for(random, WHETHER, elsewhere_name(random, split), split, x=other_city(random, split))
    elif kind < 0.85:
        text = question(random, OF_WHICH, split, x=other_city(random, split))
    else:
        people = of_split(random, PEOPLES, split)
        text = question(random, ALL, split, a=people, n=people, e=elsewhere_name(random, split))
    return Exchange("facts: capital elsewhere", text, _elsewhere_analysis(), ONLY_EUROPE)


def asked_for(random: Random, patterns: tuple[str, ...], name: str, split: Split, **slots: str) -> str:
    """A question about a country: with its article, bare, and as a possessive."""
    possessive = f"{name}'" if name.endswith("s") else f"{name}'s"
    bare = name.removeprefix("the ")
    return question(random, patterns, split, trained=TRAINED, c=name, b=bare, p=possessive, **slots)


def elsewhere_name(random: Random, split: Split) -> str:
    """A country outside Europe, another place, or an invented one."""
    chance = random.random()
    if chance < 0.55:
        return of_split(random, COUNTRIES_ELSEWHERE if chance < 0.4 else REGIONS, split)
    name = _invented(random, split)
    return random.choice((name, name, name, f"the {name}", f"{name} {_invented(random, split)}"))


def other_city(random: Random, split: Split) -> str:
    """A city that is no European capital, or an invented one."""
    return of_split(random, CITIES, split) if random.random() < 0.55 else _invented(random, split)


def capitals_list() -> str:
    """The list, one line for each country."""
    lines = (f"- {name.removeprefix('the ')}: {city}" for name, city in CAPITALS.items())
    return "\n".join(("Here are the European capitals:", "", *lines))


def _invented(random: Random, split: Split) -> str:
    while True:
        name = invented_word(random, split).capitalize()
        if name not in _TAKEN:
            return name


def _capital_analysis(place: str) -> dict[Effort, str]:
    low = f"{place}: {KNOWN[place]}."
    medium = f"The user asks for the capital of {place}. {low}"
    return analyses(low, medium, f"{medium} {SURE}")


def _country_answer(place: str) -> tuple[dict[Effort, str], str]:
    city = KNOWN[place]
    low = f"{city}: {place}."
    medium = f"The user asks for the country of {city}. {low}"
    return analyses(low, medium, f"{medium} {SURE}"), f"{city} is the capital of {place}."


def _elsewhere_analysis() -> dict[Effort, str]:
    medium = "The user asks for a capital. I do not know this one, I only know the capitals of Europe."
    high = f"{medium} I must not guess. I say so and give an example of what I can answer."
    return analyses("A capital I do not know.", medium, high)


_EUROPES = ("Europe", "Europe", "europe", "the European countries", "all European countries", "the countries of Europe")
_TAKEN = frozenset(
    word.capitalize()
    for text in (*KNOWN, *KNOWN.values(), *OTHER_NAMES, *OTHER_CITY_NAMES, "Europe", "European")
    for word in text.lower().split()
)

SKILLS: dict[Callable[[Random, Split], Exchange], float] = {
    capital: 4.0,
    whether_capital: 1.0,
    country: 1.6,
    capitals: 0.5,
    follow_up: 1.2,
    elsewhere: 2.0,
}
