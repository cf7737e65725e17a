"""Which endpoint a body is for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.client.calls import Call, call_of

MESSAGES = [{"role": "user", "content": "2+2?"}]


@pytest.mark.parametrize(
    "body, path",
    [
        ({"messages": MESSAGES}, "/chat/completions"),
        ({"messages": []}, "/chat/completions"),  # the server says what is wrong with it
        ({"input": "2+2?"}, "/responses"),
        ({"input": []}, "/responses"),
        ({"prompt": {"id": "pmpt_1"}}, "/responses"),
        ({"input": "2+2?", "prompt": {"id": "pmpt_1"}}, "/responses"),
        ({"prompt": "2+2="}, "/completions"),
        ({"prompt": ""}, "/completions"),
        ({"prompt": [1, 2]}, "/completions"),
        ({"messages": MESSAGES, "input": None, "prompt": None}, "/chat/completions"),
    ],
)
def test_the_body_says_which_endpoint_it_is_for(body: dict[str, Any], path: str) -> None:
    assert call_of("gpt-oss-20b", body) == Call(path, {**body, "model": "gpt-oss-20b"})


@pytest.mark.parametrize(
    "body, said",
    [
        ({}, "it has nothing"),
        ({"temperature": 1}, "it has `temperature`"),
        ({"messages": None}, "it has `messages`"),
        ({"messages": MESSAGES, "input": "2+2?"}, "it has `messages`, `input`"),
        ({"messages": MESSAGES, "prompt": "2+2="}, "it has `messages`, `prompt`"),
        ({"input": "2+2?", "prompt": "2+2="}, "it has `input`, `prompt`"),
    ],
)
def test_a_body_for_no_endpoint_or_for_several_is_refused(body: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="needs one of `messages`") as caught:
        call_of("gpt-oss-20b", body)
    assert said in str(caught.value)


def test_a_body_may_name_the_model_again_but_no_other() -> None:
    body = {"model": "gpt-oss-20b", "input": "2+2?"}
    assert call_of("gpt-oss-20b", body).body == body
    with pytest.raises(ValueError, match=r"'gpt-oss-120b', and run\(\) for 'gpt-oss-20b'\. Name it once"):
        call_of("gpt-oss-20b", {**body, "model": "gpt-oss-120b"})


@pytest.mark.parametrize("stream, is_streamed", [(True, True), (False, False), (None, False)])
def test_a_stream_is_asked_for_in_the_body(stream: bool | None, is_streamed: bool) -> None:
    assert call_of("gpt-oss-20b", {"input": "2+2?", "stream": stream}).is_streamed is is_streamed
    assert not call_of("gpt-oss-20b", {"input": "2+2?"}).is_streamed


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text()))
def test_all_else_in_the_body_goes_to_the_server_as_it_is(others: dict[str, Any]) -> None:
    others = {name: value for name, value in others.items() if name not in {"model", "messages", "input", "prompt"}}
    body = {**others, "messages": MESSAGES}
    call = call_of("gpt-oss-20b", body)
    assert call.body == {**body, "model": "gpt-oss-20b"}
    assert "model" not in body  # the caller's own is left alone
