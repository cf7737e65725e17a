"""Which database an URL means, and which one the settings mean."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from ossian.errors import ConfigurationError
from ossian.settings import Settings

DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",  # as hosting services write it
}
WAY_OUT = "Write sqlite:////path/to/file or postgresql://user:password@host/name."


def database_url(settings: Settings) -> str:
    """Return the URL of the database that the settings name: database_url, else a file in data_dir."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return str(URL.create("sqlite", database=str(settings.data_dir / "ossian.sqlite3")))


def driver_url(url: str) -> URL:
    """Return an URL with the driver that Ossian uses. Raises ConfigurationError when it means no database we know."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ConfigurationError(f"The database URL cannot be read. {WAY_OUT}") from error
    kind = parsed.drivername.partition("+")[0]
    if kind not in DRIVERS:
        raise ConfigurationError(f"There is no support for '{kind}' databases. {WAY_OUT}")
    if kind == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise ConfigurationError(f"An SQLite database in memory forgets everything: name a file. {WAY_OUT}")
    return parsed.set(drivername=DRIVERS[kind])


def shown(url: URL) -> str:
    """Return an URL as messages show it: without its password, and without options, which may be one as well."""
    return url.set(drivername=url.get_backend_name(), query={}).render_as_string(hide_password=True)


def unusable(place: object, reason: str) -> ConfigurationError:
    """Return the error that says why a database cannot be opened."""
    return ConfigurationError(
        f"The database {place} cannot be used: {reason}. Choose another one with OSSIAN_DATABASE_URL, or another "
        "folder for the SQLite file with OSSIAN_DATA_DIR."
    )
