"""What every test may ask for: one real PostgreSQL and one real Valkey a run, emptied after each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text
from sqlalchemy.orm import Session

from inbox import db
from inbox.models import FeedEpoch, Table
from inbox.settings import settings
from stack.embedded import embedded_postgres, embedded_valkey

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of our own with the migrated schema."""
    with embedded_postgres(tmp_path_factory.mktemp("postgres"), throwaway=True) as url:
        db.upgrade(url)
        yield url


@pytest.fixture(scope="session")
def broker_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker of our own."""
    with embedded_valkey(tmp_path_factory.mktemp("valkey"), throwaway=True) as url:
        yield url


@pytest.fixture(scope="session")
def environment(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The settings of the test run, in the environment as in production."""
    values = {
        "DATABASE_URL": database_url,
        "BROKER_URL": "redis://127.0.0.1:1/0",  # nobody there: what needs a broker asks for `broker_url`
        "COZUM_DIR": str(tmp_path_factory.mktemp("data")),
        "COZUM_SECRET_KEY": "a test's secret key, thirty-two bytes long",
        "COZUM_CREDENTIAL_KEYS": f'["{Fernet.generate_key().decode()}"]',
        "COZUM_META_APP_SECRETS": '["app-secret", "second-app-secret"]',
        "COZUM_META_VERIFY_TOKEN": "verify-token",
        "COZUM_X_CONSUMER_SECRETS": '["consumer-secret"]',
        "COZUM_COOKIE_SECURE": "false",
    }
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    settings.cache_clear()
    db.engine.cache_clear()
    yield values
    db.engine().dispose()
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    settings.cache_clear()
    db.engine.cache_clear()


@pytest.fixture
def database(environment: dict[str, str]) -> Iterator[None]:
    """An empty, migrated database, emptied again afterwards: commits and races are real in it."""
    yield
    tables = ", ".join(f'"{table.name}"' for table in Table.metadata.sorted_tables)
    with db.engine().begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))
        connection.execute(text("ALTER SEQUENCE request_number RESTART"))
        connection.execute(FeedEpoch.__table__.insert().values(id=1, epoch=1))  # type: ignore[attr-defined]
    (settings().dir / "clock").unlink(missing_ok=True)


@pytest.fixture
def session(database: None) -> Iterator[Session]:
    """One open transaction, committed at the end of the test."""
    with db.transaction() as session:
        yield session


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of private test data, where it lies beside the project."""
    if not SHARED.is_dir():
        pytest.skip("the private test data (../shared) is not on this machine")
    return SHARED
