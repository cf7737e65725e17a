import json
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
    others = ("OSSIAN_ISA", "OSSIAN_CONFIG", "OSSIAN_BASE_URL", "OSSIAN_API_KEY", "OSSIAN_ADMIN_KEY")
    sections = ("OSSIAN_SERVER", "OSSIAN_LIMITS__PROJECT", "OSSIAN_MODELS__ALIASES__GPT_4O")
    for name in ("OSSIAN_PORT", "OSSIAN_SERVER__PROT", "OSSIAN_SERVER__PORT", *others, *sections):
        monkeypatch.setenv(name, "1")
    assert configuration.unknown_variables() == ["OSSIAN_PORT", "OSSIAN_SERVER__PROT"]


def test_misspelt_variables_are_told_beside_the_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OSSIAN_DATABSE_URL", "postgresql://u:hunter2@h/d")
    load_settings({})
    said = capsys.readouterr()
    assert said.err.startswith("ossian: OSSIAN_DATABSE_URL is not a setting")
    assert "hunter2" not in said.err
    assert not said.out


@pytest.mark.parametrize("name", list(configuration.names_of(Settings)))
def test_every_setting_can_be_given_by_its_name(name: str) -> None:
    parts = name.split(".")
    value: object = load_settings({}).model_dump(mode="json")
    for part in parts:
        assert isinstance(value, dict)
        value = value[part]
    text = "none" if value is None else json.dumps(value) if isinstance(value, list | dict) else str(value)
    assert load_settings({name: text}) == load_settings({})


def test_lists_and_tables_are_given_as_json() -> None:
    settings = load_settings(
        {
            "server.cors_origins": '["https://a.example"]',
            "models.aliases": '{"gpt-4o": "ossian-nano"}',
            "limits.project.requests_per_minute": "60",
        }
    )
    assert settings.server.cors_origins == ("https://a.example",)
    assert settings.models.aliases == {"gpt-4o": "ossian-nano"}
    assert settings.limits.project.requests_per_minute == 60


def test_a_table_leaves_what_other_flags_say() -> None:
    settings = load_settings({"server.port": 9000, "server": '{"host": "::1"}'})
    assert (settings.server.port, settings.server.host) == (9000, "::1")
    assert load_settings({"models.aliases": {"a": "b"}, "models.aliases.c": "d"}).models.aliases == {"a": "b", "c": "d"}


def test_none_takes_back_what_the_file_and_the_environment_say(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("[engine]\nmax_model_len = 8192\nkv_cache_bytes = 1\n")
    monkeypatch.setenv("OSSIAN_ENGINE__KV_CACHE_BYTES", "none")
    engine = load_settings({"engine.max_model_len": "none"}).engine
    assert (engine.max_model_len, engine.kv_cache_bytes) == (None, None)


@pytest.mark.parametrize(
    "flags, said",
    [
        ({"server.cors_origins": "[oops"}, r"server\.cors_origins begins as a list or table, and is not JSON"),
        ({"log": "x", "log.format": "json"}, r"log\.format is given as a whole and in part"),
        ({"log.format": "json", "log": "x"}, r"log is given as a whole and in part"),
        ({"engine": '{"num_threads": -1}'}, r"engine\.num_threads cannot be -1: .* \(set on the command line\)"),
        (
            {"server.cors_origins": '["x y"]'},
            r"server\.cors_origins\.0 cannot be 'x y': .* \(set on the command line\)",
        ),
        ({"server.shutdown_seconds": "inf"}, r"server\.shutdown_seconds cannot be 'inf'"),
        ({"batches.input_days": "inf"}, r"batches\.input_days cannot be 'inf'"),
        ({"data_dir": "~nobody-here/x"}, r"data_dir cannot be '~nobody-here/x'"),
    ],
)
def test_what_cannot_be_read_is_named(flags: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load_settings(flags)


def test_the_home_folder_may_be_written_short() -> None:
    assert load_settings({"models.cache_dir": "~/x"}).models.cache_dir == Path.home() / "x"


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
