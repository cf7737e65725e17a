"""/project/p-…: the caller's own project, by its id, its name or a number."""

from collections.abc import Iterator

import httpx2
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.server.keys import Made, make_key, make_project
from tests.server.serving import MODEL, Served, scripted, serving

ASKED = {"messages": [{"role": "user", "content": "2+2?"}]}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(scripted(), sections={"vendors": {"project_aliases": {"1234": "shop", "77": "other"}}}) as running:
        yield running


@pytest.fixture(scope="module")
def key(served: Served) -> Made:
    return make_key(served, make_project(served, "shop"))


def chat(served: Served, project: str, made: Made | None = None, query: str = "") -> httpx2.Response:
    path = f"/project/p-{project}/genai/gpt_oss_120b/v1/chat/completions{query}"
    return served.post(path, json=ASKED, headers=made.headers if made else {})


@pytest.mark.parametrize("query", ["", "?project_id=1234", "?project_id=shop"])
def test_the_callers_own_project_by_all_its_names(served: Served, key: Made, query: str) -> None:
    for project in ("1234", "shop"):
        answer = chat(served, project, key, query)
        assert (answer.status_code, answer.json()["model"]) == (200, MODEL)
    assert chat(served, key.project_id, key).status_code == 200
    assert chat(served, key.project_id, key, f"?project_id={key.project_id}").status_code == 200


@pytest.mark.parametrize("project", ["77", "other", "proj_0", "99"])
def test_another_project_is_refused(served: Served, key: Made, project: str) -> None:
    answer = chat(served, project, key)
    assert answer.status_code == 403
    assert answer.json()["error"]["param"] == "project_id"
    assert f"not of the project '{project}'" in answer.json()["error"]["message"]


def test_an_address_of_two_projects_is_refused(served: Served, key: Made) -> None:
    answer = chat(served, "1234", key, "?project_id=77")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 400)
    assert "different projects" in answer.json()["error"]["message"]


def test_without_keys_any_project_will_do(server: Served) -> None:
    assert chat(server, "1234", query="?project_id=1234").status_code == 200


def test_anonymous_callers_from_elsewhere_have_no_project() -> None:
    sections = {"access": {"anonymous": "anywhere"}}
    with serving(scripted(), sections=sections) as served:
        path = "/project/p-1/genai/gpt_oss_120b/v1/chat/completions"
        answer = served.post(path, json=ASKED, headers={"host": "models.example"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 401)


def test_a_key_of_the_settings_has_a_project_by_its_name() -> None:
    sections = {"vendors": {"project_aliases": {"1234": "settings key 1"}}}
    with serving(scripted(), sections=sections, api_keys=["secret"]) as served:
        key = Made("", "", "secret")
        assert chat(served, "1234", key).status_code == 200
        assert chat(served, "99", key).status_code == 403


def test_a_websocket_at_the_address_of_another_project_is_refused(served: Served, key: Made) -> None:
    url = served.url.replace("http://", "ws://")
    headers = key.headers
    with connect(f"{url}/project/p-1234/genai/v1/responses", additional_headers=headers, proxy=None):
        pass
    for project in ("77", "proj_0"):
        with pytest.raises(InvalidStatus) as refused:
            connect(f"{url}/project/p-{project}/genai/v1/responses", additional_headers=headers, proxy=None)
        assert refused.value.response.status_code == 403
