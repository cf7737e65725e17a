import pytest

from tests.api.shapes import faults
from tests.server.serving import ALIAS, ALIASES, MODEL, NOW, Served


def test_the_models_that_are_served(server: Served) -> None:
    body = server.get("/v1/models").json()
    assert faults(body, "ListModelsResponse") == []
    assert body["data"] == [
        {
            "id": MODEL,
            "object": "model",
            "created": NOW - 1000,
            "owned_by": "ossian",
            "context_length": 131_072,
            "context_window": 131_072,
            "max_model_len": 131_072,
            "aliases": list(ALIASES),
        }
    ]


@pytest.mark.parametrize("name", [MODEL, ALIAS, "gpt-oss-20b", "openai%2Fgpt-oss-20b"])
def test_a_model_by_any_of_its_names(server: Served, name: str) -> None:
    body = server.get(f"/v1/models/{name}").json()
    assert faults(body, "Model") == []
    assert body["id"] == MODEL


@pytest.mark.parametrize("name", ["nothing", "openai/nothing", "OSSIAN-NANO", "a/b/c"])
def test_a_model_that_is_not_served(server: Served, name: str) -> None:
    response = server.get(f"/v1/models/{name}")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "model_not_found"
    assert f"'{name}'" in response.json()["error"]["message"]
