"""The values that platforms and core exchange are frozen, know their time zone, and hide what is secret."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from inbox.values import (
    Access,
    Gone,
    MessageGone,
    MessageKind,
    MessageSeen,
    Outgoing,
    Receipt,
    ReplyKind,
    ReplyReceipt,
)

AWARE = datetime(2026, 11, 23, 9, tzinfo=UTC)
NAIVE = AWARE.replace(tzinfo=None)
SEEN = MessageSeen(
    platform="x",
    account="1",
    external_id="m1",
    kind=MessageKind.COMMENT,
    text="-",
    sent_at=AWARE,
    observed_at=AWARE,
    author=None,
)
GONE = MessageGone("x", "1", "m1", Gone.DELETED, AWARE)
RECEIPT = ReplyReceipt("x", "1", "m1", Receipt.READ, AWARE)
OUTGOING = Outgoing("reply-1", ReplyKind.ANSWER, "-", "m1", MessageKind.COMMENT, None, first_tried_at=AWARE)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (SEEN, "sent_at"),
        (SEEN, "observed_at"),
        (SEEN, "edited_at"),
        (GONE, "observed_at"),
        (RECEIPT, "observed_at"),
        (OUTGOING, "first_tried_at"),
    ],
)
def test_a_moment_without_a_time_zone_is_refused_by_name(value: Any, field: str) -> None:
    with pytest.raises(ValueError, match=field):
        replace(value, **{field: NAIVE})


def test_a_fact_cannot_be_changed_after_it_was_made() -> None:
    with pytest.raises(FrozenInstanceError):
        SEEN.text = "other"  # type: ignore[misc]


def test_the_credentials_of_an_access_are_not_in_what_it_shows_of_itself() -> None:
    access = Access("x", "1", "https://example.org", {"access_token": SecretStr("a-secret-token")})
    assert "a-secret-token" not in repr(access)


def test_a_receipt_never_gives_way_to_an_earlier_one_of_this_order() -> None:
    assert list(Receipt) == [Receipt.SENT, Receipt.DELIVERED, Receipt.READ, Receipt.FAILED]
