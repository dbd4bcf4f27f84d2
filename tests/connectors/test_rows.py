"""What a platform tells leaves the same rows however often and in whatever order it comes."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

import connectors
from connectors.contract import Polled
from inbox import ingest
from inbox.db import engine, transaction
from inbox.models import Channel
from inbox.values import Fact, NotUnderstood
from tests.support.rows import ROWS, forget, rows

HERE = Path(__file__).parent
ASKED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def facts_of(platform: str) -> list[Fact]:
    """Every fact of the platform's own bodies, in the order the bodies tell them."""
    connector = connectors.CONNECTORS[platform]
    told = [file.read_bytes() for file in sorted((HERE / platform).glob("hook-*.json"))]
    for file in sorted((HERE / platform).glob("polled-*.json")):
        page = json.loads(file.read_bytes())
        account = page.get("account") or ACCOUNT[platform]
        told.append(Polled(platform, account, page["edge"], ASKED, json.dumps(page["body"])).to_bytes())
    seen = [fact for raw in told for fact in connector.normalise(raw)]
    return [fact for fact in seen if not isinstance(fact, NotUnderstood)]


ACCOUNT = {
    "x": "1500000001",
    "facebook": "100200300401",
    "instagram": "17841400000000001",
    "whatsapp": "105500000000001",
}


def apply(facts: list[Fact]) -> None:
    """One body a fact, as separate hooks would bring them."""
    for number, fact in enumerate(facts):
        with transaction() as session:
            event_id = ingest.store_raw_event(session, "hook:test", f"{number}".encode())
            assert event_id is not None
            ingest.apply_raw_event(session, event_id, lambda *_, fact=fact: (fact,))


def apply_together(facts: list[Fact]) -> None:
    """The same bodies as they are applied when many wait: several in one transaction."""
    told: dict[bytes, Fact] = {}
    with transaction() as session:
        ids = []
        for number, fact in enumerate(facts):
            body = f"{number}".encode()
            told[body] = fact
            ids.append(ingest.store_raw_event(session, "hook:test", body) or 0)
    for start in range(0, len(ids), 5):
        lot = ids[start : start + 5]
        with transaction() as session:
            through = ingest.apply_raw_events(
                session, lot, lambda _, body: (told[body],), end=time.monotonic() + 60
            )
        assert through == set(lot)


@pytest.fixture
def accounts(database: None) -> Iterator[None]:
    """A channel for every account the bodies name, and a way to forget everything else."""
    named = {(platform, fact.account) for platform in ACCOUNT for fact in facts_of(platform) if fact.account}
    with transaction() as session:
        session.add_all(
            Channel(key=f"{platform}-{account}", platform=platform, external_id=account, name=account)
            for platform, account in named
        )
    yield
    forget()


@pytest.mark.parametrize("platform", sorted(ACCOUNT))
def test_facts_twice_or_shuffled_leave_the_same_rows(accounts: None, platform: str) -> None:
    facts = facts_of(platform)
    assert len(facts) > 3
    apply(facts)
    once = rows()
    assert once["messages"]
    for seed in range(8):
        forget()
        shuffled = [*facts, *facts] if seed == 0 else random.Random(seed).sample(facts, len(facts))
        (apply if seed < 4 else apply_together)(shuffled)
        now = rows()
        told = {name: set(now[name]) ^ set(once[name]) for name in ROWS}
        differing = "\n".join(
            f"{name}: {row}" for name, rest in told.items() for row in sorted(rest, key=str)
        )
        assert not differing, f"order {seed}:\n{differing}"
        assert now == once, f"order {seed}"


@pytest.mark.parametrize("platform", sorted(ACCOUNT))
def test_our_own_words_open_no_work(accounts: None, platform: str) -> None:
    apply(facts_of(platform))
    with engine().connect() as connection:
        ours = connection.execute(text("SELECT count(*) FROM message WHERE is_ours AND state IS NOT NULL"))
        assert ours.scalar() == 0
