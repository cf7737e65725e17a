import pytest

from ossian.errors import InvalidRequestError
from ossian.server.responses.caller import dialect_of
from ossian.server.service import Service
from ossian.settings import ResponsesSettings
from tests.server.responses.services import caller, connection, working_service


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


def test_without_keys_everybody_is_one(service: Service) -> None:
    assert caller(service).scope == caller(service, {"authorization": "Bearer x"}).scope == ""


async def test_with_keys_nothing_is_shared() -> None:
    async with working_service(api_keys=("mine", "yours")) as service:
        mine, yours = (caller(service, {"authorization": f"Bearer {key}"}) for key in ("mine", "yours"))
        assert mine.scope != yours.scope
        assert "mine" not in mine.scope
        mine.remember("call_1", "I thought.")
        assert mine.recall("call_1") == "I thought."
        assert yours.recall("call_1") is None
        assert mine.reveal(mine.conceal("a")) == "a"
        with pytest.raises(InvalidRequestError):
            yours.reveal(mine.conceal("a"))


async def test_the_debug_view_is_for_those_who_may(service: Service) -> None:
    assert not caller(service, {"x-ossian-debug": "0"}).wants_debug_view
    with pytest.raises(InvalidRequestError):
        caller(service, {"x-ossian-debug": "1"})
    async with working_service(debug_view=True) as open_one:
        assert caller(open_one, {"x-ossian-debug": "1"}).wants_debug_view
