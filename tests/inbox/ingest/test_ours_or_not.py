"""Comparing asks the same questions as applying: is this our account, is this our reply."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from inbox import queries, replies
from inbox.channels import mismatches
from inbox.clock import now
from inbox.desk import triage
from inbox.failures import Failure, Trouble
from inbox.ingest.comparison import Comparison
from inbox.models import Channel, Message, Reply
from inbox.replies import sending
from inbox.states import DifferenceKind, ReplyState
from inbox.values import Author, AuthorKey, MessageKind

WORDS = "Ekibimiz yarın sokağınızda."
AN_HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)


def _compare(session: Session, *facts: Any, key: str = "x-belediye") -> list[DifferenceKind]:
    channel = session.scalars(select(Channel).where(Channel.key == key)).one()
    run = Comparison(channel.id, now() - timedelta(days=1), now() + timedelta(minutes=1), whole_account=True)
    run.compare_page(session, facts)
    session.flush()
    return [one.difference.kind for one in mismatches.open_differences(session)]


@pytest.fixture
def under_way(arrive: Callable[..., int], seen: Any, tx: Any, city: Any) -> Callable[..., Any]:
    """A reply that was given to the platform an hour ago and whose fate is not known."""

    def build(tried_at: datetime = AN_HOUR_AGO, **message: Any) -> int:
        arrive(said := seen(sent_at=AN_HOUR_AGO - timedelta(minutes=5), **message))
        with tx() as session:
            row = session.scalars(select(Message).where(Message.external_id == said.external_id)).one()
            reply_id = triage.answer(session, row, text=WORDS, by=city.moderator).id
        with tx() as session:
            (claimed,) = sending.claim_for_sending(session, limit=1)
            assert claimed.id == reply_id
            session.execute(update(Reply).where(Reply.id == reply_id).values(first_tried_at=tried_at))
        return reply_id

    return build


def _ours(seen: Any, **given: Any) -> Any:
    return seen(
        WORDS, from_us=True, who=None, **{"sent_at": AN_HOUR_AGO, "parent_external_id": "m1", **given}
    )


def test_a_reply_that_its_reference_names_is_not_unknown_words_of_ours(
    under_way: Any, seen: Any, tx: Any
) -> None:
    """Applying knows it by the reference; comparing called it unknown when the platform cut its words."""
    reply_id = under_way()
    with tx() as session:
        reference = replies.reference(queries.reply(session, reply_id))
        told = seen("Ekibimiz yarın…", from_us=True, who=None, sent_at=AN_HOUR_AGO, our_reference=reference)
        assert _compare(session, told) == []


def test_a_private_reply_is_known_by_the_citizen_it_went_to(under_way: Any, seen: Any, tx: Any) -> None:
    under_way(platform="whatsapp", who="905551112233")
    citizen = Author(keys=(AuthorKey("whatsapp", "905551112233"),))
    told = _ours(seen, platform="whatsapp", parent_external_id=None, recipient=citizen)
    with tx() as session:
        assert _compare(session, told, key="wa") == []


def test_words_that_stood_there_before_we_tried_are_not_the_reply(under_way: Any, seen: Any, tx: Any) -> None:
    """Applying keeps them as typed in the platform's own app; comparing took them for the reply under way."""
    under_way(tried_at=AN_HOUR_AGO + timedelta(minutes=30))
    with tx() as session:
        assert _compare(session, _ours(seen)) == [DifferenceKind.OURS_UNKNOWN]


def test_one_of_two_replies_in_the_same_words_is_ours_though_nobody_can_tell_which(
    under_way: Any, seen: Any, tx: Any
) -> None:
    under_way(who="ayse")
    under_way(who="can")
    told = _ours(seen, parent_external_id="post-1")
    with tx() as session:
        assert replies.match(session, told) is None
        assert _compare(session, told) == []


def test_a_reply_that_failed_and_whose_reference_stands_there_is_told(
    under_way: Any, seen: Any, tx: Any
) -> None:
    reply_id = under_way()
    with tx() as session:
        reply = queries.reply(session, reply_id)
        replies.mark_failed(session, reply, Trouble(Failure.GONE), by="test")
        told = seen("…", from_us=True, who=None, sent_at=AN_HOUR_AGO, our_reference=replies.reference(reply))
        assert _compare(session, told) == [DifferenceKind.REPLY_THERE]
        assert reply.state is ReplyState.FAILED


@pytest.mark.parametrize(
    ("kind", "differences"), [(MessageKind.COMMENT, []), (MessageKind.CHAT, [DifferenceKind.MISSING])]
)
def test_one_account_of_ours_that_writes_to_another_is_a_citizen_in_private_alone(
    city: Any, seen: Any, tx: Any, kind: MessageKind, differences: list[DifferenceKind]
) -> None:
    """As applying has it, which opens work for a chat from our other account; comparing left it out."""
    told = seen(who="2", kind=kind, sent_at=AN_HOUR_AGO)
    with tx() as session:
        assert _compare(session, told) == differences
