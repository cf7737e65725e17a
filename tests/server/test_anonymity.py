"""Who needs no key: every combination of where the server listens, who is let in, and where the caller is."""

import pytest
from starlette.requests import HTTPConnection

from ossian.accounts.callers import LOCAL_SCOPE, Caller
from ossian.accounts.scopes import Endpoint
from ossian.errors import AuthenticationError, PermissionDeniedError, RequestError
from ossian.server.anonymity import Anonymity
from ossian.settings import AccessSettings, ServerSettings

HERE, ELSEWHERE = "127.0.0.1", "192.0.2.7"


def asked(
    sender: str = HERE, method: str = "GET", host: str = "127.0.0.1:8000", protocol: str = "http", **headers: str
) -> HTTPConnection:
    """A request; `_` in the names of headers is `-`."""
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": protocol, "headers": [(b"host", host.encode()), *named], "client": (sender, 1)}
    return HTTPConnection(scope | ({"method": method} if protocol == "http" else {}))


def anonymity(
    host: str = HERE, keys: tuple[str, ...] = (), origins: tuple[str, ...] = (), **access: object
) -> Anonymity:
    server = ServerSettings.model_validate({"host": host, "api_keys": keys, "cors_origins": origins})
    return Anonymity(server, AccessSettings.model_validate(access))


def caller(made: Anonymity, connection: HTTPConnection) -> Caller:
    client = connection.client
    assert client is not None
    return made.caller(connection, client.host)


def refusal(made: Anonymity, connection: HTTPConnection) -> RequestError:
    with pytest.raises(RequestError) as caught:
        caller(made, connection)
    return caught.value


LOCAL, STRANGER, NOBODY = "local", "stranger", "nobody"


@pytest.mark.parametrize(
    "host, keys, anonymous, sender, expected",
    [
        ("127.0.0.1", (), "local", HERE, LOCAL),
        ("localhost", (), "local", HERE, LOCAL),
        ("::1", (), "local", "::1", LOCAL),
        ("127.0.0.1", (), "local", ELSEWHERE, NOBODY),
        ("127.0.0.1", (), "anywhere", HERE, LOCAL),
        ("127.0.0.1", (), "anywhere", ELSEWHERE, STRANGER),
        ("127.0.0.1", (), "never", HERE, NOBODY),
        ("127.0.0.1", ("key",), "local", HERE, NOBODY),
        ("127.0.0.1", ("key",), "anywhere", HERE, STRANGER),
        ("0.0.0.0", (), "local", HERE, NOBODY),  # a proxy or a container may be in between
        ("0.0.0.0", (), "local", ELSEWHERE, NOBODY),
        ("0.0.0.0", (), "anywhere", HERE, STRANGER),
        ("0.0.0.0", (), "anywhere", ELSEWHERE, STRANGER),
        ("::", (), "local", "::1", NOBODY),
        ("models.example.com", (), "local", HERE, NOBODY),
        ("0.0.0.0", ("key",), "anywhere", ELSEWHERE, STRANGER),
        ("0.0.0.0", ("key",), "never", ELSEWHERE, NOBODY),
    ],
)
def test_who_is_let_in(host: str, keys: tuple[str, ...], anonymous: str, sender: str, expected: str) -> None:
    made = anonymity(host, keys, anonymous=anonymous)
    if expected == NOBODY:
        error = refusal(made, asked(sender))
        assert (type(error), error.code) == (AuthenticationError, "missing_api_key")
        assert "Authorization: Bearer KEY" in error.message
        return
    found = caller(made, asked(sender))
    assert found.is_anonymous
    assert found.address == sender
    assert found.is_local is (expected == LOCAL)
    assert found.storage_scope == (LOCAL_SCOPE if expected == LOCAL else None)
    assert not made.needs_key


@pytest.mark.parametrize(
    "host, keys, anonymous, needs_key",
    [
        ("127.0.0.1", (), "local", False),
        ("127.0.0.1", ("key",), "local", True),
        ("127.0.0.1", (), "never", True),
        ("0.0.0.0", (), "local", True),
        ("0.0.0.0", ("key",), "anywhere", False),
    ],
)
def test_whether_everybody_needs_a_key(host: str, keys: tuple[str, ...], anonymous: str, needs_key: bool) -> None:
    assert anonymity(host, keys, anonymous=anonymous).needs_key is needs_key


def test_on_this_machine_everything_may_be_used() -> None:
    found = caller(anonymity(anonymous_models=["one"]), asked())
    for endpoint in Endpoint:
        found.check_endpoint(endpoint)
    found.check_model("another")


def test_from_elsewhere_only_what_is_set() -> None:
    made = anonymity("0.0.0.0", anonymous="anywhere", anonymous_endpoints=["models"], anonymous_models=["one"])
    found = caller(made, asked(ELSEWHERE))
    found.check_endpoint(Endpoint.MODELS)
    found.check_model("one")
    for endpoint in set(Endpoint) - {Endpoint.MODELS}:
        with pytest.raises(AuthenticationError):
            found.check_endpoint(endpoint)
    with pytest.raises(AuthenticationError):
        found.check_model("another")


def test_what_needs_storing_needs_a_key_unless_on_this_machine() -> None:
    found = caller(anonymity("0.0.0.0", anonymous="anywhere"), asked(ELSEWHERE))
    for endpoint in (Endpoint.BATCHES, Endpoint.FILES, Endpoint.CONVERSATIONS, Endpoint.PROMPTS, Endpoint.USAGE):
        with pytest.raises(AuthenticationError, match="needs an API key"):
            found.check_endpoint(endpoint)


@pytest.mark.parametrize("name", ["x_forwarded_for", "forwarded", "via", "x_real_ip"])
def test_what_a_proxy_passes_on_is_not_from_this_machine(name: str) -> None:
    assert refusal(anonymity(), asked(**{name: HERE})).code == "missing_api_key"
    assert not caller(anonymity(anonymous="anywhere"), asked(**{name: HERE})).is_local


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1.example.com", "192.168.0.5:8000", "", "[::2]:80"])
def test_another_host_than_this_machine_may_be_a_web_page(host: str) -> None:
    error = refusal(anonymity(), asked(host=host))
    assert (type(error), error.code) == (PermissionDeniedError, "host_not_allowed")
    assert not caller(anonymity(anonymous="anywhere"), asked(host=host)).is_local


FOREIGN = ["http://evil.example", "https://127.0.0.1.evil.example:8000", "null", "", "http://[::1", "127.0.0.1:8000"]


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize(
    "unasked",
    [
        {"protocol": "websocket"},
        {"method": "POST"},
        {"method": "POST", "content_type": "text/plain"},
        {"method": "POST", "content_type": "multipart/form-data; boundary=x"},
        {"method": "POST", "content_type": "application/x-www-form-urlencoded"},
    ],
)
def test_what_browsers_send_unasked_is_not_taken_from_a_page_elsewhere(unasked: dict[str, str], origin: str) -> None:
    error = refusal(anonymity(), asked(**unasked, origin=origin))
    assert (type(error), error.code) == (PermissionDeniedError, "origin_not_allowed")
    found = caller(anonymity(anonymous="anywhere"), asked(**unasked, origin=origin))
    assert not found.is_local, "then it is one of those from elsewhere"


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize(
    "asked_before",
    [{"method": "GET"}, {"method": "DELETE"}, {"method": "POST", "content_type": "Application/JSON; charset=utf-8"}],
)
def test_of_the_rest_they_ask_or_show_pages_nothing(asked_before: dict[str, str], origin: str) -> None:
    assert caller(anonymity(), asked(**asked_before, origin=origin)).is_local


@pytest.mark.parametrize("protocol, method", [("websocket", "GET"), ("http", "POST")])
@pytest.mark.parametrize(
    "origins, origin",
    [
        ((), "http://127.0.0.1:8000"),
        ((), "HTTP://127.0.0.1:8000"),
        (("https://app.example.com",), "https://app.example.com"),
        (("*",), "https://anything.example"),
        (("*",), "null"),
    ],
)
def test_pages_of_the_server_and_of_allowed_origins(
    origins: tuple[str, ...], origin: str, protocol: str, method: str
) -> None:
    connection = asked(protocol=protocol, method=method, origin=origin)
    assert caller(anonymity(origins=origins), connection).is_local


def test_programs_send_no_origin() -> None:
    assert caller(anonymity(), asked(protocol="websocket")).is_local
    assert caller(anonymity(), asked(method="POST", content_type="multipart/form-data; boundary=x")).is_local
