"""Whose word counts about where a request comes from."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import HTTPConnection

from ossian.server.client_address import ClientAddresses, host_name, is_from_here, is_loopback, sender_of

SENDER = "192.0.2.7"
PROXIES = ("10.0.0.0/8", "192.0.2.7", "2001:db8::/32")


def connection(sender: str | None = SENDER, *forwarded: str, name: str = "x-forwarded-for") -> HTTPConnection:
    headers = [(name.encode(), value.encode("latin-1")) for value in forwarded]
    client = None if sender is None else (sender, 40_000)
    return HTTPConnection({"type": "http", "headers": headers, "client": client})


def address(*forwarded: str, sender: str | None = SENDER, trusted: tuple[str, ...] = PROXIES) -> str:
    return ClientAddresses([ip_network(each) for each in trusted]).of(connection(sender, *forwarded))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost", "LocalHost", "a.localhost", "0:0:0:0:0:0:0:1"],
)
def test_a_loopback_host(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.168.0.1", "example.com", "localhost.example.com", "127.0.0.1.nip.io", "", "2130706433"],
)
def test_a_host_that_others_reach(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "header, name",
    [
        ("localhost", "localhost"),
        ("localhost:8000", "localhost"),
        ("[::1]:8000", "::1"),
        ("[::1]", "::1"),
        ("", ""),
        ("a:b:c", "a"),
    ],
)
def test_the_host_of_a_header(header: str, name: str) -> None:
    assert host_name(header) == name


def test_without_trusted_proxies_nobody_is_believed() -> None:
    assert address("198.51.100.1", trusted=()) == SENDER


def test_a_sender_that_is_no_trusted_proxy_is_not_believed() -> None:
    assert address("198.51.100.1", sender="203.0.113.9") == "203.0.113.9"


@pytest.mark.parametrize(
    "forwarded, client",
    [
        (["198.51.100.1"], "198.51.100.1"),
        (["198.51.100.1, 10.0.0.3"], "198.51.100.1"),
        (["198.51.100.1", "10.0.0.3"], "198.51.100.1"),
        (["127.0.0.1, 198.51.100.1"], "198.51.100.1"),  # what the client wrote himself
        (["10.0.0.9, 198.51.100.1, 10.0.0.3"], "198.51.100.1"),
        (["10.0.0.9, 10.0.0.3"], "10.0.0.9"),  # a client in the network of the proxies
        (["198.51.100.1:4711"], "198.51.100.1"),
        (["2001:db9::5"], "2001:db9::5"),
        (["[2001:db9::5]:4711"], "2001:db9::5"),
        (['"[2001:db9::5]:4711"'], "2001:db9::5"),
        (["2001:db9::5, 2001:db8::1"], "2001:db9::5"),
        (["::ffff:198.51.100.1"], "198.51.100.1"),
        (["198.51.100.1,   "], SENDER),  # an entry of a trusted proxy that says nothing
        (["198.51.100.1, unknown"], SENDER),
        (["198.51.100.1, _hidden, 10.0.0.3"], "10.0.0.3"),
        ([""], SENDER),
        ([], SENDER),
    ],
)
def test_trusted_proxies_say_where_their_client_is(forwarded: list[str], client: str) -> None:
    assert address(*forwarded) == client


def test_a_sender_whose_ipv4_address_is_written_as_ipv6_is_the_same() -> None:
    assert sender_of(connection("::ffff:192.0.2.7")) == SENDER
    assert address("198.51.100.1", sender="::ffff:192.0.2.7") == "198.51.100.1"
    assert is_from_here(connection("::ffff:127.0.0.1"))


def test_a_connection_without_an_address_is_from_nowhere() -> None:
    """Of a socket file, say."""
    assert address("198.51.100.1", sender=None) == ""
    assert address("198.51.100.1", sender="testclient") == "testclient"
    assert not is_from_here(connection(None))


@pytest.mark.parametrize("sender", ["127.0.0.1", "127.8.8.8", "::1"])
def test_requests_from_this_machine(sender: str) -> None:
    assert is_from_here(connection(sender))
    assert not is_from_here(connection(SENDER))


@pytest.mark.parametrize(
    "name", ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"]
)
def test_what_a_proxy_passed_on_is_not_from_this_machine(name: str) -> None:
    assert not is_from_here(connection("127.0.0.1", "127.0.0.1", name=name))


@given(st.lists(st.text(st.characters(max_codepoint=255))), st.ip_addresses().map(str))
def test_whatever_a_client_writes_its_proxy_tells_its_address(written: list[str], client: str) -> None:
    assert address(*written, client, trusted=(SENDER,)) in (client, address(client, trusted=(SENDER,)))
