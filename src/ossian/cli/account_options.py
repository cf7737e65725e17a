"""Options that the commands of accounts share, and what their values mean."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer

from ossian.errors import ConfigurationError

if TYPE_CHECKING:
    from ossian.accounts.limits import Limits

NONE: Final = "none"
_SECONDS: Final = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SPAN: Final = re.compile(r"(\d{1,6})([mhdw])", re.ASCII)

JsonFlag: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, as the admin API answers.")]
ProjectOption: TypeAlias = Annotated[str | None, typer.Option("--project", "-p", help="A project, by name or id.")]
ProjectArgument: TypeAlias = Annotated[str, typer.Argument(help="A project, by name or id.")]
KeyArgument: TypeAlias = Annotated[
    str, typer.Argument(help="A key, by id, name or the beginning of its secret, as `ossian keys list` shows it.")
]
Requests: TypeAlias = Annotated[
    str | None, typer.Option("--requests-per-minute", metavar="NUMBER", help="Or none, for no limit.")
]
Tokens: TypeAlias = Annotated[str | None, typer.Option("--tokens-per-minute", metavar="NUMBER", help="Or none.")]
Concurrent: TypeAlias = Annotated[
    str | None, typer.Option("--concurrent-requests", metavar="NUMBER", help="Requests at a time, or none.")
]
BudgetOption: TypeAlias = Annotated[
    str | None, typer.Option("--budget", metavar="AMOUNT[/PERIOD]", help="25, 25/day, 25/week, 25/month, or none.")
]
Expires: TypeAlias = Annotated[
    str | None, typer.Option("--expires", metavar="WHEN", help="30d, 12h, a date of UTC like 2027-01-31, or never.")
]
Endpoints: TypeAlias = Annotated[
    str | None, typer.Option("--endpoints", metavar="A,B", help="The only ones it may use, or all.")
]
Models: TypeAlias = Annotated[
    str | None, typer.Option("--models", metavar="A,B", help="Names of the only models it may use, or all.")
]


def limits_given(requests: str | None, tokens: str | None, concurrent: str | None) -> dict[str, int | None]:
    """Return the limits that are given; None in it is no limit. Raises ConfigurationError for what is no number."""
    given = {
        "requests_per_minute": requests,
        "tokens_per_minute": tokens,
        "concurrent_requests": concurrent,
    }
    return {name: _number(text, name) for name, text in given.items() if text is not None}


def over_profile(given: dict[str, Any], profile: "Limits") -> dict[str, Any]:
    """Return what is given of a new project or key; limits that are left out are those that count without any."""
    return {**given, "limits": {**profile.to_json(), **given["limits"]}} if given.get("limits") else given


def budget_given(text: str) -> dict[str, str] | None:
    """Return the budget that a text means, as it is stored; None for `none`."""
    amount, _, period = text.partition("/")
    return None if text == NONE else {"amount": amount, "period": period or NONE}


def expiry_given(text: str, now: float) -> int | None:
    """Return the time that a text means, in seconds since 1970; None for `never`. Raises ConfigurationError."""
    if text == "never":
        return None
    if span := _SPAN.fullmatch(text):
        time = int(now) + int(span[1]) * _SECONDS[span[2]]
    else:
        time = date_given(text, "--expires", "30d, 12h, a date of UTC like 2027-01-31, or never")
    if time <= now:
        raise ConfigurationError(f"--expires takes a time to come; '{text}' is none. To end a key now, revoke it.")
    return time


def date_given(text: str, option: str, meant: str) -> int:
    """Return the time of a date, in seconds since 1970; without a zone it is UTC. Raises ConfigurationError."""
    try:
        date = datetime.fromisoformat(text)
        return int((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(f"{option} takes {meant}; not '{text}'.") from error


def past_given(text: str, option: str, now: float) -> int:
    """Return the time that a text means: a span is before now. Raises ConfigurationError."""
    if span := _SPAN.fullmatch(text):
        return int(now) - int(span[1]) * _SECONDS[span[2]]
    return date_given(text, option, "30d, 12h, or a date of UTC like 2026-11-01")


def names_given(text: str) -> list[str] | None:
    """Return the names in a list with commas; None for `all`."""
    return None if text == "all" else [name.strip() for name in text.split(",") if name.strip()]


def scopes_given(endpoints: str | None, models: str | None) -> dict[str, list[str] | None]:
    """Return what of the two is given."""
    given = {"endpoints": endpoints, "models": models}
    return {name: names_given(text) for name, text in given.items() if text is not None}


def without_none(**given: Any) -> dict[str, Any]:
    """Return what was given on the command line."""
    return {name: value for name, value in given.items() if value is not None}


def _number(text: str, name: str) -> int | None:
    if text == NONE:
        return None
    if not (text.isascii() and text.isdigit()):
        raise ConfigurationError(
            f"--{name.replace('_', '-')} takes a whole number, or none for no limit; not '{text}'."
        )
    return int(text)
