"""What Prometheus is told at `/metrics`: what was sent and failed, what waits, and what is late."""

from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlmodel import Session

from storage import clock, download, evidence, journal, outbox, partnership

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Standing:
    """What the database says about work that waits."""

    waiting: int
    oldest_seconds: float
    failing: int
    late: int
    muted: int
    files: int
    bytes_kept: int
    journal_age: float


class Metrics:
    """The figures of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._sent = Counter("qualbridge_messages_sent", "Messages that Slack took", ["kind"], registry=self.registry)
        self._failed = Counter(
            "qualbridge_messages_failed", "Attempts to send that failed", ["kind"], registry=self.registry
        )
        self._errors = Counter(
            "qualbridge_slack_errors", "Errors that Slack answered", ["method", "error"], registry=self.registry
        )
        self.beat = Histogram(
            "qualbridge_beat_seconds", "How long a pass over what is due took", registry=self.registry
        )
        self._acks = Histogram(
            "qualbridge_ack_seconds", "How long Slack waited for an answer, by its status", ["status"],
            registry=self.registry,
        )  # fmt: skip
        self._gauges = {
            "waiting": self._gauge("qualbridge_outbox_waiting", "Messages that wait to be sent"),
            "oldest_seconds": self._gauge("qualbridge_outbox_oldest_seconds", "Age of the oldest one that waits"),
            "failing": self._gauge("qualbridge_outbox_failing", "Waiting messages that were tried in vain"),
            "late": self._gauge("qualbridge_clocks_late", "Running clocks past their due time"),
            "muted": self._gauge("qualbridge_channels_muted", "Channels in which nothing can be said"),
            "files": self._gauge("qualbridge_files_waiting", "Files that are still to be fetched from Slack"),
            "bytes_kept": self._gauge("qualbridge_evidence_bytes", "Bytes that the kept files take"),
            "journal_age": self._gauge("qualbridge_journal_newest_seconds", "Age of the newest entry of all journals"),
        }

    def _gauge(self, name: str, says: str) -> Gauge:
        return Gauge(name, says, registry=self.registry)

    def acked(self, status: int, seconds: float) -> None:
        """Note how long Slack waited for an answer."""
        self._acks.labels(status).observe(seconds)

    def sent(self, kind: str) -> None:
        """Count a message that Slack took."""
        self._sent.labels(kind).inc()

    def failed(self, kind: str) -> None:
        """Count an attempt that failed."""
        self._failed.labels(kind).inc()

    def slack_error(self, method: str, error: str) -> None:
        """Count what Slack answered instead."""
        self._errors.labels(method, error).inc()

    def page(self, found: Standing) -> bytes:
        """Write the page that Prometheus reads."""
        for name, gauge in self._gauges.items():
            gauge.set(getattr(found, name))
        return bytes(generate_latest(self.registry))


def standing(session: Session, now: datetime) -> Standing:
    """Ask the database what waits and what is late."""
    waiting, oldest = outbox.pending(session)
    age = (now - oldest).total_seconds() if oldest else 0.0
    failing, late = outbox.count_failing(session), clock.count_late(session, now)
    muted, files = partnership.count_muted(session), download.count_waiting(session)
    newest = journal.newest_at(session)
    journal_age = (now - newest).total_seconds() if newest else 0.0
    return Standing(waiting, age, failing, late, muted, files, evidence.total_size(session), journal_age)
