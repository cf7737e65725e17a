from pathlib import Path

import pytest
from pydantic import SecretStr

from ossian.errors import ConfigurationError
from ossian.settings import Settings
from ossian.storage import Database, database_url
from ossian.storage.engines import impatient
from ossian.storage.urls import driver_url, shown


@pytest.mark.parametrize(
    "url, expected",
    [
        ("sqlite:///a.db", "sqlite+pysqlite:///a.db"),
        ("sqlite:////var/a.db", "sqlite+pysqlite:////var/a.db"),
        ("postgresql://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgres://u@h:5433/d?sslmode=require", "postgresql+psycopg://u@h:5433/d?sslmode=require"),
        ("postgresql+asyncpg://u@h/d", "postgresql+psycopg://u@h/d"),
    ],
)
def test_the_driver_is_ours(url: str, expected: str) -> None:
    assert str(driver_url(url)) == expected


@pytest.mark.parametrize("url", ["", "nonsense", "/var/a.db", "postgresql://u:hunter2@h:port/d", "://hunter2"])
def test_what_is_no_url_is_told_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be read\. Write sqlite:////path/to/file or") as caught:
        driver_url(url)
    assert "hunter2" not in str(caught.value)


def test_other_databases_are_named() -> None:
    with pytest.raises(ConfigurationError, match=r"no support for 'mysql' databases\. Write sqlite"):
        driver_url("mysql://u:hunter2@h/d")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite+pysqlite:///:memory:"])
def test_a_database_that_forgets_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="forgets everything: name a file"):
        driver_url(url)


def test_passwords_are_never_shown() -> None:
    assert shown(driver_url("postgresql://u:hunter2@h/d")) == "postgresql://u:***@h/d"
    assert shown(driver_url("postgresql://h/d?user=u&password=hunter2&sslpassword=hunter3")) == "postgresql://h/d"
    assert shown(driver_url("sqlite:////var/a.db")) == "sqlite:////var/a.db"


def test_the_settings_name_the_database(tmp_path: Path) -> None:
    assert database_url(Settings(data_dir=tmp_path)) == f"sqlite:///{tmp_path}/ossian.sqlite3"
    assert database_url(Settings(data_dir=Path("~/here"))) == f"sqlite:///{Path.home()}/here/ossian.sqlite3"
    chosen = Settings(database_url=SecretStr("postgresql://u:p@h/d"), data_dir=tmp_path)
    assert database_url(chosen) == "postgresql://u:p@h/d"


@pytest.mark.parametrize("name", ["plain", "with space", "with?question", "50%25 off", "a#b", "ünï", "a:b@c"])
async def test_the_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name / "inner"
    database = await Database.open(database_url(Settings(data_dir=folder)))
    await database.close()
    assert (folder / "ossian.sqlite3").stat().st_size > 0


def test_a_host_that_vanishes_is_noticed_and_the_url_may_say_how_soon() -> None:
    url = impatient(driver_url("postgresql://u@h/d?tcp_user_timeout=1000"))
    assert (url.query["tcp_user_timeout"], url.query["connect_timeout"]) == ("1000", "10")
    assert int(str(url.query["keepalives_idle"])) < 60
