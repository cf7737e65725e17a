"""Lets a request begin when all its quotas have room for it, and counts it.

A minute is one of the clock, and each has its own counter. So all servers agree on it, what was reserved can be given
back, and when to try again is known exactly; twice a limit can pass within 60 seconds when they lie in two minutes.

A count is raised first and looked at afterwards, so no two requests are let in on the same room. A request that one of
its quotas refuses gives back what it took from the others: it counts against none.
"""

from dataclasses import dataclass, field
from math import ceil
from typing import Final

from ossian.accounts.counters import Counters
from ossian.accounts.quotas import Quota
from ossian.accounts.standings import Resource, Standing, rate_limit_headers
from ossian.errors import LimitReachedError

MINUTE: Final = 60  # seconds
RUNNING_SECONDS: Final = 1800  # a running request is counted for one to two times this; so long a killed server's stay

_RETRY_AFTER: Final = 1  # seconds; when a running request finishes is not known
_SMALLER: Final = "Make the request smaller, or ask this server's operator to raise the limit."


@dataclass(frozen=True, slots=True)
class Charge:
    """What a request took of one limit, in the `window`-th of its windows since 1970."""

    quota: Quota
    resource: Resource
    limit: int
    window: int
    amount: int

    @property
    def key(self) -> str:
        return _key(self.quota, self.resource, self.window)


@dataclass(slots=True)
class Admission:
    """A request that may run. `standings` are how its limits stand with it."""

    quotas: tuple[Quota, ...] = ()
    charges: list[Charge] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        """The x-ratelimit headers of the answer."""
        return rate_limit_headers(self.standings)


class Limiter:
    """Admits requests. Exact for all that share the counters; in memory, an admission lets no other task run."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    async def admit(self, admission: Admission, num_tokens: int, now: float) -> None:
        """Count a request of `num_tokens` tokens, as far as they are known; 0: it uses none. `now`: since 1970.

        Raises LimitReachedError, after which nothing is counted, and StorageError when the counters cannot be asked:
        what is still counted then is among the charges. Every admission must be settled.
        """
        try:
            for quota in admission.quotas:
                await self._admit(quota, num_tokens, now, admission)
        except BaseException:
            await self._give_back(admission)
            raise

    async def reserve(self, admission: Admission, num_tokens: int, now: float) -> None:
        """Count the tokens of a request that was admitted before they were known; anew, when it is called again.

        Raises LimitReachedError and StorageError as `admit` does.
        """
        try:
            await self._give_tokens_back(admission)
            for quota in admission.quotas:
                await self._reserve(quota, num_tokens, now, admission)
        except BaseException:
            await self._give_back(admission)
            raise

    async def settle(self, admission: Admission, num_tokens: int, now: float) -> None:
        """Say that a request has ended, with the tokens it used. Not to be cancelled.

        Tokens that were reserved and not used are given back to the minute they were taken from. Those that were used
        beyond that count in the present minute, even past its limit: they are spent already. Raises StorageError when
        the counters cannot be asked; what is settled then is no longer among the charges, so call it again.
        """
        while admission.charges:
            charge = admission.charges[-1]
            if charge.resource is Resource.CONCURRENT_REQUESTS:
                await self._give_place_back(charge)
            elif charge.resource is Resource.TOKENS and num_tokens < charge.amount:
                await self._change(charge.key, charge.resource, num_tokens - charge.amount)
            elif charge.resource is Resource.TOKENS and num_tokens > charge.amount:
                key = _key(charge.quota, charge.resource, _window(charge.resource, now))
                await self._change(key, charge.resource, num_tokens - charge.amount)
            admission.charges.pop()

    async def _admit(self, quota: Quota, num_tokens: int, now: float, admission: Admission) -> None:
        limits = quota.limits
        if limits.requests_per_minute is not None:
            await self._take(quota, Resource.REQUESTS, limits.requests_per_minute, 1, now, admission)
        await self._reserve(quota, num_tokens, now, admission)
        if limits.concurrent_requests is not None:
            await self._take(quota, Resource.CONCURRENT_REQUESTS, limits.concurrent_requests, 1, now, admission)

    async def _reserve(self, quota: Quota, num_tokens: int, now: float, admission: Admission) -> None:
        limit = quota.limits.tokens_per_minute
        if limit is not None and num_tokens:
            await self._take(quota, Resource.TOKENS, limit, num_tokens, now, admission)

    async def _take(
        self, quota: Quota, resource: Resource, limit: int, amount: int, now: float, admission: Admission
    ) -> None:
        charge = Charge(quota, resource, limit, _window(resource, now), amount)
        count = await self._change(charge.key, resource, amount)
        admission.charges.append(charge)
        if resource is Resource.CONCURRENT_REQUESTS:
            count += await self._counters.get(_key(quota, resource, charge.window - 1))
        if count > limit:
            admission.standings.append(_standing(charge, count - amount, now))
            raise _refusal(charge, count - amount, now, admission.headers)
        admission.standings.append(_standing(charge, count, now))

    async def _change(self, key: str, resource: Resource, amount: int) -> int:
        return await self._counters.incr(key, 2 * _seconds(resource), amount)

    async def _give_back(self, admission: Admission) -> None:
        while admission.charges:
            charge = admission.charges[-1]
            if charge.resource is Resource.CONCURRENT_REQUESTS:
                await self._give_place_back(charge)
            else:
                await self._change(charge.key, charge.resource, -charge.amount)
            admission.charges.pop()

    async def _give_tokens_back(self, admission: Admission) -> None:
        """What could not be given back when the counters were away."""
        for charge in [each for each in admission.charges if each.resource is Resource.TOKENS]:
            await self._change(charge.key, charge.resource, -charge.amount)
            admission.charges.remove(charge)

    async def _give_place_back(self, charge: Charge) -> None:
        """Give a place back; one that was already, when the answer to that was lost, is not there twice."""
        if await self._change(charge.key, charge.resource, -charge.amount) < 0:
            await self._change(charge.key, charge.resource, charge.amount)


def _key(quota: Quota, resource: Resource, window: int) -> str:
    return f"{quota.name}/{resource}/{window}"


def _seconds(resource: Resource) -> int:
    return RUNNING_SECONDS if resource is Resource.CONCURRENT_REQUESTS else MINUTE


def _window(resource: Resource, now: float) -> int:
    return int(now // _seconds(resource))


def _standing(charge: Charge, count: int, now: float) -> Standing:
    is_running = charge.resource is Resource.CONCURRENT_REQUESTS
    reset_after = None if is_running else (charge.window + 1) * MINUTE - now
    return Standing(charge.resource, charge.limit, max(0, charge.limit - count), reset_after)


def _refusal(charge: Charge, count: int, now: float, headers: dict[str, str]) -> LimitReachedError:
    owner, limit = charge.quota.owner, _spoken(charge)
    if charge.limit == 0:
        message = f"The limit of {owner} is {limit}: nothing is let in. Ask this server's operator to raise it."
        return LimitReachedError(message, None, headers)
    if charge.amount > charge.limit:
        message = f"The limit of {owner} is {limit}, and this request alone counts {charge.amount}. {_SMALLER}"
        return LimitReachedError(message, None, headers)
    retry_after = _retry_after(charge, now)
    reached = f"The limit of {owner} is reached: {limit}. {count} are used and this request counts {charge.amount}."
    return LimitReachedError(f"{reached} Try again in {retry_after} s.", retry_after, headers)


def _retry_after(charge: Charge, now: float) -> int:
    if charge.resource is Resource.CONCURRENT_REQUESTS:
        return _RETRY_AFTER
    return ceil((charge.window + 1) * MINUTE - now)


def _spoken(charge: Charge) -> str:
    match charge.resource:
        case Resource.REQUESTS:
            return f"{charge.limit} requests a minute"
        case Resource.TOKENS:
            return f"{charge.limit} tokens a minute"
        case Resource.CONCURRENT_REQUESTS:
            return f"{charge.limit} requests at a time"
