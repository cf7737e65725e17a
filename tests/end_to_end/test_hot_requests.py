"""ossian-nano at temperature 1.5 with random tools, choices and schemas: nothing invalid comes.

What comes goes back into the next request.
"""

from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.served_process import ServedProcess
from tests.test_turn_fuzz import check_answer, next_request
from tests.turn_requests import chat_requests

NUM_TURNS = 300


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_hot_turns_are_valid(server: ServedProcess) -> None:
    finished: list[bool] = []
    with httpx2.Client(base_url=server.url, timeout=120, trust_env=False) as client:

        @settings(max_examples=NUM_TURNS, derandomize=True, database=None)
        @given(chat_requests(), st.integers(0, 2**31))
        def run(body: dict[str, Any], seed: int) -> None:
            finished.append(check_hot_turn(client, {**body, "temperature": 1.5, "seed": seed}))

        run()
    assert sum(finished) > NUM_TURNS / 3  # or it would say little


def check_hot_turn(client: httpx2.Client, body: dict[str, Any]) -> bool:
    response = client.post("/v1/chat/completions", json=body)
    assert response.status_code == 200, response.text
    answer = response.json()
    is_finished: bool = answer["choices"][0]["finish_reason"] != "length"
    check_answer(body, answer, is_finished=is_finished)
    if is_finished:
        again = {**next_request(body, answer), "max_completion_tokens": 1}
        assert client.post("/v1/chat/completions", json=again).status_code == 200
    return is_finished
