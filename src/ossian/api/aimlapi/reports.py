"""AI/ML API's reports: what a key used and cost, and the requests behind it."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from ossian.api.aimlapi.amounts import amount_body, credits_of
from ossian.api.aimlapi.keys import iso
from ossian.api.aimlapi.queries import DetailQuery, Window
from ossian.api.fields import JsonObject
from ossian.storage.account_records import StoredUsage, UsageTotal

LOW_BALANCE: Final = 10_000  # credits


def usage_body(window: Window, key_prefix: str | None, total: UsageTotal | None, currency: str) -> JsonObject:
    """Return what a key used; without any requests there is no total."""
    return {
        "api_key_prefix": key_prefix,
        "start": iso(window.start),
        "end": iso(window.end),
        "spend": float(total.cost) if total else 0.0,
        "currency": currency,
        "requests": total.num_requests if total else 0,
    }


def detail_body(query: DetailQuery, totals: Iterable[UsageTotal]) -> JsonObject:
    """Return what `/v2/usage/detail` adds: the models, and the sums by day and model."""
    groups: dict[tuple[str | None, str | None], list[UsageTotal]] = {}
    for total in totals:
        day = query.day(total.start).isoformat() if query.by_day else None
        groups.setdefault((day, total.model if query.by_model else None), []).append(total)
    models = sorted({total.model for parts in groups.values() for total in parts if total.model})
    ordered = sorted(groups.items(), key=lambda item: (item[0][0] or "", item[0][1] or ""))
    return {"models": models, "groups": [_group(day, model, parts) for (day, model), parts in ordered]}


def _group(day: str | None, model: str | None, parts: list[UsageTotal]) -> JsonObject:
    num_input = sum(each.num_prompt_tokens for each in parts)
    num_output = sum(each.num_completion_tokens for each in parts)
    num_requests = sum(each.num_requests for each in parts)
    num_failed = sum(each.num_failed_requests for each in parts)
    num_succeeded = num_requests - num_failed
    return {
        "day": day,
        "model": model,
        "spend": float(sum((each.cost for each in parts), Decimal(0))),
        "tokens": {"input": num_input, "output": num_output, "total": num_input + num_output},
        "requests": {
            "total": num_requests,
            "charged": num_succeeded,
            "succeeded": num_succeeded,
            "failed": num_failed,
        },
    }


def log_row(usage: StoredUsage) -> JsonObject:
    """Return one request; one that failed has cost nothing."""
    return {
        "created": iso(usage.started_at),
        "status": "failed" if usage.outcome == "failed" else "succeeded",
        "origin": "api",
        "model": usage.model,
        "cost": amount_body(usage.cost),
        "tokens": {
            "input": usage.num_prompt_tokens,
            "output": usage.num_completion_tokens,
            "total": usage.num_prompt_tokens + usage.num_completion_tokens,
        },
        "request_id": usage.request_id,
        "inference_id": usage.request_id,
        "client_request_id": None,
    }


def transaction_row(usage: StoredUsage) -> JsonObject:
    """Return the charge of one request."""
    return {
        "created_at": iso(usage.started_at),
        "direction": "CHARGE",
        "type": "MODEL_USAGE",
        "amount": amount_body(usage.cost),
        "model": usage.model,
        "reference_id": usage.request_id,
    }


def balance_body(balance: Decimal | None, currency: str) -> JsonObject:
    """Return what is left of a budget; None: there is none, and so no end to it."""
    return {"current_balance": None if balance is None else float(balance), "currency": currency}


def balance_detail_body(balance: Decimal | None, currency: str, owner: str) -> JsonObject:
    """Return the balance and whose it is. Nothing is ever topped up by itself."""
    topup: Mapping[str, object] = {"is_enabled": False, "threshold": None, "amount": None, "currency": currency}
    return {**balance_body(balance, currency), "user_id": owner, "email": None, "autotopup_settings": topup}


def legacy_balance_body(balance: Decimal | None, now: float) -> JsonObject:
    """Return the balance in credits, in the older form."""
    left = None if balance is None else float(credits_of(balance))
    is_low = left is not None and left < LOW_BALANCE
    return {
        "balance": left,
        "lowBalance": is_low,
        "lowBalanceThreshold": LOW_BALANCE,
        "lastUpdated": iso(now),
        "autoDebitStatus": "disabled",
        "status": "current",
        "statusExplanation": "Balance is current and up to date",
    }
