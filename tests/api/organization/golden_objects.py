"""Golden files of the admin API's objects. `python -m tests.api.organization.golden_objects` writes them anew."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from ossian.api.organization.admin_api_keys import admin_key_body
from ossian.api.organization.api_keys import key_body
from ossian.api.organization.audit_logs import audit_body
from ossian.api.organization.projects import project_body
from ossian.api.organization.rate_limits import rate_limit_body
from ossian.api.organization.requests import csv_head, csv_lines, request_body
from ossian.api.organization.spend_limits import spend_limit_body
from ossian.api.organization.usage import bucket_body, completions_result, costs_result, page_body
from tests.api.organization.records import (
    ADMIN_KEY,
    BARE,
    BY_KEY,
    FULL_KEY,
    FULL_PROJECT,
    KEY,
    LIMITS_UPDATED,
    ON_THE_SERVER,
    PROJECT,
    REQUEST,
    TOTAL,
)

GOLDEN = Path(__file__).parent / "golden"
DAY = (1_763_596_800, 1_763_683_200)


def objects() -> dict[str, Any]:
    anonymous = replace(
        REQUEST, project_id=None, key_id=None, time_to_first_token=None, request_id="=cmd()", status=499
    )
    return {
        "project.json": project_body(PROJECT),
        "project_with_everything.json": project_body(FULL_PROJECT),
        "api_key.json": key_body(KEY, PROJECT, "active"),
        "api_key_with_everything.json": key_body(FULL_KEY, FULL_PROJECT, "revoked"),
        "admin_api_key.json": admin_key_body(ADMIN_KEY, "active"),
        "rate_limit.json": rate_limit_body("gpt-oss-20b", {"requests_per_minute": 400, "tokens_per_minute": None}),
        "spend_limit.json": spend_limit_body({"amount": "12.505", "period": "month"}, "USD", is_spent=True),
        "audit_log_by_key.json": audit_body(BY_KEY),
        "audit_log_on_the_server.json": audit_body(ON_THE_SERVER),
        "audit_log_of_limits.json": audit_body(LIMITS_UPDATED),
        "audit_log_without_details.json": audit_body(BARE),
        "usage.json": page_body([bucket_body(*DAY, [completions_result(TOTAL)])], DAY[1]),
        "costs.json": page_body([bucket_body(*DAY, [costs_result(TOTAL, "USD")])], None),
        "request.json": request_body(REQUEST),
        "requests.csv": csv_head() + csv_lines([REQUEST, anonymous]),
    }


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def write() -> None:
    for name, value in objects().items():
        (GOLDEN / name).write_text(text_of(value), encoding="utf-8", newline="")


if __name__ == "__main__":
    write()
