"""The real client over a real socket."""

import asyncio
from collections.abc import Iterable
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionMessageParam, ChatCompletionToolParam

from ossian.engine.scripted import ScriptedEngine
from ossian.harmony.encoding import load_encoding
from tests.server.serving import ALIAS, ANSWER, CALL, MODEL, Served, in_turn, scripted, serving, turn_ids

QUESTION: list[ChatCompletionMessageParam] = [{"role": "user", "content": "2+2?"}]
WEATHER: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def joined(chunks: Iterable[ChatCompletionChunk], field: str) -> str:
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    return "".join(getattr(delta, field, None) or "" for delta in deltas)


def checked(answer: ChatCompletion) -> ChatCompletion:
    """The SDK builds its models without checking; so check."""
    return ChatCompletion.model_validate(answer.model_dump(), strict=True)


def test_an_answer(server: Served) -> None:
    answer = checked(server.client.chat.completions.create(model=MODEL, messages=QUESTION))
    message = answer.choices[0].message
    assert message.content == "It is 4."
    assert message.refusal is None
    assert message.model_extra == {"reasoning": "2+2 is 4.", "reasoning_content": "2+2 is 4."}
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == MODEL
    assert answer.system_fingerprint == "scripted"


def test_a_stream(server: Served) -> None:
    chunks = list(server.client.chat.completions.create(model=MODEL, messages=QUESTION, stream=True))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert joined(chunks, "content") == "It is 4."
    assert joined(chunks, "reasoning") == joined(chunks, "reasoning_content") == "2+2 is 4."
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in chunks)
    assert len({(chunk.id, chunk.created, chunk.model, chunk.system_fingerprint) for chunk in chunks}) == 1


def test_usage_is_the_same_streamed_and_not(server: Served) -> None:
    create = server.client.chat.completions.create
    *before, last = create(model=MODEL, messages=QUESTION, stream=True, stream_options={"include_usage": True})
    assert last.choices == []
    assert all(chunk.usage is None for chunk in before)
    assert last.usage == create(model=MODEL, messages=QUESTION).usage
    assert last.usage is not None
    assert last.usage.prompt_tokens_details is not None
    assert last.usage.prompt_tokens_details.cached_tokens == 5
    assert last.usage.completion_tokens_details is not None
    assert last.usage.completion_tokens_details.reasoning_tokens == len(load_encoding().encode("2+2 is 4."))
    assert last.usage.completion_tokens == len(turn_ids(ANSWER))


def test_the_stream_helper_folds_to_the_same_answer(server: Served) -> None:
    whole = server.client.chat.completions.create(model=MODEL, messages=QUESTION, logprobs=True, top_logprobs=2)
    with server.client.chat.completions.stream(
        model=MODEL, messages=QUESTION, logprobs=True, top_logprobs=2, stream_options={"include_usage": True}
    ) as stream:
        folded = stream.get_final_completion()
    assert folded.choices[0].message.content == whole.choices[0].message.content
    assert folded.choices[0].logprobs is not None
    assert whole.choices[0].logprobs is not None
    assert folded.choices[0].logprobs.content == whole.choices[0].logprobs.content
    assert folded.choices[0].finish_reason == whole.choices[0].finish_reason
    assert folded.usage == whole.usage


def test_the_model_says_who_really_answered(server: Served) -> None:
    assert server.client.chat.completions.create(model=ALIAS, messages=QUESTION).model == MODEL


def test_several_answers_streamed_and_not() -> None:
    engine = ScriptedEngine(in_turn(ANSWER, ANSWER.replace("4", "5"), ANSWER.replace("4", "6")))
    with serving(engine) as server:
        answer = checked(server.client.chat.completions.create(model=MODEL, messages=QUESTION, n=2, seed=7))
        assert [choice.message.content for choice in answer.choices] == ["It is 4.", "It is 5."]
        assert [request.sampling.seed for request in engine.requests] == [7, 8]
        chunks = list(server.client.chat.completions.create(model=MODEL, messages=QUESTION, n=3, stream=True))
    texts = dict.fromkeys(range(3), "")
    for chunk in chunks:
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    assert list(texts.values()) == ["It is 6."] * 3
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices].count("stop") == 3


def test_a_tool_loop_keeps_the_reasoning() -> None:
    engine = ScriptedEngine(in_turn(CALL, "<|channel|>final<|message|>Sunny.<|return|>"))
    with serving(engine) as server:
        create = server.client.chat.completions.create
        first = checked(create(model=MODEL, messages=QUESTION, tools=[WEATHER])).choices[0]
        assert first.finish_reason == "tool_calls"
        assert first.message.content is None
        assert first.message.tool_calls is not None
        (call,) = first.message.tool_calls
        assert call.type == "function"
        assert (call.function.name, call.function.arguments) == ("get_weather", '{"city": "Paris"}')
        echoed: Any = first.message.model_dump()  # as clients send it back: with every field, nulls too
        result: ChatCompletionMessageParam = {"role": "tool", "tool_call_id": call.id, "content": '{"sky": "clear"}'}
        second = create(model=MODEL, messages=[*QUESTION, echoed, result], tools=[WEATHER])
    assert second.choices[0].message.content == "Sunny."
    prompt = load_encoding().decode(list(engine.requests[1].prompt_token_ids))
    assert "<|channel|>analysis<|message|>Look it up.<|end|>" in prompt
    assert (
        'to=functions.get_weather<|channel|>commentary <|constrain|>json<|message|>{"city": "Paris"}<|call|>' in prompt
    )
    assert (
        '<|start|>functions.get_weather to=assistant<|channel|>commentary<|message|>{"sky": "clear"}<|end|>' in prompt
    )


def test_a_streamed_call() -> None:
    with (
        serving(scripted(CALL)) as server,
        server.client.chat.completions.stream(model=MODEL, messages=QUESTION, tools=[WEATHER]) as stream,
    ):
        message = stream.get_final_completion().choices[0].message
    assert message.tool_calls is not None
    (call,) = message.tool_calls
    assert (call.function.name, call.function.arguments) == ("get_weather", '{"city": "Paris"}')
    assert call.id.startswith("call_")


def test_many_clients_at_once(server: Served) -> None:
    async def ask(client: AsyncOpenAI, stream: bool) -> str:
        if not stream:
            answer = await client.chat.completions.create(model=MODEL, messages=QUESTION)
            return answer.choices[0].message.content or ""
        chunks = await client.chat.completions.create(model=MODEL, messages=QUESTION, stream=True)
        return joined([chunk async for chunk in chunks], "content")

    async def ask_all() -> list[str]:
        async with AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
            return await asyncio.gather(*(ask(client, stream=index % 2 == 0) for index in range(32)))

    assert asyncio.run(ask_all()) == ["It is 4."] * 32


def test_models(server: Served) -> None:
    (model,) = server.client.models.list().data
    assert (model.id, model.object) == (MODEL, "model")
    assert server.client.models.retrieve(MODEL) == model
    assert server.client.models.retrieve(ALIAS) == model


def test_completions(server: Served) -> None:
    answer = server.client.completions.create(model=MODEL, prompt="2+2", max_tokens=9, echo=True, logprobs=1)
    assert answer.choices[0].text.startswith("2+2")
    assert answer.choices[0].logprobs is not None
    assert len(answer.choices[0].logprobs.tokens or []) == 3 + 9
    chunks = list(server.client.completions.create(model=MODEL, prompt="2+2", max_tokens=9, echo=True, stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == answer.choices[0].text
    assert chunks[-1].choices[0].finish_reason == answer.choices[0].finish_reason == "length"


@pytest.mark.parametrize(
    "fields, error, code",
    [
        ({"model": "gpt-5"}, openai.NotFoundError, "model_not_found"),
        ({"temperature": 3}, openai.BadRequestError, "invalid_value"),
        ({"extra_body": {"surprise": 1}}, openai.BadRequestError, "unknown_parameter"),
        ({"messages": []}, openai.BadRequestError, "invalid_value"),
        ({"response_format": {"type": "json_schema"}}, openai.BadRequestError, "invalid_value"),
    ],
)
def test_errors_are_the_sdks_exceptions(
    server: Served, fields: dict[str, Any], error: type[openai.APIStatusError], code: str
) -> None:
    with pytest.raises(error) as caught:
        server.client.chat.completions.create(**{"model": MODEL, "messages": QUESTION, **fields})
    assert caught.value.code == code
    assert caught.value.type == "invalid_request_error"
    assert caught.value.request_id is not None


def test_a_failure_in_the_middle_of_a_stream_is_an_exception() -> None:
    with serving(scripted(fail_after=8)) as server:
        stream = server.client.chat.completions.create(model=MODEL, messages=QUESTION, stream=True)
        with pytest.raises(openai.APIError, match="the scripted engine failed") as caught:
            list(stream)
    assert caught.value.type == "server_error"


def test_the_request_id_can_be_quoted(server: Served) -> None:
    answer = server.client.chat.completions.create(model=MODEL, messages=QUESTION)
    assert (answer._request_id or "").startswith("req_")
