import json
import re
from datetime import date
from random import Random

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from ossian.harmony.messages import Conversation, Message, Role
from ossian.harmony.render import render
from training.copying import MARKED, Prompt, tokenizer
from training.skills import structured
from training.skills.exchange import Effort, Exchange, Family, Setting, Split, unmarked
from training.skills.extraction_domains import DOMAINS
from training.skills.extraction_values import listed
from training.skills.structured import JSON_MODE, task

NUM_FAMILIES = 120


def families(split: Split, seed: int = 5) -> list[Family]:
    random = Random(seed)
    weighted = list(structured.FAMILIES), list(structured.FAMILIES.values())
    return [random.choices(*weighted)[0](random, split) for _ in range(NUM_FAMILIES)]


def with_schema(split: Split) -> list[Family]:
    return [family for family in families(split) if family.setting.response_format != JSON_MODE]


def plain(split: Split, seed: int = 5) -> list[Exchange]:
    random = Random(seed)
    return [structured.schema_in_message(random, split) for _ in range(NUM_FAMILIES)]


def schema_of(setting: Setting) -> dict[str, object]:
    if setting.response_format is not None:
        return dict(setting.response_format.schema)
    schema: dict[str, object] = json.loads((setting.instructions or "").rpartition("\n\n")[2])
    return schema


def assert_fits(value: object, schema: dict[str, object]) -> None:
    """The value is valid, and its properties are all there, in the schema's order."""
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(value)
    if isinstance(value, dict):
        properties: dict[str, dict[str, object]] = schema["properties"]  # type: ignore[assignment]
        assert list(value) == list(properties) == schema["required"]
        for name, item in value.items():
            assert_fits(item, properties[name])


def prompt_of(setting: Setting, exchange: Exchange) -> Prompt:
    messages = (Message(Role.USER, exchange.question),)
    conversation = Conversation(messages, setting.instructions, response_format=setting.response_format)
    return Prompt(render(conversation, tokenizer()))


@pytest.mark.parametrize("split", Split)
def test_every_answer_fits_its_schema_in_the_schemas_order(split: Split) -> None:
    for family in with_schema(split):
        for exchange in family.exchanges:
            assert_fits(json.loads(unmarked(exchange.answer)), schema_of(family.setting))


@pytest.mark.parametrize("split", Split)
def test_without_a_schema_the_request_names_what_the_answer_names(split: Split) -> None:
    random = Random(6)
    made = [exchange for _ in range(60) for exchange in structured.json_mode(random, split).exchanges]
    for exchange in made:
        answer = json.loads(unmarked(exchange.answer))
        assert answer
        assert all(name in exchange.question for name in answer)
    assert len({tuple(json.loads(unmarked(exchange.answer))) for exchange in made}) > 100


@pytest.mark.parametrize("split", Split)
def test_a_schema_in_the_message_is_filled(split: Split) -> None:
    for exchange in plain(split):
        start = exchange.question.index('{"')
        schema, _ = json.JSONDecoder().raw_decode(exchange.question[start:])
        assert_fits(json.loads(unmarked(exchange.answer)), schema)


@pytest.mark.parametrize("split", Split)
def test_copies_stand_in_the_prompt_in_whole_tokens(split: Split) -> None:
    missing, spans = set(), 0
    cases = [(family.setting, exchange) for family in families(split)[:40] for exchange in family.exchanges]
    for setting, exchange in [*cases, *((Setting(), exchange) for exchange in plain(split)[:40])]:
        prompt = prompt_of(setting, exchange)
        for marked in MARKED.findall(exchange.answer + exchange.analysis[Effort.HIGH]):
            spans += 1
            assert unmarked(marked).encode() in prompt.text
            if prompt.find(unmarked(marked)) is None:
                missing.add(unmarked(marked))
    assert len(missing) < 0.02 * spans, missing


def test_every_domain_is_in_both_splits_and_no_template_with_the_same_properties_is() -> None:
    random = Random(2)
    drawn = [[task(random, split) for _ in range(1500)] for split in Split]
    for seen in drawn:
        assert len({domain.name for domain, _, _ in seen}) > 0.8 * len(DOMAINS)
    train, held_out = (
        {(template, *sorted(wanted)) for _, wanted, templates in seen for template in templates} for seen in drawn
    )
    assert not train & held_out
    assert {template for template, *_ in train} == {template for domain in DOMAINS for template in domain.templates}


def test_the_splits_share_no_question() -> None:
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


def drawn(make: structured.Maker, split: Split = Split.TRAIN, num_families: int = 60) -> list[Exchange]:
    random = Random(4)
    made = [structured.family(random, split, row="a row", make=make) for _ in range(num_families)]
    return [exchange for family in made for exchange in family.exchanges]


def test_every_date_in_an_answer_exists() -> None:
    for exchange in drawn(structured.dates, num_families=300):
        date.fromisoformat(json.loads(unmarked(exchange.answer)).popitem()[1])


def test_one_property_is_asked_for_by_its_name_alone() -> None:
    assert {listed(Random(seed), ["age"]).text for seed in range(20)} == {"age"}


@pytest.mark.parametrize("name, words", [("start_date", "start date"), ("startDate", "start date"), ("title", "title")])
def test_a_name_in_words(name: str, words: str) -> None:
    assert structured.in_words(name) == words


def test_texts_name_properties_as_the_schema_does_and_in_words() -> None:
    said = {structured.label_text(Random(seed), {"dueDate": "X"}) for seed in range(300)}
    for spelled in ("dueDate", "due date", "Due date"):
        assert any(spelled in text for text in said)


@pytest.mark.parametrize("split", Split)
def test_what_a_text_does_not_tell_is_null(split: Split) -> None:
    last = [list(json.loads(unmarked(exchange.answer)).items())[-1] for exchange in drawn(structured.missing, split)]
    assert 0.3 < sum(value is None for _, value in last) / len(last) < 0.7
    for exchange, (name, value) in zip(drawn(structured.missing, split), last, strict=True):
        is_told = any(said.lower() in exchange.question.lower() for said in (name, structured.in_words(name)))
        if value is not None:
            assert is_told
            assert value in exchange.question


@pytest.mark.parametrize("split", Split)
def test_a_list_of_objects_has_every_number_and_thing_of_the_text(split: Split) -> None:
    for exchange in drawn(structured.objects, split):
        [items] = json.loads(unmarked(exchange.answer)).values()
        found = [" ".join(map(str, item.values())) for item in items]
        text = re.sub(r",| &| and\b", "", exchange.question)
        assert " ".join(found) in text
