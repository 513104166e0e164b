"""What the server counts, for Prometheus. Counting is adding to plain numbers; the rest is done when somebody looks."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from fuseworthy.deploy.serving.answering import Part
from fuseworthy.deploy.serving.served import Route

LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics(Collector):
    """Requests, rows, modalities that were missing, routes, batches and latencies of one server."""

    media_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(self)
        self._requests: Counter[tuple[str, int]] = Counter()
        self._routes: Counter[Route] = Counter()
        self._abstained = self._dropped = 0
        self._seconds, self._batches = _Sizes(LATENCIES), _Sizes(BATCHES)
        self._waiting = self._deaths = 0
        self._model = ("", "")

    def requested(self, endpoint: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests[endpoint, status] += 1
        self._seconds.add(seconds)

    def batched(self, rows: int) -> None:
        """Count a batch."""
        self._batches.add(rows)

    def answered(self, found: Part) -> None:
        """Count rows that were answered."""
        for route in found.routes:
            self._routes[route] += 1
        self._abstained += sum(found.abstained)

    def dropped(self, rows: int = 1) -> None:
        """Count predictions that were not logged."""
        self._dropped += rows

    def page(self, *, waiting: int, deaths: int, name: str, version: str) -> bytes:
        """Everything, as Prometheus reads it.

        Parameters
        ----------
        waiting : rows in the queues
        deaths : encoder processes that were lost
        name, version : of the model that answers
        """
        self._waiting, self._deaths, self._model = waiting, deaths, (name, version)
        return generate_latest(self.registry)

    def collect(self) -> Iterator[Metric]:
        """Everything, as the client library has it."""
        requests: dict[tuple[str, ...], int] = {
            (endpoint, str(status)): count for (endpoint, status), count in self._requests.items()
        }
        yield _counted("requests", "Requests by endpoint and status.", requests, "endpoint", "status")
        yield _counted("rows", "Rows that were answered.", {(): self._routes.total()})
        yield from self._of_routes()
        yield _counted("abstained", "Rows whose answer is too unsure to rely on.", {(): self._abstained})
        yield _counted("encoder_deaths", "Encoder processes that were lost.", {(): self._deaths})
        dropped = "Predictions that were not logged, as the log was behind."
        yield _counted("log_dropped", dropped, {(): self._dropped})
        yield GaugeMetricFamily("fuseworthy_waiting_rows", "Rows in the queue.", value=self._waiting)
        model = GaugeMetricFamily("fuseworthy_model_info", "The model that answers.", labels=["name", "version"])
        model.add_metric(self._model, 1)
        yield model
        yield self._batches.told("batch_rows", "Rows of a batch.")
        yield self._seconds.told("request_seconds", "From a request's head to its answer.")

    def _of_routes(self) -> Iterator[Metric]:
        missing, given, routes, patterns = (Counter[tuple[str, ...]]() for _ in range(4))
        for route, rows in self._routes.items():
            routes[route.name,] += rows
            patterns[route.pattern,] += rows
            given.update({(m,): rows for m in route.given})
            missing.update({(m,): rows for m in route.lacking})
        yield _counted("modality_missing", "Rows that lacked the modality.", missing, "modality")
        yield _counted("modality_given", "Rows that had the modality.", given, "modality")
        yield _counted("routes", "Rows by who answered them.", routes, "route")
        yield _counted("patterns", "Rows by the modalities they had.", patterns, "pattern")


class _Sizes:
    """How many values were at most so large."""

    def __init__(self, edges: tuple[float, ...]) -> None:
        self.edges, self.total = edges, 0.0
        self.counts = [0] * (len(edges) + 1)

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.edges, value)] += 1
        self.total += value

    def told(self, name: str, what: str) -> Metric:
        edges = [*(str(float(own)) for own in self.edges), "+Inf"]
        buckets = list(zip(edges, accumulate(self.counts), strict=True))
        return HistogramMetricFamily(f"fuseworthy_{name}", what, buckets=buckets, sum_value=self.total)


def _counted(name: str, what: str, counts: dict[tuple[str, ...], int], *labels: str) -> Metric:
    found = CounterMetricFamily(f"fuseworthy_{name}", what, labels=labels)
    for values, count in counts.items():
        found.add_metric(values, count)
    return found
