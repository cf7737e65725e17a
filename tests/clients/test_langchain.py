from typing import Literal

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from tests.clients.extraction import MODEL, QUESTION, SUNNY, TEXT, Filing

pytestmark = pytest.mark.clients


@tool
def get_weather(location: str) -> str:
    """Get the current weather for a location."""
    return SUNNY


@pytest.fixture
def model(base_url: str) -> ChatOpenAI:
    return ChatOpenAI(model=MODEL, base_url=base_url, temperature=0, max_retries=0, max_completion_tokens=2000)


def test_a_tool_loop(model: ChatOpenAI) -> None:
    """LangChain drops the model's reasoning: the server puts it back."""
    asked = HumanMessage(QUESTION)
    called = model.bind_tools([get_weather], tool_choice="get_weather").invoke([asked])
    assert isinstance(called, AIMessage)
    (call,) = called.tool_calls
    assert (call["name"], set(call["args"])) == ("get_weather", {"location"})
    result = ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"])
    assert model.bind_tools([get_weather], tool_choice="none").invoke([asked, called, result]).content


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_structured_output(model: ChatOpenAI, method: Literal["json_schema", "function_calling"]) -> None:
    found = model.with_structured_output(Filing, method=method).invoke(TEXT)
    assert isinstance(found, Filing)


def test_json_mode(model: ChatOpenAI) -> None:
    found = model.with_structured_output(method="json_mode").invoke(f"{TEXT} Answer in JSON.")
    assert isinstance(found, dict)
