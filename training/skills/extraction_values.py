"""Values that texts tell of, by kind, and how a JSON schema describes them."""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from training.skills.exchange import Split, copied
from training.skills.words import first_name, invented_word, known_name, word

CITIES = (
    "London", "Paris", "Berlin", "Madrid", "Rome", "Vienna", "Oslo", "Tokyo", "Osaka", "Boston", "Chicago", "Denver",
    "Austin", "Lyon", "Turin", "Porto", "Hamburg", "Munich", "Geneva", "Zurich", "Prague", "Warsaw", "Lisbon", "Dublin",
    "Athens", "Helsinki", "Stockholm", "Copenhagen", "Brussels", "Amsterdam", "Nairobi", "Lagos", "Cairo", "Lima",
    "Delhi", "Mumbai", "Seoul", "Sydney", "Perth", "Toronto", "Montreal", "Milan", "Naples", "Seville", "Krakow",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CHOICES = {
    "shipping": ("delayed", "delivered", "lost", "shipped", "pending"), "severity": ("low", "medium", "high", "critical"),
    "weather": ("sunny", "rainy", "cloudy", "windy", "foggy"), "color": ("red", "blue", "green", "black", "white"),
}  # fmt: skip
CURRENCIES = ("EUR", "USD", "GBP", "CHF", "SEK", "NOK", "JPY", "PLN", "CZK", "INR")
JOBS = ("teacher", "nurse", "engineer", "driver", "cook", "painter", "lawyer", "baker", "designer", "developer")
LETTERS = "ABCDEFGHKLMNPRSTXZ"
CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SUFFIXES = (" Ltd", " Inc", " GmbH", " Group", " Systems", "", "", "", "")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
NUMBERS = ("count", "age", "amount", "year", "rating")


@dataclass(frozen=True, slots=True)
class Value:
    """A value as a text says it, as JSON (copies marked), and the schema of its property."""

    text: str
    json: str
    schema: dict[str, object]


def random_value(random: Random, kind: str, split: Split) -> Value:
    """A value of a kind."""
    if kind in CHOICES:
        choices = random.sample(CHOICES[kind], random.randrange(2, len(CHOICES[kind]) + 1))
        chosen = random.choice(choices)
        schema: dict[str, object] = {"type": "string", "enum": choices} if random.random() < 0.7 else {"type": "string"}
        return Value(chosen, string(chosen), schema)
    if kind == "people":
        return listed(random, [first_name(random, split) for _ in range(random.choice((2, 2, 3)))])
    if kind in NUMBERS:
        text = number(random, kind)
        whole = {"type": "integer"} if "." not in text and random.random() < 0.6 else {"type": "number"}
        return Value(text, copied(text), {**whole})
    text = plain_text(random, kind, split)
    return Value(text, string(text), {"type": "string"})


def number(random: Random, kind: str) -> str:
    """A number as digits."""
    match kind:
        case "year":
            return str(random.randrange(1900, 2031))
        case "rating":
            return str(random.randrange(1, 6))
        case "age":
            return str(random.randrange(3, 99))
        case "amount":
            whole = random.randrange(1, 10 ** random.randrange(2, 6))
            return f"{whole}.{random.randrange(100):02}" if random.random() < 0.4 else str(whole)
    return str(random.randrange(2, 10 ** random.choice((1, 2, 2, 3))))


def plain_text(random: Random, kind: str, split: Split) -> str:
    """A string of a kind; of an unknown one a word."""
    return TEXTS.get(kind, word)(random, split)


def name(random: Random, split: Split) -> str:
    """A person's name."""
    second = f" {invented_word(random, split).capitalize()}" if random.random() < 0.25 else ""
    return first_name(random, split) + second


def city(random: Random, split: Split) -> str:
    """A city, real or not."""
    return known_name(random, CITIES, split) if random.random() < 0.6 else team(random, split)


def team(random: Random, split: Split) -> str:
    """An invented name."""
    return invented_word(random, split).capitalize()


def company(random: Random, split: Split) -> str:
    """An invented company: `Brano Ltd`, `BRNcloud`."""
    if random.random() < 0.25:
        start = "".join(random.choices(CAPITALS, k=random.choice((1, 2, 3, 3, 4))))
        return start + random.choice(("cloud", "tech", "soft", "net", "data", "bank", "works", word(random, split)))
    return team(random, split) + random.choice(SUFFIXES)


def email(random: Random, split: Split) -> str:
    """An address."""
    return f"{word(random, split)}@{invented_word(random, split)}.{random.choice(('com', 'org', 'net'))}"


def code(random: Random, split: Split) -> str:  # noqa: ARG001 (the shape of every text)
    """Two letters and a number."""
    return f"{''.join(random.choices(LETTERS, k=2))}-{random.randrange(100, 100_000)}"


def phone(random: Random, split: Split) -> str:  # noqa: ARG001 (the shape of every text)
    """A number with its country's code."""
    return f"+{random.randrange(20, 99)} {random.randrange(100, 999)} {random.randrange(100_000, 999_999)}"


def title(random: Random, split: Split) -> str:
    """One to three words with capitals."""
    return phrase(random, split).title()


def phrase(random: Random, split: Split) -> str:
    """One to three words."""
    return " ".join(word(random, split) for _ in range(random.choice((1, 2, 2, 3))))


def iso_date(random: Random, split: Split) -> str:  # noqa: ARG001 (the shape of every text)
    """A day of this century."""
    return f"20{random.randrange(10, 40)}-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}"


def spelled_date(random: Random) -> Value:
    """A date in words, and as the schema wants it."""
    year, month = str(random.randrange(2000, 2040)), random.randrange(1, 13)
    day = random.randint(1, monthrange(int(year), month)[1])
    text = random.choice((f"{day} {MONTHS[month - 1]} {year}", f"{MONTHS[month - 1]} {day}, {year}"))
    schema: dict[str, object] = {"type": "string", "format": "date"}
    return Value(text, f'"{copied(year)}-{month:02}-{day:02}"', schema)


def listed(random: Random, items: list[str]) -> Value:
    """Several strings."""
    before = ", ".join(items[:-1])
    text = f"{before}{random.choice((' and ', ' and ', ' & '))}{items[-1]}" if before else items[0]
    return Value(text, f"[{', '.join(map(string, items))}]", {"type": "array", "items": {"type": "string"}})


def string(text: str) -> str:
    """A copied text as JSON."""
    return f'"{copied(text)}"'


TEXTS: dict[str, Callable[[Random, Split], str]] = {
    "name": name, "city": city, "company": company, "team": team, "email": email, "code": code, "title": title,
    "phrase": phrase, "date": iso_date, "phone": phone,
    "currency": lambda random, _: random.choice(CURRENCIES),
    "time": lambda random, _: f"{random.randrange(24):02}:{random.randrange(60):02}",
    "day": lambda random, _: random.choice(WEEKDAYS),
    "version": lambda random, _: f"{random.randrange(1, 20)}.{random.randrange(20)}",
    "job": lambda random, _: random.choice(JOBS),
}  # fmt: skip
