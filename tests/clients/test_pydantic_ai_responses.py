"""pydantic-ai over the Responses API."""

import pytest
from pydantic_ai import Agent, NativeOutput, ToolOutput
from pydantic_ai.models.openai import OpenAIResponsesModel, OpenAIResponsesModelSettings
from pydantic_ai.providers.openai import OpenAIProvider

from tests.clients.extraction import MODEL, QUESTION, SUNNY, TEXT, Filing

pytestmark = pytest.mark.clients
SETTINGS = OpenAIResponsesModelSettings(temperature=0, max_tokens=2000)


@pytest.fixture
def model(base_url: str) -> OpenAIResponsesModel:
    return OpenAIResponsesModel(MODEL, provider=OpenAIProvider(base_url=base_url, api_key="none"))


@pytest.mark.parametrize("output", [NativeOutput(Filing), ToolOutput(Filing)], ids=["native", "tool"])
async def test_an_output_type(model: OpenAIResponsesModel, output: NativeOutput[Filing] | ToolOutput[Filing]) -> None:
    agent: Agent[None, Filing] = Agent(model, output_type=output, model_settings=SETTINGS, retries=0)
    assert isinstance((await agent.run(TEXT)).output, Filing)


def weather(model: OpenAIResponsesModel, asked: list[str]) -> Agent[None, str]:
    agent: Agent[None, str] = Agent(model, model_settings=SETTINGS, retries=0)

    @agent.tool_plain
    def get_weather(location: str) -> str:
        """Get the current weather for a location."""
        asked.append(location)
        return SUNNY

    return agent


async def test_a_tool_loop(model: OpenAIResponsesModel) -> None:
    asked: list[str] = []
    result = await weather(model, asked).run(QUESTION)
    assert asked == ["London"]
    assert result.output


async def test_a_tool_loop_streamed(model: OpenAIResponsesModel) -> None:
    asked: list[str] = []
    async with weather(model, asked).run_stream(QUESTION) as result:
        pieces = [piece async for piece in result.stream_text(delta=True)]
    assert asked == ["London"]
    assert "".join(pieces)


async def test_previous_response_id(model: OpenAIResponsesModel) -> None:
    settings = OpenAIResponsesModelSettings(**SETTINGS, openai_previous_response_id="auto")
    agent: Agent[None, str] = Agent(model, model_settings=settings, retries=0)
    first = await agent.run("My name is Ada.")
    second = await agent.run("What is my name?", message_history=first.all_messages())
    assert "Ada" in second.output
