"""A running server, on both databases, and its administrator."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import DefaultHttpxClient, OpenAI
from openai.resources.admin.organization import Organization

from tests.conftest import BOTH_DATABASES
from tests.databases import delete_rows, postgresql_url, sqlite_url
from tests.server.keys import Made, make_admin_key
from tests.server.serving import Served, scripted, serving


@dataclass(frozen=True)
class Admin:
    """An administrator, over HTTP. `call` is below /v1/organization and must succeed; `refused` must not."""

    served: Served
    key: Made
    http: httpx2.Client
    organization: Organization

    def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        return self.http.request(method, f"/v1/organization{path}", **options)

    def get(self, path: str, **params: Any) -> Any:
        return self._succeeded(self.ask("GET", path, params=params))

    def post(self, path: str, **body: Any) -> Any:
        return self._succeeded(self.ask("POST", path, json=body))

    def delete(self, path: str) -> Any:
        return self._succeeded(self.ask("DELETE", path))

    def refused(self, method: str, path: str, status: int = 400, **options: Any) -> dict[str, Any]:
        """The error that a request gets."""
        response = self.ask(method, path, **options)
        assert response.status_code == status, response.text
        error: dict[str, Any] = response.json()["error"]
        assert error.keys() == {"message", "type", "param", "code"}
        return error

    def project(self, **fields: Any) -> str:
        """The id of a new project, of a name of its own."""
        number = len(self.get("/projects", limit=100, include_archived="true")["data"])
        project_id: str = self.post("/projects", **{"name": f"project {number}", **fields})["id"]
        return project_id

    def events(self, **params: Any) -> list[dict[str, Any]]:
        """The newest events of the audit log."""
        events: list[dict[str, Any]] = self.get("/audit_logs", **params)["data"]
        return events

    def _succeeded(self, response: httpx2.Response) -> Any:
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture(scope="module", params=BOTH_DATABASES)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, model_file: Path
) -> Iterator[Served]:
    """A server whose database begins without rows."""
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("organization")
        shutil.copy(model_file, folder)
        url = sqlite_url(folder)
    else:
        url = postgresql_url()
        delete_rows(url)
    with serving(scripted(num_cached_tokens=5), sections={"database_url": url}) as served:
        yield served


@pytest.fixture(scope="module")
def admin(served: Served) -> Iterator[Admin]:
    key = make_admin_key(served)
    plain = DefaultHttpxClient(verify=False, trust_env=False)
    client = OpenAI(
        base_url=f"{served.url}/v1",
        admin_api_key=key.secret,
        max_retries=0,
        http_client=plain,
        _strict_response_validation=True,
    )
    with served.http(headers=key.headers) as http, client:
        yield Admin(served, key, http, client.admin.organization)
