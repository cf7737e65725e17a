import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from ossian.settings import (
    AccessSettings,
    BatchSettings,
    CatalogSettings,
    DeclaredModel,
    EngineSettings,
    FileSettings,
    LimitFigures,
    LimitSettings,
    LogSettings,
    ModelCapabilities,
    ModelLifecycle,
    ModelPrices,
    ModelSettings,
    ReasoningMemorySettings,
    ResponsesSettings,
    Section,
    ServerSettings,
    Settings,
    UsageSettings,
    VendorSettings,
)

SECTIONS = [
    ServerSettings,
    AccessSettings,
    ModelSettings,
    CatalogSettings,
    EngineSettings,
    ReasoningMemorySettings,
    ResponsesSettings,
    LimitSettings,
    UsageSettings,
    FileSettings,
    BatchSettings,
    VendorSettings,
    LogSettings,
]


@pytest.fixture(autouse=True)
def no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OSSIAN_CONFIG", raising=False)


def test_the_sections_are_the_settings() -> None:
    fields = {name: field.annotation for name, field in Settings.model_fields.items()}
    assert [fields.pop(name) for name in list(fields) if fields[name] in SECTIONS] == SECTIONS
    assert set(fields) == {"database_url", "data_dir"}


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_cannot_change_and_takes_no_unknown_names(section: type[Section]) -> None:
    name = next(iter(section.model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(section(), name, None)
    with pytest.raises(ValidationError, match="Extra inputs"):
        section.model_validate({"no_such_setting": 1})


@pytest.mark.parametrize(
    "section, wrong",
    [
        (ServerSettings, {"port": 65_536}),
        (ServerSettings, {"port": -1}),
        (ServerSettings, {"max_body_bytes": 0}),
        (ServerSettings, {"unknown_parameters": "guess"}),
        (ServerSettings, {"keep_alive_seconds": 0}),
        (ServerSettings, {"cors_origins": ["app.example.com"]}),
        (ServerSettings, {"cors_origins": ["https://app.example.com/"]}),
        (ServerSettings, {"cors_origins": ["https://*.example.com"]}),
        (ServerSettings, {"cors_origins": "*"}),
        (AccessSettings, {"anonymous": "sometimes"}),
        (AccessSettings, {"anonymous_endpoints": ["conversations"]}),  # nothing is stored without a key
        (AccessSettings, {"trusted_proxies": ["proxy.example.com"]}),
        (AccessSettings, {"trusted_proxies": ["10.0.0.1/8"]}),
        (EngineSettings, {"num_threads": 1025}),
        (EngineSettings, {"block_size": 8}),
        (EngineSettings, {"block_size": 40}),
        (EngineSettings, {"max_num_seqs": 0}),
        (EngineSettings, {"max_num_batched_tokens": 15}),
        (EngineSettings, {"precision": "fp4"}),
        (EngineSettings, {"kv_cache_bytes": 0}),
        (ResponsesSettings, {"retention_days": 0}),
        (ResponsesSettings, {"reasoning_events": "anthropic"}),
        (UsageSettings, {"retention_days": 0}),
        (ResponsesSettings, {"lease_seconds": 0.5}),
        (ResponsesSettings, {"websocket_minutes": 0}),
        (ResponsesSettings, {"max_background": -1}),
        (ResponsesSettings, {"max_background": 10_001}),  # all of them are named when leases are renewed
        (LimitFigures, {"requests_per_minute": -1}),
        (LimitFigures, {"tokens_per_minute": 1.5}),
        (LimitFigures, {"concurrent_requests": 10**12 + 1}),
        (LimitSettings, {"profile": "generous"}),
        (UsageSettings, {"max_waiting": 0}),
        (LogSettings, {"level": "INFO"}),
        (CatalogSettings, {"currency": "usd"}),
        (CatalogSettings, {"currency": "EURO"}),
        (DeclaredModel, {"id": ""}),
        (DeclaredModel, {"id": "two words"}),
        (DeclaredModel, {"id": "a\nb"}),
        (DeclaredModel, {"id": "a\n"}),
        (DeclaredModel, {"id": "a", "params": 0}),
        (DeclaredModel, {"id": "a", "max_output_tokens": 0}),
        (DeclaredModel, {"id": "a", "published": "yesterday"}),
        (ModelPrices, {"input": -0.01}),
        (ModelPrices, {"output": "NaN"}),
        (ModelPrices, {"output": "Infinity"}),
        (ModelPrices, {"cached_input": "0.000000001"}),
        (ModelPrices, {"input": 10**16}),
        (ModelCapabilities, {"input_modalities": ["smell"]}),
    ],
)
def test_values_out_of_range_are_refused(section: type[Section], wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=list(wrong)[-1]):
        section.model_validate(wrong)


def test_keys_are_never_shown() -> None:
    settings = ServerSettings.model_validate({"api_keys": ["sk-secret"]})
    assert settings.api_keys[0].get_secret_value() == "sk-secret"
    assert "sk-secret" not in repr(settings)
    assert "sk-secret" not in settings.model_dump_json()


def test_the_database_url_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSSIAN_DATABASE_URL", "postgresql://ossian:hunter2@localhost/ossian")
    settings = Settings()
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value().startswith("postgresql://ossian:hunter2@")
    assert "hunter2" not in repr(settings) + settings.model_dump_json()


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ossian.toml"
    file.write_text('[server]\nport = 1\nhost = "::1"\n[models.aliases]\nsmall = "ossian-nano"\n')
    monkeypatch.setenv("OSSIAN_CONFIG", str(file))
    monkeypatch.setenv("OSSIAN_SERVER__PORT", "2")
    monkeypatch.setenv("OSSIAN_SERVER__API_KEYS", '["a", "b"]')
    settings = Settings()
    assert (settings.server.port, settings.server.host) == (2, "::1")
    assert [key.get_secret_value() for key in settings.server.api_keys] == ["a", "b"]
    assert settings.models.aliases == {"small": "ossian-nano"}


def test_a_dot_env_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("OSSIAN_SERVER__PORT=9\n")
    monkeypatch.chdir(tmp_path)
    assert Settings().server.port == ServerSettings().port


@pytest.mark.parametrize("origin", ["*", "https://app.example.com", "http://localhost:3000", "app://obsidian.md"])
def test_origins_of_web_pages(origin: str) -> None:
    assert ServerSettings(cors_origins=(origin,)).cors_origins == (origin,)


def test_a_proxy_is_an_address_or_a_network() -> None:
    access = AccessSettings.model_validate({"trusted_proxies": ["10.0.0.0/8", "192.0.2.1", "::1"]})
    assert [str(network) for network in access.trusted_proxies] == ["10.0.0.0/8", "192.0.2.1/32", "::1/128"]


def test_models_are_declared_as_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ossian.toml"
    file.write_text(
        """
        [catalog]
        currency = "EUR"
        [[catalog.models]]
        id = "gpt-oss-20b"
        published = 2025-08-05
        prices = { input = 0.04, output = 0.15 }
        [[catalog.models]]
        id = "older"
        lifecycle = { retired = 2026-01-01, successor = "gpt-oss-20b", when_retired = "redirect" }
        """
    )
    monkeypatch.setenv("OSSIAN_CONFIG", str(file))
    catalog = Settings().catalog
    assert catalog.currency == "EUR"
    assert [model.id for model in catalog.models] == ["gpt-oss-20b", "older"]
    assert catalog.models[0].published == date(2025, 8, 5)
    assert catalog.models[0].prices == ModelPrices(input=Decimal("0.04"), output=Decimal("0.15"))
    assert catalog.models[1].lifecycle.retired == date(2026, 1, 1)


def test_models_are_declared_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = [{"id": "a", "published": "2025-08-05", "prices": {"input": 0.1, "output": "0.3"}}]
    monkeypatch.setenv("OSSIAN_CATALOG__MODELS", json.dumps(declared))
    (model,) = Settings().catalog.models
    assert model.published == date(2025, 8, 5)
    assert (model.prices.input, model.prices.output) == (Decimal("0.1"), Decimal("0.3"))


@pytest.mark.parametrize("fields", [{"surprise": 1}, {"prices": {"surprise": 1}}, {"lifecycle": {"surprise": 1}}])
def test_a_declared_model_has_no_unknown_fields(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        DeclaredModel.model_validate({"id": "a", **fields})


@pytest.mark.parametrize(
    "lifecycle, reason",
    [
        ({"deprecated": "2026-02-01", "retired": "2026-01-31"}, "deprecated before it is retired"),
        ({"retired": "2026-01-31", "when_retired": "redirect"}, "needs a successor"),
        ({"when_retired": "explode"}, "redirect"),
    ],
)
def test_a_lifecycle_is_in_order(lifecycle: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        ModelLifecycle.model_validate(lifecycle)
