"""The log: one line per event with a fixed name and ids; JSON in production, colour in development.

A citizen's words, phone numbers, tokens and payloads must never be logged. Libraries that would log them are
silenced here by name.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from structlog.types import EventDict, Processor

_SILENT = ("heyoo", "tweepy", "oauthlib", "requests_oauthlib", "facebook")
"""These log recipients, bodies and signed headers, at INFO or at ERROR."""

_WARNINGS_ONLY = ("urllib3", "requests", "werkzeug", "alembic", "kombu", "amqp", "flask-limiter", "limits")


def _place_of_error(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Replace an exception by its class and traceback. Its message is left out: a database error quotes the
    row and a parser error the input, and both may hold a citizen's words."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = error[1]
    links: list[str] = []
    while isinstance(error, BaseException) and len(links) < 10:
        kind = f"{type(error).__module__}.{type(error).__qualname__}"
        links.insert(0, "".join(traceback.format_tb(error.__traceback__)) + kind)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if links:
        event["exception"] = "\nwhile that was handled:\n".join(links)
    return event


_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    _place_of_error,
)


def configure(*, as_json: bool) -> None:
    """Set up logging to standard error for this process, libraries included. May be called again."""
    renderer: Processor
    if as_json:
        renderer = structlog.processors.JSONRenderer()
    else:
        # The pretty formatter would print local variables, which may hold a citizen's words.
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
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
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
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
    """Add `ids` (of a request, task or reply) to every line logged within the block."""
    with structlog.contextvars.bound_contextvars(**ids):
        yield
