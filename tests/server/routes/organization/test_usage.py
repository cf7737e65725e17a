"""/v1/organization/usage and /v1/organization/costs, on both databases."""

import csv
import io
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from openai import BadRequestError

from ossian.server.routes.organization.usage import NUM_EXPORTED
from ossian.storage.account_records import StoredUsage
from ossian.storage.usage import UsageStore
from tests.api.organization.records import REQUEST
from tests.server.keys import in_database
from tests.server.routes.organization.conftest import Admin
from tests.server.serving import ALIAS, MODEL, NOW, until

DAY = 24 * 3600
MIDNIGHT = NOW // DAY * DAY

numbers = count(1)


def used(at: float, **fields: Any) -> StoredUsage:
    """A request that began at a time, and cost a millionth."""
    usage_id = f"usage_{next(numbers):06}"
    given = {"project_id": "a", "key_id": "k", "model": "m", "cost": Decimal("0.000001"), **fields}
    return replace(REQUEST, id=usage_id, request_id=usage_id, started_at=at, **given)


def store(admin: Admin, *records: StoredUsage) -> None:
    in_database(admin.served, lambda database: database.usage.append(records))


@pytest.fixture(scope="module")
def filled(admin: Admin) -> Admin:
    """Requests of three days, one of them failed."""
    store(
        admin,
        used(MIDNIGHT - 2 * DAY, endpoint="responses"),
        used(MIDNIGHT - DAY + 1.5, project_id="b", key_id="l"),
        used(MIDNIGHT - DAY + 3600, project_id="b", key_id="l", model="n", cost=Decimal("0.30")),
        used(MIDNIGHT + 60),
        used(MIDNIGHT + 3599.75, status=500, outcome="failed", cost=Decimal(0)),
        used(MIDNIGHT + 3600, project_id=None, key_id=None),
    )
    return admin


def numbers_of(page: dict[str, Any], *names: str) -> list[list[tuple[Any, ...]]]:
    """What each bucket has under some names."""
    return [[tuple(result[name] for name in names) for result in bucket["results"]] for bucket in page["data"]]


def test_by_day_unless_asked_otherwise(filled: Admin) -> None:
    page = filled.get("/usage/completions", start_time=MIDNIGHT - 2 * DAY)
    assert [(bucket["start_time"], bucket["end_time"]) for bucket in page["data"]] == [
        (MIDNIGHT + day * DAY, MIDNIGHT + (day + 1) * DAY) for day in (-2, -1, 0)
    ]
    assert numbers_of(page, "num_model_requests", "num_failed_requests") == [[(1, 0)], [(2, 0)], [(3, 1)]]
    (total,) = page["data"][2]["results"]
    assert (total["input_tokens"], total["input_cached_tokens"], total["input_uncached_tokens"]) == (210, 120, 90)
    assert (total["output_tokens"], total["output_reasoning_tokens"]) == (90, 60)
    assert (page["has_more"], page["next_page"]) == (False, None)


@pytest.mark.parametrize(
    "width, start, nums",
    [
        ("1m", MIDNIGHT, [0, 1, 0]),
        ("1h", MIDNIGHT, [2, 1, 0]),
        ("1d", MIDNIGHT - 2 * DAY, [1, 2, 3]),
        ("1w", MIDNIGHT - 21 * DAY, [0, 0, 0]),
        ("1mo", MIDNIGHT - 60 * DAY, [0, 0, 6]),
    ],
)
def test_buckets_have_any_width(filled: Admin, width: str, start: int, nums: list[int]) -> None:
    page = filled.get("/usage/completions", start_time=start, bucket_width=width, limit=3)
    found = [sum(num for (num,) in bucket) for bucket in numbers_of(page, "num_model_requests")]
    assert found == nums


def test_a_report_begins_and_ends_to_the_second(filled: Admin) -> None:
    page = filled.get("/usage/completions", start_time=MIDNIGHT - DAY + 2, end_time=MIDNIGHT + 61)
    assert numbers_of(page, "num_model_requests") == [[(1,)], [(1,)]]
    assert (page["data"][0]["start_time"], page["data"][1]["end_time"]) == (MIDNIGHT - DAY + 2, MIDNIGHT + 61)


def test_requests_are_grouped(filled: Admin) -> None:
    options = {"start_time": MIDNIGHT - 2 * DAY, "bucket_width": "1mo"}
    page = filled.get("/usage/completions", **options, **{"group_by[]": "project_id"})
    (bucket,) = numbers_of(page, "project_id", "num_model_requests", "model")
    assert sorted(bucket, key=str) == [("a", 3, None), ("b", 2, None), (None, 1, None)]
    page = filled.get("/usage/completions", **options, group_by=["api_key_id", "model", "endpoint"])
    (bucket,) = numbers_of(page, "api_key_id", "model", "endpoint", "num_model_requests")
    assert ("l", "n", "chat.completions", 1) in bucket
    assert ("k", "m", "responses", 1) in bucket


@pytest.mark.parametrize(
    "name, values, num",
    [
        ("project_ids[]", ["a"], 3),
        ("project_ids", ["a", "b"], 5),
        ("api_key_ids", ["l"], 2),
        ("models", ["n", "x"], 1),
        ("endpoints", ["responses"], 1),
        ("endpoints", ["x"], 0),
    ],
)
def test_requests_are_filtered(filled: Admin, name: str, values: list[str], num: int) -> None:
    page = filled.get("/usage/completions", start_time=MIDNIGHT - 2 * DAY, **{name: values})
    assert sum(each for bucket in numbers_of(page, "num_model_requests") for (each,) in bucket) == num


def test_openais_client_goes_through_all_pages(filled: Admin) -> None:
    usage, page_name = filled.organization.usage, None
    found: list[int] = []
    while True:
        page = usage.completions(
            start_time=MIDNIGHT - 2 * DAY,
            end_time=MIDNIGHT + DAY,
            limit=1,
            group_by=["project_id", "model"],
            **({} if page_name is None else {"page": page_name}),  # type: ignore[arg-type]
        )
        for bucket in page.data:
            results = [result.to_dict() for result in bucket.results]
            found.append(sum(result["num_model_requests"] for result in results))  # type: ignore[misc]
        if not page.has_more:
            break
        page_name = page.next_page
    assert found == [1, 2, 3]


def test_costs_are_exact_and_failed_requests_cost_nothing(filled: Admin) -> None:
    page = filled.get("/costs", start_time=MIDNIGHT - 2 * DAY, group_by="line_item")
    amounts = [[(each["line_item"], each["amount"]["exact"]) for each in bucket["results"]] for bucket in page["data"]]
    assert amounts == [[("m", "0.000001")], [("m", "0.000001"), ("n", "0.3")], [("m", "0.000002")]]
    assert page["data"][1]["results"][1]["amount"] == {"value": 0.3, "currency": "usd", "exact": "0.3"}
    assert page["data"][0]["results"][0]["object"] == "organization.costs.result"


def test_openais_client_reads_costs(filled: Admin) -> None:
    page = filled.organization.usage.costs(start_time=MIDNIGHT - DAY, project_ids=["b"], limit=180)
    assert [[result.to_dict()["amount"]["value"] for result in bucket.results] for bucket in page.data] == [  # type: ignore[index]
        [0.300001],
        [],
    ]


@pytest.mark.parametrize("path", ["/usage/completions", "/costs", "/usage/requests", "/usage/requests.csv"])
@pytest.mark.parametrize(
    "params, param",
    [
        ({}, "start_time"),
        ({"start_time": "yesterday"}, "start_time"),
        ({"start_time": 5, "end_time": 5}, "end_time"),
        ({"start_time": 5, "user_ids": "u"}, "user_ids"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(admin: Admin, path: str, params: dict[str, Any], param: str) -> None:
    assert admin.refused("GET", path, params=params)["param"] == param


def test_openais_client_is_told_what_cannot_be_grouped_by(admin: Admin) -> None:
    with pytest.raises(BadRequestError, match="any of 'project_id', 'api_key_id', 'endpoint', 'model'") as caught:
        admin.organization.usage.completions(start_time=5, group_by=["user_id"])
    assert caught.value.param == "group_by"


def test_the_future_has_no_buckets(admin: Admin) -> None:
    page = admin.get("/usage/completions", start_time=NOW + DAY)
    assert page == {"object": "page", "data": [], "has_more": False, "next_page": None}


def test_requests_are_listed_in_pages(filled: Admin) -> None:
    options = {"start_time": MIDNIGHT - 2 * DAY, "limit": 4}
    first = filled.get("/usage/requests", **options)
    second = filled.get("/usage/requests", **options, after=first["last_id"])
    assert (len(first["data"]), first["has_more"], len(second["data"]), second["has_more"]) == (4, True, 2, False)
    times = [request["started_at"] for request in first["data"] + second["data"]]
    assert times == sorted(times)
    assert first["data"][0]["object"] == "organization.usage.request"
    newest = filled.get("/usage/requests", start_time=0, order="desc", limit=1)["data"]
    assert newest == second["data"][-1:]
    error = filled.refused("GET", "/usage/requests", 404, params={**options, "after": "usage_none"})
    assert (error["param"], error["code"]) == ("after", "request_not_found")


def test_requests_are_sent_as_a_file(filled: Admin) -> None:
    response = filled.ask("GET", "/usage/requests.csv", params={"start_time": MIDNIGHT - DAY, "project_ids": "b"})
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    name = f"requests-{MIDNIGHT - DAY}-{NOW + 1}.csv"
    assert response.headers["content-disposition"] == f'attachment; filename="{name}"'
    rows = list(csv.DictReader(io.StringIO(response.text, newline="")))
    assert [(row["model"], row["cost"]) for row in rows] == [("m", "0.000001"), ("n", "0.3")]


def test_a_file_can_be_empty(admin: Admin) -> None:
    response = admin.ask("GET", "/usage/requests.csv", params={"start_time": 0, "models": "none"})
    assert (response.status_code, response.text.count("\r\n")) == (200, 1)


def test_a_file_can_be_longer_than_what_is_read_at_a_time(admin: Admin) -> None:
    num = 2 * NUM_EXPORTED + 1
    store(admin, *(used(1000 + number // 3, project_id="long") for number in range(num)))
    response = admin.ask("GET", "/usage/requests.csv", params={"start_time": 1000, "end_time": 100_000})
    rows = list(csv.DictReader(io.StringIO(response.text, newline="")))
    assert len({row["request_id"] for row in rows}) == len(rows) == num
    assert [row["started_at"] for row in rows] == sorted(row["started_at"] for row in rows)


def test_a_file_has_all_that_is_left_when_requests_are_erased_meanwhile(
    admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ossian.server.routes.organization.usage.NUM_EXPORTED", 2)
    read = UsageStore.page

    async def read_and_erase(store: UsageStore, *arguments: Any) -> Any:
        page = await read(store, *arguments)
        await store.purge(103)
        return page

    monkeypatch.setattr(UsageStore, "page", read_and_erase)
    store(admin, *(used(100 + number) for number in range(6)))
    response = admin.ask("GET", "/usage/requests.csv", params={"start_time": 100, "end_time": 106})
    rows = list(csv.DictReader(io.StringIO(response.text, newline="")))
    assert [row["started_at"][-7:] for row in rows] == ["40.000Z", "41.000Z", "43.000Z", "44.000Z", "45.000Z"]


def test_a_request_is_in_the_reports_soon_after_its_end(admin: Admin) -> None:
    project = admin.project()
    key = admin.post(f"/projects/{project}/api_keys", name="laptop")
    headers = {"authorization": f"Bearer {key['value']}", "x-request-id": "mine"}
    body = {"model": ALIAS, "messages": [{"role": "user", "content": "2+2?"}]}
    usage = admin.served.post(json=body, headers=headers).json()["usage"]
    params = {"start_time": NOW - 60, "project_ids[]": project}
    until(lambda: bool(admin.get("/usage/requests", **params)["data"]))
    (request,) = admin.get("/usage/requests", **params)["data"]
    asked = (request["request_id"], request["model_asked"], request["model"], request["api_key_id"])
    assert asked == ("mine", ALIAS, MODEL, key["id"])
    assert (request["status"], request["outcome"], request["endpoint"]) == (200, "succeeded", "chat.completions")
    assert request["input_tokens"] == usage["prompt_tokens"]
    assert request["output_tokens"] == usage["completion_tokens"]
    (bucket,) = admin.get("/usage/completions", **params, group_by="api_key_id")["data"]
    (result,) = bucket["results"]
    assert (result["api_key_id"], result["num_model_requests"]) == (key["id"], 1)
