from pathlib import Path

import pytest
from pydantic import ValidationError

from ossian.settings import (
    EngineSettings,
    LogSettings,
    ModelSettings,
    ReasoningMemorySettings,
    ResponsesSettings,
    Section,
    ServerSettings,
    Settings,
)

SECTIONS = [
    ServerSettings,
    ModelSettings,
    EngineSettings,
    ReasoningMemorySettings,
    ResponsesSettings,
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
        (EngineSettings, {"num_threads": 1025}),
        (EngineSettings, {"block_size": 8}),
        (EngineSettings, {"block_size": 40}),
        (EngineSettings, {"max_num_seqs": 0}),
        (EngineSettings, {"max_num_batched_tokens": 15}),
        (EngineSettings, {"precision": "fp4"}),
        (EngineSettings, {"kv_cache_bytes": 0}),
        (ResponsesSettings, {"retention_days": 0}),
        (ResponsesSettings, {"reasoning_events": "anthropic"}),
        (ResponsesSettings, {"lease_seconds": 0.5}),
        (ResponsesSettings, {"websocket_minutes": 0}),
        (ResponsesSettings, {"max_background": -1}),
        (ResponsesSettings, {"max_background": 10_001}),  # all of them are named when leases are renewed
        (LogSettings, {"level": "INFO"}),
    ],
)
def test_values_out_of_range_are_refused(section: type[Section], wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
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
