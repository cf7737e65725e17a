from ossian.harmony.messages import Channel, Conversation, Message, ResponseFormat, Role, Tool, ToolNamespace
from training.server import Reply
from training.skills.exchange import Exchange, copied
from training.wrong_answers import shown

ASKED = Conversation(
    messages=(
        Message(Role.USER, "Weather in Oslo?"),
        Message(Role.ASSISTANT, "{}", channel=Channel.COMMENTARY, recipient="functions.weather"),
        Message(Role.TOOL, "no city", name="functions.weather"),
    ),
    instructions="Be brief.",
    tools=(ToolNamespace("functions", (Tool("weather", "Weather of a city", {"type": "object"}),)),),
    response_format=ResponseFormat("report", {"type": "array"}),
)
EXCHANGE = Exchange(
    "tools: error", "", {}, f'{{"city": "{copied("Oslo")}"}}', recipient=f"functions.{copied('weather')}"
)


def test_a_wrong_call_with_its_prompt() -> None:
    reply = Reply(calls=(("weather", '{"city": "Rome"}'),), reasoning="Try again.")
    assert list(shown(ASKED, EXCHANGE, reply)) == [
        "tools: error (medium)",
        "  instructions 'Be brief.'",
        '  tool weather \'Weather of a city\' {"type": "object"}',
        '  schema {"type": "array"}',
        "  user 'Weather in Oslo?'",
        "  assistant to=functions.weather '{}'",
        "  functions.weather 'no city'",
        '  expected to=functions.weather \'{"city": "Oslo"}\'',
        "  analysis 'Try again.'",
        '  got to=weather \'{"city": "Rome"}\'',
    ]


def test_a_text_where_a_call_was_due() -> None:
    assert list(shown(ASKED, EXCHANGE, Reply(content="Sun")))[-1] == "  got 'Sun'"


def test_silence() -> None:
    assert list(shown(ASKED, EXCHANGE, Reply()))[-1] == "  got ''"


def test_a_refused_request() -> None:
    assert list(shown(ASKED, EXCHANGE, Reply(refusal="HTTP 400: no")))[-1] == "  got HTTP 400: no"
