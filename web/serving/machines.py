"""`/healthz` and `/metrics`: open to monitoring without a token, so they contain numbers only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from threading import Lock

import structlog
from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from inbox import channels
from inbox.db import engine, transaction
from inbox.queries import figures
from inbox.states import ChannelHealth
from web.kit.access import public
from web.serving import streams

log = structlog.get_logger()

HEALTH_PATIENCE_SECONDS = 2.0

blueprint = Blueprint("public", __name__)

_asking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="healthz")
_lock = Lock()
_asked: Future[None] | None = None


def _ask_database() -> None:
    with engine().connect() as connection:
        connection.execute(text("SELECT 1"))


def _database_answers() -> bool:
    """Whether the database answers within two seconds.

    Concurrent calls share one query, so that a hanging database blocks one thread and not all of them.
    """
    global _asked
    with _lock:
        if _asked is None or _asked.done():
            _asked = _asking.submit(_ask_database)
        asked = _asked
    try:
        asked.result(timeout=HEALTH_PATIENCE_SECONDS)
    except (SQLAlchemyError, TooLate) as error:
        log.error("health_check_failed", error=type(error).__name__)
        return False
    return True


@blueprint.get("/healthz")
@public
def healthz() -> Response:
    """200 if web server and database answer. The broker is not checked: without it nothing is lost."""
    if _database_answers():
        return Response("ok\n", content_type="text/plain")
    return Response("the database does not answer\n", status=503, content_type="text/plain")


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    """The present figures in Prometheus' text format."""
    registry = CollectorRegistry()
    with transaction() as session:
        registry.register(_Figures(figures.current(session)))
    registry.register(streams.OPEN)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Figures(Collector):
    """Figures as Prometheus metrics."""

    def __init__(self, counted: figures.Figures) -> None:
        self._counted = counted

    def collect(self) -> Iterable[Metric]:
        """One metric for each figure."""
        seen = self._counted
        yield _gauge("cozum_messages", "Citizens' messages by state of triage", "state", seen.messages)
        yield _gauge("cozum_requests", "Tracked requests by state", "state", seen.requests)
        yield _gauge("cozum_requests_overdue", "Requests past their deadline", None, seen.overdue_requests)
        yield _gauge("cozum_replies", "Replies by state", "state", seen.replies)
        yield _gauge("cozum_raw_events", "Bodies received by state of ingest", "state", seen.raw_events)
        yield _gauge("cozum_oldest_seconds", "Age of the oldest that waits", "queue", seen.oldest)
        yield _gauge("cozum_set_aside", "Parts of bodies set aside and not resolved", "kind", seen.set_aside)
        yield _gauge(
            "cozum_alarms", "Open alarms by kind", "kind", Counter(alarm.kind for alarm in seen.alarms)
        )
        stored = CounterMetricFamily("cozum_hooks_stored", "Signed hook bodies kept", labels=["hook"])
        for hook, count in seen.hooks_stored.items():
            stored.add_metric([hook], count)
        yield stored
        rejected = CounterMetricFamily("cozum_hooks_rejected", "Hook calls refused", labels=["hook"])
        for hook, count in seen.hooks_rejected.items():
            rejected.add_metric([hook], count)
        yield rejected
        health = GaugeMetricFamily(
            "cozum_channel_healthy", "1: the last real call succeeded", labels=["channel", "platform"]
        )
        for channel in seen.channels:
            health.add_metric(
                [channel.key, channel.platform], int(channels.health(channel) is ChannelHealth.OK)
            )
        yield health


def _gauge(name: str, about: str, label: str | None, values: Mapping[str, float] | float) -> Metric:
    if not isinstance(values, Mapping):
        return GaugeMetricFamily(name, about, value=values)
    family = GaugeMetricFamily(name, about, labels=[label or ""])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
