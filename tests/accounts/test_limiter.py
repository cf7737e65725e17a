"""Limits are exact: on one minute and the next, with many callers at once, with what is refused and given back."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.accounts.counters import Counters, MemoryCounters, counters_at
from ossian.accounts.limiter import MINUTE, RUNNING_SECONDS, Admission, Limiter
from ossian.accounts.limits import Limits
from ossian.accounts.quotas import Quota
from ossian.errors import LimitReachedError, StorageError

NOW = 1_800_000_030.0  # in the middle of a minute
TIMES = st.floats(0, 4_000_000_000)


def quota(name: str = "project/demo", **limits: int) -> Quota:
    return Quota(name, f"project '{name}'", Limits(**limits))


@pytest.fixture
def limiter(counters: Counters) -> Limiter:
    return Limiter(counters)


async def admitted(limiter: Limiter, quotas: tuple[Quota, ...], num_tokens: int, now: float) -> Admission:
    admission = Admission(quotas)
    await limiter.admit(admission, num_tokens, now)
    return admission


async def num_admitted(limiter: Limiter, *quotas: Quota, tries: int, num_tokens: int = 0, now: float = NOW) -> int:
    num = 0
    for _ in range(tries):
        try:
            await admitted(limiter, quotas, num_tokens, now)
            num += 1
        except LimitReachedError:
            pass
    return num


async def refusal(limiter: Limiter, *quotas: Quota, num_tokens: int = 0, now: float = NOW) -> LimitReachedError:
    with pytest.raises(LimitReachedError) as caught:
        await admitted(limiter, quotas, num_tokens, now)
    return caught.value


async def test_exactly_the_limit_is_let_in_each_minute(limiter: Limiter) -> None:
    limited = quota(requests_per_minute=7)
    assert await num_admitted(limiter, limited, tries=10) == 7
    assert await num_admitted(limiter, limited, tries=10, now=NOW + 29) == 0
    assert await num_admitted(limiter, limited, tries=10, now=NOW + 30) == 7


async def test_exactly_the_limit_is_let_in_of_many_at_once(limiter: Limiter) -> None:
    limited = quota(requests_per_minute=100)

    async def client() -> int:
        return await num_admitted(limiter, limited, tries=5)

    assert sum(await asyncio.gather(*(client() for _ in range(64)))) == 100


@pytest.mark.redis
async def test_servers_that_share_a_redis_share_its_limits(redis_url: str) -> None:
    limited = quota(requests_per_minute=50)
    others = [counters_at(redis_url) for _ in range(3)]
    limiters = [Limiter(each) for each in others]
    nums = await asyncio.gather(*(num_admitted(limiters[number % 3], limited, tries=5) for number in range(64)))
    for each in others:
        await each.aclose()
    assert sum(nums) == 50


async def test_an_admission_tells_what_is_left(limiter: Limiter) -> None:
    limited = quota(requests_per_minute=400, tokens_per_minute=1000, concurrent_requests=4)
    admission = await admitted(limiter, (limited,), 300, NOW)
    assert admission.headers == {
        "x-ratelimit-limit-requests": "400",
        "x-ratelimit-remaining-requests": "399",
        "x-ratelimit-reset-requests": "30s",
        "x-ratelimit-limit-tokens": "1000",
        "x-ratelimit-remaining-tokens": "700",
        "x-ratelimit-reset-tokens": "30s",
        "x-ratelimit-limit-concurrent-requests": "4",
        "x-ratelimit-remaining-concurrent-requests": "3",
    }


async def test_without_quotas_everything_is_let_in(limiter: Limiter) -> None:
    admission = await admitted(limiter, (), 1_000_000, NOW)
    assert admission.headers == {}
    await limiter.settle(admission, 1_000_000, NOW)


async def test_a_limit_that_is_reached_says_the_number_and_when_to_come_back(limiter: Limiter) -> None:
    limited = quota(requests_per_minute=2)
    assert await num_admitted(limiter, limited, tries=2) == 2
    error = await refusal(limiter, limited, now=NOW + 12.5)
    assert error.message == (
        "The limit of project 'project/demo' is reached: 2 requests a minute. 2 are used and this request counts 1. "
        "Try again in 18 s."
    )
    assert (error.status, error.code, error.retry_after) == (429, "rate_limit_exceeded", 18)
    assert error.headers == {
        "x-ratelimit-limit-requests": "2",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "18s",
    }


async def test_tokens_say_how_many_were_asked_for(limiter: Limiter) -> None:
    limited = quota(tokens_per_minute=1000)
    await admitted(limiter, (limited,), 800, NOW)
    error = await refusal(limiter, limited, num_tokens=300)
    assert "1000 tokens a minute. 800 are used and this request counts 300." in error.message
    assert error.headers["x-ratelimit-remaining-tokens"] == "200"
    assert await num_admitted(limiter, limited, tries=1, num_tokens=200) == 1


async def test_what_can_never_fit_is_not_told_to_come_back(limiter: Limiter) -> None:
    error = await refusal(limiter, quota(tokens_per_minute=1000), num_tokens=1001)
    assert error.retry_after is None
    assert "1000 tokens a minute, and this request alone counts 1001. Make the request smaller" in error.message
    assert error.headers["x-ratelimit-remaining-tokens"] == "1000"


async def test_a_limit_of_nothing_says_so(limiter: Limiter) -> None:
    error = await refusal(limiter, quota(requests_per_minute=0))
    assert (error.retry_after, error.headers["x-ratelimit-remaining-requests"]) == (None, "0")
    assert "0 requests a minute: nothing is let in" in error.message


async def test_requests_without_tokens_pass_where_tokens_are_used_up(limiter: Limiter) -> None:
    limited = quota(tokens_per_minute=10)
    assert await num_admitted(limiter, limited, tries=3, num_tokens=10) == 1
    assert await num_admitted(limiter, limited, tries=3, num_tokens=0) == 3


async def test_what_one_quota_refuses_counts_against_none(limiter: Limiter) -> None:
    wide = quota("wide", requests_per_minute=5, tokens_per_minute=500, concurrent_requests=5)
    narrow = quota("narrow", requests_per_minute=1)
    assert await num_admitted(limiter, wide, narrow, tries=10, num_tokens=100) == 1
    assert await num_admitted(limiter, wide, tries=10, num_tokens=100) == 4


async def test_tokens_that_were_not_used_are_given_back(limiter: Limiter) -> None:
    limited = quota(tokens_per_minute=1000)
    admission = await admitted(limiter, (limited,), 900, NOW)
    await limiter.settle(admission, 100, NOW)
    assert (await admitted(limiter, (limited,), 900, NOW)).headers["x-ratelimit-remaining-tokens"] == "0"


async def test_tokens_are_given_back_to_the_minute_they_were_taken_from(limiter: Limiter) -> None:
    limited = quota(tokens_per_minute=1000)
    admission = await admitted(limiter, (limited,), 900, NOW)
    await limiter.settle(admission, 100, NOW + MINUTE)
    assert (await admitted(limiter, (limited,), 1, NOW + MINUTE)).headers["x-ratelimit-remaining-tokens"] == "999"
    assert (await admitted(limiter, (limited,), 1, NOW)).headers["x-ratelimit-remaining-tokens"] == "899"


async def test_tokens_beyond_those_reserved_count_when_they_are_used(limiter: Limiter) -> None:
    limited = quota(tokens_per_minute=1000)
    admission = await admitted(limiter, (limited,), 900, NOW)
    await limiter.settle(admission, 2500, NOW + MINUTE)
    error = await refusal(limiter, limited, num_tokens=1, now=NOW + MINUTE)
    assert "1600 are used" in error.message
    assert error.headers["x-ratelimit-remaining-tokens"] == "0"
    assert (await admitted(limiter, (limited,), 100, NOW)).headers["x-ratelimit-remaining-tokens"] == "0"


async def test_running_requests_are_counted_until_they_end(limiter: Limiter) -> None:
    limited = quota(concurrent_requests=2)
    first, _second = [await admitted(limiter, (limited,), 0, NOW) for _ in range(2)]
    error = await refusal(limiter, limited)
    assert "2 requests at a time. 2 are used" in error.message
    assert error.retry_after == 1
    assert "x-ratelimit-reset-concurrent-requests" not in error.headers
    await limiter.settle(first, 0, NOW)
    assert await num_admitted(limiter, limited, tries=3) == 1


async def test_a_running_request_is_counted_across_its_windows(limiter: Limiter) -> None:
    limited = quota(concurrent_requests=1)
    admission = await admitted(limiter, (limited,), 0, NOW)
    assert await num_admitted(limiter, limited, tries=1, now=NOW + RUNNING_SECONDS) == 0
    await limiter.settle(admission, 0, NOW + RUNNING_SECONDS)
    assert await num_admitted(limiter, limited, tries=2, now=NOW + RUNNING_SECONDS) == 1


async def test_what_a_killed_server_never_ended_is_forgotten(limiter: Limiter) -> None:
    limited = quota(concurrent_requests=1)
    await admitted(limiter, (limited,), 0, NOW)
    assert await num_admitted(limiter, limited, tries=2, now=NOW + 2 * RUNNING_SECONDS) == 1


async def test_no_more_than_the_limit_ever_run_at_once(limiter: Limiter) -> None:
    limited = quota(concurrent_requests=3)
    running, most = 0, 0

    async def client() -> None:
        nonlocal running, most
        for _ in range(10):
            try:
                admission = await admitted(limiter, (limited,), 0, NOW)
            except LimitReachedError:
                await asyncio.sleep(0)
                continue
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1
            await limiter.settle(admission, 0, NOW)

    await asyncio.gather(*(client() for _ in range(16)))
    assert 0 < most <= 3  # in a Redis, who is about to be refused can keep another out
    assert await num_admitted(limiter, limited, tries=5) == 3


async def test_in_memory_an_admission_lets_no_other_task_run() -> None:
    limited = quota(requests_per_minute=1, tokens_per_minute=10, concurrent_requests=1)
    limiter = Limiter(MemoryCounters())
    with pytest.raises(StopIteration) as ended:
        admitted(limiter, (limited,), 5, NOW).send(None)
    assert isinstance(ended.value.value, Admission)
    with pytest.raises(LimitReachedError):
        admitted(limiter, (limited,), 5, NOW).send(None)


@dataclass
class BreakingCounters:
    """Counters that do something else at the n-th change."""

    inner: MemoryCounters
    at: int
    what: Callable[[], Awaitable[None]]

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        self.at -= 1
        if self.at == 0:
            await self.what()
        return await self.inner.incr(key, expiry, amount)

    async def get(self, key: str) -> int:
        return await self.inner.get(key)

    async def aclose(self) -> None:
        await self.inner.aclose()


async def fail() -> None:
    raise StorageError("gone")


@pytest.mark.parametrize("at", [1, 2, 3, 4])
async def test_what_fails_on_the_way_counts_against_none(at: int) -> None:
    first = quota("first", requests_per_minute=1, tokens_per_minute=10)
    second = quota("second", requests_per_minute=1, concurrent_requests=1)
    counters = MemoryCounters()
    with pytest.raises(StorageError):
        await admitted(Limiter(BreakingCounters(counters, at, fail)), (first, second), 10, NOW)
    await admitted(Limiter(counters), (first, second), 10, NOW)


async def test_what_could_not_be_given_back_is_still_among_the_charges() -> None:
    first = quota("first", concurrent_requests=1)
    second = quota("second", requests_per_minute=0)
    counters = MemoryCounters()
    admission = Admission((first, second))
    with pytest.raises(StorageError):  # at the fourth change: refused, it gives back what it took
        await Limiter(BreakingCounters(counters, 4, fail)).admit(admission, 0, NOW)
    assert [charge.quota for charge in admission.charges] == [first]
    with pytest.raises(LimitReachedError):
        await admitted(Limiter(counters), (first,), 0, NOW)
    await Limiter(counters).settle(admission, 0, NOW)
    await admitted(Limiter(counters), (first,), 0, NOW)


@pytest.mark.parametrize("at", [1, 2, 3])
async def test_what_could_not_be_settled_is_settled_later_and_once(at: int) -> None:
    first = quota("first", concurrent_requests=1, tokens_per_minute=10)
    second = quota("second", concurrent_requests=1)
    counters = MemoryCounters()
    admission = await admitted(Limiter(counters), (first, second), 10, NOW)
    breaking = Limiter(BreakingCounters(counters, at, fail))
    with pytest.raises(StorageError):
        await breaking.settle(admission, 4, NOW)
    await breaking.settle(admission, 4, NOW)
    again = await admitted(Limiter(counters), (first, second), 6, NOW)
    assert [standing.remaining for standing in again.standings] == [0, 0, 0]


async def test_a_place_whose_return_was_not_confirmed_is_not_there_twice() -> None:
    limited = quota(concurrent_requests=1)
    counters = MemoryCounters()
    limiter = Limiter(counters)
    admission = await admitted(limiter, (limited,), 0, NOW)
    unconfirmed = Admission(admission.quotas, list(admission.charges))
    await limiter.settle(admission, 0, NOW)
    await limiter.settle(unconfirmed, 0, NOW)
    await admitted(limiter, (limited,), 0, NOW)
    with pytest.raises(LimitReachedError):
        await admitted(limiter, (limited,), 0, NOW)


async def test_who_leaves_while_he_is_let_in_counts_against_none() -> None:
    limited = quota(requests_per_minute=1, concurrent_requests=1)
    counters = MemoryCounters()
    limiter = Limiter(BreakingCounters(counters, 2, asyncio.Event().wait))  # type: ignore[arg-type]  # breaks on purpose
    leaving = asyncio.create_task(admitted(limiter, (limited,), 0, NOW))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    await admitted(Limiter(counters), (limited,), 0, NOW)


@given(TIMES)
def test_at_the_time_that_is_told_there_is_room_again(now: float) -> None:
    async def come_back() -> None:
        limiter, limited = Limiter(MemoryCounters()), quota(requests_per_minute=1)
        await admitted(limiter, (limited,), 0, now)
        error = await refusal(limiter, limited, now=now)
        assert error.retry_after is not None
        assert 1 <= error.retry_after <= MINUTE
        await admitted(limiter, (limited,), 0, now + error.retry_after)

    asyncio.run(come_back())


STEPS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 130), st.integers(0, 130)), max_size=40)


@given(STEPS, st.integers(1, 5), st.integers(1, 120))
def test_a_window_holds_what_it_should(steps: list[tuple[int, int, int]], max_requests: int, max_tokens: int) -> None:
    """Compare with a count of everything that was let in, minute by minute."""

    async def compare() -> None:
        limiter, limited = (
            Limiter(MemoryCounters()),
            quota(requests_per_minute=max_requests, tokens_per_minute=max_tokens),
        )
        requests: dict[int, int] = {}
        tokens: dict[int, int] = {}
        for now, reserved, used in sorted(steps):
            minute = now // MINUTE
            fits = requests.get(minute, 0) < max_requests
            fits = fits and (reserved == 0 or tokens.get(minute, 0) + reserved <= max_tokens)
            try:
                admission = await admitted(limiter, (limited,), reserved, now)
            except LimitReachedError:
                assert not fits
                continue
            assert fits
            await limiter.settle(admission, used, now)
            requests[minute] = requests.get(minute, 0) + 1
            tokens[minute] = tokens.get(minute, 0) + (used if reserved else 0)

    asyncio.run(compare())


async def test_tokens_can_be_reserved_once_they_are_known(limiter: Limiter) -> None:
    limited = quota(requests_per_minute=5, tokens_per_minute=100)
    admission = await admitted(limiter, (limited,), 0, NOW)
    assert "x-ratelimit-limit-tokens" not in admission.headers
    await limiter.reserve(admission, 60, NOW)
    assert admission.headers["x-ratelimit-remaining-tokens"] == "40"
    assert admission.headers["x-ratelimit-remaining-requests"] == "4"
    await limiter.settle(admission, 10, NOW)
    assert (await admitted(limiter, (limited,), 90, NOW)).headers["x-ratelimit-remaining-tokens"] == "0"


async def test_tokens_are_reserved_of_every_quota_that_counts_them(limiter: Limiter) -> None:
    of_project, of_key = quota("project/demo", tokens_per_minute=100), quota("key/a", tokens_per_minute=70)
    admission = await admitted(limiter, (of_project, of_key, quota("key/b", requests_per_minute=1)), 0, NOW)
    await limiter.reserve(admission, 60, NOW)
    assert await num_admitted(limiter, of_project, tries=1, num_tokens=41) == 0
    assert await num_admitted(limiter, of_key, tries=1, num_tokens=11) == 0
    assert await num_admitted(limiter, of_project, tries=1, num_tokens=40) == 1


async def test_a_request_whose_tokens_are_refused_counts_against_nothing(limiter: Limiter) -> None:
    of_project = quota("project/demo", requests_per_minute=2, tokens_per_minute=100, concurrent_requests=1)
    of_key = quota("key/a", tokens_per_minute=50)
    admission = await admitted(limiter, (of_project, of_key), 0, NOW)
    with pytest.raises(LimitReachedError, match=r"key/a.*this request alone counts 60"):
        await limiter.reserve(admission, 60, NOW)
    await limiter.settle(admission, 60, NOW)
    again = await admitted(limiter, (of_project, of_key), 50, NOW)
    assert again.headers["x-ratelimit-remaining-requests"] == "1"
    assert again.headers["x-ratelimit-remaining-tokens"] == "0"


async def test_a_reservation_can_be_tried_again(limiter: Limiter) -> None:
    limited = quota(tokens_per_minute=100)
    before = await admitted(limiter, (limited,), 80, NOW)
    admission = await admitted(limiter, (limited,), 0, NOW)
    with pytest.raises(LimitReachedError):
        await limiter.reserve(admission, 60, NOW)
    await limiter.settle(before, 0, NOW)
    await limiter.reserve(admission, 60, NOW)
    assert await num_admitted(limiter, limited, tries=1, num_tokens=40) == 1
