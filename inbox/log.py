"""The log: one line an event, a fixed name and ids, JSON in production and colour at home.

Never the words of a citizen, a phone number, a token or a payload. Libraries that would log them are
silenced here, by name.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from structlog.types import Processor

_SILENT = ("heyoo", "tweepy", "oauthlib", "requests_oauthlib", "facebook")
"""They log recipients, bodies and signed headers, at INFO or at ERROR."""

_WARNINGS_ONLY = ("urllib3", "requests", "werkzeug", "alembic", "kombu", "amqp", "flask-limiter", "limits")

_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
)


def configure(*, as_json: bool) -> None:
    """Send every log line of this process to standard error in one form. May be called again."""
    renderer: Processor
    last: tuple[Processor, ...]
    if as_json:
        renderer, last = structlog.processors.JSONRenderer(), (structlog.processors.format_exc_info,)
    else:
        # Plain: the pretty form prints local variables, and those hold citizens' words.
        renderer, last = (
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
            (),
        )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=list(_SHARED),
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    for name in _WARNINGS_ONLY:
        logging.getLogger(name).setLevel(logging.WARNING)


@contextmanager
def bound(**ids: object) -> Iterator[None]:
    """Give every line logged inside it these ids, of a request, a task, a reply."""
    with structlog.contextvars.bound_contextvars(**ids):
        yield
