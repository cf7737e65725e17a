import json
from typing import Any, ClassVar, Literal

import pytest
from pydantic import Field

from ossian.api.fields import JsonObject
from ossian.cli.chat.partner import ToolCall
from ossian.cli.chat.toolbox import LocalTool, Toolbox, ToolError


class Paint(LocalTool):
    """Paint a wall."""

    tool_name: ClassVar[str] = "paint"

    colour: Literal["red", "blue"] = Field(description="Which colour")
    coats: int = 1

    def run(self) -> JsonObject:
        if self.coats > 9:
            raise ToolError("The paint is used up.")
        return {"colour": self.colour, "litres": 10 / self.coats}


class Rest(LocalTool):
    """Do nothing."""

    tool_name: ClassVar[str] = "rest"

    def run(self) -> JsonObject:
        return {"done": "naïve"}


TOOLBOX = Toolbox([Paint, Rest])


def run(name: str, arguments: str) -> Any:
    return json.loads(TOOLBOX.run(ToolCall("call_1", name, arguments)))


def test_the_model_is_told_names_descriptions_and_plain_schemas() -> None:
    paint, rest = TOOLBOX.definitions
    assert (paint.name, paint.description) == ("paint", "Paint a wall")
    assert paint.parameters == {
        "type": "object",
        "properties": {
            "colour": {"type": "string", "enum": ["red", "blue"], "description": "Which colour"},
            "coats": {"type": "integer", "default": 1},
        },
        "required": ["colour"],
        "additionalProperties": False,
    }
    assert rest.parameters == {"type": "object", "properties": {}, "additionalProperties": False}


def test_a_call_has_the_result_of_its_tool() -> None:
    assert run("paint", '{"colour": "red", "coats": 4}') == {"colour": "red", "litres": 2.5}
    assert run("paint", '{"colour": "blue"}') == {"colour": "blue", "litres": 10}


@pytest.mark.parametrize("arguments", ["{}", ""])
def test_no_arguments_are_an_empty_object(arguments: str) -> None:
    assert run("rest", arguments) == {"done": "naïve"}


def test_results_are_readable_text() -> None:
    assert TOOLBOX.run(ToolCall("call_1", "rest", "{}")) == '{"done": "naïve"}'


@pytest.mark.parametrize(
    "name, arguments, said",
    [
        ("carve", "{}", "There is no tool 'carve'. There are: paint, rest."),
        ("paint", '{"colour": "re', "Invalid JSON"),
        ("paint", "[]", "object"),
        ("paint", "{}", "colour: Field required"),
        ("paint", '{"colour": "green"}', "colour: Input should be 'red' or 'blue'"),
        ("paint", '{"colour": "red", "coats": "two"}', "coats: Input should be a valid integer"),
        ("paint", '{"colour": "red", "size": 1}', "size: Extra inputs are not permitted"),
        ("paint", '{"colour": "red", "coats": 10}', "The paint is used up."),
        ("paint", '{"colour": "red", "coats": 0}', "paint failed: ZeroDivisionError: division by zero"),
    ],
)
def test_a_mistake_is_a_result_that_says_what_is_wrong(name: str, arguments: str, said: str) -> None:
    result = run(name, arguments)
    assert list(result) == ["error"]
    assert said in result["error"]


def test_several_mistakes_are_told_at_once() -> None:
    error = run("paint", '{"coats": null, "colour": 1}')["error"]
    assert "colour: " in error
    assert "; coats: " in error
    assert "\n" not in error
