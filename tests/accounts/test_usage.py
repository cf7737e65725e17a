from dataclasses import replace
from decimal import Decimal

import pytest

from ossian.accounts.scopes import Endpoint
from ossian.accounts.usage import Outcome, UsageRecord
from ossian.harmony.events import Usage

RECORD = UsageRecord(
    request_id="req_1",
    endpoint=Endpoint.CHAT_COMPLETIONS,
    model_asked="gpt-oss@cheapest",
    model="gpt-oss-20b",
    started_at=1000.5,
    duration=2.5,
    status=200,
    project_id="proj_1",
    key_id="key_1",
    time_to_first_token=0.3,
    usage=Usage(num_prompt_tokens=1000, num_completion_tokens=100),
    price=Decimal("0.000068"),
)


@pytest.mark.parametrize(
    "status, outcome, cost",
    [
        (200, Outcome.SUCCEEDED, "0.000068"),
        (499, Outcome.ABORTED, "0.000068"),
        (400, Outcome.FAILED, "0"),
        (429, Outcome.FAILED, "0"),
        (500, Outcome.FAILED, "0"),
        (503, Outcome.FAILED, "0"),
    ],
)
def test_failed_requests_cost_nothing(status: int, outcome: Outcome, cost: str) -> None:
    record = replace(RECORD, status=status)
    assert (record.outcome, record.cost) == (outcome, Decimal(cost))


def test_a_request_that_reached_no_model_used_nothing() -> None:
    record = UsageRecord("req_2", Endpoint.RESPONSES, "no-such-model", "", 1000.0, 0.01, 404)
    assert (record.usage, record.cost, record.outcome) == (Usage(), Decimal(0), Outcome.FAILED)
    assert (record.project_id, record.key_id, record.time_to_first_token) == (None, None, None)
