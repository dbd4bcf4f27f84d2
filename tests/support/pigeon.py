"""A fifth platform that only tests know: its folder, and the one line that registers it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import connectors
from connectors.contract import Connector
from inbox import platforms

FOLDER = Path(__file__).parents[1] / "connectors" / "fifth" / "carrierpigeon"


def _load() -> Connector:
    spec = importlib.util.spec_from_file_location("carrierpigeon", FOLDER / "connector.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    connector: Connector = module.CONNECTOR
    return connector


PIGEON = _load()


@contextmanager
def registered() -> Iterator[None]:
    """Inside the block the platform is known everywhere, as if `connectors/__init__.py` listed it."""
    tables: tuple[dict[str, object], ...] = (connectors.CONNECTORS, connectors.HOOKS, platforms._TRAITS)  # type: ignore[assignment]
    before = [dict(table) for table in tables]
    connectors.register(PIGEON)
    try:
        yield
    finally:
        for table, kept in zip(tables, before, strict=True):
            table.clear()
            table.update(kept)
