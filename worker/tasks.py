"""The Celery tasks, and `nudge`, which sends them.

The rows say what is to be done, so a lost task loses nothing: the sweep finds the rows.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Any, Literal

import structlog
from celery.signals import setup_logging, worker_process_init
from kombu.connection import Connection
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from celery_config import app
from inbox import db
from inbox.log import configure
from inbox.settings import settings
from worker import dispatch, polling, renewal
from worker import heartbeat as heart
from worker import ingest as ingesting
from worker import reconcile as reconciling
from worker import sweep as sweeping
from worker.pace import side_by_side, until_done

log = structlog.get_logger()

# Long enough for a platform that hangs.
_CALLING = {"soft_time_limit": 170, "time_limit": 180}
Kind = Literal["ingest", "send", "sweep", "reconcile"]


@app.task
def ingest() -> None:
    """Apply bodies that arrived."""
    if not until_done(ingesting.run):
        nudge("ingest")


@app.task
def send() -> None:
    """Send approved replies."""
    if not side_by_side(lambda: dispatch.run() or sweeping.ask_for_ratings()):
        nudge("send")


@app.task(**_CALLING)
def poll() -> None:
    """Poll the channels that are due."""
    if polling.run():
        nudge("ingest")


@app.task(**_CALLING)
def look() -> None:
    """Search for replies that may be public."""
    side_by_side(dispatch.look_for_uncertain, seconds=15)


@app.task(**_CALLING)
def heartbeat() -> None:
    """Renew tokens and probe channels."""
    renewal.run()
    if heart.run():
        nudge("ingest")


@app.task
def sweep() -> None:
    """Find work whose task was lost."""
    if not sweeping.run():
        nudge("sweep")


@app.task
def reconcile_all() -> None:
    """Schedule the nightly comparison of every channel with its platform."""
    reconciling.schedule()
    nudge("reconcile")


@app.task(soft_time_limit=840, time_limit=870)
def reconcile() -> None:
    """Compare one channel, so that no task takes too long; sends itself again while any is due."""
    if reconciling.run():
        nudge("reconcile")


@setup_logging.connect
def _log(**_: Any) -> None:
    """Replace Celery's own logging: it would print error messages, which may hold a citizen's words."""
    configure(as_json=settings().log_json)


@worker_process_init.connect
def _forked(**_: Any) -> None:
    global _connection
    _connection = None
    db.drop_inherited_connections()


# --- sending tasks -----------------------------------------------------------------------------------------

_TASKS = {"ingest": ingest, "send": send, "sweep": sweep, "reconcile": reconcile}
_PAUSE = 0.05
_wanted: dict[str, threading.Event] = {kind: threading.Event() for kind in _TASKS}
_any_wanted = threading.Event()
_starting = threading.Lock()
_publisher: threading.Thread | None = None
# Kept open: under load, a connection for each task took a quarter of the throughput of the hooks.
_connection: Connection | None = None


def nudge(kind: Kind) -> None:
    """Have a task sent soon. Sets a flag and returns: the caller never waits for the broker."""
    _wanted[kind].set()
    _any_wanted.set()
    global _publisher
    with _starting:
        if _publisher is None or not _publisher.is_alive():
            _publisher = threading.Thread(target=_publish_for_ever, name="nudge", daemon=True)
            _publisher.start()


def _publish_for_ever() -> None:
    while True:
        _any_wanted.wait()
        _any_wanted.clear()
        for kind, wanted in _wanted.items():
            if wanted.is_set():
                wanted.clear()
                _publish(kind)
        time.sleep(_PAUSE)


def _publish(kind: str) -> None:
    """Send one task; dropped when the broker is slow or down: the sweep finds the work."""
    global _connection
    was_open = _connection is not None
    try:
        if _connection is None:
            _connection = app.connection_for_write(
                transport_options={"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
            )
        _TASKS[kind].apply_async(connection=_connection, retry=False)
    except (KombuError, RedisError, OSError) as error:
        _close_connection()
        if was_open:  # the broker may have been started again since
            _publish(kind)
            return
        log.warning("wake_up_dropped", kind=kind, error=type(error).__name__)


def _close_connection() -> None:
    global _connection
    connection, _connection = _connection, None
    if connection is not None:
        with suppress(KombuError, RedisError, OSError):
            connection.release()  # type: ignore[no-untyped-call]
