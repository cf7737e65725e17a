import csv
import io
import time
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ossian.storage import StoredUsage
from ossian.storage.usage import UsageStore
from tests.cli.conftest import Commands


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


RECORD = StoredUsage(
    id="usage_1",
    request_id="req_1",
    endpoint="responses",
    model_asked="gpt-oss-20b",
    model="gpt-oss-20b",
    started_at=at("2026-03-05 10:30"),
    duration=0.5,
    status=200,
    outcome="succeeded",
    num_prompt_tokens=1000,
    num_cached_tokens=400,
    num_completion_tokens=20,
    num_reasoning_tokens=5,
    cost=Decimal("0.0000125"),
)
EVER = ("--from", "2026-01-01", "--to", "2026-12-31")


def use(ossian: Commands, *records: dict[str, Any]) -> None:
    rows = [replace(RECORD, **({"id": f"usage_{number}"} | each)) for number, each in enumerate(records)]
    ossian.in_database(lambda database: database.usage.append(rows))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_sums_by_day(ossian: Commands) -> None:
    use(ossian, {}, {}, {"started_at": at("2026-03-06 00:00"), "outcome": "failed", "cost": Decimal(0)})
    assert ossian.json("usage", *EVER) == {
        "object": "list",
        "data": [
            {
                "start": "2026-03-05T00:00:00Z",
                "requests": 2,
                "failed_requests": 0,
                "input_tokens": 2000,
                "input_cached_tokens": 800,
                "output_tokens": 40,
                "output_reasoning_tokens": 10,
                "seconds": 1.0,
                "cost": "0.000025",
                "currency": "USD",
            },
            {
                "start": "2026-03-06T00:00:00Z",
                "requests": 1,
                "failed_requests": 1,
                "input_tokens": 1000,
                "input_cached_tokens": 400,
                "output_tokens": 20,
                "output_reasoning_tokens": 5,
                "seconds": 0.5,
                "cost": "0",
                "currency": "USD",
            },
        ],
        "has_more": False,
    }


def test_the_table_has_the_same_figures(ossian: Commands) -> None:
    use(ossian, {}, {})
    lines = ossian.run("usage", *EVER).splitlines()
    assert lines[0].split("  ")[0].strip() == "start"
    assert lines[1].split() == [
        "2026-03-05T00:00:00Z", "2", "0", "2,000", "800", "40", "10", "1.0", "0.000025", "USD",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "period, start",
    [
        ("hour", "2026-03-05T10:00:00Z"),
        ("day", "2026-03-05T00:00:00Z"),
        ("week", "2026-03-02T00:00:00Z"),
        ("month", "2026-03-01T00:00:00Z"),
        ("all", "2026-01-01T00:00:00Z"),
    ],
)
def test_periods_are_those_of_the_calendar(ossian: Commands, period: str, start: str) -> None:
    use(ossian, {})
    assert [row["start"] for row in ossian.json("usage", "--by", period, *EVER)["data"]] == [start]


def test_groups_are_shown_with_names_and_ids(ossian_on_both: Commands) -> None:
    ossian = ossian_on_both
    key = ossian.json("keys", "create", "laptop")
    mine = {"project_id": key["project_id"], "key_id": key["id"]}
    use(ossian, mine, mine | {"model": "gpt-oss-120b"}, {}, {"project_id": "of-the-settings", "key_id": "a"})
    found = ossian.json("usage", "--by", "all", "--group", "project, key,model", *EVER)["data"]
    assert [(row["project"], row["key"], row["model"], row["requests"]) for row in found] == [
        (None, None, "gpt-oss-20b", 1),
        ("of-the-settings", "a", "gpt-oss-20b", 1),
        ("default", "laptop", "gpt-oss-120b", 1),
        ("default", "laptop", "gpt-oss-20b", 1),
    ]
    assert (found[2]["project_id"], found[2]["key_id"]) == (key["project_id"], key["id"])
    table = ossian.run("usage", "--group", "project", *EVER)
    assert "(none)" in table
    assert "default" in table
    assert key["project_id"] not in table


def test_csv_has_all_that_is_left_when_requests_are_erased_meanwhile(
    ossian: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ossian.cli.usage_report.PAGE", 2)
    read = UsageStore.page

    async def read_and_erase(store: UsageStore, *arguments: Any) -> Any:
        page = await read(store, *arguments)
        await store.purge(RECORD.started_at + 3)
        return page

    monkeypatch.setattr(UsageStore, "page", read_and_erase)
    use(ossian, *({"request_id": f"req_{number}", "started_at": RECORD.started_at + number} for number in range(6)))
    found = rows(ossian.run("usage", "--requests", "--csv", "-", *EVER))
    assert [row["request_id"] for row in found] == ["req_0", "req_1", "req_3", "req_4", "req_5"]


@pytest.mark.parametrize(
    "options, expected",
    [
        (["--project", "default"], 2),
        (["--key", "laptop"], 1),
        (["--model", "gpt-oss-120b"], 1),
        (["--project", "default", "--model", "gpt-oss-120b"], 0),
        ([], 4),
    ],
)
def test_filters(ossian: Commands, options: list[str], expected: int) -> None:
    first, second = (ossian.json("keys", "create", name) for name in ["laptop", "phone"])
    mine = [{"project_id": key["project_id"], "key_id": key["id"]} for key in [first, second]]
    use(ossian, *mine, {}, {"model": "gpt-oss-120b"})
    found = ossian.json("usage", "--by", "all", *EVER, *options)["data"]
    assert sum(row["requests"] for row in found) == expected


def test_the_last_thirty_days_are_shown_by_themselves(ossian: Commands) -> None:
    now, day = time.time(), 86400
    use(ossian, {"started_at": now - 1}, {"started_at": now - 29 * day}, {"started_at": now - 32 * day})
    assert sum(row["requests"] for row in ossian.json("usage")["data"]) == 2
    assert sum(row["requests"] for row in ossian.json("usage", "--from", "40d", "--to", "1d")["data"]) == 2
    assert sum(row["requests"] for row in ossian.json("usage", "--from", "3h", "--by", "all")["data"]) == 1
    every = sum(row["requests"] for row in ossian.json("usage", "--from", "2026-01-01", "--by", "all")["data"])
    assert sum(row["requests"] for row in ossian.json("usage", "--from", "999999w", "--by", "all")["data"]) == every


def test_csv_has_a_line_for_each_sum(ossian: Commands, tmp_path: Path) -> None:
    key = ossian.json("keys", "create", "=laptop")
    use(ossian, {"project_id": key["project_id"], "key_id": key["id"]}, {"started_at": at("2026-03-06")})
    text = ossian.run("usage", "--group", "key,model", "--csv", "-", *EVER)
    first, second = rows(text)
    assert first["key"] == "'=laptop", "spreadsheets run what begins with ="
    assert (first["key_id"], first["model"], first["cost"]) == (key["id"], "gpt-oss-20b", "0.0000125")
    assert (second["key"], second["key_id"], second["start"]) == ("", "", "2026-03-06T00:00:00Z")
    file = tmp_path / "usage.csv"
    assert ossian.run("usage", "--group", "key,model", "--csv", str(file), *EVER) == ""
    assert rows(file.read_text()) == [first, second]


def test_csv_of_nothing_has_its_first_line(ossian: Commands) -> None:
    assert ossian.run("usage", "--csv", "-").startswith("start,requests,failed_requests,")
    assert rows(ossian.run("usage", "--requests", "--csv", "-")) == []


def test_csv_has_a_line_for_each_request_when_asked(ossian: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ossian.cli.usage_report.PAGE", 2)
    use(ossian, *({"started_at": RECORD.started_at + number} for number in range(5)), {"model": "gpt-oss-120b"})
    found = rows(ossian.run("usage", "--requests", "--csv", "-", "--model", "gpt-oss-20b", *EVER))
    assert len(found) == 5
    assert found[0]["started_at"] == "2026-03-05T10:30:00.000Z"
    assert (found[0]["request_id"], found[0]["input_tokens"], found[0]["cost"]) == ("req_1", "1000", "0.0000125")


@pytest.mark.parametrize(
    "options, expected",
    [
        (["--by", "year"], "--by takes hour, day, week, month, all; not 'year'."),
        (["--group", "model,user"], "--group takes model, key, project, endpoint; not 'user'."),
        (["--from", "soon"], "--from takes 30d, 12h, or a date of UTC like 2026-11-01; not 'soon'."),
        (["--from", "2026-02-02", "--to", "2026-01-01"], "--from must be before --to."),
        (["--requests"], "give --csv FILE, or --csv - for standard output"),
        (["--csv", "-", "--json"], "Give --csv or --json, not both."),
        (
            ["--csv", "/nowhere/usage.csv"],
            "The file '/nowhere/usage.csv' cannot be written: No such file",
        ),
        (["--project", "nope"], "There is no project 'nope'"),
        (["--key", "nope"], "There is no API key 'nope'"),
    ],
)
def test_what_cannot_be_is_refused(ossian: Commands, options: list[str], expected: str) -> None:
    assert expected in ossian.refusal("usage", *options)
