"""OpenAI's Agents SDK over the Responses API, which is its own choice when it is left one."""

import pytest
from agents import Agent, ModelSettings, OpenAIResponsesModel, Runner, RunResult, SQLiteSession, function_tool
from openai import AsyncOpenAI

from tests.clients.extraction import MODEL, QUESTION, SUNNY, TEXT, Filing

pytestmark = pytest.mark.clients
CALLS = ModelSettings(temperature=0, tool_choice="required", max_tokens=500)


@pytest.fixture
def model(base_url: str) -> OpenAIResponsesModel:
    return OpenAIResponsesModel(MODEL, AsyncOpenAI(base_url=base_url, max_retries=0))


class Weather:
    """An agent with a tool that is called once; then the SDK itself sets tool_choice back."""

    def __init__(self, model: OpenAIResponsesModel, settings: ModelSettings = CALLS) -> None:
        self.asked: list[str] = []

        @function_tool
        def get_weather(location: str) -> str:
            """Get the current weather for a location."""
            self.asked.append(location)
            return SUNNY

        self.agent = Agent(
            "Weather", instructions="Use the tools.", model=model, tools=[get_weather], model_settings=settings
        )


async def test_a_tool_loop(model: OpenAIResponsesModel) -> None:
    weather = Weather(model)
    result = await Runner.run(weather.agent, QUESTION, max_turns=4)
    assert weather.asked
    assert result.final_output
    kinds = [item.type for item in result.new_items]
    assert kinds[:2] == ["reasoning_item", "tool_call_item"]
    assert "tool_call_output_item" in kinds


async def test_a_tool_loop_streamed(model: OpenAIResponsesModel) -> None:
    weather = Weather(model)
    result = Runner.run_streamed(weather.agent, QUESTION, max_turns=4)
    raw = [event.data.type async for event in result.stream_events() if event.type == "raw_response_event"]
    assert weather.asked
    assert result.final_output
    assert raw[0] == "response.created"
    assert {"response.function_call_arguments.delta", "response.output_text.delta", "response.completed"} <= set(raw)


async def test_a_tool_loop_without_state(model: OpenAIResponsesModel) -> None:
    """The items go back as they came, the reasoning encrypted."""
    settings = CALLS.resolve(ModelSettings(store=False, response_include=["reasoning.encrypted_content"]))
    weather = Weather(model, settings)
    assert (await Runner.run(weather.agent, QUESTION, max_turns=4)).final_output
    assert weather.asked


async def test_a_conversation_by_previous_response_id(model: OpenAIResponsesModel) -> None:
    agent = Agent("Clerk", model=model, model_settings=ModelSettings(temperature=0, max_tokens=500))
    first: RunResult = await Runner.run(agent, "My name is Ada.")
    second = await Runner.run(agent, "What is my name?", previous_response_id=first.last_response_id)
    assert "Ada" in second.final_output


async def test_a_session_of_the_sdk(model: OpenAIResponsesModel) -> None:
    session = SQLiteSession("one")
    agent = Agent("Clerk", model=model, model_settings=ModelSettings(temperature=0, max_tokens=500))
    await Runner.run(agent, "My name is Ada.", session=session)
    assert "Ada" in (await Runner.run(agent, "What is my name?", session=session)).final_output


async def test_an_output_type(model: OpenAIResponsesModel) -> None:
    settings = ModelSettings(temperature=0, max_tokens=2000)
    agent = Agent("Clerk", instructions="Extract the data.", model=model, output_type=Filing, model_settings=settings)
    assert isinstance((await Runner.run(agent, TEXT)).final_output, Filing)
