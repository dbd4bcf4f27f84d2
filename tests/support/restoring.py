"""A restored system beside the one the tests run on: another database, data folder and environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inbox import db
from inbox.settings import settings
from stack import restore
from stack.embedded import fresh_database


def _forget() -> None:
    db.engine().dispose()
    db.engine.cache_clear()
    settings.cache_clear()


@contextmanager
def restored(file: Path, folder: Path, database_url: str) -> Iterator[restore.Restored]:
    """Inside the block this process works on what came out of the backup `file`."""
    with fresh_database(database_url) as url, another_environment():
        found = restore.unpack(folder, file, database_url=url)
        _forget()
        yield found


@contextmanager
def another_environment() -> Iterator[None]:
    """What the block does to the environment is undone at its end."""
    before = dict(os.environ)
    try:
        yield
    finally:
        _forget()
        os.environ.clear()
        os.environ.update(before)
