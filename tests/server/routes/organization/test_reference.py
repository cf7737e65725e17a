"""The page on the admin API: every endpoint, field, parameter and error code there is, and no other endpoint."""

import re
from inspect import getsourcefile
from pathlib import Path
from typing import Any

import pytest
from openai.resources.admin import organization as client
from pydantic import BaseModel

from ossian.accounts.audit import AuditType
from ossian.api.organization.admin_api_keys import CreateAdminKeyRequest, UpdateAdminKeyRequest, admin_key_body
from ossian.api.organization.api_keys import CreateKeyRequest, UpdateKeyRequest, key_body
from ossian.api.organization.audit_logs import PARAMETERS, audit_body
from ossian.api.organization.projects import CreateProjectRequest, UpdateProjectRequest, project_body
from ossian.api.organization.rate_limits import UpdateRateLimitRequest, rate_limit_body
from ossian.api.organization.requests import COLUMNS
from ossian.api.organization.spend_limits import UpdateSpendLimitRequest, spend_limit_body
from ossian.api.organization.usage import COSTS, USAGE, WIDTHS, completions_result, costs_result
from tests.api.organization.records import ADMIN_KEY, BY_KEY, KEY, PROJECT, TOTAL
from tests.repository import PACKAGE, ROOT
from tests.server.serving import Served

PAGE = (ROOT / "docs" / "reference" / "admin-api.md").read_text(encoding="utf-8")
WORDS = set(re.findall(r"`([^`]+)`", PAGE))
ENDPOINT_ROW = re.compile(r"^\| `([A-Z]+) (/\S+)` \| (yes|ours) \| .+ \|$", re.MULTILINE)
CALL = re.compile(r'self\._(get|post|delete|get_api_list)\(\s*(?:path_template\(\s*)?"(/organization/[^"]*)"')
PARAMETER = re.compile(r"\{\w+\}")

REQUESTS = [
    CreateProjectRequest,
    UpdateProjectRequest,
    CreateKeyRequest,
    UpdateKeyRequest,
    UpdateRateLimitRequest,
    UpdateSpendLimitRequest,
    CreateAdminKeyRequest,
    UpdateAdminKeyRequest,
]
OBJECTS: list[dict[str, Any]] = [
    project_body(PROJECT),
    key_body(KEY, PROJECT, "active"),
    admin_key_body(ADMIN_KEY, "active"),
    rate_limit_body("m", {}),
    spend_limit_body({"amount": "1", "period": "day"}, "USD", is_spent=False),
    {name: value for name, value in audit_body(BY_KEY).items() if name != BY_KEY.type},
]


def openais_calls() -> set[tuple[str, str]]:
    """What OpenAI's client asks, as methods and paths without names."""
    folder = Path(getsourcefile(client) or "").parent
    sources = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py")))
    calls = {(name.partition("_")[0].upper(), PARAMETER.sub("{}", path)) for name, path in CALL.findall(sources)}
    assert len(calls) > 50
    return calls


def test_the_table_has_the_endpoints_that_there_are(served: Served) -> None:
    paths = served.get("/openapi.json").json()["paths"]
    routes = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    documented = [f"{method} {path}" for method, path, _ in ENDPOINT_ROW.findall(PAGE)]
    assert sorted(documented) == sorted(route for route in routes if "/v1/organization" in route)


def test_the_endpoints_that_are_called_openais_are_those_of_its_client() -> None:
    calls = openais_calls()
    for method, path, whose in ENDPOINT_ROW.findall(PAGE):
        is_openais = (method, PARAMETER.sub("{}", path.removeprefix("/v1"))) in calls
        assert is_openais == (whose == "yes"), f"{method} {path}"


@pytest.mark.parametrize("schema", REQUESTS)
def test_every_field_of_a_request_is_documented(schema: type[BaseModel]) -> None:
    assert set(schema.model_fields) - WORDS == set()


@pytest.mark.parametrize("body", OBJECTS, ids=lambda body: body["object"])
def test_every_field_of_an_object_is_documented(body: dict[str, Any]) -> None:
    assert body.keys() - WORDS == set()
    assert body["object"] in WORDS


def test_every_field_of_the_reports_is_documented() -> None:
    used, cost = completions_result(TOTAL), costs_result(TOTAL, "USD")
    names = used.keys() | cost.keys() | cost["amount"].keys()
    assert {name for name in names if "audio" not in name} - WORDS - {"object"} == set()
    assert set(COLUMNS) - WORDS == set()


def test_every_parameter_is_documented() -> None:
    assert {*USAGE.parameters, *COSTS.parameters, *PARAMETERS, *USAGE.groups, *COSTS.groups, *WIDTHS} - WORDS == set()
    assert {"after", "limit", "order", "include_archived", "include_revoked"} - WORDS == set()


def test_every_kind_of_event_is_documented() -> None:
    assert set(AuditType) - WORDS == set()


def test_every_error_code_is_documented() -> None:
    folders = [PACKAGE / "server" / "routes" / "organization", PACKAGE / "api" / "organization"]
    files = [*(path for folder in folders for path in folder.glob("*.py")), PACKAGE / "accounts" / "administration.py"]
    codes = {code for path in files for code in re.findall(r'code="(\w+)"', path.read_text(encoding="utf-8"))}
    assert {"project_not_found", "name_taken", "invalid_value"} <= codes
    assert codes - WORDS == set()
