import json
import logging
from collections.abc import Iterator
from typing import Any, Literal

import pytest
import structlog

from ossian.accounts.keys import KeyKind, new_secret, prefix_of
from ossian.cli.logs import configure_logs
from ossian.settings import LogSettings


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()  # noqa: TID251 (the standard library's own is what is set up)
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def test_json_has_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogSettings(format="json"))
    structlog.get_logger().info("request", status=200)
    logging.warning("from %s", "elsewhere")
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["status"], ours["level"]) == ("request", 200, "info")
    assert (theirs["event"], theirs["level"]) == ("from elsewhere", "warning")
    assert ours["timestamp"].endswith("Z")
    assert theirs["timestamp"].endswith("Z")


def test_an_exception_is_a_field_and_not_more_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogSettings(format="json"))
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        structlog.get_logger().exception("failed")
        logging.exception("failed too")
    for line in capsys.readouterr().err.splitlines():
        assert "ValueError: first\nsecond" in json.loads(line)["exception"]


def test_text_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogSettings(format="text"))
    structlog.get_logger().info("request", status=200)
    line = capsys.readouterr().err
    assert "request" in line
    assert "status=200" in line
    assert "\x1b[" not in line


def test_auto_is_json_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogSettings())
    structlog.get_logger().info("request")
    assert json.loads(capsys.readouterr().err)["event"] == "request"


def test_the_level_holds(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogSettings(level="warning", format="json"))
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["loud"]


def test_libraries_are_heard_from_warnings_on(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogSettings(level="debug", format="json"))
    logging.info("quiet")
    structlog.get_logger().debug("loud")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["loud"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_does_not_show_what_variables_held(form: Literal["text", "json"], capsys: Any) -> None:
    configure_logs(LogSettings(format=form))
    said = "".join(["helio", "trope"])
    try:
        raise ValueError(len(said))
    except ValueError:
        structlog.get_logger().exception("failed")
        logging.exception("failed too")
    shown = capsys.readouterr().err
    assert shown.count("ValueError: 10") == 2
    assert "heliotrope" not in shown


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("kind", KeyKind)
def test_of_an_api_key_only_its_beginning_is_logged(form: Literal["text", "json"], kind: KeyKind, capsys: Any) -> None:
    """Wherever it is: in a value, in a list, in an exception, in what a library says."""
    secret = new_secret(kind)
    configure_logs(LogSettings(format=form))
    try:
        raise ValueError(f"no such key: {secret}")
    except ValueError:
        structlog.get_logger().exception("failed", path=f"/v1/keys/{secret}", others=[{"key": secret}])
        logging.exception("failed for %s", secret)
    shown = capsys.readouterr().err
    assert secret not in shown
    assert shown.count(f"{prefix_of(secret)}…") + shown.count(f"{prefix_of(secret)}\\u2026") == 5
