"""What Celery may wake, three lines each, and `nudge`, which wakes it.

Losing a wake-up loses nothing: the rows say what is to be done and the sweep finds it.
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

# A hanging platform may take one channel's turn this long; the rows' leases outlive no task.
_CALLING = {"soft_time_limit": 170, "time_limit": 180}
Kind = Literal["ingest", "send", "sweep", "reconcile"]


@app.task
def ingest() -> None:
    """Something arrived."""
    if not until_done(ingesting.run):
        nudge("ingest")


@app.task
def send() -> None:
    """Something was approved."""
    if not side_by_side(lambda: dispatch.run() or sweeping.ask_for_ratings()):
        nudge("send")


@app.task(**_CALLING)
def poll() -> None:
    """It is time to ask the platforms."""
    if polling.run():
        nudge("ingest")


@app.task(**_CALLING)
def look() -> None:
    """Some replies may be public: look for them."""
    side_by_side(dispatch.look_for_uncertain, seconds=15)


@app.task(**_CALLING)
def heartbeat() -> None:
    """Is every channel alive, and will it be tomorrow?"""
    renewal.run()
    if heart.run():
        nudge("ingest")


@app.task
def sweep() -> None:
    """The minute is over, or the last sweep left work over."""
    if not sweeping.run():
        nudge("sweep")


@app.task
def reconcile_all() -> None:
    """It is night: compare every channel with its platform."""
    reconciling.schedule()
    nudge("reconcile")


@app.task(soft_time_limit=840, time_limit=870)
def reconcile() -> None:
    """Somebody asked, or it is night: one channel a wake-up, so that none waits behind a long one."""
    if reconciling.run():
        nudge("reconcile")


@setup_logging.connect
def _log(**_: Any) -> None:
    """Celery's own log would quote what an error says, and that may be a citizen's words."""
    configure(as_json=settings().log_json)


@worker_process_init.connect
def _forked(**_: Any) -> None:
    global _connection
    _connection = None
    db.drop_inherited_connections()


# --- waking -----------------------------------------------------------------------------------------

_TASKS = {"ingest": ingest, "send": send, "sweep": sweep, "reconcile": reconcile}
_PAUSE = 0.05
_wanted: dict[str, threading.Event] = {kind: threading.Event() for kind in _TASKS}
_any_wanted = threading.Event()
_starting = threading.Lock()
_publisher: threading.Thread | None = None
# The publisher's own connection, kept: under load, making one for each wake-up took a quarter of the intake.
_connection: Connection | None = None


def nudge(kind: Kind) -> None:
    """Have the workers look soon. Sets a flag and returns: no caller ever waits for the broker."""
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
    """One wake-up, dropped when the broker is slow or gone: the sweep makes up for it."""
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
