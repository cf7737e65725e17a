"""LangChain over the Responses API: it keeps the items of an answer, reasoning included, and sends them back."""

from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, custom_tool

from tests.clients.extraction import MODEL, QUESTION, SUNNY, TEXT, Filing

pytestmark = pytest.mark.clients


@tool
def get_weather(location: str) -> str:
    """Get the current weather for a location."""
    return SUNNY


@custom_tool
def note(text: str) -> str:
    """Write a note."""
    return "written"


def model_at(base_url: str, **fields: Any) -> ChatOpenAI:
    return ChatOpenAI(
        model=MODEL,
        base_url=base_url,
        use_responses_api=True,
        temperature=0,
        max_retries=0,
        max_completion_tokens=2000,
        **fields,
    )


@pytest.fixture
def model(base_url: str) -> ChatOpenAI:
    return model_at(base_url)


@pytest.mark.parametrize("fields", [{}, {"store": False, "include": ["reasoning.encrypted_content"]}])
def test_a_tool_loop(base_url: str, fields: dict[str, Any]) -> None:
    model = model_at(base_url, **fields)
    asked = HumanMessage(QUESTION)
    called = model.bind_tools([get_weather], tool_choice="get_weather").invoke([asked])
    assert isinstance(called, AIMessage)
    (call,) = called.tool_calls
    assert (call["name"], set(call["args"])) == ("get_weather", {"location"})
    result = ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"])
    assert model.bind_tools([get_weather], tool_choice="none").invoke([asked, called, result]).text


def test_a_custom_tool(model: ChatOpenAI) -> None:
    called = model.bind_tools([note], tool_choice={"type": "custom", "name": "note"}).invoke([HumanMessage("Note it.")])
    (call,) = called.tool_calls
    assert call["name"] == "note"
    result = ToolMessage("written", tool_call_id=call["id"], additional_kwargs={"type": "custom_tool_call_output"})
    assert model.invoke([HumanMessage("Note it."), called, result]).text is not None


def test_previous_response_id(base_url: str) -> None:
    model = model_at(base_url, use_previous_response_id=True)
    first = model.invoke([HumanMessage("My name is Ada.")])
    second = model.invoke([HumanMessage("My name is Ada."), first, HumanMessage("What is my name?")])
    assert "Ada" in second.text
    assert second.response_metadata["id"].startswith("resp_")


def test_streaming(model: ChatOpenAI) -> None:
    chunks = list(model.stream("What is the capital of France?"))
    whole = sum(chunks[1:], chunks[0])
    assert whole.text == model.invoke("What is the capital of France?").text
    assert whole.usage_metadata is not None
    assert whole.usage_metadata["output_token_details"]["reasoning"] > 0


def test_structured_output(model: ChatOpenAI) -> None:
    assert isinstance(model.with_structured_output(Filing, method="json_schema").invoke(TEXT), Filing)
