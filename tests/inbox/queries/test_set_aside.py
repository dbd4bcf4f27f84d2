"""The listing of what was set aside: each once, newest first, and no body with it."""

from __future__ import annotations

from types import SimpleNamespace

from inbox import ingest
from inbox.db import transaction
from inbox.failures import SetAsideKind
from inbox.ingest import set_aside
from inbox.queries import set_aside as listing


def test_pages_of_what_was_set_aside_hold_each_once_and_no_body(city: SimpleNamespace) -> None:
    with transaction() as session:
        event_id = ingest.store_raw_event(session, "hook:meta", b"a citizen's words") or 0
        for position in range(5):
            set_aside.keep(session, event_id, position, SetAsideKind.FAILED, "KeyError", None)
    told: list[int] = []
    before = None
    for _ in range(3):
        with transaction() as session:
            page = listing.page(session, before=before, limit=2)
            assert all("body" not in row.raw_event.__dict__ for row in page.items)
        told += [row.position for row in page.items]
        before = page.next
    assert told == [4, 3, 2, 1, 0]
    assert before is None
