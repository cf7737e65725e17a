"""OpenAI's own examples of responses and conversations, through its SDK, with only the model changed.

Every answer is checked against OpenAI's specification. What gpt-oss cannot do (images, files) is a clear error; tools
that OpenAI runs itself are left out, and the response says so.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from openai.types.responses import Response

from tests.served_process import ServedProcess
from tests.specs.examples import examples
from tests.specs.validators import check_item, check_response, check_stream, read_stream

MODEL = "gpt-oss-20b"
RESPONSES = examples("POST /responses")


@pytest.fixture(scope="module")
def client(server: ServedProcess) -> Iterator[OpenAI]:
    with OpenAI(base_url=server.base_url, api_key="none", max_retries=0, timeout=100) as client:
        yield client


def body(endpoint: str, title: str = "") -> dict[str, Any]:
    """An example's body, with our model in the place of another."""
    found: dict[str, Any] = dict(examples(endpoint)[title])
    return found | {"model": MODEL} if "model" in found else found


def checked(raw: Any) -> Any:
    """What the SDK makes of an answer that is as it should be."""
    check_response(raw.http_response.json())
    return raw.parse()


def create(client: OpenAI, title: str) -> Response:
    made: Response = checked(client.responses.with_raw_response.create(**body("POST /responses", title)))
    return made


@pytest.fixture(scope="module")
def story(client: OpenAI) -> Response:
    """The response that the examples of the other endpoints ask for."""
    return create(client, "Text input")


def test_every_example_is_here() -> None:
    assert set(RESPONSES) == {
        "Text input", "Image input", "File input", "Web search", "File search", "Streaming", "Functions", "Reasoning",
    }  # fmt: skip


def test_text_input(story: Response) -> None:
    assert story.status == "completed"
    assert story.output_text
    assert story.store is True  # type: ignore[attr-defined]  # the SDK's type does not know it


@pytest.mark.parametrize("title, media", [("Image input", "image"), ("File input", "file")])
def test_what_gpt_oss_cannot_see(client: OpenAI, title: str, media: str) -> None:
    with pytest.raises(BadRequestError, match=f"no {media} input") as refused:
        create(client, title)
    assert refused.value.code == "unsupported_content"
    assert str(refused.value.param).startswith("input[0].content[1]")


@pytest.mark.parametrize("title", ["Web search", "File search"])
def test_hosted_tools_are_left_out_and_told(client: OpenAI, title: str) -> None:
    response = create(client, title)
    assert response.output_text
    assert [tool.type for tool in response.tools] == [tool["type"] for tool in RESPONSES[title]["tools"]]
    (warning,) = response.ossian["warnings"]  # type: ignore[attr-defined]  # likewise
    assert (warning["code"], warning["param"]) == ("tool_left_out", "tools[0]")
    assert response.tools[0].type in warning["message"]


def test_streaming(client: OpenAI) -> None:
    asked = body("POST /responses", "Streaming")
    with client.responses.with_streaming_response.create(**asked) as streamed:
        finished = check_stream(read_stream(streamed.text()))
    assert finished["status"] == "completed"
    assert finished["instructions"] == asked["instructions"]


def test_the_stream_helper_follows_it(client: OpenAI) -> None:
    asked = body("POST /responses", "Streaming")
    del asked["stream"]
    with client.responses.stream(**asked) as stream:
        said = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        assert stream.get_final_response().output_text == said


def test_functions(client: OpenAI) -> None:
    response = create(client, "Functions")
    for call in (item for item in response.output if item.type == "function_call"):
        arguments = json.loads(call.arguments)
        assert call.name == "get_current_weather"
        assert isinstance(arguments["location"], str)
        assert arguments["unit"] in ("celsius", "fahrenheit")
    assert response.output[-1].type in ("function_call", "message")


def test_reasoning(client: OpenAI) -> None:
    response = create(client, "Reasoning")
    assert response.reasoning is not None
    assert response.reasoning.effort == "high"
    assert response.usage is not None
    assert response.usage.output_tokens_details.reasoning_tokens > 0
    assert response.output[0].type == "reasoning"


def test_retrieve(client: OpenAI, story: Response) -> None:
    assert checked(client.responses.with_raw_response.retrieve(story.id)) == story


def test_input_items(client: OpenAI, story: Response) -> None:
    items = checked(client.responses.input_items.with_raw_response.list(story.id))
    (message,) = items.data
    assert message.content[0].text == RESPONSES["Text input"]["input"]
    assert items.has_more is False


def test_cancel(client: OpenAI) -> None:
    asked = body("POST /responses", "Text input") | {"background": True}
    made = checked(client.responses.with_raw_response.create(**asked))
    cancelled = checked(client.responses.with_raw_response.cancel(made.id))
    assert cancelled.status in ("cancelled", "completed")  # whichever came first
    assert checked(client.responses.with_raw_response.retrieve(made.id)) == cancelled


def test_delete(client: OpenAI) -> None:
    made = client.responses.create(model=MODEL, input="Hello!", max_output_tokens=16)
    deleted = client.responses.with_raw_response.delete(made.id).http_response.json()
    assert deleted == {"id": made.id, "object": "response", "deleted": True}
    with pytest.raises(NotFoundError):
        client.responses.retrieve(made.id)


def test_input_tokens(client: OpenAI) -> None:
    asked = body("POST /responses/input_tokens")
    counted = checked(client.responses.input_tokens.with_raw_response.count(**asked))
    response = client.responses.create(**asked, max_output_tokens=16)
    assert response.usage is not None
    assert counted.input_tokens == response.usage.input_tokens


def test_compact(client: OpenAI) -> None:
    compacted = client.responses.with_raw_response.compact(**body("POST /responses/compact")).http_response.json()
    check_response(compacted)
    assert [item["type"] for item in compacted["output"]] == ["message", "compaction"]
    asked: Any = [*compacted["output"], {"role": "user", "content": "Hello!"}]
    assert client.responses.create(model=MODEL, input=asked, max_output_tokens=200).status in (
        "completed",
        "incomplete",
    )


def test_conversations(client: OpenAI) -> None:
    conversations = client.conversations.with_raw_response
    made = checked(conversations.create(**body("POST /conversations")))
    assert made.metadata == {"topic": "demo"}
    assert checked(conversations.retrieve(made.id)) == made
    updated = checked(conversations.update(made.id, **body("POST /conversations/{conversation_id}")))
    assert updated.metadata == {"topic": "project-x"}
    assert checked(conversations.delete(made.id)).deleted is True
    with pytest.raises(NotFoundError):
        client.conversations.retrieve(made.id)


def test_conversation_items(client: OpenAI) -> None:
    conversation = client.conversations.create(**body("POST /conversations"))
    items = client.conversations.items.with_raw_response
    added = checked(items.create(conversation.id, **body("POST /conversations/{conversation_id}/items"))).data
    assert [item.content[0].text for item in added] == ["Hello!", "How are you?"]
    listed = checked(items.list(conversation.id, limit=10)).data
    assert [item.id for item in listed[:2]] == [item.id for item in reversed(added)]
    assert len(listed) == 3
    one = items.retrieve(added[0].id, conversation_id=conversation.id)
    check_item(one.http_response.json())
    assert one.parse() == added[0]
    left = checked(items.delete(added[0].id, conversation_id=conversation.id))
    assert left == client.conversations.retrieve(conversation.id)
    assert [item.id for item in checked(items.list(conversation.id)).data] == [listed[0].id, listed[2].id]
