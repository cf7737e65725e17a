"""What Ossian's admin API can do besides OpenAI's: limits, budgets and scopes, and keys that are made over HTTP.

The part they share is `client.admin.organization`. Times are in seconds since 1970.
"""

from typing import Final, Literal, TypedDict, Unpack

from openai import RequestOptions
from openai.resources.admin import Admin as OpenAIAdmin
from openai.resources.admin import AsyncAdmin as OpenAIAsyncAdmin
from openai.types.admin.organization import Project as OpenAIProject
from openai.types.admin.organization.projects import ProjectAPIKey

_AS_ADMIN: Final[RequestOptions] = {"security": {"admin_api_key_auth": True}}
_PROJECTS: Final = "/organization/projects"


class Limits(TypedDict, total=False):
    """What is left out or None has no limit."""

    requests_per_minute: int | None
    tokens_per_minute: int | None
    concurrent_requests: int | None


class Budget(TypedDict, total=False):
    """An amount of the catalog's currency, as a string so that it is exact, and when it begins anew."""

    amount: str
    period: Literal["day", "week", "month", "none"]


class Scopes(TypedDict, total=False):
    """What is left out or None is not restricted."""

    endpoints: list[str] | None
    models: list[str] | None


class ProjectSettings(TypedDict, total=False):
    """What a project can be given. None: the server's own limits, no budget."""

    limits: Limits | None
    model_limits: dict[str, Limits] | None
    budget: Budget | None


class KeySettings(TypedDict, total=False):
    """What a key can be given. None: no expiry, nothing restricted, the server's limits."""

    description: str | None
    enabled: bool
    expires_at: int | None
    expires_in_seconds: int
    scopes: Scopes | None
    limits: Limits | None
    budget: Budget | None


class ProjectChanges(ProjectSettings, total=False):
    """What can be changed of a project."""

    name: str


class KeyChanges(KeySettings, total=False):
    """What can be changed of a key."""

    name: str


class Project(OpenAIProject):
    """A project; its settings are as they were given."""

    limits: dict[str, int | None] | None = None
    model_limits: dict[str, dict[str, int | None]] | None = None
    budget: dict[str, str] | None = None


class Key(ProjectAPIKey):
    """A project's key; its settings are as they were given."""

    project_id: str
    status: Literal["active", "disabled", "expired", "revoked"]
    enabled: bool
    description: str | None = None
    revoked_at: int | None = None
    scopes: dict[str, list[str] | None] | None = None
    limits: dict[str, int | None] | None = None
    budget: dict[str, str] | None = None


class NewKey(Key):
    """A key that has just been made: its secret, `value`, is told only now."""

    value: str


class Admin(OpenAIAdmin):
    """The admin API."""

    def create_project(self, name: str, **settings: Unpack[ProjectSettings]) -> Project:
        """Make a project.

        client.admin.create_project("demo", limits={"requests_per_minute": 400})
        """
        return self._post(_PROJECTS, body={"name": name, **settings}, cast_to=Project, options=_AS_ADMIN)

    def update_project(self, project_id: str, **changes: Unpack[ProjectChanges]) -> Project:
        """Change a project. What is not given stays as it is."""
        return self._post(f"{_PROJECTS}/{project_id}", body=changes, cast_to=Project, options=_AS_ADMIN)

    def create_key(self, project_id: str, name: str, **settings: Unpack[KeySettings]) -> NewKey:
        """Make a key of a project.

        client.admin.create_key(project.id, "laptop", scopes={"models": ["gpt-oss-20b"]}).value
        """
        body = {"name": name, **settings}
        return self._post(f"{_PROJECTS}/{project_id}/api_keys", body=body, cast_to=NewKey, options=_AS_ADMIN)

    def update_key(self, project_id: str, key_id: str, **changes: Unpack[KeyChanges]) -> Key:
        """Change a key. What is not given stays as it is."""
        return self._post(f"{_PROJECTS}/{project_id}/api_keys/{key_id}", body=changes, cast_to=Key, options=_AS_ADMIN)


class AsyncAdmin(OpenAIAsyncAdmin):
    """The admin API, for use with asyncio; see Admin."""

    async def create_project(self, name: str, **settings: Unpack[ProjectSettings]) -> Project:
        """Make a project."""
        return await self._post(_PROJECTS, body={"name": name, **settings}, cast_to=Project, options=_AS_ADMIN)

    async def update_project(self, project_id: str, **changes: Unpack[ProjectChanges]) -> Project:
        """Change a project. What is not given stays as it is."""
        return await self._post(f"{_PROJECTS}/{project_id}", body=changes, cast_to=Project, options=_AS_ADMIN)

    async def create_key(self, project_id: str, name: str, **settings: Unpack[KeySettings]) -> NewKey:
        """Make a key of a project."""
        body = {"name": name, **settings}
        return await self._post(f"{_PROJECTS}/{project_id}/api_keys", body=body, cast_to=NewKey, options=_AS_ADMIN)

    async def update_key(self, project_id: str, key_id: str, **changes: Unpack[KeyChanges]) -> Key:
        """Change a key. What is not given stays as it is."""
        path = f"{_PROJECTS}/{project_id}/api_keys/{key_id}"
        return await self._post(path, body=changes, cast_to=Key, options=_AS_ADMIN)
