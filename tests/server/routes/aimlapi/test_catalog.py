from tests.server.keys import Made
from tests.server.routes.aimlapi.conftest import Account
from tests.server.serving import ALIASES, MODEL, scripted, serving

NOBODY = Made("", "", "sk-ossian-wrong")


def test_a_model_is_described_to_everybody(account: Account) -> None:
    body = account.get("/model/openai/gpt-oss-20b", NOBODY)
    assert body["object"] == "model"
    assert (body["data"]["id"], body["data"]["aliases"]) == (MODEL, list(ALIASES))
    assert body["data"]["pricing"]["units"][0] == {
        "name": "input",
        "measure": "token",
        "price": 100.0,
        "per": 1_000_000,
    }
    assert "'nothing'" in account.refused("GET", "/model/nothing", NOBODY, 404)


def test_figures_are_of_models_that_have_answered(account: Account) -> None:
    assert account.get("/models/metrics", NOBODY)["models"] == []
    assert account.chat().status_code == 200
    body = account.get("/models/metrics", NOBODY, aliases="gpt-oss-20b,nothing")
    assert (body["window_seconds"], body["generated_at"]) == (300, "2025-11-20T23:06:40.500Z")
    (model,) = body["models"]
    assert (model["alias"], model["metrics"].keys()) == ("gpt-oss-20b", {"ttft_ms", "tps", "duration_ms"})
    figures = model["metrics"]["duration_ms"]
    assert 0 < figures["p50"] <= figures["p75"] <= figures["p90"] <= figures["p99"]
    many = ",".join(f"m{number}" for number in range(101))
    assert "at most 100" in account.refused("GET", "/models/metrics", NOBODY, 400, params={"aliases": many})


def test_the_list_of_models_in_its_own_form(account: Account) -> None:
    listed = account.get("/models")
    (model,) = listed["data"]
    assert (listed["object"], model["id"], model["type"]) == ("list", MODEL, "openai/chat-completions")
    assert model["info"]["contextLength"] == 131_072
    assert "pricing" not in model
    assert account.get("/aimlapi/v1/models") == account.get("/api/v1/models") == listed
    assert "pricing" in account.get("/models", include="pricing")["data"][0]
    assert account.get("/models", tags="image")["data"] == []
    assert account.get("/v1/models")["data"][0]["object"] == "model"


def test_its_routes_are_not_there_where_they_are_switched_off() -> None:
    with serving(scripted(), sections={"vendors": {"aimlapi": False}}) as served:
        for path in ("/model/gpt-oss-20b", "/models/metrics", "/models"):
            assert served.get(path).json()["error"]["code"] == "unknown_url"
