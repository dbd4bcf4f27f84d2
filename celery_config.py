"""The Celery app: broker, routes and schedule. Importing it reads no environment.

The rows are the queue. A task carries no data, only "look for work now"; it may come twice or never, and the
sweep finds the work of a lost one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import Celery
from celery.schedules import crontab

from inbox.settings import settings


def _configuration() -> dict[str, Any]:
    """Celery calls this when a worker, beat or publisher first reads the configuration."""
    sweep = timedelta(seconds=settings().sweep_seconds)
    poll = timedelta(seconds=min(settings().poll_seconds, settings().sweep_seconds))
    return {
        "broker_url": settings().broker_url,
        "imports": ("worker.tasks",),
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "task_soft_time_limit": 60,
        "task_time_limit": 90,
        "task_routes": {
            "worker.tasks.ingest": {"queue": "ingest"},
            "worker.tasks.send": {"queue": "send"},
            "worker.tasks.poll": {"queue": "sweep"},
            "worker.tasks.look": {"queue": "sweep"},
            "worker.tasks.heartbeat": {"queue": "sweep"},
            "worker.tasks.sweep": {"queue": "sweep"},
            "worker.tasks.reconcile": {"queue": "sweep"},
            "worker.tasks.reconcile_all": {"queue": "sweep"},
        },
        "task_create_missing_queues": True,
        # A task that was not picked up in time is useless: the next one does the same.
        "task_default_expires": 120,
        "broker_transport_options": {
            "visibility_timeout": 900,
            "socket_timeout": 10,
            "socket_connect_timeout": 3,
            "socket_keepalive": True,
            "health_check_interval": 25,
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
        },
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "task_publish_retry": False,
        "worker_hijack_root_logger": False,
        "worker_max_tasks_per_child": 500,
        "worker_soft_shutdown_timeout": 25,
        "worker_enable_remote_control": False,
        "task_serializer": "json",
        "accept_content": ["json"],
        "timezone": "UTC",
        "beat_schedule": {
            "sweep": {
                "task": "worker.tasks.sweep",
                "schedule": sweep,
                "options": {"expires": sweep.total_seconds()},
            },
            "poll": {
                "task": "worker.tasks.poll",
                "schedule": poll,
                "options": {"expires": poll.total_seconds()},
            },
            "look": {
                "task": "worker.tasks.look",
                "schedule": sweep,
                "options": {"expires": sweep.total_seconds()},
            },
            "heartbeat": {
                "task": "worker.tasks.heartbeat",
                "schedule": timedelta(minutes=1),
                "options": {"expires": 60},
            },
            "reconcile": {
                "task": "worker.tasks.reconcile_all",
                "schedule": crontab(hour="0", minute="30"),  # UTC: 03:30 in Istanbul, all year
                "options": {"expires": 3600},
            },
            "reconcile-what-waits": {
                "task": "worker.tasks.reconcile",
                "schedule": sweep,
                "options": {"expires": sweep.total_seconds()},
            },
        },
    }


app = Celery("cozum")
app.add_defaults(_configuration)
