import re
from typing import Literal
from urllib.request import urlopen

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


def num_recalls(base_url: str) -> float:
    """How often the server has put reasoning back."""
    metrics = urlopen(f"{base_url.removesuffix('/v1')}/metrics").read().decode()
    found = re.search(r'^ossian_reasoning_recalls_total{result="hit"} (.+)$', metrics, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_a_tool_loop(model: ChatOpenAI, base_url: str) -> None:
    """LangChain drops the model's reasoning: the server puts it back."""
    before = num_recalls(base_url)
    asked = HumanMessage(QUESTION)
    called = model.bind_tools([get_weather], tool_choice="get_weather").invoke([asked])
    assert isinstance(called, AIMessage)
    (call,) = called.tool_calls
    assert (call["name"], set(call["args"])) == ("get_weather", {"location"})
    result = ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"])
    assert model.bind_tools([get_weather], tool_choice="none").invoke([asked, called, result]).content
    assert not {"reasoning", "reasoning_content"} & called.additional_kwargs.keys()
    assert num_recalls(base_url) == before + 1


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_structured_output(model: ChatOpenAI, method: Literal["json_schema", "function_calling"]) -> None:
    found = model.with_structured_output(Filing, method=method).invoke(TEXT)
    assert isinstance(found, Filing)


def test_json_mode(model: ChatOpenAI) -> None:
    found = model.with_structured_output(method="json_mode").invoke(f"{TEXT} Answer in JSON.")
    assert isinstance(found, dict)
