import pytest
from agents import Agent, ModelSettings, OpenAIChatCompletionsModel, Runner, function_tool
from openai import AsyncOpenAI

from tests.clients.extraction import MODEL, QUESTION, SUNNY, TEXT, Filing

pytestmark = pytest.mark.clients


@pytest.fixture
def model(base_url: str) -> OpenAIChatCompletionsModel:
    return OpenAIChatCompletionsModel(MODEL, AsyncOpenAI(base_url=base_url, max_retries=0))


async def test_a_tool_loop(model: OpenAIChatCompletionsModel) -> None:
    asked: list[str] = []

    @function_tool
    def get_weather(location: str) -> str:
        """Get the current weather for a location."""
        asked.append(location)
        return SUNNY

    settings = ModelSettings(temperature=0, tool_choice="required", max_tokens=500)
    agent = Agent("Weather", instructions="Use the tools.", model=model, tools=[get_weather], model_settings=settings)
    result = await Runner.run(agent, QUESTION, max_turns=4)
    assert len(asked) >= 1
    assert result.final_output


async def test_an_output_type(model: OpenAIChatCompletionsModel) -> None:
    settings = ModelSettings(temperature=0, max_tokens=2000)
    agent = Agent("Clerk", instructions="Extract the data.", model=model, output_type=Filing, model_settings=settings)
    result = await Runner.run(agent, TEXT)
    assert isinstance(result.final_output, Filing)
