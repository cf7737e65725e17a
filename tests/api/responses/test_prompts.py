from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.api.fields import JsonObject
from ossian.api.responses.content import InputText
from ossian.api.responses.prompts import (
    MAX_FILLED_CHARS,
    PromptRequest,
    deleted_body,
    fill,
    prompt_body,
    template,
    version_number,
)
from ossian.api.validation import parse
from ossian.errors import InvalidRequestError

MESSAGE: JsonObject = {
    "type": "message",
    "id": "msg_1",
    "role": "user",
    "content": [{"type": "input_text", "text": "Weather in {{city}}?"}, {"type": "input_text", "text": "In {{unit}}."}],
}
OUTPUT: JsonObject = {"type": "function_call_output", "id": "fco_1", "call_id": "{{city}}", "output": "{{city}}: fine"}
CALL: JsonObject = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "x",
    "name": "f",
    "arguments": '{"a": "{{city}}"}',
}


def made(instructions: str | None = None, items: list[JsonObject] | None = None, **defaults: str | None) -> JsonObject:
    return template(PromptRequest(instructions=instructions, variables=defaults or None), items or [])


def test_texts_of_instructions_messages_and_outputs_are_filled_in() -> None:
    body = made("Speak {{ language }}, {{language}}!", [MESSAGE, OUTPUT])
    filled = fill(body, {"language": "Irish", "city": "Cork", "unit": "°C"})
    assert filled.instructions == "Speak Irish, Irish!"
    assert [part["text"] for part in filled.items[0]["content"]] == ["Weather in Cork?", "In °C."]
    assert filled.items[1] == OUTPUT | {"output": "Cork: fine"}
    assert "{{city}}" in MESSAGE["content"][0]["text"], "the stored version stays as it is"


def test_names_ids_and_arguments_are_no_texts() -> None:
    body = made("Hi", [CALL, OUTPUT | {"output": "fine"}])
    assert body["variables"] == {}
    assert fill(body, {}).items == [CALL, OUTPUT | {"output": "fine"}]


def test_contents_that_are_no_texts_stay_as_they_are() -> None:
    items: list[JsonObject] = [{"type": "message", "content": [{"type": "x"}, 1, {"text": 2}]}, {"content": None}, {}]
    assert fill(made("Hi", items), {}).items == items


def test_defaults_stand_in_and_given_values_win() -> None:
    body = made("{{a}} {{b}} {{c}}", a="1", b="2", c=None)
    assert body["variables"] == {"a": "1", "b": "2", "c": None}
    assert fill(body, {"b": "two", "c": ""}).instructions == "1 two "


def test_a_value_may_be_a_text_part() -> None:
    assert fill(made("{{a}}"), {"a": InputText(type="input_text", text="x")}).instructions == "x"


def test_what_is_filled_in_is_not_filled_in_again() -> None:
    assert fill(made("{{a}}{{b}}"), {"a": "{{b}}", "b": r"\1 \g<0>"}).instructions == r"{{b}}\1 \g<0>"


@pytest.mark.parametrize("text", ["{{}}", "{{ a b }}", "{{a.b}}", "{{1}}", "{ {a} }", "{{é}}", "{{" + "a" * 65 + "}}"])
def test_what_is_no_variable_stays(text: str) -> None:
    body = made(text)
    assert body["variables"] == {}
    assert fill(body, {}).instructions == text


@given(st.text(), st.text(), st.text())
def test_any_value_arrives_as_it_is(before: str, value: str, after: str) -> None:
    start, end = before.replace("{", "("), after.replace("}", ")")
    assert fill(made(start + "{{x}}" + end), {"x": value}).instructions == start + value + end


@pytest.mark.parametrize(
    "variables, param, code, message",
    [
        ({}, "prompt.variables.city", "missing_variable", "needs a value for its variable 'city'"),
        ({"town": "x"}, "prompt.variables.town", "unknown_variable", "It has: 'city', 'unit'."),
        ({"x" * 5000: "x"}, f"prompt.variables.{'x' * 64}", "unknown_variable", "has no variable"),
    ],
    ids=["missing", "unknown", "long"],
)
def test_a_wrong_variable_is_named(variables: Any, param: str, code: str, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message) as caught:
        fill(made(None, [MESSAGE]), variables)
    assert (caught.value.param, caught.value.code) == (param, code)
    assert len(caught.value.message) < 200


def test_a_prompt_without_variables_says_that_it_has_none() -> None:
    with pytest.raises(InvalidRequestError, match="It has: none"):
        fill(made("Hi"), {"x": "y"})


def test_a_short_template_cannot_become_gigabytes() -> None:
    body = made("{{x}}" * 100_000)
    with pytest.raises(InvalidRequestError, match=f"{10**10} characters of this prompt; {MAX_FILLED_CHARS} is"):
        fill(body, {"x": "x" * 100_000})


def test_a_default_for_what_occurs_nowhere_is_a_mistake() -> None:
    with pytest.raises(InvalidRequestError, match=r"'town' occurs neither .*; write it {{town}}\.") as caught:
        made("{{city}}", town="Cork")
    assert caught.value.param == "variables.town"


@pytest.mark.parametrize("instructions", [None, ""])
def test_an_empty_prompt_is_a_mistake(instructions: str | None) -> None:
    with pytest.raises(InvalidRequestError, match="needs 'instructions' or 'input'"):
        made(instructions)


@pytest.mark.parametrize(
    "body, param, code",
    [
        ({"instructions": 1}, "instructions", "invalid_type"),
        ({"input": 1}, "input", "invalid_type"),
        ({"input": ["x"]}, "input[0]", "invalid_type"),
        ({"input": [{}] * 1001}, "input", "invalid_value"),
        ({"variables": {"a": 1}}, "variables.a", "invalid_type"),
        ({"variables": {str(number): "" for number in range(1025)}}, "variables", "invalid_value"),
        ({"version": "1"}, "version", "unknown_parameter"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_request(body: Any, param: str, code: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse(orjson.dumps(body), PromptRequest)
    assert (caught.value.param, caught.value.code) == (param, code)


def test_the_bodies() -> None:
    stored = template(PromptRequest(name="Weather", instructions="{{a}}", metadata={"k": "v"}), [])
    assert prompt_body("pmpt_1", 2, 1_700_000_000, stored) == {
        "id": "pmpt_1",
        "object": "prompt",
        "created_at": 1_700_000_000,
        "version": "2",
        "name": "Weather",
        "instructions": "{{a}}",
        "input": [],
        "variables": {"a": None},
        "metadata": {"k": "v"},
    }
    assert deleted_body("pmpt_1") == {"id": "pmpt_1", "object": "prompt.deleted", "deleted": True}


@pytest.mark.parametrize("version, number", [(None, None), ("1", 1), ("12345678", 12_345_678)])
def test_a_version(version: str | None, number: int | None) -> None:
    assert version_number(version, "prompt.version") == number


@pytest.mark.parametrize("version", ["", "latest", "-1", "1.0", "²", "123456789"])
def test_what_is_no_version(version: str) -> None:
    with pytest.raises(InvalidRequestError, match="versions are '1', '2' and so on") as caught:
        version_number(version, "version")
    assert caught.value.param == "version"
