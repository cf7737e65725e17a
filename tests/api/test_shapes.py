from typing import Any

import pytest

from tests.api.shapes import SHAPES, faults


def answer(**changes: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": "Hi", "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    return {"id": "a", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], **changes}


def test_a_right_answer_has_no_faults() -> None:
    assert faults(answer(), "CreateChatCompletionResponse") == []


@pytest.mark.parametrize(
    "changes",
    [{"created": "1"}, {"object": "chat"}, {"choices": [{}]}, {"usage": {"prompt_tokens": 1}}, {"id": None}],
    ids=str,
)
def test_a_wrong_answer_is_found_out(changes: dict[str, Any]) -> None:
    assert faults(answer(**changes), "CreateChatCompletionResponse")


def test_every_reference_of_the_shapes_leads_somewhere() -> None:
    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if "$ref" in value else []
            return own + [each for member in value.values() for each in references(member)]
        return [each for member in value for each in references(member)] if isinstance(value, list) else []

    assert {each.rpartition("/")[2] for each in references(SHAPES)} <= set(SHAPES["$defs"])
