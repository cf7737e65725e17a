"""Settings as the command line sees them: flags over environment over file, and errors that name the setting."""

import json
import os
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError

from ossian.errors import ConfigurationError
from ossian.settings import NONE, Settings

# What the environment may hold besides settings; the native module, this one and the client read them.
OTHER_VARIABLES = {"OSSIAN_CONFIG", "OSSIAN_ISA", "OSSIAN_BASE_URL", "OSSIAN_API_KEY", "OSSIAN_ADMIN_KEY"}


def load_settings(flags: Mapping[str, object]) -> Settings:
    """Return the settings; `flags` maps names (`server.port`) to values, None meaning that the flag was not given.

    Variables that look like settings and are none are pointed out on standard error. Raises ConfigurationError naming
    each setting that is wrong and where it came from.
    """
    check_configuration_file()
    for name in unknown_variables():
        text = f"ossian: {name} is not a setting of Ossian and is ignored; docs/reference/settings.md lists them."
        print(text, file=sys.stderr)
    try:
        return Settings(**nested(flags))
    except ValidationError as error:
        problems = "; ".join(problem(each["loc"], each["msg"], each["input"], flags) for each in error.errors())
        raise ConfigurationError(problems) from error
    except SettingsError as error:
        example = """OSSIAN_MODELS__ALIASES='{"gpt-4o": "ossian-nano"}'"""
        raise ConfigurationError(f"{error}. In variables, lists and tables are written as JSON: {example}.") from error


def check_configuration_file() -> None:
    """Raise ConfigurationError when OSSIAN_CONFIG names no readable TOML file."""
    path = os.environ.get("OSSIAN_CONFIG")
    if not path:
        return
    try:
        tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"OSSIAN_CONFIG names '{path}', which cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"OSSIAN_CONFIG names '{path}', which is not TOML: {error}.") from error


def nested(flags: Mapping[str, object]) -> dict[str, Any]:
    """Return {"server": {"port": 1}, "data_dir": "d"} for {"server.port": 1, "data_dir": "d"}, without what is None."""
    sections: dict[str, Any] = {}
    for name, value in flags.items():
        if value is not None:
            given = read_value(name, value) if isinstance(value, str) else value
            for part in reversed(name.split(".")):
                given = {part: given}
            _merge(sections, given, name)
    return sections


def _merge(sections: dict[str, Any], given: Any, name: str) -> None:
    for key, value in given.items():
        is_table = isinstance(value, dict)
        if key in sections and isinstance(sections[key], dict) != is_table:
            raise ConfigurationError(f"The setting {name} is given as a whole and in part.")
        if is_table:
            _merge(sections.setdefault(key, {}), value, name)
        else:
            sections[key] = value


def read_value(name: str, text: str) -> object:
    """Read a value as variables are read: lists and tables are JSON, and `none` is no value."""
    if text == NONE:
        return None
    if not text.startswith(("[", "{")):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"The setting {name} begins as a list or table, and is not JSON: {error}.") from error


def problem(location: tuple[int | str, ...], message: str, value: object, flags: Mapping[str, object]) -> str:
    """Describe one wrong setting: its name, what is wrong, and where it was set."""
    name = ".".join(str(part) for part in location)
    variable = f"OSSIAN_{'__'.join(str(part) for part in location).upper()}"
    given = [f"{flag}." for flag, value in flags.items() if value is not None]
    is_flag = any(flag.startswith(f"{name}.") or f"{name}.".startswith(flag) for flag in given)
    source = "on the command line" if is_flag else f"in {variable} or the file of OSSIAN_CONFIG"
    if message == "Extra inputs are not permitted":
        return f"There is no setting '{name}' (set {source})"
    shown = "what it is" if is_secret(location) else repr(value)
    return f"The setting {name} cannot be {shown}: {message} (set {source})"


def is_secret(location: tuple[int | str, ...]) -> bool:
    """Tell whether a setting's value must not be shown, wherever the message ends up."""
    return location[:2] in (("server", "api_keys"), ("limits", "counters_url")) or location[:1] == ("database_url",)


def names_of(model: type[BaseModel], prefix: str = "") -> Iterable[str]:
    """Yield the full name of every setting, such as `server.port`."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from names_of(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def unknown_variables() -> list[str]:
    """Return the OSSIAN_ variables in the environment that no setting reads: most likely misspelt."""
    known = OTHER_VARIABLES | set(map(_variable, names_of(Settings)))
    tables = tuple(f"{_variable(name)}__" for name in ("models.aliases", "vendors.project_aliases"))
    given = (name for name in os.environ if name.startswith("OSSIAN_") and name not in known)
    return sorted(
        name
        for name in given
        if not name.startswith(tables) and not any(each.startswith(f"{name}__") for each in known)  # a whole section
    )


def _variable(name: str) -> str:
    return f"OSSIAN_{name.replace('.', '__').upper()}"


def assignments(pairs: Iterable[str], option: str) -> dict[str, str]:
    """Read the NAME=VALUE pairs of a repeated option."""
    values = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not (name and separator and value):
            raise ConfigurationError(f"{option} takes NAME=VALUE, not '{pair}'.")
        values[name] = value
    return values


def default_of(name: str) -> str:
    """Return a setting's default as help pages show it."""
    value: Any = Settings.model_construct()
    for part in name.split("."):
        value = getattr(value, part)
    return NONE if value is None else str(value)
