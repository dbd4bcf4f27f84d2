"""Keeps the public truth and undelivered hooks over a restart: one SQLite file, one JSON row a thing."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Store:
    """Rows (kind, key, JSON) in the order they were first put. Without a folder nothing is kept."""

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
        """The thing of this key is now `body`."""
        with self._lock:
            if self._file is not None:
                self._file.execute(
                    "INSERT INTO thing (kind, key, body) VALUES (?, ?, ?)"
                    " ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
                    (kind, key, json.dumps(body)),
                )

    def drop(self, kind: str, key: str) -> None:
        """Forget one thing."""
        with self._lock:
            if self._file is not None:
                self._file.execute("DELETE FROM thing WHERE kind = ? AND key = ?", (kind, key))

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            if self._file is not None:
                self._file.execute("DELETE FROM thing")

    def read(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The things of one kind, in the order they came."""
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
        """Write what is pending and let go of the file."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
