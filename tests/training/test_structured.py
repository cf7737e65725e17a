import json
import re
from datetime import date
from random import Random

import pytest

from ossian.harmony.messages import Conversation, Message, ResponseFormat, Role
from ossian.harmony.render import render
from training.copying import MARKED, Prompt, tokenizer
from training.skills import structured
from training.skills.exchange import Effort, Exchange, Family, Setting, Split, unmarked
from training.skills.extraction_domains import DOMAINS
from training.skills.words import is_held_out

NUM_FAMILIES = 120
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


def families(split: Split, seed: int = 5) -> list[Family]:
    random = Random(seed)
    weighted = list(structured.FAMILIES), list(structured.FAMILIES.values())
    return [random.choices(*weighted)[0](random, split) for _ in range(NUM_FAMILIES)]


def plain(split: Split, seed: int = 5) -> list[Exchange]:
    random = Random(seed)
    return [structured.schema_in_message(random, split) for _ in range(NUM_FAMILIES)]


def schema_of(setting: Setting) -> dict[str, object]:
    if setting.response_format is not None:
        return dict(setting.response_format[1])
    schema: dict[str, object] = json.loads((setting.instructions or "").rpartition("\n\n")[2])
    return schema


def assert_fits(value: object, schema: dict[str, object]) -> None:
    """What is needed of JSON Schema here."""
    assert isinstance(value, TYPES[str(schema["type"])])
    if "enum" in schema:
        assert value in schema["enum"]  # type: ignore[operator]
    if isinstance(value, dict):
        properties: dict[str, dict[str, object]] = schema["properties"]  # type: ignore[assignment]
        assert list(value) == list(properties) == schema["required"]
        for name, item in value.items():
            assert_fits(item, properties[name])
    if isinstance(value, list):
        for item in value:
            assert_fits(item, schema["items"])  # type: ignore[arg-type]


def prompt_of(setting: Setting, exchange: Exchange) -> Prompt:
    response_format = ResponseFormat(*setting.response_format) if setting.response_format else None
    messages = (Message(Role.USER, exchange.question),)
    conversation = Conversation(messages, setting.instructions, response_format=response_format)
    return Prompt(render(conversation, tokenizer()))


@pytest.mark.parametrize("split", Split)
def test_every_answer_fits_its_schema_in_the_schemas_order(split: Split) -> None:
    for family in families(split):
        for exchange in family.exchanges:
            assert_fits(json.loads(unmarked(exchange.answer)), schema_of(family.setting))


@pytest.mark.parametrize("split", Split)
def test_a_schema_in_the_message_is_filled(split: Split) -> None:
    for exchange in plain(split):
        start = exchange.question.index('{"type"')
        schema, _ = json.JSONDecoder().raw_decode(exchange.question[start:])
        assert_fits(json.loads(unmarked(exchange.answer)), schema)


@pytest.mark.parametrize("split", Split)
def test_copies_stand_in_the_prompt_in_whole_tokens(split: Split) -> None:
    missing, spans = set(), 0
    cases = [(family.setting, exchange) for family in families(split)[:40] for exchange in family.exchanges]
    for setting, exchange in [*cases, *((Setting(), exchange) for exchange in plain(split)[:40])]:
        prompt = prompt_of(setting, exchange)
        for marked in MARKED.findall(exchange.answer):
            spans += 1
            assert unmarked(marked).encode() in prompt.text
            if prompt.find(unmarked(marked)) is None:
                missing.add(unmarked(marked))
    assert len(missing) < 0.02 * spans, missing


def test_the_splits_share_no_domain_and_no_question() -> None:
    assert 2 <= sum(is_held_out(domain.name) for domain in DOMAINS) <= len(DOMAINS) // 3
    asked = [{exchange.question for family in families(split) for exchange in family.exchanges} for split in Split]
    assert not asked[0] & asked[1]


def test_every_template_names_only_slots_and_every_slot_is_named_by_all() -> None:
    for domain in DOMAINS:
        for template in domain.templates:
            assert set(re.findall(r"{(\w+)}", template)) == set(domain.slots), (domain.name, template)


@pytest.mark.parametrize("split", Split)
def test_the_same_seed_gives_the_same_families(split: Split) -> None:
    assert families(split, 9) == families(split, 9)
    assert families(split, 9) != families(split, 10)


def test_dates_in_words_are_written_as_the_schema_wants() -> None:
    random = Random(2)
    for _ in range(200):
        family = structured.family(random, Split.TRAIN, row="spelled dates", make=structured.dates)
        for exchange in family.exchanges:
            [written] = re.findall(r"\d{4}-\d\d-\d\d", unmarked(exchange.answer))
            year, month, day = written.split("-")
            assert year in exchange.question
            assert MONTHS[int(month) - 1] in exchange.question
            assert re.search(rf"\b{int(day)}\b", exchange.question)


MONTHS = [date(2026, month, 1).strftime("%B") for month in range(1, 13)]


def test_effort_lengthens_the_analysis() -> None:
    for family in families(Split.TRAIN)[:20]:
        for exchange in family.exchanges:
            low, medium, high = (len(exchange.analysis[effort]) for effort in Effort)
            assert low < high
            assert medium < high
