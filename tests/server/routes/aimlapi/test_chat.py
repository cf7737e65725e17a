"""Chat completions in AI/ML API's words: what they cost, and its own parameters."""

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.server.routes.aimlapi.conftest import Account
from tests.server.serving import scripted, serving


def price(usage: dict[str, Any]) -> Decimal:
    num_input, num_output = Decimal(usage["prompt_tokens"]), Decimal(usage["completion_tokens"])
    return (num_input * 100 + num_output * 200) / 1_000_000


def chunks(text: str) -> list[dict[str, Any]]:
    *events, done, _ = text.split("\n\n")
    assert done == "data: [DONE]"
    return [json.loads(event.removeprefix("data: ")) for event in events]


@pytest.mark.parametrize("n", [1, 3])
def test_a_whole_answer_says_what_it_cost(account: Account, n: int) -> None:
    answer = account.chat(n=n)
    body = answer.json()
    cost = price(body["usage"])
    assert cost > 0
    assert body["meta"] == {"usage": {"credits_used": float(cost * 2_000_000), "usd_spent": float(cost)}}
    assert Decimal(answer.headers["x-aimlapi-usd-spent"]) == cost
    assert Decimal(answer.headers["x-aimlapi-credits-used"]) == cost * 2_000_000
    assert answer.headers["x-inference-id"]


@pytest.mark.parametrize("include_usage", [True, False])
def test_a_stream_says_it_in_its_last_chunk(account: Account, include_usage: bool) -> None:
    cost = price(account.chat().json()["usage"])
    answer = account.chat(stream=True, stream_options={"include_usage": include_usage})
    *others, last = chunks(answer.text)
    assert last["meta"] == {"usage": {"credits_used": float(cost * 2_000_000), "usd_spent": float(cost)}}
    assert not any("meta" in chunk for chunk in others)
    assert "x-aimlapi-usd-spent" not in answer.headers


def test_other_clients_are_told_nothing_of_it(account: Account) -> None:
    answer = account.served.post(
        json={"model": "gpt-oss-20b", "messages": [{"role": "user", "content": "2+2?"}]}, headers=account.key.headers
    )
    assert "meta" not in answer.json()
    assert not any(name.startswith("x-aimlapi") for name in answer.headers)


def test_its_parameters_are_taken(account: Account) -> None:
    fields: dict[str, Any] = {
        "provider": "auto",
        "top_k": 40,
        "min_p": 0.1,
        "repetition_penalty": None,
        "prediction": {"type": "content", "content": "It is"},
        "seed": 1,
        "parallel_tool_calls": True,
    }
    answer = account.chat(**fields)
    assert answer.status_code == 200
    assert "x-ossian-warning" not in answer.headers
    assert account.chat(echo=True, top_a=0.2).headers["x-ossian-warning"] == ("parameters without effect: echo, top_a")


def test_plain_v1_speaks_its_words_where_that_is_set() -> None:
    with serving(scripted(), sections={"vendors": {"v1_dialect": "aimlapi"}}) as served:
        assert served.chat().json()["meta"] == {"usage": {"credits_used": 0.0, "usd_spent": 0.0}}
        assert served.chat(model="x").json()["statusCode"] == 404
