"""Who is counted, and against which limits."""

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from ossian.accounts.callers import Caller
from ossian.accounts.limits import UNLIMITED, LimitProfile, Limits

_IPV6_NETWORK_BITS: Final = 64  # what one customer is given: he could send every request from another address of it


@dataclass(frozen=True, slots=True)
class Quota:
    """One count and its limits. `name` tells it from all others, `owner` is for messages."""

    name: str
    owner: str
    limits: Limits


def quotas_of(caller: Caller, model_id: str, profile: LimitProfile) -> tuple[Quota, ...]:
    """Return what a caller's request to a model counts against; `model_id` is the model that serves it."""
    found: list[Quota] = []
    if caller.project:
        limits = caller.project.limits_for(model_id, profile.project)
        owner = f"project '{caller.project.name}' and model '{model_id}'"
        found.append(Quota(_name("project", caller.project.id, model_id), owner, limits))
    if caller.key:
        limits = profile.key if caller.key.limits is None else caller.key.limits
        found.append(Quota(_name("key", caller.key.id), f"API key '{caller.key.name}'", limits))
    if caller.is_anonymous:
        owner = f"callers without an API key at your address and model '{model_id}'"
        found.append(Quota(_name("address", counted_address(caller.address), model_id), owner, profile.anonymous))
    return tuple(quota for quota in found if quota.limits != UNLIMITED)


def counted_address(address: str) -> str:
    """Return what requests from a client address are counted under: of IPv6, its network."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address  # of a socket file, say
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, _IPV6_NETWORK_BITS), strict=False))
    return str(found)


def _name(*parts: str) -> str:
    """Put the parts together so that no two lists of them make the same name."""
    return "/".join(quote(part, safe="") for part in parts)
