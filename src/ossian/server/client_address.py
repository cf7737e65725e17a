"""Where a request comes from: the address of who sent it, or what trusted proxies say of him."""

import ipaddress
from collections.abc import Sequence
from typing import Final

from starlette.requests import HTTPConnection

from ossian.settings import Network

FORWARDING_HEADERS: Final = frozenset(
    {b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip"}
)  # what a proxy adds; who has one in between is not on this machine, for all we know


class ClientAddresses:
    """Tells the addresses of clients. A proxy that is not trusted is a client itself, whatever it says."""

    def __init__(self, trusted_proxies: Sequence[Network] = ()) -> None:
        self._trusted = trusted_proxies

    def of(self, connection: HTTPConnection) -> str:
        """Return a client's address.

        Each proxy adds to the end of X-Forwarded-For where its request came from. So it is read from there, as long as
        what is read was written by a trusted one: whatever a client writes itself stands before that.
        """
        address = sender_of(connection)
        if not self._trusted:
            return address
        said = ",".join(connection.headers.getlist("x-forwarded-for")).split(",")
        while self._is_trusted(address) and said and (before := _address(said.pop())):
            address = before
        return address

    def _is_trusted(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._trusted)


def sender_of(connection: HTTPConnection) -> str:
    """Return the address at the other end of a connection; empty when it has none, as a socket file has none."""
    client = connection.client
    return "" if client is None else _address(client.host) or client.host


def is_from_here(connection: HTTPConnection) -> bool:
    """Tell whether a request was sent on this machine, and not by a proxy for somebody else."""
    is_forwarded = any(name in FORWARDING_HEADERS for name, _ in connection.headers.raw)
    return not is_forwarded and is_loopback(sender_of(connection))


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address can only be reached from this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


def host_name(header: str) -> str:
    """Return the host of a Host header, without its port: `[::1]:8000` is `::1`."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0]


def _address(written: str) -> str | None:
    """Read an address, with a port or without; None when it is none, as `unknown`. IPv4 in IPv6 is IPv4."""
    text = written.strip().strip('"')
    for candidate in (text, host_name(text)):
        try:
            found = ipaddress.ip_address(candidate)
        except ValueError:
            continue
        mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
        return str(mapped or found)
    return None
