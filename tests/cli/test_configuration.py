from pathlib import Path

import pytest

from ossian.cli import configuration
from ossian.cli.configuration import load_settings
from ossian.errors import ConfigurationError
from ossian.settings import Settings


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in configuration.unknown_variables():
        monkeypatch.delenv(name)
    monkeypatch.delenv("OSSIAN_CONFIG", raising=False)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "ossian.toml"
    monkeypatch.setenv("OSSIAN_CONFIG", str(path))
    return path


def test_without_anything_the_defaults_hold() -> None:
    assert load_settings({}) == Settings()


def test_a_flag_that_was_not_given_changes_nothing() -> None:
    assert load_settings({"server.port": None, "models.model": None}) == Settings()


def test_flags_go_before_the_environment_and_that_before_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('[server]\nport = 1\nhost = "file"\nkeep_alive_seconds = 3\n')
    monkeypatch.setenv("OSSIAN_SERVER__PORT", "2")
    monkeypatch.setenv("OSSIAN_SERVER__HOST", "environment")
    server = load_settings({"server.port": 3}).server
    assert (server.port, server.host, server.keep_alive_seconds) == (3, "environment", 3.0)


def test_a_wrong_flag_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"server\.port cannot be 70000: .*65535 \(set on the command line\)"):
        load_settings({"server.port": 70000})


@pytest.mark.parametrize("value", ["sk-secret", {"a": "sk-secret"}, [["sk-secret"]]])
def test_a_wrong_api_key_is_not_shown(value: object) -> None:
    with pytest.raises(ConfigurationError, match=r"server\.api_keys.* cannot be what it is: ") as caught:
        load_settings({"server.api_keys": value})
    assert "sk-secret" not in str(caught.value)


def test_settings_outside_the_sections_can_be_flags(tmp_path: Path) -> None:
    settings = load_settings({"data_dir": str(tmp_path), "database_url": "sqlite:///x", "server.port": 1})
    assert (settings.data_dir, settings.server.port) == (tmp_path, 1)
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "sqlite:///x"


def test_a_wrong_database_url_is_not_shown() -> None:
    with pytest.raises(ConfigurationError, match=r"database_url cannot be what it is: ") as caught:
        load_settings({"database_url": ["postgresql://u:hunter2@h/d"]})
    assert "hunter2" not in str(caught.value)


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSSIAN_ENGINE__BLOCK_SIZE", "17")
    with pytest.raises(ConfigurationError, match=r"engine\.block_size cannot be '17'.*OSSIAN_ENGINE__BLOCK_SIZE"):
        load_settings({})


def test_every_problem_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSSIAN_LOG__LEVEL", "loud")
    with pytest.raises(ConfigurationError, match=r"server\.port.*; .*log\.level"):
        load_settings({"server.port": -1})


@pytest.mark.parametrize("name", ["server.prot", "sever.port", "engine.x"])
def test_a_setting_that_does_not_exist_is_named(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"There is no setting '\w+(\.\w+)?' \(set on the command line\)"):
        load_settings({name: "1"})


def test_an_unknown_setting_in_the_file_is_an_error(file: Path) -> None:
    file.write_text("[server]\nprot = 1\n")
    with pytest.raises(ConfigurationError, match=r"no setting 'server\.prot'.*the file of OSSIAN_CONFIG"):
        load_settings({})


def test_a_broken_file_is_an_error(file: Path) -> None:
    for content in (b"port = ", b"\xff\xfe"):
        file.write_bytes(content)
        with pytest.raises(ConfigurationError, match=r"ossian\.toml', which is not TOML"):
            load_settings({})


def test_a_missing_file_is_an_error(file: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"ossian\.toml', which cannot be read: No such file"):
        load_settings({})


def test_a_variable_that_is_not_json_where_json_is_needed_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSSIAN_MODELS__ALIASES", "gpt-4o=ossian-nano")
    with pytest.raises(ConfigurationError, match=r"models.*written as JSON: OSSIAN_MODELS__ALIASES="):
        load_settings({})


def test_misspelt_variables_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OSSIAN_PORT", "OSSIAN_ISA", "OSSIAN_CONFIG", "OSSIAN_SERVER__PORT", "OSSIAN_SERVER"):
        monkeypatch.setenv(name, "1")
    assert configuration.unknown_variables() == ["OSSIAN_PORT"]


def test_assignments_are_name_and_value() -> None:
    assert configuration.assignments(["a=b", "c=d=e"], "--alias") == {"a": "b", "c": "d=e"}


@pytest.mark.parametrize("pair", ["a", "=b", "a=", ""])
def test_half_an_assignment_is_an_error(pair: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"--alias takes NAME=VALUE, not '{pair}'"):
        configuration.assignments([pair], "--alias")


def test_help_shows_the_defaults_of_the_settings() -> None:
    assert configuration.default_of("server.port") == "8000"
    assert configuration.default_of("models.model") == "none"
    assert set(configuration.names_of(Settings)) >= {"server.port", "models.aliases", "engine.block_size", "log.level"}
