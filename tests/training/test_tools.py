import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from random import Random

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossian.harmony.messages import Channel, Conversation, Message, ReasoningEffort, Role, Tool, ToolNamespace
from ossian.harmony.render import render
from ossian.harmony.tokenizer import Tokenizer
from ossian.harmony.tools import NAME_PATTERN
from training.copying import MARKED, Prompt
from training.skills import tools
from training.skills.exchange import COPY_END, COPY_START, Exchange, Family, Setting, Split, copied, unmarked
from training.skills.invented_tools import invented
from training.skills.tool_calls import (
    CATALOG,
    call,
    call_analysis,
    called,
    filled,
    hand_written,
    marked_arguments,
    of_catalog,
    optional_keys,
    verdicts,
)
from training.skills.tool_results import Result, json_text, spoken
from training.skills.tool_sketch import Sketch
from training.skills.tool_words import STOP_WORDS, TEXTS, decimal, schema_of, value
from training.skills.words import is_held_out

TOKENIZER = Tokenizer()
NUM_FAMILIES = 120
SPLITS = pytest.mark.parametrize("split", list(Split))
ROWS = {"tools: one call", "tools: none fits", "tools: result", "tools: chain", "tools: error"}
KINDS = (
    *TEXTS, "quote", "int 1 9999", "number 900", "enum red|green", "turned red|green", "bool on|off", "list word",
    "list int 1 99",
)  # fmt: skip
seeds = st.integers(0, 2**32)


def families(split: Split, num_families: int = NUM_FAMILIES, seed: int = 11) -> Iterator[Family]:
    random = Random(seed)
    return (tools.tool_family(random, split) for _ in range(num_families))


def exchanges(split: Split) -> Iterator[tuple[Setting, Exchange]]:
    """What this module itself makes, without the plain skills under its tools."""
    for family in families(split):
        yield from ((family.setting, exchange) for exchange in family.exchanges if exchange.skill in ROWS)


def conversation(setting: Setting, exchange: Exchange) -> Conversation:
    question = (Message(Role.USER, exchange.question),) if exchange.question else ()
    return Conversation(
        (*exchange.earlier, *question), setting.instructions, (ToolNamespace("functions", setting.tools),)
    )


def tool_called(setting: Setting, exchange: Exchange) -> Tool:
    name = unmarked(exchange.recipient or "").removeprefix("functions.")
    return next(tool for tool in setting.tools if tool.name == name)


def last_request(exchange: Exchange) -> str:
    asked = [message.content for message in exchange.earlier if message.role is Role.USER]
    return exchange.question or asked[-1]


def this_turn(exchange: Exchange) -> list[Message]:
    """The messages after the last request, when it is not the question."""
    ends = [index for index, message in enumerate(exchange.earlier) if message.role is Role.USER]
    return list(exchange.earlier[ends[-1] + 1 :])


@SPLITS
def test_the_same_seed_gives_the_same_families(split: Split) -> None:
    assert list(families(split, 5)) == list(families(split, 5))
    assert list(families(split, 5)) != list(families(split, 5, seed=12))


@SPLITS
def test_every_kind_of_exchange_occurs_and_the_rows_are_the_evaluations(split: Split) -> None:
    rows = Counter(exchange.skill for family in families(split) for exchange in family.exchanges)
    assert rows.keys() >= ROWS
    assert all(row in ROWS for row in rows if row.startswith("tools"))
    assert rows["tools: one call"] > 0.25 * rows.total()
    assert rows["tools: none fits"] > 0.15 * rows.total()


@SPLITS
def test_tools_are_well_formed_and_few(split: Split) -> None:
    for family in families(split):
        names = [tool.name for tool in family.setting.tools]
        assert 1 <= len(names) <= tools.MAX_NUM_TOOLS
        assert len({name.lower() for name in names}) == len(names)
        assert all(NAME_PATTERN.fullmatch(name) for name in names)
        for tool in family.setting.tools:
            jsonschema.Draft202012Validator.check_schema(dict(tool.parameters or {}))


@SPLITS
def test_arguments_fit_the_schema_and_stand_in_its_order(split: Split) -> None:
    num_calls = 0
    for setting, exchange in exchanges(split):
        if exchange.recipient is None:
            continue
        num_calls += 1
        tool = tool_called(setting, exchange)
        text = unmarked(exchange.answer)
        arguments = json.loads(text)
        assert text == json.dumps(arguments, ensure_ascii=False)
        jsonschema.validate(arguments, dict(tool.parameters or {}))
        order = list((tool.parameters or {})["properties"])
        assert list(arguments) == [name for name in order if name in arguments]
    assert num_calls > 500


@SPLITS
def test_what_is_marked_as_copied_stands_in_the_prompt_token_by_token(split: Split) -> None:
    num_spans = 0
    for setting, exchange in exchanges(split):
        prompt = Prompt(render(conversation(setting, exchange), TOKENIZER))
        for text in (*exchange.analysis.values(), exchange.answer, exchange.recipient or ""):
            for span in MARKED.findall(text):
                num_spans += 1
                assert prompt.find(span[1:-1]) is not None, span
    assert num_spans > 3000


@SPLITS
def test_every_argument_that_is_text_or_a_number_is_copied_from_what_was_said(split: Split) -> None:
    for setting, exchange in exchanges(split):
        if exchange.recipient is None:
            continue
        said = "\n".join((last_request(exchange), *(message.content for message in this_turn_or_none(exchange))))
        schema = (tool_called(setting, exchange).parameters or {})["properties"]
        for name, argument in json.loads(unmarked(exchange.answer)).items():
            for item in argument if isinstance(argument, list) else [argument]:
                assert schema[name]["type"] == "boolean" or str(item).lower() in said.lower()


def this_turn_or_none(exchange: Exchange) -> list[Message]:
    return [] if exchange.question else this_turn(exchange)


@SPLITS
def test_one_call_names_nothing_but_the_arguments_that_the_request_mentions(split: Split) -> None:
    """An optional argument that a request of the catalogue leaves out is left out of the call."""
    random = Random(3)
    for sketch in of_catalog(split):
        slots = {slot.key: slot for slot in sketch.slots}
        for _ in range(20):
            request = filled(random, sketch, {key: key for key in slots}, split)
            missing = slots.keys() - request.arguments.keys()
            assert missing <= optional_keys(sketch)
            assert not re.search(r"[{}<>\[\]|]|  ", request.text)
            for name, argument in request.arguments.items():
                said = argument if isinstance(argument, list) else [argument]
                assert schema_of(slots[name].kind)["type"] == "boolean" or all(
                    str(item).lower() in request.text.lower() for item in said
                )


def test_no_tool_of_the_catalogue_is_in_both_splits() -> None:
    train, held_out = (
        {name.lower() for sketch in of_catalog(split) for name in sketch.names.split()}
        for split in (Split.TRAIN, Split.HELD_OUT)
    )
    assert len(of_catalog(Split.HELD_OUT)) >= tools.MAX_NUM_TOOLS
    assert not train & held_out
    assert len(train | held_out) == sum(len(sketch.names.split()) for sketch in CATALOG)


def test_tools_requests_and_answers_of_the_splits_are_disjoint() -> None:
    seen: list[tuple[set[str], set[str]]] = []
    for split in Split:
        drawn = list(exchanges(split))
        names = {tool.name.lower() for setting, _ in drawn for tool in setting.tools}
        seen.append((names, {last_request(exchange).lower() for _, exchange in drawn}))
    (train_names, train_requests), (held_out_names, held_out_requests) = seen
    assert min(map(len, (train_names, held_out_names))) > 70
    assert min(map(len, (train_requests, held_out_requests))) > 700
    assert not train_names & held_out_names
    assert not train_requests & held_out_requests


@given(seeds, st.sampled_from(KINDS), st.sampled_from(list(Split)))
@settings(max_examples=300, deadline=None)
def test_values_fit_their_kind_and_need_no_escapes(seed: int, kind: str, split: Split) -> None:
    drawn = value(Random(seed), kind, split)
    jsonschema.validate(drawn.json, schema_of(kind))
    assert not set(json.dumps(drawn.json, ensure_ascii=False)) & {"\\", COPY_START, COPY_END}
    items = drawn.json if isinstance(drawn.json, list) else [drawn.json]
    if not kind.startswith("bool"):
        assert all(str(item).lower() in drawn.said.lower() for item in items)
    if kind in ("word", "phrase"):
        assert not STOP_WORDS & set(drawn.said.split())


@pytest.mark.parametrize("kind", ["word", "date", "time", "language", "currency", "thing", "room", "int 101 9999"])
def test_values_of_the_splits_are_disjoint(kind: str) -> None:
    random = Random(5)
    train, held_out = (
        {value(random, kind, split).said for _ in range(1500)} for split in (Split.TRAIN, Split.HELD_OUT)
    )
    assert train
    assert held_out
    assert not train & held_out


@pytest.mark.parametrize("sketch", CATALOG, ids=lambda sketch: sketch.stem)
def test_every_tool_of_the_catalogue_is_sound(sketch: Sketch) -> None:
    keys = {slot.key for slot in sketch.slots}
    used = set(re.findall(r"\{(\w+)\}", " ".join(sketch.requests)))
    assert used == keys
    assert all(NAME_PATTERN.fullmatch(name) for name in sketch.names.split())
    spoken_words = set(re.findall(r"[a-z]{3,}", " ".join(sketch.descriptions).lower()))
    spoken_words |= {word.lower() for name in sketch.names.split() for word in re.findall(r"[a-zA-Z][a-z]+", name)}
    kinds = {slot.key: slot.kind for slot in sketch.slots}
    for pattern in sketch.requests:  # a word of the tool is in every request, or in its choices
        asked = re.sub(r"\{(\w+)\}", lambda key: kinds[key[1]], pattern).lower()
        assert {word[:4] for word in re.findall(r"[a-z]{3,}", asked)} & {word[:4] for word in spoken_words}


@given(seeds, st.sampled_from(list(Split)))
@settings(max_examples=60, deadline=None)
def test_only_one_invented_tool_has_the_words_of_a_request(seed: int, split: Split) -> None:
    random = Random(seed)
    candidates = invented(random, 6, split)
    texts = [f"{each.tool.name} {each.tool.description}".lower() for each in candidates]
    for index, candidate in enumerate(candidates):
        wish = re.split(r"[ ,:.]+", candidate.ask(random, split).text.lower())
        scores = [sum(word in text for word in set(wish) if len(word) > 2) for text in texts]
        assert scores[index] > 0
        rivals = [each for each in candidates if each is not candidate and candidate.words <= each.words]
        assert not rivals


def test_a_request_is_made_into_a_call() -> None:
    sketch = next(sketch for sketch in CATALOG if sketch.stem == "current_weather")
    candidate = hand_written(Random(1), sketch)
    request = candidate.ask(Random(2), Split.TRAIN)
    thoughts = call_analysis(verdicts([candidate], candidate), candidate)
    exchange = call("tools: one call", candidate, request, thoughts, question=request.text)
    name = candidate.tool.name
    assert exchange.recipient == f"functions.{copied(name)}"
    assert json.loads(unmarked(exchange.answer)) == request.arguments
    assert unmarked(exchange.analysis[ReasoningEffort.LOW]) == f"Tools: {name} yes."
    *_, made = called(Random(3), candidate, request, thoughts)
    assert made.recipient == f"functions.{name}"
    assert made.channel is Channel.COMMENTARY
    assert json.loads(made.content) == request.arguments


def test_each_tool_up_to_the_right_one_gets_a_verdict() -> None:
    first, second, third = candidates = [hand_written(Random(1), sketch) for sketch in CATALOG[:3]]
    names = [candidate.tool.name for candidate in candidates]
    assert unmarked(verdicts(candidates, second)) == f"Tools: {names[0]} no, {names[1]} yes."
    assert unmarked(verdicts(candidates)) == f"Tools: {names[0]} no, {names[1]} no, {names[2]} no."
    assert unmarked(verdicts(candidates, third, later=first)).startswith(f"Tools: {names[0]} later, {names[1]} no")
    assert unmarked(verdicts(candidates, third, done=second)).endswith(f"{names[1]} done, {names[2]} yes.")
    assert unmarked(verdicts(candidates, first, done=first)) == f"Tools: {names[0]} yes."


@SPLITS
def test_the_analysis_before_a_first_call_and_without_one_goes_through_the_tools(split: Split) -> None:
    for setting, exchange in exchanges(split):
        if exchange.question:
            said = re.findall(r"(\S+) (yes|no|later)\b", unmarked(exchange.analysis[ReasoningEffort.LOW]))
            names = [tool.name for tool in setting.tools]
            assert [name for name, _ in said] == names[: len(said)]
            called_one = unmarked(exchange.recipient or "").removeprefix("functions.")
            assert [name for name, verdict in said if verdict == "yes"] == [called_one] * bool(called_one)
            assert called_one or len(said) == len(names)


def test_arguments_are_json_whose_names_and_values_are_copied() -> None:
    text = marked_arguments({"to": "Bob", "count": 3, "tags": ["a", "b"], "urgent": True, "rate": 2.5})
    assert unmarked(text) == '{"to": "Bob", "count": 3, "tags": ["a", "b"], "urgent": true, "rate": 2.5}'
    assert [span[1:-1] for span in MARKED.findall(text)] == [
        "to", "Bob", "count", "3", "tags", "a", "b", "urgent", "rate", "2.5",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "result, text",
    [
        ({"vat_rate": 0.2}, "vat_rate is 0.2"),
        ({"temperature": 21, "condition": "sunny"}, "temperature is 21, condition is sunny"),
        ({"ok": True, "error": None}, "ok is true, error is null"),
        ({"tags": ["a", "b"], "n": 1}, "tags is a, b, n is 1"),
        ({"user": {"name": "Bob", "age": 3}, "n": 1}, "user: name is Bob, age is 3, n is 1"),
        ({"users": [{"name": "Bob"}, {"name": "Ann"}]}, "users: name is Bob; name is Ann"),
        ([1, 2, 3, 4, 5], "1, 2, 3, 4, and more"),
        (dict.fromkeys("abcdef", 1), "a is 1, b is 1, c is 1, d is 1, e is 1, and more"),
        ([], "nothing"),
        (21, "21"),
    ],
)
def test_results_in_words(result: object, text: str) -> None:
    assert unmarked(spoken(result)) == text  # type: ignore[arg-type]


@given(seeds)
def test_results_are_json_in_every_form(seed: int) -> None:
    made: dict[str, Result] = {"name": "Zoë", "n": [1, 2.5], "inner": {"ok": None}}
    assert json.loads(json_text(Random(seed), made)) == made


@SPLITS
def test_a_final_answer_says_what_the_tools_of_this_turn_said(split: Split) -> None:
    num_finals = 0
    for _, exchange in exchanges(split):
        if exchange.recipient or exchange.skill not in ("tools: result", "tools: chain"):
            continue
        num_finals += 1
        names = [
            message.name.removeprefix("functions.")
            for message in this_turn(exchange)
            if message.role is Role.TOOL and message.name
        ]
        answer = unmarked(exchange.answer)
        assert answer.endswith(".")
        assert not answer.endswith("..")
        said = re.findall(r"(\S+) says: ", answer)
        assert said == names[-len(said) :]
        assert len(said) == (2 if exchange.skill == "tools: chain" else 1)
        spans = [span[1:-1] for span in MARKED.findall(exchange.answer)]
        results = "\n".join(message.content for message in this_turn(exchange) if message.role is Role.TOOL)
        assert all(span in results or span in names for span in spans)
    assert num_finals > 150


@SPLITS
def test_a_call_that_failed_is_tried_once_more(split: Split) -> None:
    outcomes = Counter[bool]()
    for _, exchange in exchanges(split):
        if exchange.skill != "tools: error":
            continue
        turn = this_turn(exchange)
        calls = [message for message in turn if message.recipient]
        failures = [message for message in turn if message.role is Role.TOOL]
        outcomes[exchange.recipient is not None] += 1
        assert all("error" in message.content.lower() for message in failures)
        if exchange.recipient:
            assert len(failures) == 1
            assert unmarked(exchange.recipient) == calls[0].recipient
            assert json.loads(unmarked(exchange.answer)) == json.loads(calls[0].content)
        else:
            assert len(failures) == 2
            message = unmarked(exchange.answer).removeprefix("The tool failed: ").removesuffix(".")
            assert message in failures[-1].content
    assert min(outcomes.values()) > 20


@SPLITS
def test_a_second_call_takes_what_the_first_result_gave(split: Split) -> None:
    num_taken = 0
    for _, exchange in exchanges(split):
        if exchange.skill != "tools: chain" or exchange.question or exchange.recipient is None:
            continue
        taken = re.findall(r"the (\w+) from the result", last_request(exchange))
        given = json.loads(unmarked(exchange.answer))
        result = this_turn(exchange)[-1].content
        num_taken += len(taken)
        assert all(json.loads(result)[name] == given[name] for name in taken)
    assert num_taken > 10


@SPLITS
def test_without_a_tool_for_it_the_model_says_so_and_with_one_it_does_not(split: Split) -> None:
    for setting, exchange in exchanges(split):
        is_refusal = exchange.answer == tools.NO_TOOL
        assert is_refusal == (exchange.skill == "tools: none fits")
        if is_refusal:
            assert not any(f" {tool.name.lower()} " in f" {exchange.question.lower()} " for tool in setting.tools)


@SPLITS
def test_a_plain_question_is_not_one_that_a_tool_answers(split: Split) -> None:
    for family in families(split):
        covers = {
            sketch.covers for sketch in CATALOG for tool in family.setting.tools if tool.name in sketch.names.split()
        }
        groups = {exchange.skill.partition(":")[0] for exchange in family.exchanges}
        assert not ("arithmetic" in covers and "arithmetic" in groups)


def test_more_effort_is_more_analysis() -> None:
    for _, exchange in exchanges(Split.TRAIN):
        lengths = [len(exchange.analysis[effort]) for effort in ReasoningEffort]
        assert all(less < more for less, more in pairwise(lengths))


def test_the_vendors_examples_are_trained() -> None:
    """get_weather of one document and get_vat_rate of another, word by word."""
    stems = {
        "get_weather": "What is the weather in London?",
        "get_vat_rate": "What is the VAT rate in France? If needed, call the tool.",
    }
    random = Random(7)
    for name, question in stems.items():
        sketch = next(sketch for sketch in of_catalog(Split.TRAIN) if name in sketch.names.split())
        slot = sketch.slots[0]
        asked = {
            filled(random, sketch, {each.key: each.key for each in sketch.slots}, Split.TRAIN).text for _ in range(4000)
        }
        place = "London" if slot.kind == "city" else "France"
        pattern = re.escape(question).replace(place, ".+")
        assert any(re.fullmatch(pattern, text) for text in asked)
        assert not is_held_out(sketch.stem)


def test_decimals_have_one_place_or_two() -> None:
    drawn = [decimal(Random(seed), Split.TRAIN, 40) for seed in range(1000)]
    places = Counter(len(str(each).partition(".")[2]) for each in drawn)
    assert set(places) == {1, 2}
    assert min(places.values()) > 200
    assert {str(each)[-1] for each in drawn} == set("123456789")


def test_no_turn_before_may_tell_what_is_unknown() -> None:
    exchange = Exchange("conversation: name unknown", "What is my name?", {}, "You have not told me.")
    candidates = tools.drawn(Random(1), Split.TRAIN)
    for seed in range(100):
        assert tools.after_past_turns(Random(seed), candidates, exchange, Split.TRAIN) == exchange
