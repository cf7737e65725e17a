"""Both clients against a server, over a socket."""

import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import openai
import pytest
from openai.types.chat import ChatCompletion

from ossian import AsyncClient, Client
from tests.server.serving import ALIAS, MODEL, Served, scripted, serving

CHAT = {"messages": [{"role": "user", "content": "2+2?"}]}
KEY = "sk-a-key-of-this-server"


@pytest.fixture
def client(server: Served) -> Iterator[Client]:
    with Client(base_url=f"{server.url}/v1") as client:
        yield client


@pytest.fixture
async def async_client(server: Served) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(base_url=f"{server.url}/v1") as client:
        yield client


def text_of(chunks: list[dict[str, Any]]) -> str:
    return "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)


def test_a_chat_completion(client: Client) -> None:
    answer = client.run(ALIAS, CHAT)
    assert type(answer) is dict
    assert answer["object"] == "chat.completion"
    assert answer["model"] == MODEL
    assert answer["choices"][0]["message"]["content"] == "It is 4."
    assert answer["choices"][0]["message"]["reasoning_content"] == "2+2 is 4."


def test_the_answer_is_what_the_server_sent_and_no_more(client: Client, server: Served) -> None:
    """OpenAI's classes would add members that are not in it."""
    sent, answer = server.chat().json(), client.run(MODEL, CHAT)
    assert {**answer, "id": sent["id"]} == sent


def test_a_response(client: Client) -> None:
    answer = client.run(MODEL, {"input": "2+2?"})
    assert answer["object"] == "response"
    assert [item["type"] for item in answer["output"]] == ["reasoning", "message"]


def test_a_completion(client: Client) -> None:
    answer = client.run(MODEL, {"prompt": "2+2=", "max_tokens": 3})
    assert answer["object"] == "text_completion"


def test_a_stream_is_an_iterator_of_dictionaries(client: Client) -> None:
    stream = client.run(MODEL, {**CHAT, "stream": True})
    first = next(stream)
    chunks = [first, *stream]
    assert {type(chunk) for chunk in chunks} == {dict}
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert text_of(chunks) == "It is 4."
    assert next(stream, None) is None


def test_the_stream_of_a_response_ends_with_all_of_it(client: Client) -> None:
    events = list(client.run(MODEL, {"input": "2+2?", "stream": True}))
    assert events[0]["type"] == "response.created"
    assert events[-1]["type"] == "response.completed"
    assert events[-1]["response"]["output"][-1]["content"][0]["text"] == "It is 4."


def test_an_admin_key_does_not_stand_in_for_a_project_s() -> None:
    """On its own machine a server needs no key, and an admin key is refused there."""
    sent: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return httpx2.Response(200, json=[])

    http_client = openai.DefaultHttpxClient(transport=httpx2.MockTransport(answer))
    with Client(admin_api_key="sk-ossian-admin-secret", http_client=http_client) as client:
        client.run(MODEL, CHAT)
        client.catalog()
        client.with_options(api_key=KEY).run(MODEL, CHAT)
    assert [request.headers.get("authorization") for request in sent] == [None, None, f"Bearer {KEY}"]


async def test_nor_does_it_in_the_client_for_asyncio() -> None:
    sent: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return httpx2.Response(200, json=[])

    http_client = openai.DefaultAsyncHttpxClient(transport=httpx2.MockTransport(answer))
    async with AsyncClient(admin_api_key="sk-ossian-admin-secret", http_client=http_client) as client:
        await client.run(MODEL, CHAT)
        await client.catalog()
    assert [request.headers.get("authorization") for request in sent] == [None, None]


def test_a_stream_can_be_left(client: Client) -> None:
    with client.run(MODEL, {**CHAT, "stream": True}) as stream:
        next(stream)
    assert client.run(MODEL, CHAT)["object"] == "chat.completion"


async def test_the_asynchronous_client_does_the_same(async_client: AsyncClient) -> None:
    assert (await async_client.run(MODEL, CHAT))["choices"][0]["message"]["content"] == "It is 4."
    assert (await async_client.run(MODEL, {"input": "2+2?"}))["object"] == "response"
    stream = await async_client.run(MODEL, {**CHAT, "stream": True})
    assert text_of([chunk async for chunk in stream]) == "It is 4."
    assert [model.id for model in await async_client.catalog()] == [MODEL]


def test_they_are_whole_clients_of_openai(client: Client) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "2+2?"}])
    assert isinstance(answer, ChatCompletion)
    assert answer.choices[0].message.content == "It is 4."
    assert client.responses.create(model=MODEL, input="2+2?").output_text == "It is 4."
    assert client.models.retrieve(MODEL).id == MODEL


def test_a_copy_with_other_options_is_one_of_ours(client: Client) -> None:
    copy = client.with_options(timeout=5, max_retries=0)
    assert isinstance(copy, Client)
    assert copy.base_url == client.base_url
    assert copy.run(MODEL, CHAT)["model"] == MODEL


def test_the_catalog(client: Client) -> None:
    (model,) = client.catalog()
    assert model.id == MODEL
    assert model.available
    assert model.metadata.model_specs.capabilities.function_calling
    assert model.metadata.usage_information.pricing.prompt.unit == "USD per 1M tokens"


def test_an_error_of_the_server_is_one_of_openai(client: Client) -> None:
    with pytest.raises(openai.NotFoundError, match="no-such-model"):
        client.run("no-such-model", CHAT)
    with pytest.raises(openai.BadRequestError) as caught:
        client.run(MODEL, {**CHAT, "temperature": 3})
    assert caught.value.param == "temperature"


async def test_a_body_for_no_endpoint_is_not_sent() -> None:
    with Client(base_url="http://127.0.0.1:1/v1") as client, pytest.raises(ValueError, match="it has nothing"):
        client.run(MODEL, {})
    async with AsyncClient(base_url="http://127.0.0.1:1/v1") as async_client:
        with pytest.raises(ValueError, match="it has nothing"):
            await async_client.run(MODEL, {})


def unused_url() -> str:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}/v1"


async def test_where_no_server_answers_the_way_out_is_said() -> None:
    url = unused_url()
    said = f"No server answers at {url}/ .*ossian serve.*OSSIAN_BASE_URL"
    with Client(base_url=url, max_retries=0) as client:
        for call in (lambda: client.run(MODEL, CHAT), client.catalog, client.models.list):
            with pytest.raises(openai.APIConnectionError, match=said):
                call()
    async with AsyncClient(base_url=url, max_retries=0) as async_client:
        with pytest.raises(openai.APIConnectionError, match=said):
            await async_client.run(MODEL, CHAT)


def test_a_server_that_takes_too_long_is_not_said_to_be_absent() -> None:
    with (
        serving(scripted(delay=5)) as server,
        Client(base_url=f"{server.url}/v1", max_retries=0, timeout=0.2) as client,
        pytest.raises(openai.APITimeoutError, match="timed out"),
    ):
        client.run(MODEL, CHAT)


def test_the_key_is_shown() -> None:
    with serving(scripted(), api_keys=[KEY]) as server:
        url = f"{server.url}/v1"
        with Client(base_url=url, api_key=KEY) as client:
            assert client.run(MODEL, CHAT)["model"] == MODEL
        with Client(base_url=url) as client, pytest.raises(openai.AuthenticationError):
            client.run(MODEL, CHAT)
        with Client(base_url=url) as client:
            assert [model.id for model in client.catalog()] == [MODEL]  # open to everybody
