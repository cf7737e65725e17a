"""What tools answer, and how the model passes it on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from training.skills.exchange import Split, copied
from training.skills.tool_words import CITIES, decimal, phrase, plain_word, value, whole
from training.skills.words import known_name, of_split

Result: TypeAlias = "str | int | float | bool | Sequence[Result] | Mapping[str, Result] | None"

FIELDS = (
    "temperature", "condition", "status", "price", "id", "name", "total", "humidity", "wind", "unit", "location", "city",
    "time", "date", "result", "value", "count", "message", "currency", "amount", "rate", "title", "author", "url", "email",
    "phone", "address", "country", "language", "confidence", "score", "distance", "duration", "size", "color", "type",
    "created_at", "updated_at", "order_id", "user_id", "vat_rate", "success", "ok", "booking", "number", "note", "summary",
    "text", "state", "level", "owner", "version", "position", "rating", "available", "delivery", "seats", "time_zone",
)  # fmt: skip
KINDS = (
    *("word",) * 4, "name", "title", "person", "city", "email", "date", "time", "id", "url", *("int 0 99",) * 3,
    "int 1 9999", *("number 50",) * 2, "phrase", "bool true|false", "list word", "list int 1 99",
)  # fmt: skip
SENTENCES = (
    "It is {n} degrees and {w} in {c}.", "The {w} is {w}.", "{w} {w} {w}", "Done.", "OK", "{n}", "{d}", "{p}.", "{w}",
    "The {w} of {c} is {n}.", "{w}: {n}", "Found {n} {w}.", "Saved as {w}.", "{n} {w} in {c}", "The {p} is ready.", "Sent.",
)  # fmt: skip
FAILURES = (
    "timeout", "The service is not available.", "rate limit exceeded", "connection refused", "internal error",
    "too many requests", "{w} not found", "{p}", "The {w} is not available.", "no {w} with this {w}", "{w} failed: {p}",
    "Nothing is known about {c}.", "Nothing is known about '{c}'. The cities are: {c}, {c}, {c}.", "permission denied", "out of memory", "Invalid {w}: {w}", "Service unavailable",
    "the {w} did not answer", "timeout after {n} seconds", "server error {n}", "The {w} is down. Try again later.",
)  # fmt: skip
MOST_FIELDS, MOST_ITEMS = 5, 4


@dataclass(frozen=True, slots=True)
class Reply:
    """A tool's result as it stands in the prompt, and how the model says it, with marks."""

    text: str
    said: str


def reply(random: Random, split: Split, fields: Mapping[str, Result] | None = None) -> Reply:
    """A result: mostly an object, now and then a text. With `fields` it is an object that has them."""
    if not fields and random.random() < 0.25:
        text = sentence(random, SENTENCES, split)
        return Reply(text, copied_sentence(text))
    made = record(random, split, random.choices((1, 2, 3, 4, 5, 6, 7), (25, 28, 22, 12, 7, 4, 2))[0]) | dict(
        fields or {}
    )
    result: Result = dict(random.sample(list(made.items()), len(made)))
    chance = random.random()
    if not fields and chance < 0.03:
        result = [record(random, split, random.choice((1, 2))) for _ in range(random.choice((1, 2, 2, 3, 5)))]
    elif not fields and chance < 0.07:
        result = listed(random, split)
    return Reply(json_text(random, result), spoken(result))


def record(random: Random, split: Split, num_fields: int, *, is_flat: bool = False) -> dict[str, Result]:
    """An object, now and then with an object or objects in it."""
    made: dict[str, Result] = {}
    while len(made) < num_fields:
        made[field(random, split)] = value(random, random.choice(KINDS), split).json
    if not is_flat and random.random() < 0.05:
        inner = [record(random, split, random.choice((1, 2)), is_flat=True) for _ in range(random.choice((1, 2, 3)))]
        made[field(random, split)] = inner[0] if random.random() < 0.5 else inner
    return made


def field(random: Random, split: Split) -> str:
    """A usual name, or any."""
    if random.random() < 0.5:
        return of_split(random, FIELDS, split)
    return "_".join(plain_word(random, split) for _ in range(random.choice((1, 1, 1, 2))))


def listed(random: Random, split: Split) -> list[Result]:
    """Words or numbers, as many as are needed; sometimes none."""
    kind = random.choice(("word", "name", "int 0 99", "number 50"))
    return [value(random, kind, split).json for _ in range(random.choice((0, 1, 2, 3, 4, 5, 6)))]


def json_text(random: Random, result: Result) -> str:
    """JSON as servers write it."""
    form = random.choices(({}, {"separators": (",", ":")}, {"indent": 2}), (70, 20, 10))[0]
    return json.dumps(result, ensure_ascii=False, **form)


def sentence(random: Random, patterns: Sequence[str], split: Split) -> str:
    """A pattern with words: {w}, numbers: {n} and {d}, a phrase: {p}, a city: {c}."""
    text = random.choice(patterns)
    for slot, draw in (
        ("{w}", plain_word), ("{p}", phrase), ("{n}", lambda random, split: str(whole(random, split, 0, 999))),
        ("{d}", lambda random, split: str(decimal(random, split, 99))), ("{c}", lambda random, split: known_name(random, CITIES, split)),
    ):  # fmt: skip
        while slot in text:
            text = text.replace(slot, draw(random, split), 1)
    return text


def spoken(result: Result) -> str:
    """A result in words, with marks: `temperature is 21, condition is sunny`. What is long ends with `and more`."""
    if isinstance(result, Mapping):
        shown = [spoken_field(name, inner) for name, inner in result.items()]
        return shortened(shown, MOST_FIELDS, ", ")
    if isinstance(result, list):
        between = "; " if any(isinstance(item, Mapping) for item in result) else ", "
        return shortened([spoken(item) for item in result], MOST_ITEMS, between) or "nothing"
    return copied(result if isinstance(result, str) else json.dumps(result))


def spoken_field(name: str, inner: Result) -> str:
    """`name is value`, or `name: …` for an object or objects."""
    is_simple = not isinstance(inner, Mapping) and not (
        isinstance(inner, list) and any(isinstance(i, Mapping) for i in inner)
    )
    return f"{copied(name)}{' is' if is_simple else ':'} {spoken(inner)}"


def shortened(parts: Sequence[str], most: int, between: str) -> str:
    """The first parts."""
    return between.join((*parts[:most], "and more") if len(parts) > most else parts)


def told(tool_name: str, answer: Reply) -> str:
    """What the model says of a result."""
    return f"{copied(tool_name)} says: {answer.said}."


def copied_sentence(text: str) -> str:
    """A text whose full stop, which a token may join with a quote, is left to who says it."""
    return copied(text.removesuffix("."))


def failure(random: Random, split: Split) -> Reply:
    """An error, as JSON or as text."""
    message = sentence(random, FAILURES, split)
    chance = random.random()
    if chance < 0.6:
        text = json_text(random, {"error": message})
    elif chance < 0.7:
        text = json_text(random, {"status": "error", "message": message})
    else:
        text = f"{random.choice(('Error', 'Error', 'error', 'ERROR'))}: {message}"
    return Reply(text, copied_sentence(message))
