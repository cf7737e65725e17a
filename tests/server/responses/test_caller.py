import pytest

from ossian.accounts.callers import Caller as Account
from ossian.accounts.scopes import EVERYTHING
from ossian.errors import InvalidRequestError
from ossian.server.responses.caller import dialect_of
from ossian.server.service import Service
from ossian.settings import ResponsesSettings
from tests.server.responses.services import caller, connection, of_project, working_service


@pytest.mark.parametrize(
    "headers, setting, dialect",
    [
        ({}, "openai", "openai"),
        ({}, "summary", "summary"),
        ({"OpenResponses-Version": "2026-04-24"}, "openai", "open-responses"),
        ({"X-Ossian-Reasoning-Events": " Summary "}, "openai", "summary"),
        ({"X-Ossian-Reasoning-Events": "openai", "OpenResponses-Version": "2026-04-24"}, "summary", "openai"),
    ],
)
def test_our_header_goes_before_the_other_and_both_before_the_setting(
    headers: dict[str, str], setting: str, dialect: str
) -> None:
    settings = ResponsesSettings.model_validate({"reasoning_events": setting})
    assert dialect_of(connection(headers), settings) == dialect


def test_a_dialect_that_does_not_exist_is_an_error_with_those_that_do() -> None:
    with pytest.raises(InvalidRequestError, match="'openai', 'open-responses', 'summary'"):
        dialect_of(connection({"x-ossian-reasoning-events": "klingon"}), ResponsesSettings())


def test_what_is_stored_without_a_key_is_everybodys_on_this_machine(service: Service) -> None:
    assert caller(service).scope == ""
    assert caller(service).may_store


def test_between_projects_nothing_is_shared(service: Service) -> None:
    mine, yours = (caller(service, account=of_project(project_id)) for project_id in ("mine", "yours"))
    assert (mine.scope, yours.scope) == ("mine", "yours")
    mine.remember("call_1", "I thought.")
    assert mine.recall("call_1") == "I thought."
    assert yours.recall("call_1") is None
    assert mine.reveal(mine.conceal("a")) == "a"
    with pytest.raises(InvalidRequestError):
        yours.reveal(mine.conceal("a"))


def test_for_who_may_keep_nothing_nothing_is_kept(service: Service) -> None:
    stranger, neighbour = (caller(service, account=Account(f"2001:db8::{net}:1", EVERYTHING)) for net in (1, 2))
    elsewhere = caller(service, account=Account("192.0.2.7", EVERYTHING))
    assert not stranger.may_store
    stranger.remember("call_1", "I thought.")
    assert stranger.recall("call_1") is None
    concealed = stranger.conceal("a")
    assert stranger.reveal(concealed) == neighbour.reveal(concealed) == "a", "they are of one network"
    for other in (elsewhere, caller(service), caller(service, account=of_project("mine"))):
        with pytest.raises(InvalidRequestError):
            other.reveal(concealed)


async def test_the_debug_view_is_for_those_who_may(service: Service) -> None:
    assert not caller(service, {"x-ossian-debug": "0"}).wants_debug_view
    with pytest.raises(InvalidRequestError):
        caller(service, {"x-ossian-debug": "1"})
    async with working_service(debug_view=True) as open_one:
        assert caller(open_one, {"x-ossian-debug": "1"}).wants_debug_view
