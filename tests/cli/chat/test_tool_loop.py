"""`ossian chat --demo-tools`, typed at a real server whose model follows a script."""

import re
from itertools import pairwise

import pytest
from typer.testing import CliRunner, Result

from ossian.cli.chat.session import MAX_TOOL_ROUNDS
from ossian.cli.main import app
from ossian.engine.scripted import ScriptedEngine
from ossian.harmony.encoding import load_encoding
from tests.server.serving import in_turn, serving

ANSWER = (
    "<|channel|>analysis<|message|>12 degrees.<|end|><|start|>assistant<|channel|>final<|message|>It rains.<|return|>"
)


def call(name: str, arguments: str, preamble: str = "") -> str:
    """A turn that thinks, perhaps says something, and calls a tool."""
    said = f"<|start|>assistant<|channel|>commentary<|message|>{preamble}<|end|>" if preamble else ""
    return (
        f"<|channel|>analysis<|message|>Ask {name}.<|end|>{said}<|start|>assistant<|channel|>commentary"
        f" to=functions.{name} <|constrain|>json<|message|>{arguments}<|call|>"
    )


WEATHER = call("get_weather", '{"location": "London"}')


def chat(typed: str, *turns: str, options: tuple[str, ...] = ("--demo-tools",)) -> tuple[Result, list[str]]:
    """Type at a server that answers with the turns; returns what came of it and the prompts the model saw."""
    engine = ScriptedEngine(in_turn(*turns))
    with serving(engine) as served:
        done = CliRunner().invoke(app, ["chat", "--url", served.url, *options], input=typed)
    return done, [load_encoding().decode(list(request.prompt_token_ids)) for request in engine.requests]


def in_order(text: str, *parts: str) -> bool:
    places = [text.find(part) for part in parts]
    return places[0] >= 0 and all(before < after for before, after in pairwise(places))


def test_a_call_is_run_and_its_result_answered_to() -> None:
    done, prompts = chat("The weather in London?\n", WEATHER, ANSWER)
    assert done.exit_code == 0
    call_line = 'call: get_weather {"location": "London"}\nresult: {"location": "London", "temperature": 12,'
    assert in_order(done.output, "Ask get_weather.", call_line, "12 degrees.", "It rains.")
    assert len(prompts) == 2
    assert "type get_weather" in prompts[0]


def test_the_model_is_told_its_reasoning_its_call_and_the_result() -> None:
    _, prompts = chat("The weather in London?\n", WEATHER, ANSWER)
    assert in_order(
        prompts[1],
        "<|start|>user<|message|>The weather in London?<|end|>",
        "<|channel|>analysis<|message|>Ask get_weather.<|end|>",
        'to=functions.get_weather<|channel|>commentary <|constrain|>json<|message|>{"location": "London"}<|call|>',
        "<|start|>functions.get_weather to=assistant<|channel|>commentary<|message|>{",
        '"temperature": 12',
    )


def test_tools_can_be_called_one_after_another() -> None:
    convert = call("convert_temperature", '{"value": 12, "unit": "celsius"}')
    done, prompts = chat("In Fahrenheit?\n", WEATHER, convert, ANSWER)
    assert in_order(done.output, "call: get_weather", "call: convert_temperature", '"value": 53.6', "It rains.")
    assert in_order(prompts[2], "Ask get_weather.", "Ask convert_temperature.", "53.6")


def test_text_before_a_call_is_shown_and_told_again_before_it() -> None:
    done, prompts = chat("Hello\n", call("throw_dice", "{}", "One moment."), ANSWER)
    assert in_order(done.output, "One moment.", "call: throw_dice {}", "It rains.")
    assert in_order(prompts[1], "<|channel|>commentary<|message|>One moment.<|end|>", "to=functions.throw_dice")


def test_the_next_turn_knows_the_last_one_but_not_its_reasoning() -> None:
    _, prompts = chat("The weather in London?\nThank you\n", WEATHER, ANSWER)
    assert in_order(
        prompts[2], "weather in London?", "to=functions.get_weather", '"rainy"', "It rains.<|end|>", "Thank you<|end|>"
    )
    assert "Ask get_weather." not in prompts[2]
    assert "12 degrees." not in prompts[2]


def test_starting_over_forgets_the_tools_results() -> None:
    _, prompts = chat("The weather in London?\n/new\nThank you\n", WEATHER, ANSWER)
    assert "rainy" not in prompts[2]


@pytest.mark.parametrize(
    "wrong, said",
    [
        (call("get_wether", "{}"), "There is no tool 'get_wether'. There are: get_weather, get_time"),
        (call("get_weather", '{"location": '), "Invalid JSON"),
        (call("get_weather", '{"place": "London"}'), "location: Field required; place: Extra inputs"),
        (call("get_weather", '{"location": "Atlantis"}'), "Nothing is known about 'Atlantis'"),
        (call("throw_dice", '{"sides": "six"}'), "sides: Input should be a valid integer"),
    ],
)
def test_a_wrong_call_is_told_to_the_model_which_goes_on(wrong: str, said: str) -> None:
    done, prompts = chat("Hello\n", wrong, ANSWER)
    assert done.exit_code == 0
    assert in_order(done.output, 'result: {"error": "', said, "It rains.")
    assert said in prompts[1]


def test_a_model_that_only_calls_is_stopped_at_the_limit() -> None:
    done, prompts = chat("Hello\nAnd now?\n", *[WEATHER] * (MAX_TOOL_ROUNDS + 1), ANSWER)
    assert done.exit_code == 0
    assert done.output.count("result: ") == MAX_TOOL_ROUNDS
    assert len(prompts) == MAX_TOOL_ROUNDS + 2
    assert in_order(" ".join(done.output.split()), f"it called tools {MAX_TOOL_ROUNDS} times", "limit", "It rains.")


def test_reasoning_that_is_hidden_still_goes_back() -> None:
    done, prompts = chat("Hello\n", WEATHER, ANSWER, options=("--demo-tools", "--hide-reasoning"))
    assert "Ask get_weather." not in done.output
    assert "call: get_weather" in done.output
    assert "Ask get_weather." in prompts[1]


def test_without_the_option_no_tools_are_offered_and_none_run() -> None:
    done, prompts = chat("Hello\n", WEATHER, options=())
    assert "result:" not in done.output
    assert len(prompts) == 1
    assert not re.search("get_weather|# Tools", prompts[0])
