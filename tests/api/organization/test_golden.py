"""The admin API's objects, to the byte; and OpenAI's own client takes those that it knows."""

import json
from typing import Any

import pytest
from openai.types.admin.organization import AdminAPIKey, Project, UsageCompletionsResponse, UsageCostsResponse
from openai.types.admin.organization.audit_log_list_response import AuditLogListResponse
from openai.types.admin.organization.projects import ProjectAPIKey, ProjectRateLimit, ProjectSpendLimit
from pydantic import BaseModel

from tests.api.organization.golden_objects import GOLDEN, objects, text_of

OPENAI: dict[str, type[BaseModel]] = {
    "project.json": Project,
    "project_with_everything.json": Project,
    "api_key.json": ProjectAPIKey,
    "api_key_with_everything.json": ProjectAPIKey,
    "admin_api_key.json": AdminAPIKey,
    "rate_limit.json": ProjectRateLimit,
    "spend_limit.json": ProjectSpendLimit,
    "audit_log_by_key.json": AuditLogListResponse,
    "audit_log_on_the_server.json": AuditLogListResponse,
    "audit_log_of_limits.json": AuditLogListResponse,
    "audit_log_without_details.json": AuditLogListResponse,
    "usage.json": UsageCompletionsResponse,
    "costs.json": UsageCostsResponse,
}


@pytest.mark.parametrize("name", objects())
def test_an_object_is_as_it_was(name: str) -> None:
    assert text_of(objects()[name]) == (GOLDEN / name).read_bytes().decode()


def test_every_golden_file_has_its_object() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(objects())


@pytest.mark.parametrize("name", OPENAI)
def test_openais_client_takes_it(name: str) -> None:
    """Strictly, as its option `_strict_response_validation` does."""
    body: dict[str, Any] = json.loads((GOLDEN / name).read_text(encoding="utf-8"))
    read = OPENAI[name].model_validate(body)
    assert read.model_dump(by_alias=True, mode="json", exclude_unset=True) == body


@pytest.mark.parametrize("name", ["api_key.json", "api_key_with_everything.json", "admin_api_key.json"])
def test_no_digest_leaves(name: str) -> None:
    text = (GOLDEN / name).read_text(encoding="utf-8")
    assert "digest" not in text
    assert not any(digit * 64 in text for digit in "012")
