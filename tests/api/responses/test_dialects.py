import pytest

from ossian.api.fields import JsonObject
from ossian.api.responses.dialects import DIALECTS, Dialect, DialectWriter, translated, translated_item
from ossian.api.responses.items import item_bodies, parse_items
from tests.api.responses.made_streams import ALL_OPTIONS, STOP, answer, body, call, shown, stream_of, thought, written
from tests.specs.validators import check_event, check_item

TURN = [*thought("Hm."), *call("sql", "S"), *answer("Hi"), STOP]
STREAM = stream_of(TURN, ALL_OPTIONS)
REASONING = {
    "type": "reasoning",
    "id": "rs_1",
    "status": "completed",
    "summary": [],
    "content": [{"type": "reasoning_text", "text": "Hm."}],
    "encrypted_content": "~.mH",
}
CUSTOM_CALL = {
    "type": "custom_tool_call",
    "id": "ctc_1",
    "status": "completed",
    "call_id": "c",
    "name": "n",
    "input": "",
}
SQL = {"type": "custom", "name": "sql"}
ADD = {"type": "function", "name": "add"}


def kinds(dialect: Dialect) -> list[str]:
    return list(shown(written(STREAM, dialect)))


def test_openais_dialect_is_the_canonical_one() -> None:
    unnumbered = [
        {name: event[name] for name in event if name != "sequence_number"} for event in written(STREAM, "openai")
    ]
    assert unnumbered == STREAM


@pytest.mark.parametrize("dialect", DIALECTS)
def test_events_are_numbered_from_0_and_again_alike(dialect: Dialect) -> None:
    first = written(STREAM, dialect)
    assert [event["sequence_number"] for event in first] == list(range(len(first)))
    assert written(STREAM, dialect) == first


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_translation_changes_nothing_of_what_it_translates(dialect: Dialect) -> None:
    before = str(STREAM)
    written(STREAM, dialect)
    assert str(STREAM) == before


def test_open_responses_has_its_own_names_for_reasoning_and_prefixes_what_it_does_not_know() -> None:
    changed = [(old, new) for old, new in zip(shown(STREAM), kinds("open-responses"), strict=True) if old != new]
    assert changed == [
        ("reasoning_text.delta", "reasoning.delta"),
        ("reasoning_text.done", "reasoning.done"),
        ("custom_tool_call_input.delta", "ossian:custom_tool_call_input.delta"),
        ("custom_tool_call_input.done", "ossian:custom_tool_call_input.done"),
    ]


def test_the_summary_dialect_has_summaries_instead_of_reasoning() -> None:
    changed = [(old, new) for old, new in zip(shown(STREAM), kinds("summary"), strict=True) if old != new]
    assert changed == [
        ("content_part.added", "reasoning_summary_part.added"),
        ("reasoning_text.delta", "reasoning_summary_text.delta"),
        ("reasoning_text.done", "reasoning_summary_text.done"),
        ("content_part.done", "reasoning_summary_part.done"),
    ]


def test_summary_events_say_which_part_of_the_summary_they_are_about() -> None:
    part, delta, done = (event for event in written(STREAM, "summary") if event["sequence_number"] in (3, 4, 6))
    place = {"item_id": "rs_1", "output_index": 0, "summary_index": 0}
    assert part == {
        "type": "response.reasoning_summary_part.added",
        "sequence_number": 3,
        **place,
        "part": {"type": "summary_text", "text": ""},
    }
    assert delta == {"type": "response.reasoning_summary_text.delta", "sequence_number": 4, **place, "delta": "Hm."}
    assert done["part"] == {"type": "summary_text", "text": "Hm."}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_whole_answer_is_what_its_stream_ends_with(dialect: Dialect) -> None:
    assert translated(STREAM[-1]["response"], dialect) == written(STREAM, dialect)[-1]["response"]


@pytest.mark.parametrize(
    "dialect, reasoning, custom_call",
    [
        ("openai", REASONING, CUSTOM_CALL),
        ("open-responses", REASONING, CUSTOM_CALL | {"type": "ossian:custom_tool_call"}),
        (
            "summary",
            {
                "type": "reasoning",
                "id": "rs_1",
                "status": "completed",
                "summary": [{"type": "summary_text", "text": "Hm."}],
                "encrypted_content": "~.mH",
            },
            CUSTOM_CALL,
        ),
    ],
)
def test_items_in_each_dialect(dialect: Dialect, reasoning: JsonObject, custom_call: JsonObject) -> None:
    assert translated_item(REASONING, dialect) == reasoning
    assert translated_item(CUSTOM_CALL, dialect) == custom_call
    check_item(reasoning, dialect)
    check_item(custom_call, dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_items_of_each_dialect_come_back(dialect: Dialect) -> None:
    """What a client gets can be sent again; reasoning in the summary dialect comes back as the summary it was."""
    canonical = STREAM[-1]["response"]["output"]
    sent = [translated_item(item, dialect) for item in canonical]
    read = item_bodies(parse_items(sent), lambda prefix: prefix)
    if dialect == "summary":
        assert read[0]["summary"][0]["text"] == "Hm."
        read, canonical = read[1:], canonical[1:]
    assert read == canonical


def test_another_vendors_item_keeps_its_name() -> None:
    item = {"type": "acme:search_result", "id": "x"}
    assert translated_item(item, "open-responses") == item


def test_a_summary_that_is_there_already_stays() -> None:
    old = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "a"}], "content": None}
    assert translated_item(old, "summary") == {name: old[name] for name in ("type", "id", "summary")}


@pytest.mark.parametrize(
    "choice, echoed",
    [
        ("none", "none"),
        (ADD, ADD),
        (SQL, "required"),
        (
            {
                "type": "allowed_tools",
                "tools": [{"type": "custom", "name": "sql"}, {"type": "function", "name": "add"}],
            },
            {"type": "allowed_tools", "mode": "auto", "tools": [ADD]},
        ),
    ],
    ids=str,
)
def test_open_responses_can_only_name_functions(choice: object, echoed: object) -> None:
    tools = [SQL, ADD, {"type": "web_search"}]
    response = translated(body(tools=tools, tool_choice=choice), "open-responses")
    assert response["tool_choice"] == echoed
    assert [tool["type"] for tool in response["tools"]] == ["function"]


@pytest.mark.parametrize("effort, echoed", [("minimal", "low"), ("max", "xhigh"), ("high", "high")])
def test_open_responses_knows_fewer_efforts(effort: str, echoed: str) -> None:
    response = translated(body(reasoning={"effort": effort}), "open-responses")
    assert response["reasoning"] == {"effort": echoed, "summary": None}


def test_open_responses_has_no_place_for_the_schema_of_an_answer() -> None:
    form = {"type": "json_schema", "name": "a", "schema": {"type": "object"}}
    assert translated(body(text={"format": form}), "open-responses")["text"]["format"] == {
        "type": "json_schema",
        "name": "a",
        "description": None,
        "strict": False,
        "schema": None,
    }


def test_open_responses_takes_only_text_for_instructions() -> None:
    assert translated(body() | {"instructions": [{"role": "developer"}]}, "open-responses")["instructions"] is None


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_error_event_has_the_form_of_its_dialect(dialect: Dialect) -> None:
    event = {"type": "error", "code": "server_error", "message": "Gone.", "param": None}
    (made,) = DialectWriter(dialect).write(event)
    check_event(made, dialect)
    assert (made["error"] if dialect == "open-responses" else made)["message"] == "Gone."
