"""Keeps entries, people and undelivered hooks over a restart, as JSON rows in one SQLite file."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Store:
    """Rows of (kind, key, JSON) in the order of their first `put`. Without a folder nothing is stored."""

    def __init__(self, folder: Path | None) -> None:
        self._lock = threading.Lock()
        self._file: sqlite3.Connection | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(
                folder / "sandbox.sqlite3", check_same_thread=False, isolation_level=None
            )
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("PRAGMA synchronous=NORMAL")
            self._file.execute(
                "CREATE TABLE IF NOT EXISTS thing (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL,"
                " key TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (kind, key))"
            )

    def put(self, kind: str, key: str, body: dict[str, Any]) -> None:
        """Insert or replace a row."""
        with self._lock:
            if self._file is not None:
                self._file.execute(
                    "INSERT INTO thing (kind, key, body) VALUES (?, ?, ?)"
                    " ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
                    (kind, key, json.dumps(body)),
                )

    def drop(self, kind: str, key: str) -> None:
        """Delete a row."""
        with self._lock:
            if self._file is not None:
                self._file.execute("DELETE FROM thing WHERE kind = ? AND key = ?", (kind, key))

    def clear(self) -> None:
        """Delete all rows."""
        with self._lock:
            if self._file is not None:
                self._file.execute("DELETE FROM thing")

    def read(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The rows of one kind, as (key, body), in the order of their first `put`."""
        with self._lock:
            rows = (
                []
                if self._file is None
                else self._file.execute(
                    "SELECT key, body FROM thing WHERE kind = ? ORDER BY seq", (kind,)
                ).fetchall()
            )
        for key, body in rows:
            yield key, json.loads(body)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
