"""A restored system beside the one the tests run on: another database, data folder and environment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stack import restore
from stack.embedded import fresh_database
from tests.support.environment import another_environment, forget


@contextmanager
def restored(file: Path, folder: Path, database_url: str) -> Iterator[restore.Restored]:
    """Inside the block this process works on what came out of the backup `file`."""
    with fresh_database(database_url) as url, another_environment():
        found = restore.unpack(folder, file, database_url=url)
        forget()
        yield found
