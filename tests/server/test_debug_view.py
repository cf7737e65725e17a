"""What the model saw and wrote, for those who may ask."""

import json
from typing import Any

from tests.server.serving import ANSWER, Served, scripted, serving

ASKS = {"x-ossian-debug": "1"}
BODY: dict[str, Any] = {"model": "ossian-nano", "messages": [{"role": "user", "content": "2+2?"}]}


def choices(served: Served, **fields: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = served.post(json={**BODY, **fields}, headers=ASKS).json()["choices"]
    return found


def test_the_prompt_and_the_turn_are_shown_as_they_are() -> None:
    with serving(scripted(), debug_view=True) as served:
        (choice,) = choices(served, reasoning={"exclude": True})
    assert choice["ossian_debug"]["prompt"].endswith("<|start|>user<|message|>2+2?<|end|><|start|>assistant")
    assert choice["ossian_debug"]["completion"] == ANSWER
    assert choice["message"]["reasoning"] is None


def test_a_stream_shows_them_in_each_choices_last_chunk() -> None:
    with serving(scripted(), debug_view=True) as served:
        text = served.post(json={**BODY, "stream": True, "n": 2}, headers=ASKS).text
    chunks = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
    shown = [choice for chunk in chunks for choice in chunk["choices"] if "ossian_debug" in choice]
    assert sorted(choice["index"] for choice in shown) == [0, 1]
    assert all(choice["finish_reason"] and choice["ossian_debug"]["completion"] == ANSWER for choice in shown)


def test_nobody_sees_them_unasked_or_where_it_is_off() -> None:
    with serving(scripted(), debug_view=True) as served:
        assert "ossian_debug" not in served.post(json=BODY).text
        assert "ossian_debug" not in served.post(json=BODY, headers={"x-ossian-debug": "0"}).text
    with serving(scripted()) as served:
        answer = served.post(json=BODY, headers=ASKS)
    assert answer.status_code == 400
    assert "server.debug_view = true" in answer.json()["error"]["message"]


def test_recovered_messages_are_counted() -> None:
    with serving(scripted("Hello<|return|>")) as served:
        assert served.chat().json()["choices"][0]["message"]["content"] == "Hello"
        metrics = served.get("/metrics").text
    assert 'ossian_harmony_recoveries_total{kind="no_header",model="ossian-nano"} 1.0' in metrics


def test_well_formed_turns_count_nothing() -> None:
    with serving(scripted()) as served:
        served.chat()
        assert "ossian_harmony_recoveries_total{" not in served.get("/metrics").text
