"""What Prometheus reads: what is counted as it happens, and what is looked at when somebody asks."""

from collections import Counter
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from chatops.engine.log import Appended


class Metrics(Collector):
    """Counts in plain numbers, at every request; they become metrics when they are read."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._answers: Counter[tuple[str, int]] = Counter()
        self._recorded = 0
        self._duplicates = 0
        registry.register(self)
        self.lag = Gauge(
            "chatops_projection_lag",
            "Events a read model is behind.",
            ["projection"],
            registry=registry,
        )
        self.stopped = Gauge(
            "chatops_projection_stopped",
            "1 if it stopped with an error.",
            ["projection"],
            registry=registry,
        )
        self.work = Gauge("chatops_work", "Items to be done.", ["state"], registry=registry)
        self.listeners = Gauge(
            "chatops_listeners", "Browsers that listen for news of a page.", registry=registry
        )
        self.canary = Gauge(
            "chatops_canary_age_seconds",
            "How long ago the last canary was sent that came back; -1 if none has.",
            registry=registry,
        )
        self.gaps = Gauge(
            "chatops_deliveries_missing",
            "Deliveries of GitHub's own list that have not come.",
            registry=registry,
        )
        self.rounds = Gauge(
            "chatops_round_age_seconds",
            "How long ago a round was made to its end; only where rounds are made.",
            ["round"],
            registry=registry,
        )
        self.digests = Gauge(
            "chatops_digests_missing",
            "Channels that should have got a digest, or a word why there is none.",
            registry=registry,
        )
        self.database = Gauge(
            "chatops_database_up", "1 if the database answers.", registry=registry
        )

    def answered(self, door: str, status: int) -> None:
        """Count an answer of one of the doors."""
        self._answers[door, status] += 1

    def appended(self, appended: Appended) -> None:
        """Count what became of a batch."""
        self._recorded += len(appended.positions)
        self._duplicates += appended.duplicates

    def collect(self) -> Iterable[Metric]:
        """Yield what was counted until now."""
        answers = CounterMetricFamily(
            "chatops_requests",
            "Requests at the two doors, by status.",
            labels=["door", "status"],
        )
        for (door, status), count in self._answers.copy().items():
            answers.add_metric([door, str(int(status))], count)
        yield answers
        yield CounterMetricFamily(
            "chatops_events_recorded", "Events recorded.", value=self._recorded
        )
        yield CounterMetricFamily(
            "chatops_events_known", "Facts the log had already.", value=self._duplicates
        )
