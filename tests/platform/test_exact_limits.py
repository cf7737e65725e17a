"""Limits are exact to the request, whatever comes at once: on one server, and on four that share a Redis."""

import asyncio

import httpx2
import pytest

from tests.platform.cluster import QUESTION, Cluster, ask_all, bearer, statuses

pytestmark = pytest.mark.slow

NUM_CLIENTS = 64
NUM_REQUESTS = 4 * NUM_CLIENTS


def load(workers: Cluster, secrets: list[str], **fields: object) -> list[httpx2.Response]:
    workers.open_gate()
    return asyncio.run(ask_all(workers.urls, secrets, NUM_CLIENTS, NUM_REQUESTS, {**QUESTION, **fields}))


def check_refusals(answers: list[httpx2.Response], *said: str) -> None:
    for answer in answers:
        if answer.status_code == 429:
            error = answer.json()["error"]
            assert error["code"] == "rate_limit_exceeded"
            assert all(word in error["message"] for word in said), error
            assert int(answer.headers["retry-after"]) > 0


def test_requests_a_minute_of_a_project_with_several_keys(workers: Cluster) -> None:
    secrets = workers.keys(3, limits_of_project={"requests_per_minute": 100})
    answers = load(workers, secrets)
    assert statuses(answers) == {200: 100, 429: NUM_REQUESTS - 100}
    check_refusals(answers, "100")
    left = {answer.headers["x-ratelimit-remaining-requests"] for answer in answers if answer.status_code == 200}
    assert left == {str(number) for number in range(100)}  # no two were let in on the same room


def test_requests_a_minute_of_a_key(workers: Cluster) -> None:
    secret = workers.key(limits={"requests_per_minute": 37})
    answers = load(workers, [secret])
    assert statuses(answers) == {200: 37, 429: NUM_REQUESTS - 37}
    check_refusals(answers, "37")


def test_one_project_s_limit_is_not_another_s(workers: Cluster) -> None:
    limited = workers.key(limits_of_project={"requests_per_minute": 10})
    other = workers.key(limits_of_project={"requests_per_minute": 20})
    answers = load(workers, [limited, other])
    assert statuses(answers) == {200: 30, 429: NUM_REQUESTS - 30}


def test_tokens_a_minute(workers: Cluster) -> None:
    """Every request asks for exactly as many tokens as the turn has, so what it reserves is what it uses."""
    workers.open_gate()
    usage = ask(workers, workers.key()).json()["usage"]
    secret = workers.key(limits_of_project={"tokens_per_minute": 25 * usage["total_tokens"] + 1})
    answers = load(workers, [secret], max_completion_tokens=usage["completion_tokens"])
    assert statuses(answers) == {200: 25, 429: NUM_REQUESTS - 25}
    check_refusals(answers, str(25 * usage["total_tokens"] + 1))


def ask(workers: Cluster, secret: str) -> httpx2.Response:
    with httpx2.Client(trust_env=False, verify=False) as http:
        answer = http.post(f"{workers.urls[0]}/v1/chat/completions", json=QUESTION, headers=bearer(secret))
    assert answer.status_code == 200, answer.text
    return answer


def test_requests_at_a_time(workers: Cluster) -> None:
    """The turns that were let in wait until all others have been refused."""
    secret = workers.key(limits_of_project={"concurrent_requests": 7})

    async def ask_while_the_gate_is_shut() -> list[httpx2.Response]:
        tasks = [
            asyncio.create_task(ask_all((url,), [secret], 1, 1)) for url in (workers.urls * NUM_CLIENTS)[:NUM_CLIENTS]
        ]
        pending = set(tasks)
        while len(pending) > 7:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            assert {answer.status_code for task in done for answer in task.result()} == {429}
        workers.open_gate()
        return [answer for task in tasks for answer in await task]

    answers = asyncio.run(ask_while_the_gate_is_shut())
    assert statuses(answers) == {200: 7, 429: NUM_CLIENTS - 7}
    check_refusals(answers, "7")
    again = asyncio.run(ask_all(workers.urls, [secret], 7, 28))
    assert statuses(again) == {200: 28}  # all places were given back
