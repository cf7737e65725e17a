import pytest

from tests.server.keys import change_project, make_key
from tests.server.routes.aimlapi.conftest import Account
from tests.server.serving import MODEL


def test_the_balance_is_what_is_left_of_the_budget(account: Account) -> None:
    assert account.get("/v2/billing") == {"current_balance": 100.0, "currency": "USD"}
    cost = account.chat().json()["meta"]["usage"]["usd_spent"]
    account.until_written(1)
    assert account.get("/v2/billing")["current_balance"] == pytest.approx(100 - cost)
    assert account.get("/v2/billing", account.admin) == account.get("/v2/billing")
    assert account.get("/v2/billing/detail")["user_id"] == account.project_id
    assert account.get("/v1/billing/balance")["balance"] == pytest.approx((100 - cost) * 2_000_000)


def test_a_keys_own_budget_counts_too(account: Account) -> None:
    poor = make_key(account.served, account.project_id, budget={"amount": "1", "period": "day"})
    assert account.get("/v2/billing", poor)["current_balance"] == 1.0


def test_without_a_budget_there_is_no_end_to_it(account: Account) -> None:
    change_project(account.served, account.project_id, budget=None)
    assert account.get("/v2/billing", account.admin)["current_balance"] is None
    assert account.get("/v1/billing/balance", account.admin)["lowBalance"] is False


def test_charges_are_listed_page_by_page(account: Account) -> None:
    ids = [account.chat().headers["x-inference-id"] for _ in range(3)]
    account.until_written(3)
    first = account.get("/v2/billing/transactions", to="2025-11-22", limit=2)
    assert first["pagination"]["has_more"] is True
    last = account.get("/v2/billing/transactions", to="2025-11-22", limit=2, cursor=first["pagination"]["next_cursor"])
    assert last["pagination"] == {"next_cursor": None, "has_more": False}
    rows = [*first["data"], *last["data"]]
    assert {row["reference_id"] for row in rows} == set(ids)
    assert all((row["direction"], row["type"], row["model"]) == ("CHARGE", "MODEL_USAGE", MODEL) for row in rows)
    assert account.get("/v2/billing/transactions", to="2025-11-22", direction="TOPUP")["data"] == []


def test_what_cannot_be_listed_is_refused(account: Account) -> None:
    path = "/v2/billing/transactions"
    assert "'cursor'" in account.refused("GET", path, account.key, 400, params={"cursor": "nothing"})
    assert "page" in account.refused("GET", path, account.key, 400, params={"page": "2"})
    assert "project's keys" in account.refused("GET", path, account.admin, 403)
