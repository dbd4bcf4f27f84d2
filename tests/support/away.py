"""A database that nobody finds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from inbox import db
from inbox.settings import settings


@contextmanager
def database_away() -> Iterator[None]:
    """While this lasts, whoever connects is refused."""
    try:
        with pytest.MonkeyPatch.context() as away:
            away.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
            settings.cache_clear()
            db.dispose()
            yield
    finally:
        settings.cache_clear()
        db.dispose()
