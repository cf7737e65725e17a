"""Prometheus metrics, in a registry of the application's own."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from time import perf_counter
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ossian.api.aimlapi.models import TurnFigures
from ossian.engine.base import Engine, EngineStats
from ossian.harmony.events import Finished, MessageStart, TextDelta, TurnEvent, Usage
from ossian.server.recent_turns import RecentTurns
from ossian.server.speeds import Speeds

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_SECONDS_PER_TOKEN = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_GAUGES = {"num_waiting", "num_running", "num_blocks", "num_free_blocks"}  # the other stats only grow


class Metrics:
    """What `/metrics` shows."""

    def __init__(self, engines: Mapping[str, Engine]) -> None:
        self.registry = CollectorRegistry()
        self.speeds = Speeds()
        self.recent_turns = RecentTurns()
        self.requests = self._counter("http_requests", "Requests answered", "route", "status", "model")
        self.durations = self._histogram("http_request_duration_seconds", "Request to last byte", _SECONDS, "route")
        self.in_progress = Gauge("ossian_http_requests_in_progress", "Requests being served", registry=self.registry)
        self.connections = Gauge("ossian_websocket_connections", "WebSocket connections", registry=self.registry)
        self.ttft = self._histogram("time_to_first_token_seconds", "Request to first token", _SECONDS, "model")
        self.tpot = self._histogram(
            "time_per_output_token_seconds", "Later tokens, on average", _SECONDS_PER_TOKEN, "model"
        )
        self.tokens = self._counter("tokens", "Tokens of finished turns", "model", "kind")
        self.recoveries = self._counter(
            "harmony_recoveries", "Messages with a malformed or missing header", "model", "kind"
        )
        self.recalls = self._counter("reasoning_recalls", "Tool calls sent back without their reasoning", "result")
        self.responses = self._counter("responses", "Responses that ended", "model", "status")
        self.background = Gauge(
            "ossian_background_responses", "Background responses", ["status"], registry=self.registry
        )
        self.batches = Gauge("ossian_batches", "Batches that this server runs", registry=self.registry)
        self.batch_lines = self._counter("batch_lines", "Lines of batches that were answered", "result")
        self.queue = Gauge("ossian_queue_requests", "Requests in line", ["model", "state"], registry=self.registry)
        self.refusals = self._counter("refusals", "Requests over a limit or a budget", "reason")
        self.usage_records = self._counter("usage_records", "Usage records", "result")
        self.usage_waiting = Gauge("ossian_usage_records_waiting", "Usage records to write", registry=self.registry)
        self.registry.register(EngineCollector(engines))
        ProcessCollector(registry=self.registry)

    def watch_background(self, runs: "BackgroundCounts") -> None:
        """Show how many background responses there are from now on."""
        self.background.labels("queued").set_function(lambda: runs.num_queued)
        self.background.labels("in_progress").set_function(lambda: runs.num_running)

    def watch_batches(self, num_running: Callable[[], int]) -> None:
        """Show how many batches run from now on."""
        self.batches.set_function(num_running)

    def watch_queue(self, model: str, queue: "QueueCounts") -> None:
        """Show how many requests of a model run and wait from now on."""
        self.queue.labels(model, "running").set_function(lambda: queue.num_running)
        self.queue.labels(model, "waiting").set_function(lambda: queue.num_waiting)
        self.queue.labels(model, "patient").set_function(lambda: queue.num_patient)

    def watch_usage(self, num_waiting: Callable[[], int]) -> None:
        """Show how many usage records wait from now on."""
        self.usage_waiting.set_function(num_waiting)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"ossian_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"ossian_{name}", text, labels, buckets=buckets, registry=self.registry)

    def observe_request(self, route: str, status: int, model: str, seconds: float) -> None:
        """Count a request that is over."""
        self.requests.labels(route, str(status), model).inc()
        self.durations.labels(route).observe(seconds)

    def observe_usage(self, model: str, usage: Usage) -> None:
        """Count the tokens of a finished turn."""
        for field in fields(usage):
            kind = field.name.removeprefix("num_").removesuffix("_tokens")
            self.tokens.labels(model, kind).inc(getattr(usage, field.name))

    def exposition(self) -> bytes:
        """Return the metrics as text. Call it inside the event loop, whose tasks it counts."""
        return generate_latest(self.registry)


class BackgroundCounts(Protocol):
    """Knows how many background responses there are."""

    @property
    def num_queued(self) -> int: ...

    @property
    def num_running(self) -> int: ...


class QueueCounts(Protocol):
    """Knows how many requests run and wait; `patient` ones wait for the others."""

    @property
    def num_running(self) -> int: ...

    @property
    def num_waiting(self) -> int: ...

    @property
    def num_patient(self) -> int: ...


class TurnTimer:
    """Watches the events of one turn for TTFT, TPOT and token counts."""

    def __init__(self, metrics: Metrics, model: str) -> None:
        self._metrics = metrics
        self._model = model
        self._admitted = perf_counter()
        self._first_token: float | None = None

    def note(self, event: TurnEvent) -> None:
        """Take notice of the turn's next event."""
        if isinstance(event, TextDelta) and self._first_token is None:
            self._first_token = perf_counter()
            self._metrics.ttft.labels(self._model).observe(self._first_token - self._admitted)
        if isinstance(event, MessageStart) and event.recovery is not None:
            self._metrics.recoveries.labels(self._model, event.recovery.value).inc()
        if isinstance(event, Finished):
            self._finish(event.usage)

    def _finish(self, usage: Usage) -> None:
        self._metrics.observe_usage(self._model, usage)
        if self._first_token is None:
            return
        ended = perf_counter()
        seconds, num_later_tokens = ended - self._first_token, usage.num_completion_tokens - 1
        if num_later_tokens > 0:
            self._metrics.tpot.labels(self._model).observe(seconds / num_later_tokens)
            self._metrics.speeds.note(self._model, num_later_tokens, seconds)
        speed = num_later_tokens / seconds if num_later_tokens > 0 and seconds > 0 else None
        figures = TurnFigures(self._first_token - self._admitted, ended - self._admitted, speed)
        self._metrics.recent_turns.note(self._model, figures)


class EngineCollector(Collector):
    """Asks the engines for their figures when somebody looks."""

    def __init__(self, engines: Mapping[str, Engine]) -> None:
        self._engines = engines

    def collect(self) -> Iterator[Metric]:
        """Yield a metric for each field of EngineStats, and the number of the event loop's tasks."""
        stats = {model: engine.stats() for model, engine in self._engines.items()}
        for field in fields(EngineStats):
            family = GaugeMetricFamily if field.name in _GAUGES else CounterMetricFamily
            name = field.name.removeprefix("num_")
            metric = family(f"ossian_engine_{name}", f"EngineStats.{field.name}", labels=["model"])
            for model, figures in stats.items():
                metric.add_metric([model], getattr(figures, field.name))
            yield metric
        yield GaugeMetricFamily("ossian_asyncio_tasks", "Tasks of the server's event loop", _num_tasks())


def _num_tasks() -> int:
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:  # outside the event loop, as when the collector is registered
        return 0
