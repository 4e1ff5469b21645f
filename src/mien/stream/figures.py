"""What the stream does, as figures for Prometheus."""

from collections.abc import Callable, Collection, Iterator

from prometheus_client import Counter, Gauge, Histogram, Metric
from prometheus_client.registry import Collector

from mien.wire.batch import Json

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Times between which answers are told apart."""

NO_MODEL = "none"
"""What messages are counted under that ask no model, or were not looked at."""


class Figures(Collector):
    """Counters and gauges of all sessions of a server."""

    def __init__(self) -> None:
        self.sessions = Gauge("mien_stream_sessions", "Sessions that are open.", registry=None)
        self._waiting = Gauge("mien_stream_waiting", "Messages that wait for their turn.", registry=None)
        self._messages = Counter(
            "mien_stream_messages",
            "Messages answered, once for each model asked; ok, or the code of the warning or error.",
            ["model", "outcome"],
            registry=None,
        )
        self.seconds = Histogram(
            "mien_stream_answer_seconds",
            "From a message to its reply, the waiting included.",
            buckets=SECONDS,
            registry=None,
        )
        self._restarts = Counter(
            "mien_stream_decoder_restarts",
            "Decoders replaced because a payload crashed them, or took too long.",
            ["cause"],
            registry=None,
        )

    def collect(self) -> Iterator[Metric]:
        for one in (self.sessions, self._waiting, self._messages, self.seconds, self._restarts):
            yield from one.collect()

    def watch(self, waiting: Callable[[], int]) -> None:
        """`waiting`: asked how many messages wait, whenever somebody wants to know."""
        self._waiting.set_function(waiting)

    def count(self, models: Collection[str], reply: Json) -> None:
        """A message that asked these models, by its reply."""
        for model in models or (NO_MODEL,):
            found = reply if "error" in reply else reply.get(model, {})
            self._messages.labels(model, found.get("code", "ok")).inc()

    def restarted(self, cause: str) -> None:
        self._restarts.labels(cause).inc()
