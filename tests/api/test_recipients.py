import pytest

from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.recipients import function_name, is_tool


@pytest.mark.parametrize(
    "recipient, name",
    [
        ("functions.add", "add"),
        ("add", "add"),
        ("browser.search", "browser_search"),
        ("functions.create_event<|channel|>analysis", "create_event__channel__analysis"),
        ("functions.", "_"),
        ("functions." + "a" * 100, "a" * 64),
        ("functions.größe", "gr__e"),
    ],
)
def test_a_calls_name_can_be_sent_back(recipient: str, name: str) -> None:
    assert function_name(recipient) == name
    function = {"name": name, "arguments": "{}"}
    assistant = {"role": "assistant", "tool_calls": [{"id": "1", "function": function}]}
    result = {"role": "tool", "tool_call_id": "1", "content": ""}
    assert ChatCompletionRequest.model_validate({"model": "m", "messages": [assistant, result]}).messages


@pytest.mark.parametrize("recipient", [None, "assistant", "user", "all"])
def test_nobodys_function_is_no_tool(recipient: str | None) -> None:
    assert not is_tool(recipient)


@pytest.mark.parametrize("recipient", ["functions.add", "add", "browser.search", ""])
def test_anything_else_is(recipient: str) -> None:
    assert is_tool(recipient)
