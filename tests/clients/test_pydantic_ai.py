import pytest
from pydantic_ai import Agent, NativeOutput, RunContext, ToolOutput
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from tests.clients.extraction import MODEL, QUESTION, SUNNY, TEXT, Contract, Filing

pytestmark = pytest.mark.clients
SETTINGS = ModelSettings(temperature=0, max_tokens=2000)


@pytest.fixture
def model(base_url: str) -> OpenAIChatModel:
    return OpenAIChatModel(MODEL, provider=OpenAIProvider(base_url=base_url, api_key="none"))


@pytest.mark.parametrize("output", [NativeOutput(Filing), ToolOutput(Filing)], ids=["native", "tool"])
async def test_an_output_type(model: OpenAIChatModel, output: NativeOutput[Filing] | ToolOutput[Filing]) -> None:
    agent: Agent[None, Filing] = Agent(model, output_type=output, model_settings=SETTINGS, retries=0)
    assert isinstance((await agent.run(TEXT)).output, Filing)


async def test_a_tool_loop(model: OpenAIChatModel) -> None:
    agent: Agent[None, str] = Agent(model, model_settings=SETTINGS, retries=0)
    asked: list[str] = []

    @agent.tool_plain
    def get_weather(location: str) -> str:
        """Get the current weather for a location."""
        asked.append(location)
        return SUNNY

    result = await agent.run(QUESTION)
    assert asked == ["London"]
    assert result.output


async def test_a_tool_loop_that_ends_in_an_output(model: OpenAIChatModel) -> None:
    """Every turn must call something: once the weather is known, only the output is left."""
    agent: Agent[None, Contract] = Agent(model, output_type=ToolOutput(Contract), model_settings=SETTINGS, retries=0)
    asked: list[str] = []

    async def until_asked(_context: RunContext[None], tool: ToolDefinition) -> ToolDefinition | None:
        return None if asked else tool

    @agent.tool_plain(prepare=until_asked)
    def get_weather(location: str) -> str:
        """Get the current weather for a location."""
        asked.append(location)
        return SUNNY

    result = await agent.run(QUESTION)
    assert asked
    assert isinstance(result.output, Contract)
