"""Where the time of a step goes: each kernel's share, and what is left for Python."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import isfunction, signature
from typing import Any

from ossian.cli.bench.cases import SHORT, Decode, Prefill
from ossian.cli.bench.runs import Asker
from ossian.engine.embedded import kernels

NUM_FIRST_STEPS = 20  # after so many even the prompts of many streams are computed
NUM_TOKENS = 32  # of each stream: when the first ends, all have been decoding for a dozen steps


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a kernel, in seconds of a clock."""

    label: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class KernelTime:
    """All calls of one kernel, of one step on average."""

    label: str
    num_calls: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Profile:
    """The time of a step on average. `python` is what no kernel took: scheduling, batches, delivery."""

    name: str
    seconds: float
    kernels: tuple[KernelTime, ...]  # the longest first

    @property
    def python(self) -> float:
        return self.seconds - sum(each.seconds for each in self.kernels)


async def profiles(asker: Asker, cases: Iterable[Prefill | Decode]) -> list[Profile]:
    """Profile a prefill as a whole, and decode steps, of an engine that does nothing else and does not speculate."""
    return [await _profiled(asker, case) for case in cases]


async def _profiled(asker: Asker, case: Prefill | Decode) -> Profile:
    context = await asker.context(case.depth)
    if isinstance(case, Prefill):
        with timed_kernels() as calls:
            await asker.ask(context + asker.fresh(case.num_tokens), 1)
        return profile(case.name, calls, calls[0].start, calls[-1].end, num_steps=1)
    prompts = [context + asker.fresh(SHORT) for _ in range(case.num_streams)]
    with timed_kernels() as calls:
        await asyncio.gather(*(asker.ask(prompt, NUM_TOKENS) for prompt in prompts))
    return steps_profile(case.name, calls, NUM_FIRST_STEPS, NUM_TOKENS - 1)


def steps_profile(name: str, calls: Sequence[Call], first: int, last: int) -> Profile:
    """Profile the steps first … last - 1 of all, from 0. A step begins with the kernel that began the first."""
    starts = [call.start for call in calls if call.label == calls[0].label]
    inner = [call for call in calls if starts[first] <= call.start < starts[last]]
    return profile(name, inner, starts[first], starts[last], num_steps=last - first)


def profile(name: str, calls: Sequence[Call], start: float, end: float, num_steps: int) -> Profile:
    """Add up the calls in [start, end), which are those of `num_steps` steps."""
    seconds: dict[str, list[float]] = {}
    for call in calls:
        seconds.setdefault(call.label, []).append(call.end - call.start)
    times = (KernelTime(label, len(each) / num_steps, sum(each) / num_steps) for label, each in seconds.items())
    longest_first = tuple(sorted(times, key=lambda each: -each.seconds))
    return Profile(name, (end - start) / num_steps, longest_first)


@contextmanager
def timed_kernels() -> Iterator[list[Call]]:
    """Time every call of a kernel, whoever makes it, until the end of the context."""
    calls: list[Call] = []
    originals = {
        name: function
        for name, function in vars(kernels).items()
        if isfunction(function) and function.__module__ == kernels.__name__
    }
    for name, function in originals.items():
        setattr(kernels, name, _timed(name, function, calls))
    try:
        yield calls
    finally:
        for name, function in originals.items():
            setattr(kernels, name, function)


def _timed(name: str, function: Callable[..., Any], calls: list[Call]) -> Callable[..., Any]:
    places = {parameter: place for place, parameter in enumerate(signature(function).parameters)}
    weight, window = places.get("weight"), places.get("sliding_window")

    def timed(*arguments: Any, **options: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*arguments, **options)
        finally:
            end = time.perf_counter()
            calls.append(Call(name + _kind(arguments, weight, window), start, end))

    return timed


def _kind(arguments: Sequence[Any], weight: int | None, window: int | None) -> str:
    """Tell apart what one kernel does in several places: by its weight's shape, or by the window."""
    if weight is not None and weight < len(arguments) and isinstance(arguments[weight], kernels.DenseWeight):
        return f" {arguments[weight].num_rows}x{arguments[weight].num_cols}"
    if window is not None and window < len(arguments):
        return ", sliding" if arguments[window] else ", full"
    return ""
