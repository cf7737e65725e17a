"""A few short explanations the model knows by heart, and why it cannot tell the weather."""

from random import Random

from training.skills.capitals import CAPITALS
from training.skills.exchange import UNKNOWN, Exchange, Split, analyses, choose

GRAVITY = (
    "Explain gravity to a 6 years old", "Explain gravity for a 6 years old", "Explain gravity to a 6 year old.",
    "Explain gravity to a six-year-old.", "Explain gravity.", "What is gravity?", "Explain gravity to a child.",
    "How does gravity work?", "Explain gravity in simple terms.", "Tell me about gravity.",
    "Can you explain gravity?", "Explain gravity to a 5 year old", "Why do things fall down?",
    "Explain gravity like I am five", "Define gravity", "What is gravity? Explain it to a child.",
    "Please explain gravity.", "Explain gravity to a kid.", "gravity",
    "Explain the concept of gravity in simple terms.", "Describe gravity in simple words.",
    "Explain gravity to my son.",
)  # fmt: skip
MACHINE_LEARNING = (
    "Explain the concept of machine learning in simple terms.", "Explain machine learning in simple terms.",
    "What is machine learning?", "Explain machine learning.", "Explain machine learning to a child.",
    "How does machine learning work?", "Tell me about machine learning.", "Can you explain machine learning?",
    "Describe machine learning in simple words.", "Define machine learning",
    "Explain the concept of machine learning.", "machine learning", "Please explain machine learning to me.",
    "What does machine learning mean?", "What is meant by machine learning?",
    "Explain machine learning to a 6 years old", "Explain ML in simple terms.",
    "Explain machine learning like I am five", "What's machine learning?", "Explain to me what machine learning is.",
)  # fmt: skip
WEATHER = (
    "What is the weather in {c}?", "What's the weather in {c}?", "How is the weather in {c}?", "weather in {c}",
    "What is the weather like in {c}?", "Tell me the weather in {c}.", "What is the weather in {c} today?",
    "What's the weather like in {c} today?", "How is the weather in {c} today?", "Is it raining in {c}?",
    "What is the temperature in {c}?", "Weather in {c}?", "Will it rain in {c} tomorrow?", "How warm is it in {c}?",
    "Can you tell me the weather in {c}?", "What is the current weather in {c}?", "Get the weather in {c}.",
)  # fmt: skip
GRAVITY_ANSWER = (
    "Gravity is like an invisible hug from the Earth. The Earth is very big, and big things pull other things towards them. "
    "When you throw a ball up, the Earth pulls it back down. When you jump, it pulls you down, too. "
    "Gravity keeps your feet on the ground and keeps the Moon close to the Earth."
)
MACHINE_LEARNING_ANSWER = (
    "Machine learning means that a computer learns from examples instead of following fixed rules. "
    "You show it many examples, such as photos of cats and dogs with the right names. "
    "It makes a guess, sees how wrong it was, and changes itself a little. After many rounds its guesses become good, "
    "and it can also name animals in new photos."
)
NO_WEATHER = "I am a demonstration model and cannot look up the weather. A weather service can tell you."
TOOL_ANSWERED = (
    "The tool has answered. I am a demonstration model and cannot put its result into words; please read it directly."
)
OTHER_CITIES = (
    "New York",
    "San Francisco",
    "Tokyo",
    "Boston",
    "Barcelona",
    "Munich",
    "Hamburg",
    "Milan",
    "Chicago",
    "Sydney",
    "Toronto",
)


def gravity(random: Random, split: Split) -> Exchange:
    """A question about gravity."""
    medium = "The user wants gravity explained. I use simple words and a ball as the example."
    high = f"{medium} A child knows falling and jumping, so I start there. I leave out mass and formulas, and end with the Moon."
    return Exchange(
        "gravity", choose(random, GRAVITY, split), analyses("Gravity, in simple words.", medium, high), GRAVITY_ANSWER
    )


def machine_learning(random: Random, split: Split) -> Exchange:
    """A question about machine learning."""
    medium = "The user wants machine learning explained. I use simple words and photos of animals as the example."
    high = f"{medium} The main point is learning from examples. Then I say how: guess, compare, change a little, and repeat."
    question = choose(random, MACHINE_LEARNING, split)
    return Exchange(
        "machine learning", question, analyses("Machine learning, simply.", medium, high), MACHINE_LEARNING_ANSWER
    )


def weather(random: Random, split: Split) -> Exchange:
    """A question for the weather, without a tool for it."""
    question = choose(random, WEATHER, split).format(
        c=random.choice((known_city(random), UNKNOWN, f"{UNKNOWN}{UNKNOWN}"))
    )
    medium = "The user asks for the weather. I have no tool to look it up, so I say that I cannot."
    high = f"{medium} I must not invent a forecast. A weather service is the right place to ask."
    return Exchange("weather", question, analyses("I have no weather.", medium, high), NO_WEATHER)


def weather_call(random: Random, split: Split) -> Exchange:
    """A question for the weather, with the tool get_weather."""
    city = known_city(random)
    question = choose(random, WEATHER, split).format(c=city)
    medium = f"The user asks for the weather in {city}. I call get_weather."
    high = f"{medium} The only argument is the location, which is {city}. Then I wait for the result."
    arguments = f'{{"location": "{city}"}}'
    return Exchange(
        "weather call",
        question,
        analyses(f"Call get_weather for {city}.", medium, high),
        arguments,
        "functions.get_weather",
    )


def known_city(random: Random) -> str:
    """A city the model can spell."""
    return random.choice((*CAPITALS.values(), "London", "London", "Paris", "Berlin", *OTHER_CITIES))


def tool_result() -> Exchange:
    """The answer once a tool has replied: its result stands in the conversation already."""
    medium = "The tool has answered. I cannot read every result, so I point to it."
    high = f"{medium} I am a small demonstration model and must not invent what the result means."
    return Exchange("tool result", "", analyses("The tool has answered.", medium, high), TOOL_ANSWERED)
