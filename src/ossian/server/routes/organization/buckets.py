"""The buckets of a usage report: the parts of the calendar, cut off where the report begins and ends."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from ossian.accounts.periods import Period, end_of, start_of
from ossian.api.fields import JsonObject
from ossian.api.organization.usage import UsageQuery, bucket_body
from ossian.storage.account_records import UsagePeriod, UsageTotal

_MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class Buckets:
    """The buckets of one page, each as when it begins and ends; `next_start` is where those of the next page begin."""

    period: UsagePeriod
    spans: list[tuple[int, int]]
    next_start: int | None

    @classmethod
    def of(cls, query: UsageQuery, now: float) -> "Buckets":
        """Return the buckets that are asked for. A report without an end goes on to that of the present bucket."""
        ends_at = _end(query.period, int(now)) if query.ends_at is None else query.ends_at
        spans: list[tuple[int, int]] = []
        time = query.starts_at
        while time < ends_at and len(spans) < query.num_buckets:
            spans.append((time, min(_end(query.period, time), ends_at)))
            time = spans[-1][1]
        return cls(query.period, spans, time if time < ends_at else None)

    def bodies(self, totals: Iterable[UsageTotal], result: Callable[[UsageTotal], JsonObject]) -> list[JsonObject]:
        """Return the buckets with their results. A total tells of a bucket when it is of the same period."""
        results: dict[int, list[JsonObject]] = {}
        for total in totals:
            results.setdefault(total.start, []).append(result(total))
        return [bucket_body(start, end, results.get(_start(self.period, start), [])) for start, end in self.spans]


def _start(period: UsagePeriod, time: int) -> int:
    return time // _MINUTE * _MINUTE if period == "minute" else start_of(Period(period), time)


def _end(period: UsagePeriod, time: int) -> int:
    return (time // _MINUTE + 1) * _MINUTE if period == "minute" else end_of(Period(period), time)
