"""The settings of this process, from the environment as in production, for as long as a block lasts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from inbox import db
from inbox.settings import settings


def forget() -> None:
    """What this process knows of its settings and holds of its database."""
    db.dispose()
    settings.cache_clear()


@contextmanager
def another_environment(values: Mapping[str, str] | None = None) -> Iterator[None]:
    """With `values` added; all that the block does to the environment besides is undone at its end, too."""
    before = dict(os.environ)
    if values:
        os.environ.update(values)
        forget()
    try:
        yield
    finally:
        forget()
        os.environ.clear()
        os.environ.update(before)
