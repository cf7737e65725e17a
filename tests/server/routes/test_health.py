from tests.server.serving import MODEL, Served, scripted, serving


def test_a_process_that_answers_is_alive(server: Served) -> None:
    assert server.get("/healthz").json() == {"status": "ok"}


def test_an_engine_that_can_serve_is_ready(server: Served) -> None:
    assert server.get("/readyz").json() == {"status": "ready", "models": [MODEL]}


def test_a_dead_engine_is_alive_but_not_ready() -> None:
    engine = scripted()
    with serving(engine) as server:
        engine.is_dead = True
        assert server.get("/healthz").status_code == 200
        response = server.get("/readyz")
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "engine_dead"
    assert "retry-after" not in response.headers


def test_metrics_are_text(server: Served) -> None:
    response = server.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    assert response.text.endswith("\n")
