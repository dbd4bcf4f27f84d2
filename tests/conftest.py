"""What every test may ask for: one real PostgreSQL and one real Valkey a run, emptied after each test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import redis
from cryptography.fernet import Fernet
from sqlalchemy import Connection, exists, insert, literal, select, text, union_all
from sqlalchemy.orm import Session

import connectors  # noqa: F401 - the core asks for platforms, which somebody must have brought
from inbox import db
from inbox.models import FeedEpoch, HistoryEntry, Table
from inbox.settings import settings
from stack.embedded import embedded_postgres, embedded_valkey
from tests.support.environment import another_environment

SHARED = Path(__file__).parents[2] / "shared"

# How soon examples come says more of a busy machine than of a test.
hypothesis.settings.register_profile(
    "busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """For several processes, of which each takes whole files: those that name a group last minutes each, and
    begin first, beside all others.
    """
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of our own with the migrated schema."""
    with embedded_postgres(tmp_path_factory.mktemp("postgres"), throwaway=True) as url:
        db.upgrade(url)
        yield url


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker of our own, with whatever tests left in it."""
    with embedded_valkey(tmp_path_factory.mktemp("valkey"), throwaway=True) as url:
        yield url


@pytest.fixture
def broker_url(broker: str) -> str:
    """An empty broker: whole systems of earlier tests went away with wake-ups under way."""
    with redis.Redis.from_url(broker.replace("redis+socket://", "unix://")) as client:
        client.flushall()
    return broker


HOOK_SECRETS = {
    "meta": {"secrets": ["app-secret", "second-app-secret"], "verify_token": "verify-token"},
    "x": {"secrets": ["consumer-secret"]},
}


@pytest.fixture(scope="session")
def environment(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The settings of the test run, in the environment as in production."""
    values = {
        "DATABASE_URL": database_url,
        "BROKER_URL": "redis://127.0.0.1:1/0",  # nobody there: what needs a broker asks for `broker_url`
        "COZUM_DIR": str(tmp_path_factory.mktemp("data")),
        "COZUM_SECRET_KEY": "a test's secret key, thirty-two bytes long",
        "COZUM_CREDENTIAL_KEYS": f'["{Fernet.generate_key().decode()}"]',
        "COZUM_HOOK_SECRETS": json.dumps(HOOK_SECRETS),
        "COZUM_COOKIE_SECURE": "false",
    }
    with another_environment(values):
        yield values


@pytest.fixture
def database(environment: dict[str, str]) -> Iterator[None]:
    """An empty, migrated database, emptied again afterwards: commits and races are real in it.

    Whoever fills it without asking for this fixture is named by the next test, not met by it.
    """
    with db.engine().begin() as connection:
        left = _filled(connection) - {FeedEpoch.__tablename__}
    assert not left, f"an earlier test left rows in {', '.join(sorted(left))}"
    yield
    with db.engine().begin() as connection:
        _empty(connection)
    (settings().dir / "clock").unlink(missing_ok=True)


def _filled(connection: Connection) -> set[str]:
    """The tables that hold rows."""
    tables = Table.metadata.sorted_tables
    holds = (select(literal(table.name)).where(exists(table.select())) for table in tables)
    return set(connection.scalars(union_all(*holds)))


def _empty(connection: Connection) -> None:
    """Delete what the test left and let ids begin anew: far quicker than TRUNCATE of every table."""
    tables = Table.metadata.sorted_tables
    connection.execute(text("SET LOCAL lock_timeout = '10s'"))
    filled = _filled(connection)
    if HistoryEntry.__tablename__ in filled:  # the only table that refuses
        connection.execute(text("ALTER TABLE history_entry DISABLE TRIGGER history_is_append_only"))
    for table in reversed(tables):
        if table.name in filled:
            connection.execute(table.delete())
    if HistoryEntry.__tablename__ in filled:
        connection.execute(text("ALTER TABLE history_entry ENABLE TRIGGER history_is_append_only"))
    # What was taken back or refused has used up ids too, and left no row to tell of it.
    connection.execute(
        text(
            "SELECT setval(to_regclass(format('%I.%I', schemaname, sequencename)), start_value, false)"
            " FROM pg_sequences WHERE schemaname = current_schema() AND last_value IS NOT NULL"
        )
    )
    connection.execute(insert(FeedEpoch).values(id=1, epoch=1))


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
