"""The wire format of projects: OpenAI's, and what ours can be given besides."""

from typing import Annotated, Final, TypeAlias

from pydantic import Field

from ossian.api.fields import JsonObject, RequestModel, refused
from ossian.api.organization.settings_fields import BudgetObject, LimitsObject, ModelLimits
from ossian.storage.account_records import StoredProject

Name: TypeAlias = Annotated[str, Field(description="Appears in reports and messages.")]
_NO_EXTERNAL_KEY: Final = refused("This server keeps no external encryption keys.")
_NO_REGION: Final = refused("Everything is kept where this server is.")


class ProjectSettings(RequestModel):
    """What a project can be given when it is made and later. Null: the server's own limits, no budget."""

    limits: LimitsObject | None = Field(default=None, description="Of each model by itself.")
    model_limits: ModelLimits | None = Field(default=None, description="Limits of the models that have others, by id.")
    budget: BudgetObject | None = None
    external_key_id: Annotated[None, _NO_EXTERNAL_KEY] = None
    geography: Annotated[None, _NO_REGION] = None
    residency: Annotated[None, _NO_REGION] = None


class CreateProjectRequest(ProjectSettings):
    """The request of `POST /v1/organization/projects`."""

    name: Name


class UpdateProjectRequest(ProjectSettings):
    """The request of `POST /v1/organization/projects/{id}`. What is left out stays as it is."""

    name: Name | None = None


def project_body(project: StoredProject) -> JsonObject:
    """Return a project."""
    return {
        "id": project.id,
        "object": "organization.project",
        "name": project.name,
        "created_at": project.created_at,
        "archived_at": project.archived_at,
        "status": "active" if project.archived_at is None else "archived",
        "limits": project.limits,
        "model_limits": project.model_limits,
        "budget": project.budget,
    }
