from typing import Any

import pytest

from tests.server.keys import make_key
from tests.server.routes.aimlapi.conftest import ASKED, WINDOW, Account
from tests.server.serving import MODEL, scripted, serving, until


def spent(answer: Any) -> float:
    cost: float = answer.json()["meta"]["usage"]["usd_spent"]
    return cost


def test_a_key_is_told_what_it_used_itself(account: Account) -> None:
    other = make_key(account.served, account.project_id)
    cost = spent(account.chat())
    assert account.chat(other).status_code == 200
    account.until_written(1)
    usage = account.get("/v2/usage", **WINDOW)
    assert usage == {
        "api_key_prefix": account.key.secret[:16],
        "start": "2025-11-20T00:00:00.000Z",
        "end": "2025-11-22T00:00:00.000Z",
        "spend": cost,
        "currency": "USD",
        "requests": 1,
    }


def test_details_add_up(account: Account) -> None:
    costs = [spent(account.chat()) for _ in range(2)]
    account.until_written(2)
    detail = account.get("/v2/usage/detail", group_by="day,model", tz="Europe/Paris", **WINDOW)
    assert detail["models"] == [MODEL]
    (group,) = detail["groups"]
    assert (group["day"], group["model"]) == ("2025-11-21", MODEL)
    assert group["spend"] == detail["spend"] == pytest.approx(sum(costs))
    assert group["requests"] == {"total": 2, "charged": 2, "succeeded": 2, "failed": 0}
    assert group["tokens"]["total"] == group["tokens"]["input"] + group["tokens"]["output"] > 0
    (by_model,) = account.get("/v2/usage/detail", group_by="model", **WINDOW)["groups"]
    assert by_model == group | {"day": None}


def test_the_log_joins_answers_by_their_inference_id(account: Account) -> None:
    answers = [account.chat() for _ in range(3)]
    account.until_written(3)
    rows = account.get("/v2/logs", **WINDOW)["data"]
    assert {row["inference_id"] for row in rows} == {answer.headers["x-inference-id"] for answer in answers}
    assert {row["status"] for row in rows} == {"succeeded"}
    assert rows[0]["cost"]["usd"] == spent(answers[0])
    first = account.get("/v2/logs", limit=2, **WINDOW)["data"]
    second = account.get("/v2/logs", limit=2, offset=2, **WINDOW)["data"]
    assert [*first, *second] == rows
    assert account.get("/v2/logs", status="failed", **WINDOW)["data"] == []
    assert account.get("/v2/logs", model="other", **WINDOW)["data"] == []
    assert len(account.get("/v2/logs", model=["other", MODEL], **WINDOW)["data"]) == 3


def test_another_keys_usage_is_for_management_keys(account: Account) -> None:
    other = make_key(account.served, account.project_id)
    assert account.chat(other).status_code == 200
    account.until_written(1, other)
    prefix = other.secret[:16]
    assert "own usage" in account.refused("GET", "/v2/usage", account.key, 403, params={"key_prefix": prefix})
    assert account.get("/v2/usage", key_prefix=account.key.secret[:16])["requests"] == 0
    assert account.get("/v2/usage", account.admin, key_prefix=prefix, **WINDOW)["requests"] == 1
    assert account.get("/v2/usage", account.admin, **WINDOW)["requests"] == 1
    assert len(account.get("/v2/logs", account.admin, key_prefix=prefix, **WINDOW)["data"]) == 1
    account.refused("GET", "/v2/usage", account.admin, 404, params={"key_prefix": "sk-ossian-nobody"})


@pytest.mark.parametrize(
    "path", ["/v2/usage", "/v2/usage/detail", "/v2/logs", "/v2/billing", "/v2/billing/transactions"]
)
def test_usage_needs_a_key_that_may_see_it(account: Account, path: str) -> None:
    account.refused("GET", path, None, 401)
    narrow = make_key(account.served, account.project_id, scopes={"endpoints": ["chat.completions"]})
    assert "usage" in account.refused("GET", path, narrow, 403)


def test_a_key_of_the_settings_is_told_what_it_used() -> None:
    with serving(scripted(), api_keys=["secret", "other"]) as served:
        secret, other = ({"authorization": f"Bearer {key}"} for key in ("secret", "other"))
        assert served.post(json=ASKED, headers=secret).status_code == 200

        def num_requests(headers: dict[str, str]) -> int:
            body = served.get("/v2/usage", params=WINDOW, headers=headers).json()
            assert body["api_key_prefix"] is None
            return int(body["requests"])

        until(lambda: num_requests(secret) == 1)
        assert num_requests(other) == 0


def test_a_wrong_window_is_refused(account: Account) -> None:
    assert "'period'" in account.refused("GET", "/v2/usage", account.key, 400, params={"period": "1y"})
    assert "group_by" in account.refused("GET", "/v2/usage", account.key, 400, params={"group_by": "day"})
    assert "92 days" in account.refused(
        "GET", "/v2/logs", account.key, 400, params={"start": "2025-01-01", "end": "2025-11-01"}
    )
