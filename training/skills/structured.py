"""Structured output: a JSON schema is filled from a text."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from ossian.harmony.messages import ResponseFormat
from training.skills.exchange import Exchange, Family, Setting, Split, analyses, copied
from training.skills.extraction_domains import DOMAINS, Domain
from training.skills.extraction_values import Value, listed, random_value, spelled_date
from training.skills.words import invented_word, is_held_out, word

Skill = Callable[[Random, Split], Exchange]
FamilySkill = Callable[[Random, Split], Family]

NUM_EXCHANGES = 8
INSTRUCTIONS = (
    None, None, None, "You are a helpful extractor. Return only valid JSON.", "Extract the data.", "Return only valid JSON.",
    "You are a data extraction assistant.", "Answer with JSON that fits the schema.", "Extract the fields from the text.",
    "You extract structured data from text.", "Fill in the schema. Do not add anything.", "Only output JSON.",
)  # fmt: skip
DESCRIPTIONS = (
    "Extract contract fields", "Extract the fields", "The data of one text", "What the text says", "A record", "The result",
    "Extracted data", "Fields of an order", "Extract the details", "Facts found in the text.", "The answer's shape",
)  # fmt: skip
REQUESTS = (
    "{text}", "{text}", "Extract the data from: {text}", "Extract the data from this text: {text}", "Extract {names} from: {text}",
    "Extract the {names} from: {text}", "Fill in the schema: {text}", "Text: {text}", "Please extract {names}: {text}",
    "What are {names}? {text}", "Turn this into JSON: {text}", "Parse this: {text}", "Read this and return JSON: {text}",
    "Extract the information from the following text.\n\n{text}", "Get {names} out of this: {text}", "JSON, please: {text}",
    "Return {names} as JSON: {text}", "From the text below, extract {names}.\n{text}", "{text} Extract {names}.",
    "Convert to JSON: {text}", "Here is a text: {text}", "Find the {names}: {text}",
    "Extract {names} from this: {text}", "Extract {names} from the text: {text}", "Please extract the data. {text}",
    "I need {names} from this text: {text}", "{text}\nExtract the data.", "{text}\n\nGive me {names} as JSON.", "Input: {text}",
    "Give me the {names} of this: {text}", "Which {names} does this text give? {text}", "Tell me {names}: {text}",
    "Structure this: {text}", "Message: {text}", "Note: {text}", "Extract the record.\n\n{text}", "Read: {text}", "Analyse this text: {text}",
    "Summarise as JSON: {text}", "Convert this text to JSON.\n{text}", "Could you extract {names} from this? {text}", "Data: {text}",
)  # fmt: skip
JSON_MODE = ResponseFormat("json_object", {"type": "object"})
JSON_ENDINGS = (
    "",
    "",
    " Answer in JSON.",
    " Return JSON.",
    " As JSON, please.",
    " Reply with a JSON object.",
    "\nAnswer in JSON.",
)
SCHEMA_REQUESTS = (
    "Fill this JSON schema: {schema} from: {text}", "Schema: {schema}\nText: {text}", "Text: {text}\nSchema: {schema}",
    "Extract JSON that fits this schema {schema} from this text: {text}", "JSON schema:\n{schema}\n\n{text}",
    "Use the schema {schema} for this text: {text}", "{text}\n\nReturn JSON for this schema: {schema}",
)  # fmt: skip
LABELS = (
    "{n}: {v}", "{n}: {v}", "{n} = {v}", "The {n} is {v}", "the {n} is {v}", "{n} is {v}", "with the {n} {v}", "{n} - {v}", "its {n} is {v}",
)  # fmt: skip
SEPARATORS = (". ", ", ", "; ", "\n", " and ")
LABELLED = (
    ("title", "title"), ("year", "year"), ("author", "name"), ("price", "amount"), ("city", "city"), ("email", "email"), ("status", "shipping"),
    ("priority", "severity"), ("color", "color"), ("quantity", "count"), ("owner", "name"), ("version", "version"), ("due_date", "date"),
    ("time", "time"), ("company", "company"), ("code", "code"), ("age", "age"), ("room", "word"), ("topic", "phrase"), ("country", "word"),
    ("brand", "word"), ("weight", "amount"), ("height", "count"), ("serial_number", "code"), ("reporter", "name"), ("category", "word"),
    ("language", "word"), ("start", "date"), ("end", "date"), ("members", "people"), ("team", "team"), ("score", "count"), ("day", "day"),
    ("phone", "phone"), ("currency", "currency"), ("orderNumber", "code"), ("dueDate", "date"), ("firstName", "name"), ("unit_price", "amount"),
)  # fmt: skip
KINDS = (
    "word",
    "phrase",
    "name",
    "title",
    "count",
    "amount",
    "date",
    "time",
    "code",
    "city",
    "severity",
    "color",
    "people",
)


@dataclass(frozen=True, slots=True)
class Property:
    """A property of the schema; `kind` says where its value comes from."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A text, the schemas of its properties and their values, in order; `called`: what a request calls them."""

    text: str
    schemas: dict[str, dict[str, object]]
    values: dict[str, str]
    called: tuple[str, ...] = ()


Maker = Callable[[Random, Split], Callable[[], Filled]]


def natural(random: Random, split: Split) -> Callable[[], Filled]:
    """Sentences of one domain."""
    domain, wanted, templates = task(random, split)
    names = dict(zip(wanted, distinct(random, [domain.slots[slot].names for slot in wanted]), strict=True))
    fixed = {slot: random_value(random, domain.slots[slot].kind, split).schema for slot in wanted}

    def fill() -> Filled:
        values = {slot: value_of(random, spec.kind, split, fixed.get(slot)) for slot, spec in domain.slots.items()}
        text = random.choice(templates).format(**{slot: value.text for slot, value in values.items()})
        called = tuple(called_in(random, domain, slot) for slot in wanted)
        return Filled(text, {names[s]: fixed[s] for s in wanted}, {names[s]: values[s].json for s in wanted}, called)

    return fill


def task(random: Random, split: Split) -> tuple[Domain, list[str], list[str]]:
    """A domain, the slots that are asked for, and the templates of the split: held out are pairs of these two."""
    while True:
        domain: Domain = random.choice(DOMAINS)
        wanted = random.sample(sorted(domain.slots), random.randrange(2, len(domain.slots) + 1))
        asked_for = " ".join(sorted(wanted))
        wants_held_out = split is Split.HELD_OUT
        templates = [one for one in domain.templates if is_held_out(f"{one} {asked_for}") == wants_held_out]
        if templates:
            return domain, wanted, templates


def called_in(random: Random, domain: Domain, slot: str) -> str:
    """A slot in a request: `start date`, `contract start date`."""
    said = in_words(random.choice(domain.slots[slot].names))
    return f"{domain.name} {said}" if random.random() < 0.3 else said


def in_words(name: str) -> str:
    """`start_date` and `startDate` as people say them."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.replace("_", " ")).lower()


def value_of(random: Random, kind: str, split: Split, schema: dict[str, object] | None) -> Value:
    """A value that fits a schema already chosen."""
    while True:
        value = random_value(random, kind, split)
        fits_enum = schema is None or "enum" not in schema or value.text in schema["enum"]  # type: ignore[operator]
        if fits_enum and (schema is None or schema.get("type") != "integer" or "." not in value.text):
            return value


def distinct(random: Random, choices: Sequence[Sequence[str]]) -> list[str]:
    """One name of each, all different."""
    while True:
        names = [random.choice(names) for names in choices]
        if len(set(names)) == len(names):
            return names


def labelled(random: Random, split: Split) -> Callable[[], Filled]:
    """Properties that the text names."""
    chosen = random.sample(
        [Property(*pair) for pair in LABELLED if is_held_out(pair[0]) == (split is Split.HELD_OUT)], 4
    )
    return labels(random, split, chosen[: random.choice((2, 2, 3, 4))])


def invented(random: Random, split: Split) -> Callable[[], Filled]:
    """Properties with names nobody has heard."""
    names = {invented_name(random, split) for _ in range(random.choice((1, 2, 2, 3, 3, 4, 5)))}
    return labels(random, split, [Property(name, random.choice(KINDS)) for name in sorted(names)])


def invented_name(random: Random, split: Split) -> str:
    """`word`, `word_word` or `wordWord`."""
    first = word(random, split) if random.random() < 0.5 else invented_word(random, split)
    second = word(random, split)
    return random.choice((first, first, f"{first}_{second}", f"{first}{second.capitalize()}"))


def labels(random: Random, split: Split, properties: list[Property]) -> Callable[[], Filled]:
    """Texts that say each property's name before its value, in any order, among others that are not asked for."""
    random.shuffle(properties)
    fixed = {one.name: random_value(random, one.kind, split).schema for one in properties}

    def fill() -> Filled:
        values = {one.name: value_of(random, one.kind, split, fixed[one.name]) for one in properties}
        said = {name: value.text for name, value in values.items()}
        for _ in range(random.choice((0, 0, 1, 2))):
            name = word(random, split)
            if name not in said:
                said[name] = random_value(random, random.choice(KINDS), split).text
        return Filled(label_text(random, said), fixed, {name: value.json for name, value in values.items()})

    return fill


def label_text(random: Random, said: dict[str, str]) -> str:
    """`title: X; year: Y` and the like; names as in the schema or in words, all in one way."""
    label, separator = random.choice(LABELS), random.choice(SEPARATORS)
    spell = random.choice((str, in_words, in_words, lambda name: in_words(name).capitalize()))
    parts = [label.format(n=spell(name), v=value) for name, value in said.items()]
    random.shuffle(parts)
    return separator.join(parts) + random.choice(("", "."))


def nested(random: Random, split: Split) -> Callable[[], Filled]:
    """One object inside another."""
    outer, inner = (invented_name(random, split) for _ in range(2))
    fill_inside = (natural if random.random() < 0.6 else labelled)(random, split)
    kind = random.choice(("word", "name", "count", "date"))
    schema = random_value(random, kind, split).schema

    def fill() -> Filled:
        inside, value = fill_inside(), value_of(random, kind, split, schema)
        first = label_text(random, {inner: value.text}).rstrip(".")
        text = f"{first}. {inside.text}" if random.random() < 0.5 else f"{inside.text} {first}."
        schemas = {inner: schema, outer: object_schema(inside.schemas)}
        return Filled(text, schemas, {inner: value.json, outer: object_json(inside.values)})

    return fill


def lists(random: Random, split: Split) -> Callable[[], Filled]:
    """Lists of names or things, beside a plain value."""
    name, beside = (invented_name(random, split) for _ in range(2))
    kind = random.choice(("name", "word", "city"))

    def fill() -> Filled:
        items = {value_of(random, kind, split, None).text for _ in range(random.choice((2, 3, 3, 4)))}
        several, value = listed(random, sorted(items)), value_of(random, "code", split, None)
        text = label_text(random, {name: several.text, beside: value.text})
        return Filled(text, {name: several.schema, beside: value.schema}, {name: several.json, beside: value.json})

    return fill


def missing(random: Random, split: Split) -> Callable[[], Filled]:
    """A property that a text may leave out: null then."""
    fill_others = (labelled if random.random() < 0.5 else invented)(random, split)
    name, kind = invented_name(random, split), random.choice(("word", "name", "date", "city", "code"))
    schema: dict[str, object] = {"type": ["string", "null"]}

    def fill() -> Filled:
        others, value = fill_others(), value_of(random, kind, split, None)
        is_there = random.random() < 0.5
        told = f"{label_text(random, {name: value.text}).rstrip('.')}. " if is_there else ""
        values = {**others.values, name: value.json if is_there else "null"}
        return Filled(told + others.text, {**others.schemas, name: schema}, values)

    return fill


def objects(random: Random, split: Split) -> Callable[[], Filled]:
    """A list of objects: `2 apples and 3 pears`."""
    number, thing = random.choice((("quantity", "product"), ("count", "item"), ("amount", "name")))
    name = random.choice(("items", "products", "order", "list"))
    frame = random.choice(("I need {v}.", "{v}", "Please send {v}.", "We bought {v}.", "Order: {v}"))

    def fill() -> Filled:
        pairs = [(str(random.randrange(2, 100)), word(random, split)) for _ in range(random.choice((1, 2, 2, 3)))]
        each: dict[str, dict[str, object]] = {number: {"type": "integer"}, thing: {"type": "string"}}
        parts = [object_json({number: copied(num), thing: f'"{copied(what)}"'}) for num, what in pairs]
        text = frame.format(v=listed(random, [f"{num} {what}" for num, what in pairs]).text)
        schema: dict[str, object] = {"type": "array", "items": object_schema(each)}
        return Filled(text, {name: schema}, {name: f"[{', '.join(parts)}]"})

    return fill


def switches(random: Random, split: Split) -> Callable[[], Filled]:
    """Booleans: `with breakfast`, `not paid`."""
    names = [word(random, split), word(random, split)]
    yes, no = random.choice((("with {n}", "without {n}"), ("{n}", "not {n}"), ("{n}: yes", "{n}: no")))

    def fill() -> Filled:
        on = [random.random() < 0.5 for _ in names]
        person = value_of(random, "name", split, None)
        parts = [(yes if chosen else no).format(n=name) for name, chosen in zip(names, on, strict=True)]
        text = f"{random.choice(('For', 'Booked for', 'Reserved by', 'Guest:'))} {person.text}, {', '.join(parts)}."
        schemas: dict[str, dict[str, object]] = {name: {"type": "boolean"} for name in names}
        values = {name: "true" if chosen else "false" for name, chosen in zip(names, on, strict=True)}
        return Filled(text, {"name": person.schema, **schemas}, {"name": person.json, **values})

    return fill


def dates(random: Random, split: Split) -> Callable[[], Filled]:
    """Dates in words, which the answer writes as YYYY-MM-DD."""
    name = random.choice(("date", "start_date", "day", "birthday", "due_date"))
    other = random.choice(("name", "customer", "person"))
    frames = ("{p} starts on {d}.", "On {d} {p} comes.", "{p} was born on {d}.", "The date for {p} is {d}.", "{p}, {d}")

    def fill() -> Filled:
        date, person = spelled_date(random), value_of(random, "name", split, None)
        text = random.choice(frames).format(p=person.text, d=date.text)
        return Filled(text, {other: person.schema, name: date.schema}, {other: person.json, name: date.json})

    return fill


def object_schema(schemas: dict[str, dict[str, object]]) -> dict[str, object]:
    """An object whose properties are all required."""
    return {"type": "object", "properties": schemas, "required": list(schemas), "additionalProperties": False}


def decorated(random: Random, schemas: dict[str, dict[str, object]]) -> dict[str, object]:
    """The schema as people write it: with descriptions, a title, or without what may be left out."""
    described = {
        name: {**schema, "description": f"The {in_words(name)}"} if random.random() < 0.15 else schema
        for name, schema in schemas.items()
    }
    schema = object_schema(described)
    if random.random() < 0.1:
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    if random.random() < 0.3:
        del schema["additionalProperties"]
    if random.random() < 0.1:
        schema = {"title": random.choice(("Data", "Record", "Result")), **schema}
    return schema


def object_json(values: dict[str, str]) -> str:
    """An object with its property names copied from the schema."""
    return "{" + ", ".join(f'"{copied(name)}": {value}' for name, value in values.items()) + "}"


def exchange(row: str, filled: Filled, question: str) -> Exchange:
    """The answer to a text."""
    medium = "I fill in the schema from the text."  # a small model copies the values better once than twice
    thoughts = analyses("Fill in the schema.", medium, f"{medium} What it asks for is said there, or it is null.")
    return Exchange(f"structured output: {row}", question, thoughts, object_json(filled.values))


def asked(random: Random, filled: Filled) -> str:
    """The request around a text."""
    said = filled.called if filled.called and random.random() < 0.4 else [*filled.schemas]
    if random.random() < 0.3:
        said = [f"the {in_words(name)}" for name in said]
    request = random.choice(REQUESTS)
    request = request.replace("the {names}", "{names}") if said[0].startswith("the ") else request
    return request.format(text=filled.text, names=listed(random, [*said]).text)


def family(random: Random, split: Split, *, row: str, make: Maker) -> Family:
    """Texts for one schema, which the developer message shows."""
    fill = make(random, split)
    texts = [fill() for _ in range(NUM_EXCHANGES)]
    name = random.choice((invented_name(random, split), "result", "data", "extraction", "contract_data", "response"))
    schema = decorated(random, texts[0].schemas)
    instructions = random.choice(INSTRUCTIONS)
    description = random.choice(DESCRIPTIONS) if random.random() < 0.3 else ""
    setting = Setting(instructions, response_format=ResponseFormat(name, schema, description))
    if random.random() < 0.15:  # the schema as a part of the instructions
        setting = Setting(
            f"{instructions or 'Answer in JSON.'}\n\n# Response Formats\n\n## {name}\n\n{compact(schema)}"
        )
    return Family(setting, [exchange(row, filled, asked(random, filled)) for filled in texts])


def json_mode(random: Random, split: Split) -> Family:
    """JSON without a schema: its names are what the request says."""
    fill = random.choice((natural, natural, labelled, invented))(random, split)
    instructions = [one for one in INSTRUCTIONS if one is None or "schema" not in one]
    exchanges = [json_exchange(random, fill()) for _ in range(NUM_EXCHANGES)]
    return Family(Setting(random.choice(instructions), response_format=JSON_MODE), exchanges)


def json_exchange(random: Random, filled: Filled) -> Exchange:
    """A text, the names a request gives its values, and JSON of both."""
    names = [*(filled.called if len({*filled.called}) == len(filled.values) else filled.values)]
    values = dict(zip(names, filled.values.values(), strict=True))
    request = random.choice([one for one in REQUESTS if "{names}" in one]) + random.choice(JSON_ENDINGS)
    if re.search(r"\{text\} ?[A-Z]", request) and filled.text[-1] not in ".!?":
        request = request.replace("{text}", "{text}.")  # or the text would go on with the request
    found = "; ".join(f"{copied(name)}: {value}" for name, value in values.items())
    thoughts = analyses("Write JSON.", f"{found}.", f"The answer is a JSON object. The text says: {found}.")
    question = request.format(text=filled.text, names=listed(random, names).text)
    return Exchange("structured output: JSON mode", question, thoughts, object_json(values))


def schema_in_message(random: Random, split: Split) -> Exchange:
    """The schema stands in the user's message."""
    filled = random.choice((natural, natural, labelled, invented))(random, split)()
    schema = compact(object_schema(filled.schemas))
    question = random.choice(SCHEMA_REQUESTS).format(schema=schema, text=filled.text)
    return exchange("schema in the message", filled, question)


def compact(schema: dict[str, object]) -> str:
    """The schema without blanks, as the server writes it."""
    return json.dumps(schema, separators=(",", ":"), ensure_ascii=False)


ROWS: tuple[tuple[str, Maker, float], ...] = (
    ("natural text", natural, 4.0), ("labelled text", labelled, 1.5), ("invented schema", invented, 2.5), ("nested and lists", nested, 1.0),
    ("nested and lists", lists, 1.0), ("nested and lists", objects, 0.5), ("missing values", missing, 1.2), ("booleans", switches, 0.7), ("spelled dates", dates, 0.7),
)  # fmt: skip
FAMILIES: dict[FamilySkill, float] = {partial(family, row=row, make=make): weight for row, make, weight in ROWS} | {
    json_mode: 1.6
}
SKILLS: dict[Skill, float] = {schema_in_message: 1.0}
