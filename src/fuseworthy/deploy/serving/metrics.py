"""What the server counts, for Prometheus."""

from __future__ import annotations

from collections import Counter as Tally

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from fuseworthy.deploy.serving.answering import Part
from fuseworthy.deploy.serving.served import Route

LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """Requests, rows, modalities that were missing, routes, batches and latencies of one server."""

    media_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()

        def counter(name: str, what: str, *labels: str) -> Counter:
            return Counter(f"fuseworthy_{name}", what, labels, registry=self.registry)

        self._requests = counter("requests", "Requests by endpoint and status.", "endpoint", "status")
        self._rows = counter("rows", "Rows that were answered.")
        self._missing = counter("modality_missing", "Rows that lacked the modality.", "modality")
        self._given = counter("modality_given", "Rows that had the modality.", "modality")
        self._routes = counter("routes", "Rows by who answered them.", "route")
        self._patterns = counter("patterns", "Rows by the modalities they had.", "pattern")
        self._abstained = counter("abstained", "Rows whose answer is too unsure to rely on.")
        self._lost = counter("encoder_deaths", "Encoder processes that were lost.")
        self._dropped = counter("log_dropped", "Predictions that were not logged, as the log was behind.")
        self._waiting = Gauge("fuseworthy_waiting_rows", "Rows in the queue.", registry=self.registry)
        self._info = Gauge(
            "fuseworthy_model_info", "The model that answers.", ["name", "version"], registry=self.registry
        )
        self._batches = Histogram("fuseworthy_batch_rows", "Rows of a batch.", buckets=BATCHES, registry=self.registry)
        self._seconds = Histogram(
            "fuseworthy_request_seconds",
            "From a request's head to its answer.",
            buckets=LATENCIES,
            registry=self.registry,
        )
        self._known: dict[tuple[str, str], Counter] = {}
        self._tally: Tally[Route] = Tally()
        self._unsure = self._deaths = 0

    def requested(self, endpoint: str, status: int, seconds: float) -> None:
        """Count a request."""
        key = (endpoint, str(status))
        if key not in self._known:
            self._known[key] = self._requests.labels(*key)
        self._known[key].inc()
        self._seconds.observe(seconds)

    def batched(self, rows: int) -> None:
        """Count a batch."""
        self._batches.observe(rows)

    def answered(self, found: Part) -> None:
        """Count rows that were answered; what follows from their routes is added up when the page is asked for."""
        for route in found.routes:
            self._tally[route] += 1
        self._unsure += sum(found.abstained)

    def dropped(self, rows: int = 1) -> None:
        """Count predictions that were not logged."""
        self._dropped.inc(rows)

    def page(self, *, waiting: int, deaths: int, name: str, version: str) -> bytes:
        """Everything, as Prometheus reads it."""
        self._add_up()
        self._waiting.set(waiting)
        self._info.clear()
        self._info.labels(name, version).set(1)
        self._lost.inc(deaths - self._deaths)
        self._deaths = deaths
        return generate_latest(self.registry)

    def _add_up(self) -> None:
        tally, self._tally = self._tally, Tally()
        for route, rows in tally.items():
            self._rows.inc(rows)
            self._routes.labels(route.name).inc(rows)
            self._patterns.labels(route.pattern).inc(rows)
            for m in route.given:
                self._given.labels(m).inc(rows)
            for m in route.lacking:
                self._missing.labels(m).inc(rows)
        self._abstained.inc(self._unsure)
        self._unsure = 0
