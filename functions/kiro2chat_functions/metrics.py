"""What this process did since it started, in numbers, and in Prometheus' text form when somebody asks.

Numbers are kept plainly; the Prometheus library is imported for the first who asks, in a thread, and formats them.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kiro2chat_core.errors import Unauthorized
from kiro2chat_core.report import Report
from kiro2chat_core.stats import Labelling, answered

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

__all__ = ["Meters"]

_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0)
_FIRST = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0)


@dataclass(slots=True)
class _Histogram:
    """`counts` has a place more than there are bounds, for what is beyond the last."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    sum: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def buckets(self) -> list[tuple[str, float]]:
        """(upper bound, how many are not above it) as Prometheus has them."""
        total, buckets = 0, []
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            total += count
            buckets.append((bound, float(total)))
        return buckets


class Meters:
    """`dropped` tells how many requests the journal could not write."""

    def __init__(self, dropped: Callable[[], int]) -> None:
        self._dropped = dropped
        self._labelling = Labelling()
        self._lock = threading.Lock()
        self._in_flight = 0
        self._requests: dict[tuple[str, ...], int] = defaultdict(int)
        self._tokens: dict[str, int] = dict.fromkeys(("input", "output", "reasoning", "cache_read", "cache_write"), 0)
        self._credits = 0.0
        self._refused = dict.fromkeys(("host", "origin", "key"), 0)
        self._seconds: dict[tuple[str, ...], _Histogram] = defaultdict(lambda: _Histogram(_SECONDS))
        self._first: dict[tuple[str, ...], _Histogram] = defaultdict(lambda: _Histogram(_FIRST))

    def began(self, _report: Report) -> None:
        with self._lock:
            self._in_flight += 1

    def refused(self, what: str) -> None:
        """A request that went no further, for a foreign host or origin; it is not among those that have ended."""
        with self._lock:
            self._refused[what] += 1

    def ended(self, report: Report) -> None:
        labels = self._labelling.of(report)
        where = (labels.dialect, labels.model)
        usage = report.usage
        with self._lock:
            self._in_flight -= 1
            self._requests[(*where, labels.status)] += 1
            self._refused["key"] += isinstance(report.error, Unauthorized)
            if answered(report):
                self._seconds[where].observe(report.total)
            if report.first is not None:
                self._first[where].observe(report.first)
            self._credits += report.answered.credits or 0.0
            if usage is not None:
                for kind in self._tokens:
                    self._tokens[kind] += getattr(usage, f"{kind}_tokens")

    def text(self) -> tuple[bytes, str]:
        """The metrics and their media type. Imports the library, so it is for a thread."""
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

        registry = CollectorRegistry(auto_describe=False)
        with self._lock:
            registry.register(_Collected(list(self._metrics())))
        return generate_latest(registry), CONTENT_TYPE_LATEST

    def _metrics(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        requests = CounterMetricFamily(
            "kiro2chat_requests", "Requests that have ended.", labels=("dialect", "model", "status")
        )
        for names, count in self._requests.items():
            requests.add_metric(names, count)
        yield requests
        refused = CounterMetricFamily(
            "kiro2chat_refused",
            "Requests with a foreign host or origin, or a missing or wrong key.",
            labels=("reason",),
        )
        for reason, count in self._refused.items():
            refused.add_metric((reason,), count)
        yield refused
        for name, help_, held in (
            ("kiro2chat_request_seconds", "Seconds from a request to the end of its answer.", self._seconds),
            ("kiro2chat_first_token_seconds", "Seconds until the first events of an answer.", self._first),
        ):
            histogram = HistogramMetricFamily(name, help_, labels=("dialect", "model"))
            for names, each in held.items():
                histogram.add_metric(names, each.buckets(), each.sum)
            yield histogram
        tokens = CounterMetricFamily("kiro2chat_tokens", "Tokens by kind; cached ones are input too.", labels=("kind",))
        for kind, count in self._tokens.items():
            tokens.add_metric((kind,), count)
        yield tokens
        yield CounterMetricFamily("kiro2chat_credits", "Credits that the backend charged.", value=self._credits)
        yield GaugeMetricFamily("kiro2chat_in_flight", "Requests under way.", value=self._in_flight)
        yield CounterMetricFamily(
            "kiro2chat_journal_dropped", "Requests that are not on record.", value=self._dropped()
        )


class _Collected:
    """What has been collected, as a collector. (The library keeps collectors in a dict: one with a value is no key.)"""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> list[Metric]:
        return self._metrics
