import asyncio
import re
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ossian.engine.base import EngineInfo, SamplingParams
from ossian.engine.scripted import MASKED_INFO, SCRIPTED_INFO, ScriptedEngine
from ossian.errors import ContextLengthError, EngineError, InvalidRequestError
from ossian.generation import Generation, TextRequest, TurnRequest, TurnStream, check_prompt_logprobs
from ossian.harmony import vocabulary
from ossian.harmony.encoding import HarmonyEncoding, load_encoding
from ossian.harmony.events import Finished, MessageEnd, MessageStart, TextDelta, TurnEvent, Usage
from ossian.harmony.grammar import FunctionGrammar, TurnShape
from ossian.harmony.messages import Channel, Conversation, Message, Role
from ossian.harmony.token_mask import TurnGrammars

ASKED = Conversation(messages=(Message(Role.USER, "What is 2 + 2?"),))
ANALYSIS, ANSWER = "<|channel|>analysis<|message|>", "<|channel|>final<|message|>"
FINAL = "<|start|>assistant" + ANSWER


@pytest.fixture(scope="module")
def encoding() -> HarmonyEncoding:
    return load_encoding()


@pytest.fixture
def tokens(encoding: HarmonyEncoding) -> Callable[[str], list[int]]:
    """Token ids of what a model says, its special tokens written by name."""
    specials = vocabulary.special_tokens()

    def token_ids(said: str) -> list[int]:
        parts = re.split(r"(<\|\w+\|>)", said)
        return [i for part in parts for i in ([specials[part]] if part in specials else encoding.encode(part))]

    return token_ids


@asynccontextmanager
async def turn(
    encoding: HarmonyEncoding, script: Sequence[int], sampling: SamplingParams = SamplingParams()
) -> AsyncIterator[TurnStream]:
    stream = await Generation(ScriptedEngine(script), encoding).turn(TurnRequest("r", ASKED, sampling))
    yield stream
    await stream.aclose()


async def events_of(
    encoding: HarmonyEncoding, script: Sequence[int], sampling: SamplingParams = SamplingParams()
) -> list[TurnEvent]:
    async with turn(encoding, script, sampling) as stream:
        return [event async for event in stream]


def text_of(events: Sequence[TurnEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def finished(events: Sequence[TurnEvent]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


async def test_a_turn_is_reasoning_then_an_answer(
    encoding: HarmonyEncoding, tokens: Callable[[str], list[int]]
) -> None:
    script = tokens(f"{ANALYSIS}2 + 2 is 4.<|end|>{FINAL}Four.<|return|>")
    events = await events_of(encoding, script)

    assert [event for event in events if not isinstance(event, TextDelta)][:-1] == [
        MessageStart(Channel.ANALYSIS),
        MessageEnd(),
        MessageStart(Channel.FINAL),
        MessageEnd(),
    ]
    assert text_of(events) == "2 + 2 is 4.Four."
    num_prompt_tokens = len(encoding.render(ASKED))
    num_reasoning_tokens = len(encoding.encode("2 + 2 is 4."))
    assert finished(events) == Finished(
        "stop", None, Usage(num_prompt_tokens, 0, len(script), num_reasoning_tokens), None
    )


async def test_the_prompt_is_the_rendered_conversation(
    encoding: HarmonyEncoding, tokens: Callable[[str], list[int]]
) -> None:
    engine = ScriptedEngine(tokens("<|return|>"))
    await Generation(engine, encoding).turn(TurnRequest("id", ASKED, SamplingParams(seed=3), cache_salt="salt"))

    (request,) = engine.requests
    assert list(request.prompt_token_ids) == encoding.render(ASKED)
    assert (request.request_id, request.sampling.seed, request.cache_salt) == ("id", 3, "salt")
    assert request.snapshot_positions == (encoding.preamble_len(request.prompt_token_ids),)
    assert request.snapshot_token_ids == (vocabulary.END,)


async def test_max_tokens_ends_a_message_in_the_middle(
    encoding: HarmonyEncoding, tokens: Callable[[str], list[int]]
) -> None:
    script = tokens(f"{ANALYSIS}one two three four<|end|>")
    events = await events_of(encoding, script, SamplingParams(max_tokens=5))

    assert MessageEnd(is_complete=False) in events
    assert text_of(events) == "one two"
    assert (finished(events).finish_reason, finished(events).usage.num_completion_tokens) == ("length", 5)


async def test_a_stop_string_ends_the_answer_and_does_not_leak(
    encoding: HarmonyEncoding, tokens: Callable[[str], list[int]]
) -> None:
    script = tokens(f"{ANALYSIS}STOP here does nothing<|end|>{FINAL}one two STOP three<|return|>")
    events = await events_of(encoding, script, SamplingParams(stop=(" STOP", "zzz")))

    assert text_of(events) == "STOP here does nothingone two"
    assert (finished(events).finish_reason, finished(events).stop_reason) == ("stop", " STOP")
    upto = script.index(encoding.encode(" STOP")[-1]) + 1
    assert finished(events).usage.num_completion_tokens == upto


async def test_a_stop_string_over_several_tokens_does_not_leak(
    encoding: HarmonyEncoding, tokens: Callable[[str], list[int]]
) -> None:
    script = tokens(f"{ANSWER}a b c d e<|return|>")
    events = await events_of(encoding, script, SamplingParams(stop=("b c d",)))

    assert text_of(events) == "a "


async def test_text_held_back_for_a_stop_string_comes_out_before_the_end(
    encoding: HarmonyEncoding, tokens: Callable[[str], list[int]]
) -> None:
    events = await events_of(encoding, tokens(f"{ANSWER}a b c<|return|>"), SamplingParams(stop=("b c d",)))

    assert text_of(events) == "a b c"
    assert [type(event) for event in events[-3:]] == [TextDelta, MessageEnd, Finished]


async def test_a_stop_string_ends_the_engines_work(
    encoding: HarmonyEncoding, tokens: Callable[[str], list[int]]
) -> None:
    engine = ScriptedEngine(tokens(f"{ANSWER}a b c d e f g h<|return|>"))
    stream = await Generation(engine, encoding).turn(TurnRequest("r", ASKED, SamplingParams(stop=("c",))))
    assert text_of([event async for event in stream]) == "a b "
    assert engine.num_running == 0


async def test_the_callers_stop_token_is_the_stop_reason(
    encoding: HarmonyEncoding, tokens: Callable[[str], list[int]]
) -> None:
    (stop_token_id,) = encoding.encode(" two")
    script = tokens(f"{ANSWER}one two three<|return|>")
    events = await events_of(encoding, script, SamplingParams(stop_token_ids=(stop_token_id,)))

    assert finished(events).stop_reason == stop_token_id
    assert finished(events).finish_reason == "stop"
    assert text_of(events) == "one"
    assert finished(events).usage.num_completion_tokens == script.index(stop_token_id) + 1


@pytest.mark.parametrize("stop_token_id", [vocabulary.CALL, vocabulary.RETURN])
async def test_the_models_own_stop_tokens_are_not_the_callers(
    encoding: HarmonyEncoding, tokens: Callable[[str], list[int]], stop_token_id: int
) -> None:
    script = [*tokens(f"{ANSWER}one"), stop_token_id]
    events = await events_of(encoding, script, SamplingParams(stop_token_ids=(vocabulary.RETURN, vocabulary.CALL)))
    assert (finished(events).finish_reason, finished(events).stop_reason) == ("stop", None)


async def test_a_stop_string_ends_a_preamble_and_does_nothing_in_a_call(
    encoding: HarmonyEncoding, tokens: Callable[[str], list[int]]
) -> None:
    call = "<|start|>assistant<|channel|>commentary to=functions.add <|constrain|>json<|message|>{} STOP<|call|>"
    preamble = "<|channel|>commentary<|message|>I look STOP it up<|end|>"
    events = await events_of(encoding, tokens(preamble + call), SamplingParams(stop=(" STOP",)))
    assert text_of(events) == "I look"
    assert (finished(events).finish_reason, finished(events).stop_reason) == ("stop", " STOP")
    events = await events_of(encoding, tokens(preamble.replace(" STOP", "") + call), SamplingParams(stop=(" STOP",)))
    assert text_of(events) == "I look it up{} STOP"


async def test_content_tokens_carry_their_log_probabilities(
    encoding: HarmonyEncoding, tokens: Callable[[str], list[int]]
) -> None:
    script = tokens(f"{ANSWER}naïve 🦜!<|return|>")
    events = await events_of(encoding, script, SamplingParams(num_logprobs=2))

    deltas = [event for event in events if isinstance(event, TextDelta)]
    choices = [choice for delta in deltas for choice in delta.choices]
    assert text_of(events) == "naïve 🦜!"
    assert [choice.chosen.token_id for choice in choices] == encoding.encode("naïve 🦜!")
    assert b"".join(choice.chosen.bytes for choice in choices).decode() == "naïve 🦜!"
    assert all(len(choice.top) == 2 for choice in choices)


async def test_prompt_log_probabilities_come_with_the_end(
    encoding: HarmonyEncoding, tokens: Callable[[str], list[int]]
) -> None:
    events = await events_of(encoding, tokens("<|return|>"), SamplingParams(num_prompt_logprobs=1))
    choices = finished(events).prompt_choices
    assert choices is not None
    assert choices[0] is None
    assert [choice.chosen.token_id for choice in choices[1:] if choice] == encoding.render(ASKED)[1:]


async def test_a_raw_continuation_is_text_and_nothing_else(
    encoding: HarmonyEncoding, tokens: Callable[[str], list[int]]
) -> None:
    engine = ScriptedEngine([*tokens("one 🦜<|end|>"), *encoding.encode("two"), 200_002])
    stream = await Generation(engine, encoding).text(TextRequest("r", "<|start|>"))
    events = [event async for event in stream]

    assert list(engine.requests[0].prompt_token_ids) == encoding.encode("<|start|>")
    assert 200_006 not in engine.requests[0].prompt_token_ids
    assert text_of(events) == "one 🦜two"
    assert {type(event) for event in events} == {TextDelta, Finished}
    assert finished(events).usage.num_reasoning_tokens == 0


async def test_a_raw_prompt_may_be_token_ids(encoding: HarmonyEncoding) -> None:
    engine = ScriptedEngine([200_002])
    await Generation(engine, encoding).text(TextRequest("r", [1, 2, 3]))
    assert list(engine.requests[0].prompt_token_ids) == [1, 2, 3]


async def test_a_half_character_at_the_end_becomes_a_replacement_character(encoding: HarmonyEncoding) -> None:
    half = encoding.encode("🦜")[:1]
    stream = await Generation(ScriptedEngine(half), encoding).text(TextRequest("r", "x"))
    assert text_of([event async for event in stream]) == "\ufffd"


@pytest.mark.parametrize("max_tokens", [None, 10])
async def test_a_prompt_that_does_not_fit_is_an_error_with_both_numbers(
    encoding: HarmonyEncoding, max_tokens: int | None
) -> None:
    num_prompt_tokens = len(encoding.render(ASKED))
    info = EngineInfo("small", 201_088, num_prompt_tokens, (200_002,), "f")
    generation = Generation(ScriptedEngine([200_002], info=info), encoding)

    with pytest.raises(ContextLengthError) as raised:
        await generation.turn(TurnRequest("r", ASKED, SamplingParams(max_tokens=max_tokens)))
    assert str(num_prompt_tokens) in raised.value.message
    assert str(num_prompt_tokens + (max_tokens or 1)) in raised.value.message
    assert raised.value.param == "messages"


async def test_a_prompt_that_just_fits_is_served(encoding: HarmonyEncoding) -> None:
    info = EngineInfo("small", 201_088, len(encoding.render(ASKED)) + 10, (200_002,), "f")
    generation = Generation(ScriptedEngine([200_002], info=info), encoding)
    stream = await generation.turn(TurnRequest("r", ASKED, SamplingParams(max_tokens=10)))
    assert finished([event async for event in stream]).finish_reason == "stop"


async def test_an_engine_that_fails_ends_the_stream_with_its_error(encoding: HarmonyEncoding) -> None:
    generation = Generation(ScriptedEngine(encoding.encode("a b c d"), fail_after=2), encoding)
    stream = await generation.text(TextRequest("r", "x"))
    with pytest.raises(EngineError):
        [event async for event in stream]


async def test_closing_early_aborts_and_closing_twice_is_fine(encoding: HarmonyEncoding) -> None:
    engine = ScriptedEngine(encoding.encode("a b c d"))
    stream = await Generation(engine, encoding).text(TextRequest("r", "x"))
    await anext(stream)
    assert engine.num_running == 1
    await stream.aclose()
    await stream.aclose()
    assert engine.num_running == 0
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_turns_of_a_rendered_prompt_are_admitted_without_others_between(encoding: HarmonyEncoding) -> None:
    engine = ScriptedEngine([])
    generation = Generation(engine, encoding)

    async def admit(name: str) -> None:
        prompt = await generation.render(ASKED)
        assert prompt == encoding.render(ASKED)
        for _ in range(3):
            await generation.turn(TurnRequest(name, prompt))

    async def admit_text(name: str) -> None:
        prompt = await generation.encode("hello")
        for _ in range(3):
            await generation.text(TextRequest(name, prompt))

    await asyncio.gather(admit("a"), admit_text("b"), admit("c"))
    names = [request.request_id for request in engine.requests]
    assert sorted(names) == sorted(names[::3] * 3)
    assert names == [name for name in names[::3] for _ in range(3)]


@pytest.mark.parametrize("info", [SCRIPTED_INFO, MASKED_INFO])
async def test_turns_of_a_compiled_shape_are_admitted_without_others_between(
    encoding: HarmonyEncoding, info: EngineInfo
) -> None:
    engine = ScriptedEngine([], info)
    generation = Generation(engine, encoding)

    async def admit(name: str) -> None:
        shape = await generation.compile(TurnShape())
        for _ in range(3):
            await generation.turn(TurnRequest(name, encoding.render(ASKED), shape=shape))

    await asyncio.gather(*map(admit, "abc"))
    assert len([name for name, _ in groupby(request.request_id for request in engine.requests)]) == 3


async def masks(engine: ScriptedEngine, encoding: HarmonyEncoding, **sampling: Any) -> list[bool]:
    """Whether turns with tools get a mask."""
    shape = TurnShape((FunctionGrammar("now"),), must_call=True)
    request = TurnRequest("a", ASKED, SamplingParams(**sampling), shape=shape)
    await (await Generation(engine, encoding).turn(request)).aclose()
    return [request.token_mask is not None for request in engine.requests]


async def test_an_engine_that_takes_masks_gets_one(encoding: HarmonyEncoding) -> None:
    assert await masks(ScriptedEngine([], MASKED_INFO), encoding) == [True]
    assert await masks(ScriptedEngine([]), encoding) == [False]
    assert await masks(ScriptedEngine([], MASKED_INFO), encoding, ignore_eos=True) == [False]


async def test_what_cannot_be_enforced_is_refused_before_admission(encoding: HarmonyEncoding) -> None:
    engine = ScriptedEngine([], MASKED_INFO)
    shape = TurnShape(final_schema={"pattern": "(?=a)b"}, final_param="f")
    with pytest.raises(InvalidRequestError):
        await Generation(engine, encoding).turn(TurnRequest("a", ASKED, shape=shape))
    assert engine.requests == []


@pytest.mark.parametrize("num_logprobs, is_forced", [(None, True), (0, False)])
async def test_with_logprobs_each_token_is_sampled(
    encoding: HarmonyEncoding, num_logprobs: int | None, is_forced: bool
) -> None:
    drawn = []

    def draw(words: NDArray[np.uint32]) -> int:
        drawn.append(int(np.flatnonzero(np.unpackbits(words.view(np.uint8), bitorder="little"))[0]))
        return drawn[-1]

    engine = ScriptedEngine([], MASKED_INFO, draw=draw)
    shape = TurnShape((FunctionGrammar("now"),), must_call=True, max_analysis_tokens=0)
    request = TurnRequest("a", ASKED, SamplingParams(num_logprobs=num_logprobs), shape=shape)
    events = [event async for event in await Generation(engine, encoding).turn(request)]
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert (len(drawn) < finished.usage.num_completion_tokens) is is_forced


async def test_shapes_that_wait_for_a_compiler_hold_no_thread_that_others_need(
    encoding: HarmonyEncoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_free, begun = threading.Event(), threading.Event()

    def compiled(*_: object) -> None:
        begun.set()
        is_free.wait(60)

    monkeypatch.setattr(TurnGrammars, "_compiled", compiled)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    generation = Generation(ScriptedEngine([], info=MASKED_INFO), encoding)
    waiting = [asyncio.create_task(generation.compile(TurnShape())) for _ in range(8)]
    try:
        assert await asyncio.wait_for(generation.encode("2+2"), 30) == encoding.encode("2+2")
        assert begun.is_set()
    finally:
        is_free.set()
        await asyncio.gather(*waiting)


def test_a_prompts_log_probabilities_are_not_any_number() -> None:
    check_prompt_logprobs(131_072, 1, "prompt_logprobs")
    check_prompt_logprobs(10**9, None, "prompt_logprobs")
    with pytest.raises(InvalidRequestError, match=r"20000 tokens has 420000 log probabilities .* the most is 262144"):
        check_prompt_logprobs(20_000, 20, "prompt_logprobs")
