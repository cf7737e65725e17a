"""Values for the arguments of tools: how a request says them, and what they are in JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from training.skills.exchange import Split
from training.skills.words import first_name, invented_word, is_held_out, known_name, of_split, word

Scalar = str | int | float | bool
Json = Scalar | list[Scalar]

CITIES = (
    "London", "Paris", "Berlin", "Madrid", "Rome", "Vienna", "Lisbon", "Oslo", "Stockholm", "Helsinki", "Copenhagen",
    "Dublin", "Warsaw", "Prague", "Budapest", "Athens", "Amsterdam", "Brussels", "Zurich", "Geneva", "Munich",
    "Hamburg", "Milan", "Naples", "Venice", "Barcelona", "Seville", "Porto", "Lyon", "Marseille", "Lille", "Edinburgh",
    "Glasgow", "Manchester", "Liverpool", "Boston", "Chicago", "Seattle", "Denver", "Dallas", "Austin", "Miami",
    "Atlanta", "New York", "San Francisco", "Los Angeles", "San Diego", "Toronto", "Montreal", "Vancouver",
    "Mexico City", "Buenos Aires", "Rio de Janeiro", "Santiago", "Lima", "Bogota", "Cairo", "Lagos", "Nairobi",
    "Cape Town", "Dubai", "Istanbul", "Delhi", "Mumbai", "Bangkok", "Singapore", "Hong Kong", "Tokyo", "Osaka", "Seoul",
    "Sydney", "Melbourne", "Auckland",
)  # fmt: skip
COUNTRIES = (
    "France", "Germany", "Italy", "Spain", "Portugal", "Poland", "Austria", "Switzerland", "Belgium", "Sweden",
    "Norway", "Denmark", "Finland", "Ireland", "Greece", "Hungary", "Romania", "Bulgaria", "Croatia", "Serbia",
    "Ukraine", "Turkey", "Canada", "Brazil", "Argentina", "Chile", "Peru", "Mexico", "Japan", "China", "India",
    "Indonesia", "Vietnam", "Thailand", "Australia", "Kenya", "Nigeria", "Egypt", "Morocco", "Ghana",
)  # fmt: skip
STATES = ("CA", "NY", "TX", "WA", "MA", "UK", "France", "Canada")
LANGUAGES = (
    "French", "German", "Italian", "Spanish", "Portuguese", "Polish", "Dutch", "Swedish", "Danish", "Finnish", "Greek",
    "Turkish", "Arabic", "Hindi", "Japanese", "Chinese", "Korean", "Russian", "Czech", "Hungarian",
)  # fmt: skip
CURRENCIES = (
    "EUR", "USD", "GBP", "CHF", "JPY", "CAD", "AUD", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "INR", "CNY", "BRL",
)  # fmt: skip
TASKS = (
    "call", "visit", "pay", "thank", "email", "meet", "help", "invite", "answer", "greet", "pick up", "write to",
)  # fmt: skip
THINGS = (
    "milk", "bread", "apples", "coffee", "tickets", "flowers", "cheese", "rice", "eggs", "butter", "pasta", "tomatoes",
    "onions", "paper", "batteries", "candles", "shoes", "chairs", "lamps", "books", "pens", "tea", "sugar", "carrots",
    "garlic", "beans", "honey", "lemons", "grapes", "soap", "towels", "plates", "cups", "knives", "phones", "bikes",
)  # fmt: skip
ROOMS = (
    "kitchen", "bedroom", "bathroom", "office", "garage", "hallway", "living room", "dining room", "basement", "attic",
    "garden", "nursery", "library", "guest room",
)  # fmt: skip
JOINING = (
    "and with without using from then the for set use after that that's this into over under off between has have not "
    "first next result please tool tools call when while until than value equal equals true false null"
)
STOP_WORDS = frozenset(JOINING.split())
SMALL_NUMBER = 100  # numbers up to this belong to both splits: their digits are what matters


@dataclass(frozen=True, slots=True)
class Value:
    """An argument: what the request says, and what the tool gets."""

    said: str
    json: Json


Draw = Callable[[Random, Split], str]


def plain_word(random: Random, split: Split) -> str:
    """A real word, or now and then an invented one, that joins nothing."""
    while True:
        drawn = word(random, split) if random.random() < 0.9 else invented_word(random, split)
        if drawn not in STOP_WORDS:
            return drawn


def phrase(random: Random, split: Split) -> str:
    """Two to four words."""
    return " ".join(plain_word(random, split) for _ in range(random.choice((2, 2, 3, 3, 4))))


def title(random: Random, split: Split) -> str:
    """One to three words with capitals."""
    return " ".join(plain_word(random, split).capitalize() for _ in range(random.choice((1, 2, 2, 3))))


def listed_or_invented(names: tuple[str, ...]) -> Draw:
    """A real name, or now and then an invented one."""

    def drawn(random: Random, split: Split) -> str:
        return known_name(random, names, split) if random.random() < 0.6 else invented_word(random, split).capitalize()

    return drawn


def person(random: Random, split: Split) -> str:
    """A first name, sometimes with a last name."""
    first = first_name(random, split)
    return first if random.random() < 0.6 else f"{first} {invented_word(random, split).capitalize()}"


def city(random: Random, split: Split) -> str:
    """A city, rarely with its state."""
    state = f", {random.choice(STATES)}" if random.random() < 0.05 else ""
    return listed_or_invented(CITIES)(random, split) + state


def email(random: Random, split: Split) -> str:
    """An e-mail address."""
    user, host = first_name(random, split).lower(), plain_word(random, split)
    return f"{user}@{host}.{random.choice(('com', 'org', 'net', 'de', 'fr', 'io'))}"


def day(random: Random, split: Split) -> str:
    """An ISO date."""
    while True:
        drawn = (date(2024, 1, 1) + timedelta(days=random.randrange(3000))).isoformat()
        if is_held_out(drawn) == (split is Split.HELD_OUT):
            return drawn


def clock(random: Random, split: Split) -> str:
    """A time such as 18:30."""
    while True:
        drawn = f"{random.randrange(24):02}:{random.randrange(60) if random.random() < 0.4 else random.randrange(0, 60, 15):02}"
        if is_held_out(drawn) == (split is Split.HELD_OUT):
            return drawn


def identifier(random: Random, split: Split) -> str:
    """An id such as A-1234, or ord_77."""
    start = random.choice(
        ("A", "B", "C", "X", "Z", "INV", "ORD", "TK", "ord", "usr", "item", plain_word(random, split)[:4])
    )
    return f"{start}{random.choice('--_')}{whole(random, split, 10, 9999)}"


def path(random: Random, split: Split) -> str:
    """A file path."""
    folder = random.choice(("", "", f"{plain_word(random, split)}/"))
    return f"{folder}{plain_word(random, split)}.{random.choice(('txt', 'csv', 'md', 'json', 'pdf', 'png', 'py'))}"


def url(random: Random, split: Split) -> str:
    """A web address."""
    end = random.choice(("", f"/{plain_word(random, split)}"))
    return (
        f"https://{random.choice(('', 'www.'))}{plain_word(random, split)}.{random.choice(('com', 'org', 'net'))}{end}"
    )


def phone(random: Random, split: Split) -> str:
    """A phone number."""
    return f"0{random.randrange(100, 999)}{random.choice(' -')}{whole(random, split, 1000, 9_999_999)}"


def symbol(random: Random, split: Split) -> str:
    """Capital letters, as of a stock."""
    known = ("AAPL", "MSFT", "GOOG", "AMZN", "TSLA", "NVDA", "META", "INTC", "AMD", "IBM", "SAP", "ORCL", "NFLX", "DIS")
    return of_split(random, known, split) if random.random() < 0.4 else plain_word(random, split)[:4].upper()


def version(random: Random, split: Split) -> str:  # noqa: ARG001 (the shape of every draw)
    """A version such as 1.4.2."""
    return ".".join(str(random.randrange(20)) for _ in range(random.choice((2, 3))))


def task(random: Random, split: Split) -> str:
    """Something to do."""
    if random.random() < 0.4:
        return f"buy {of_split(random, THINGS, split)}"
    return f"{random.choice(TASKS)} {first_name(random, split)}" if random.random() < 0.6 else phrase(random, split)


def whole(random: Random, split: Split, low: int, high: int) -> int:
    """A whole number; large ones belong to one split."""
    while True:
        drawn = random.randint(low, high)
        if drawn <= SMALL_NUMBER or is_held_out(str(drawn)) == (split is Split.HELD_OUT):
            return drawn


def decimal(random: Random, split: Split, high: int) -> float:
    """A number with one decimal or two."""
    first = "" if random.random() < 0.67 else random.randrange(10)
    before = 0 if random.random() < 0.25 else whole(random, split, 0, high)
    return float(f"{before}.{first}{random.randint(1, 9)}"[:12])


TEXTS: Mapping[str, Draw] = {
    "word": plain_word, "name": lambda random, split: plain_word(random, split).capitalize(), "phrase": phrase,
    "title": title, "city": city, "country": listed_or_invented(COUNTRIES), "person": person,
    "first_name": first_name, "email": email, "date": day, "time": clock, "id": identifier, "path": path, "url": url,
    "phone": phone, "symbol": symbol, "version": version, "task": task,
    "language": lambda random, split: of_split(random, LANGUAGES, split),
    "currency": lambda random, split: of_split(random, CURRENCIES, split),
    "thing": lambda random, split: of_split(random, THINGS, split),
    "room": lambda random, split: of_split(random, ROOMS, split),
}  # fmt: skip


def value(random: Random, kind: str, split: Split) -> Value:
    """A value of a kind: one of TEXTS, `quote`, `int low high`, `number high`, `enum a|b`, `turned a|b`, `bool yes|no`, `list KIND`.

    For a boolean the two texts are how a request says true and false. An enum's value may be said with a capital;
    `turned` says both, as in "celsius to fahrenheit", and the first is meant.
    """
    name, _, rest = kind.partition(" ")
    match name:
        case "quote":
            text = phrase(random, split)
            return Value(random.choice((f'"{text}"', f'"{text}"', f"'{text}'")), text)
        case "int":
            low, high = map(int, rest.split())
            number = whole(random, split, low, high)
            return Value(str(number), number)
        case "number":
            drawn = decimal(random, split, int(rest)) if random.random() < 0.5 else whole(random, split, 1, int(rest))
            return Value(str(drawn), drawn)
        case "enum":
            text = random.choice(rest.split("|"))
            return Value(text.capitalize() if random.random() < 0.08 else text, text)
        case "turned":
            first, second = random.sample(rest.split("|"), 2)
            said = f"{first} to {second}"
            return Value(said.title().replace("To", "to") if random.random() < 0.4 else said, first)
        case "bool":
            is_on = random.random() < 0.5
            return Value(rest.split("|")[0 if is_on else 1], is_on)
        case "list":
            return list_value(random, rest, split)
    text = TEXTS[kind](random, split)
    return Value(text, text)


def list_value(random: Random, kind: str, split: Split) -> Value:
    """Two to four values of a kind, `A, B and C`."""
    items = [value(random, kind, split) for _ in range(random.choice((2, 2, 3, 4)))]
    *others, last = [item.said for item in items]
    return Value(f"{', '.join(others)} and {last}", [item.json for item in items if not isinstance(item.json, list)])


def schema_of(kind: str) -> dict[str, object]:
    """The JSON schema of a kind."""
    name, _, rest = kind.partition(" ")
    match name:
        case "int":
            return {"type": "integer"}
        case "number":
            return {"type": "number"}
        case "bool":
            return {"type": "boolean"}
        case "enum" | "turned":
            return {"type": "string", "enum": rest.split("|")}
        case "list":
            return {"type": "array", "items": schema_of(rest)}
    return {"type": "string"}
