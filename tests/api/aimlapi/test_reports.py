from decimal import Decimal

from ossian.api.aimlapi.queries import Window, detail_query
from ossian.api.aimlapi.reports import (
    balance_body,
    balance_detail_body,
    detail_body,
    legacy_balance_body,
    log_row,
    transaction_row,
    usage_body,
)
from ossian.storage.account_records import StoredUsage, UsageTotal

NOW = 1_763_680_000.0
WINDOW = Window(NOW - 86_400, NOW)
REQUEST = StoredUsage(
    id="usage_1",
    request_id="req_1",
    endpoint="chat.completions",
    model_asked="gpt-oss@cheapest",
    model="gpt-oss-20b",
    started_at=NOW,
    duration=1.5,
    status=200,
    outcome="succeeded",
    num_prompt_tokens=6,
    num_completion_tokens=46,
    cost=Decimal("0.00000858"),
)


def test_what_a_key_used() -> None:
    assert usage_body(WINDOW, "sk-1", UsageTotal(0, num_requests=3, cost=Decimal("0.5")), "USD") == {
        "api_key_prefix": "sk-1",
        "start": "2025-11-19T23:06:40.000Z",
        "end": "2025-11-20T23:06:40.000Z",
        "spend": 0.5,
        "currency": "USD",
        "requests": 3,
    }
    nothing = usage_body(WINDOW, None, None, "USD")
    assert (nothing["spend"], nothing["requests"]) == (0, 0)


def hour(start: str, model: str, num_requests: int, num_failed: int = 0) -> UsageTotal:
    times = {"first evening": NOW - 3600, "second morning": NOW + 3600}
    return UsageTotal(
        int(times[start]),
        model=model,
        num_requests=num_requests,
        num_failed_requests=num_failed,
        num_prompt_tokens=10 * num_requests,
        num_completion_tokens=num_requests,
        cost=Decimal(num_requests - num_failed),
    )


HOURS = [hour("first evening", "b", 1), hour("second morning", "a", 4, 1), hour("second morning", "b", 2)]


def test_details_by_day_and_model() -> None:
    body = detail_body(detail_query([], NOW), HOURS)
    assert body["models"] == ["a", "b"]
    assert [(group["day"], group["model"], group["spend"]) for group in body["groups"]] == [
        ("2025-11-20", "b", 1),
        ("2025-11-21", "a", 3),
        ("2025-11-21", "b", 2),
    ]
    assert body["groups"][1]["tokens"] == {"input": 40, "output": 4, "total": 44}
    assert body["groups"][1]["requests"] == {"total": 4, "charged": 3, "succeeded": 3, "failed": 1}


def test_details_by_day_alone_and_by_model_alone() -> None:
    by_day = detail_body(detail_query([("group_by", "day")], NOW), HOURS)["groups"]
    assert [(group["day"], group["model"], group["spend"]) for group in by_day] == [
        ("2025-11-20", None, 1),
        ("2025-11-21", None, 5),
    ]
    by_model = detail_body(detail_query([("group_by", "model")], NOW), HOURS)["groups"]
    assert [(group["day"], group["model"], group["spend"]) for group in by_model] == [(None, "a", 3), (None, "b", 3)]


def test_a_row_of_the_log() -> None:
    assert log_row(REQUEST) == {
        "created": "2025-11-20T23:06:40.000Z",
        "status": "succeeded",
        "origin": "api",
        "model": "gpt-oss-20b",
        "cost": {"usd": 8.58e-06, "credits": 17.16},
        "tokens": {"input": 6, "output": 46, "total": 52},
        "request_id": "req_1",
        "inference_id": "req_1",
        "client_request_id": None,
    }


def test_a_charge() -> None:
    assert transaction_row(REQUEST) == {
        "created_at": "2025-11-20T23:06:40.000Z",
        "direction": "CHARGE",
        "type": "MODEL_USAGE",
        "amount": {"usd": 8.58e-06, "credits": 17.16},
        "model": "gpt-oss-20b",
        "reference_id": "req_1",
    }


def test_balances() -> None:
    assert balance_body(Decimal("1.5"), "USD") == {"current_balance": 1.5, "currency": "USD"}
    assert balance_body(None, "USD")["current_balance"] is None
    detail = balance_detail_body(Decimal(1), "USD", "proj_1")
    assert detail["user_id"] == "proj_1"
    assert detail["autotopup_settings"] == {"is_enabled": False, "threshold": None, "amount": None, "currency": "USD"}


def test_the_older_balance_is_in_credits() -> None:
    body = legacy_balance_body(Decimal("0.005"), NOW)
    assert (body["balance"], body["lowBalance"], body["lowBalanceThreshold"]) == (10_000, False, 10_000)
    assert legacy_balance_body(Decimal("0.004"), NOW)["lowBalance"] is True
    assert legacy_balance_body(None, NOW)["balance"] is None
    assert legacy_balance_body(None, NOW)["lowBalance"] is False
