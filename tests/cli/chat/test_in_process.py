import re
from contextlib import aclosing

import pytest

from ossian.cli.chat.in_process import InProcessPartner
from ossian.cli.chat.partner import ChatOptions, Exchange, Piece, Round, ToolCall
from ossian.engine.scripted import ScriptedEngine
from ossian.errors import ContextLengthError
from ossian.generation import Generation
from ossian.harmony import vocabulary
from ossian.harmony.encoding import load_encoding
from ossian.harmony.messages import ReasoningEffort, Tool


def token_ids(said: str) -> list[int]:
    specials = vocabulary.special_tokens()
    parts = re.split(r"(<\|\w+\|>)", said)
    return [i for part in parts for i in ([specials[part]] if part in specials else load_encoding().encode(part))]


SCRIPT = token_ids(
    "<|channel|>analysis<|message|>4, surely.<|end|><|start|>assistant<|channel|>final<|message|>It is 4.<|return|>"
)


DEFAULTS = ChatOptions()


def partner(engine: ScriptedEngine, options: ChatOptions = DEFAULTS) -> InProcessPartner:
    return InProcessPartner(Generation(engine, load_encoding()), "scripted", options)


async def answer(engine: ScriptedEngine, options: ChatOptions = DEFAULTS) -> list[Piece]:
    earlier = [Exchange("Hello", "Good day")]
    pieces = [piece async for piece in partner(engine, options).answer(earlier, "What is 2 + 2?")]
    return [piece for piece in pieces if isinstance(piece, Piece)]


def text(pieces: list[Piece], *, is_reasoning: bool) -> str:
    return "".join(piece.text for piece in pieces if piece.is_reasoning == is_reasoning)


async def test_reasoning_and_answer_come_apart() -> None:
    pieces = await answer(ScriptedEngine(SCRIPT))
    assert text(pieces, is_reasoning=True) == "4, surely."
    assert text(pieces, is_reasoning=False) == "It is 4."
    assert len(pieces) > 2


async def test_the_model_sees_the_whole_conversation_and_the_options() -> None:
    engine = ScriptedEngine(SCRIPT)
    options = ChatOptions("Be brief.", ReasoningEffort.HIGH, temperature=0.5, max_tokens=7)
    await answer(engine, options)
    (request,) = engine.requests
    prompt = load_encoding().decode(list(request.prompt_token_ids))
    said = ["Reasoning: high", "Be brief.", "Hello", "<|channel|>final<|message|>Good day<|end|>", "What is 2 + 2?"]
    places = [prompt.index(each) for each in said]
    assert places == sorted(places)
    assert (request.sampling.temperature, request.sampling.max_tokens) == (0.5, 7)


async def test_leaving_early_aborts_the_turn() -> None:
    engine = ScriptedEngine(SCRIPT)
    async with aclosing(partner(engine).answer([], "Hello")) as pieces:
        await anext(pieces)
        assert engine.num_running == 1
    assert engine.num_running == 0


async def test_a_conversation_that_does_not_fit_is_refused() -> None:
    engine = ScriptedEngine(SCRIPT)
    with pytest.raises(ContextLengthError):
        async for _ in partner(engine).answer([Exchange("a " * 200_000, "b")], "c"):
            pass


CALL = token_ids(
    "<|channel|>analysis<|message|>Look it up.<|end|><|start|>assistant<|channel|>commentary to=functions.get_time "
    '<|constrain|>json<|message|>{"city": "Rome"}<|call|>'
)
WITH_A_TOOL = ChatOptions(tools=(Tool("get_time", "Get the time", {"type": "object", "properties": {}}),))


async def test_a_call_of_a_tool_comes_after_the_reasoning() -> None:
    engine = ScriptedEngine(CALL)
    *pieces, call = [piece async for piece in partner(engine, WITH_A_TOOL).answer([], "What time is it in Rome?")]
    assert "".join(piece.text for piece in pieces if isinstance(piece, Piece)) == "Look it up."
    assert isinstance(call, ToolCall)
    assert (call.name, call.arguments) == ("get_time", '{"city": "Rome"}')
    assert "// Get the time\ntype get_time" in load_encoding().decode(list(engine.requests[0].prompt_token_ids))


async def test_the_model_sees_what_came_of_its_call_and_why_it_called() -> None:
    engine = ScriptedEngine(SCRIPT)
    call = ToolCall("call_1", "get_time", '{"city": "Rome"}')
    rounds = [Round("Look it up.", "", (call,), ('{"time": "12:00"}',))]
    async for _ in partner(engine, WITH_A_TOOL).answer([], "What time is it in Rome?", rounds):
        pass
    prompt = load_encoding().decode(list(engine.requests[0].prompt_token_ids))
    asked = prompt.index("What time is it in Rome?")
    said = ["Look it up.", "to=functions.get_time", '{"city": "Rome"}', "functions.get_time to=", '{"time": "12:00"}']
    places = [prompt.index(each, asked) for each in said]
    assert places == sorted(places)


async def test_without_tools_what_looks_like_a_call_is_text() -> None:
    assert text(await answer(ScriptedEngine(CALL)), is_reasoning=False) == '{"city": "Rome"}'
